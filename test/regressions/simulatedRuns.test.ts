/** Simulated runs that stayed in memory when they were over, until a search held 14 GB. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { describe, expect, test } from "vitest"
import { runWorld } from "../../src/testing/simulation/engine.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import type { PolicyMaker } from "../../src/testing/simulation/policy.ts"
import { stepOutage } from "../../src/testing/simulation/scenarios/stepOutage.ts"
import { families } from "../simulation/policies/catalogue.ts"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** Of runs one after the other, the last left out: which of their policies have been let go. */
async function letGo({ make, ...others }: PolicyMaker): Promise<readonly boolean[]> {
  const [variant] = stepOutage.variants
  if (variant === undefined) throw new Error("there is no such world")
  const made: WeakRef<object>[] = []
  for (const seed of [1, 2, 3]) {
    const short = { ...variant.world(seed, false), horizonMs: 1000 }
    const watched: typeof make = (port) => {
      // Weakly, as the roster of breakers points to them too.
      made.push(new WeakRef(port))
      return make(port)
    }
    await runWorld(short, { ...others, make: watched }, seed)
  }
  collect()
  return made.slice(0, -1).map((port) => port.deref() === undefined)
}

describe("a run that is over is let go while others are run", () => {
  test.each([recloser(), ...families.map(({ shipped }) => shipped)])("$id", async (maker) => {
    expect(await letGo(maker)).toEqual([true, true])
  })
})
