/** Endpoints that deceived: a circuit that heard nothing of an outage, calls that were sent where nobody answers, lists that were lost. */
import type { EndpointSet } from "recloser"
import { describe, expect, test } from "vitest"
import { down, times, type World, world } from "../support/breakers.ts"
import { handProvider } from "../support/providers.ts"

const settle = ({ clock }: Pick<World, "clock">) => clock.advance(0)

/** So many calls, ten milliseconds apart; those to the dead ones fail. Answers how many went to each. */
async function calls({ breaker, clock }: World, count: number, isDead: (id: string | undefined) => boolean) {
  const went: { [id: string]: number } = {}
  await times(count, async () => {
    await breaker.tryExecute(async ({ endpoint }) => {
      went[endpoint?.id ?? ""] = (went[endpoint?.id ?? ""] ?? 0) + 1
      if (isDead(endpoint?.id)) throw down
    })
    await clock.advance(10)
  })
  return went
}

describe("an outage that the circuit did not hear of", () => {
  test.each([0, 0.3])(
    "only endpoints that were left out are left on the list, all of them dead, panic %d",
    async (panic) => {
      const hand = handProvider()
      const it = world({ discovery: { provider: hand.provider, settle: 0, panic } })
      await settle(it)
      hand.tell(["a", "b", "c", "d"])
      await settle(it)
      await calls(it, 300, () => false)
      await calls(it, 300, (id) => id === "a" || id === "b")
      expect(it.breaker.metrics().components.discovery?.away).toBe(2)
      hand.tell(["a", "b"])
      await settle(it)
      await calls(it, 300, () => true)
      expect(it.moves).toContain("closed → open")
      await it.breaker.stop()
    },
  )

  test.each([
    ["is near, and no other is called", [{ address: "a", zone: "here" }, "b", "c"]],
    ["gets most of the calls", [{ address: "a", weight: 100 }, "b", "c"]],
  ])("nobody may be left out, and one %s", async (_what, endpoints) => {
    const it = world({ discovery: { endpoints, zone: "here", ejection: false } })
    await calls(it, 300, () => false)
    await calls(it, 300, () => true)
    expect(it.moves).toContain("closed → open")
    await it.breaker.stop()
  })

  test.each([
    [1, 16],
    [7, 4],
  ])("everything hangs just after one has failed for %i turns, %i at once", async (turns, atOnce) => {
    const discovery = { endpoints: ["a", "b", "c"].slice(0, turns === 1 ? 2 : 3), ejection: false } as const
    const it = world({ discovery, timeout: "30 seconds", priority: false })
    const play = async (count: number, call: (id: string | undefined) => Promise<unknown>) => {
      for (let turn = 0; turn < count; turn++) {
        for (let each = 0; each < atOnce; each++) void it.breaker.tryExecute(({ endpoint }) => call(endpoint?.id))
        await it.clock.advance(10)
      }
    }
    await play(200, () => Promise.resolve())
    await play(turns, (id) => (id === "a" ? Promise.reject(down) : Promise.resolve()))
    await play(100, () => new Promise(() => {}))
    expect(it.moves.join()).toContain("→ open")
    await it.clock.advance("30 seconds")
    await it.breaker.stop()
  })

  test("so many are dead that calls go to all of them", async () => {
    const strategy = { type: "basic" } as const
    const it = world({ discovery: { endpoints: [..."abcdefghij"], ejection: { share: 1 } }, priority: false, strategy })
    const play = async (turns: number, dead: string) => {
      for (let turn = 0; turn < turns; turn++) {
        for (let call = 0; call < 5; call++)
          void it.breaker.tryExecute(async ({ endpoint }) => {
            if (dead.includes(endpoint?.id ?? "")) throw down
          })
        await it.clock.advance(10)
      }
    }
    await play(200, "")
    for (const dead of ["a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"]) await play(20, dead)
    await play(1500, "abcdefgh")
    expect(it.breaker.metrics().components.discovery).toMatchObject({ state: "panicking" })
    expect(it.moves).toContain("closed → open")
    await it.breaker.stop()
  })

  test("the list is another one every second, and calls hang for longer than that", async () => {
    const hand = handProvider()
    const strategy = { type: "basic", window: { type: "consecutive", failures: 20 } } as const
    const it = world({ discovery: { provider: hand.provider, settle: 0 }, timeout: "3 seconds", strategy })
    for (let second = 0; second < 10; second++) {
      await settle(it)
      hand.tell([0, 1, 2].map((n) => `${second % 5}-${n}`))
      await settle(it)
      for (let call = 0; call < 20; call++) {
        void it.breaker.tryExecute(() => new Promise(() => {}))
        await it.clock.advance(50)
      }
    }
    expect(it.moves).toContain("closed → open")
    await it.clock.advance("3 seconds")
    await it.breaker.stop()
  })

  const lists: readonly (readonly [string, EndpointSet, string | undefined])[] = [
    ["two", ["a", "b"], undefined],
    ["three", ["a", "b", "c"], undefined],
    ["ten", [..."abcdefghij"], undefined],
    ["one that gets most of the calls", ["b", "c", { address: "a", weight: 100 }], undefined],
    ["one that gets nearly all calls", ["b", { address: "a", weight: 30 }], undefined],
    ["one that is near", ["b", "c", "d", { address: "a", zone: "here" }], "here"],
  ]
  const ways: readonly (readonly [string, (call: number) => Promise<unknown>])[] = [
    ["fails", () => Promise.reject(down)],
    ["hangs", () => new Promise(() => {})],
    ["fails nine times in ten", (call) => (call % 10 === 3 ? Promise.resolve() : Promise.reject(down))],
  ]
  const isDeadOf = { "one endpoint": (id: string | undefined) => id === "a", everything: () => true } as const

  test.each(
    lists.flatMap(([of, ...list]) =>
      ways.flatMap(([how, way]) =>
        [1, 8].flatMap((atOnce) => [false, true].map((isOneOut) => [of, how, atOnce, isOneOut, list, way] as const)),
      ),
    ),
  )(
    "of %s: everything %s, %i at once; one was left out before: %s",
    async (_of, _how, atOnce, isOneOut, [endpoints, zone], way) => {
      const it = world({ discovery: { endpoints, zone }, timeout: "3 seconds", priority: false })
      let number = 0
      const play = async (turns: number, dead: keyof typeof isDeadOf | "nothing") => {
        for (let turn = 0; turn < turns; turn++) {
          for (let call = 0; call < atOnce; call++)
            void it.breaker.tryExecute(async ({ endpoint }) => {
              if (dead !== "nothing" && isDeadOf[dead](endpoint?.id)) await way(number++)
            })
          await it.clock.advance(10)
        }
      }
      await play(300, "nothing")
      if (isOneOut) await play(500, "one endpoint")
      expect(it.moves).not.toContain("degraded → open")
      expect(it.breaker.circuit).not.toBe("open")
      const before = it.moves.length
      await play(50, "everything")
      expect(it.moves.slice(before).join()).toContain("→ open")
      await it.clock.advance("3 seconds")
      await it.breaker.stop()
    },
  )
})

describe("calls that were sent to an endpoint known to be dead", () => {
  const dead = async (more: object = {}) => {
    const it = world({ discovery: { endpoints: ["a", "b", "c"] }, ...more })
    await calls(it, 300, () => false)
    await calls(it, 100, (id) => id === "a")
    expect(it.breaker.metrics().components.discovery?.away).toBe(1)
    return it
  }

  test("one after another, because a probe that nobody waited for said nothing", async () => {
    const it = await dead()
    await it.clock.advance("10 seconds")
    let toA = 0
    for (let call = 0; call < 100; call++) {
      const leaves = new AbortController()
      const going = it.breaker.tryExecute(
        ({ endpoint }) => {
          if (endpoint?.id !== "a") return Promise.resolve()
          toA++
          return new Promise(() => {})
        },
        { signal: leaves.signal },
      )
      leaves.abort()
      await going
      await it.clock.advance(10)
    }
    expect(toA).toBeLessThanOrEqual(3)
    await it.breaker.stop({ grace: 0 })
  })

  test("one after another, while the operator has bypassed the breaker", async () => {
    const it = await dead()
    it.breaker.bypass("drill")
    await it.clock.advance("10 seconds")
    const went = await calls(it, 100, (id) => id === "a")
    expect(went["a"] ?? 0).toBeLessThanOrEqual(3)
    await it.breaker.stop()
  })

  test("by a further attempt of the call that had failed there", async () => {
    const it = await dead({ retry: { attempts: 2, backoff: { initial: "5 seconds", max: "5 seconds" } } })
    await it.clock.advance("1 minute")
    let again = 0
    for (let call = 0; call < 60; call++) {
      const tried: (string | undefined)[] = []
      const going = it.breaker.tryExecute(
        async ({ endpoint }) => {
          tried.push(endpoint?.id)
          if (endpoint?.id === "a" || tried.length === 1) throw down
        },
        { idempotent: true },
      )
      await it.clock.advance("10 seconds")
      await going
      if (tried.length === 2 && tried[0] === tried[1]) again++
      await calls(it, 10, (id) => id === "a")
    }
    expect(again).toBe(0)
    await it.breaker.stop()
  })

  test("by the only probe of a half-open circuit", async () => {
    let all = false
    const it = world({
      discovery: { endpoints: ["a", "b", "c"] },
      strategy: { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 10 } },
    })
    await calls(it, 300, () => false)
    await calls(it, 100, (id) => id === "a")
    all = true
    let probes = 0
    let failed = 0
    for (let round = 0; round < 20; round++) {
      all = true
      await calls(it, 50, (id) => all || id === "a")
      expect(it.breaker.circuit).toBe("open")
      all = false
      await it.clock.advance(it.breaker.wouldReject()?.retryAfterMs ?? 0)
      while (it.breaker.circuit === "halfOpen") {
        const exit = await it.breaker.tryExecute(async ({ endpoint }) => {
          probes++
          if (endpoint?.id === "a") throw down
        })
        if (!exit.ok) failed++
      }
      await it.clock.advance("10 seconds")
      if (it.breaker.circuit === "open") await it.clock.advance("1 minute")
      await calls(it, 20, (id) => id === "a")
    }
    expect([probes > 0, failed]).toEqual([true, 0])
    await it.breaker.stop()
  })
})

describe("an endpoint that was left out for ever", () => {
  test("another config leaves nobody out any more", async () => {
    const it = world({ discovery: { endpoints: ["a", "b", "c"] } })
    await calls(it, 300, () => false)
    await calls(it, 100, (id) => id === "a")
    it.breaker.reconfigure({ discovery: { endpoints: ["a", "b", "c"], ejection: false } })
    await it.clock.advance("1 minute")
    const went = await calls(it, 300, () => false)
    expect(went["a"]).toBeGreaterThan(50)
    expect(it.breaker.metrics().components.discovery?.away).toBe(0)
    await it.breaker.stop()
  })

  test("a call that had begun before discovery was turned off and on again ends there", async () => {
    const discovery = { endpoints: ["a", "b"] } as const
    const it = world({ discovery })
    await calls(it, 100, () => false)
    const begun = Array.from({ length: 40 }, () => it.breaker.acquire())
    it.breaker.reconfigure({})
    it.breaker.reconfigure({ discovery: { endpoints: ["a", "b"] } })
    for (const ticket of begun) if (ticket.admitted) ticket.settle(ticket.endpoint?.id === "a" ? "failure" : "success")
    expect(it.breaker.metrics().components.discovery).toMatchObject({ endpoints: 2, away: 0 })
    await it.clock.advance("10 seconds")
    const went = await calls(it, 100, () => false)
    expect([went["a"], went["b"]].map((count) => (count ?? 0) > 20)).toEqual([true, true])
    await it.breaker.stop()
  })
})

describe("a list that was lost", () => {
  test("the same list is news again after one that named nobody", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider, settle: 0 } })
    await settle(it)
    for (const list of [["a", "b"], [], ["a", "b"]]) {
      hand.tell(list)
      await settle(it)
    }
    expect(it.breaker.metrics().components.discovery).toMatchObject({ state: "fresh", reason: "" })
    await it.breaker.stop()
  })

  test("another config names the endpoints itself: nobody has to vouch for them", async () => {
    const hand = handProvider()
    const it = world({ discovery: { provider: hand.provider, settle: 0 } })
    await settle(it)
    hand.tell(["a", "b"])
    await settle(it)
    hand.fail(new Error("no route"))
    await settle(it)
    it.breaker.reconfigure({ discovery: { endpoints: ["c", "d"] } })
    await settle(it)
    expect(it.breaker.metrics().components.discovery).toMatchObject({ state: "fresh", reason: "" })
    await it.breaker.stop()
  })
})
