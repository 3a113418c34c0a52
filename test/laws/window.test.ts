import { describe, expect, it } from "vitest"
import type { WindowShape } from "../../machines/vocabulary/gate.ts"
import { addSample, countsAt, emptyWindow, type Sample } from "../../machines/vocabulary/window.ts"
import { makeRing } from "../../src/data-plane/window.ts"
import fc from "../support/property.ts"

const shape: fc.Arbitrary<WindowShape> = fc.oneof(
  fc.record({
    type: fc.constant("time" as const),
    durationMs: fc.integer({ min: 1, max: 5000 }),
    slices: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({
    type: fc.constant("count" as const),
    calls: fc.integer({ min: 1, max: 150 }),
    maxAgeMs: fc.integer({ min: 1, max: 5000 }),
  }),
  fc.record({ type: fc.constant("consecutive" as const), maxAgeMs: fc.integer({ min: 1, max: 5000 }) }),
)
const gap = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 20, noNaN: true }),
  fc.double({ min: 0, max: 20_000, noNaN: true }),
)
const samples = (start = 0) =>
  fc.array(fc.record({ gap, failure: fc.boolean(), slow: fc.boolean() }), { maxLength: 400 }).map((all) => {
    let at = start
    return all.map(({ gap, ...flags }): Sample => ({ ...flags, at: (at += gap) }))
  })

/** The counts by definition: look at every sample that ever was. */
function bruteCounts(shape: WindowShape, all: readonly Sample[], at: number) {
  const tally = (kept: readonly Sample[], row: number) => ({
    calls: kept.length,
    failures: kept.filter(({ failure }) => failure).length,
    slow: kept.filter(({ slow }) => slow).length,
    row,
  })
  if (shape.type === "time") {
    const width = shape.durationMs / shape.slices
    const oldest = Math.floor(at / width) - shape.slices + 1
    return tally(
      all.filter((sample) => Math.floor(sample.at / width) >= oldest),
      0,
    )
  }
  if (shape.type === "count") {
    const fresh = all.slice(-shape.calls).filter((sample) => at - sample.at < shape.maxAgeMs)
    return { ...tally(fresh, 0), row: -1 }
  }
  const row: Sample[] = []
  let lastAt = Number.NEGATIVE_INFINITY
  for (const sample of all) {
    if (sample.at - lastAt >= shape.maxAgeMs || (!sample.failure && !sample.slow)) row.length = 0
    if (sample.failure || sample.slow) row.push(sample)
    lastAt = sample.at
  }
  return at - lastAt >= shape.maxAgeMs ? tally([], 0) : tally(row, row.length)
}

describe("windows", () => {
  it("the ring, the immutable window and the definition count the same at every sample and after a silence", () => {
    fc.assert(
      fc.property(shape, samples(), gap, (shape, all, silence) => {
        const ring = makeRing(shape)
        let window = emptyWindow(shape)
        const compare = (at: number, seen: readonly Sample[]) => {
          ring.expire(at)
          const { calls, failures, slow } = ring
          const brute = bruteCounts(shape, seen, at)
          const naive = countsAt(window, at)
          expect({ calls, failures, slow }).toEqual({ calls: brute.calls, failures: brute.failures, slow: brute.slow })
          expect({ calls: naive.calls, failures: naive.failures, slow: naive.slow }).toEqual({ calls, failures, slow })
          if (shape.type === "consecutive") expect([ring.row, naive.row]).toEqual([brute.row, brute.row])
        }
        all.forEach((sample, index) => {
          ring.add(sample.at, sample.failure, sample.slow)
          window = addSample(window, sample)
          compare(sample.at, all.slice(0, index + 1))
        })
        compare((all.at(-1)?.at ?? 0) + silence, all)
      }),
      { numRuns: 60 },
    )
  })

  it("an immutable window is never changed by what is added to it", () => {
    fc.assert(
      fc.property(shape, samples(), (shape, all) => {
        let window = emptyWindow(shape)
        for (const sample of all) {
          const before = JSON.stringify(window)
          const next = addSample(window, sample)
          expect(JSON.stringify(window)).toBe(before)
          window = next
        }
      }),
      { numRuns: 30 },
    )
  })
})
