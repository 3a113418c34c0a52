/** The options of `rateLimit`: what each may be, which limits they come to, and what they must be together. */
import { describe, expect, test } from "vitest"
import { rateOptions } from "../../machines/rateOptions.ts"
import { readBy, rulesOf } from "../support/optionRules.ts"

const adaptive = { floor: 0.1, evidence: 3, longestAsked: 300_000 }
const read = (options: unknown) => readBy(rateOptions, options)
const line = (limit: number, more: object = {}) => ({ limit, intervalMs: 1000, burst: Math.max(1, limit), ...more })

test("each has its bounds, and its standard: without a limit what the service says is heeded alone", () => {
  expect(rulesOf(rateOptions)).toEqual({
    limit: "must be a number from 0.001 to 1000000",
    interval: 'must be a duration from 1 millis to 31 days, such as "1 second"',
    burst: "must be a number from 1 to 1000000",
    limits: "must be a list of up to 16 limits",
    perKey: "must be a plain object, true or false",
    "perKey.limit": "must be a number from 0.001 to 1000000",
    "perKey.interval": 'must be a duration from 1 millis to 31 days, such as "1 second"',
    "perKey.burst": "must be a number from 1 to 1000000",
    "perKey.max": "must be a whole number from 1 to 1000000",
    adaptive: "must be a plain object, true or false",
    "adaptive.floor": "must be a number from 0.001 to 1000000",
    "adaptive.evidence": "must be a whole number from 1 to 10000",
    "adaptive.longestAsked": 'must be a duration from 0 millis to 1 day, such as "5 minutes"',
  })
  expect(read(undefined)).toEqual({ settings: { lines: [], adaptive }, wrong: [] })
  expect(read(7)).toEqual({ settings: { lines: [] }, wrong: ["it: must be a plain object"] })
})

describe("a limit", () => {
  test("is of a second, with a burst of as many calls, or of one if that is less", () => {
    expect(read({ limit: 5 })).toEqual({ settings: { lines: [line(5)], adaptive }, wrong: [] })
    expect(read({ limit: 0.5 }).settings).toMatchObject({ lines: [line(0.5)] })
    expect(read({ limit: 5, interval: "1 minute", burst: 7 }).settings).toMatchObject({
      lines: [{ limit: 5, intervalMs: 60_000, burst: 7 }],
    })
    const { settings } = read({ limit: 5 })
    expect([Object.isFrozen(settings), Object.isFrozen((settings as { lines: object }).lines)]).toEqual([true, true])
  })

  test("is what an interval and a burst need", () => {
    expect(read({ interval: 5000, burst: 7 })).toEqual({
      settings: { lines: [], adaptive },
      wrong: ["it.interval: needs a limit", "it.burst: needs a limit"],
    })
  })

  test("lets its burst come back within a year", () => {
    const year = 366
    const days = (burst: number) => read({ limit: 1, interval: "1 day", burst })
    expect(days(year)).toMatchObject({ settings: { lines: [{ burst: year }] }, wrong: [] })
    expect(days(year + 1)).toMatchObject({
      settings: { lines: [] },
      wrong: ["it.burst: must come back within a year at this limit"],
    })
    expect(read({ limit: 2, interval: "1 day", burst: year + 1 }).wrong).toEqual([])
  })

  test("may stand beside up to sixteen more, each of which says what it is", () => {
    const more = (count: number) => Array.from({ length: count }, (_, index) => ({ limit: index + 1 }))
    expect(read({ limit: 9, limits: more(2) })).toMatchObject({
      settings: { lines: [line(9), line(1), line(2)] },
      wrong: [],
    })
    expect(read({ limits: more(16) })).toMatchObject({ settings: { lines: more(16) }, wrong: [] })
    expect(read({ limits: more(17) })).toMatchObject({
      settings: { lines: [] },
      wrong: ["it.limits: must be a list of up to 16 limits"],
    })
    expect(read({ limits: [{ limit: 3 }, {}, { limit: 0, burst: 5 }] })).toMatchObject({
      settings: { lines: [line(3), { limit: 1 }] },
      wrong: ["it.limits[1].limit: must be given", "it.limits[2].limit: must be a number from 0.001 to 1000000"],
    })
  })

  test("knows what may stand beside it", () => {
    expect(read({ lim: 5 }).wrong).toEqual([
      "it.lim: is not an option here; known: limit, interval, burst, limits, perKey, adaptive",
    ])
  })
})

describe("a limit for each key", () => {
  test("is the only limit where it is said to be true, and tells ten thousand keys apart", () => {
    expect(read({ limit: 5, perKey: true })).toMatchObject({
      settings: { lines: [line(5, { keys: 10_000 })] },
      wrong: [],
    })
    expect(read({ limit: 5, perKey: false })).toEqual({ settings: { lines: [line(5)], adaptive }, wrong: [] })
    expect(read({ perKey: true })).toMatchObject({ settings: { lines: [] }, wrong: ["it.perKey: needs a limit"] })
  })

  test("stands beside that for all, and comes last", () => {
    expect(read({ limit: 5, limits: [{ limit: 7 }], perKey: { limit: 2, max: 9 } })).toMatchObject({
      settings: { lines: [line(5), line(7), line(2, { keys: 9 })] },
      wrong: [],
    })
    expect(read({ perKey: { limit: 2 } }).settings).toMatchObject({ lines: [line(2, { keys: 10_000 })] })
    expect(read({ limit: 5, perKey: {} })).toMatchObject({
      settings: { lines: [line(5)] },
      wrong: ["it.perKey.limit: must be given"],
    })
    expect(read({ limit: 5, perKey: 7 })).toMatchObject({
      settings: { lines: [line(5)] },
      wrong: ["it.perKey: must be a plain object, true or false"],
    })
  })

  test("is stricter than that for all, in what comes in the long run or at once", () => {
    const wrong = ["it.perKey.limit: must be stricter than the limit of all keys together"]
    const all = { limit: 10, burst: 20 }
    const of = (perKey: object) => read({ ...all, perKey }).wrong
    expect([of({ limit: 10, burst: 20 }), of({ limit: 11, burst: 21 })]).toEqual([wrong, wrong])
    expect([of({ limit: 9, burst: 20 }), of({ limit: 10, burst: 19 })]).toEqual([[], []])
    // Twelve in two seconds are six in one.
    expect(of({ limit: 12, interval: "2 seconds", burst: 50 })).toEqual([])
    expect(of({ limit: 20, interval: "2 seconds", burst: 50 })).toEqual(wrong)
  })
})

describe("what the service says", () => {
  test("is heeded down to a tenth of a call a second, or to the limits if they are less", () => {
    const floor = (options: object) => (read(options).settings as { adaptive: { floor: number } }).adaptive.floor
    expect([floor({ limit: 5 }), floor({ limit: 5, interval: "100 seconds" })]).toEqual([0.1, 0.05])
    expect(floor({ limit: 5, limits: [{ limit: 1, interval: "20 seconds" }] })).toBe(0.05)
    // Those of single keys are no limits for all of them.
    expect(floor({ perKey: { limit: 1, interval: "100 seconds" } })).toBe(0.1)
  })

  test("is heeded down to a floor that is set, which is not above the limits", () => {
    expect(read({ limit: 5, adaptive: { floor: 5, evidence: 7 } })).toEqual({
      settings: { lines: [line(5)], adaptive: { ...adaptive, floor: 5, evidence: 7 } },
      wrong: [],
    })
    expect(read({ limit: 5, adaptive: { floor: 5.5 } }).wrong).toEqual([
      "it.adaptive.floor: must not be above the limits",
    ])
    expect(Object.isFrozen((read({ limit: 5 }).settings as { adaptive: object }).adaptive)).toBe(true)
  })

  test("is not heeded where nobody wants it, but then there is a limit", () => {
    expect(read({ limit: 5, adaptive: false })).toEqual({ settings: { lines: [line(5)] }, wrong: [] })
    const wrong = ["it.adaptive: must not be false where there is no limit: nothing would be limited"]
    expect(read({ adaptive: false })).toEqual({ settings: { lines: [] }, wrong })
    expect(read({ limits: [{ limit: 5 }], adaptive: false }).wrong).toEqual([])
    // One that is given and is none has been told of already.
    expect(read({ limit: 1, interval: "31 days", burst: 1000, adaptive: false }).wrong).toEqual([
      "it.burst: must come back within a year at this limit",
    ])
  })
})
