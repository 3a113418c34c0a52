/**
 * An ordinary call is settled by a short way, unless somebody wants to hear of it. They come and go while calls are in flight. The law:
 * whoever they are, it comes to the same as by the whole.
 */

import { expect, test } from "vitest"
import type { CellLine, Gate, Lines } from "../../machines/vocabulary/gate.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import { Ghost } from "../../src/data-plane/ghost.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import type { Tape } from "../../src/data-plane/tape.ts"
import { barePlane, openGate } from "../support/barePlane.ts"
import { endpointsOf, lineOf } from "../support/endpointPlane.ts"
import { overLimits } from "../support/overLimits.ts"
import fc from "../support/property.ts"
import { gateWith } from "../support/slots.ts"

const who = ["nobody", "features", "cells", "endpoints", "rates", "budget", "listener", "recorder", "ghost"] as const

interface Others {
  readonly wants: (typeof who)[number]
  readonly slots: boolean
  readonly slow: boolean
  readonly enforcement: Gate["enforcement"]
}

type Step =
  | { readonly type: "call" }
  | { readonly type: "named"; readonly facts: { readonly feature: string } | { readonly key: string } }
  | { readonly type: "end"; readonly which: number; readonly judged: Judged }
  | { readonly type: "lease"; readonly which: number; readonly ms: number }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "others"; readonly others: Others; readonly isNew: boolean }

const which = fc.nat(50)
const well = ["success", "success"] as const

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constant("call" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("named" as const),
      facts: fc.constantFrom({ feature: "pay" }, { feature: "find" }, { key: "k" }, { key: "l" }),
    }),
  },
  {
    weight: 13,
    arbitrary: fc.record({
      type: fc.constant("end" as const),
      which,
      judged: fc.constantFrom<Judged>(...well, ...well, "failure", "timedOut", "ignored", overLimits),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("lease" as const), which, ms: fc.integer({ min: 1, max: 900 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 700 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("others" as const),
      isNew: fc.boolean(),
      others: fc.record({
        ...{ wants: fc.constantFrom(...who), slots: fc.boolean(), slow: fc.boolean() },
        enforcement: fc.constantFrom<Gate["enforcement"]>("on", "on", "on", "on", "on", "observe", "off"),
      }),
    }),
  },
)

const { slots } = gateWith({ limit: 1000, adaptive: true, least: 1, first: 4 }).lines
const sequence = { kind: "sequential", threshold: 3, rate: 0.5, tells: "known", watch: "usual" } as const
const cells: CellLine = {
  ...{ max: 100, threshold: 6, waitMs: 1000, stepMs: 0, factor: 2, maxMs: 60_000 },
  ...{ longestAskedMs: 60_000, leaseMs: 1000 },
}
const nobody: Others = { wants: "nobody", slots: true, slow: true, enforcement: "on" }

const linesOf: { readonly [Who in Others["wants"]]?: Lines } = {
  features: { features: { pay: { since: 0, watch: { ...sequence, cohort: 0 } } } },
  cells: { cells },
  endpoints: { endpoints: lineOf(endpointsOf("a", "b")) },
  rates: { rates: [{ limit: 5, intervalMs: 1000, burst: 5 }] },
  budget: { budget: { share: 0.2, reserve: 1, most: 5 } },
  listener: { toldMs: 100 },
}

const linesFor = ({ wants, slots: hasSlots, slow }: Others): Lines => ({
  ...{ circuit: { ...sequence, cohort: 4 }, sliceMs: 400 },
  ...(slow && { slowAfterMs: 500 }),
  ...(hasSlots && { slots }),
  ...linesOf[wants],
})

function tapeOf(heard: unknown[]): Tape {
  let serial = 0
  const nothing = () => {}
  return {
    entered: (entry, now) => {
      heard.push(["entered", ++serial, entry, now])
      return serial
    },
    refused: (layer, now) => heard.push(["refused", layer, now]),
    settled: (call, judged, now) => heard.push(["settled", call, judged, now]),
    ...{ waits: () => 0, lent: nothing, waited: nothing, gaveUp: nothing, turn: nothing },
  }
}

/** Says `normal` of itself, as every call of which nothing is said counts: that is looked at from the top, and settled so. */
const longWay = { priority: "normal" } as const

function play(steps: readonly Step[], isShort: boolean) {
  const { plane, clock, reports } = barePlane(7)
  const shade = barePlane(7)
  const ghost = new Ghost(shade.plane)
  const [heard, told]: [unknown[], unknown[]] = [[], []]
  const tape = tapeOf(heard)
  const calls: Receipt[] = []
  const named = new Set<Receipt>()
  let gate = openGate(linesFor(nobody))
  let short = 0
  plane.swap(gate)
  shade.plane.swap(openGate(linesFor(nobody)))
  for (const step of steps) {
    if (step.type === "call" || step.type === "named") {
      const facts = step.type === "named" ? step.facts : {}
      const ticket = plane.admit(clock.now(), isShort && step.type === "call" ? undefined : { ...longWay, ...facts })
      if (ticket.admitted) calls.push(ticket)
      if (ticket.admitted && step.type === "named") named.add(ticket)
    } else if (step.type === "wait") clock.step(step.ms)
    else if (step.type === "others") {
      const { others, isNew } = step
      const changed = { version: gate.version + 1, epoch: gate.epoch + (isNew ? 1 : 0) }
      gate = openGate(linesFor(others), { ...changed, enforcement: others.enforcement })
      plane.swap(gate)
      plane.record(others.wants === "recorder" ? tape : undefined)
      plane.haunt(others.wants === "ghost" ? ghost : undefined)
    } else {
      const call = calls[step.which % Math.max(1, calls.length)]
      if (call === undefined) continue
      if (step.type === "lease") {
        if (!call.leased && !call.settled) plane.lease(call, step.ms)
        continue
      }
      calls.splice(calls.indexOf(call), 1)
      if (
        typeof step.judged === "string" &&
        call.isPlain &&
        plane.ways.isOpen &&
        call.epoch === gate.epoch &&
        !call.settled
      )
        short++
      // What has a name fails more often, so that there is something to tell.
      const isBad = named.has(call) && step.judged === "success" && step.which % 3 > 0
      plane.settleAt(call, isBad ? "failure" : step.judged, clock.now())
    }
    const { meter, admission, tally } = plane
    const { classes: _, ...counts } = tally
    told.push({
      counts: { ...counts, refusals: { ...counts.refusals } },
      ...{ inFlight: plane.inFlight, running: admission.running, inUse: admission.bulkhead?.slots.inUse },
      ...{ limit: admission.bulkhead?.limit(clock.now()), overdue: meter.lateness.total },
      ...{ latency: meter.slices.latency(clock.now()), budget: plane.retryBudget?.saved },
      ...{ ghost: JSON.stringify(ghost.tally), reports: reports.length, heard: heard.length },
      sites: admission.endpoints?.sites.map((site) => [site.inFlight, site.open]),
    })
    // Nothing is counted off that was not counted.
    expect(plane.inFlight).toBe(calls.filter(({ settled }) => !settled).length)
    expect(admission.running).toBeGreaterThanOrEqual(0)
    expect(meter.lateness.total).toBeGreaterThanOrEqual(0)
    for (const site of admission.endpoints?.sites ?? []) expect(site.open).toBeGreaterThanOrEqual(0)
  }
  return { told, reports, heard, short }
}

test("the short way out of a breaker comes to the same as the whole, whoever listens beside it", () => {
  let short = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 300 }), (steps) => {
      const quick = play(steps, true)
      const whole = play(steps, false)
      expect(quick.told).toEqual(whole.told)
      expect(quick.reports).toEqual(whole.reports)
      expect(quick.heard).toEqual(whole.heard)
      expect(whole.short).toBe(0)
      short += quick.short
    }),
    { numRuns: 200, seed: 20_261_129 },
  )
  expect(short).toBeGreaterThan(200)
})
