/** Calls that wait for a slot, through each door: they are answered once, and leave nothing behind. */

import { type Breaker, type BreakerConfig, CallRejected, InvalidConfig, type Permit } from "recloser"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { deferred, down, expectConsistent, failing, hanging, working, world } from "../support/breakers.ts"
import fc from "../support/property.ts"

const one: BreakerConfig = { strategy: "basic", timeout: false, metrics: false, priority: { limit: 1 } }
const layerOf = (error: unknown) => (error instanceof CallRejected ? error.layer : error)
const waitingIn = (breaker: Breaker) => breaker.metrics().calls.waiting

/** A breaker of one slot that is taken, and how to free it. */
function taken(config: BreakerConfig = one) {
  const all = world(config)
  const running = deferred()
  const first = all.breaker.execute(() => running.promise)
  const free = async () => {
    running.resolve("first")
    await first
  }
  return { ...all, free }
}

function expectNothingLeft({ breaker, clock }: Pick<ReturnType<typeof world>, "breaker" | "clock">): void {
  expect(breaker.metrics().calls).toMatchObject({ inFlight: 0, waiting: 0 })
  expect(wheelOf(clock).size).toBe(0)
  expectConsistent(breaker)
}

describe("a call that finds no slot", () => {
  test("waits through execute, tryExecute and wrap, and runs when there is one", async () => {
    const all = taken()
    const { breaker, free } = all
    const log: string[] = []
    const run = (name: string) => async () => {
      log.push(name)
      return name
    }
    const calls = [breaker.execute(run("a")), breaker.tryExecute(run("b")), breaker.wrap(run("c"))()]
    expect(waitingIn(breaker)).toBe(3)
    expect(log).toEqual([])
    await free()
    expect(await Promise.all(calls)).toEqual(["a", { ok: true, value: "b" }, "c"])
    expect(log).toEqual(["a", "b", "c"])
    expectNothingLeft(all)
  })

  test("never waits through acquire", async () => {
    const { breaker, free } = taken()
    expect(breaker.acquire({ priority: "critical" })).toMatchObject({
      admitted: false,
      layer: "limit",
      heldBy: ["priority"],
    })
    await free()
    const permit = breaker.acquire() as Permit
    expect(permit.admitted).toBe(true)
    expect(permit.settle("success")).toBe(true)
  })

  test("is given up by its caller's signal, and nobody else is touched", async () => {
    const all = taken()
    const { breaker, free } = all
    const giveUp = new AbortController()
    const [abandoned, patient] = [breaker.tryExecute(working, { signal: giveUp.signal }), breaker.execute(working)]
    giveUp.abort(new Error("no more"))
    expect(await abandoned).toEqual({ ok: false, error: new Error("no more") })
    expect(breaker.metrics().calls).toMatchObject({ waiting: 1, gaveUp: 1, rejected: 0 })
    await free()
    expect(await patient).toBe("up")
    expectNothingLeft(all)
  })

  test("spends its own deadline in the line, and has the rest of it for its work", async () => {
    const { breaker, clock, free } = taken()
    const short = breaker.tryExecute(working, { deadline: "200 millis" })
    let left = Number.NaN
    const long = breaker.tryExecute(
      async ({ deadline }) => {
        left = deadline - clock.now()
      },
      { deadline: "900 millis" },
    )
    await clock.advance("250 millis")
    expect(await short).toMatchObject({ ok: false, error: { layer: "queue", rule: "waited" } })
    await free()
    await long
    expect(left).toBe(650)
  })

  test("is refused after the queue's deadline, and its fallback answers", async () => {
    const { breaker, clock } = taken({ ...one, priority: { limit: 1, queue: { max: 2, deadline: "300 millis" } } })
    const calls = ["a", "b"].map((name) => breaker.execute(hanging, { fallback: (why) => `${name}: ${layerOf(why)}` }))
    const third = await breaker.tryExecute(working)
    expect(third).toMatchObject({ ok: false, error: { layer: "queue", rule: "full", heldBy: ["priority"] } })
    await clock.advance("300 millis")
    expect(await Promise.all(calls)).toEqual(["a: queue", "b: queue"])
    expect(breaker.metrics().refusals).toEqual({ queue: 3 })
  })

  test("with a signal that throws ends, and keeps nobody from the slot", async () => {
    const all = taken()
    const trap = () => {
      throw new Error("a trap")
    }
    const bad = { aborted: false, addEventListener: trap, removeEventListener: trap } as unknown as AbortSignal
    const half = { aborted: false, addEventListener: () => {}, removeEventListener: trap } as unknown as AbortSignal
    expect(await all.breaker.tryExecute(working, { signal: bad })).toEqual({ ok: false, error: new Error("a trap") })
    const [odd, next] = [all.breaker.tryExecute(working, { signal: half }), all.breaker.execute(working)]
    await all.free()
    await odd
    expect(await next).toBe("up")
    expectNothingLeft(all)
  })
})

describe("those who wait", () => {
  test("are refused when the breaker stops, before their own time is over", async () => {
    const all = taken()
    const waiting = all.breaker.tryExecute(working)
    const stopped = all.breaker.stop({ grace: "1 second" })
    await all.clock.advance("1 millis")
    expect(await waiting).toMatchObject({ ok: false, error: { layer: "lifecycle" } })
    await all.free()
    await stopped
    expect(wheelOf(all.clock).size).toBe(0)
  })

  test("are refused when the circuit opens or is forced open", async () => {
    const { breaker, clock } = taken()
    const waiting = breaker.tryExecute(working)
    breaker.forceOpen("maintenance")
    expect(waitingIn(breaker)).toBe(1)
    await clock.advance(0)
    expect(await waiting).toMatchObject({ ok: false, error: { layer: "operator" } })
  })

  test("run when the operator bypasses the breaker or only observes", async () => {
    for (const act of ["bypass", "shadow"] as const) {
      const all = taken()
      const waiting = all.breaker.execute(working)
      all.breaker[act]("an incident")
      await all.clock.advance(0)
      expect(await waiting).toBe("up")
      all.breaker.release("over")
      await all.free()
      expectNothingLeft(all)
    }
  })

  test("are let in by a new config with more slots, or with none", async () => {
    for (const priority of [{ limit: 3 }, false] as const) {
      const all = taken()
      const waiting = [all.breaker.execute(working), all.breaker.execute(working)]
      all.breaker.reconfigure({ ...one, priority })
      await all.clock.advance(0)
      expect(await Promise.all(waiting)).toEqual(["up", "up"])
      all.breaker.reconfigure(one)
      expect(all.breaker.acquire().admitted).toBe(false)
      await all.free()
      expectNothingLeft(all)
    }
  })

  test("are refused by the circuit that those before them have opened", async () => {
    const all = world({ ...one, strategy: { type: "basic", window: { type: "consecutive", failures: 3 } } })
    const calls = Array.from({ length: 10 }, () => all.breaker.tryExecute(failing))
    await all.clock.advance("1 millis")
    const errors = (await Promise.all(calls)).map((exit) => (exit.ok ? exit : layerOf(exit.error)))
    expect(errors).toEqual([down, down, down, ...new Array(7).fill("circuit")])
    expect(all.breaker.metrics().calls).toMatchObject({ inFlight: 0, waiting: 0 })
  })
})

describe("classes", () => {
  test("go in the order of what they matter, and one that is none is refused", async () => {
    const { breaker, free } = taken()
    const order: string[] = []
    const calls = (["bulk", "critical", "low", "high", "normal"] as const).map((priority) =>
      breaker.execute(async () => order.push(priority), { priority }),
    )
    await free()
    await Promise.all(calls)
    expect(order).toEqual(["critical", "high", "normal", "low", "bulk"])
    for (const options of [{ priority: "urgent" }, { tenant: "" }, { tenant: 5 }]) {
      const wrong = await breaker.tryExecute(working, options as never)
      expect(wrong).toMatchObject({ ok: false, error: expect.any(InvalidConfig) })
    }
  })
})

describe("a half-open circuit", () => {
  const opened = async () => {
    const all = world({
      strategy: {
        type: "basic",
        openFor: "1 second",
        probes: { needed: 1 },
        window: { type: "consecutive", failures: 3 },
      },
      priority: true,
    })
    return {
      ...all,
      trip: async () => {
        for (let call = 0; call < 3; call++) await all.breaker.tryExecute(failing, { priority: "critical" })
        expect(all.breaker.circuit).toBe("open")
      },
    }
  }

  test("lets a call that matters less try first, if there are such, for a quarter of a second", async () => {
    const { breaker, clock, trip } = await opened()
    await breaker.execute(working, { priority: "low" })
    await trip()
    await clock.advance("1 second")
    expect(breaker.wouldReject({ priority: "critical" })).toMatchObject({
      layer: "probe",
      rule: "spared",
      retryAfterMs: 250,
    })
    expect(await breaker.execute(working, { priority: "low" })).toBe("up")
    expect(breaker.circuit).toBe("closed")
  })

  test("lets a critical call try when no other comes, and at once where there never is another", async () => {
    const { breaker, clock, trip } = await opened()
    await trip()
    await clock.advance("1 second")
    expect(breaker.wouldReject({ priority: "critical" })).toBeUndefined()
    const other = await opened()
    await other.breaker.execute(working, { priority: "low" })
    await other.trip()
    await other.clock.advance("1250 millis")
    expect(await other.breaker.execute(working, { priority: "critical" })).toBe("up")
  })
})

describe("beside other components", () => {
  test("a call that may be repeated waits for its first attempt alone", async () => {
    const all = taken({ ...one, retry: true })
    const { breaker, clock, free } = all
    let attempts = 0
    const flaky = async () => {
      attempts++
      throw down
    }
    const call = breaker.tryExecute(flaky, { idempotent: true })
    // It has the slot before the next attempt asks for it.
    const behind = breaker.tryExecute(hanging, { deadline: "900 millis" })
    await free()
    await clock.advance("800 millis")
    expect(await call).toEqual({ ok: false, error: down })
    expect(attempts).toBe(1)
    await clock.advance("1 second")
    expect(await behind).toMatchObject({ ok: false, error: { name: "CallTimedOut" } })
    expectNothingLeft(all)
  })

  test("a call that may be repeated has what is left of its deadline after it has waited", async () => {
    const all = taken({ ...one, retry: true })
    const { breaker, clock, free } = all
    const call = breaker.tryExecute(hanging, { idempotent: true, deadline: "30 millis" })
    await clock.advance("20 millis")
    await free()
    await clock.advance("9 millis")
    expect(breaker.metrics().calls.inFlight).toBe(1)
    await clock.advance("1 millis")
    expect(await call).toMatchObject({ ok: false, error: { name: "CallTimedOut" } })
    expectNothingLeft(all)
  })

  test("a call whose part of the service turns out to be dead while it waits is refused when its turn comes", async () => {
    const all = world({ timeout: false, priority: { limit: 2 } })
    const { breaker } = all
    const keys = Array.from({ length: 20 }, (_, index) => `card ${index}`)
    for (let turn = 0; turn < 600; turn++) await breaker.execute(working, { key: keys[turn % 20] ?? "" })
    const blocked = deferred()
    const first = breaker.execute(() => blocked.promise)
    const calls = Array.from({ length: 40 }, () => breaker.tryExecute(failing, { key: "dead" }))
    const alive = breaker.execute(working, { key: "card 1" })
    const layers = (await Promise.all(calls)).map((exit) => (exit.ok ? exit : layerOf(exit.error)))
    expect(layers.filter((layer) => layer === "cell").length).toBeGreaterThan(0)
    expect(await alive).toBe("up")
    blocked.resolve("first")
    await first
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 0, waiting: 0 })
    expectConsistent(breaker)
  })
})

describe("a candidate", () => {
  test("hears of calls when they enter, and of those that are refused in the line", async () => {
    const all = taken({ ...one, candidate: "gradual" })
    const { breaker, clock, free } = all
    const waiting = [breaker.tryExecute(working), breaker.tryExecute(working, { deadline: "10 millis" })]
    await clock.advance("10 millis")
    await free()
    await Promise.all(waiting)
    expect(breaker.metrics().candidate?.calls).toMatchObject({ admitted: 2, wouldAdmit: 1 })
    await breaker.stop()
    expect(wheelOf(clock).size).toBe(0)
  })
})

test("no interleaving of ends, aborts and arrivals leaks a slot or leaves a call unanswered", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.nat(3), { maxLength: 12 }),
      async (s, limit, kinds) => {
        const all = world({ ...one, priority: { limit, queue: { max: 4, deadline: "1 minute" } } })
        let running = 0
        let most = 0
        const calls = kinds.map((kind, index) => {
          const abort = new AbortController()
          if (kind === 1)
            void s.schedule(Promise.resolve(), `abort ${index}`).then(() => abort.abort(new Error("gone")))
          const work = async () => {
            most = Math.max(most, ++running)
            try {
              await s.schedule(kind === 2 ? Promise.reject(new Error("bad")) : Promise.resolve(), `end ${index}`)
            } finally {
              running--
            }
          }
          const priority = (["bulk", "normal", "critical"] as const)[index % 3]
          return s
            .schedule(Promise.resolve(), `call ${index}`)
            .then(() => all.breaker.tryExecute(work, { signal: abort.signal, priority }))
        })
        await s.waitFor(Promise.all(calls))
        expect(most).toBeLessThanOrEqual(limit + kinds.filter((kind) => kind === 1).length)
        expectNothingLeft(all)
        const permits = Array.from({ length: limit }, () => all.breaker.acquire())
        expect(permits.every(({ admitted }) => admitted)).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
}, 60_000)
