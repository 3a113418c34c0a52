/** Learned limits that stayed low when there was no more ground for it. */
import { expect, it } from "vitest"
import { runOf } from "../../src/testing/simulation/evaluate.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import { metastable } from "../../src/testing/simulation/scenarios/metastable.ts"
import { full, idle } from "../support/limits.ts"

/**
 * Seeds of S7 on which the limit stayed at 14 of 20 for good, and one call in seven was refused by a service that was well again: what
 * had been learned of 16 and more while most slots were gone outweighed each new look at them.
 */
it.each([73, 125, 222, 398])("a limit goes up again when a lame hour is over: seed %i", async (seed) => {
  const busy = metastable.variants.at(-1)
  if (busy === undefined) throw new Error("S7 has no variants")
  const run = await runOf(busy, recloser(), seed, false)
  expect(busy.primary.of(run, run)).toBeLessThanOrEqual(10)
})

it.each([20, 40])(
  "a limit comes back after %i rounds in which nothing succeeded: what it knew then was no number, and kept it at one call",
  (rounds) => {
    const one = idle()
    /** A service that does forty calls at once in 100 ms. */
    const well = () => full(one, 100 * Math.max(1, one.limit.value / 40))
    for (let round = 0; round < 80; round++) well()
    expect(one.limit.value).toBe(40)
    for (let round = 0; round < rounds; round++) full(one, 100, "failure")
    for (let round = 0; round < 400; round++) well()
    expect(one.limit.value).toBeGreaterThanOrEqual(40)
  },
)
