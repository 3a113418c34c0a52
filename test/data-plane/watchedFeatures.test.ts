/** Features that are watched or tested: what of their calls counts, and as what. */
import { describe, expect, test } from "vitest"
import type { FeatureBounds, FeatureLines } from "../../machines/vocabulary/feature.ts"
import { type SequentialLine, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { Features } from "../../src/data-plane/features.ts"
import { barePlane, openGate } from "../support/barePlane.ts"

const watch: SequentialLine = {
  ...{ kind: "sequential", watch: "usual", threshold: 10, rate: 0.8, cohort: 4, tells: "never" },
}
const half = { share: 0.5, retryAt: Number.NEGATIVE_INFINITY, reason: "is tested" }

function planeOf(features: FeatureLines, bounds: FeatureBounds = {}) {
  const { plane, clock, reports } = barePlane()
  const name = (lines: FeatureLines) =>
    plane.swap(openGate({ features: lines, slowAfterMs: 100 }, { restriction: { ...unrestricted, features: bounds } }))
  name(features)
  const begin = (feature: string | undefined) => {
    const ticket = plane.admit(clock.now(), { feature })
    return (kind: OutcomeKind) => ticket.admitted && ticket.settle(kind)
  }
  const call = (feature: string | undefined, kind: OutcomeKind, ms = 0) => {
    const end = begin(feature)
    clock.step(ms)
    end(kind)
  }
  return { plane, name, begin, call, clock, reports: reports as readonly object[] }
}

describe("a feature that is watched", () => {
  const watched = { pay: { since: 0, watch } }
  /** So many calls of it, each beside one of another. */
  function beside(kind: OutcomeKind, other: OutcomeKind, ms = 0) {
    const { call, reports } = planeOf(watched)
    for (let calls = 0; calls < 4; calls++) call("pay", "success")
    for (let calls = 0; calls < 20 && reports.length === 0; calls++) {
      call("pay", kind, ms)
      call(undefined, other)
    }
    return reports
  }

  test("has failed when its calls fail, or are slow, while others go well", () => {
    const failed = (failures: object) => [
      { type: "feature.failed", feature: "pay", statistics: expect.objectContaining(failures) as object },
    ]
    const some = expect.toSatisfy((count: number) => count >= 4) as number
    expect(beside("failure", "success")).toMatchObject(failed({ failures: some, slow: 0 }))
    expect(beside("success", "success", 150)).toMatchObject(failed({ failures: 0, slow: some }))
    expect(beside("timedOut", "success", 150)).toMatchObject(failed({ failures: some, slow: 0 }))
  })

  test("has not while nothing else goes well either, or its calls are well, or say nothing", () => {
    expect([beside("failure", "failure"), beside("failure", "ignored"), beside("failure", "timedOut")]).toEqual([
      ...[[], [], []],
    ])
    expect([beside("success", "success", 90), beside("ignored", "success"), beside("ignored", "success", 150)]).toEqual(
      [...[[], [], []]],
    )
  })

  test("is not spoken for by calls that entered before its state began", () => {
    const countedFrom = (since: number, before: FeatureLines = { pay: { since: 0 } }): boolean => {
      const { name, begin, call, clock, reports } = planeOf(before)
      clock.step(10)
      const ends = Array.from({ length: 30 }, () => begin("pay"))
      name({ pay: { since, watch } })
      for (const end of ends) {
        end("failure")
        call(undefined, "success")
      }
      return reports.length > 0
    }
    expect([countedFrom(10), countedFrom(11)]).toEqual([true, false])
    // Nor by those that entered while nobody had named it.
    expect(countedFrom(10, {})).toBe(false)
  })

  test("is not slow for the time in which the host stood still", () => {
    const slowWith = (ms: number): boolean => {
      const { plane, call, reports } = planeOf(watched)
      plane.meter.lateness.stoodMs = () => ms
      for (let calls = 0; calls < 20; calls++) {
        call("pay", "success", 150)
        call(undefined, "success")
      }
      return reports.length > 0
    }
    expect([slowWith(51), slowWith(50)]).toEqual([false, true])
  })
})

describe("a feature that is tested", () => {
  const settled = (end: string) => ({ type: "feature.settled", feature: "pay", since: 0, end })
  const tested = () => planeOf({ pay: { since: 0, test: 1 } }, { pay: half })

  test.each([
    ["success", 0, "good"],
    ["success", 99, "good"],
    ["success", 100, "bad"],
    ["failure", 0, "bad"],
    ["timedOut", 0, "bad"],
    ["ignored", 150, "ignored"],
  ] as const)("has its calls told of: %s after %d ms is %s", (kind, ms, end) => {
    const { call, reports } = tested()
    call("pay", kind, ms)
    expect(reports).toMatchObject([{ type: "feature.entered", at: 0, feature: "pay", since: 0 }, settled(end)])
  })

  test("is tested by another call where one said nothing, and by no more than were asked for", () => {
    const { call, reports } = tested()
    const entered = () => reports.filter((report) => (report as { type: string }).type === "feature.entered").length
    call("pay", "ignored")
    for (let calls = 0; calls < 4; calls++) call("pay", "success")
    expect(entered()).toBe(2)
  })
})

test("what is not bounded earns no credit by being refused", () => {
  const features = new Features()
  expect(() => features.refuse("pay")).not.toThrow()
})
