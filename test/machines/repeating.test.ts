/** The options of `retry`, and how long a further attempt is waited for. */
import { describe, expect, test } from "vitest"
import { backoffMs, type RetrySettings, retryOptions } from "../../machines/repeating.ts"
import { readBy, rulesOf } from "../support/optionRules.ts"

const read = (options?: unknown) => readBy(retryOptions, options)
const after = 'must be a duration from 1 millis to 1 day, or a quantile from "p50" to "p99.9"'

test("each option has its bounds, and its standard", () => {
  expect(rulesOf(retryOptions)).toEqual({
    attempts: "must be a whole number from 1 to 10",
    backoff: "must be a plain object",
    "backoff.initial": 'must be a duration from 1 millis to 1 hour, such as "100 millis"',
    "backoff.factor": "must be a number from 1 to 10",
    "backoff.max": 'must be a duration from 1 millis to 1 hour, such as "5 seconds"',
    longestAsked: 'must be a duration from 1 millis to 1 hour, such as "30 seconds"',
    budget: "must be a plain object",
    "budget.share": "must be a number from 0 to 1",
    "budget.reserve": "must be a whole number from 0 to 10000",
    "budget.most": "must be a whole number from 1 to 100000",
    hedge: "must be a plain object, true or false",
    "hedge.after": after,
    retryOn: "must be a function",
  })
  expect(read()).toEqual({
    settings: {
      attempts: 3,
      backoff: { initial: 100, factor: 2, max: 5000 },
      longestAsked: 30_000,
      budget: { share: 0.15, reserve: 10, most: 100 },
      hedge: undefined,
      retryOn: undefined,
    },
    wrong: [],
  })
})

test("what is the most is no less than what there is at first, and follows it", () => {
  const backoff = (value: object) => [
    (read({ backoff: value }).settings as RetrySettings).backoff.max,
    ...read({ backoff: value }).wrong,
  ]
  expect([backoff({ initial: 6000 }), backoff({ initial: 7, max: 7 })]).toEqual([[6000], [7]])
  expect(backoff({ initial: 8, max: 7 })).toEqual([7, "it.backoff.max: must not be shorter than initial"])
  const budget = (value: object) => [
    (read({ budget: value }).settings as RetrySettings).budget.most,
    ...read({ budget: value }).wrong,
  ]
  expect([budget({ reserve: 500 }), budget({ reserve: 7, most: 7 })]).toEqual([[500], [7]])
  expect(budget({ reserve: 8, most: 7 })).toEqual([7, "it.budget.most: must not be less than reserve"])
})

describe("a hedge", () => {
  const hedge = (value: unknown) => {
    const { settings, wrong } = read({ hedge: value })
    return [(settings as RetrySettings).hedge, ...wrong]
  }

  test("begins at a quantile of the latency, or after a time", () => {
    expect([hedge(true), hedge({})]).toEqual([[{ after: { quantile: 0.95 } }], [{ after: { quantile: 0.95 } }]])
    expect([hedge({ after: "p50" }), hedge({ after: "p99" })]).toEqual([
      [{ after: { quantile: 0.5 } }],
      [{ after: { quantile: 0.99 } }],
    ])
    expect((hedge({ after: "p99.9" })[0] as { after: { quantile: number } }).after.quantile).toBeCloseTo(0.999, 12)
    expect([hedge({ after: "20 millis" }), hedge({ after: 1 }), hedge({ after: "1 day" })]).toEqual([
      [{ after: { ms: 20 } }],
      [{ after: { ms: 1 } }],
      [{ after: { ms: 86_400_000 } }],
    ])
    expect(hedge(false)).toEqual([undefined])
  })

  test("begins at nothing else", () => {
    const wrong = [{ after: { quantile: 0.95 } }, `it.hedge.after: ${after}`]
    for (const other of ["p49", "p5", "p100", "p99.99", "xp95", "p95x", "95", 0.9, 86_400_001, null, { p: 95 }])
      expect(hedge({ after: other })).toEqual(wrong)
  })

  test("needs two attempts", () => {
    expect(read({ attempts: 2, hedge: true }).wrong).toEqual([])
    expect(read({ attempts: 1 }).wrong).toEqual([])
    expect(read({ attempts: 1, hedge: true }).wrong).toEqual(["it.hedge: needs at least 2 attempts"])
  })
})

test("what a failure was is told by a function, or by nobody", () => {
  const retryOn = () => "never" as const
  expect(read({ retryOn }).settings).toMatchObject({ retryOn })
  expect(read({ retryOn: "never" })).toMatchObject({
    settings: { retryOn: undefined },
    wrong: ["it.retryOn: must be a function"],
  })
})

test("a wait lies between nothing and the longest, which grows with each attempt up to its cap", () => {
  const wait = (ended: number, draw: number) => backoffMs({ initial: 100, factor: 3, max: 500 }, ended, draw)
  expect([wait(1, 0), wait(1, 0.5), wait(2, 0.5), wait(3, 0.5), wait(9, 0.5)]).toEqual([0, 50, 150, 250, 250])
  expect(wait(9, 7)).toBe(500)
})
