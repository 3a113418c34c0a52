/** A recording says of each key where it falls, and only where keys are remembered. */
import { type BreakerConfig, createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import type { AssembledBreaker } from "../../src/assembledBreaker.ts"
import { placeOf } from "../../src/data-plane/keyPlace.ts"

function placeUnder(config: BreakerConfig): number | undefined {
  // The default watches keys as parts of the service; `basic` does not.
  const breaker = createBreaker("service", { strategy: "basic", ...config }, { clock: createVirtualClock() })
  breaker.acquire({ key: "one" })
  return placeOf((breaker as AssembledBreaker).assembly.plane.admission, "one")
}

test("a key has a place where a limit is for each key by itself, and none where it is for all calls together", () => {
  const limit = { limit: 10, interval: "1 second" } as const
  expect(placeUnder({ rateLimit: { ...limit, perKey: true } })).toEqual(expect.any(Number))
  expect(placeUnder({ rateLimit: limit })).toBeUndefined()
  expect(placeUnder({})).toBeUndefined()
  expect(placeUnder({ strategy: "gradual" })).toEqual(expect.any(Number))
})
