/** What choosing an endpoint is made of, part by part: figures worked out by hand, and two long walks whose sums are known. */
import { describe, expect, test } from "vitest"
import type { Endpoint } from "../../machines/vocabulary/endpoint.ts"
import { Dice } from "../../src/data-plane/endpoints/dice.ts"
import { LeftOut } from "../../src/data-plane/endpoints/leftOut.ts"
import { Outliers } from "../../src/data-plane/endpoints/outliers.ts"
import { Roll } from "../../src/data-plane/endpoints/roll.ts"
import { Rotation, weigh } from "../../src/data-plane/endpoints/rotation.ts"
import { Scouts } from "../../src/data-plane/endpoints/scouts.ts"
import { Site } from "../../src/data-plane/endpoints/site.ts"

const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint =>
  ({ id, address: `${id}:80`, weight: 1, ...more }) as Endpoint
const site = (id = "a", more: Partial<Endpoint> = {}, startsAt = Number.NEGATIVE_INFINITY) =>
  new Site(endpoint(id, more), startsAt)

test("dice fall as Mulberry32 has it, by their seed", () => {
  const rolls = (seed: number) => {
    const dice = new Dice(seed)
    return [dice.roll(), dice.roll(), dice.roll()]
  }
  expect(rolls(1)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522])
  expect(rolls(2)).not.toEqual(rolls(1))
  const dice = new Dice(1)
  expect([dice.below(10), dice.below(10), dice.below(10)]).toEqual([6, 0, 5])
})

describe("endpoints that are left out", () => {
  const four = () => {
    const sites = [site("a"), site("b"), site("c"), site("d")] as const
    const [a, b, , d] = sites
    a.ejectedUntil = 500
    b.ejectedUntil = 300
    d.ejectedUntil = 300
    const leftOut = new LeftOut(new Outliers(new Dice(1)))
    leftOut.take(sites)
    return { leftOut, sites }
  }

  test("are those that were ejected, and the one that has waited longest is tried first", () => {
    const { leftOut, sites } = four()
    const [a, b, c, d] = sites
    expect([leftOut.size, leftOut.all, leftOut.dueAt]).toEqual([3, [a, b, d], Number.POSITIVE_INFINITY])
    expect([leftOut.plan(), leftOut.dueAt]).toEqual([true, 300])
    expect([leftOut.due(299), leftOut.due(300)?.facts.id, leftOut.due(600)?.facts.id]).toEqual([undefined, "b", "b"])
    leftOut.delete(b)
    leftOut.delete(d)
    leftOut.plan()
    expect([leftOut.size, leftOut.dueAt, leftOut.due(499), leftOut.due(500)?.facts.id]).toEqual([
      1,
      500,
      undefined,
      "a",
    ])
    leftOut.take([c])
    leftOut.plan()
    expect([leftOut.size, leftOut.dueAt]).toEqual([0, Number.POSITIVE_INFINITY])
    leftOut.add(b)
    expect(leftOut.all).toEqual([b])
  })

  test("are tried one call at a time, and again when that has taken ten seconds", () => {
    const { leftOut, sites } = four()
    const [a, b, , d] = sites
    const outliers = new Outliers(new Dice(1))
    outliers.probe(b, {}, 310)
    leftOut.delete(d)
    leftOut.plan()
    expect([b.probeUntil, leftOut.dueAt, leftOut.due(500)?.facts.id]).toEqual([10_310, 500, "a"])
    outliers.probe(a, {}, 510)
    leftOut.plan()
    expect([leftOut.dueAt, leftOut.due(10_309), leftOut.due(10_310)?.facts.id]).toEqual([10_310, undefined, "b"])
  })
})

describe("scouts", () => {
  const shunned = (open = 0, isShunned = true) => {
    const asked: number[] = []
    return { open, isShunned: () => isShunned, scout: (now: number) => asked.push(now), asked }
  }
  const sent = (scouts: Scouts, calls: number, to: ReturnType<typeof shunned>) =>
    Array.from({ length: calls }, (_, call) => call + 1).filter((call) => scouts.sends(to as never, 5, call))

  test("are one call in fifty, to one that is shunned and has fewer than three calls under way", () => {
    const scouts = new Scouts()
    const slow = shunned(2)
    expect([sent(scouts, 120, slow), slow.asked]).toEqual([
      [50, 100],
      [50, 100],
    ])
    expect(sent(new Scouts(), 200, shunned(3))).toEqual([])
    const other = new Scouts()
    expect([sent(other, 60, shunned(0, false)), sent(other, 60, shunned())]).toEqual([[], [1, 51]])
  })
})

describe("who takes a call", () => {
  /** Endpoints as a rotation sees them: what each costs, and its part of the traffic at present. */
  const stand = (
    id: string,
    more: { readonly weight?: number; readonly part?: number; readonly cost?: number; readonly at?: number } = {},
  ) => {
    const { weight = 1, cost = 10, at = Number.NEGATIVE_INFINITY } = more
    return {
      ...{ facts: { id, weight }, weight, since: { at }, weightAt: () => more.part ?? weight },
      costAt: (_now: number, _typicalMs: number, mean: number) => cost * mean,
    }
  }
  type Stand = ReturnType<typeof stand>
  const chosen = (
    sites: readonly Stand[],
    falls: { readonly below: readonly number[]; readonly rolls?: readonly number[] },
    { now = 0, slowStartMs = 0, tried = [] as readonly string[] } = {},
  ) => {
    const [below, rolls] = [[...falls.below], [...(falls.rolls ?? [])]]
    const asked: number[] = []
    const dice = {
      below: (count: number) => {
        asked.push(count)
        return below.shift() ?? 0
      },
      roll: () => rolls.shift() ?? 0.99,
    }
    const found = new Rotation(sites as never, slowStartMs).choose(dice as never, now, 20, tried)
    return [found?.facts.id, asked, (falls.rolls?.length ?? 0) - rolls.length]
  }

  test("has the weight that was given to it, or half of it where its last checks failed", () => {
    const sites = [site("a", { weight: 2 }), site("b", { weight: 3 })]
    weigh(sites, { suspect: ["b"] } as never)
    expect(sites.map(({ weight }) => weight)).toEqual([2, 1.5])
  })

  test("is the only one, or nobody", () => {
    expect([chosen([], { below: [] }), chosen([stand("a")], { below: [] })]).toEqual([
      [undefined, [], 0],
      ["a", [], 0],
    ])
  })

  test("is one of two that are drawn, another than the first; the cheaper one, but for its third power", () => {
    const [a, b, c] = [stand("a", { cost: 20 }), stand("b", { cost: 10 }), stand("c", { cost: 20 })]
    expect(chosen([a, b, c], { below: [0, 1], rolls: [0.126] })).toEqual(["b", [3, 3], 1])
    expect(chosen([a, b, c], { below: [0, 1], rolls: [0.125] })).toEqual(["a", [3, 3], 1])
    expect(chosen([a, b, c], { below: [1, 0], rolls: [0.99] })).toEqual(["b", [3, 3], 0])
    expect(chosen([a, b, c], { below: [0, 2], rolls: [0.99] })).toEqual(["a", [3, 3], 0])
    // The same twice: one of the others.
    expect(chosen([a, b, c], { below: [0, 0, 0] })).toEqual(["b", [3, 3, 2], 0])
    expect(chosen([a, b, c], { below: [2, 2, 1] })).toEqual(["b", [3, 3, 2], 0])
    expect(chosen([a, b, c], { below: [1, 1, 1] })).toEqual(["b", [3, 3, 2], 0])
  })

  test("costs what it does beside the mean weight of all", () => {
    const beside = (cost: number) => {
      const [a, b] = [stand("a", { cost: 1 }), { ...stand("b", { weight: 4 }), costAt: () => cost }]
      return chosen([a, b], { below: [0, 1], rolls: [0.1] })[0]
    }
    expect([beside(2.6), beside(2.4)]).toEqual(["a", "b"])
  })

  test("is none that was tried, if there is another", () => {
    const [a, b, c] = [stand("a", { cost: 20 }), stand("b"), stand("c")]
    const of = (below: readonly number[], ...tried: readonly string[]) => chosen([a, b, c], { below }, { tried })[0]
    expect([of([0, 1], "a"), of([1, 0], "a"), of([0, 1], "a", "b"), of([0, 1], "a", "b", "c")]).toEqual([
      ...["b", "b", "c", "b"],
    ])
    expect([of([0, 1], "b"), of([0, 2], "a")]).toEqual(["a", "c"])
    // Where neither was tried it is as ever.
    expect([of([0, 1], "c"), of([1, 0], "c")]).toEqual(["b", "b"])
  })

  test("is drawn by its weight, in sixteen draws at most", () => {
    const uneven = [stand("a", { weight: 1 }), stand("b", { weight: 4 })]
    // One of four takes a quarter; the heaviest is taken as it is drawn.
    expect(chosen(uneven, { below: [0, 1], rolls: [0.24, 0.9, 0.9] })).toEqual(["a", [2, 2], 1])
    expect(chosen(uneven, { below: [0, 1, 1, 0], rolls: [0.25] })).toEqual(["b", [2, 2, 2, 1], 1])
    const [, asked] = chosen(uneven, { below: [1] })
    expect(asked).toHaveLength(1 + 16)
  })

  test("has less than its part while any has just come", () => {
    const two = [stand("a", { at: 100, part: 0.1 }), stand("b", { at: 300, part: 0.1 })]
    const rollsAt = (now: number) => chosen(two, { below: [0, 1], rolls: [0.05, 0.05] }, { now, slowStartMs: 1000 })[2]
    expect([rollsAt(1299), rollsAt(1300)]).toEqual([2, 0])
    const uneven = [stand("a", { weight: 2, part: 0.1 }), stand("b"), stand("c", { weight: 2 })]
    expect(chosen(uneven, { below: [0, 1], rolls: [0.04, 0.4] }, { now: 1e9 })[2]).toBe(2)
  })
})

describe("the roll of endpoints", () => {
  const ids = (roll: Roll) => roll.all.map(({ facts: { id } }) => id)
  const named = (roll: Roll, id: string) => roll.all.find(({ facts }) => facts.id === id) as Site

  test("has those of the last list; only those of the first are not new", () => {
    const roll = new Roll()
    roll.take([endpoint("a"), endpoint("b")], 100)
    const a = named(roll, "a")
    const b = named(roll, "b")
    roll.take([endpoint("a", { weight: 3 }), endpoint("c")], 200)
    expect([ids(roll), roll.size, roll.leaving]).toEqual([["a", "c"], 2, 0])
    expect([named(roll, "a"), a.facts.weight, a.isGone, b.isGone]).toEqual([a, 3, false, true])
    expect([a.since.at, named(roll, "c").since.at]).toEqual([Number.NEGATIVE_INFINITY, 200])
  })

  test("lets one that is gone end its calls, and go on where it was if it is named meanwhile, under the same address", () => {
    const roll = new Roll()
    roll.take([endpoint("a"), endpoint("b")], 100)
    const b = named(roll, "b")
    b.enter(110)
    b.enter(111)
    roll.take([endpoint("a")], 120)
    expect([ids(roll), roll.leaving, b.isGone]).toEqual([["a"], 1, true])
    roll.take([endpoint("a"), endpoint("b", { address: "elsewhere:80" })], 130)
    expect([named(roll, "b") === b, named(roll, "b").since.at, roll.leaving]).toEqual([false, 130, 1])
    roll.take([endpoint("a")], 135)
    roll.take([endpoint("a"), endpoint("b", { weight: 2 })], 140)
    expect([named(roll, "b") === b, b.isGone, b.facts.weight, roll.leaving]).toEqual([true, false, 2, 0])
    roll.take([endpoint("a")], 150)
    b.leave(110, true, true, 5, 160)
    roll.drained(b)
    expect(roll.leaving).toBe(1)
    b.leave(111, true, true, 5, 161)
    roll.drained(b)
    expect(roll.leaving).toBe(0)
  })

  test("knows it from others that end their calls: of its address by another name, or of its name elsewhere", () => {
    const roll = new Roll()
    const there = endpoint("b", { address: "elsewhere:80" })
    for (const list of [[endpoint("z", { address: "b:80" })], [there], [endpoint("b")]]) {
      roll.take([endpoint("a"), ...list], 100)
      roll.all[1]?.enter(100)
    }
    const b = named(roll, "b")
    roll.take([endpoint("a")], 110)
    expect(roll.leaving).toBe(3)
    roll.take([endpoint("a"), endpoint("b")], 120)
    expect([named(roll, "b") === b, roll.leaving]).toEqual([true, 2])
  })

  test("takes one of the same name under another address for another, at once", () => {
    const roll = new Roll()
    roll.take([endpoint("a")], 100)
    const before = named(roll, "a")
    before.enter(110)
    roll.take([endpoint("a", { address: "elsewhere:80" })], 120)
    expect([named(roll, "a") === before, before.isGone, named(roll, "a").isGone, roll.leaving, roll.size]).toEqual([
      ...[false, true, false, 1, 1],
    ])
  })
})

describe("one endpoint", () => {
  test("knows its calls, and how old those are on average that may yet say something", () => {
    const one = site()
    expect([one.ageMs(50), one.inFlight, one.open]).toEqual([0, 0, 0])
    one.enter(100)
    one.enter(300)
    expect([one.inFlight, one.open, one.ageMs(400), one.ageMs(150)]).toEqual([2, 2, 200, 0])
    one.leave(100, true, true, 100, 400)
    expect([one.inFlight, one.open, one.ageMs(400)]).toEqual([1, 1, 100])
    one.forgive(500)
    expect([one.inFlight, one.open, one.ageMs(900)]).toEqual([1, 0, 0])
    one.enter(500)
    one.leave(300, true, true, 100, 600)
    expect([one.inFlight, one.open, one.ageMs(700)]).toEqual([1, 1, 200])
    // What begins in the instant in which all is forgiven says something.
    one.forgive(500)
    expect([one.open, one.ageMs(600)]).toEqual([1, 100])
    for (const end of [
      (of: Site) => of.leave(500, true, true, 100, 510),
      (of: Site) => expect(of.leaveWell(500, 100, 510)).toBe(true),
    ]) {
      const three = site()
      three.enter(400)
      for (let call = 0; call < 3; call++) three.enter(500)
      end(three)
      three.forgive(500)
      expect([three.inFlight, three.open, three.ageMs(600)]).toEqual([3, 2, 100])
      end(three)
      expect([three.inFlight, three.open]).toEqual([2, 1])
    }
    const two = site()
    two.enter(400)
    two.enter(500)
    two.leaveWell(400, 100, 510)
    two.forgive(500)
    expect([two.inFlight, two.open]).toEqual([1, 1])
  })

  test("begins with a tenth of its part and takes all of it when its slow start is over", () => {
    const one = site("a", { weight: 4 }, 1000)
    expect([1000, 1050, 1500, 1999, 2000, 9000].map((now) => one.weightAt(now, 1000))).toEqual([
      ...[0.4, 0.4, 2, 4 * 0.999, 4, 4],
    ])
    expect(site("a", { weight: 4 }).weightAt(0, 1000)).toBe(4)
    expect(site("a", { weight: 4 }, 5).weightAt(5, 0)).toBe(4)
  })

  test("costs what is typical until it is measured, and more with each call among which one more would be", () => {
    const one = site("a", { weight: 2 })
    expect([one.costAt(0, 20, 3), one.costAt(0, 0, 3)]).toEqual([20, 0.1])
    one.enter(10)
    expect(one.costAt(10, 20, 3)).toBe(20 * (1 + 3 / 2))
    one.enter(10)
    expect(one.costAt(10, 20, 3)).toBe(20 * (1 + 6 / 2))
    // As old as its calls are, up to half a minute: what is older is a stream, or lost.
    expect(one.costAt(60, 20, 3)).toBe(50 * (1 + 6 / 2))
    expect([one.costAt(30_010, 20, 3), one.costAt(30_011, 20, 3), one.open]).toEqual([30_000 * 4, 20, 0])
  })

  test("is measured by its answers, the first of which is as good as what is typical", () => {
    const one = site()
    one.enter(0)
    one.leave(0, true, true, 20, 40)
    expect(one.costAt(40, 20, 1)).toBe(30)
    one.enter(40)
    one.leave(40, true, true, 20, 60)
    expect(one.costAt(60, 20, 1)).toBeCloseTo(30 - 10 / 3, 9)
    // Ten seconds later what was measured weighs a third.
    expect(one.costAt(10_060, 20, 1)).toBeCloseTo(20 + (10 - 10 / 3) / Math.E, 9)
    const first = site()
    first.enter(0)
    first.leave(0, true, true, 0, 40)
    expect(first.costAt(40, 0, 1)).toBe(40)
    const short = site()
    short.enter(0)
    expect([short.leaveWell(0, 20, 40), short.costAt(40, 20, 1)]).toEqual([true, 30])
    // A scout has more to say than the short way hears.
    short.scout(50)
    short.enter(50)
    expect([short.leaveWell(50, 20, 60), short.inFlight]).toEqual([false, 1])
    // Of one that took more than three times as long as is typical a quick answer replaces most; not of one that took just as long.
    const costAfter = (ms: number) => {
      const slow = site()
      slow.enter(0)
      slow.leave(0, true, true, 0, ms)
      slow.enter(1000 + ms)
      slow.leave(1000 + ms, true, true, 10, 1010 + ms)
      return slow.costAt(1010 + ms, 10, 1)
    }
    expect(costAfter(30)).toBeCloseTo(30 - 20 / 3, 9)
    expect(costAfter(31)).toBeCloseTo(31 - 21 * (1 - Math.exp(-1010 / 500)), 9)
  })

  test("costs more the more of its calls fail, and a failure makes it no quicker", () => {
    const one = site()
    one.enter(0)
    one.leave(0, false, true, 20, 5)
    expect(one.costAt(5, 20, 1)).toBeCloseTo(20 / 0.8, 9)
    one.enter(5)
    one.leave(5, false, true, 20, 10)
    expect(one.costAt(10, 20, 1)).toBeCloseTo(20 / 0.64, 9)
    one.enter(10)
    one.leave(10, false, false, 20, 15)
    expect(one.costAt(10, 20, 1)).toBeCloseTo(20 / 0.64, 9)
    one.forgive(10)
    expect(one.costAt(10, 20, 1)).toBe(20)
    for (let call = 0; call < 60; call++) {
      one.enter(10)
      one.leave(10, false, true, 20, 10)
    }
    expect(one.costAt(10, 20, 1)).toBeCloseTo(20 / 0.05, 9)
  })

  test("tells how its last calls went, and how it has been left out since", () => {
    const one = site("x")
    expect(one.lately(false)).toEqual({ calls: 1, failures: 1, slow: 0 })
    Object.assign(one, { recent: 9.6, recentBad: 3.4, row: 2 })
    expect([one.lately(false), one.lately(true)]).toEqual([
      { calls: 10, failures: 3, slow: 0 },
      { calls: 10, failures: 0, slow: 3 },
    ])
    Object.assign(one, { row: 3 })
    expect(one.lately(false)).toEqual({ calls: 3, failures: 3, slow: 0 })
    Object.assign(one, { ejectedUntil: 700 })
    one.leftOut(true, 50)
    one.triedInVain()
    one.triedInVain()
    const statistics = { calls: 3, failures: 0, slow: 3 }
    expect(one.ejection).toEqual({ id: "x", at: 50, statistics, failedTrials: 2, until: 700 })
    one.leftOut(false, 90)
    expect(one.ejection).toMatchObject({ at: 90, failedTrials: 0 })
  })

  test("is shunned when it takes more than three times as long as is typical, and nobody has asked it for a second", () => {
    const slow = (ms: number) => {
      const one = site()
      // So often that nothing else is known of it.
      for (let call = 0; call < 60; call++) {
        one.enter(call)
        one.leave(call, true, true, 10, call + ms)
      }
      return one
    }
    expect([slow(31).isShunned(10, 1058), slow(31).isShunned(10, 1059), slow(29).isShunned(10, 1059)]).toEqual([
      ...[false, true, false],
    ])
    // What takes less than a tenth of a millisecond is not told apart from what takes as long as that.
    const quickest = (ms: number) => slow(ms).isShunned(0.001, 1059 + ms)
    expect([quickest(0.29), quickest(0.31)]).toEqual([false, true])
    const one = slow(100)
    const scout = (at: number, ms: number) => {
      one.scout(at)
      one.enter(at)
      one.leave(at, true, true, 10, at + ms)
    }
    // Each that is not quick doubles the wait, up to half a minute.
    const waits: number[] = []
    let at = 2000
    for (let round = 0; round < 7; round++) {
      scout(at, 100)
      let wait = 0
      while (!one.isShunned(10, at + wait)) wait += 500
      waits.push(wait)
      at += 100_000
    }
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    scout(at, 21)
    expect([one.isShunned(1, at + 29_999), one.isShunned(1, at + 30_000)]).toEqual([false, true])
    scout(at + 50_000, 20)
    expect([one.isShunned(1, at + 50_999), one.isShunned(1, at + 51_000)]).toEqual([false, true])
    // One that hangs counts as one that was not quick when the next is sent.
    one.scout(at + 60_000)
    one.enter(at + 60_000)
    one.scout(at + 70_000)
    one.enter(at + 70_000)
    expect([one.isShunned(1, at + 71_999), one.isShunned(1, at + 72_000)]).toEqual([false, true])
  })
})

/** Chance of a seed, the same in every run. */
const chance = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647

test("what an endpoint costs on a long walk is what it cost when the constants were chosen", () => {
  const next = chance(7)
  const one = site("a", { weight: 2 }, 100)
  const running: number[] = []
  let now = 100
  const sums = [0, 0, 0, 0]
  for (let step = 0; step < 4000; step++) {
    now += next() < 0.02 ? 4000 * next() : 40 * next()
    const typicalMs = step < 50 ? 0 : 20
    const what = next()
    if (what < 0.45 && running.length < 6) {
      if (one.isShunned(typicalMs, now)) one.scout(now)
      running.push(now)
      one.enter(now)
    } else if (what < 0.9 && running.length > 0) {
      const [startedAt] = running.splice(Math.floor(next() * running.length), 1) as [number]
      const [good, counts, isShort] = [next() < 0.8, next() < 0.9, next() < 0.5]
      if (!(isShort && one.leaveWell(startedAt, typicalMs, now))) one.leave(startedAt, good, counts, typicalMs, now)
    } else if (what > 0.995) one.forgive(now)
    const seen = [
      one.costAt(now, typicalMs, 1.5),
      one.ageMs(now),
      one.weightAt(now, 5000),
      one.isShunned(typicalMs, now) ? 1 : 0,
    ]
    for (const [index, value] of seen.entries()) sums[index] = (sums[index] as number) + value * (1 + step / 4000)
  }
  expect(sums.map((sum) => Number(sum.toPrecision(9)))).toEqual([9108305.1, 1412716.76, 9804.83693, 7.7295])
})

describe("outliers", () => {
  const line = { firstMs: 1000, longestMs: 5000, share: 0.5 }
  const fail = (outliers: Outliers, one: Site, times = 1) =>
    Array.from({ length: times }, () => outliers.take(one, true)).indexOf(true)

  test("are those that do worse than the others, by evidence that each bad outcome adds to and each good one takes from", () => {
    const outliers = new Outliers(new Dice(1))
    const [a, b] = [site("a"), site("b")]
    outliers.take(a, true)
    const usually = 0.01 + 0.99 / 500
    expect(a.evidence).toBeCloseTo(Math.log((1 + usually) / 2 / usually), 9)
    const evidence = a.evidence
    const other = site("c")
    for (const row of [1, 2, 3]) {
      new Outliers(new Dice(1)).take(other, true)
      expect(other.row).toBe(row)
    }
    outliers.take(a, false)
    const elsewhere = usually - usually / 500
    expect(a.evidence).toBeCloseTo(evidence + Math.log((1 - (1 + elsewhere) / 2) / (1 - elsewhere)), 9)
    expect([a.recent, a.recentBad, a.row, a.serial]).toEqual([
      ...[expect.closeTo(2 - 1 / 64, 9), expect.closeTo(1 - 1 / 64, 9), 0, 2],
    ])
    expect(outliers.take(b, false)).toBe(false)
    expect([b.evidence, b.serial, b.recent]).toEqual([0, 3, 1])
  })

  test("are ejected on the third failure in a row while others are well, and never while another fails between", () => {
    const among = (between: boolean): number => {
      const outliers = new Outliers(new Dice(1))
      const [a, b] = [site("a"), site("b")]
      for (let call = 0; call < 200; call++) outliers.take(call % 2 === 0 ? a : b, false)
      return Array.from({ length: 12 }, () => {
        const found = outliers.take(a, true)
        if (between) outliers.take(b, true)
        return found
      }).indexOf(true)
    }
    expect([among(false), among(true)]).toEqual([2, -1])
  })

  test("stay out for twice as long each time, up to the longest, and for as long as at first once that is long ago", () => {
    const jitter = (length: number, roll: number) => (0.9 + 0.2 * roll) * length
    const dice = new Dice(1)
    const outliers = new Outliers(new Dice(1))
    const one = site()
    const lengths = [1000, 2000, 4000, 5000, 5000].map((length) => {
      one.probe = {}
      outliers.eject(one, line, 70)
      expect(one.probe).toBeUndefined()
      return [(one.ejectedUntil as number) - 70, jitter(length, dice.roll())]
    })
    for (const [is, was] of lengths) expect(is).toBeCloseTo(was as number, 9)
    expect(one.ejections).toBe(5)
    const again = (afterMs: number) => {
      const other = site()
      outliers.eject(other, line, 0)
      outliers.eject(other, line, 0)
      outliers.free(other, 100)
      outliers.eject(other, line, 100 + afterMs)
      return other.ejections
    }
    // Five times as long as the last.
    expect([again(9999), again(10_000)]).toEqual([3, 1])
  })

  test("are set free on probation, and put off by a probe that says nothing", () => {
    const outliers = new Outliers(new Dice(1))
    const one = site()
    one.enter(0)
    outliers.eject(one, line, 0)
    outliers.postpone(one, line, 500)
    expect([one.ejectedUntil, one.ejections]).toEqual([1500, 1])
    outliers.postpone(one, { ...line, longestMs: 300 }, 500)
    expect(one.ejectedUntil).toBe(800)
    outliers.probe(one, {}, 900)
    outliers.free(one, 950)
    expect([one.ejectedUntil, one.probe, one.evidence, one.freedAt, one.since.at, one.open]).toEqual([
      ...[undefined, undefined, 5.5, 950, 950, 0],
    ])
    expect(outliers.isDue(one, 9999)).toBe(false)
    outliers.eject(one, { ...line, firstMs: 10, longestMs: 10 }, 2000)
    outliers.probe(one, {}, 2020)
    outliers.eject(one, { ...line, firstMs: 10, longestMs: 10 }, 2030)
    expect([outliers.isDue(one, 2035), outliers.isDue(one, 2050)]).toEqual([false, true])
  })

  test("are where the trouble sits when seven tenths of it are theirs, and another is called that is well", () => {
    const blame = (own: number, others: number, called = 2, isOut = false) => {
      const outliers = new Outliers(new Dice(1))
      const [a, b, c] = [site("a"), site("b"), site("c")]
      for (let call = 0; call < others; call++) outliers.take(b, true)
      outliers.take(c, false)
      fail(outliers, a, own)
      if (isOut) a.ejectedUntil = 5
      return outliers.within([a, b, c].slice(0, called), isOut ? [a] : [])
    }
    expect([blame(7, 2), blame(5, 5), blame(2, 0), blame(3, 0), blame(7, 2, 1)]).toEqual([
      ...["oneCell", undefined, undefined, "oneCell", undefined],
    ])
    expect([blame(5, 5, 3, true), blame(5, 5, 2, true), blame(3, 9, 3, true)]).toEqual([
      "oneCell",
      undefined,
      "oneCell",
    ])
    const outliers = new Outliers(new Dice(1))
    const [a, b] = [site("a"), site("b")]
    fail(outliers, a, 9)
    outliers.take(b, true)
    // Several fail, and nobody is well between them.
    expect(outliers.within([a, b], [])).toBeUndefined()
    outliers.take(b, false)
    expect(outliers.within([a, b], [])).toBe("oneCell")
  })

  test("on a long walk are known by what they were known by when the constants were chosen", () => {
    const next = chance(11)
    const outliers = new Outliers(new Dice(1))
    const sites = [site("a"), site("b"), site("c")] as const
    const found: number[] = []
    const sums = [0, 0, 0, 0]
    for (let step = 0; step < 3000; step++) {
      const one = sites[Math.floor(3 * next())] as Site
      const share = step > 2700 ? 0.8 : one === sites[1] && step > 1500 && step < 2000 ? 0.6 : 0.02
      const bad = next() < share
      if (!bad && one.evidence === 0 && step % 2 === 0) outliers.takeWell(one)
      else if (outliers.take(one, bad)) found.push(step)
      if (outliers.within(sites, []) !== undefined) sums[3] = (sums[3] as number) + step
      for (const [index, value] of [one.evidence, one.recent, one.recentBad].entries())
        sums[index] = (sums[index] as number) + value * (1 + step / 3000)
    }
    expect([found.length, found[0], found.at(-1), ...sums.map((sum) => Number(sum.toPrecision(9)))]).toEqual([
      ...[99, 1508, 2693, 139462.68, 97615.9571, 13569.9839, 1167356],
    ])
  })
})
