/** The meter, beside the one that a breaker has alone: when it rings again, and what it takes up. */
import { describe, expect, test } from "vitest"
import { freshMeter, type MeterState, meterStep } from "../../machines/meter.ts"
import { baselineOf } from "../../machines/vocabulary/baseline.ts"
import { freshEvidence } from "../../machines/vocabulary/evidence.ts"
import type { CircuitLine, Gate, RatioLine, SequentialLine } from "../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { RetryBudget } from "../../src/data-plane/retryBudget.ts"
import { barePlane, openGate } from "../support/barePlane.ts"

const ratio: RatioLine = {
  kind: "ratio",
  window: { type: "count", calls: 100, maxAgeMs: 1e6 },
  failureRatio: 0.5,
  slowRatio: 2,
  minimumCalls: 10,
  row: Number.POSITIVE_INFINITY,
}
const sequential: SequentialLine = {
  kind: "sequential",
  watch: "usual",
  threshold: 20,
  rate: 0.8,
  cohort: 4,
  tells: "never",
}

/** The same outcomes to both: how often each has rung. */
function both() {
  const { plane, reports } = barePlane()
  let alone: MeterState = freshMeter
  let version = 1
  const adopt = (circuit: CircuitLine, more: Partial<Gate> = {}) => {
    const gate = openGate({ circuit }, { version: version++, ...more })
    plane.swap(gate)
    alone = meterStep(alone, { type: "gate.published", breaker: "service", gate })
  }
  const settle = (kind: OutcomeKind, calls = 1) => {
    for (let call = 0; call < calls; call++) {
      const ticket = plane.admit(1)
      alone = meterStep(alone, { type: "call.entered", at: 1 })
      if (ticket.admitted) plane.settleAt(ticket, kind, 1)
      alone = meterStep(alone, { type: "outcome.settled", at: 1, kind, durationMs: 0 })
    }
    return [reports.length, alone.reports]
  }
  return { plane, adopt, settle, reports, alone: () => alone }
}

describe("an alarm that nobody heeds", () => {
  test("rings once, and again when the ratio has been below four fifths of its line", () => {
    const { adopt, settle } = both()
    adopt(ratio)
    expect(settle("failure", 9)).toEqual([0, 0])
    expect(settle("failure")).toEqual([1, 1])
    expect(settle("failure", 20)).toEqual([1, 1])
    // 30 of 60 are the line, 30 of 75 four fifths of it: not below.
    expect(settle("success", 45)).toEqual([1, 1])
    expect(settle("failure", 20)).toEqual([1, 1])
    expect(settle("success", 60)).toEqual([1, 1])
    expect(settle("failure", 80)).toEqual([2, 2])
  })

  test("rings anew under another gate of the same epoch", () => {
    const { adopt, settle } = both()
    adopt(ratio)
    expect(settle("failure", 20)).toEqual([1, 1])
    adopt({ ...ratio, failureRatio: 0.4 })
    expect(settle("failure")).toEqual([2, 2])
  })
})

describe("a line of another kind", () => {
  test("begins with nothing, though the epoch is the same, and what it watches can be watched", () => {
    const { adopt, settle, alone } = both()
    adopt(ratio)
    settle("failure", 9)
    adopt(sequential)
    expect(settle("success", 50)).toEqual([0, 0])
    expect(alone().evidence?.learned).toBe(50)
    adopt(ratio)
    expect(settle("failure", 9)).toEqual([0, 0])
    expect(settle("failure")).toEqual([1, 1])
  })
})

describe("where nobody measures how long calls take", () => {
  test("the clock is read for the first of an epoch all the same: it is judged in the order in which they entered", () => {
    const { plane, adopt } = both()
    adopt(sequential)
    const untimed = Array.from({ length: 6 }, () => {
      const before = plane.untimed
      plane.admit(0)
      return before
    })
    expect(untimed).toEqual([false, false, false, false, true, true])
    adopt(sequential, { epoch: 2 })
    expect(plane.untimed).toBe(false)
    adopt(ratio, { epoch: 3 })
    expect(plane.untimed).toBe(true)
  })
})

describe("what was learned elsewhere", () => {
  const learned = (calls: number, usual: number) => baselineOf({ ...freshEvidence(), learned: calls, usual }, 0)

  test("is taken up where more is known there than here, and else left alone", () => {
    const { plane, adopt, settle } = both()
    adopt(sequential)
    settle("success", 50)
    const own = plane.meter.baseline(1)
    plane.meter.resume(learned(own?.learned ?? 0, 0.3), 1)
    expect(plane.meter.baseline(1)).toEqual(own)
    plane.meter.resume(learned((own?.learned ?? 0) + 1, 0.3), 1)
    expect(plane.meter.baseline(1)).toMatchObject({ learned: (own?.learned ?? 0) + 1, usual: 0.3 })
  })
})

test("a spent budget that is funded tells so only if what has come is still there when it is to be told", () => {
  const told: string[] = []
  const budget = new RetryBudget({ share: 0.5, reserve: 1, most: 10 }, { signal: ({ type }) => told.push(type) })
  expect([budget.take(0), budget.take(0)]).toEqual([true, false])
  expect([budget.fund(), budget.fund()]).toEqual([false, true])
  // Whoever heard of the success first has had it repeated something.
  expect(budget.take(1)).toBe(true)
  budget.tellFunded(1)
  expect(told).toEqual(["budget.spent"])
  expect([budget.fund(), budget.fund()]).toEqual([false, true])
  budget.tellFunded(2)
  budget.tellFunded(3)
  expect(told).toEqual(["budget.spent", "budget.funded"])
})
