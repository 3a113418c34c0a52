/** The eyes of a breaker that runs alone, step by step. */
import { describe, expect, test } from "vitest"
import { freshMeter, type MeterEvent, type MeterState, meterStep } from "../../machines/meter.ts"
import { enter, leave, withdraw } from "../../machines/vocabulary/cohort.ts"
import { accrue, beginEpoch, type Evidence, freshEvidence } from "../../machines/vocabulary/evidence.ts"
import { type Gate, idleGate, type Lines, type RatioLine, type SequentialLine } from "../../machines/vocabulary/gate.ts"
import { middleOf } from "../../machines/vocabulary/latency.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { OutcomeSettled } from "../../machines/vocabulary/signal.ts"
import { statisticsOf } from "../../machines/vocabulary/verdict.ts"
import { addSample, countsAt, emptyWindow } from "../../machines/vocabulary/window.ts"

const ratio: RatioLine = {
  kind: "ratio",
  window: { type: "count", calls: 100, maxAgeMs: 1e6 },
  failureRatio: 0.5,
  slowRatio: 0.5,
  minimumCalls: 4,
  row: Number.POSITIVE_INFINITY,
}
const row: RatioLine = { ...ratio, window: { type: "consecutive", maxAgeMs: 1e6 }, row: 3 }
const sequence: SequentialLine = {
  ...{ kind: "sequential", watch: "usual", threshold: 6, rate: 0.8, cohort: 2, tells: "never" },
}

const publish = (state: MeterState, lines: Lines, more: Partial<Gate> = {}): MeterState =>
  meterStep(state, { type: "gate.published", breaker: "service", gate: { ...idleGate, epoch: 1, lines, ...more } })
const under = (lines: Lines): MeterState => publish(freshMeter, lines)
const settled = (kind: OutcomeKind, at: number, more: Partial<OutcomeSettled> = {}): OutcomeSettled => ({
  ...{ type: "outcome.settled", kind, at, durationMs: 0 },
  ...more,
})
const steps = (state: MeterState, ...events: readonly MeterEvent[]): MeterState => events.reduce(meterStep, state)
const countsOf = ({ window }: MeterState, at: number) => window && countsAt(window, at)
const failed = (count: number, at = 10): readonly OutcomeSettled[] => Array(count).fill(settled("failure", at))

/** What the same steps make of a record of evidence that is the test's own. */
function evidenceOf(...tell: readonly ((evidence: Evidence) => void)[]): Evidence {
  const evidence = freshEvidence()
  beginEpoch(evidence, sequence)
  for (const one of tell) one(evidence)
  return evidence
}
const took =
  (bad: boolean, slow: boolean, startedAt: number, at: number) =>
  (evidence: Evidence): void =>
    void accrue(evidence, sequence, bad, slow, startedAt, at)
const entered =
  (at: number) =>
  (evidence: Evidence): void =>
    enter(evidence, sequence, at)

describe("a gate", () => {
  test("is none at first, and nothing has been seen", () => {
    expect(freshMeter).toEqual({
      ...{ epoch: -1, lines: {}, window: undefined, evidence: undefined, armed: true, overdue: 0 },
      ...{ slice: undefined, sketch: undefined, report: undefined, reports: 0 },
    })
  })

  test("of another epoch begins with an empty window and no call overdue; of the same it goes on with what there is", () => {
    const seen = steps(under({ circuit: ratio }), ...failed(2), { type: "call.overdue", at: 10 })
    expect([countsOf(seen, 10)?.calls, seen.overdue]).toEqual([2, 1])
    const same = publish(seen, { circuit: ratio, slowAfterMs: 9 })
    expect([countsOf(same, 10)?.calls, same.overdue, same.lines.slowAfterMs]).toEqual([2, 1, 9])
    const next = publish(seen, { circuit: ratio, slowAfterMs: 9 }, { epoch: 2 })
    expect(next).toEqual({ ...under({ circuit: ratio, slowAfterMs: 9 }), epoch: 2 })
  })

  test("whose line is of another kind begins anew within the same epoch, without a line too", () => {
    const seen = steps(under({ circuit: ratio }), ...failed(2), { type: "call.overdue", at: 10 })
    const other = publish(seen, { circuit: sequence })
    expect(other).toMatchObject({ window: undefined, evidence: evidenceOf(), overdue: 0 })
    expect(publish(seen, {})).toMatchObject({ window: undefined, evidence: undefined, overdue: 0 })
    expect(publish(other, { circuit: ratio }).window).toEqual(emptyWindow(ratio.window))
  })

  test("of another epoch keeps what was learned, and leaves the state before as it was", () => {
    const learned = steps(under({ circuit: sequence }), ...failed(2))
    const before = structuredClone(learned.evidence)
    const next = publish(learned, { circuit: { ...sequence, watch: "partial" } }, { epoch: 2 })
    expect(next.evidence).toMatchObject({ learned: 2, entered: 0, settled: 0, recentCalls: 2 })
    expect(learned.evidence).toEqual(before)
    // Where no sequence is watched the recent past is forgotten, and what was learned is not.
    expect(publish(learned, {}, { epoch: 2 }).evidence).toMatchObject({ learned: 2, recentCalls: 0 })
  })

  test("arms a rung alarm again, also within its epoch", () => {
    const rung = steps(under({ circuit: ratio }), ...failed(4))
    expect([rung.armed, rung.reports]).toEqual([false, 1])
    expect(publish(rung, { circuit: ratio }).armed).toBe(true)
    expect(publish(rung, { circuit: ratio }, { epoch: 2 }).armed).toBe(true)
  })

  test("under which nobody listens to the service's limits forgets what was heard of them", () => {
    const heard = steps(under({ toldMs: 1000 }), settled("success", 10))
    expect(heard.hearing).toMatchObject({ since: 10, answered: 1 })
    expect(publish(heard, { toldMs: 2000 }).hearing).toBe(heard.hearing)
    expect(publish(heard, { toldMs: 2000 }, { epoch: 2 }).hearing).toBe(heard.hearing)
    expect(publish(heard, {}).hearing).toBeUndefined()
  })
})

describe("a window's alarm", () => {
  test("rings once with its counts, its figure and its epoch; it is armed again below four fifths of the line", () => {
    const rung = steps(under({ circuit: ratio }), ...failed(3), settled("success", 20))
    expect(rung.report).toEqual({
      ...{ type: "alarm.rang", at: 20, epoch: 1, rule: "failureRatio" },
      statistics: { calls: 4, failures: 3, slow: 0, bound: { of: "share", value: 0.75, line: 0.5 } },
    })
    const again = steps(rung, ...failed(2, 30))
    expect([again.reports, again.report, again.armed]).toEqual([1, rung.report, false])
    // 5 of 12 are above four fifths of a half, 5 of 13 below.
    const well = steps(again, ...Array(6).fill(settled("success", 40)))
    expect(well.armed).toBe(false)
    const armed = steps(well, settled("success", 40))
    expect([armed.armed, armed.reports]).toEqual([true, 1])
    const twice = steps(armed, ...failed(3, 50))
    expect([twice.reports, twice.report]).toMatchObject([2, { at: 50, statistics: { calls: 16, failures: 8 } }])
  })

  test("counts calls that are slow from the line on, and those that are overdue until they have settled", () => {
    const lines = { circuit: ratio, slowAfterMs: 100 }
    const slow = steps(under(lines), ...[99, 100, 101].map((durationMs) => settled("success", 5, { durationMs })))
    expect(countsOf(slow, 5)).toMatchObject({ calls: 3, failures: 0, slow: 2 })
    const rung = steps(slow, { type: "call.overdue", at: 6 })
    expect(rung.report).toMatchObject({ at: 6, rule: "slowRatio", statistics: { calls: 4, failures: 0, slow: 3 } })
    const three = steps(under(lines), { type: "call.overdue", at: 6, calls: 3 })
    expect([three.overdue, three.reports]).toEqual([3, 0])
    const one = steps(three, settled("success", 7, { durationMs: 100, overdue: true }))
    expect([one.overdue, countsOf(one, 7)]).toMatchObject([2, { calls: 1, slow: 1 }])
    expect(steps(one, settled("ignored", 7, { overdue: true })).overdue).toBe(1)
    expect(steps(one, settled("ignored", 7, { overdue: false })).overdue).toBe(2)
    const none = steps(under(lines), settled("success", 7, { overdue: true }))
    expect(none.overdue).toBe(0)
  })

  test("counts no outcome that is ignored, none of a test, and nothing where no line is drawn", () => {
    const quiet = steps(under({ circuit: ratio }), settled("ignored", 5), settled("failure", 5, { test: true }))
    expect(quiet.window).toEqual(emptyWindow(ratio.window))
    const none = steps(under({}), ...failed(9), { type: "call.overdue", at: 5, calls: 9 })
    expect([none.reports, none.window, none.evidence, none.overdue]).toEqual([0, undefined, undefined, 9])
  })

  test("of calls in a row is lengthened by each call where it becomes overdue, and not once more where it ends", () => {
    const two = steps(under({ circuit: row }), { type: "call.overdue", at: 5, calls: 2 })
    expect([countsOf(two, 5), two.overdue, two.reports]).toMatchObject([{ row: 2, slow: 2, failures: 0 }, 0, 0])
    const ended = steps(two, settled("success", 6, { overdue: true }))
    expect([countsOf(ended, 6)?.row, ended.reports]).toEqual([2, 0])
    const third = steps(ended, { type: "call.overdue", at: 7 })
    expect(third.report).toEqual({
      ...{ type: "alarm.rang", at: 7, epoch: 1, rule: "row" },
      statistics: { calls: 3, failures: 0, slow: 3, bound: { of: "row", value: 3, line: 3 } },
    })
    expect(countsOf(steps(two, settled("success", 6)), 6)?.row).toBe(0)
    expect(countsOf(steps(two, settled("timedOut", 6)), 6)).toMatchObject({ row: 3, failures: 1 })
    // One that was overdue is a sample of a window that does not count rows.
    const lone = steps(under({ circuit: ratio }), settled("failure", 6, { overdue: true }))
    expect(lone.window).toEqual(addSample(emptyWindow(ratio.window), { at: 6, failure: true, slow: false }))
  })
})

describe("a sequence's alarm", () => {
  /** Its cohort is known, and was well. */
  const well = () => steps(under({ circuit: sequence, slowAfterMs: 100 }), settled("success", 0), settled("success", 0))

  test("rings once with the evidence that it rang on, and what that has taken in", () => {
    const expected = evidenceOf(took(false, false, 0, 0), took(false, false, 0, 0))
    let state = well()
    expect(state.evidence).toEqual(expected)
    let rule: ReturnType<typeof accrue>
    for (let bad = 1; rule === undefined; bad++) {
      rule = accrue(expected, sequence, true, false, bad, bad)
      state = steps(state, settled("failure", bad))
      expect(state.reports).toBe(rule === undefined ? 0 : 1)
    }
    const { learned } = expected
    expect(state.report).toEqual({
      ...{ type: "alarm.rang", at: learned - 2, epoch: 1, rule, seen: learned },
      statistics: statisticsOf(expected, rule, sequence),
    })
    expect([state.armed, state.evidence]).toEqual([false, expected])
    const again = steps(state, ...failed(3, 90))
    expect([again.reports, again.armed, again.evidence?.learned]).toEqual([1, false, learned + 3])
    // What no longer reaches the line arms it again: then it may ring once more.
    const quiet = steps(again, ...Array(40).fill(settled("success", 200_000)))
    expect([quiet.armed, quiet.reports]).toEqual([true, 1])
    expect(steps(quiet, ...failed(12, 200_001)).reports).toBe(2)
  })

  test("takes a failure for a failure however long it took, a slow success for slow from the line on, each from when it began", () => {
    const state = steps(
      under({ circuit: sequence, slowAfterMs: 100 }),
      settled("failure", 250, { durationMs: 200 }),
      settled("success", 260, { durationMs: 100 }),
      settled("success", 270, { durationMs: 99 }),
      settled("timedOut", 280, { durationMs: 7 }),
    )
    const told = [took(true, false, 50, 250), took(true, true, 160, 260), took(false, false, 171, 270)]
    expect(state.evidence).toEqual(evidenceOf(...told, took(true, false, 273, 280)))
    const endless = steps(under({ circuit: sequence }), settled("success", 1e9, { durationMs: 1e9 }))
    expect(endless.evidence).toEqual(evidenceOf(took(false, false, 0, 1e9)))
  })

  test("knows who has entered and who has left, and no state that came before changes with it", () => {
    const first = steps(under({ circuit: sequence }), { type: "call.entered", at: 3 })
    expect(first.evidence).toEqual(evidenceOf(entered(3)))
    const second = steps(first, { type: "call.entered", at: 4 })
    expect([first.evidence?.running, second.evidence?.running]).toEqual([1, 2])
    const ended = steps(second, settled("success", 9, { durationMs: 6 }))
    expect(ended.evidence).toEqual(evidenceOf(entered(3), entered(4), leave, took(false, false, 3, 9)))
    expect(second.evidence).toEqual(evidenceOf(entered(3), entered(4)))
  })

  test("takes back who comes without an outcome, from when that one entered", () => {
    const two = steps(under({ circuit: sequence }), ...[3, 4].map((at) => ({ type: "call.entered", at }) as const))
    const gone = steps(two, settled("ignored", 9, { durationMs: 5 }))
    expect(gone.evidence).toEqual(evidenceOf(entered(3), entered(4), leave, (evidence) => withdraw(evidence, 4)))
    expect(gone.evidence).toMatchObject({ entered: 1, running: 1 })
    // Who entered after the cohort was never one of it.
    expect(steps(two, settled("ignored", 9, { durationMs: 4 })).evidence).toMatchObject({ entered: 2, running: 1 })
  })

  test("has counted as slow already what was overdue: such a call only leaves", () => {
    const lines = { circuit: sequence, slowAfterMs: 100 }
    const entering = [{ type: "call.entered", at: 3 } as const]
    const late = steps(under(lines), ...entering, { type: "call.overdue", at: 103 })
    expect(late.evidence).toEqual(evidenceOf(entered(3), took(true, true, 3, 103)))
    for (const kind of ["success", "failure", "ignored"] as const) {
      const ended = steps(late, settled(kind, 150, { durationMs: 147, overdue: true }))
      expect(ended.evidence).toEqual(evidenceOf(entered(3), took(true, true, 3, 103), leave))
    }
  })

  test("takes as many as are overdue, from when they began if that is known, until it has rung", () => {
    const lines = { circuit: sequence, slowAfterMs: 100 }
    const two = steps(under(lines), { type: "call.overdue", at: 130, calls: 2, startedAt: 7 })
    expect(two.evidence).toEqual(evidenceOf(took(true, true, 7, 130), took(true, true, 7, 130)))
    const told = evidenceOf(took(false, false, 0, 0), took(false, false, 0, 0))
    let calls = 1
    while (accrue(told, sequence, true, true, 30, 130) === undefined) calls++
    const rung = steps(well(), { type: "call.overdue", at: 130, calls: 50 })
    expect(rung).toMatchObject({ reports: 1, evidence: told, report: { at: 130, statistics: { slow: calls } } })
    expect(rung.overdue).toBe(0)
  })

  test("is none of whoever watches no sequence: calls that enter change nothing", () => {
    for (const state of [under({ circuit: ratio }), under({})])
      expect(meterStep(state, { type: "call.entered", at: 3 })).toBe(state)
    const learned = publish(steps(under({ circuit: sequence }), ...failed(1)), { circuit: ratio }, { epoch: 2 })
    expect(meterStep(learned, { type: "call.entered", at: 3 })).toBe(learned)
    expect(steps(learned, ...failed(1), settled("ignored", 20)).evidence).toBe(learned.evidence)
  })
})

describe("a service that asks to be left alone", () => {
  test("is an alarm, whatever was seen, each time; and is no sample", () => {
    const trip = settled("failure", 5, { trip: true, retryAfterMs: 700 })
    for (const circuit of [ratio, sequence, undefined]) {
      const asked = steps(under({ circuit }), trip)
      expect(asked.report).toEqual({
        ...{ type: "alarm.rang", at: 5, epoch: 1, rule: "asked", retryAfterMs: 700 },
        statistics: { calls: 1, failures: 1, slow: 0 },
      })
      expect([asked.reports, steps(asked, trip).reports]).toEqual([1, 2])
      expect({ ...asked, report: undefined, reports: 0 }).toEqual(under({ circuit }))
    }
  })

  test("is not heard in what is no failure, or was a test", () => {
    const quiet = [settled("success", 5, { trip: true }), settled("failure", 5, { trip: true, test: true })]
    expect(steps(under({}), ...quiet, settled("failure", 5, { trip: false })).reports).toBe(0)
  })
})

describe("a slice", () => {
  test("closes with the first outcome when its time is over, with latencies of successes and who still runs", () => {
    const lines = { circuit: sequence, sliceMs: 1000, slowAfterMs: 50, lateAfterMs: 60 }
    const open = steps(
      under(lines),
      ...[{ type: "call.entered", at: 0 } as const, { type: "call.entered", at: 1 } as const],
      settled("success", 100, { durationMs: 8 }),
      settled("success", 200, { durationMs: 64 }),
      settled("failure", 1099, { durationMs: 500 }),
    )
    expect([open.reports, open.slice?.success]).toEqual([0, 2])
    const closed = steps(open, { type: "call.entered", at: 1099 }, settled("ignored", 1100, { durationMs: 3000 }))
    expect(closed.reports).toBe(0)
    const reported = steps(closed, { type: "call.entered", at: 1100 }, settled("failure", 1100, { durationMs: 1 }))
    expect(reported).toMatchObject({ reports: 1, slice: undefined })
    expect(reported.report).toEqual({
      ...{ type: "slice.closed", at: 1100, epoch: 1, running: 0 },
      slice: {
        ...{ startedAt: 100, success: 2, failure: 2, timedOut: 0, ignored: 1, slow: 2, late: 1, busyMs: 72 },
        latency: {
          ...{ samples: 2, p50: middleOf(bucketAt(8)), p90: middleOf(bucketAt(64)), p99: middleOf(bucketAt(64)) },
          ...{ p999: middleOf(bucketAt(64)), max: middleOf(bucketAt(64)) },
        },
      },
    })
    const next = steps(reported, settled("timedOut", 1101))
    expect(next.slice).toMatchObject({ startedAt: 1101, timedOut: 1, failure: 0 })
  })

  test("in which nothing went well knows no latency; where no sequence is watched, nobody knows who runs", () => {
    const closed = steps(under({ sliceMs: 10 }), ...failed(1, 0), ...failed(1, 10))
    expect(closed.report).toMatchObject({
      type: "slice.closed",
      at: 10,
      slice: { failure: 2, latency: { samples: 0 } },
    })
    expect(closed.report).toHaveProperty("running", undefined)
    expect(closed.sketch).toBeUndefined()
  })

  test("holds outcomes of tests, and closes with one; it closes with what was overdue in a row too", () => {
    const lines = { circuit: row, sliceMs: 10 }
    const tested = steps(under(lines), settled("success", 0), settled("success", 10, { durationMs: 4, test: true }))
    expect(tested.report).toMatchObject({ type: "slice.closed", slice: { success: 2, latency: { samples: 2 } } })
    const late = steps(under(lines), settled("success", 0), settled("success", 10, { overdue: true }))
    expect(late.report).toMatchObject({ type: "slice.closed", slice: { success: 2, latency: { samples: 2 } } })
  })

  test("that is due when an alarm rings is closed with the next outcome", () => {
    const rung = steps(under({ circuit: row, sliceMs: 10 }), ...failed(2, 0), ...failed(1, 10))
    expect([rung.reports, rung.report?.type]).toEqual([1, "alarm.rang"])
    const next = steps(rung, settled("success", 11))
    expect([next.reports, next.report]).toMatchObject([2, { type: "slice.closed", slice: { failure: 3, success: 1 } }])
  })

  test("is wanted by nobody without its line: neither counts nor latencies are kept", () => {
    const none = steps(under({}), settled("success", 0), settled("success", 5000))
    expect([none.slice, none.sketch, none.reports]).toEqual([undefined, undefined, 0])
    const left = publish(steps(under({ sliceMs: 10 }), settled("success", 0)), {})
    const later = steps(left, settled("success", 5000))
    expect([later.reports, later.sketch]).toEqual([0, left.sketch])
  })
})

describe("what the service says of its limits", () => {
  const over = { exceeded: true, retryAfterMs: 500 } as const

  test("is told in the name of the epoch, where somebody listens; a refusal by them is no sample, and no alarm", () => {
    const lines = { circuit: ratio, toldMs: 1000, sliceMs: 5000 }
    const refused = steps(under(lines), settled("failure", 5, { quota: over, trip: true }))
    expect(refused.report).toEqual({
      ...{ type: "throttle.told", at: 5, epoch: 1, overMs: 0, answered: 0, exceeded: 1, waitMs: 500 },
    })
    expect([refused.reports, refused.slice?.ignored, refused.window]).toEqual([1, 1, emptyWindow(ratio.window)])
    const again = steps(refused, settled("failure", 6, { quota: over }))
    expect([again.reports, again.hearing?.exceeded, refused.hearing?.exceeded]).toEqual([1, 1, 0])
  })

  test("is a failure like any where nobody listens", () => {
    const refused = steps(under({ circuit: ratio }), settled("failure", 5, { quota: over }))
    expect([countsOf(refused, 5)?.failures, refused.hearing]).toEqual([1, undefined])
    const asked = steps(under({ circuit: ratio }), settled("failure", 5, { quota: over, trip: true }))
    expect(asked.report).toMatchObject({ rule: "asked" })
    const kept = steps(under({ circuit: ratio, toldMs: 9 }), settled("failure", 5, { quota: { exceeded: false } }))
    expect([countsOf(kept, 5)?.failures, kept.hearing?.answered]).toEqual([1, 1])
  })

  test("is not heard with an outcome that was reported otherwise", () => {
    const asked = steps(under({ toldMs: 1000 }), settled("failure", 5, { trip: true }))
    expect([asked.report?.type, asked.reports, asked.hearing]).toEqual(["alarm.rang", 1, undefined])
  })
})

/** The bucket of a whole power of two, 16 to an octave from 2^-6 ms on. */
function bucketAt(ms: number): number {
  return 1 + 16 * (Math.log2(ms) + 6)
}
