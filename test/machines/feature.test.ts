/** Features: how bounds meet, who may enter to test one, and when one has failed while the service is well. */
import { describe, expect, test } from "vitest"
import {
  boundOf,
  type FeatureBound,
  freshRecord,
  freshTurn,
  lineOfFeature,
  mayEnter,
  meetFeatures,
  noSuccesses,
  type Successes,
  unbounded,
  weighFeature,
  wentWell,
} from "../../machines/vocabulary/feature.ts"
import type { SequentialLine } from "../../machines/vocabulary/lines.ts"

const bound = (share: number, retryAt = Number.NEGATIVE_INFINITY, reason = "it failed"): FeatureBound => ({
  ...{ share, retryAt, reason },
})

describe("of two bounds of one feature", () => {
  test.each([
    ["the lesser share", bound(0.2), bound(0.5, 90)],
    ["of equal shares the later time", bound(0.2, 90, "z"), bound(0.2, 50, "a")],
    ["of equal times the reason that comes first in the alphabet", bound(0.2, 90, "a"), bound(0.2, 90, "b")],
  ])("%s holds, whoever is asked first", (_name, strict, lax) => {
    expect(meetFeatures({ pay: strict }, { pay: lax })).toEqual({ pay: strict })
    expect(meetFeatures({ pay: lax }, { pay: strict })).toEqual({ pay: strict })
  })

  test("both stand where they are of different features, and what bounds nothing adds nothing", () => {
    const [pay, refund] = [{ pay: bound(0.2) }, { refund: bound(0.5) }]
    expect(meetFeatures(pay, refund)).toEqual({ ...pay, ...refund })
    for (const none of [unbounded, {}]) {
      expect(meetFeatures(pay, none)).toBe(pay)
      expect(meetFeatures(none, pay)).toBe(pay)
    }
    expect(meetFeatures(pay, pay)).toBe(pay)
  })
})

test("a name that every object has is of a feature only where one is called so", () => {
  const lines = { pay: { since: 5 } }
  expect([lineOfFeature(lines, "pay"), lineOfFeature(lines, "toString"), lineOfFeature(lines, undefined)]).toEqual([
    ...[{ since: 5 }, undefined, undefined],
  ])
  expect(lineOfFeature(undefined, "pay")).toBeUndefined()
  // Whoever names none has not named one that is called so.
  expect(lineOfFeature({ undefined: { since: 5 } }, undefined)).toBeUndefined()
  expect([boundOf({ pay: bound(0.2) }, "pay"), boundOf({}, "constructor")]).toEqual([bound(0.2), undefined])
})

test("the first call of a test enters at once, the next when its credit is whole, and none beyond what it asks for", () => {
  const turn = freshTurn({ since: 7, test: 2 }, 100)
  expect(turn).toEqual({ since: 7, entered: 0, credit: 100 })
  const may = (entered: number, credit: number, earned: number, test?: number) =>
    mayEnter({ since: 7, entered, credit }, { since: 7, test }, earned, 100)
  expect([may(0, 100, 0, 2), may(1, 50, 49, 2), may(1, 50, 50, 2), may(2, 100, 0, 2)]).toEqual([
    ...[true, false, true, false],
  ])
  expect(may(1_000_000, 50, 50)).toBe(true)
})

describe("calls that went well", () => {
  const known = (...calls: readonly (readonly [string | undefined, number])[]): Successes => {
    const successes = noSuccesses()
    for (const [by, at] of calls) wentWell(successes, by, at)
    return successes
  }

  test("are remembered by the last of one feature and the last of any other, of which none is one, too", () => {
    expect(known(["pay", 5], ["pay", 9], ["pay", 7])).toEqual({ by: "pay", at: 9, otherAt: Number.NEGATIVE_INFINITY })
    expect(known(["pay", 5], [undefined, 3])).toEqual({ by: undefined, at: 3, otherAt: 5 })
    expect(known(["pay", 5], ["refund", 6], ["pay", 7])).toEqual({ by: "pay", at: 7, otherAt: 6 })
  })

  test("say nothing when nobody asked for the time", () => {
    expect(known(["pay", 5], ["refund", Number.NaN])).toEqual(known(["pay", 5]))
  })
})

describe("a feature", () => {
  const watch: SequentialLine = {
    ...{ kind: "sequential", watch: "usual", threshold: 10, rate: 0.8, cohort: 0, tells: "never" },
  }
  /** Bad calls of it, one in ten milliseconds, until one of them says that it has failed. */
  function fails(known: Successes, mostCalls = 40, slow = false) {
    const record = freshRecord({ since: 0, watch })
    for (let call = 0; call < 30; call++)
      weighFeature(record, watch, "pay", { bad: false, slow: false, startedAt: call }, known, call)
    for (let call = 0; call < mostCalls; call++) {
      const at = 100 + 10 * call
      const rule = weighFeature(record, watch, "pay", { bad: true, slow, startedAt: at }, known, at)
      if (rule !== undefined) return { rule, call, since: record.rowSince }
    }
    return undefined
  }

  test("has failed by a row of bad calls, since the first of which another call has gone well", () => {
    expect(fails({ by: "search", at: 100, otherAt: 0 })).toMatchObject({ rule: "run", since: 100 })
    expect(fails({ by: "pay", at: 500, otherAt: 100 })).toMatchObject({ rule: "run" })
    expect(fails({ by: undefined, at: 100, otherAt: 0 })).toMatchObject({ rule: "run" })
  })

  test("has not while nothing else has gone well since: then it is the service that fails", () => {
    expect(fails({ by: "search", at: 99, otherAt: 0 })).toBeUndefined()
    expect(fails({ by: "pay", at: 500, otherAt: 99 })).toBeUndefined()
    expect(fails(noSuccesses())).toBeUndefined()
  })

  test("begins a row anew after a good call", () => {
    const record = freshRecord({ since: 0, watch })
    const known = noSuccesses()
    const weigh = (bad: boolean, at: number) =>
      weighFeature(record, watch, "pay", { bad, slow: false, startedAt: at }, known, at)
    weigh(true, 5)
    weigh(true, 6)
    expect(record.rowSince).toBe(5)
    weigh(false, 7)
    expect(record.rowSince).toBeUndefined()
    weigh(true, 8)
    expect(record.rowSince).toBe(8)
  })

  test("that fails in part is not held back: more bad calls than usual are its rule only where hardly any goes well", () => {
    const rules = (badOf: (call: number) => boolean, rate: number) => {
      const line = { ...watch, rate, threshold: 60 }
      const record = freshRecord({ since: 0, watch: line })
      const found = new Set<string>()
      for (let call = 0; call < 2000; call++) {
        const bad = call >= 200 && badOf(call)
        const known = { by: "search", at: call, otherAt: 0 }
        const rule = weighFeature(record, line, "pay", { bad, slow: false, startedAt: call }, known, call)
        if (rule !== undefined) found.add(rule)
      }
      return [...found]
    }
    expect(rules((call) => call % 2 === 0, 0.8)).toEqual([])
    expect(rules((call) => call % 8 !== 0, 0.8)).toEqual(["rate"])
  })

  test("keeps what was learned of it when it is watched anew, in a record of its own", () => {
    const record = freshRecord({ since: 0, watch })
    const known = noSuccesses()
    for (let call = 0; call < 30; call++)
      weighFeature(record, watch, "pay", { bad: true, slow: false, startedAt: call }, known, call)
    const next = freshRecord({ since: 40, watch }, record)
    expect([next.since, next.rowSince, next.evidence.usual]).toEqual([40, undefined, record.evidence.usual])
    expect(next.evidence).not.toBe(record.evidence)
    expect(next.evidence.row).toBe(0)
    expect(freshRecord({ since: 40, watch }).evidence.usual).not.toBe(record.evidence.usual)
  })
})
