/** Slices of a breaker that runs alone, outcome by outcome. */
import { expect, test } from "vitest"
import { type SliceCounts, sliced } from "../../machines/slicing.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"

const lines = { sliceMs: 1000, lateAfterMs: 50 }
const outcome = (kind: OutcomeKind, durationMs = 10, at = 7) => ({
  ...{ type: "outcome.settled" as const, at, kind },
  durationMs,
})
const none = { success: 0, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0, busyMs: 0 }

test("one begins with its first outcome, and counts each by how it ended", () => {
  const kinds: readonly OutcomeKind[] = ["success", "failure", "timedOut", "ignored"]
  for (const kind of kinds)
    expect(sliced(undefined, lines, outcome(kind), false)).toEqual({
      ...{ ...none, startedAt: 7, [kind]: 1, busyMs: kind === "success" ? 10 : 0 },
    })
  const all = kinds
    .concat(kinds)
    .reduce<SliceCounts | undefined>(
      (before, kind, index) => sliced(before, lines, outcome(kind, 10, index), false),
      undefined,
    )
  expect(all).toEqual({ startedAt: 0, success: 2, failure: 2, timedOut: 2, ignored: 2, slow: 0, late: 0, busyMs: 20 })
})

test("what was slow counts unless it is ignored, and late are successes alone that took longer than asked for", () => {
  const slow = (kind: OutcomeKind) => sliced(undefined, lines, outcome(kind), true)?.slow
  expect([slow("success"), slow("failure"), slow("ignored")]).toEqual([1, 1, 0])
  const late = (kind: OutcomeKind, ms: number) => sliced(undefined, lines, outcome(kind, ms), false)?.late
  expect([late("success", 50), late("success", 51), late("failure", 51)]).toEqual([0, 1, 0])
  expect(sliced(undefined, { sliceMs: 1000 }, outcome("success", 1e9), false)?.late).toBe(0)
  const twice = sliced(sliced(undefined, lines, outcome("success", 60), true), lines, outcome("success", 60), true)
  expect(twice).toMatchObject({ slow: 2, late: 2, busyMs: 120 })
})

test("none is begun, and none goes on, while nobody wants them", () => {
  expect(sliced(undefined, {}, outcome("success"), false)).toBeUndefined()
  const before = { ...none, startedAt: 3 }
  expect(sliced(before, {}, outcome("success"), false)).toBe(before)
})
