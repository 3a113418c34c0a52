/** Services that were flooded by those who waited for them. */
import { expect, test } from "vitest"
import { runWorld } from "../../src/testing/simulation/engine.ts"
import { recloser } from "../../src/testing/simulation/policies/recloser.ts"
import type { Recording } from "../../src/testing/simulation/record.ts"
import type { Call } from "../../src/testing/simulation/world.ts"
import { PoissonLoad } from "../../src/testing/simulation/worlds/poisson.ts"
import { SharingServer } from "../../src/testing/simulation/worlds/sharing.ts"
import { slotted } from "../support/slots.ts"

/** Beyond so many calls at once all grow slower, with a power of the excess. What it has begun it ends, even if the caller has gone. */
const knee = 16
const patienceMs = 10_000

interface Thrashing {
  readonly perSecond: (now: number) => number
  readonly aloneMs: number
  readonly power: number
  readonly seconds: number
}

const run = ({ perSecond, aloneMs, power, seconds }: Thrashing, seed: number): Promise<Recording> =>
  runWorld(
    {
      horizonMs: seconds * 1000,
      faults: [],
      load: new PoissonLoad({ perSecond, seed }),
      server: new SharingServer({
        stretch: (calls) => Math.max(1, calls / knee) ** power,
        aloneMs: ({ luck }: Call) => -Math.log(1 - luck) * aloneMs,
      }),
      patienceMs,
    },
    recloser(),
    seed,
  )

const share = (part: number, whole: number) => (100 * part) / whole

/**
 * The limit had found the knee, and held it: so calls did not grow longer, and that was taken for a service that bears more. The first who
 * had waited for as long as one may had it doubled, and so had the next one in the same instant, and the next: 18, 36, …, 1 152.
 */
test("a limit that holds a service at its knee is no limit without a ground: those who have waited are not let in all at once", async () => {
  const [from, to] = [20_000, 30_000]
  const perSecond = (now: number) => (now >= from && now < to ? 1200 : 400)
  for (const seed of [1, 2, 4, 6]) {
    const told = await run({ perSecond, aloneMs: 20, power: 2, seconds: 40 }, seed)
    const most = (knee / 20) * (to - from)
    expect(share(told.sum("success", from, to), most), `% of what it can do, seed ${seed}`).toBeGreaterThan(65)
    const [offered, refused] = [told.sum("offered", to + 2000), told.sum("refused", to + 2000)]
    expect(share(refused, offered), `% refused afterwards, seed ${seed}`).toBeLessThan(1)
  }
})

/**
 * Those who come while it is seen what a raised limit brings find the queue full, if they are many: of 2 000 calls in one instant, to a
 * service that was well, 960 were refused, where before anything was known none would have been.
 */
test("more calls in one instant than may wait are refused by a limit without a ground no more where it was well before than where it is new", () => {
  const refused = (before: number, gapMs: number, queue = 1000): number => {
    const options = { adaptive: true, least: 1, most: 100_000, first: 20, limit: 100_000, queue }
    const { clock, call, end, refused } = slotted(options)
    for (let one = 0; one < before; one++) {
      const healthy = call()
      clock.step(20)
      end(healthy)
    }
    for (let one = 0; one < 3000; one++) {
      call()
      clock.step(gapMs)
    }
    return refused.length
  }
  expect([refused(0, 0), refused(500, 0), refused(500, 0.09)]).toEqual([0, 0, 0])
  // One after the other they are no loop's, and few need none: what the room brings is waited for.
  expect(refused(500, 0.11)).toBeGreaterThan(1000)
  expect(refused(500, 0, 99)).toBeGreaterThan(1000)
})
