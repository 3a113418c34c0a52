/** The long form, 100 000 sequences, is `npm run laws:nightly`. */

import { expect, test } from "vitest"
import { reached, recoversAlike } from "../support/gradualCommands.ts"
import fc from "../support/property.ts"

const sequences = 10_000

test("gradual comes back as a model of it that shares no code with it says it must, command by command", () => {
  fc.assert(recoversAlike, { seed: 11, numRuns: sequences })
  expect(reached["sequences"]).toBeGreaterThanOrEqual(sequences)
  expect(reached["commands"]).toBeGreaterThan(10 * sequences)
  const places = ["open", "halfOpen", "step -1", "step 1", "step 3", "step 5", "closed"]
  for (const what of ["admitted", "refused", ...places]) expect(reached[what], what).toBeGreaterThan(1000)
  expect(reached["degraded"]).toBeGreaterThan(10)
}, 240_000)
