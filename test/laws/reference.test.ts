/** The long form, 1 000 000 sequences, is `npm run laws:nightly`. */

import { expect, test } from "vitest"
import fc from "../support/property.ts"
import { agrees, met } from "../support/referenceCommands.ts"

const sequences = 10_000

test("a breaker does what a breaker of a hundred lines does that shares no code with it, command by command", () => {
  fc.assert(agrees, { seed: 7, numRuns: sequences })
  expect(met.sequences).toBeGreaterThanOrEqual(sequences)
  expect(met.commands).toBeGreaterThan(10 * sequences)
  for (const what of ["admitted", "closed", "open", "halfOpen", "operator", "circuit", "probe", "limit", "rateLimit"])
    expect(met[what], what).toBeGreaterThan(1000)
}, 240_000)
