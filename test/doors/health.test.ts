/** Health through the doors: checks that pass, fail, hang and lie, and what follows for calls and endpoints. */
import * as Effect from "effect/Effect"
import { createBreakers, type HealthCheck } from "recloser"
import { describe, expect, test } from "vitest"
import { deferred, fail, trip, type World, world } from "../support/breakers.ts"

const healthOf = ({ breaker }: World) => breaker.metrics().components.health
const basic = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "10 seconds" },
} as const

describe("a check", () => {
  test("comes now and then, with jitter, until the breaker stops; what was bad gets a trickle until it is well again", async () => {
    let isWell = true
    const at: number[] = []
    const it = world({
      health: {
        check: () => {
          at.push(it.clock.now())
          if (!isWell) throw new Error("not today")
        },
        interval: "5 seconds",
      },
    })
    await it.clock.advance("1 minute")
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0))
    expect(at[0]).toBeLessThanOrEqual(1000)
    expect(gaps.every((gap) => gap >= 4000 && gap <= 6000)).toBe(true)
    expect(new Set(gaps).size).toBeGreaterThan(3)
    expect(healthOf(it)?.state).toBe("healthy")
    isWell = false
    await it.clock.advance("30 seconds")
    expect(healthOf(it)).toMatchObject({ state: "bad", reasons: ["check: not today"] })
    const answers = await Promise.all(Array.from({ length: 200 }, () => it.breaker.tryExecute(async () => 1)))
    const entered = answers.filter(({ ok }) => ok).length
    expect(entered).toBeGreaterThanOrEqual(5)
    expect(entered).toBeLessThanOrEqual(20)
    expect(it.breaker.wouldReject()).toMatchObject({ layer: "health", heldBy: ["health"], reason: "check: not today" })
    isWell = true
    await it.clock.advance("15 seconds")
    expect(it.breaker.wouldReject()).toBe(undefined)
    await it.breaker.stop()
    const before = at.length
    await it.clock.advance("1 minute")
    expect(at.length).toBe(before)
    expect(it.clock.pending).toBe(0)
  })

  test("checks of very many endpoints are told together, none is lost, and who is ill is known within a quarter of a second", async () => {
    const endpoints = Array.from({ length: 2000 }, (_, n) => `10.0.${n >> 8}.${n & 255}:80`)
    const told: number[] = []
    const inspect = ({
      type,
      event,
      actorRef,
    }: {
      type: string
      event: { type: string; more?: object[] }
      actorRef: { id: string }
    }) => {
      if (type === "@xstate.event" && event.type === "check.settled" && actorRef.id === "health")
        told.push(1 + (event.more?.length ?? 0))
    }
    let ill = ""
    const check: HealthCheck = ({ endpoint }) => endpoint?.id !== ill
    const config = { discovery: { endpoints }, health: { check, interval: "5 seconds", fall: 1 } } as const
    const it = world(config, { inspect: inspect as never })
    await it.clock.advance("2 seconds")
    expect(healthOf(it)).toMatchObject({ state: "healthy", endpoints: 2000, bad: 0 })
    expect(told.reduce((sum, each) => sum + each)).toBe(2000)
    expect(told.length).toBeLessThan(20)
    ill = "10.0.3.7:80"
    await it.clock.advance("7 seconds")
    expect(healthOf(it)).toMatchObject({ bad: 1, reasons: ["10.0.3.7:80: the check said so"] })
    await it.breaker.stop()
    expect(it.clock.pending).toBe(0)
  })

  test.each<[string, HealthCheck, string | undefined]>([
    ["answers nothing", () => undefined, undefined],
    ["answers true", async () => true, undefined],
    ["is an Effect that succeeds", () => Effect.succeed("well"), undefined],
    ["answers false", () => false, "check: the check said so"],
    ["says that it is not well", () => ({ healthy: false, reason: "disk full" }), "check: disk full"],
    [
      "throws",
      () => {
        throw new Error("boom")
      },
      "check: boom",
    ],
    ["rejects with nothing", () => Promise.reject(), "check: undefined"],
    ["is an Effect that fails", () => Effect.fail(new Error("no route")), "check: no route"],
    ["is an Effect that never ends", () => Effect.never, "check: no answer within 2000 ms"],
    [
      "hangs until it is aborted",
      ({ signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))),
      "check: no answer within 2000 ms",
    ],
    ["tells a long story", () => Promise.reject(new Error("x".repeat(1_000_000))), `check: ${"x".repeat(200)}`],
  ])("that %s", async (_what, check, reason) => {
    const it = world({ health: { check, fall: 1 } })
    await it.clock.advance("4 seconds")
    expect(healthOf(it)).toMatchObject({
      state: reason === undefined ? "healthy" : "bad",
      reasons: reason === undefined ? [] : [reason],
    })
    await it.breaker.stop()
  })

  test("that hangs for ever and heeds nothing is cut, and no other is begun beside it", async () => {
    let begun = 0
    const slow = deferred()
    const it = world({
      health: {
        check: () => {
          begun++
          return slow.promise
        },
        interval: "5 seconds",
      },
    })
    await it.clock.advance("1 minute")
    expect(begun).toBe(1)
    expect(healthOf(it)).toMatchObject({ state: "bad", reasons: ["check: the check before has not ended yet"] })
    slow.resolve("at last")
    await it.clock.advance("6 seconds")
    expect(begun).toBeGreaterThan(1)
    await it.breaker.stop()
  })

  test("of a service that flaps every second never makes it bad by default; where it does, a trickle enters", async () => {
    for (const [fall, rise, states] of [
      [3, 2, ["unknown", "suspect", "healthy"]],
      [1, 1, ["unknown", "healthy", "bad"]],
    ] as const) {
      const it = world({
        health: {
          check: () => Math.floor(it.clock.now() / 1000) % 2 === 0,
          ...{ interval: "1 second", jitter: 0, fall, rise },
        },
      })
      const seen = new Set<unknown>()
      let refused = 0
      for (let call = 0; call < 3000; call++) {
        const { ok } = await it.breaker.tryExecute(() => 1)
        if (!ok) refused++
        seen.add(healthOf(it)?.state)
        await it.clock.advance(100)
      }
      expect([...seen].sort()).toEqual([...states].sort())
      expect(refused / 3000).toBeLessThan(fall === 1 ? 0.55 : 0.001)
      expect(it.moves).toEqual([])
      await it.breaker.stop()
    }
  })

  test("is another after a reconfiguration, or none", async () => {
    const asked = { one: 0, other: 0 }
    const one = () => void asked.one++
    const other = () => void asked.other++
    const it = world({ health: { check: one } })
    await it.clock.advance("1 second")
    it.breaker.reconfigure({ health: { check: other } })
    await it.clock.advance("30 seconds")
    expect(asked.one).toBe(1)
    expect(asked.other).toBeGreaterThan(2)
    it.breaker.reconfigure({})
    const before = asked.other
    await it.clock.advance("30 seconds")
    expect(asked.other).toBe(before)
    await it.breaker.stop()
  })
})

describe("a half-open circuit", () => {
  const play = async (check: { isWell: boolean }) => {
    const it = world({
      ...basic,
      health: {
        check: () => {
          if (!check.isWell) throw new Error("down")
        },
        interval: "2 seconds",
        passive: false,
        fall: 1000,
      },
    })
    await it.clock.advance("4 seconds")
    return it
  }

  test("is decided by a check that saw the service well, and saw it fall ill: no call of a user is needed", async () => {
    const check = { isWell: true }
    const it = await play(check)
    await trip(it.breaker)
    check.isWell = false
    await it.clock.advance("9 seconds")
    check.isWell = true
    await it.clock.advance("10 seconds")
    expect(it.moves).toEqual(["closed → open", "open → halfOpen", "halfOpen → closed"])
    expect(it.breaker.metrics().calls.probes).toBe(0)
    await it.breaker.stop()
  })

  test("opens again for such a check that fails", async () => {
    const check = { isWell: true }
    const it = await play(check)
    await trip(it.breaker)
    check.isWell = false
    await it.clock.advance("15 seconds")
    expect(it.moves).toEqual(["closed → open", "open → halfOpen", "halfOpen → open"])
    await it.breaker.stop()
  })

  test("pays no heed to a check that saw nothing of the trouble", async () => {
    const it = await play({ isWell: true })
    await trip(it.breaker)
    await it.clock.advance("1 minute")
    expect(it.breaker.circuit).toBe("halfOpen")
    await it.breaker.stop()
  })
})

describe("with discovery", () => {
  test("each endpoint is checked, those that are bad get no calls, and come back", async () => {
    const dead = new Set(["b"])
    const it = world({
      discovery: { endpoints: ["a", "b", "c"] },
      health: { check: ({ endpoint }) => !dead.has(endpoint?.id ?? ""), interval: "1 second", rise: 1 },
    })
    await it.clock.advance("10 seconds")
    expect(it.breaker.metrics().components).toMatchObject({
      health: { state: "suspect", endpoints: 3, bad: 1 },
      discovery: { state: "fresh", away: 1 },
    })
    const used = async () => {
      const ids = new Set<string | undefined>()
      for (let call = 0; call < 60; call++) ids.add(await it.breaker.execute(async ({ endpoint }) => endpoint?.id))
      return [...ids].sort()
    }
    expect(await used()).toEqual(["a", "c"])
    dead.clear()
    await it.clock.advance("10 seconds")
    expect(await used()).toEqual(["a", "b", "c"])
    for (const id of ["a", "b", "c"]) dead.add(id)
    await it.clock.advance("10 seconds")
    expect(it.breaker.metrics().components).toMatchObject({
      health: { state: "bad" },
      discovery: { state: "panicking" },
    })
    await it.breaker.stop()
  })

  test("one that is suspect gets less than its part, a bad one none; where too few are well all get theirs", async () => {
    const ill = new Set<string>()
    const it = world({
      discovery: { endpoints: ["a", "b", "c"], panic: 0.5, ejection: false },
      health: {
        check: ({ endpoint }) => !ill.has(endpoint?.id ?? ""),
        interval: "10 seconds",
        jitter: 0,
        passive: false,
      },
    })
    const parts = async () => {
      const counts = { a: 0, b: 0, c: 0 }
      for (let call = 0; call < 900; call++)
        await it.breaker.execute(async ({ endpoint }) => void counts[endpoint?.id as "a" | "b" | "c"]++)
      return counts
    }
    const discovery = () => it.breaker.metrics().components.discovery
    await it.clock.advance("15 seconds")
    expect((await parts()).b).toBeGreaterThan(240)
    ill.add("b")
    await it.clock.advance("10 seconds")
    expect(discovery()).toMatchObject({ away: 0, suspect: 1 })
    const { b } = await parts()
    expect(b).toBeGreaterThan(90)
    expect(b).toBeLessThan(220)
    await it.clock.advance("20 seconds")
    expect(discovery()).toMatchObject({ away: 1, suspect: 0 })
    expect((await parts()).b).toBe(0)
    ill.add("a")
    await it.clock.advance("30 seconds")
    expect(discovery()).toMatchObject({ state: "panicking", away: 2 })
    const { a, c, b: all } = await parts()
    expect(Math.min(a, all, c)).toBeGreaterThan(240)
    await it.breaker.stop()
  })

  test("what checks say of endpoints is no reason to look for others", async () => {
    const ill = new Set<string>()
    const told: string[] = []
    const inspect = (seen: { type: string; event: { type: string }; actorRef: { id: string } }) => {
      if (seen.type === "@xstate.event" && seen.actorRef.id === "health") told.push(seen.event.type)
    }
    const check: HealthCheck = ({ endpoint }) => !ill.has(endpoint?.id ?? "")
    const config = {
      discovery: { endpoints: ["a", "b", "c"] },
      health: { check, interval: "1 second", jitter: 0 },
    } as const
    const it = world(config, { inspect: inspect as never })
    await it.clock.advance("5 seconds")
    told.length = 0
    for (let second = 0; second < 20; second++) {
      second % 2 === 0 ? ill.add("a") : ill.clear()
      await it.clock.advance("1 second")
    }
    expect(told.filter((type) => type === "check.settled").length).toBeGreaterThan(50)
    expect(told.filter((type) => type === "checks.changed")).toEqual([])
    await it.breaker.stop()
  })

  test("endpoints that are gone are checked no longer", async () => {
    const checked: (string | undefined)[] = []
    const lists: string[][] = [["a", "b"]]
    let wake = () => {}
    const it = world({
      discovery: {
        provider: async function* () {
          while (true) {
            const list = lists.shift()
            if (list !== undefined) yield list
            else await new Promise<void>((resolve) => (wake = resolve))
          }
        },
      },
      health: { check: ({ endpoint }) => void checked.push(endpoint?.id), interval: "1 second", fall: 1 },
    })
    await it.clock.advance("5 seconds")
    expect(new Set(checked)).toEqual(new Set(["a", "b"]))
    lists.push(["b", "c"])
    wake()
    await it.clock.advance("1 second")
    checked.length = 0
    await it.clock.advance("5 seconds")
    expect(new Set(checked)).toEqual(new Set(["b", "c"]))
    expect(healthOf(it)?.endpoints).toBe(2)
    await it.breaker.stop()
  })
})

test("passive health alone: calls that fail make the service suspect, then bad, and well again", async () => {
  const it = world({
    strategy: { type: "basic", window: { type: "count", calls: 1000, minimumCalls: 1000 } },
    health: true,
  })
  const states: (string | undefined)[] = []
  const seconds = async (count: number, call: () => Promise<unknown>) => {
    for (let second = 0; second < count; second++) {
      await call()
      await it.clock.advance("1 second")
      const state = healthOf(it)?.state
      if (state !== states.at(-1)) states.push(state)
    }
  }
  await seconds(5, () => fail(it.breaker, 30))
  await seconds(60, () => Promise.all(Array.from({ length: 30 }, () => it.breaker.tryExecute(() => "well"))))
  expect(states).toEqual(["unknown", "suspect", "bad", "healthy"])
  await it.breaker.stop()
})

test("a breaker of many has no checks of its own", () => {
  expect(() => createBreakers({ config: () => ({ health: true }) }).get("one")).toThrow(/is for a breaker of its own/)
})
