/** A breaker that ran alone counted outcomes into slices that nobody had asked for: its timeout then learned from what a data plane never tells. */
import { describe, expect, test } from "vitest"
import { freshMeter, type MeterState, meterStep } from "../../machines/meter.ts"
import { idleGate } from "../../machines/vocabulary/gate.ts"
import type { SliceClosed } from "../../machines/vocabulary/signal.ts"

const under = (state: MeterState, sliceMs: number | undefined): MeterState =>
  meterStep(state, { type: "gate.published", breaker: "service", gate: { ...idleGate, epoch: 1, lines: { sliceMs } } })
const succeed = (state: MeterState, at: number): MeterState =>
  meterStep(state, { type: "outcome.settled", at, kind: "success", durationMs: 5 })

describe("slices of a breaker that runs alone", () => {
  test("hold nothing of a time in which nobody wanted slices", () => {
    const unwanted = succeed(succeed(under(freshMeter, undefined), 10), 20)
    const wanted = succeed(succeed(under(unwanted, 1000), 100), 1200)
    expect((wanted.report as SliceClosed).slice).toMatchObject({ startedAt: 100, success: 2, busyMs: 10 })
  })
})
