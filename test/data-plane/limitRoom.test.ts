/** When a learned limit makes room for those who would be turned away, when it waits for what came of that, and on what ground it turns away. */
import { describe, expect, test } from "vitest"
import { callsAt, Goodput, levelOf } from "../../src/data-plane/limiter/goodput.ts"
import { Limit } from "../../src/data-plane/limiter/limit.ts"
import { Search } from "../../src/data-plane/limiter/search.ts"
import { isIn, layerOf, type NotedWaiter, slotted } from "../support/slots.ts"

const aloneMs = 50

/** A limit that begins at 20 and has seen 400 ms of a service with two calls in it, each of 50 ms. */
function wellUsed(most = 1000, least = 1) {
  const limit = new Limit(least, most, 20)
  const clock = { now: 0, area: 0 }
  const end = (inFlight: number, ms = aloneMs, kind: "success" | "timedOut" = "success") => {
    clock.now += 25
    clock.area += inFlight * 25
    limit.settle(kind, ms, clock.area, clock.now)
  }
  for (let call = 0; call < 16; call++) end(2)
  return { limit, clock, end }
}

const roomFor = (limit: Limit, now: number, callers: number) =>
  Array.from({ length: callers }, () => (limit.makeRoom(now) ? limit.value : "none"))

describe("room is made for those who would be turned away", () => {
  test("at once as often as they come, before anything is known of the service", () => {
    expect(roomFor(new Limit(1, 1000, 20), 0, 6)).toEqual([40, 80, 160, 320, 640, 1000])
  })

  test("once, and not again until as many calls have ended as there were slots: else they would flood what was well", () => {
    const { limit, clock, end } = wellUsed()
    expect([limit.tryingMs(clock.now), ...roomFor(limit, clock.now, 4)]).toEqual([0, 40, "none", "none", "none"])
    for (let call = 0; call < 19; call++) end(15)
    expect([limit.tryingMs(clock.now), ...roomFor(limit, clock.now, 1)]).toEqual([aloneMs, "none"])
    end(15)
    expect([limit.tryingMs(clock.now), ...roomFor(limit, clock.now, 2)]).toEqual([0, 80, "none"])
    for (let call = 0; call < 39; call++) end(30)
    expect(roomFor(limit, clock.now, 1)).toEqual(["none"])
    end(30)
    expect(roomFor(limit, clock.now, 2)).toEqual([160, "none"])
  })

  test.each([
    [1, 12, [24, 48, "none", "none"]],
    // 34 are 1.7 times as many as it began at, and no more.
    [17, 17, [34, 68, "none", "none"]],
    [18, 18, [36, "none", "none", "none"]],
  ])(
    "as often as they come where it is hardly more than it began at, and once beyond: so few are no flood (of %d and more)",
    (least, enough, room) => {
      const { limit, clock, end } = wellUsed(1000, least)
      // Twelve at once do as much as more of them would.
      for (let call = 0; call < 400 || limit.value !== enough; call++) {
        limit.wait()
        end(limit.value, 10 * Math.max(12, limit.value))
      }
      expect(roomFor(limit, clock.now, 1)).toEqual(["none"])
      expect(roomFor(limit, clock.now + 301_000, 4)).toEqual(room)
    },
  )

  test("never beyond the most that was set, and nobody waits for it there", () => {
    const { limit, clock } = wellUsed(40)
    expect([...roomFor(limit, clock.now, 2), limit.tryingMs(clock.now)]).toEqual([40, "none", 0])
  })

  test("not where calls timed out, and then nobody waits for what comes of room that was made", () => {
    const { limit, clock, end } = wellUsed()
    limit.makeRoom(clock.now)
    expect(limit.tryingMs(clock.now)).toBe(aloneMs)
    end(15, 1000, "timedOut")
    expect([limit.isGrounded(clock.now), limit.tryingMs(clock.now)]).toEqual([true, 0])
    for (let call = 0; call < 20; call++) end(15)
    expect(limit.isGrounded(clock.now) && roomFor(limit, clock.now, 1)).toEqual(["none"])
  })
})

/** Rounds in which every slot is taken, each of as many calls as there are slots: the limit after each, and whether it is known to be enough. */
function searched(rounds: number, rateOf: (calls: number, round: number) => number, meanMs = 20) {
  const search = new Search()
  let [limit, now] = [100, 0]
  const path: string[] = []
  for (let round = 0; round < rounds; round++) {
    now += 20
    const full = { inFlight: limit, rate: rateOf(limit, round), outcomes: limit, meanMs, isChoking: false }
    limit = search.next(limit, full, 20, now)
    path.push(search.isBounded(now) ? `${limit} is enough` : `${limit}`)
  }
  return { search, now, path }
}

const kneeAt = (knee: number) => (calls: number) => Math.min(calls, knee) / 20

describe("that hardly more was done with more calls is a ground", () => {
  test("as soon as it was seen, for half a minute", () => {
    const { search, now, path } = searched(3, kneeAt(100))
    expect(path).toEqual(["200", "100", "71 is enough"])
    expect([29_999, 30_000].map((later) => search.isBounded(now + later))).toEqual([true, false])
  })

  test("where half as many did as much, since the first of them had grown longer", () => {
    expect(searched(3, kneeAt(50), 40).path).toEqual(["50", "50", "36 is enough"])
  })

  test("never, where each call more brought as much as the others", () => {
    expect(searched(8, (calls) => calls / 20).path.map(Number)).toEqual([
      200, 400, 800, 1600, 3200, 6400, 12_800, 25_600,
    ])
  })

  test("no more, in the very round in which more of them are found to bring more", () => {
    const { path } = searched(12, (calls, round) => (round < 6 ? kneeAt(100)(calls) : calls / 20))
    expect(path.slice(8)).toEqual(["155 is enough", "155 is enough", "262 is enough", "262"])
  })
})

describe("more calls at once", () => {
  const enough = (rates: readonly (readonly [calls: number, rate: number, outcomes?: number])[]) => {
    const goodput = new Goodput()
    for (const [calls, rate, outcomes = 400] of rates) goodput.learn(levelOf(calls), rate, outcomes, 0)
    return goodput.isEnough(levelOf(rates[0]?.[0] as number), 0)
  }
  const rate = (of22: number, outcomes = 400) => [[11, 1, outcomes] as const, [22, of22, outcomes] as const]

  // Twice as many: half of the way are 41 % more. One outcome tells a rate within a factor of e: two of 400 differ by 7 % by chance, and by 14 % seldom.
  test("bring hardly more where it is less than half of what they might, and not by chance", () => {
    expect([11, 22].map((calls) => callsAt(levelOf(calls)))).toEqual([11, 22])
    expect([1, 1.22, 1.24, 1.5, 2].map((of22) => enough(rate(of22)))).toEqual([true, true, false, false, false])
    expect([8, 66, 67, 100].map((outcomes) => enough(rate(1, outcomes)))).toEqual([false, false, true, true])
    expect(enough([[11, 1]])).toBe(false)
  })

  test("are looked at from the next level on; fewer say nothing, nor does what is hardly known", () => {
    expect([
      enough([
        [5, 1],
        [6, 0.8],
      ]),
      enough([
        [5, 1],
        [4, 0.1],
      ]),
    ]).toEqual([true, false])
    expect(
      [7, 8].map((outcomes) =>
        enough([
          [11, 1],
          [22, 0.1, outcomes],
        ]),
      ),
    ).toEqual([false, true])
    // What is not known is passed over, and what lies beyond is not.
    expect(
      enough([
        [11, 1],
        [12, 1, 2],
        [22, 1],
      ]),
    ).toBe(true)
  })

  test("bring less where nothing is done with them, and say nothing where nothing is done without them", () => {
    expect([
      enough(rate(0)),
      enough([
        [11, 0],
        [22, 0],
      ]),
      enough([
        [11, 0],
        [22, 1],
      ]),
    ]).toEqual([true, false, false])
  })
})

/** A breaker's slots, learned, after twenty calls, one after the other; then so many come at once, and may wait for 200 ms. */
function overrun(calls: number, lastMs = 20) {
  const service = slotted({ limit: 1000, adaptive: true, least: 1, most: 1000, first: 20, queue: 1000, waitMs: 200 })
  const { call, end, clock } = service
  for (let turn = 0; turn < 20; turn++) {
    const one = call()
    clock.step(lastMs)
    end(one)
  }
  const all = Array.from({ length: calls }, () => call())
  const count = () => ({ in: all.filter(isIn).length, wait: all.filter((one) => layerOf(one) === "waits").length })
  return { ...service, all, count }
}

const endSome = (all: readonly NotedWaiter[], from: number, to: number, end: (one: NotedWaiter) => unknown) => {
  for (const one of all.slice(from, to)) end(one)
}

describe("who has waited as long as one may, while what came of room that was made is not seen yet,", () => {
  test("waits on, and is let in as soon as those before have ended", () => {
    const { clock, all, count, end } = overrun(300)
    expect(count()).toEqual({ in: 20, wait: 280 })
    clock.step(200)
    expect(count()).toEqual({ in: 40, wait: 260 })
    clock.step(100)
    expect(count()).toEqual({ in: 40, wait: 260 })
    endSome(all, 0, 20, end)
    expect(count()).toEqual({ in: 60, wait: 240 })
    expect(all.slice(0, 60).every(isIn)).toBe(true)
  })

  test("asks for more as soon as it is seen", () => {
    const { clock, all, count, end } = overrun(300)
    clock.step(220)
    endSome(all, 20, 40, end)
    expect(count()).toEqual({ in: 60, wait: 240 })
    clock.step(20)
    expect(count()).toEqual({ in: 100, wait: 200 })
  })

  test("is turned away when he has waited for ten times as long", () => {
    const { clock, all, count, end } = overrun(300)
    for (let turn = 0; turn < 4; turn++) {
      clock.step(450)
      endSome(all, turn, turn + 1, end)
    }
    clock.step(199)
    expect(count()).toEqual({ in: 44, wait: 256 })
    clock.step(1)
    expect(count()).toEqual({ in: 44, wait: 0 })
  })

  test("has no more time than he brought", () => {
    const { clock, call } = overrun(300)
    const brief = call({}, 210)
    clock.step(209)
    expect(layerOf(brief)).toBe("waits")
    clock.step(1)
    expect(layerOf(brief)).toBe("queue")
  })

  test("is not kept behind those who came later, and who are not hurried", () => {
    const { clock, all, call, end } = overrun(300)
    clock.step(201)
    const late = call()
    endSome(all, 0, 1, end)
    expect([isIn(all[40] as NotedWaiter), layerOf(late), late.isHurried]).toEqual([true, "waits", false])
    clock.step(150)
    expect(layerOf(late)).toBe("waits")
  })

  test("is let wait even if he came when it made no sense to wait for long", () => {
    const { clock, all, call, end } = overrun(40)
    clock.step(60)
    const others = Array.from({ length: 20 }, () => call())
    clock.step(40)
    endSome(all, 0, 20, end)
    clock.step(130)
    const hurried = call()
    expect([others.some(isIn), hurried.isHurried]).toEqual([false, true])
    clock.step(30)
    expect([others.every(isIn), layerOf(hurried)]).toEqual([true, "waits"])
    clock.step(20)
    expect(layerOf(hurried)).toBe("waits")
  })

  test("does not ask for it each millisecond, however many wait", () => {
    const { clock, all } = overrun(1000, 1)
    let asked = 0
    for (const one of all) {
      const { fire } = one
      one.fire = (now) => {
        asked++
        fire.call(one, now)
      }
    }
    clock.step(200)
    const before = asked
    clock.step(100)
    expect((asked - before) / all.length).toBeLessThanOrEqual(5)
  })
})
