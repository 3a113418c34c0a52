/** The end of a probe: what the machines are told of it, and when it is too late for a verdict. */
import { describe, expect, test } from "vitest"
import { unrestricted } from "../../machines/vocabulary/gate.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import { probeEnd } from "../../src/data-plane/probeReport.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { barePlane, openGate } from "../support/barePlane.ts"

const probing = (epoch: number) =>
  openGate({ leaseMs: 1000, slowAfterMs: 100 }, { epoch, restriction: { ...unrestricted, probes: 1 } })

function probe() {
  const { plane, clock } = barePlane()
  clock.step(50)
  plane.swap(probing(1))
  const receipt = plane.admit(50) as Receipt
  const end = (judged: Judged, now: number, isCharged = false) => probeEnd(plane, receipt, judged, now, isCharged)
  return { plane, receipt, end }
}

describe("the end of a probe of the present round", () => {
  const ended = (judged: Judged, now = 60, isCharged = false) => probe().end(judged, now, isCharged)
  const told = (type: string, at = 60) => ({ type, at, epoch: 1, retryAfterMs: undefined })

  test("says whether it went well: a failure or a slow answer did not", () => {
    expect(ended("success")).toEqual(told("probe.succeeded"))
    expect([ended("failure"), ended("timedOut")]).toEqual([told("probe.failed"), told("probe.failed")])
    expect([ended("success", 149), ended("success", 150)]).toEqual([
      told("probe.succeeded", 149),
      told("probe.failed", 150),
    ])
    expect(ended("ignored")).toBeUndefined()
    expect(ended("ignored", 500)).toBeUndefined()
  })

  test("says nothing where an endpoint alone answers for what was bad", () => {
    expect([ended("failure", 60, true), ended("success", 60, true)]).toEqual([undefined, told("probe.succeeded")])
  })

  test("says for how long the service asks to be left alone", () => {
    expect(ended({ kind: "failure", trip: true, retryAfterMs: 700 })).toEqual({
      ...told("probe.failed"),
      retryAfterMs: 700,
    })
  })

  test("is no straggler's, and leaves its place free", () => {
    const { plane, end } = probe()
    expect(plane.admit(55).admitted).toBe(false)
    end("success", 60)
    expect([plane.tally.stragglers, plane.admit(61).admitted]).toEqual([0, true])
  })
})

describe("the end of a probe of an earlier round, or whose lease is over", () => {
  test("tells how long a success took, and is a straggler's", () => {
    for (const isExpired of [false, true]) {
      const { plane, receipt, end } = probe()
      if (isExpired && receipt.place !== undefined) receipt.place.expired = true
      else plane.swap(probing(2))
      expect(end("success", 90)).toEqual({ type: "probe.answered", at: 90, tookMs: 40 })
      expect([end("failure", 90), plane.tally.stragglers]).toEqual([undefined, 2])
    }
  })
})
