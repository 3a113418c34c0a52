/** The bulkhead by itself: who may have a slot under which gate, who goes first, and how long whoever waits waits. */
import { describe, expect, test } from "vitest"
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { type Gate, unrestricted } from "../../machines/vocabulary/gate.ts"
import { Bulkhead } from "../../src/data-plane/limiter/bulkhead.ts"
import { Receipt, type Settler } from "../../src/data-plane/receipt.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { gateWith, NotedWaiter, type SlotOptions } from "../support/slots.ts"
import { stepClock } from "../support/stepClock.ts"

/** A bulkhead under this gate, and those whose time in its line is over. */
function under(options: SlotOptions, change: (gate: Gate) => Gate = (gate) => gate) {
  const clock = stepClock()
  const wheel = new Wheel(clock)
  const bulkhead = new Bulkhead(wheel)
  const adopt = (next: SlotOptions) => bulkhead.adopt(change(gateWith(next)))
  adopt(options)
  const over: (readonly [NotedWaiter, number])[] = []
  const enter = (facts: Facts = {}) => {
    const receipt = new Receipt({} as Settler, 1, clock.now())
    bulkhead.enter(receipt, facts, clock.now())
    return receipt
  }
  const waiter = (facts: Facts = {}, deadlineMs = 1e9) => {
    const one = new NotedWaiter(facts, clock.now(), clock.now() + deadlineMs)
    one.keeper = { waitedTooLong: (_one, now) => over.push([one, now]) }
    return one
  }
  /** One who joins the line, and who is out for it. */
  const join = (facts: Facts = {}, deadlineMs?: number) => {
    const one = waiter(facts, deadlineMs)
    return [one, bulkhead.join(one, clock.now())] as const
  }
  return { clock, wheel, bulkhead, adopt, enter, waiter, join, over, now: () => clock.now() }
}

const probing = (gate: Gate): Gate => ({ ...gate, restriction: { ...gate.restriction, probes: 1 } })
const observing = (gate: Gate): Gate => ({ ...gate, enforcement: "observe" })

test("before any gate has come there are no slots, and whoever comes is let in", () => {
  const bulkhead = new Bulkhead(new Wheel(stepClock()))
  expect([bulkhead.isOn, bulkhead.grants({}, 0), bulkhead.queues, bulkhead.makeRoom(0)]).toEqual([
    ...[false, true, false, false],
  ])
})

describe("a gate", () => {
  test("without slots lets everybody in, and nobody waits", () => {
    const { bulkhead, enter, now } = under({ limit: 1 }, (gate) => ({ ...gate, lines: {} }))
    expect([bulkhead.isOn, bulkhead.queues, bulkhead.isFull, bulkhead.surplus]).toEqual([false, false, true, undefined])
    for (let call = 0; call < 3; call++) enter()
    expect([bulkhead.grants({}, now()), bulkhead.next(now())]).toEqual([true, undefined])
  })

  test("says how many calls may be in flight, by its restriction or by its line, whichever is less", () => {
    const limitOf = (slots: number, most: number) => under({ limit: slots, most }).bulkhead.limit(0)
    expect([limitOf(5, 9), limitOf(9, 5)]).toEqual([5, 5])
  })

  test("says how many may wait, none where that is not bounded or where it is only observed", () => {
    const queued = (queue: number, change?: (gate: Gate) => Gate) => {
      const { bulkhead } = under({ limit: 1, queue }, change)
      return [bulkhead.queues, bulkhead.isFull]
    }
    expect([queued(1), queued(0), queued(Number.POSITIVE_INFINITY), queued(1, observing)]).toEqual([
      [true, false],
      [false, true],
      [false, true],
      [false, true],
    ])
  })

  test("that is only observed lets in whoever waits still, and makes no room for anybody", () => {
    const options = { limit: 1, adaptive: true, least: 1, most: 1000, first: 1 }
    let isObserved = false
    const { bulkhead, adopt, enter, join, now } = under(options, (gate) => (isObserved ? observing(gate) : gate))
    enter()
    const [waiting] = join()
    expect(bulkhead.next(now())).toBeUndefined()
    isObserved = true
    adopt(options)
    expect([bulkhead.makeRoom(now()), bulkhead.next(now()), bulkhead.line.size]).toEqual([false, waiting, 0])
  })

  test("of which calls are probes lets one in where none is in flight, and as many as were set, whatever was learned", () => {
    const learned = { limit: 3, adaptive: true, least: 1, most: 3, first: 1 }
    const { bulkhead, enter, now } = under(learned, probing)
    const granted = [0, 1, 2, 3].map(() => {
      const may = bulkhead.grants({}, now())
      enter()
      return may
    })
    expect(granted).toEqual([true, true, true, false])
    const none = under({ limit: 0, most: 5 }, probing)
    expect(none.bulkhead.grants({}, 0)).toBe(true)
    none.enter()
    expect(none.bulkhead.grants({}, 0)).toBe(false)
    // Under any other the learned limit binds.
    const ordinary = under(learned)
    ordinary.enter()
    expect(ordinary.bulkhead.grants({}, 0)).toBe(false)
  })
})

describe("a call may have a slot", () => {
  test("where nothing is in flight and nobody waits, however few there are", () => {
    const { bulkhead, enter, now } = under({ limit: 0 })
    expect([bulkhead.admits({}, now()), bulkhead.hasRoom(now())]).toEqual([true, false])
    enter()
    expect(bulkhead.admits({}, now())).toBe(false)
  })

  test("where there is one, and nobody of its class or above waits for it", () => {
    const { bulkhead, enter, join, now } = under({ limit: 1 })
    enter()
    join({ priority: "low" })
    bulkhead.adopt(gateWith({ limit: 5 }))
    const admitted = (["bulk", "low", "normal", "critical"] as const).map((priority) =>
      bulkhead.admits({ priority }, now()),
    )
    expect([admitted, bulkhead.hasRoom(now())]).toEqual([[false, false, true, true], false])
  })

  test("not before somebody of its class who waits, though nothing is in flight any more", () => {
    const { bulkhead, enter, join, now } = under({ limit: 1 })
    const receipt = enter()
    join()
    bulkhead.leave(receipt, "success", now())
    expect([bulkhead.admits({}, now()), bulkhead.admits({ priority: "high" }, now())]).toEqual([false, true])
  })

  test("at once where none is kept and nobody waits", () => {
    const { bulkhead, enter, now } = under({ limit: 2 })
    const rooms = [0, 1, 2].map(() => {
      const hasRoom = bulkhead.hasRoom(now())
      enter()
      return hasRoom
    })
    expect(rooms).toEqual([true, true, false])
    expect(under({ limit: 2, reserve: [0, 0, 0, 0, 0.5] }).bulkhead.hasRoom(0)).toBe(false)
  })

  test("past those who wait, as what it came, while it is being let in, and only so long", () => {
    const { bulkhead, enter, join, now } = under({ limit: 1 })
    enter()
    const [low] = join({ priority: "low" })
    join({ priority: "critical" })
    bulkhead.adopt(gateWith({ limit: 5 }))
    const admits = () => bulkhead.admits({ priority: "low" }, now())
    expect([admits(), bulkhead.serve(low, admits), admits()]).toEqual([false, true, false])
    expect(() =>
      bulkhead.serve(low, () => {
        throw new Error("no")
      }),
    ).toThrow("no")
    expect(admits()).toBe(false)
  })

  test("is over when it ends: its slot is free, and it holds none", () => {
    const { bulkhead, enter, now } = under({ limit: 1 })
    const receipt = enter()
    expect([receipt.slot, bulkhead.slots.inUse]).toEqual([1, 1])
    bulkhead.leave(receipt, "success", now())
    expect([receipt.slot, bulkhead.slots.inUse, bulkhead.hasRoom(now())]).toEqual([0, 0, true])
    bulkhead.enterOrdinary(receipt, now())
    expect([receipt.slot, receipt.rank, bulkhead.slots.inUse]).toEqual([1, 2, 1])
  })
})

describe("the class of a call", () => {
  test("is the one it names; of a tenant that has held its part for long what is critical is high", () => {
    const { clock, bulkhead, enter, now } = under({ limit: 10, quota: 0.3 })
    const rankOf = (facts: Facts) => bulkhead.rankOf(facts, now())
    const greedy = { priority: "critical", tenant: "greedy" } as const
    for (let call = 0; call < 4; call++) enter(greedy)
    expect(rankOf(greedy)).toBe(4)
    clock.step(60_000)
    expect([rankOf(greedy), rankOf({ ...greedy, tenant: "other" }), rankOf({ priority: "critical" })]).toEqual([
      3, 4, 4,
    ])
    expect([
      rankOf({ ...greedy, priority: "high" }),
      rankOf({ tenant: "greedy" }),
      rankOf({ priority: "bulk" }),
    ]).toEqual([3, 2, 0])
    // Whoever may have all of them is held to nothing, also where he has more than there are by now.
    bulkhead.adopt(gateWith({ limit: 2, quota: 1 }))
    expect(rankOf(greedy)).toBe(4)
  })
})

describe("who joins a line that is full", () => {
  test("takes the place of whoever has waited longest of a lower class, and is out himself where there is none", () => {
    const { bulkhead, enter, join, over, clock } = under({ limit: 1, queue: 2 })
    enter()
    const [first] = join({ priority: "bulk" })
    join({ priority: "bulk" })
    const [normal, out] = join()
    expect([out, bulkhead.line.size]).toEqual([first, 2])
    const [late, self] = join({ priority: "bulk" })
    expect([self, late.lane]).toEqual([late, undefined])
    // Who has left the line is no longer timed.
    clock.step(1000)
    expect(over.map(([one]) => one === first || one === late)).toEqual([false, false])
    expect(over.some(([one]) => one === normal)).toBe(true)
  })

  test("takes the place of one of his own class where somebody of it has waited as long as anybody may", () => {
    const outcome = (waitedMs: number) => {
      const { enter, join, clock, bulkhead } = under({ limit: 1, queue: 1, waitMs: 1000 })
      enter()
      const [first] = join()
      first.keeper = undefined
      clock.step(waitedMs)
      const [late, out] = join()
      return [out === late, out === first, late.isHurried, bulkhead.line.size]
    }
    expect([outcome(999), outcome(1000)]).toEqual([
      [true, false, false, 1],
      [false, true, false, 1],
    ])
  })
})

describe("whoever waits", () => {
  test("waits for as long as was set, or as he has time; and a fifth where his class has waited that long", () => {
    const { clock, enter, join, over, now } = under({ limit: 1, waitMs: 1000 })
    enter()
    const [patient] = join()
    patient.keeper = undefined
    const [, brief, none] = [join()[0], join({}, 300)[0], join({}, -5)[0]]
    clock.step(0)
    expect(over.splice(0).map(([one, at]) => [one === none, at])).toEqual([[true, 0]])
    clock.step(300)
    expect(over.splice(0).map(([one, at]) => [one === brief, at])).toEqual([[true, 300]])
    clock.step(700)
    expect(over.splice(0).map(([, at]) => at)).toEqual([1000])
    const [hurried] = join()
    expect([patient.isHurried, hurried.isHurried, now()]).toEqual([false, true, 1000])
    clock.step(199)
    expect(over).toEqual([])
    clock.step(1)
    expect(over.map(([one]) => one === hurried)).toEqual([true])
  })

  test("may wait on where he may wait longer by now, if that is worth a timer and he is in the line", () => {
    const { bulkhead, adopt, enter, join, waiter, now, clock, over } = under({ limit: 1, waitMs: 1000 })
    enter()
    const [patient] = join()
    const [brief] = join({}, 1001)
    clock.step(1000)
    expect(over.splice(0).length).toBe(2)
    expect(bulkhead.waitsOn(patient, now())).toBe(false)
    adopt({ limit: 1, waitMs: 1001 })
    expect(bulkhead.waitsOn(patient, now())).toBe(false)
    adopt({ limit: 1, waitMs: 1500 })
    expect([bulkhead.waitsOn(waiter(), now()), bulkhead.waitsOn(patient, now())]).toEqual([false, true])
    expect(bulkhead.waitsOn(brief, now())).toBe(false)
    clock.step(499)
    expect(over.splice(0).filter(([one]) => one === patient)).toEqual([])
    clock.step(1)
    expect(over.splice(0).map(([one]) => one === patient)).toEqual([true])
  })

  test("leaves the line once, and is not timed any more", () => {
    const { bulkhead, wheel, enter, join } = under({ limit: 1 })
    enter()
    const [one] = join()
    expect(wheel.size).toBe(1)
    expect([bulkhead.leaveLine(one), bulkhead.leaveLine(one), wheel.size, bulkhead.line.size]).toEqual([
      true,
      false,
      0,
      0,
    ])
  })

  test("is let in where there is a slot, the highest class first, the oldest of it", () => {
    const { bulkhead, wheel, adopt, enter, join, now } = under({ limit: 1 })
    enter()
    const [low] = join({ priority: "low" })
    const [high] = join({ priority: "high" })
    const [later] = join({ priority: "high" })
    expect(bulkhead.next(now())).toBeUndefined()
    adopt({ limit: 9 })
    expect([1, 2, 3, 4].map(() => bulkhead.next(now()))).toEqual([high, later, low, undefined])
    expect(wheel.size).toBe(0)
  })

  test("of a class that has not been served for forty calls and a second goes before the others, if there is a slot for it", () => {
    const options = { limit: 1, waitMs: 60_000 }
    const aged = (calls: number, ms: number, reserve = [0, 0, 0, 0, 0]) => {
      const { bulkhead, adopt, clock, enter, join, now } = under(options)
      enter()
      const [bulk] = join({ priority: "bulk" })
      const [low] = join({ priority: "low" })
      for (let call = 1; call < calls; call++) bulkhead.leave(enter({ priority: "critical" }), "success", now())
      clock.step(ms)
      const [critical] = join({ priority: "critical" })
      adopt({ ...options, limit: 2, reserve })
      const next = bulkhead.next(now())
      return next === critical ? "critical" : next === bulk ? "bulk" : next === low ? "low" : "nobody"
    }
    expect([aged(40, 1000), aged(39, 1000), aged(40, 999)]).toEqual(["bulk", "critical", "critical"])
    expect(aged(40, 1000, [0, 0, 0, 0, 0.5])).toBe("critical")
  })

  test("has had to let ordinary calls go first, too, that found their way clear", () => {
    const options = { limit: 1, waitMs: 60_000 }
    const { bulkhead, adopt, clock, enter, join, now } = under(options)
    const receipt = new Receipt({} as Settler, 1, 0)
    for (let call = 0; call < 40; call++) {
      bulkhead.enterOrdinary(receipt, now())
      bulkhead.leave(receipt, "success", now())
    }
    enter({ priority: "critical" })
    const [bulk] = join({ priority: "bulk" })
    clock.step(1000)
    join({ priority: "critical" })
    adopt({ ...options, limit: 2 })
    expect(bulkhead.next(now())).toBe(bulk)
  })

  test("gives way, by the lowest class and the longest waiting in it, where a gate has lowered what may wait", () => {
    const { bulkhead, adopt, enter, join } = under({ limit: 1, queue: 3 })
    enter()
    join()
    const [bulk] = join({ priority: "bulk" })
    join({ priority: "bulk" })
    expect(bulkhead.surplus).toBeUndefined()
    adopt({ limit: 1, queue: 2 })
    expect(bulkhead.surplus).toBe(bulk)
    bulkhead.leaveLine(bulk)
    expect(bulkhead.surplus).toBeUndefined()
  })
})

describe("a limit that is learned", () => {
  const adaptive = { limit: 1000, adaptive: true, least: 1, most: 1000, first: 20 }

  test("binds beside what was set, and is learned anew only where its bounds are others", () => {
    const { bulkhead, adopt, now } = under({ ...adaptive, limit: 30 })
    expect(bulkhead.limit(now())).toBe(20)
    expect([bulkhead.makeRoom(now()), bulkhead.limit(now())]).toEqual([true, 30])
    adopt({ ...adaptive, waitMs: 7 })
    expect(bulkhead.limit(now())).toBe(40)
    for (const other of [{ least: 2 }, { most: 999 }, { first: 21 }]) {
      bulkhead.makeRoom(now())
      adopt({ ...adaptive, ...other })
      expect([other, bulkhead.limit(now())]).toEqual([other, "first" in other ? 21 : 20])
    }
    adopt({ limit: 7 })
    expect([bulkhead.limit(now()), bulkhead.makeRoom(now()), bulkhead.giveWay(now())]).toEqual([7, false, false])
    adopt(adaptive)
    expect(bulkhead.limit(now())).toBe(20)
  })

  test("tells its news, and has none where it is set", () => {
    const { bulkhead, adopt, clock, now } = under(adaptive)
    expect(bulkhead.news(now())).toBeUndefined()
    bulkhead.makeRoom(now())
    expect(bulkhead.news(now())).toMatchObject({ type: "limit.moved", limit: 40, at: 0 })
    expect(bulkhead.news(now())).toBeUndefined()
    clock.step(20_000)
    // What has not stirred since is not looked at.
    expect(bulkhead.news(now())).toBeUndefined()
    adopt({ limit: 5 })
    expect(bulkhead.news(now())).toBeUndefined()
  })

  test("is deaf where no call ends for half a second, and gives way then; one that is set always is, and never does", () => {
    const { bulkhead, clock, now } = under(adaptive)
    clock.step(499)
    expect([bulkhead.isDeaf(now()), bulkhead.giveWay(now()), bulkhead.limit(now())]).toEqual([false, false, 20])
    clock.step(1)
    expect([bulkhead.isDeaf(now()), bulkhead.giveWay(now()), bulkhead.limit(now())]).toEqual([true, true, 40])
    const set = under({ limit: 1 }).bulkhead
    expect([set.isDeaf(0), set.giveWay(1e9)]).toEqual([true, false])
  })

  test("that has made room waits for what comes of it, save where its line is full of calls that came in one go", () => {
    const makesRoom = (queue: number, waiting: number, pauseMs = 0) => {
      const { bulkhead, clock, enter, join, now } = under({ ...adaptive, queue })
      for (let call = 0; call < 20; call++) {
        const receipt = enter()
        clock.step(20)
        bulkhead.leave(receipt, "success", now())
      }
      expect([bulkhead.makeRoom(now()), bulkhead.makeRoom(now()), bulkhead.limit(now())]).toEqual([true, false, 40])
      for (let call = 0; call < 40; call++) enter()
      for (let call = 0; call < waiting; call++) join()
      clock.step(pauseMs)
      return bulkhead.makeRoom(now())
    }
    expect([makesRoom(100, 100), makesRoom(101, 100), makesRoom(99, 99), makesRoom(100, 100, 11)]).toEqual([
      ...[true, false, false, false],
    ])
  })

  test("that has made room lets those wait on whose time is over, a call's length at a time, hurried or not, and ten times as long at most", () => {
    const { bulkhead, clock, enter, join, over, now } = under({ ...adaptive, waitMs: 200 })
    for (let call = 0; call < 20; call++) {
      const receipt = enter()
      clock.step(20)
      bulkhead.leave(receipt, "success", now())
    }
    expect([bulkhead.makeRoom(now()), bulkhead.limit(now())]).toEqual([true, 40])
    for (let call = 0; call < 40; call++) enter()
    const from = now()
    const [one] = join()
    one.isHurried = true
    const asked: number[] = []
    one.keeper = {
      waitedTooLong: () => {
        asked.push(now() - from)
        if (!bulkhead.waitsOn(one, now())) over.push([one, now() - from])
      },
    }
    clock.step(3000)
    expect(asked.slice(0, 3)).toEqual([200, 220, 240])
    expect([asked.length, over.map(([, at]) => at)]).toEqual([91, [2000]])
  })

  test("makes room for one who cannot wait, and lets him in where he then fits", () => {
    const { bulkhead, enter, now } = under({ ...adaptive, first: 1 })
    enter()
    expect([bulkhead.miss({}, now()), bulkhead.limit(now())]).toEqual([true, 2])
    enter()
    enter()
    enter()
    // Four of them would be too few.
    expect([bulkhead.miss({}, now()), bulkhead.limit(now())]).toEqual([false, 4])
    const set = under({ limit: 1 })
    set.enter()
    expect(set.bulkhead.miss({}, 0)).toBe(false)
  })

  test("lets one wait ten times as long while it is blind, and twice as long as calls take once it is not", () => {
    const waits = (ms: number | undefined) => {
      const { bulkhead, clock, enter, join, over, now } = under({ ...adaptive, first: 1, waitMs: 100 })
      clock.step(400)
      const first = enter()
      if (ms !== undefined) {
        clock.step(ms)
        bulkhead.leave(first, "success", now())
        enter()
      }
      const from = now()
      join()
      clock.step(5000)
      return over.map(([, at]) => at - from)
    }
    expect([waits(undefined), waits(20), waits(300), waits(900)]).toEqual([[1000], [100], [600], [1000]])
  })
})

test("what is restricted elsewhere does not matter to it", () => {
  const { bulkhead } = under({ limit: 3 }, (gate) => ({
    ...gate,
    restriction: { ...unrestricted, slots: 3, queue: 1 },
  }))
  expect([bulkhead.limit(0), bulkhead.queues]).toEqual([3, true])
})
