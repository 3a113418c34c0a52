/** Before each test file: no mutant of an earlier run is on while the sources load, and what was covered is counted by file. */
import fc from "fast-check"
import { inject, vi } from "vitest"

const told = (name: string): unknown => inject(name as never)
// Without StrykerJS, as when durations are measured, nobody says.
const space = (told("globalNamespace") as string | undefined) ?? "nobody"
const shared = globalThis as unknown as {
  [name: string]: { activeMutant?: unknown; mutantCoverage?: unknown; hitCount?: number | undefined } | undefined
}
const stryker = (shared[space] ??= {})
stryker.activeMutant =
  told("mode") === "mutant" && told("mutantActivation") === "static" ? told("activeMutant") : undefined
stryker.mutantCoverage = undefined
// What another mutant went round is not for the one that acts while the sources load: it would be told to stop before it has begun.
stryker.hitCount = told("mode") === "mutant" ? 0 : undefined
vi.useRealTimers()
// A counterexample kills as well as the smallest one.
fc.configureGlobal({ endOnFailure: true })
