import { describe, expect, test } from "vitest"
import { freshMeter, type MeterState, meterStep } from "../../machines/meter.ts"
import { idleGate, type Lines } from "../../machines/vocabulary/gate.ts"
import { kinds } from "../../machines/vocabulary/outcome.ts"
import type { Report, Slice } from "../../machines/vocabulary/signal.ts"
import { Meter } from "../../src/data-plane/meter.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import fc from "../support/property.ts"
import { stepClock } from "../support/stepClock.ts"

const outcomes = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), durationMs: fc.integer({ min: 0, max: 4000 }), gapMs: fc.nat(600) }),
  { maxLength: 200 },
)
/** Lines that change while outcomes arrive, within one epoch. */
const lines = fc.record({
  sliceMs: fc.constantFrom(100, 1000),
  slowAfterMs: fc.constantFrom(undefined, 500),
  lateAfterMs: fc.constantFrom(undefined, 0, 250, 1000),
})

type Outcomes = readonly {
  readonly kind: (typeof kinds)[number]
  readonly durationMs: number
  readonly gapMs: number
}[]

function slicesOfBoth(
  chapters: readonly (readonly [Lines, Outcomes])[],
): readonly [readonly Slice[], readonly Slice[]] {
  const [fast, naive]: [Slice[], Slice[]] = [[], []]
  const keep = (into: Slice[]) => (report: Report | undefined) => {
    if (report?.type === "slice.closed") into.push({ ...report.slice })
  }
  const meter = new Meter(new Wheel(stepClock()), { tape: undefined }, keep(fast))
  let state: MeterState = freshMeter
  let at = 5000
  for (const [lines, outcomes] of chapters) {
    meter.adopt({ ...idleGate, lines }, at)
    state = meterStep(state, { type: "gate.published", breaker: "law", gate: { ...idleGate, lines } })
    for (const { kind, durationMs, gapMs } of outcomes) {
      at += gapMs
      meter.settle(kind, at - durationMs, at)
      const { reports } = state
      state = meterStep(state, { type: "outcome.settled", at, kind, durationMs })
      if (state.reports !== reports) keep(naive)(state.report)
    }
  }
  return [fast, naive]
}

describe("slices", () => {
  test("breaker law 6: both meters close the same slices, whatever the lines are", () => {
    let late = 0
    fc.assert(
      fc.property(fc.array(fc.tuple(lines, outcomes), { minLength: 1, maxLength: 4 }), (chapters) => {
        const [fast, naive] = slicesOfBoth(chapters)
        expect(fast).toEqual(naive)
        for (const slice of fast) late += slice.late
      }),
      { seed: 11, numRuns: 300 },
    )
    expect(late).toBeGreaterThan(300)
  })

  test("a success is late when it took longer than the line; what ended otherwise is not", () => {
    const wait = { durationMs: 0, gapMs: 1000, kind: "ignored" } as const
    const ends = (durationMs: number) => kinds.map((kind) => ({ kind, durationMs, gapMs: 0 }))
    const last = { kind: "success", durationMs: 1, gapMs: 0 } as const
    const [fast, naive] = slicesOfBoth([
      [{ sliceMs: 1000, lateAfterMs: 250 }, [...ends(251), ...ends(250), ...ends(9000), wait, last]],
    ])
    expect(fast.map((slice) => slice.late)).toEqual([2])
    expect(naive).toEqual(fast)
  })
})
