/** The long form, 1 000 000 with other seeds, is `npm run laws:nightly`. */

import { expect, test } from "vitest"
import { nothingLeaks, racesPerRun, seen } from "../support/interleaving.ts"
import fc from "../support/property.ts"

const atLeast = 100_000

test("no interleaving of calls, fibers, permits, probes, aborts, interruptions, other configs, the operator and a stop leaks a permit", async () => {
  await fc.assert(nothingLeaks, { seed: 4, numRuns: Math.ceil((1.02 * atLeast) / racesPerRun) })
  expect(seen.races).toBeGreaterThanOrEqual(atLeast)
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(2000)
}, 300_000)
