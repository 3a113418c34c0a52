/** What calls with keys say of their cells, beside success and failure. */
import { describe, expect, test } from "vitest"
import { hashOf } from "../../src/data-plane/cellTable.ts"
import { barePlane } from "../support/barePlane.ts"
import { cellLine, gateWith, keyedPlane, keysOf } from "../support/keyedPlane.ts"

test("no key has the hash of an empty place, by which nothing would be remembered of it", () => {
  expect(hashOf("", 0)).not.toBe(0)
  expect(hashOf("a", 0)).not.toBe(hashOf("", 0))
})

describe("a call with a key", () => {
  test.each(["ignored", "success"] as const)("that ended as %s: only a good one tells that others are well", (kind) => {
    const it = keyedPlane()
    it.call("b", kind)
    it.call("a", "failure")
    expect(it.plane.admission.cells?.within).toBe(kind === "success" ? "oneCell" : undefined)
  })

  test("may name keys where nobody has any chance to give", () => {
    const { plane } = barePlane()
    plane.swap(gateWith(cellLine))
    expect(plane.admit(0, { key: "a" }).admitted).toBe(true)
    expect(plane.admission.cells?.seed).toBe(0)
  })

  test.each([
    ["success", [3, 1]],
    ["failure", [4, 0]],
  ] as const)("that was slow and ended as %s is bad once: slow only if it has not failed as well", (kind, counts) => {
    const it = keyedPlane()
    it.plane.swap({ ...it.plane.gate, version: 2, lines: { ...it.plane.gate.lines, slowAfterMs: 100 } })
    it.warm(300, keysOf(30))
    // Held back for failures; the probe that is let in ends after the slow line, in the instant in which it is noticed.
    it.kill("key 1")
    it.clock.step(5000)
    const before = [...(it.plane.admission.cells?.condemned.all ?? [])].map(({ failures, slow }) => [failures, slow])
    const probe = it.plane.admit(it.clock.now(), { key: "key 1" })
    expect(probe.admitted).toBe(true)
    it.clock.step(99)
    if (probe.admitted) it.plane.settleAt(probe, kind, it.clock.now() + 1)
    const after = [...(it.plane.admission.cells?.condemned.all ?? [])].map(({ failures, slow }) => [failures, slow])
    expect([before, after]).toEqual([[[3, 0]], [counts]])
  })

  test.each([
    ["asks for nothing", undefined, 3700],
    ["asks for ten seconds", 10_000, 10_000],
  ])("whose failure %s holds its cell back as long as that", (_what, retryAfterMs, waitMs) => {
    const it = keyedPlane()
    it.warm(300, keysOf(30))
    it.kill("key 1")
    it.clock.step(5000)
    const probe = it.plane.admit(it.clock.now(), { key: "key 1" })
    if (probe.admitted) it.plane.settleAt(probe, { kind: "failure", trip: false, retryAfterMs }, it.clock.now())
    const wait = it.plane.wouldReject(it.clock.now(), { key: "key 1" })?.retryAfterMs ?? 0
    if (retryAfterMs === undefined) expect(wait).toBeLessThanOrEqual(waitMs)
    else expect(wait).toBe(waitMs)
  })
})
