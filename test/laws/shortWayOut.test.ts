/** An ordinary call is settled by a short way. The law: it comes to the same as by the whole. */

import { describe, expect, it } from "vitest"
import type { CircuitLine, Lines } from "../../machines/vocabulary/gate.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { barePlane, openGate } from "../support/barePlane.ts"
import { overLimits } from "../support/overLimits.ts"
import fc from "../support/property.ts"
import { gateWith } from "../support/slots.ts"

type Step =
  | { readonly type: "call" }
  | { readonly type: "end"; readonly which: number; readonly judged: Judged }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "gate"; readonly isNew: boolean; readonly slowAfterMs: number; readonly isHeard: boolean }

const { slots } = gateWith({ limit: 1000, adaptive: true, least: 1, first: 2 }).lines

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant("call" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("end" as const),
      which: fc.nat(50),
      judged: fc.oneof(
        { weight: 8, arbitrary: fc.constant<Judged>("success") },
        { weight: 2, arbitrary: fc.constantFrom<Judged>("failure", "timedOut", "ignored", overLimits) },
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 700 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("gate" as const),
      isNew: fc.boolean(),
      slowAfterMs: fc.constantFrom(200, 500, 1000),
      isHeard: fc.boolean(),
    }),
  },
)

/** Says `normal` of itself, as every call of which nothing is said counts: that is looked at from the top, and settled so. */
const longWay = { priority: "normal" } as const

function play(steps: readonly Step[], circuit: CircuitLine | undefined, isShort: boolean) {
  const { plane, clock, reports } = barePlane()
  const linesWith = (slowAfterMs: number): Lines => ({ circuit, slowAfterMs, lateAfterMs: 300, sliceMs: 400, slots })
  let gate = openGate(linesWith(500))
  plane.swap(gate)
  const calls: Receipt[] = []
  const told: unknown[] = []
  let short = 0
  let ends = 0
  for (const step of steps) {
    if (step.type === "call") {
      const ticket = plane.admit(clock.now(), isShort ? undefined : longWay)
      if (ticket.admitted) calls.push(ticket)
    } else if (step.type === "wait") clock.step(step.ms)
    else if (step.type === "gate") {
      const { version, epoch } = gate
      const lines = { ...linesWith(step.slowAfterMs), ...(step.isHeard && { toldMs: 100 }) }
      gate = openGate(lines, { version: version + 1, epoch: epoch + (step.isNew ? 1 : 0) })
      plane.swap(gate)
    } else {
      const [call] = calls.splice(step.which % Math.max(1, calls.length), 1)
      if (call === undefined) continue
      ends++
      if (typeof step.judged === "string" && call.isPlain && plane.ways.isOpen && call.epoch === gate.epoch) short++
      plane.settleAt(call, step.judged, clock.now())
    }
    const { meter, admission, tally } = plane
    const { classes: _, ...counts } = tally
    told.push({
      counts: { ...counts, refusals: { ...counts.refusals } },
      inFlight: plane.inFlight,
      running: admission.running,
      inUse: admission.bulkhead?.slots.inUse,
      limit: admission.bulkhead?.limit(clock.now()),
      overdue: meter.lateness.total,
      latency: meter.slices.latency(clock.now()),
      baseline: meter.baseline(clock.now()),
      reports: reports.length,
    })
  }
  return { told, reports, short, ends }
}

const ratio = { kind: "ratio", failureRatio: 0.4, slowRatio: 0.4, minimumCalls: 4, row: 3 } as const
const sequential = { kind: "sequential", threshold: 3, rate: 0.5, cohort: 4, tells: "known" } as const

const circuits: Record<string, CircuitLine | undefined> = {
  "no circuit": undefined,
  "a time window": { ...ratio, window: { type: "time", durationMs: 2000, slices: 10 } },
  "a row": { ...ratio, window: { type: "consecutive", maxAgeMs: 5000 } },
  "evidence against what is usual": { ...sequential, watch: "usual" },
  "evidence of a part": { ...sequential, watch: "partial" },
  "a step": { ...sequential, watch: "step" },
}

describe("the short way out of a breaker", () => {
  it.each(Object.entries(circuits))("comes to the same as the whole: %s", (_, circuit) => {
    let [short, ends] = [0, 0]
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const quick = play(steps, circuit, true)
        const whole = play(steps, circuit, false)
        expect(quick.told).toEqual(whole.told)
        expect(quick.reports).toEqual(whole.reports)
        expect(whole.short).toBe(0)
        short += quick.short
        ends += quick.ends
      }),
      { numRuns: 150, seed: 20_261_129 },
    )
    // Both ways must have been gone, or nothing was compared.
    expect(short / ends).toBeGreaterThan(0.1)
    expect(short / ends).toBeLessThan(0.9)
  })
})
