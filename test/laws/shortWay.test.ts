/** An ordinary call that finds its way clear is let in by one look. The law: it is decided about as by the whole check. */

import { describe, expect, it } from "vitest"
import { noFacts } from "../../machines/vocabulary/facts.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import fc from "../support/property.ts"
import { gateWith, type NotedWaiter, type SlotOptions, slotted } from "../support/slots.ts"

type Step =
  | { readonly type: "call"; readonly deadlineMs: number }
  | { readonly type: "end"; readonly which: number; readonly kind: OutcomeKind }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "gate"; readonly floor: number; readonly limit: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant("call" as const), deadlineMs: fc.integer({ min: 1, max: 5000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("end" as const),
      which: fc.nat(50),
      kind: fc.constantFrom<OutcomeKind>("success", "failure", "timedOut", "ignored"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 700 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("gate" as const),
      floor: fc.integer({ min: 0, max: 3 }),
      limit: fc.integer({ min: 1, max: 30 }),
    }),
  },
)

/** Says `normal` of itself, as every call of which nothing is said counts: that is looked at from the top. */
const longWay = { priority: "normal" } as const

/** What the steps come to, and how many calls entered by the short way. */
function play(steps: readonly Step[], options: SlotOptions, isShort: boolean) {
  const world = slotted(options)
  const { plane, clock } = world
  const calls: NotedWaiter[] = []
  const told: unknown[] = []
  let gate = gateWith(options)
  let short = 0
  for (const step of steps) {
    if (step.type === "call") {
      if (plane.ways.isClear(clock.now())) short++
      calls.push(world.call(isShort ? noFacts : longWay, step.deadlineMs))
    } else if (step.type === "wait") clock.step(step.ms)
    else if (step.type === "gate") {
      gate = gateWith({ ...options, most: options.limit, limit: step.limit, floor: step.floor }, gate)
      plane.swap(gate)
    } else {
      const running = calls.filter(({ answer }) => answer?.admitted && !answer.settled)
      const answer = running[step.which % Math.max(1, running.length)]?.answer
      if (answer?.admitted) plane.settleAt(answer, step.kind, clock.now())
    }
    const bulkhead = plane.admission.bulkhead
    told.push({
      inFlight: plane.inFlight,
      running: plane.admission.running,
      inUse: bulkhead?.slots.inUse,
      waiting: plane.queue.size,
      limit: bulkhead?.limit(clock.now()),
      admitted: plane.tally.admitted,
      refusals: { ...plane.tally.refusals },
      answers: calls.map(({ answer }) => answer && (answer.admitted ? answer.startedAt : answer.reason)),
    })
  }
  return { told, short }
}

const kinds = {
  fixed: { limit: 4, queue: 6 },
  "without a queue": { limit: 3, queue: 0 },
  learned: { limit: 1000, queue: 6, adaptive: true, least: 1, first: 3 },
  "with a share kept for others": { limit: 6, queue: 4, reserve: [0, 0, 0, 0, 0.5] },
} as const satisfies Record<string, SlotOptions>

describe("the short way into a breaker with slots", () => {
  it.each(Object.entries(kinds))("decides as the whole check does: %s", (_, options) => {
    let short = 0
    let calls = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const quick = play(steps, options, true)
        const whole = play(steps, options, false)
        expect(quick.told).toEqual(whole.told)
        short += quick.short
        calls += steps.filter(({ type }) => type === "call").length
      }),
      { numRuns: 200, seed: 20_261_128 },
    )
    // Where a share is kept there is no short way; else both ways must have been gone, or nothing was compared.
    if (options.limit === 6) expect(short).toBe(0)
    else expect(short / calls).toBeGreaterThan(0.1)
    expect(short / calls).toBeLessThan(0.9)
  })
})
