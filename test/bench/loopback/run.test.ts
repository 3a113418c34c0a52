/** Worlds on real sockets: that every call is accounted for. What was reached is measured, not tested. */
import { describe, expect, test } from "vitest"
import { runWorld } from "../../../src/testing/simulation/engine.ts"
import { none } from "../../../src/testing/simulation/policies/none.ts"
import { protectors } from "./protectors.ts"
import { runLoopback } from "./run.ts"
import { scenarioOf, variantOf } from "./variants.ts"

const horizonMs = 1500

describe("a world on real sockets", () => {
  test.each(Object.entries(protectors))(
    "loses no call under %s, and offers what the simulation offers",
    async (_id, make) => {
      const [scenario, variant] = [scenarioOf("S10"), variantOf("S10", "3 times")]
      const run = await runLoopback({ scenario, variant, seed: 3, make, horizonMs })
      const simulated = await runWorld({ ...variant.world(3, false), horizonMs }, none, 3)
      const ends = (["success", "failure", "timedOut", "refused"] as const).map((kind) => run.sum(kind))
      expect(ends.reduce((sum, count) => sum + count, 0)).toBe(run.sum("offered"))
      expect(run.sum("offered")).toBe(simulated.sum("offered"))
      expect(run.sum("success")).toBeGreaterThan(0)
      expect(run.groups.reduce((sum, group) => sum + group.sum("offered"), 0)).toBe(run.sum("offered"))
    },
  )
})
