/** The long form, 100 000 interleavings, is `npm run laws:nightly`. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { nothingLeaks, seen } from "../support/interleaving.ts"

test("no interleaving of calls, fibers, permits, probes, aborts, interruptions, other configs, the operator and a stop leaks a permit", async () => {
  await fc.assert(nothingLeaks, { seed: 4, numRuns: 2000 })
  expect(seen.runs).toBeGreaterThanOrEqual(2000)
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(100)
}, 120_000)
