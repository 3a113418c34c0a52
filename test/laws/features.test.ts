/** What bounds of features mean to single calls, in the data plane. */

import { describe, expect, it } from "vitest"
import type { FeatureBound, FeatureLine } from "../../machines/vocabulary/feature.ts"
import { type Gate, idleGate, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { Signal } from "../../machines/vocabulary/signal.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import fc from "../support/property.ts"
import { stepClock } from "../support/stepClock.ts"

function planeUnder(bound: FeatureBound | undefined, line: FeatureLine) {
  const told: Signal[] = []
  const plane = new Plane("law", new Wheel(stepClock()), {
    signal: (report) => void told.push(report),
    refused: () => {},
    classify: () => "failure",
    idle: () => {},
  })
  const gate: Gate = {
    ...idleGate,
    phase: "active",
    restriction: { ...unrestricted, features: bound === undefined ? {} : { pay: bound } },
    lines: { features: { pay: line, search: { since: 0 } } },
    holders: [],
  }
  plane.swap(gate, 0)
  return { plane, told }
}
const bound = (share: number): FeatureBound => ({ share, retryAt: Number.NEGATIVE_INFINITY, reason: "law" })
const pay = { feature: "pay" }

describe("features", () => {
  it("a test lets in one call at once, then its share of them to within a call, and never more than it asks for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.constantFrom("call" as const, "other" as const, "ignored" as const, "good" as const), {
          maxLength: 300,
        }),
        (part, test, steps) => {
          const share = part / 256
          const { plane, told } = planeUnder(bound(share), { since: 0, test })
          const running: Receipt[] = []
          let [offered, admitted, counted] = [0, 0, 0]
          for (const step of steps) {
            if (step === "other") {
              for (const facts of [{ feature: "search" }, {}]) {
                const ticket = plane.admit(1, facts)
                expect(ticket.admitted).toBe(true)
                if (ticket.admitted) ticket.settle("success")
              }
            } else if (step === "call") {
              const foreseen = plane.wouldReject(1, pay) === undefined
              const ticket = plane.admit(1, pay)
              expect(ticket.admitted).toBe(foreseen)
              offered++
              if (!ticket.admitted) expect(ticket.layer).toBe("feature")
              else {
                running.push(ticket)
                admitted++
                counted++
              }
            } else {
              const receipt = running.shift()
              if (receipt === undefined) continue
              receipt.settle(step === "good" ? "success" : "ignored")
              if (step === "ignored") counted--
            }
            expect(admitted).toBeLessThanOrEqual(1 + share * offered)
            expect(counted).toBeLessThanOrEqual(test)
            expect(plane.inFlight).toBe(running.length)
          }
          if (offered > 0) expect(admitted).toBeGreaterThan(0)
          const of = (type: string) => told.filter((signal) => signal.type === type).length
          expect(of("feature.entered")).toBe(admitted)
          expect(of("feature.settled")).toBe(admitted - running.length)
        },
      ),
      { seed: 7 },
    )
  })

  it("of a blocked feature no call enters, whatever is asked for, and others do not notice", () => {
    const { plane } = planeUnder(bound(0), { since: 0 })
    for (let n = 0; n < 100; n++) {
      expect(plane.admit(1, pay)).toMatchObject({ admitted: false, layer: "feature", reason: "law" })
      expect(plane.admit(1, { feature: "search" }).admitted).toBe(true)
      expect(plane.admit(1).admitted).toBe(true)
    }
    expect(plane.tally.refusals).toEqual({ feature: 100 })
  })

  it("a call refused for something else has spent nothing of its feature's share", () => {
    const { plane } = planeUnder(bound(0.01), { since: 0, test: 10 })
    const { gate } = plane
    plane.swap({ ...gate, restriction: { ...gate.restriction, limit: 0 } }, 0)
    for (let n = 0; n < 5; n++) expect(plane.admit(1, pay)).toMatchObject({ admitted: false, layer: "limit" })
    plane.swap(gate, 0)
    expect(plane.admit(1, pay).admitted).toBe(true)
    expect(plane.admit(1, pay).admitted).toBe(false)
  })

  it("calls that test a feature are no evidence about the service, and are counted all the same", () => {
    const { plane, told } = planeUnder(bound(0.5), { since: 0, test: 1000 })
    const { gate } = plane
    const circuit = {
      kind: "ratio",
      window: { type: "count", calls: 20, maxAgeMs: 1e6 },
      failureRatio: 0.5,
      slowRatio: 2,
      minimumCalls: 5,
      row: 0,
    } as const
    plane.swap({ ...gate, epoch: 1, lines: { ...gate.lines, circuit } }, 0)
    for (let n = 0; n < 200; n++) {
      const ticket = plane.admit(1, pay)
      if (ticket.admitted) ticket.settle("failure")
    }
    expect(told.filter(({ type }) => type === "alarm.rang")).toEqual([])
    expect(plane.tally.failure).toBe(101)
  })
})
