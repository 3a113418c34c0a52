/** Configurations that cannot be used: each is refused with every problem, its path and its rule, before anything starts. */

import { type Breaker, InvalidConfig } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { hostileOptions, Instance } from "../support/hostile.ts"
import fc from "../support/property.ts"
import { make, problemsOf } from "../support/refusals.ts"

const strategy = (options: object) => ({ strategy: { type: "basic", ...options } })
const window = (options: object) => strategy({ window: options })
const day = "1 day"

describe("a config", () => {
  const table: readonly (readonly [string, unknown, string, RegExp])[] = [
    ["an unknown strategy", { strategy: "adaptive" }, "config.strategy", /must be one of basic/],
    ["a strategy of no type", { strategy: {} }, "config.strategy", /such a type/],
    ["a strategy that Object has", { strategy: "constructor" }, "config.strategy", /must be one of/],
    ["a strategy named __proto__", { strategy: { type: "__proto__" } }, "config.strategy", /must be one of/],
    ["null for a strategy", { strategy: null }, "config.strategy", /must be one of/],
    ["an array for a strategy", { strategy: [] }, "config.strategy", /plain object/],
    [
      "an unknown option",
      { timeouts: 5 },
      "config.timeouts",
      /is not an option here; known: strategy, metrics, discovery, health, prediction, timeout, rateLimit, retry, priority, recovery, candidate, classify/,
    ],
    ["an unknown option of the strategy", strategy({ openFo: 5 }), "config.strategy.openFo", /is not an option here/],
    [
      "an unknown option of the window",
      window({ type: "time", calls: 5 }),
      "config.strategy.window.calls",
      /is not an option here/,
    ],
    ["an unknown option of a component", { metrics: { every: 1 } }, "config.metrics.every", /is not an option here/],
    [
      "an unknown window",
      window({ type: "sliding" }),
      "config.strategy.window.type",
      /must be one of time, count, consecutive/,
    ],
    [
      "NaN for a ratio",
      window({ type: "time", failureRatio: Number.NaN }),
      "config.strategy.window.failureRatio",
      /from 0.001 to 1/,
    ],
    [
      "a ratio above 1",
      window({ type: "time", failureRatio: 50 }),
      "config.strategy.window.failureRatio",
      /from 0.001 to 1/,
    ],
    [
      "a ratio of 0",
      window({ type: "time", failureRatio: 0 }),
      "config.strategy.window.failureRatio",
      /from 0.001 to 1/,
    ],
    [
      "a ratio in words",
      window({ type: "time", failureRatio: "0.5" }),
      "config.strategy.window.failureRatio",
      /a number/,
    ],
    [
      "infinitely many calls",
      window({ type: "count", calls: Number.POSITIVE_INFINITY }),
      "config.strategy.window.calls",
      /whole number/,
    ],
    ["half a call", window({ type: "count", calls: 20.5 }), "config.strategy.window.calls", /whole number/],
    [
      "no calls",
      window({ type: "time", minimumCalls: 0 }),
      "config.strategy.window.minimumCalls",
      /whole number from 1/,
    ],
    [
      "a negative row",
      window({ type: "consecutive", failures: -1 }),
      "config.strategy.window.failures",
      /whole number from 1/,
    ],
    [
      "more minimum calls than calls",
      window({ type: "count", calls: 10, minimumCalls: 11 }),
      "config.strategy.window.minimumCalls",
      /must not be more than calls \(10\)/,
    ],
    [
      "a zero duration",
      window({ type: "time", duration: 0 }),
      "config.strategy.window.duration",
      /a duration from 100 millis/,
    ],
    ["a NaN duration", window({ type: "time", duration: Number.NaN }), "config.strategy.window.duration", /a duration/],
    [
      "an infinite duration",
      window({ type: "time", duration: "Infinity" }),
      "config.strategy.window.duration",
      /a duration/,
    ],
    [
      "a negative duration",
      window({ type: "time", duration: "-5 seconds" }),
      "config.strategy.window.duration",
      /a duration/,
    ],
    [
      "a duration of no unit",
      window({ type: "time", duration: "5" }),
      "config.strategy.window.duration",
      /such as "10 seconds"/,
    ],
    [
      "a wait longer than its longest",
      strategy({ openFor: { base: "2 minutes", max: "1 minute" } }),
      "config.strategy.openFor.max",
      /must not be shorter than base/,
    ],
    ["a wait that shrinks", strategy({ openFor: { factor: 0.5 } }), "config.strategy.openFor.factor", /from 1 to 10/],
    ["jitter above 1", strategy({ openFor: { jitter: 1.1 } }), "config.strategy.openFor.jitter", /from 0 to 1/],
    ["true for a wait", strategy({ openFor: true }), "config.strategy.openFor", /plain object/],
    ["no probes", strategy({ probes: { atOnce: 0 } }), "config.strategy.probes.atOnce", /whole number from 1 to 1000/],
    ["a NaN lease", strategy({ probes: { lease: Number.NaN } }), "config.strategy.probes.lease", /a duration/],
    ["a slow line of 0", strategy({ slowCalls: { after: 0 } }), "config.strategy.slowCalls.after", /a duration/],
    [
      "a timeout whose min is above its max",
      { timeout: { min: "5 seconds", max: "1 second" } },
      "config.timeout.max",
      /must not be shorter than min/,
    ],
    ["null for a timeout", { timeout: null }, "config.timeout", /plain object/],
    ["a word for metrics", { metrics: "yes" }, "config.metrics", /plain object/],
    ["a classifier that is none", { classify: "failure" }, "config.classify", /must be a function/],
    ["null", null, "config", /plain object/],
    ["a function", () => ({}), "config", /plain object/],
    ["a string", "basic", "config", /plain object/],
    ["an instance of a class", new Instance(), "config", /plain object/],
  ]
  test.each(table)("of %s is refused, with path and rule", (_what, config, path, rule) => {
    const problems = problemsOf(() => make(config))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ path, rule: expect.stringMatching(rule) })
  })

  const durations = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "soon", "-1 second", "2 days"]
  test.each(durations)("whose timeout is %s is refused", (timeout) => {
    const problems = problemsOf(() => make({ timeout }))
    for (const { path } of problems) expect(path).toMatch(/^config\.timeout/)
  })
  test.each(durations)("whose openFor is %s is refused", (openFor) => {
    const problems = problemsOf(() => make(strategy({ openFor })))
    for (const { path } of problems) expect(path).toMatch(/^config\.strategy\.openFor/)
  })

  test("with several problems is refused with all of them", () => {
    const config = {
      retries: 3,
      ...strategy({ window: { type: "count", calls: 0 }, openFor: { jitter: 2 }, probes: { needed: "2" } }),
      timeout: { min: day, max: "1 second" },
      classify: 5,
    }
    const problems = problemsOf(() => make(config, ""))
    expect(problems.map(({ path }) => path).sort()).toEqual([
      "config.classify",
      "config.retries",
      "config.strategy.openFor.jitter",
      "config.strategy.probes.needed",
      "config.strategy.window.calls",
      "config.timeout.max",
      "name",
    ])
  })

  test.each(hostileOptions)("that is hostile (%s) is refused", (_what, hostile) => {
    expect(problemsOf(() => make(hostile())).length).toBeGreaterThan(0)
    expect(problemsOf(() => make({ strategy: hostile() })).length).toBeGreaterThan(0)
  })

  test("cannot reach Object's prototype", () => {
    const evil =
      '{"__proto__":{"polluted":1},"strategy":{"type":"basic","__proto__":{"polluted":1}},"timeout":{"__proto__":{"max":5}}}'
    const problems = problemsOf(() => make(JSON.parse(evil)))
    expect(problems.map(({ path }) => path)).toEqual([
      "config.__proto__",
      "config.strategy.__proto__",
      "config.timeout.__proto__",
    ])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test("is read once, and its toJSON, valueOf and Symbol.toPrimitive never", () => {
    let reads = 0
    const called = () => {
      throw new Error("called")
    }
    const number = { toJSON: called, valueOf: called, toString: called, [Symbol.toPrimitive]: called }
    const config = {
      get timeout() {
        reads++
        return number
      },
    }
    expect(problemsOf(() => make(config)).length).toBeGreaterThan(0)
    expect(reads).toBe(1)
  })

  test("whose getter throws an error that cannot be read is refused all the same", () => {
    const unreadable = Object.defineProperty(new Error(), "message", {
      get: () => {
        throw new Error("a trap in a trap")
      },
    })
    const config = {
      get strategy() {
        throw unreadable
      },
    }
    expect(problemsOf(() => make(config))[0]?.path).toBe("config")
  })

  test("of any shape is either used or refused, never anything else", async () => {
    const key = fc.constantFrom("strategy", "timeout", "metrics", "classify", "__proto__", "other")
    const config = fc.oneof(fc.anything(), fc.dictionary(key, fc.anything({ withNullPrototype: true })))
    await fc.assert(
      fc.asyncProperty(config, async (given) => {
        let breaker: Breaker
        try {
          breaker = make(given)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidConfig)
          return
        }
        expect(await breaker.execute(() => 1)).toBe(1)
        await breaker.stop()
      }),
    )
  })

  test("that is refused has started nothing: no timer is left", () => {
    const clock = createVirtualClock()
    expect(problemsOf(() => make(strategy({ openFor: -1 }), "service", { clock })).length).toBeGreaterThan(0)
    expect(wheelOf(clock).size).toBe(0)
    expect(clock.pending).toBe(0)
  })
})
