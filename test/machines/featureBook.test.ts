/** What a breaker that runs alone makes of calls that name features: what is told, what is learned, and what is left to the service. */
import { describe, expect, test } from "vitest"
import { type FeatureBook, freshBook, heardOfFeature } from "../../machines/featureBook.ts"
import type { BreakerContext } from "../../machines/fold.ts"
import type { FeatureLines } from "../../machines/vocabulary/feature.ts"
import { type Gate, idleGate, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { SequentialLine } from "../../machines/vocabulary/lines.ts"
import type { OutcomeSettled } from "../../machines/vocabulary/told.ts"

const watch: SequentialLine = {
  ...{ kind: "sequential", watch: "usual", threshold: 10, rate: 0.8, cohort: 0, tells: "never" },
}
const lines: FeatureLines = { tested: { since: 100, test: 5 }, watched: { since: 100, watch }, free: { since: 100 } }

function contextOf(book: FeatureBook = freshBook(), more: Partial<Gate> = {}, metered = false): BreakerContext {
  const gate = { ...idleGate, lines: { features: lines, slowAfterMs: 50 }, restriction: unrestricted, ...more }
  return { gate, book, metered } as unknown as BreakerContext
}
const settled = (feature: string | undefined, more: Partial<OutcomeSettled> = {}): OutcomeSettled => ({
  ...{ type: "outcome.settled", at: 200, kind: "success", durationMs: 10, feature },
  ...more,
})
const entered = (feature?: string) => ({ type: "call.entered" as const, at: 200, feature })

describe("an event says nothing of features", () => {
  test.each([
    ["where none are watched", contextOf(freshBook(), { lines: {} }), settled("watched")],
    ["where a data plane counts", contextOf(freshBook(), {}, true), settled("watched")],
    ["that is none of a call", contextOf(), { type: "operator.released", at: 5 } as never],
    [
      "of a call that entered past a gate that is off",
      contextOf(freshBook(), { enforcement: "off" }),
      settled("watched"),
    ],
    [
      "of a call where none may enter",
      contextOf(freshBook(), { restriction: { ...unrestricted, share: 0 } }),
      settled("tested"),
    ],
    ["that is the rest of one that has been heard", contextOf(), settled(undefined, { test: false })],
  ])("%s", (_name, context, event) => {
    expect(heardOfFeature(context, event)).toEqual({ book: context.book })
  })

  test("of an epoch that is named it says something, whatever the gate is now", () => {
    const off = contextOf(freshBook(), { enforcement: "off" })
    expect(heardOfFeature(off, settled("tested", { epoch: 3 })).told).toMatchObject({ end: "good" })
  })
})

describe("a call that enters", () => {
  test("is told of if its feature is tested, and is no business of the service", () => {
    const context = contextOf()
    expect(heardOfFeature(context, entered("tested"))).toEqual({
      book: context.book,
      told: { type: "feature.entered", at: 200, feature: "tested", since: 100 },
    })
    for (const feature of ["watched", "free", "other", undefined])
      expect(heardOfFeature(context, entered(feature))).toEqual({ book: context.book })
  })
})

describe("a call that ends", () => {
  test("is left to the service if its feature is none, or nobody watches it", () => {
    for (const feature of ["other", undefined, "free"]) {
      const event = settled(feature, { kind: "failure" })
      expect(heardOfFeature(contextOf(), event)).toEqual({ book: freshBook(), rest: event })
    }
  })

  test("has gone well since it entered, of whatever feature", () => {
    for (const feature of ["other", undefined, "free"])
      expect(heardOfFeature(contextOf(), settled(feature)).book.successes).toEqual({
        ...{ by: feature, at: 190, otherAt: Number.NEGATIVE_INFINITY },
      })
    const before = freshBook()
    heardOfFeature(contextOf(before), settled("free"))
    expect(before).toEqual(freshBook())
  })

  test("of a feature that is tested is told of, and says nothing of the service", () => {
    const event = (more: Partial<OutcomeSettled>) => heardOfFeature(contextOf(), settled("tested", more))
    const told = (end: string) => ({ type: "feature.settled", at: 200, feature: "tested", since: 100, end })
    expect(event({})).toMatchObject({ told: told("good"), rest: { feature: undefined, test: true, kind: "success" } })
    expect(event({ durationMs: 49 }).told).toEqual(told("good"))
    expect(event({ durationMs: 50 }).told).toEqual(told("bad"))
    expect([event({ kind: "failure" }).told, event({ kind: "timedOut" }).told]).toEqual([told("bad"), told("bad")])
    expect(event({ kind: "ignored", durationMs: 90 }).told).toEqual(told("ignored"))
  })

  test("tested it if that is said, or if it entered since its test began", () => {
    const early = settled("tested", { durationMs: 101 })
    expect(heardOfFeature(contextOf(), early)).toMatchObject({ rest: early })
    expect(heardOfFeature(contextOf(), early).told).toBeUndefined()
    expect(heardOfFeature(contextOf(), settled("tested", { durationMs: 100 })).told).toBeDefined()
    const said = heardOfFeature(contextOf(), { ...early, test: true })
    expect([said.told, said.rest]).toEqual([undefined, { ...early, feature: undefined, test: true }])
    expect(heardOfFeature(contextOf(), settled("tested", { test: false }))).toMatchObject({
      rest: settled("tested", { test: false }),
    })
    const untested = heardOfFeature(contextOf(), settled("watched", { test: true, kind: "failure" }))
    expect([untested.told, untested.book.records]).toEqual([undefined, {}])
  })

  test("refused by the service's own limits says nothing ill of its feature, where those are heeded", () => {
    const quota = { exceeded: true } as NonNullable<OutcomeSettled["quota"]>
    const heeding = { lines: { features: lines, toldMs: 1000 } }
    const of = (more: Partial<Gate>, event: Partial<OutcomeSettled> = { quota }) =>
      heardOfFeature(contextOf(freshBook(), more), settled("tested", { kind: "failure", ...event })).told
    expect([of(heeding), of({}), of(heeding, {}), of(heeding, { quota: { ...quota, exceeded: false } })]).toMatchObject(
      [...[{ end: "ignored" }, { end: "bad" }, { end: "bad" }, { end: "bad" }]],
    )
    const watched = heardOfFeature(contextOf(freshBook(), heeding), settled("watched", { kind: "failure", quota }))
    expect(watched.book.records).toEqual({})
  })
})

describe("a feature that is watched", () => {
  /** So many bad calls of it, beside good ones of none. */
  function bad(more: Partial<OutcomeSettled>, beside = true) {
    let book = freshBook()
    for (let call = 0; call < 30; call++) {
      const at = 200 + 10 * call
      if (beside) book = heardOfFeature(contextOf(book), settled(undefined, { at: at + 5 })).book
      const heard = heardOfFeature(contextOf(book), settled("watched", { at, ...more }))
      book = heard.book
      if (heard.told !== undefined) return { ...heard, call }
    }
    return undefined
  }

  test("has failed by a row of failures, or of slow calls, while others go well", () => {
    expect(bad({ kind: "failure" })).toMatchObject({
      told: { type: "feature.failed", feature: "watched", statistics: { slow: 0 } },
      rest: { feature: undefined, test: false, kind: "failure" },
    })
    const slow = bad({ durationMs: 50 })?.told
    expect(slow).toMatchObject({ type: "feature.failed", statistics: { failures: 0 } })
    expect(bad({ kind: "timedOut", durationMs: 60 })?.told).toMatchObject({ statistics: { slow: 0 } })
    expect([bad({ kind: "failure" }, false), bad({ durationMs: 49 }), bad({ kind: "ignored" })]).toEqual([
      ...[undefined, undefined, undefined],
    ])
  })

  test("learns nothing from calls that entered before it was watched, and each outcome makes a book of its own", () => {
    const early = settled("watched", { kind: "failure", durationMs: 101 })
    expect(heardOfFeature(contextOf(), early)).toEqual({ book: freshBook(), rest: early })
    const event = settled("watched", { kind: "failure" })
    const one = heardOfFeature(contextOf(), event)
    expect([one.rest, one.told, one.book.records["watched"]?.since]).toEqual([event, undefined, 100])
    const badOf = (book: FeatureBook) => book.records["watched"]?.evidence.recentBad
    const other = heardOfFeature(contextOf(one.book), event)
    expect([badOf(one.book), badOf(other.book)]).toEqual([1, 2])
    // Its state begins anew: the row does, and what was learned of it stays.
    const anew = { lines: { features: { watched: { since: 150, watch } } } }
    const late = heardOfFeature(contextOf(other.book, anew), { ...event, durationMs: 3 })
    expect([late.book.records["watched"]?.since, badOf(late.book)]).toEqual([150, 3])
    expect([other.book.records["watched"]?.rowSince, late.book.records["watched"]?.rowSince]).toEqual([190, 197])
  })

  test("called like what every object has is as good as another", () => {
    const named = { lines: { features: JSON.parse('{"toString": {"since": 0}}') } }
    const features = { toString: { since: 0, watch } } as unknown as FeatureLines
    const event = settled("toString", { kind: "failure" })
    const { book } = heardOfFeature(contextOf(freshBook(), { lines: { features } }), event)
    expect(Object.keys(book.records)).toEqual(["toString"])
    expect(heardOfFeature(contextOf(freshBook(), named), event).rest).toBe(event)
  })
})
