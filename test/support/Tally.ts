import type { Reporter, TestModule, Vitest } from "vitest/node"

/** Ends a run with one plain line, `N passed, N failed`, and fails a run that skipped anything. */
export class Tally implements Reporter {
  #narrowed = false

  onInit(vitest: Vitest): void {
    // `vitest -t name` reports every other test as skipped: that is a person narrowing the run, not a skipped test.
    this.#narrowed = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === "passed").length
    const skipped = tests.filter((test) => !["passed", "failed"].includes(test.result().state))
    const failed = tests.length - passed - skipped.length + brokenSuites(modules) + errors.length
    const forbidden = this.#narrowed ? [] : skipped
    for (const test of forbidden) console.error(`skipped, which this repository forbids: ${test.fullName}`)
    if (forbidden.length > 0 || failed > 0 || passed === 0) process.exitCode = 1
    console.log(`${passed} passed, ${failed} failed${forbidden.length > 0 ? `, ${forbidden.length} skipped` : ""}`)
  }
}

/** A file that cannot be loaded, or a hook that throws, is a failure although no test of its own failed. */
function brokenSuites(modules: readonly TestModule[]): number {
  const suites = modules.flatMap((module) => [...module.children.allSuites()])
  return [...modules, ...suites].filter((each) => each.errors().length > 0).length
}
