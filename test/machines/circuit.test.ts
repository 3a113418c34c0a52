/** The names of where a circuit stands, and how prose spells them. */
import { expect, test } from "vitest"
import { circuits, inWords } from "../../machines/vocabulary/circuit.ts"

test("there are five, in the order in which they are told", () => {
  expect(circuits).toEqual(["closed", "degraded", "open", "halfOpen", "ramping"])
})

test("what is written in one word with capitals within it is read with hyphens", () => {
  expect(["open", "halfOpen", "forcedOpen", "aBigWord"].map(inWords)).toEqual([
    ...["open", "half-open", "forced-open", "a-big-word"],
  ])
})
