/** Discovery through the doors: lists, providers that behave and others, and calls that are handed endpoints. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { CallRejected, createBreaker, createBreakers, type EndpointsFinding, InvalidConfig } from "recloser"
import { Breaker } from "recloser/effect"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { down, failing, times, type World, world } from "../support/breakers.ts"
import { handProvider } from "../support/providers.ts"

const idOf = async ({ endpoint }: { readonly endpoint: { readonly id: string } | undefined }) => endpoint?.id
const settle = ({ clock }: Pick<World, "clock">) => clock.advance(0)

/** What discovery states, one after another. */
function findings({ breaker }: World): readonly EndpointsFinding[] {
  const all: EndpointsFinding[] = []
  breaker.on("finding", ({ finding }) => "away" in finding && all.push(finding))
  return all
}

describe("a list of endpoints", () => {
  test("is there at once: each call is handed one, and all are used", async () => {
    const { breaker } = world({ discovery: { endpoints: ["a:1", { address: "b:1", id: "b", zone: "near" }] } })
    const used = new Set<string | undefined>()
    await times(50, async () => used.add(await breaker.execute(idOf)))
    expect([...used].sort()).toEqual(["a:1", "b"])
    const ticket = breaker.acquire()
    expect(ticket.admitted && ticket.endpoint?.address).toMatch(/^[ab]:1$/)
    if (ticket.admitted) ticket.settle("success")
    expect(breaker.metrics().components).toMatchObject({ discovery: { state: "fresh", endpoints: 2, away: 0 } })
    await breaker.stop()
  })

  test("without discovery there is no endpoint", async () => {
    const { breaker } = world()
    expect(await breaker.execute(async ({ endpoint }) => endpoint)).toBe(undefined)
    await breaker.stop()
  })

  test("a further attempt goes to another endpoint", async () => {
    const { breaker, clock } = world({ discovery: { endpoints: ["a", "b", "c"] }, retry: { attempts: 3 } })
    const tried: (string | undefined)[] = []
    const call = breaker.tryExecute(
      async ({ endpoint }) => {
        tried.push(endpoint?.id)
        throw down
      },
      { idempotent: true },
    )
    await clock.advance("1 minute")
    await call
    expect([...tried].sort()).toEqual(["a", "b", "c"])
    await breaker.stop()
  })

  test("only the endpoint that is sick is held back: the circuit stays closed", async () => {
    const { breaker, clock, moves } = world({ discovery: { endpoints: ["a", "b", "c"] } })
    const held: string[] = []
    breaker.on("cell", ({ to, key }) => held.push(`${key} ${to}`))
    let toB = 0
    const call = (isDead: boolean) =>
      breaker.tryExecute(async ({ endpoint }) => {
        if (endpoint?.id !== "b") return "well"
        toB++
        return isDead ? failing() : "well"
      })
    await times(300, () => call(false))
    toB = 0
    for (let turn = 0; turn < 200; turn++) {
      await call(true)
      await clock.advance(10)
    }
    expect(held).toEqual(["b condemned"])
    expect(toB).toBeLessThanOrEqual(8)
    await clock.advance("30 seconds")
    await times(5, () => call(false))
    expect(held).toEqual(["b condemned", "b freed"])
    expect(moves).toEqual([])
    await breaker.stop()
  })
})

describe("what discovery finds reaches the cells of keys", () => {
  const keyOf = (n: number) => ({ key: `card ${n % 30}` })

  test("no key is held back for an endpoint that is dead, nor an endpoint for keys that are", async () => {
    for (const isDead of ["an endpoint", "keys"] as const) {
      const { breaker, clock, moves } = world({ discovery: { endpoints: ["a", "b", "c"] } })
      const held = new Set<string>()
      breaker.on("cell", ({ to, key }) => to === "condemned" && held.add(key))
      const call = (n: number, isSick: boolean) =>
        breaker.tryExecute(async ({ endpoint }) => {
          const fails = isDead === "keys" ? n % 3 === 1 : endpoint?.id === "b"
          return isSick && fails ? failing() : "well"
        }, keyOf(n))
      for (let n = 0; n < 600; n++) await call(n, false)
      for (let n = 0; n < 1200; n++) {
        await call(n, true)
        await clock.advance(10)
      }
      const { cells, components } = breaker.metrics()
      if (isDead === "keys") {
        expect([...held].every((key) => Number(key.slice(5)) % 3 === 1)).toBe(true)
        expect(cells?.condemned).toBe(10)
        expect(components.discovery?.away).toBe(0)
      } else {
        expect([...held]).toEqual(["b"])
        expect(cells?.condemned).toBe(0)
        expect(components.discovery?.away).toBe(1)
      }
      // It sees the failures of keys until they are understood, with discovery as without.
      expect(moves).toEqual(isDead === "keys" ? ["closed → degraded", "degraded → closed"] : [])
      await breaker.stop()
    }
  })
})

describe("a provider", () => {
  test("is listened to as long as the breaker lives; calls are refused until it has told of an endpoint", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider } })
    await settle(it)
    const refused = await it.breaker.tryExecute(idOf)
    expect(refused.ok === false && refused.error).toBeInstanceOf(CallRejected)
    expect(it.breaker.wouldReject()).toMatchObject({ layer: "discovery", reason: "no endpoint is known yet" })
    hand.tell(["a:1"])
    await settle(it)
    expect(await it.breaker.execute(idOf)).toBe("a:1")
    await it.breaker.stop()
    await settle(it)
    expect([hand.asked, hand.listening]).toEqual([1, 0])
    expect(it.clock.pending).toBe(0)
  })

  test("that fails keeps its last list, is told as trouble, and is asked again, later and later", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider } })
    const found = findings(it)
    await settle(it)
    hand.tell(["a:1"])
    await settle(it)
    const asked: number[] = []
    for (let failure = 0; failure < 5; failure++) {
      hand.fail(new Error("no route"))
      await settle(it)
      const at = it.clock.now()
      while (hand.listening === 0) await it.clock.advance(50)
      asked.push(it.clock.now() - at)
    }
    expect(found.map(({ state }) => state)).toEqual(["fresh", "stale"])
    expect(found.at(-1)?.reason).toBe("the provider failed: no route")
    expect(it.troubles.map(({ part }) => part)).toContain("discovery")
    expect(await it.breaker.execute(idOf)).toBe("a:1")
    expect(asked.every((ms) => ms <= 16_100)).toBe(true)
    expect(asked.at(-1)).toBeGreaterThan(asked[0] ?? 0)
    hand.tell(["a:1"])
    await it.clock.advance("1 second")
    expect(found.at(-1)?.state).toBe("fresh")
    await it.breaker.stop()
  })

  test.each([
    ["ends", (hand: ReturnType<typeof handProvider>) => hand.end(), "the provider has ended"],
    ["names none", (hand: ReturnType<typeof handProvider>) => hand.tell([]), "the last list names no endpoint"],
    [
      "tells nonsense",
      (hand: ReturnType<typeof handProvider>) => hand.tell("surprise"),
      "the last list names no endpoint",
    ],
    ["tells null", (hand: ReturnType<typeof handProvider>) => hand.tell(null), "the last list names no endpoint"],
  ])("that %s takes no endpoint away", async (_what, act, reason) => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider, settle: 0 } })
    await settle(it)
    hand.tell(["a:1"])
    await settle(it)
    act(hand)
    await settle(it)
    expect(it.breaker.metrics().components).toMatchObject({ discovery: { state: "stale", endpoints: 1, reason } })
    expect(await it.breaker.execute(idOf)).toBe("a:1")
    await it.breaker.stop()
  })

  test.each([
    [
      "throws at once",
      () => {
        throw new Error("boom")
      },
    ],
    ["answers none", () => undefined],
    ["answers a promise", async () => []],
    ["rejects", () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("boom")) }) })],
    [
      "answers an iterator without end",
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
    ],
    [
      "throws in next",
      () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => {
            throw new Error("boom")
          },
        }),
      }),
    ],
  ])("that %s harms nobody", async (_what, provider) => {
    const it = world({ discovery: { endpoints: ["a:1"], provider: provider as never } })
    await it.clock.advance("10 minutes")
    expect(await it.breaker.execute(idOf)).toBe("a:1")
    await it.breaker.stop()
    expect(it.clock.pending).toBe(0)
  })

  test("whose list has parts that are none is taken as far as it goes, and that is told", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider } })
    await settle(it)
    hand.tell([
      "a:1",
      "a:1",
      7,
      null,
      { address: "" },
      { address: "b:1", weight: -1 },
      { address: "c:1", zone: "near" },
    ])
    await settle(it)
    expect(it.breaker.metrics().components).toMatchObject({ discovery: { endpoints: 2 } })
    expect(String(it.troubles[0]?.error)).toContain("1 is named twice")
    expect(String(it.troubles[0]?.error)).toContain("[2] must be an address")
    await it.breaker.stop()
  })

  test("that names ten thousand has as many kept as may be, the same ones each time", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider, max: 50, settle: 0 } })
    const found = findings(it)
    await settle(it)
    const many = Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}:80`)
    hand.tell(many)
    await settle(it)
    hand.tell([...many].reverse())
    await settle(it)
    expect(found).toHaveLength(1)
    expect(found[0]?.endpoints).toHaveLength(50)
    expect(String(it.troubles[0]?.error)).toContain("10000 are named, of which 50 are kept")
    await it.breaker.stop()
  })

  test("whose list changes on every tick is heard once a second, and the last word counts", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider } })
    const found = findings(it)
    await settle(it)
    for (let tick = 0; tick < 1000; tick++) {
      hand.tell([`a:${tick}`])
      await it.clock.advance(10)
    }
    await it.clock.advance("1 second")
    expect(found.length).toBeGreaterThan(5)
    expect(found.length).toBeLessThanOrEqual(12)
    expect(found.at(-1)?.endpoints.map(({ id }) => id)).toEqual(["a:999"])
    await it.breaker.stop()
  })

  test("is another after a reconfiguration; the same one goes on, and so does what it told", async () => {
    const [first, second] = [handProvider(), handProvider()]
    const it = world({ discovery: { provider: first.provider } })
    await settle(it)
    first.tell(["a:1"])
    await settle(it)
    it.breaker.reconfigure({ discovery: { provider: first.provider, panic: 0.5 } })
    await settle(it)
    expect([first.asked, first.listening]).toEqual([1, 1])
    expect(await it.breaker.execute(idOf)).toBe("a:1")
    it.breaker.reconfigure({ discovery: { provider: second.provider } })
    await settle(it)
    expect([first.listening, second.listening]).toEqual([0, 1])
    expect(await it.breaker.execute(idOf)).toBe("a:1")
    second.tell(["b:1"])
    await settle(it)
    expect(await it.breaker.execute(idOf)).toBe("b:1")
    it.breaker.reconfigure({})
    await settle(it)
    expect(second.listening).toBe(0)
    expect(await it.breaker.execute(idOf)).toBe(undefined)
    await it.breaker.stop()
  })

  test("need not have answered yet for a restored breaker to know where to go", async () => {
    const hand = handProvider()
    const before = world({ discovery: { provider: hand.provider } })
    await settle(before)
    hand.tell(["a:1", "b:1"])
    await settle(before)
    const saved = JSON.parse(JSON.stringify(before.breaker.save()))
    await before.breaker.stop()
    const clock = createVirtualClock()
    const breaker = createBreaker("service", { discovery: { provider: hand.provider } }, { clock, restore: saved })
    expect(breaker.metrics().components).toMatchObject({ discovery: { state: "stale", endpoints: 2 } })
    expect(await breaker.execute(idOf)).toMatch(/^[ab]:1$/)
    await breaker.stop()
  })
})

describe("in Effect", () => {
  test("a provider may be a Stream, on the time of the program; an effect asks for its endpoint", () =>
    Effect.gen(function* () {
      const lists = Stream.make(["a:1"], ["b:1"]).pipe(
        Stream.tap(() => Effect.sleep("10 seconds")),
        Stream.concat(Stream.never),
      )
      const breaker = yield* Breaker.make("service", { discovery: { provider: lists } }, { log: false })
      expect((yield* breaker.wouldReject())?.layer).toBe("discovery")
      for (const id of ["a:1", "b:1"]) {
        yield* TestClock.adjust("10 seconds")
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        yield* TestClock.adjust("1 second")
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        expect((yield* breaker.guard(Breaker.endpoint))?.id).toBe(id)
      }
      expect(yield* Breaker.endpoint).toBe(undefined)
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.runPromise))

  test("a Stream in the door of promises is told what to do", async () => {
    const it = world({ discovery: { endpoints: ["a:1"], provider: Stream.make(["b:1"]) } })
    await settle(it)
    expect(String(it.troubles[0]?.error)).toContain("Stream.toAsyncIterable")
    await it.breaker.stop()
  })
})

describe("discovery is refused", () => {
  test("without a list and without a provider", () => {
    expect(() => createBreaker("service", { discovery: true })).toThrow(/config.discovery: must have endpoints/)
    for (const none of [{ endpoints: [{ address: "a", weight: 0 }] }, { endpoints: ["a"], where: { version: "2" } }])
      expect(() => createBreaker("service", { discovery: none })).toThrow(/config.discovery.endpoints: must name one/)
    expect(() => createBreaker("service", { discovery: { zone: "near" } })).toThrow(InvalidConfig)
  })

  test("for a breaker of many", () => {
    const many = createBreakers({ config: () => ({ discovery: { endpoints: ["a:1"] } }) })
    expect(() => many.get("one")).toThrow(/is for a breaker of its own/)
  })
})
