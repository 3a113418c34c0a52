/** The baseline of cells by itself: what each outcome does to it, by formulas worked out by hand. */
import { describe, expect, test } from "vitest"
import { Baseline } from "../../src/data-plane/baseline.ts"

const start = 1 / 20
const usually = (usual: number, learned: number): number =>
  usual + Math.sqrt((usual * (1 - usual)) / Math.min(2000, learned + 20))

test("a baseline begins with one bad call in twenty, of twenty", () => {
  const one = new Baseline()
  expect(one).toMatchObject({ usual: start, learned: 0, trouble: start, usually: usually(start, 0) })
  expect(one.noise).toBe(one.usually)
  const broken = 0.4 + one.usually / 2
  expect(one.badStep).toBeCloseTo(Math.log(broken / one.usually), 12)
  expect(one.goodStep).toBeCloseTo(Math.log((1 - broken) / (1 - one.usually)), 12)
})

describe("an outcome that is learned", () => {
  test("weighs as one of those that are known, and one of 4 096 at the least", () => {
    const one = new Baseline()
    one.learn(true)
    expect([one.usual, one.learned]).toEqual([expect.closeTo(start + 0.95 / 20, 12), 1])
    expect(one.usually).toBeCloseTo(usually(one.usual, 1), 12)
    one.learn(false)
    expect(one.usual).toBeCloseTo(0.0975 * (1 - 1 / 21), 12)
    for (let more = 0; more < 6000; more++) one.learn(false)
    const { usual } = one
    one.learn(true)
    expect(one.usual).toBeCloseTo(usual + (1 - usual) / 4096, 12)
  })
})

describe("outcomes that went well and were only counted", () => {
  test.each([1, 7, 300, 4076, 5000])("are worked in together as one by one: %i of them", (calls) => {
    const [together, each] = [new Baseline(), new Baseline()]
    for (let call = 0; call < calls; call++) {
      together.countWell()
      each.learn(false)
      each.take(false)
    }
    expect([together.usual, together.learned]).toEqual([start, 0])
    expect([together.catchUp(), together.catchUp()]).toEqual([calls, 0])
    expect(together.learned).toBe(calls)
    for (const what of ["usual", "usually", "trouble", "badStep", "goodStep", "noise"] as const) {
      const off = Math.abs(together[what] - each[what])
      expect(off, what).toBeLessThan(calls > 4076 ? 0.01 : 1e-9)
    }
  })

  test("are forgotten by one in 4 096 each, once as many are known", () => {
    const one = new Baseline()
    for (let more = 0; more < 4076; more++) one.learn(true)
    const { usual } = one
    for (let more = 0; more < 100; more++) one.countWell()
    one.catchUp()
    expect(one.usual).toBeCloseTo(usual * (1 - 1 / 4096) ** 100, 12)
  })
})

describe("the recent past", () => {
  test("takes one part in thirty-two of each outcome; refusals are trouble, and no noise", () => {
    const one = new Baseline()
    for (let bad = 0; bad < 8; bad++) one.take(true)
    const shared = 1 - (1 - start) * (31 / 32) ** 8
    expect([one.noise, one.trouble]).toEqual([expect.closeTo(shared, 12), expect.closeTo(shared, 12)])
    one.take(false)
    one.takeRefusal()
    expect(one.noise).toBeCloseTo((shared * 31) / 32, 12)
    expect(one.trouble).toBeCloseTo(1 - (1 - (shared * 31) / 32) * (31 / 32), 12)
  })

  test("is quiet up to twice what is usual, and noise is nine in ten at most", () => {
    const one = new Baseline()
    let bad = 0
    for (; one.isQuiet; bad++) one.take(true)
    const share = (calls: number): number => 1 - (1 - start) * (31 / 32) ** calls
    expect(share(bad)).toBeGreaterThan(2 * one.usually)
    expect(share(bad - 1)).toBeLessThanOrEqual(2 * one.usually)
    for (let more = 0; more < 999; more++) one.take(true)
    expect([one.noise, one.isQuiet]).toEqual([0.9, false])
    one.clear()
    expect([one.trouble, one.noise, one.isQuiet]).toEqual([start, one.usually, true])
  })
})
