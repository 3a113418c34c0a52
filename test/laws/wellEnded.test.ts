/** Most calls to an endpoint end well. The law: their short ways come to what the whole ways do, to the last bit. */

import { expect, it } from "vitest"
import type { Endpoint } from "../../machines/vocabulary/endpoint.ts"
import { Dice } from "../../src/data-plane/endpoints/dice.ts"
import { Outliers } from "../../src/data-plane/endpoints/outliers.ts"
import { Rotation } from "../../src/data-plane/endpoints/rotation.ts"
import { Site } from "../../src/data-plane/endpoints/site.ts"
import fc from "../support/property.ts"

const endpoint = (id: string, weight = 1): Endpoint =>
  ({ id, address: id, weight, zone: undefined, metadata: {} }) as Endpoint

const step = fc.record({
  afterMs: fc.oneof(
    { weight: 20, arbitrary: fc.double({ min: 0, max: 50, noNaN: true }) },
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 500, max: 60_000 }) },
  ),
  does: fc.constantFrom("enter", "enter", "end", "end", "end", "scout", "ask", "forgive"),
  isGood: fc.oneof({ weight: 12, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  which: fc.nat(5),
})

const shown = (site: Site, typicalMs: number, now: number): unknown => [
  [site.inFlight, site.open, site.recent, site.recentBad, site.row, site.serial, site.evidence],
  [now, now + 1, now + 40_000].map((at) => [site.ageMs(at), site.isShunned(typicalMs, at)]),
  // The last one asks for what it costs, which judges those that hang: both are asked alike.
  site.costAt(now, typicalMs, 1),
]

it("an endpoint remembers of a call that ended well what it does by the whole way, or is left untouched", () => {
  const ended = { shortly: 0, wholly: 0 }
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), fc.constantFrom(0, 1, 20), (steps, typicalMs) => {
      const [one, other] = [new Site(endpoint("a"), 0), new Site(endpoint("a"), 0)]
      const running: number[] = []
      let now = 1000
      for (const { afterMs, does, isGood, which } of steps) {
        now += afterMs
        if (does === "ask") expect(other.costAt(now, typicalMs, 1)).toBe(one.costAt(now, typicalMs, 1))
        if (does === "forgive") for (const site of [one, other]) site.forgive(now)
        if (does === "scout") for (const site of [one, other]) site.scout(now)
        if (does === "enter" || does === "scout") {
          for (const site of [one, other]) site.enter(now)
          running.push(now)
        }
        const [startedAt] = does === "end" ? running.splice(which % Math.max(1, running.length), 1) : []
        if (startedAt === undefined) continue
        one.leave(startedAt, isGood, true, typicalMs, now)
        const isShort = isGood && other.leaveWell(startedAt, typicalMs, now)
        if (!isShort) other.leave(startedAt, isGood, true, typicalMs, now)
        ended[isShort ? "shortly" : "wholly"]++
        expect(shown(other, typicalMs, now)).toEqual(shown(one, typicalMs, now))
      }
    }),
    { numRuns: 500 },
  )
  expect(ended.shortly).toBeGreaterThan(1000)
  expect(ended.wholly).toBeGreaterThan(1000)
})

const twin = () => ({
  outliers: new Outliers(new Dice(1)),
  sites: ["a", "b", "c", "d"].map((id) => new Site(endpoint(id), 0)),
})

it("what is known of all of them is the same by both ways", () => {
  let blamed = 0
  const outcome = fc.record({ to: fc.nat(3), isBad: fc.oneof(fc.constant(false), fc.boolean()) })
  fc.assert(
    fc.property(fc.array(outcome, { minLength: 20, maxLength: 200 }), (outcomes) => {
      const [one, other] = [twin(), twin()]
      for (const { to, isBad } of outcomes) {
        const [site, beside] = [one.sites[to] as Site, other.sites[to] as Site]
        const isEnough = one.outliers.take(site, isBad)
        if (isBad || beside.evidence !== 0) expect(other.outliers.take(beside, isBad)).toBe(isEnough)
        else {
          other.outliers.takeWell(beside)
          expect(isEnough).toBe(false)
        }
        expect({ ...beside, facts: undefined }).toEqual({ ...site, facts: undefined })
        const within = one.outliers.within(one.sites, [])
        expect(other.outliers.within(other.sites, [])).toBe(within)
        if (within !== undefined) blamed++
      }
    }),
    { numRuns: 300 },
  )
  expect(blamed).toBeGreaterThan(100)
})

/** The part of 4000 calls that the first of four gets when it is so old. */
function partAt(ageMs: number, weight: number): number {
  const slowStartMs = 10_000
  const sites = ["new", "b", "c", "d"].map((id, at) => new Site(endpoint(id), at === 0 ? 0 : -1e6))
  ;(sites[0] as Site).weight = weight
  const [rotation, dice] = [new Rotation(sites, slowStartMs), new Dice(7)]
  const chosen = Array.from({ length: 4000 }, () => rotation.choose(dice, ageMs, 1, [])?.facts.id)
  return chosen.filter((id) => id === "new").length / 4000
}

it("where all have the same part each gets it; while one is new, or where one has less, that one gets less", () => {
  expect(partAt(10_000, 1)).toBeCloseTo(1 / 4, 1)
  expect(partAt(1e9, 1)).toBeCloseTo(1 / 4, 1)
  expect(partAt(9_999, 1)).toBeGreaterThan(0.2)
  expect(partAt(1_000, 1)).toBeLessThan(0.05)
  expect(partAt(1e9, 0.1)).toBeLessThan(0.05)
})
