import { describe, expect, it } from "vitest"
import { decideAdmission, freshAdmission } from "../../machines/vocabulary/admission.ts"
import { costOf } from "../../machines/vocabulary/facts.ts"
import { type Enforcement, type Gate, idleGate, unrestricted } from "../../machines/vocabulary/gate.ts"
import { type Priority, priorities } from "../../machines/vocabulary/priority.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import fc from "../support/property.ts"
import { stepClock } from "../support/stepClock.ts"

const plane = () =>
  new Plane("law", new Wheel(stepClock()), {
    signal: () => {},
    refused: () => {},
    classify: () => "failure",
    idle: () => {},
  })

interface Setting {
  readonly share: number
  readonly cohortShare: number
  readonly cohort: number
  readonly probes: number
  readonly enforcement: Enforcement
  readonly newEpoch: boolean
}
const setting: fc.Arbitrary<Setting> = fc.record({
  share: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  cohortShare: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  cohort: fc.integer({ min: 1, max: 30 }),
  probes: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 4 })),
  enforcement: fc.constantFrom<Enforcement>("on", "on", "on", "observe", "off"),
  newEpoch: fc.boolean(),
})
const step = fc.oneof(
  fc.record({ setting }),
  fc.record({ calls: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ settle: fc.nat(20) }),
)

const gateOf = (before: Gate, { share, cohortShare, cohort, probes, enforcement, newEpoch }: Setting): Gate => ({
  ...before,
  version: before.version + 1,
  epoch: before.epoch + (newEpoch ? 1 : 0),
  phase: "active",
  enforcement,
  restriction: { ...unrestricted, share, cohortShare, probes },
  lines: { circuit: { kind: "sequential", watch: "usual", threshold: 20, rate: 0.8, cohort, tells: "never" } },
  holders: [
    {
      by: "law",
      layer: "circuit",
      since: 0,
      reason: "law",
      rule: "law",
      statistics: undefined,
      demand: { share, cohortShare, probes },
    },
  ],
})

const plain: Setting = {
  share: 1,
  cohortShare: 1,
  cohort: 16,
  probes: Number.POSITIVE_INFINITY,
  enforcement: "on",
  newEpoch: true,
}

describe("admission", () => {
  it("the data plane admits exactly what the total function admits, whatever gates come", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const subject = plane()
        let gate: Gate = idleGate
        let state = freshAdmission(0)
        const probes: Receipt[] = []
        for (const next of steps) {
          if ("setting" in next) {
            gate = gateOf(gate, next.setting)
            subject.swap(gate)
          } else if ("calls" in next) {
            for (let call = 0; call < next.calls; call++) {
              const foreseen = subject.wouldReject(0) === undefined
              const ticket = subject.admit(0)
              const verdict = decideAdmission(gate, state)
              state = verdict.state
              expect(ticket.admitted).toBe(verdict.admitted)
              expect(foreseen).toBe(ticket.admitted)
              if (ticket.admitted && ticket.probe) probes.push(ticket)
            }
          } else {
            const [probe] = probes.splice(next.settle % Math.max(1, probes.length), 1)
            if (probe === undefined) continue
            probe.settle("ignored")
            if (probe.epoch === state.epoch) state = { ...state, probesTaken: state.probesTaken - 1 }
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it("a partial share is exact: of n calls it admits the share to within half a call, always", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 256 }), fc.integer({ min: 1, max: 2000 }), (part, calls) => {
        const share = part / 256
        const subject = plane()
        subject.swap(gateOf(idleGate, { ...plain, share }))
        let admitted = 0
        for (let call = 1; call <= calls; call++) {
          if (subject.admit(0).admitted) admitted++
          expect(Math.abs(admitted - share * call)).toBeLessThanOrEqual(0.5 + 1e-4 * call)
        }
      }),
    )
  })

  it("never more probes at once than the gate allows, and every place comes back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 200 }), (cap, ops) => {
        const subject = plane()
        subject.swap(gateOf(idleGate, { ...plain, probes: cap }))
        const running: Receipt[] = []
        for (const enters of ops) {
          if (enters) {
            const ticket = subject.admit(0)
            if (ticket.admitted) running.push(ticket)
          } else running.shift()?.settle("ignored")
          expect(running.length).toBeLessThanOrEqual(cap)
          expect(subject.inFlight).toBe(running.length)
        }
        for (const receipt of running) receipt.settle("ignored")
        expect(subject.inFlight).toBe(0)
        expect(subject.admit(0).admitted).toBe(true)
      }),
    )
  })
})

it("keeps the account of a partial share while a full one comes and goes within an epoch", () => {
  const at = (share: number): Gate => ({ ...idleGate, restriction: { ...unrestricted, share } })
  let state = freshAdmission(0)
  const admitted = [0.25, 1, 0.25, 1, 0.25, 0.25].map((share) => {
    const verdict = decideAdmission(at(share), state)
    state = verdict.state
    return verdict.admitted
  })
  expect(admitted).toEqual([false, true, true, true, false, false])
})

describe("what is said of a call", () => {
  const floors = fc.record({
    floor: fc.integer({ min: 0, max: 4 }),
    share: fc.constantFrom(0, 0.25, 0.5, 1),
    test: fc.constantFrom(undefined, 1, 3),
    isAnew: fc.boolean(),
  })
  const floored = (
    { floor, share, test }: typeof floors extends fc.Arbitrary<infer T> ? T : never,
    since: number,
  ): Gate => ({
    ...idleGate,
    phase: "active",
    restriction: {
      ...unrestricted,
      floor,
      features: { pay: { share, retryAt: Number.NEGATIVE_INFINITY, reason: "law" } },
    },
    lines: { features: { pay: { since, test }, search: { since } } },
    holders: [],
  })
  const facts = fc.record({
    priority: fc.constantFrom<Priority | undefined>(undefined, ...priorities),
    feature: fc.constantFrom(undefined, "pay", "search", "nobody's", "constructor"),
  })

  it("the data plane admits by class and by feature what the total function admits, for the same reason", () => {
    const seen = { admitted: 0, floor: 0, feature: 0 }
    fc.assert(
      fc.property(fc.array(fc.tuple(floors, fc.array(facts, { maxLength: 20 })), { maxLength: 6 }), (walk) => {
        const subject = plane()
        let state = freshAdmission(0)
        let since = 0
        for (const [setting, calls] of walk) {
          if (setting.isAnew) since++
          const gate = floored(setting, since)
          subject.swap(gate)
          for (const call of calls) {
            const ticket = subject.admit(10, call)
            const verdict = decideAdmission(gate, state, { ...call, at: 10 })
            state = verdict.state
            const layer = ticket.admitted ? "" : ticket.layer
            const by = verdict.admitted
              ? ""
              : { floor: "priority", feature: "feature" }[verdict.by as "floor" | "feature"]
            expect(layer).toBe(by)
            if (layer === "") seen.admitted++
            else if (layer === "priority") seen.floor++
            else seen.feature++
          }
        }
      }),
      { seed: 11, numRuns: 300 },
    )
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(100)
  })

  it("a cost that is none, since its caller's object has changed meanwhile, is that of one call", () => {
    for (const cost of [Number.NaN, Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY])
      expect(costOf({ cost })).toBe(1)
    expect([costOf({ cost: 0 }), costOf({ cost: 0.5 }), costOf({}), costOf({ cost: undefined })]).toEqual([
      0, 0.5, 1, 1,
    ])
  })
})
