/** Slices, visits and the small words of the data plane, by themselves. */
import { describe, expect, test } from "vitest"
import { asked } from "../../src/data-plane/asked.ts"
import { kindOfTimeout } from "../../src/data-plane/impatience.ts"
import type { Plane } from "../../src/data-plane/plane.ts"
import { noLatency, Slices } from "../../src/data-plane/slices.ts"
import { Visit, Visits } from "../../src/data-plane/visits.ts"

const none = { success: 0, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0, busyMs: 0 }

describe("a slice", () => {
  const slicesOf = (lines: Parameters<Slices["adopt"]>[0] = { sliceMs: 100, lateAfterMs: 50 }): Slices => {
    const slices = new Slices()
    slices.adopt(lines)
    return slices
  }

  test("begins with the first outcome, ends when it is long enough, and counts each by its kind", () => {
    const slices = slicesOf()
    expect(slices.close(1000)).toBeUndefined()
    slices.count("failure", true, 5, 1000)
    slices.count("timedOut", false, 5, 1010)
    slices.count("ignored", true, 5, 1020)
    slices.count("success", true, 60, 1030)
    slices.count("success", false, 50, 1040)
    slices.succeed(10, 1050)
    expect(slices.close(1099)).toBeUndefined()
    const closed = slices.close(1100)
    expect(closed).toMatchObject({
      startedAt: 1000,
      success: 3,
      failure: 1,
      timedOut: 1,
      ignored: 1,
      slow: 2,
      late: 1,
      busyMs: 120,
    })
    expect(closed?.latency.samples).toBe(3)
    expect(slices.close(5000)).toBeUndefined()
    slices.succeed(1, 6000)
    expect(slices.close(6100)).toMatchObject({ ...none, startedAt: 6000, success: 1, busyMs: 1 })
  })

  test("takes nothing of the time of a call of which nobody knows how long it took", () => {
    const slices = slicesOf()
    slices.succeed(Number.NaN, 0)
    slices.count("success", false, -1, 0)
    expect(slices.close(100)).toEqual({ ...none, startedAt: 0, success: 2, latency: noLatency })
    slices.succeed(0, 100)
    expect(slices.latency(100).samples).toBe(1)
  })

  test("is none where nobody wants one", () => {
    const slices = slicesOf({})
    slices.count("success", true, 5, 0)
    slices.succeed(5, 0)
    expect([slices.close(1e12), slices.latency(0), slices.sketch(0), slices.usualMs(0)]).toEqual([
      undefined,
      noLatency,
      [],
      0,
    ])
    slices.adopt({ sliceMs: 100 })
    slices.succeed(1e9, 0)
    expect(slices.close(100)).toMatchObject({ success: 1, late: 0 })
    expect(noLatency).toEqual({ samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 })
  })

  test("says what successes usually take from a hundred of them on", () => {
    const slices = slicesOf()
    for (let call = 0; call < 99; call++) slices.succeed(10, 0)
    expect([slices.usualMs(0), slices.quantileMs(0.5, 0)]).toEqual([0, 0])
    slices.succeed(10, 0)
    const { p50, p99 } = slices.latency(0)
    expect([slices.usualMs(0), slices.quantileMs(0.5, 0)]).toEqual([p99, p50])
    expect(Math.abs(p50 - 10)).toBeLessThan(1)
    expect(slices.sketch(0)).not.toEqual([])
  })
})

describe("visits that may become too old", () => {
  const settler = { settle: () => true, settleAt: () => true, expire: () => {} }
  const visit = (key: string, round = -1): Visit => new Visit(settler, 3, 70, key, 5, round)
  /** Their keys from the oldest on, and the way back. */
  function keysOf(visits: Visits): readonly [string, string] {
    let [forth, back] = ["", ""]
    let last: Visit | undefined
    for (let one = visits.oldest; one !== undefined; one = one.newer) [forth, last] = [forth + one.key, one]
    for (let one = last; one !== undefined; one = one.older) back = one.key + back
    return [forth, back]
  }

  test("are calls to a cell, counted, and probe it in a round", () => {
    const one = visit("a")
    expect(one).toMatchObject({ epoch: 3, startedAt: 70, era: 5, round: -1, counted: true, place: undefined })
    expect(one).toMatchObject({ hash: 0, judged: false, isListed: false, older: undefined, newer: undefined })
    expect([one.key, one.probesCell, visit("a", 0).probesCell]).toEqual(["a", false, true])
  })

  test.each(["a", "b", "c", "d", "ab", "bc", "cd", "ad", "abcd", "dcba"])(
    "stay in their order when %s are gone",
    (gone) => {
      const visits = new Visits()
      const all = [..."abcd"].map((key) => visit(key))
      for (const one of all) visits.add(one)
      expect([keysOf(visits), all.every(({ isListed }) => isListed)]).toEqual([["abcd", "abcd"], true])
      for (const key of gone) {
        const one = all.find((other) => other.key === key) as Visit
        visits.remove(one)
        visits.remove(one)
        expect([one.isListed, one.older, one.newer]).toEqual([false, undefined, undefined])
      }
      const left = [..."abcd"].filter((key) => !gone.includes(key)).join("")
      expect(keysOf(visits)).toEqual([left, left])
      visits.add(visit("e"))
      expect(keysOf(visits)).toEqual([`${left}e`, `${left}e`])
    },
  )

  test("are forgotten together", () => {
    const visits = new Visits()
    visits.add(visit("a"))
    visits.clear()
    expect(visits.oldest).toBeUndefined()
    visits.add(visit("b"))
    expect(keysOf(visits)).toEqual(["b", "b"])
  })
})

test("a service that asks to be left alone has rung an alarm by itself", () => {
  expect(asked(7, 3, 500)).toEqual({
    ...{ type: "alarm.rang", at: 7, epoch: 3, rule: "asked", retryAfterMs: 500 },
    statistics: { calls: 1, failures: 1, slow: 0 },
  })
})

test("a call that was given less than the gate's timeout, and than successes usually take, says nothing of the service", () => {
  const plane = { ways: { timeoutMs: 1000 }, meter: { slices: { usualMs: (now: number) => now } } } as unknown as Plane
  const kinds = [
    kindOfTimeout(plane, 100, 200),
    kindOfTimeout(plane, 200, 200),
    kindOfTimeout(plane, 1000, 2000),
    kindOfTimeout(plane, 999, 2000),
  ]
  expect(kinds).toEqual(["ignored", "timedOut", "timedOut", "ignored"])
})
