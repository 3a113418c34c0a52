/** What can be switched says so when it is given something else: which words would have been right, once for each mistake. */
import { createBreaker } from "recloser"
import { describe, expect, test } from "vitest"
import { make, problemsOf } from "../support/refusals.ts"

const components = [
  "timeout",
  "priority",
  "rateLimit",
  "prediction",
  "recovery",
  "discovery",
  "health",
  "retry",
  "metrics",
]
/** Nothing can be said of places, or features, that nobody names: that is told next. */
const needing: readonly string[] = ["discovery", "recovery"]

const ruleOf = (config: object, path: string) => {
  const problems = problemsOf(() => make(config))
  expect(problems.map((problem) => problem.path)).toEqual([path])
  return problems[0]?.rule
}

describe("a component that is given neither options nor a switch", () => {
  test.each(components)("%s: is told what else is right", async (key) => {
    const switches = needing.includes(key) ? /^must be a plain object or false$/ : /, true or false$/
    expect(ruleOf({ [key]: "x" }, `config.${key}`)).toMatch(switches)
    await createBreaker("switched", { [key]: false } as never).stop()
    if (needing.includes(key)) expect(ruleOf({ [key]: true }, `config.${key}`)).toMatch(/^must have/)
    else await createBreaker("switched", { [key]: true } as never).stop()
  })

  test.each([true, {}, { features: [] }, { features: {} }, { testShare: 0.5 }])(
    "recovery of nothing is a mistake, and no quiet nothing: %j",
    (recovery) => {
      const rule = "must have features: names that calls give as their `feature`"
      expect(problemsOf(() => make({ recovery }))).toEqual([{ path: "config.recovery", value: "none", rule }])
    },
  )

  test("a mistake in its features is told alone", () => {
    expect(ruleOf({ recovery: { features: 7 } }, "config.recovery.features")).toMatch(/^must be/)
    expect(ruleOf({ recovery: { features: { pay: ["gone"] } } }, "config.recovery.features.pay.needs")).toMatch(/known/)
  })

  test("a list is called a list", () => {
    expect(problemsOf(() => make({ retry: [] }))).toEqual([
      { path: "config.retry", value: "a list", rule: "must be a plain object, true or false" },
    ])
  })

  test.each([
    [{ rateLimit: { limit: 5, perKey: "x" } }, "config.rateLimit.perKey"],
    [{ rateLimit: { limit: 5, adaptive: "x" } }, "config.rateLimit.adaptive"],
    [{ strategy: { type: "gradual", cells: "x" } }, "config.strategy.cells"],
    [{ strategy: { type: "gradual", trial: "x" } }, "config.strategy.trial"],
    [{ strategy: { type: "basic", slowCalls: "x" } }, "config.strategy.slowCalls"],
    [{ health: { passive: "x" } }, "config.health.passive"],
    [{ retry: { hedge: "x" } }, "config.retry.hedge"],
  ])("%j is wrong once, and told the switch", (config, path) => {
    expect(ruleOf(config, path)).toMatch(/true or false$|or false$/)
  })

  test.each([
    [{ priority: { limit: "20" } }, "config.priority.limit", 'must be a plain object, a number or "adaptive"'],
    [{ priority: { queue: "20" } }, "config.priority.queue", "must be a plain object, a number, true or false"],
  ])("%j is told the short form, too", (config, path, rule) => {
    expect(ruleOf(config, path)).toBe(rule)
  })

  test("what is wrong within its options is told without", () => {
    expect(ruleOf({ retry: { attempts: "x" } }, "config.retry.attempts")).not.toContain("or false")
  })
})
