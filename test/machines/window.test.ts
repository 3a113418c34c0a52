/** The window as a value: what it is made of, at its edges, and the lines that its counts reach, worked out by hand. */
import { describe, expect, test } from "vitest"
import type { RatioLine, WindowShape } from "../../machines/vocabulary/gate.ts"
import {
  addSample,
  type Counts,
  countsAt,
  emptyWindow,
  expire,
  isQuiet,
  reached,
  statisticsAt,
  type Window,
} from "../../machines/vocabulary/window.ts"

const bad = (at: number) => ({ at, failure: true, slow: false })
const good = (at: number) => ({ at, failure: false, slow: false })
const windowOf = (shape: WindowShape, ...samples: readonly ReturnType<typeof bad>[]): Window =>
  samples.reduce(addSample, emptyWindow(shape))

const byTime: WindowShape = { type: "time", durationMs: 1000, slices: 4 }
const byCount: WindowShape = { type: "count", calls: 200, maxAgeMs: 1000 }
const inARow: WindowShape = { type: "consecutive", maxAgeMs: 1000 }

describe("a window", () => {
  test("that is empty holds nothing, and knows its shape", () => {
    expect([byTime, byCount, inARow].map(emptyWindow)).toEqual([
      { type: "time", widthMs: 250, slices: 4, buckets: [] },
      { type: "count", limit: 200, maxAgeMs: 1000, chunks: [], skip: 0, calls: 0, failures: 0, slow: 0, row: 0 },
      {
        ...{ type: "consecutive", maxAgeMs: 1000, lastAt: Number.NEGATIVE_INFINITY },
        ...{ calls: 0, failures: 0, slow: 0, row: 0 },
      },
    ])
  })

  test.each([byCount, inARow])("of $type forgets a call when it is as old as may be, and not before", (shape) => {
    const window = windowOf(shape, bad(500))
    expect([1499, 1500].map((at) => countsAt(window, at).calls)).toEqual([1, 0])
  })

  test("of time forgets whole slices", () => {
    const window = windowOf(byTime, bad(249), bad(250))
    expect([999, 1000, 1249, 1250].map((at) => countsAt(window, at).calls)).toEqual([2, 1, 1, 0])
  })

  test("of time keeps one bucket for each slice, however many calls end in it", () => {
    const window = windowOf(byTime, bad(0), good(249), { at: 250, failure: true, slow: true }, bad(251))
    expect(window).toMatchObject({
      buckets: [
        { index: 0, calls: 2, failures: 1, slow: 0 },
        { index: 1, calls: 2, failures: 2, slow: 1 },
      ],
    })
  })

  test("of calls keeps them in chunks of 64: to add one copies no more than that", () => {
    const window = windowOf(byCount, ...Array.from({ length: 130 }, (_, at) => good(at)))
    const lengths = (one: Window) => (one.type === "count" ? one.chunks.map(({ length }) => length) : [])
    expect(lengths(window)).toEqual([64, 64, 2])
    // The first 65 are too old by then: a chunk is dropped whole, and one call of the next is skipped.
    const later = expire(window, 1064)
    expect([lengths(later), later]).toMatchObject([[64, 2], { skip: 1, calls: 65 }])
  })

  test("of calls that forgets nothing stays the same value", () => {
    const window = windowOf(byCount, bad(0), good(1))
    expect(expire(window, 999)).toBe(window)
  })
})

describe("a line", () => {
  const counts = (more: Partial<Counts>): Counts => ({ calls: 0, failures: 0, slow: 0, row: 0, ...more })
  const line = (window: WindowShape): RatioLine =>
    ({ window, minimumCalls: 10, failureRatio: 0.5, slowRatio: 0.4, row: 5 }) as RatioLine

  test("of a row is reached by that many bad calls, those that are overdue among them, and is quiet below four fifths", () => {
    const row = line(inARow)
    const ask = (row_: number, overdue: number) => reached(row, counts({ row: row_ }), overdue)
    expect([ask(4, 0), ask(5, 0), ask(4, 1), ask(0, 5), ask(6, 0)]).toEqual([undefined, "row", "row", "row", "row"])
    expect([3, 4].map((bad) => isQuiet(row, counts({ row: bad }), 0))).toEqual([true, false])
    expect(isQuiet(row, counts({ row: 3 }), 1)).toBe(false)
  })

  test("of failures is reached at its part of the calls, once there are enough", () => {
    const ratio = line(byTime)
    const ask = (calls: number, failures: number, overdue = 0) => reached(ratio, counts({ calls, failures }), overdue)
    expect([ask(9, 9), ask(10, 4), ask(10, 5), ask(8, 5, 2)]).toEqual([
      ...[undefined, undefined, "failureRatio", "failureRatio"],
    ])
    expect([3, 4].map((failures) => isQuiet(ratio, counts({ calls: 10, failures }), 0))).toEqual([true, false])
  })

  test("of slow calls is reached at its part of the calls, those that are overdue among them", () => {
    const ratio = line(byTime)
    const ask = (calls: number, slow: number, overdue = 0) => reached(ratio, counts({ calls, slow }), overdue)
    expect([ask(10, 3), ask(10, 4), ask(9, 3, 1), ask(8, 1, 2), ask(0, 0, 10)]).toEqual([
      ...[undefined, "slowRatio", "slowRatio", undefined, "slowRatio"],
    ])
    // 0.8 of 0.4 of 30 calls are 9.6.
    expect([9, 10].map((slow) => isQuiet(ratio, counts({ calls: 30, slow }), 0))).toEqual([true, false])
  })

  test("says with which figure it was reached", () => {
    const some = counts({ calls: 16, failures: 8, slow: 4, row: 6 })
    expect(statisticsAt(line(inARow), "row", some, 1)).toEqual({
      ...{ calls: 7, failures: 8, slow: 5, bound: { of: "row", value: 7, line: 5 } },
    })
    expect(statisticsAt(line(byTime), "failureRatio", some, 4)).toEqual({
      ...{ calls: 20, failures: 8, slow: 8, bound: { of: "share", value: 0.4, line: 0.5 } },
    })
    expect(statisticsAt(line(byTime), "slowRatio", some, 4)).toEqual({
      ...{ calls: 20, failures: 8, slow: 8, bound: { of: "share", value: 0.4, line: 0.4 } },
    })
    expect(statisticsAt(line(byTime), "slowRatio", some, 0).bound).toEqual({ of: "share", value: 0.25, line: 0.4 })
  })
})
