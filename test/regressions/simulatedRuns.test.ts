/** Simulated runs that stayed in memory when they were over, until a search held 14 GB. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { expect, test } from "vitest"
import { runWorld } from "../../src/testing/simulation/engine.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import { stepOutage } from "../../src/testing/simulation/scenarios/stepOutage.ts"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

test("a run that is over is let go while others are run, whoever points to it weakly", async () => {
  const [variant] = stepOutage.variants
  if (variant === undefined) throw new Error("there is no such world")
  const { make, ...ours } = recloser()
  const made: WeakRef<object>[] = []
  for (const seed of [1, 2, 3]) {
    const short = { ...variant.world(seed, false), horizonMs: 1000 }
    const watched: typeof make = (port) => {
      const policy = make(port)
      made.push(new WeakRef(policy))
      return policy
    }
    await runWorld(short, { ...ours, make: watched }, seed)
  }
  collect()
  const over = made.slice(0, -1)
  expect(over.map((policy) => policy.deref() === undefined)).toEqual([true, true])
})
