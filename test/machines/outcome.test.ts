/** How calls end, in the words that both planes share; and how their classes are named. */
import { expect, test } from "vitest"
import { costOf, livedThrough } from "../../machines/vocabulary/facts.ts"
import { isBad, isFailure, kindOf, kinds, neverSent } from "../../machines/vocabulary/outcome.ts"
import { priorities, priorityOf, rankOf } from "../../machines/vocabulary/priority.ts"

test("an end is its kind, be there more to say of it or not", () => {
  expect([kindOf("timedOut"), kindOf({ kind: "failure", trip: true, retryAfterMs: 5 })]).toEqual([
    "timedOut",
    "failure",
  ])
  expect(neverSent).toEqual({ kind: "ignored", trip: false, retryAfterMs: undefined, unsent: true })
})

test("failures and timeouts are failures; bad is also what was slow, unless it is ignored", () => {
  expect(kinds.filter(isFailure)).toEqual(["failure", "timedOut"])
  expect(kinds.filter((kind) => isBad({ kind, slow: false }))).toEqual(["failure", "timedOut"])
  expect(kinds.filter((kind) => isBad({ kind, slow: true }))).toEqual(["success", "failure", "timedOut"])
})

test("a rank is named as the class that has it", () => {
  expect(priorities.map((priority) => priorityOf(rankOf(priority)))).toEqual(priorities)
})

test("a call costs what is said of it, one if that is no cost, and nothing if it is lived through again", () => {
  expect(
    [{}, { cost: 2.5 }, { cost: -1 }, { cost: Number.NaN }, { cost: Number.POSITIVE_INFINITY }].map(costOf),
  ).toEqual([...[1, 2.5, 1, 1, 1]])
  expect(costOf(livedThrough)).toBe(0)
})
