/** Slots in use: what is kept for a class, for how long, and what a tenant's critical calls may hold. */
import { describe, expect, test } from "vitest"
import { Ghosts } from "../../src/data-plane/limiter/ghosts.ts"
import { Line } from "../../src/data-plane/limiter/line.ts"
import { type Held, Slots, unlimited } from "../../src/data-plane/limiter/slots.ts"
import { Tenants } from "../../src/data-plane/limiter/tenants.ts"
import { Turns } from "../../src/data-plane/limiter/turns.ts"
import { NotedWaiter } from "../support/slots.ts"

const none = (): Held => ({ slot: 0, rank: 0, tenant: undefined })
const [normal, high, critical] = [2, 3, 4]

describe("slots", () => {
  test("are as many as the limit, to every class, where none is kept for any", () => {
    const slots = new Slots()
    slots.adopt({ ...unlimited, reserve: [0, 0, 0, 0, 0] })
    expect([slots.isReserved, slots.fits(0, 1, 0), slots.fits(0, 0, 0)]).toEqual([false, true, false])
    const most = Number.POSITIVE_INFINITY
    expect(unlimited).toEqual({
      ...{ adaptive: false, least: 1, most, first: most, reserve: [], waitMs: 0, quota: 1, pressure: false },
    })
    const held = none()
    slots.hold(held, normal, 5)
    expect([held, slots.inUse, slots.fits(critical, 1, 5), slots.fits(0, 2, 5)]).toEqual([
      { slot: 1, rank: normal, tenant: undefined },
      ...[1, false, true],
    ])
    slots.giveBack(held, 5)
    expect([slots.inUse, slots.fits(0, 1, 5)]).toEqual([0, true])
  })

  test("know how many there were at once, by the time that each was held", () => {
    const slots = new Slots()
    const [one, other] = [none(), none()]
    slots.take(one, normal, undefined, 10)
    slots.take(other, normal, undefined, 30)
    slots.giveBack(one, 60)
    slots.giveBack(other, 100)
    expect([slots.area, other.slot]).toEqual([1 * 20 + 2 * 30 + 1 * 40, 2])
    slots.take(one, normal, undefined, 200)
    expect(slots.area).toBe(120)
  })

  test("that are kept for a class are lent out save for one, until it shows what it needs, and as far as its share", () => {
    const slots = new Slots()
    slots.adopt({ ...unlimited, reserve: [0, 0, 0, 0, 0.4] })
    const use = (rank: number, count: number) =>
      Array.from({ length: count }, () => {
        const held = none()
        slots.take(held, rank, undefined, 0)
        return held
      })
    use(normal, 8)
    expect([slots.isReserved, slots.fits(normal, 10, 0), slots.fits(critical, 10, 0)]).toEqual([true, true, true])
    use(normal, 1)
    expect([slots.fits(normal, 10, 0), slots.fits(high, 10, 0), slots.fits(critical, 10, 0)]).toEqual([
      ...[false, false, true],
    ])
    // Two at once: three are wanted, two of them are held, and one is kept.
    const held = use(critical, 2)
    expect([slots.fits(normal, 13, 0), slots.fits(normal, 12, 0)]).toEqual([true, false])
    for (const one of held) slots.giveBack(one, 0)
    // None is held any more: three are kept.
    expect([slots.fits(normal, 13, 0), slots.fits(normal, 12, 0)]).toEqual([true, false])
    for (const one of use(critical, 9)) slots.giveBack(one, 0)
    // However many it has needed: four tenths of sixteen and of seventeen are seven.
    expect([slots.fits(normal, 16, 0), slots.fits(normal, 17, 0)]).toEqual([false, true])
  })

  test("that were needed once are kept half as many for every ten seconds, and in the end one", () => {
    const slots = new Slots()
    slots.adopt({ ...unlimited, reserve: [0, 0, 0, 0, 0.5] })
    const held = Array.from({ length: 4 }, () => {
      const one = none()
      slots.take(one, critical, undefined, 0)
      return one
    })
    for (const one of held) slots.giveBack(one, 0)
    for (let call = 0; call < 15; call++) slots.take(none(), normal, undefined, 0)
    // Of twenty slots fifteen are in use: five and no more are kept while four were needed.
    expect(slots.fits(normal, 20, 0)).toBe(false)
    // Three in 4.15 s, two in ten.
    expect([slots.fits(normal, 20, 3900), slots.fits(normal, 20, 4500), slots.fits(normal, 19, 4600)]).toEqual([
      ...[false, true, false],
    ])
    expect([slots.fits(normal, 19, 9500), slots.fits(normal, 19, 10_100)]).toEqual([false, true])
    expect([slots.fits(normal, 17, 100_000), slots.fits(normal, 16, 100_000)]).toEqual([true, false])
  })

  test("one slot is everybody's, whatever is kept for others", () => {
    const slots = new Slots()
    slots.adopt({ ...unlimited, reserve: [0, 0, 0, 0.9, 0.9] })
    expect([slots.fits(0, 1, 0), slots.fits(0, 2, 0)]).toEqual([true, true])
    slots.hold(none(), 0, 0)
    expect([slots.fits(0, 2, 0), slots.fits(0, 3, 0), slots.fits(0, 4, 0)]).toEqual([false, false, true])
  })

  test("are kept by what was needed since they are, and by what was needed last, whatever it was before", () => {
    const reserved = { ...unlimited, reserve: [0, 0, 0, 0, 0.4] }
    const use = (slots: Slots, rank: number, count: number, now: number) =>
      Array.from({ length: count }, () => {
        const held = none()
        slots.take(held, rank, undefined, now)
        return held
      })
    const late = new Slots()
    late.adopt(unlimited)
    for (const held of use(late, critical, 3, 0)) late.giveBack(held, 0)
    late.adopt(reserved)
    use(late, normal, 8, 0)
    expect(late.fits(normal, 10, 0)).toBe(true)
    const again = new Slots()
    again.adopt(reserved)
    for (const held of use(again, critical, 3, 0)) again.giveBack(held, 0)
    use(again, critical, 3, 10_000)
    use(again, normal, 6, 10_000)
    // Three are held, and a fourth is kept.
    expect(again.fits(normal, 10, 10_000)).toBe(false)
  })

  test("of a tenant count where a critical call names it, and come back with the call", () => {
    const slots = new Slots()
    expect(slots.isOverQuota("greedy", 0.3, 10, 0)).toBe(false)
    const held = Array.from({ length: 3 }, () => none())
    for (const one of held) slots.take(one, critical, "greedy", 0)
    const other = none()
    slots.take(other, high, "modest", 0)
    expect([held[0]?.tenant, other.tenant]).toEqual(["greedy", undefined])
    expect([slots.isOverQuota("greedy", 0.3, 10, 0), slots.isOverQuota("greedy", 0.3, 10, 90_000)]).toEqual([
      ...[false, true],
    ])
    expect([slots.isOverQuota("greedy", 0.31, 10, 90_000), slots.isOverQuota("modest", 0.01, 10, 90_000)]).toEqual([
      ...[false, false],
    ])
    for (const one of held) slots.giveBack(one, 90_000)
    slots.giveBack(other, 90_000)
    expect([slots.isOverQuota("greedy", 0.3, 10, 90_000), slots.inUse]).toEqual([false, 0])
    // However small a part is, one call of it may be critical.
    slots.take(none(), critical, "small", 90_000)
    expect(slots.isOverQuota("small", 0.01, 10, 99_999)).toBe(false)
    expect(slots.isOverQuota("small", 0.01, 10, 900_000)).toBe(true)
  })
})

describe("what a tenant holds on average", () => {
  test("comes halfway to what it holds in a second", () => {
    const tenants = new Tenants()
    for (let call = 0; call < 4; call++) tenants.take("one", 1000)
    expect([tenants.exceeds("one", 2, 1999), tenants.exceeds("one", 2, 2001)]).toEqual([false, true])
    expect([tenants.exceeds("one", 3, 2999), tenants.exceeds("one", 3, 3001)]).toEqual([false, true])
    // It takes both: what it holds now, and what it has held.
    for (let call = 0; call < 3; call++) tenants.giveBack("one", 3001)
    expect([tenants.exceeds("one", 2, 3002), tenants.exceeds("one", 1, 3002)]).toEqual([false, true])
    // A clock that goes back changes nothing.
    expect(tenants.exceeds("one", 1, 0)).toBe(true)
    expect(tenants.exceeds("nobody", 0, 0)).toBe(false)
  })

  test("falls by half in a second when it holds nothing", () => {
    const tenants = new Tenants()
    for (let call = 0; call < 4; call++) tenants.take("one", 0)
    for (let call = 0; call < 4; call++) tenants.giveBack("one", 100_000)
    for (let call = 0; call < 4; call++) tenants.take("one", 101_000)
    // Two are left of four, and in another second there are three.
    expect([tenants.exceeds("one", 3, 101_999), tenants.exceeds("one", 3, 102_001)]).toEqual([false, true])
  })

  test("is forgotten when it holds nothing, once another is the thousandth and first that does", () => {
    /** Whether what it once held counts still when so many others have come and gone, and `again` has come once more. */
    const isKnown = (others: number, again?: string, stay = false): boolean => {
      const tenants = new Tenants()
      for (let call = 0; call < 4; call++) tenants.take("one", 0)
      for (let call = 0; call < 4; call++) tenants.giveBack("one", 100_000)
      for (let other = 0; other < others; other++) {
        tenants.take(`tenant ${other}`, 100_000)
        if (!stay) tenants.giveBack(`tenant ${other}`, 100_000)
      }
      if (again !== undefined) tenants.take(again, 100_000)
      for (let call = 0; call < 4; call++) tenants.take("one", 100_000)
      return tenants.exceeds("one", 4, 100_000)
    }
    expect([isKnown(999), isKnown(1000), isKnown(1500)]).toEqual([true, false, false])
    // Who is known makes nobody forgotten.
    expect(isKnown(999, "tenant 7")).toBe(true)
    // Nor do those that hold something, however many: else each that came would be looked for among all of them, in vain.
    expect(isKnown(1500, undefined, true)).toBe(true)
    // Who holds anything is not forgotten, however many come.
    const tenants = new Tenants()
    for (let call = 0; call < 4; call++) tenants.take("one", 0)
    for (let other = 0; other < 1500; other++) tenants.take(`tenant ${other}`, 100_000)
    expect(tenants.exceeds("one", 4, 100_000)).toBe(true)
    expect(() => tenants.giveBack("one", 100_000)).not.toThrow()
  })
})

describe("a class that waits", () => {
  const lineWith = (rank: number, at: number) => {
    const line = new Line()
    line.add(new NotedWaiter({}, at, 1e9), rank, at)
    return line
  }

  test("has its turn after forty calls and a second in which it waited and was not served", () => {
    const turns = new Turns()
    const line = lineWith(1, 500)
    turns.serve(1, 500)
    for (let call = 0; call < 39; call++) turns.serve(4, 500)
    expect(turns.isDue(1, line, 1500)).toBe(false)
    turns.serve(4, 500)
    expect([turns.isDue(1, line, 1499), turns.isDue(1, line, 1500)]).toEqual([false, true])
    expect([turns.isDue(2, line, 9000), turns.isDue(0, line, 9000)]).toEqual([false, false])
    turns.serve(1, 1600)
    expect(turns.isDue(1, line, 9000)).toBe(false)
    for (let call = 0; call < 40; call++) turns.serve(4, 1600)
    expect([turns.isDue(1, line, 2599), turns.isDue(1, line, 2600)]).toEqual([false, true])
  })

  test("is not due for the time before it came, nor before forty calls though it was never served", () => {
    const turns = new Turns()
    for (let call = 0; call < 39; call++) turns.serve(4, 0)
    const line = lineWith(1, 5000)
    expect(turns.isDue(1, line, 9000)).toBe(false)
    turns.serve(4, 0)
    expect([turns.isDue(1, line, 5999), turns.isDue(1, line, 6000)]).toEqual([false, true])
  })
})

describe("calls that nobody waits for", () => {
  test("keep a part of their slots that falls to a third in seven tenths of what they take, and to nothing at a twentieth", () => {
    const ghosts = new Ghosts()
    expect([ghosts.some, ghosts.at(0)]).toEqual([false, 0])
    for (let call = 0; call < 10; call++) ghosts.add(1000, 50)
    expect([ghosts.some, ghosts.at(50)]).toEqual([true, 10])
    expect(ghosts.at(750)).toBeCloseTo(10 / Math.E, 9)
    // ln 200 of those times.
    expect(ghosts.at(50 + 3708)).toBeCloseTo(0.05, 3)
    expect([ghosts.at(50 + 3709), ghosts.some]).toEqual([0, false])
  })

  test("last as long as all of them do on average, and none less than a millisecond", () => {
    const ghosts = new Ghosts()
    ghosts.add(1000, 0)
    ghosts.add(3000, 0)
    expect(ghosts.at(1400)).toBeCloseTo(2 / Math.E, 9)
    ghosts.add(500, 1400)
    const others = 2 / Math.E
    const life = (others * 2000 + 500) / (others + 1)
    expect(ghosts.at(1400 + 0.7 * life)).toBeCloseTo((others + 1) / Math.E, 9)
    const short = new Ghosts()
    short.add(0, 0)
    expect(short.at(0.7)).toBeCloseTo(1 / Math.E, 9)
  })
})

test("a tenant that comes back a thousand times is one, and no reason to forget what another was used to hold", () => {
  const tenants = new Tenants()
  for (let call = 0; call < 10; call++) tenants.take("greedy", 0)
  for (let call = 0; call < 10; call++) tenants.giveBack("greedy", 60_000)
  for (let call = 0; call < 1001; call++) {
    tenants.take("busy", 60_000)
    tenants.giveBack("busy", 60_000)
  }
  tenants.take("new", 60_000)
  for (let call = 0; call < 10; call++) tenants.take("greedy", 60_000)
  expect(tenants.exceeds("greedy", 5, 60_000)).toBe(true)
})
