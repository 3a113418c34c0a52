/** A service that is killed at random points: the long form is `npm run crash`. */
import { expect, test } from "vitest"
import { lives } from "./crash/lives.ts"

test("killed twenty times, each life reads what the last one wrote, and none is wedged", async () => {
  const seeds = Array.from({ length: 20 }, (_, index) => index + 1)
  const found = await lives(seeds)
  expect(found).toMatchObject({ kills: 20, unreadable: [], wedged: [], lost: [] })
  // Deaths in the middle of nothing would prove nothing.
  expect(found.writes).toBeGreaterThan(20)
  expect(found.ill).toBeGreaterThan(5)
}, 120_000)
