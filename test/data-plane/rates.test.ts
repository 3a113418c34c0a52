/** Buckets under limits that change, are saved and come back, for all calls and for each key. */
import { describe, expect, test } from "vitest"
import { type Gate, idleGate, type RateLine, unrestricted } from "../../machines/vocabulary/gate.ts"
import { Rates, ratesUnder } from "../../src/data-plane/rates.ts"

const perSecond = (limit: number, more: Partial<RateLine> = {}): RateLine => ({
  limit,
  intervalMs: 1000,
  burst: limit,
  ...more,
})
const gateOf = (rates: readonly RateLine[], rate = Number.POSITIVE_INFINITY): Gate => ({
  ...idleGate,
  restriction: { ...unrestricted, rate, burst: 5 },
  lines: { rates },
})
function ratesOf(...lines: readonly RateLine[]): Rates {
  const rates = new Rates(() => 0)
  rates.adopt(gateOf(lines))
  return rates
}
/** How many calls of a key enter at once. */
function enter(rates: Rates, key: string | undefined, now: number, most = 100): number {
  let calls = 0
  for (; calls < most && rates.look(1, key, now) === undefined; calls++) rates.take({ cost: 1, key }, now)
  return calls
}

describe("another limit", () => {
  test("of each key takes over what each has spent, and gives those who have spent nothing the whole burst", () => {
    const rates = ratesOf(perSecond(10, { keys: 100 }))
    expect([enter(rates, "a", 0, 4), enter(rates, "b", 0, 1)]).toEqual([4, 1])
    rates.adopt(gateOf([perSecond(6, { keys: 50 })]))
    expect([enter(rates, "a", 0), enter(rates, "b", 0), enter(rates, "c", 0)]).toEqual([2, 5, 6])
  })

  test("over another time takes the place of the one that stood there, and of no other kind", () => {
    const rates = ratesOf(perSecond(10), perSecond(10, { keys: 100 }))
    enter(rates, "a", 0, 4)
    rates.adopt(
      gateOf([
        perSecond(600, { intervalMs: 60_000, burst: 10 }),
        perSecond(60, { intervalMs: 60_000, burst: 5, keys: 100 }),
      ]),
    )
    expect(rates.left(0)).toMatchObject([{ left: 6 }, { left: undefined }])
    expect([enter(rates, "a", 0), enter(rates, "b", 0, 3)]).toEqual([1, 3])
    // Where one for all calls stood there is one for each key now: nobody has spent anything of it.
    rates.adopt(gateOf([perSecond(2, { intervalMs: 5000, keys: 100 })]))
    expect(enter(rates, "a", 0)).toBe(2)
  })

  test("that nobody has spent anything of begins whole", () => {
    const rates = ratesOf(perSecond(10))
    rates.adopt(gateOf([perSecond(3)]))
    expect(enter(rates, undefined, 1_000_000)).toBe(3)
  })
})

describe("what is given back", () => {
  const shared = () => {
    const rates = ratesOf(perSecond(10, { keys: 1 }))
    // One owes in the only bucket there is; whoever else comes has a place beside it.
    expect([enter(rates, "a", 0, 1), enter(rates, "b", 0, 5)]).toEqual([1, 5])
    return rates
  }

  test("by a key that is known no more takes nothing off what another owes", () => {
    const rates = shared()
    rates.giveBack({ cost: 3, key: "lost" }, 0, 0)
    expect(enter(rates, "b", 0)).toBe(5)
  })

  test("by a key that has a place, or a bucket of its own, is there again", () => {
    const rates = shared()
    rates.giveBack({ cost: 3, key: "b" }, 0, 0)
    expect(enter(rates, "b", 0)).toBe(8)
    rates.giveBack({ cost: 1, key: "a" }, 0, 0)
    expect(enter(rates, "a", 0)).toBe(10)
  })

  test("lets nobody be forgotten", () => {
    const rates = ratesOf(perSecond(10, { keys: 1 }))
    enter(rates, "a", 0, 1)
    rates.giveBack({ cost: 1, key: "lost" }, 500, 500)
    expect(rates.save(10)).toMatchObject([{ keys: [["a", expect.any(Number)]] }])
  })
})

describe("what is owed", () => {
  test("comes back to the limits that there are now, for the keys that still owe anything", () => {
    const before = ratesOf(perSecond(10), perSecond(4, { keys: 100 }))
    enter(before, "a", 0, 4)
    enter(before, "b", 0, 1)
    const saved = before.save(0)
    expect(saved).toEqual([
      { ms: 500 },
      {
        ms: 0,
        keys: [
          ["a", 1000],
          ["b", 250],
        ],
      },
    ])
    // A third limit was not there then.
    const after = ratesOf(perSecond(10), perSecond(4, { keys: 100 }), perSecond(50, { intervalMs: 10_000 }))
    after.restore(saved, 250, 0)
    expect(after.save(0)).toEqual([{ ms: 250 }, { ms: 0, keys: [["a", 750]] }, { ms: 0 }])
  })

  test("is not over before the last key has paid", () => {
    const rates = ratesOf(perSecond(4, { keys: 100 }))
    expect(rates.isPaid(0)).toBe(true)
    enter(rates, "a", 0, 2)
    enter(rates, "b", 0, 4)
    expect([rates.isPaid(999), rates.isPaid(1000)]).toEqual([false, true])
  })
})

describe("more keys than are told apart", () => {
  test("share a bucket, until one of those that are known owes nothing any more", () => {
    const rates = ratesOf(perSecond(2, { keys: 2 }))
    expect([enter(rates, "a", 0), enter(rates, "b", 0)]).toEqual([2, 2])
    expect(enter(rates, "c", 0) + enter(rates, "d", 0)).toBe(2)
    expect(rates.isPaid(0)).toBe(false)
    // "a" and "b" have paid: those who come now have a bucket of their own.
    expect([enter(rates, "c", 1000), enter(rates, "d", 1000)]).toEqual([2, 2])
  })

  test("that were saved are as many as there may be", () => {
    const rates = ratesOf(perSecond(2, { keys: 2 }))
    rates.restore(
      [
        {
          ms: 0,
          keys: [
            ["a", 1000],
            ["b", 1000],
            ["c", 1000],
          ],
        },
      ],
      0,
      0,
    )
    expect(rates.save(0)[0]?.keys?.map(([key]) => key)).toEqual(["a", "b"])
  })

  test("that were saved, and have paid meanwhile, take no place from those that have not", () => {
    const rates = ratesOf(perSecond(2, { keys: 2 }))
    const keys = [
      ["a", 400],
      ["b", 500],
      ["c", 501],
      ["d", 1000],
    ] as const
    rates.restore([{ ms: 0, keys }], 500, 0)
    expect(rates.save(0)[0]?.keys).toEqual([
      ["c", 1],
      ["d", 500],
    ])
  })

  test("that had a bucket each keep it, as many as there may be under another limit", () => {
    const rates = ratesOf(perSecond(2, { keys: 3 }))
    for (const key of ["a", "b", "c"]) enter(rates, key, 0)
    rates.adopt(gateOf([perSecond(2, { keys: 2 })]))
    expect(rates.save(0)[0]?.keys?.map(([key]) => key)).toEqual(["a", "b"])
  })
})

describe("several limits", () => {
  test("are followed by their times, wherever they stand among the others", () => {
    const rates = ratesOf(perSecond(10))
    rates.take({ cost: 4, key: undefined }, 0)
    rates.adopt(gateOf([perSecond(60, { intervalMs: 60_000, burst: 10 }), perSecond(20)]))
    rates.take({ cost: 3, key: undefined }, 0)
    expect(rates.left(0)).toMatchObject([{ left: 3 }, { left: 13 }])
  })

  test("let a call enter only where each of them does, and are spent by it together", () => {
    const rates = ratesOf(perSecond(10), perSecond(2, { intervalMs: 10_000 }))
    expect([rates.lets(0), rates.takeOne(0), rates.takeOne(0), rates.lets(0)]).toMatchObject([true, {}, {}, false])
    expect(rates.left(0)).toMatchObject([{ left: 8 }, { left: 0 }])
  })

  test("are paid when the last of them is", () => {
    const rates = ratesOf(perSecond(10), perSecond(2, { intervalMs: 10_000 }))
    rates.takeOne(0)
    expect([rates.isPaid(100), rates.isPaid(4999), rates.isPaid(5000)]).toEqual([false, false, true])
  })

  test("tell calls apart by their keys where one of them does", () => {
    expect(ratesOf(perSecond(10), perSecond(4, { keys: 9 })).isKeyed).toBe(true)
    expect(ratesOf(perSecond(10), perSecond(4, { intervalMs: 10_000 })).isKeyed).toBe(false)
  })
})

describe("an ordinary call", () => {
  test("is one of those without a key, where keys are told apart", () => {
    const rates = ratesOf(perSecond(2, { keys: 9 }))
    expect([rates.lets(0), rates.takeOne(0), rates.takeOne(0), rates.lets(0)]).toMatchObject([true, {}, {}, false])
    expect([enter(rates, undefined, 0), enter(rates, "a", 0)]).toEqual([0, 2])
  })
})

describe("a call that was lived through before", () => {
  test("enters whatever is owed", () => {
    const rates = ratesOf(perSecond(10))
    // As a bypass lets them in.
    rates.take({ cost: 20, key: undefined }, 0)
    expect([rates.look(1, undefined, 0), rates.look(0, undefined, 0)]).toMatchObject([{}, undefined])
  })

  test("is not the last that entered", () => {
    const rates = ratesOf(perSecond(1))
    rates.take({ cost: 1, key: undefined }, 100)
    rates.take({ cost: 0, key: undefined }, 500)
    expect(rates.look(1, undefined, 600)).toMatchObject({ since: 100 })
  })

  test("holds no bucket that a key could have that spends something", () => {
    const rates = ratesOf(perSecond(10, { keys: 1 }))
    rates.take({ cost: 0, key: "a" }, 0)
    rates.take({ cost: 10, key: "b" }, 0)
    expect([enter(rates, "b", 0), rates.look(1, "b", 0)]).toMatchObject([0, { isShared: false }])
  })
})

describe("a gate", () => {
  const limitsOf = (rates: Rates) => rates.left(0).map(({ limit }) => limit)

  test("is not needed: before the first nothing is limited", () => {
    const rates = new Rates(() => 0)
    expect([rates.isFree, rates.lets(0), rates.look(1, undefined, 0), rates.left(0)]).toEqual([
      true,
      true,
      undefined,
      [],
    ])
  })

  test("with the limits of the last one leaves the buckets alone", () => {
    const gate = gateOf([perSecond(10)], 3)
    const rates = new Rates(() => 0)
    rates.adopt(gate)
    const [set, tightened] = limitsOf(rates)
    rates.adopt({ ...gate, version: 1 })
    expect(limitsOf(rates)[0]).toBe(set)
    expect(limitsOf(rates)[1]).toBe(tightened)
  })

  test("with another rate, or another burst, replaces what actors had tightened it to", () => {
    const rates = new Rates(() => 0)
    rates.adopt({ ...gateOf([], 3), lines: {} })
    expect([rates.isFree, rates.look(1, undefined, 0), limitsOf(rates)]).toMatchObject([
      false,
      undefined,
      [{ limit: 3, burst: 5 }],
    ])
    rates.adopt({ ...gateOf([], 2), lines: {} })
    expect(limitsOf(rates)).toMatchObject([{ limit: 2, burst: 5 }])
    rates.adopt({ ...idleGate, restriction: { ...unrestricted, rate: 2, burst: 4 }, lines: {} })
    expect(limitsOf(rates)).toMatchObject([{ limit: 2, burst: 4 }])
  })

  test("without limits frees what had any", () => {
    const rates = ratesOf(perSecond(1))
    expect([rates.lets(0), rates.takeOne(0), rates.isFree, rates.lets(0)]).toMatchObject([true, {}, false, false])
    rates.adopt({ ...idleGate, restriction: unrestricted, lines: {} })
    expect([rates.isFree, rates.lets(0), rates.isPaid(0)]).toEqual([true, true, true])
  })

  test("makes rates when it limits something for the first time, be it by a line or by an actor, and keeps them", () => {
    const free: Gate = { ...idleGate, restriction: unrestricted, lines: {} }
    expect(ratesUnder(free, undefined, () => 0)).toBeUndefined()
    const rates = ratesUnder(gateOf([perSecond(1)]), undefined, () => 0)
    expect(rates?.isFree).toBe(false)
    expect(ratesUnder({ ...free, restriction: { ...unrestricted, rate: 1 } }, undefined, () => 0)?.isFree).toBe(false)
    expect(ratesUnder(free, rates, () => 0)).toBe(rates)
  })
})

describe("a refusal", () => {
  test("says by which limit, since when, what is spent of it, and when it makes sense to come back", () => {
    const line = perSecond(1, { intervalMs: 3000, burst: 2 })
    const rates = ratesOf(line)
    rates.take({ cost: 1.5, key: undefined }, 100)
    expect([rates.look(0.5, undefined, 100), rates.lets(100)]).toEqual([undefined, false])
    expect(rates.look(1, undefined, 700)).toEqual({
      limit: expect.objectContaining(line),
      ...{ retryAt: 1600, since: 100, spent: 1.3, isShared: false },
    })
    expect(rates.look(3, undefined, 700)).toMatchObject({ retryAt: Number.POSITIVE_INFINITY })
  })

  test("of a key says whether it shares a place; of no key, too", () => {
    const rates = ratesOf(perSecond(2, { keys: 1 }))
    enter(rates, undefined, 0)
    expect(rates.look(1, undefined, 0)).toMatchObject({ isShared: false })
    enter(rates, "a", 0)
    expect(rates.look(1, "a", 0)).toMatchObject({ isShared: true })
  })
})

describe("calls without a key, where keys are told apart", () => {
  test("have a bucket of their own, and get back into it what they did not need", () => {
    const rates = ratesOf(perSecond(2, { keys: 9 }))
    enter(rates, undefined, 0)
    rates.giveBack({ cost: 1, key: undefined }, 0, 0)
    expect(enter(rates, undefined, 0)).toBe(1)
  })

  test("enter as long as there is room for just one", () => {
    const rates = ratesOf(perSecond(1, { keys: 9 }))
    expect([rates.lets(0), rates.takeOne(0), rates.lets(0), rates.lets(1000)]).toMatchObject([true, {}, false, true])
  })
})

describe("keys that share a place", () => {
  /** Two that share the only place there is, beside one that has the only bucket and will have paid in half a second. */
  function sharing() {
    const rates = ratesOf(perSecond(2, { keys: 1 }))
    enter(rates, "a", 0, 1)
    expect([enter(rates, "b", 0, 1), enter(rates, "c", 0, 1), enter(rates, "b", 0)]).toEqual([1, 1, 0])
    return rates
  }

  test("get back into it what any of them did not need", () => {
    const rates = sharing()
    rates.giveBack({ cost: 1, key: "c" }, 0, 0)
    expect(enter(rates, "b", 0)).toBe(1)
  })

  test("bring nothing of what others owe into a bucket of their own", () => {
    expect(sharing().look(2, "b", 500)).toBeUndefined()
    expect(enter(sharing(), "b", 500)).toBe(2)
    expect(enter(sharing(), "c", 500)).toBe(2)
    expect(enter(sharing(), "d", 500)).toBe(2)
  })
})

describe("what was saved", () => {
  test("of keys is what they owe still", () => {
    const rates = ratesOf(perSecond(2, { keys: 9 }))
    enter(rates, "a", 0, 1)
    enter(rates, "b", 0, 2)
    expect(rates.save(500)).toEqual([{ ms: 0, keys: [["b", 500]] }])
    expect(rates.save(1000)).toEqual([{ ms: 0, keys: [] }])
  })

  test("of keys is nothing to a limit that tells none apart", () => {
    const rates = ratesOf(perSecond(2))
    rates.restore([{ ms: 500, keys: [["a", 1000]] }], 0, 0)
    expect(rates.save(0)).toEqual([{ ms: 500 }])
  })
})
