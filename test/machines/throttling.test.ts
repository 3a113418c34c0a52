/** What is learned from what a service says about its limits, step by step, with figures worked out by hand. */
import { describe, expect, test } from "vitest"
import type { Adaptive } from "../../machines/rateOptions.ts"
import {
  cutBack,
  demandOf,
  freshThrottling,
  grown,
  held,
  isExcess,
  isGone,
  nextEnd,
  noted,
  paced,
  passed,
  readThrottling,
  resumed,
  saved,
  type Throttling,
} from "../../machines/throttling.ts"
import type { Slice, ThrottleTold } from "../../machines/vocabulary/signal.ts"

const adaptive: Adaptive = { floor: 0.5, evidence: 3, longestAsked: 60_000 }
const never = Number.NEGATIVE_INFINITY

const told = (at: number, more: Partial<ThrottleTold> = {}): ThrottleTold =>
  ({ type: "throttle.told", at, overMs: 1000, answered: 90, exceeded: 10, ...more }) as ThrottleTold
const slice = (startedAt: number, success: number, failure = 0) => ({ startedAt, success, failure }) as Slice
/** Cut at 1000 after a second of a hundred calls. */
const cut = (): Throttling => cutBack(noted(freshThrottling(0), told(1000)), adaptive)

describe("what is told", () => {
  test("is added up since the last cut, and forgotten after ten calm seconds", () => {
    const one = noted(freshThrottling(0), told(1000))
    expect(one).toEqual({
      ...{ at: 1000, heldUntil: never, isQuiet: false },
      seen: { answered: 90, exceeded: 10, overMs: 1000, lastAt: 1000 },
    })
    expect(noted(one, told(12_000)).seen).toEqual({ answered: 180, exceeded: 20, overMs: 2000, lastAt: 12_000 })
    expect(noted(one, told(12_001)).seen).toEqual({ answered: 90, exceeded: 10, overMs: 1000, lastAt: 12_001 })
  })

  test("is no evidence where nothing was refused, nor of calls that were under way at the last cut", () => {
    const one = noted(freshThrottling(0), told(1000, { exceeded: 0 }))
    expect(one).toEqual({ ...freshThrottling(0), at: 1000 })
    expect(noted({ ...one, isQuiet: false }, told(1000, { exceeded: 0 })).isQuiet).toBe(false)
    expect(noted(cut(), told(2999)).seen.answered).toBe(0)
    expect(noted(cut(), told(2999)).isQuiet).toBe(false)
    expect(noted(cut(), told(3000)).seen.answered).toBe(90)
  })

  test("is excess from three refusals on that are one in a hundred calls, over any time at all", () => {
    const of = (answered: number, exceeded: number, overMs = 1000) =>
      isExcess(noted(freshThrottling(0), told(1000, { answered, exceeded, overMs })), adaptive)
    expect([of(0, 2), of(0, 3), of(297, 3), of(298, 3), of(0, 3, 0), of(990, 10)]).toEqual([
      ...[false, true, true, false, false, true],
    ])
    expect(isExcess(freshThrottling(0), adaptive)).toBe(false)
  })
})

describe("a cut", () => {
  test("goes to nine tenths of what was answered, and is remembered for ten minutes", () => {
    expect(cut()).toMatchObject({
      cut: { rate: 81, from: 90, at: 1000, until: 601_000 },
      seen: { answered: 0, exceeded: 0, overMs: 0, lastAt: never },
    })
    expect(cutBack(noted(freshThrottling(0), told(1000, { overMs: 2000 })), adaptive).cut?.rate).toBe(40.5)
  })

  test("goes to a quarter of what was offered where hardly anything was answered, and never below the floor", () => {
    const of = (answered: number, exceeded: number) =>
      cutBack(noted(freshThrottling(0), told(1000, { answered, exceeded })), adaptive).cut
    expect(of(10, 90)).toMatchObject({ rate: 25, from: 25 })
    expect(of(0, 1)).toMatchObject({ rate: 0.5, from: 0.5 })
    const slow = told(1000, { answered: 10, exceeded: 90, overMs: 2000 })
    expect(cutBack(noted(freshThrottling(0), slow), adaptive).cut).toMatchObject({ rate: 12.5, from: 12.5 })
  })

  test("that follows another goes to nine tenths of it at least", () => {
    const again = cutBack(noted(cut(), told(4000, { answered: 200, exceeded: 10 })), adaptive).cut
    expect([again?.rate, again?.from, again?.at]).toEqual([81 * 0.9, 200, 4000])
    expect(cutBack(noted(cut(), told(4000, { answered: 50 })), adaptive).cut?.rate).toBe(45)
  })

  test("comes back by a twentieth of what was answered for each quiet second in which it was used", () => {
    const quiet = { ...cut(), isQuiet: true }
    const at = (one: Throttling, calls: number, failures = 0) => grown(one, slice(1000, calls, failures), 2000)
    // Used: seven tenths of 81 in a second are 56.7.
    expect(at(quiet, 57)).toEqual({ ...quiet, at: 2000, cut: { ...quiet.cut, rate: 81 + 4.5 } })
    expect(at(quiet, 50, 7).cut?.rate).toBe(85.5)
    expect([at(quiet, 56).cut?.rate, grown(quiet, slice(0, 57), 2000).cut?.rate]).toEqual([81, 81])
    expect(at(cut(), 57)).toEqual({ ...cut(), at: 2000, isQuiet: true })
    expect(at(freshThrottling(0), 57)).toEqual({ ...freshThrottling(0), at: 2000 })
    const even = { ...quiet, cut: { rate: 10, from: 10, at: 0, until: 1e9 } }
    expect([at(even, 7).cut?.rate, at(even, 6).cut?.rate]).toEqual([10.5, 10])
  })

  test("is gone when it is half above what was answered", () => {
    const at = (rate: number) => isGone({ ...cut(), cut: { rate, from: 90, at: 0, until: 1e9 } })
    expect([at(134), at(135), isGone(freshThrottling(0))]).toEqual([false, true, false])
  })
})

describe("what is left", () => {
  const left = (remaining: number | undefined, resetAfterMs: number | undefined) =>
    paced(freshThrottling(5000), told(5000, { remaining, resetAfterMs }), adaptive).pace

  test("is spread until there is more, but for one call at least, and not below the floor", () => {
    expect(left(20, 10_000)).toEqual({ rate: 2, until: 15_000 })
    expect(left(0, 1000)).toEqual({ rate: 1, until: 6000 })
    expect(left(0, 10_000)).toEqual({ rate: 0.5, until: 15_000 })
    expect(left(600, 120_000)).toEqual({ rate: 5, until: 65_000 })
  })

  test("is nothing to go by where it is not said, or when there is more already", () => {
    expect([left(undefined, 1000), left(20, undefined), left(20, 0), left(20, Number.NaN)]).toEqual([
      ...[undefined, undefined, undefined, undefined],
    ])
  })
})

test("a service is left alone for as long as it asks, no longer than was agreed, and a wait that is known is not shortened", () => {
  const alone = held(freshThrottling(1000), 5000, adaptive)
  expect(alone).toEqual({ ...freshThrottling(1000), heldUntil: 6000 })
  expect([held(alone, 100, adaptive).heldUntil, held(alone, 90_000, adaptive).heldUntil]).toEqual([6000, 61_000])
})

describe("what is learned", () => {
  const both = (): Throttling => ({ ...cut(), pace: { rate: 5, until: 7000 } })

  test("ends one after the other", () => {
    expect([nextEnd(both()), nextEnd(cut()), nextEnd(freshThrottling(0))]).toEqual([
      ...[7000, 601_000, Number.POSITIVE_INFINITY],
    ])
    expect(passed(both(), 6999)).toEqual({ ...both(), at: 6999 })
    expect(passed(both(), 7000)).toEqual({ ...cut(), at: 7000 })
    const late = passed({ ...both(), pace: { rate: 5, until: 1e9 } }, 601_000)
    expect([late.cut, late.pace]).toEqual([undefined, { rate: 5, until: 1e9 }])
    expect("cut" in late || "pace" in passed(both(), 7000)).toBe(false)
  })

  test("demands the lesser rate, with half a second of it at once and one call more", () => {
    expect(demandOf(both())).toEqual({ rate: 5, burst: 3.5 })
    expect(demandOf(cut())).toEqual({ rate: 81, burst: 41.5 })
    expect(demandOf({ ...freshThrottling(0), pace: { rate: 4, until: 9 } })).toEqual({ rate: 4, burst: 3 })
    expect(demandOf(freshThrottling(0))).toEqual({})
  })

  test("is saved as what is left of it", () => {
    expect(saved({ ...both(), heldUntil: 3000 }, 2000)).toEqual({
      heldMs: 1000,
      cut: { rate: 81, from: 90, ms: 599_000 },
      pace: { rate: 5, ms: 5000 },
    })
    expect(saved({ ...both(), heldUntil: 7000 }, 7000)).toEqual({ cut: { rate: 81, from: 90, ms: 594_000 } })
    expect(saved({ ...freshThrottling(0), pace: { rate: 5, until: 7000 } }, 6999)).toEqual({ pace: { rate: 5, ms: 1 } })
    expect(saved(both(), 601_000)).toBeUndefined()
    expect(saved(freshThrottling(0), 0)).toBeUndefined()
  })

  test("is read again as far as it can be", () => {
    const all = { heldMs: 5, cut: { rate: 1, from: 2, ms: 3 }, pace: { rate: 0, ms: 0 } }
    expect(readThrottling(all)).toEqual(all)
    expect(readThrottling({ ...all, heldMs: -1, cut: { rate: 1, from: 2 } })).toEqual({ pace: all.pace })
    expect(readThrottling({ ...all, heldMs: Number.NaN, pace: { rate: -1, ms: 1 } })).toEqual({ cut: all.cut })
    expect(readThrottling({ heldMs: 5, cut: null, pace: { rate: 1, ms: "5" } })).toEqual({ heldMs: 5 })
    expect(readThrottling({ cut: { from: 1, ms: 1 }, pace: { ms: 1 } })).toBeUndefined()
    for (const none of [null, undefined, "5", 5, {}, { heldMs: "5" }]) expect(readThrottling(none)).toBeUndefined()
  })

  test("is taken up some time later for what is left of it, within what is agreed now", () => {
    const at = 100_000
    const from = { heldMs: 90_000, cut: { rate: 0.1, from: 0.2, ms: 900_000 }, pace: { rate: 0.1, ms: 90_000 } }
    expect(resumed(from, adaptive, at, 1000)).toEqual({
      ...{ at, isQuiet: true, seen: freshThrottling(0).seen, heldUntil: at + 59_000 },
      cut: { rate: 0.5, from: 0.5, at, until: at + 599_000 },
      pace: { rate: 0.5, until: at + 59_000 },
    })
    const little = { heldMs: 10, cut: { rate: 7, from: 8, ms: 20 }, pace: { rate: 9, ms: 30 } }
    expect(resumed(little, adaptive, at, 5)).toMatchObject({
      heldUntil: at + 5,
      cut: { rate: 7, from: 8, until: at + 15 },
      pace: { rate: 9, until: at + 25 },
    })
    expect(resumed(little, adaptive, at, 25)).toMatchObject({ cut: undefined, pace: { rate: 9, until: at + 5 } })
    const gone = resumed(little, adaptive, at, 30)
    expect([gone.cut, gone.pace, gone.heldUntil]).toEqual([undefined, undefined, at - 20])
    expect(Object.keys(gone)).toEqual(expect.arrayContaining(["cut", "pace"]))
    expect(resumed({}, adaptive, at, 1000)).toMatchObject({ heldUntil: at - 1000, cut: undefined, pace: undefined })
  })
})
