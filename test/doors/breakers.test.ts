/** Many breakers by key: made when asked for, bounded, and nobody forgotten who matters. */
import {
  type BreakerConfig,
  type BreakerEvents,
  type BreakersConfig,
  createBreakers,
  InvalidConfig,
  StartFailed,
} from "recloser"
import { timeout } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { deferred, down, fail, failing, hanging, succeed, times, trip, working, world } from "../support/breakers.ts"
import { whileBroken } from "../support/parts.ts"

/** Opens at the second failure in a row. */
const brittle = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 hour", probes: { needed: 1 } },
  timeout: false,
} as const satisfies BreakerConfig

function many(config: BreakersConfig = {}) {
  const clock = createVirtualClock()
  const breakers = createBreakers({ config: () => brittle, ...config }, { clock })
  const troubles: BreakerEvents["trouble"][] = []
  breakers.on("trouble", (event) => troubles.push(event))
  return { clock, breakers, troubles }
}

const callEach = async (breakers: ReturnType<typeof many>["breakers"], keys: readonly string[]) => {
  for (const key of keys) await breakers.get(key).execute(working)
}
const names = (count: number, prefix = "key") => Array.from({ length: count }, (_, index) => `${prefix} ${index}`)

const problemsOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    if (error instanceof InvalidConfig) return error.problems
    throw error
  }
  return []
}

describe("get", () => {
  test("makes a breaker for a key when it is first asked for, and answers the same one again", async () => {
    const asked: string[] = []
    const { breakers } = many({
      config: (key) => {
        asked.push(key)
        return brittle
      },
    })
    expect(asked).toEqual([])
    const breaker = breakers.get("api.example")
    expect(breakers.get("api.example")).toBe(breaker)
    expect(asked).toEqual(["api.example"])
    expect(breaker).toMatchObject({ name: "api.example", phase: "active", circuit: "closed", mode: "auto" })
    expect(await breaker.execute(async () => 42)).toBe(42)
  })

  test("keeps keys apart: one opens, the others do not notice", async () => {
    const { breakers } = many()
    await trip(breakers.get("down"))
    await succeed(breakers.get("up"))
    expect(await breakers.get("down").tryExecute(working)).toMatchObject({
      ok: false,
      error: { _tag: "CallRejected", breaker: "down", layer: "circuit" },
    })
    expect(breakers.get("up").circuit).toBe("closed")
    expect(breakers.get("never seen").wouldReject()).toBeUndefined()
  })

  test("gives each key the config that its function answers", async () => {
    const { breakers, clock } = many({ config: (key) => ({ timeout: key === "slow" ? 5000 : 100 }) })
    const ends = ["slow", "fast"].map((key) => breakers.get(key).tryExecute(hanging))
    await clock.advance(100)
    expect(await ends[1]).toMatchObject({ error: { _tag: "CallTimedOut", breaker: "fast", timeoutMs: 100 } })
    await clock.advance(4900)
    expect(await ends[0]).toMatchObject({ error: { _tag: "CallTimedOut", breaker: "slow", timeoutMs: 5000 } })
  })

  test("asks for the config anew when a key becomes known again: defaults may change while it runs", async () => {
    let timeout = 100
    const { breakers, clock } = many({ config: () => ({ timeout }), idle: "1 minute" })
    expect(await breakers.get("a").execute(({ deadline }) => deadline - clock.now())).toBe(100)
    timeout = 200
    expect(await breakers.get("a").execute(({ deadline }) => deadline - clock.now())).toBe(100)
    expect(await breakers.get("b").execute(({ deadline }) => deadline - clock.now())).toBe(200)
    await clock.advance("2 minutes")
    expect(breakers.size).toBe(0)
    expect(await breakers.get("a").execute(({ deadline }) => deadline - clock.now())).toBe(200)
  })

  test("classifies by the config of the key, though it shares all else with other keys", async () => {
    const { breakers } = many({
      config: (key) => ({ ...brittle, classify: () => (key === "a" ? "ignored" : "failure") }),
    })
    for (const key of ["a", "b"]) await times(2, () => breakers.get(key).tryExecute(failing))
    expect([breakers.get("a").circuit, breakers.get("b").circuit]).toEqual(["closed", "open"])
  })

  test.each(["__proto__", "constructor", "toString", "\0", "\ud800", " ", "🔌", "a".repeat(200)])(
    "takes the key %j like any other",
    async (key) => {
      const { breakers } = many()
      await trip(breakers.get(key))
      expect(breakers.get(key).name).toBe(key)
      expect(breakers.metrics()).toMatchObject({ keys: 1, notable: [{ key, circuit: "open", mode: "auto" }] })
      expect(breakers.get("other").circuit).toBe("closed")
    },
  )

  test.each([undefined, null, 7, Symbol("key"), {}, ["a"], "", "a".repeat(201), "a".repeat(1_000_000)])(
    "refuses a key that is no string of 1 to 200 characters, and keeps nothing of it",
    (key) => {
      const { breakers } = many()
      expect(problemsOf(() => breakers.get(key as string))).toEqual([
        { path: "key", value: expect.any(String), rule: "must be a string of 1 to 200 characters" },
      ])
      expect(breakers.size).toBe(0)
    },
  )

  test("throws InvalidConfig that names the key when its config is wrong; other keys are untouched", async () => {
    const bad: { readonly [key: string]: () => unknown } = {
      throws: () => {
        throw new Error("no such host")
      },
      wrong: () => ({ timeout: -1 }),
      nothing: () => null,
      promise: async () => ({}),
    }
    const { breakers } = many({
      config: (key) => (bad[key]?.() ?? (key === "nothing" ? null : brittle)) as BreakerConfig,
    })
    await fail(breakers.get("good"))
    expect(problemsOf(() => breakers.get("throws"))).toEqual([
      { path: 'config("throws")', value: "no such host", rule: "must answer a config, and threw" },
    ])
    expect(problemsOf(() => breakers.get("wrong"))[0]).toMatchObject({ path: 'config("wrong").timeout' })
    expect(problemsOf(() => breakers.get("nothing"))[0]).toMatchObject({ path: 'config("nothing")' })
    expect(problemsOf(() => breakers.get("promise"))[0]).toMatchObject({ path: 'config("promise")' })
    await fail(breakers.get("good"))
    expect(breakers.get("good").circuit).toBe("open")
    expect(breakers.size).toBe(1)
  })
})

describe("createBreakers", () => {
  test.each([
    [{ max: 0 }, "config.max"],
    [{ max: Number.NaN }, "config.max"],
    [{ idle: -1 }, "config.idle"],
    [{ idle: "soon" }, "config.idle"],
    [{ config: {} }, "config.config"],
    [{ maximum: 5 }, "config.maximum"],
    [null, "config"],
  ])("refuses %j", (config, path) => {
    expect(problemsOf(() => createBreakers(config as BreakersConfig)).map((problem) => problem.path)).toEqual([path])
  })
})

describe("a key that is quiet", () => {
  test("has no actors, and no timer of its own", async () => {
    const { breakers, clock } = many({ config: () => ({}) })
    await callEach(breakers, names(50))
    await clock.advance("5 seconds")
    await callEach(breakers, names(50))
    expect(breakers.metrics()).toMatchObject({ keys: 50, live: 0, calls: { success: 100 } })
    // The one that looks around for all.
    expect(wheelOf(clock).size).toBe(1)
    expect(clock.pending).toBe(1)
  })

  test("still tells all that a breaker can tell", async () => {
    const { breakers, clock } = many({ config: () => ({}) })
    const breaker = breakers.get("a")
    await succeed(breaker, 2)
    await clock.advance("2 seconds")
    await fail(breaker)
    await clock.advance("1 second")
    expect(breaker.metrics()).toMatchObject({
      breaker: "a",
      at: 3000,
      calls: { admitted: 3, success: 2, failure: 1, inFlight: 0 },
      components: { metrics: { score: 2 / 3, msIn: { closed: 3000 } }, timeout: { state: "cold", timeoutMs: 30_000 } },
    })
    expect(breaker.save()).toMatchObject({ breaker: "a", mode: "auto", parts: { gradual: { circuit: "closed" } } })
    expect(breakers.metrics().live).toBe(0)
  })

  test("gets actors when it has much to learn from, and becomes quiet again when its calls do", async () => {
    const { breakers, clock } = many({ config: () => ({ strategy: "basic" }), idle: "10 minutes" })
    const breaker = breakers.get("a")
    await times(30, async () => {
      await succeed(breaker)
      await clock.advance("1 second")
    })
    expect(breakers.metrics().live).toBe(1)
    await times(6, async () => {
      await clock.advance("4 minutes")
      await succeed(breaker)
    })
    expect(breakers.metrics()).toMatchObject({ live: 0, keys: 1, calls: { success: 36 } })
    expect(breaker.metrics().calls).toMatchObject({ admitted: 36, success: 36 })
  })

  test("by default rests between failures and opens as one that had been there all the time", async () => {
    const { breakers, clock } = many({ config: () => ({}) })
    const { breaker, clock: other } = world()
    for (let call = 0; call < 12; call++) {
      await Promise.all([fail(breakers.get("a")), fail(breaker)])
      await Promise.all([clock.advance("1 second"), other.advance("1 second")])
    }
    expect(breakers.metrics().live).toBe(0)
    for (let call = 0; call < 4; call++) {
      expect([breakers.get("a").circuit, breaker.circuit]).toEqual(["closed", "closed"])
      await Promise.all([fail(breakers.get("a")), fail(breaker)])
    }
    expect([breakers.get("a").circuit, breaker.circuit]).toEqual(["open", "open"])
  })

  test("that learns what is usual keeps its actors from the thirteenth call on, until it is forgotten", async () => {
    const { breakers, clock } = many({ config: () => ({}), idle: "10 minutes" })
    const callSlowly = async () => {
      await clock.advance("4 minutes")
      await succeed(breakers.get("a"))
    }
    await times(12, callSlowly)
    expect(breakers.metrics()).toMatchObject({ keys: 1, live: 0 })
    await callSlowly()
    await clock.advance("4 minutes")
    expect(breakers.metrics()).toMatchObject({ keys: 1, live: 1 })
    await clock.advance("20 minutes")
    await succeed(breakers.get("b"))
    expect(breakers.metrics()).toMatchObject({ keys: 1, live: 0, calls: { success: 14 } })
  })

  test("remembers its window: it opens as if it had been there all the time", async () => {
    const { breakers, clock } = many()
    await fail(breakers.get("a"))
    await clock.advance("40 seconds")
    expect(breakers.metrics().live).toBe(0)
    await fail(breakers.get("a"))
    expect(breakers.get("a").circuit).toBe("open")
  })

  test("remembers a window that is longer than `idle` for as long as it is known", async () => {
    const strategy = { type: "basic", window: { type: "consecutive", failures: 5, maxAge: "1 hour" } } as const
    const { breakers, clock } = many({ config: () => ({ strategy }), idle: "1 minute" })
    await times(5, async () => {
      await clock.advance("50 seconds")
      await fail(breakers.get("a"))
    })
    expect(breakers.get("a").circuit).toBe("open")
  })

  test("counts a call in flight that is older than the slow line", async () => {
    const strategy = {
      type: "basic",
      window: { type: "consecutive", failures: 1 },
      slowCalls: { after: "1 second" },
    } as const
    const { breakers, clock } = many({ config: () => ({ strategy }) })
    void breakers.get("a").tryExecute(hanging)
    await clock.advance("1100 millis")
    expect(breakers.get("a").circuit).toBe("open")
  })
})

describe("actors that cannot start when they are needed", () => {
  test("are told as trouble; the call whose outcome called for them ends as it would, and the next alarm tries again", async () => {
    const { breakers, troubles } = many({ config: () => ({ ...brittle, timeout: true }) })
    const breaker = breakers.get("a")
    await fail(breaker)
    await whileBroken(timeout, async () => {
      expect(await breaker.tryExecute(failing)).toEqual({ ok: false, error: down })
      expect(troubles).toMatchObject([{ breaker: "a", part: "timeout", gaveUp: true }])
      expect(() => breaker.forceOpen("now")).toThrow(StartFailed)
      expect(await breaker.execute(working)).toBe("up")
    })
    expect(breaker).toMatchObject({ circuit: "closed", phase: "active" })
    breaker.forceOpen("now")
    expect(breaker.mode).toBe("forcedOpen")
    breaker.release("well")
    await succeed(breaker)
    await trip(breaker)
    expect(breakers.metrics()).toMatchObject({ live: 1, calls: { failure: 4, success: 2 } })
  })

  test("are refused with the key when a config is first seen", async () => {
    const { breakers } = many({ config: () => ({}) })
    await whileBroken(timeout, async () => expect(() => breakers.get("a")).toThrow(StartFailed))
    expect(await breakers.get("a").execute(working)).toBe("up")
  })
})

describe("the operator", () => {
  test("holds a quiet key like any other, and a key that is held is not forgotten", async () => {
    const { breakers, clock } = many({ idle: "1 minute" })
    breakers.get("a").forceOpen("maintenance")
    await clock.advance("1 hour")
    expect(breakers.metrics()).toMatchObject({ keys: 1, held: 1, notable: [{ key: "a", mode: "forcedOpen" }] })
    await expect(breakers.get("a").execute(working)).rejects.toMatchObject({ layer: "operator" })
    breakers.get("a").release("done")
    await succeed(breakers.get("a"))
    expect(breakers.get("a").circuit).toBe("closed")
    await clock.advance("2 minutes")
    expect(breakers.size).toBe(0)
  })

  test("leaves a quiet key quiet by releasing what was not held", async () => {
    const { breakers, clock } = many()
    breakers.get("a").release("nothing")
    await clock.advance("10 minutes")
    expect(breakers.metrics().live).toBe(0)
  })
})

describe("a config of its own", () => {
  test("is taken by one key alone, and forgotten with it", async () => {
    const { breakers, clock } = many({ config: () => ({ timeout: 100 }), idle: "1 minute" })
    const given = (key: string) => breakers.get(key).execute(({ deadline }) => deadline - clock.now())
    expect(await given("a")).toBe(100)
    breakers.get("a").reconfigure({ timeout: 200, classify: () => "ignored" })
    await clock.advance("30 seconds")
    expect([await given("a"), await given("b")]).toEqual([200, 100])
    expect(breakers.get("a").metrics().calls.ignored).toBe(1)
    expect(() => breakers.get("b").reconfigure({ timeout: -1 })).toThrow(InvalidConfig)
    await clock.advance("2 minutes")
    expect(await given("a")).toBe(100)
  })

  test("may be changed for all at once: quiet and live keys keep what they know, and new ones begin with it", async () => {
    const strategy = (failures: number) => ({
      config: () =>
        ({ ...brittle, strategy: { ...brittle.strategy, window: { type: "consecutive", failures } } }) as const,
    })
    const { breakers } = many(strategy(5))
    await fail(breakers.get("quiet"), 2)
    await fail(breakers.get("live"), 2)
    breakers.get("live").on("transition", () => {})
    await trip(breakers.get("open"))
    breakers.reconfigure(strategy(3).config)
    expect(breakers.metrics()).toMatchObject({ circuits: { open: 1, closed: 2 }, calls: { failure: 9 } })
    for (const key of ["quiet", "live"]) {
      expect(breakers.get(key).circuit).toBe("closed")
      await fail(breakers.get(key))
      expect(breakers.get(key).circuit).toBe("open")
    }
    await fail(breakers.get("new"), 3)
    expect(breakers.get("new").circuit).toBe("open")
  })

  test("is changed for all or for none", async () => {
    const { breakers, clock } = many({ config: () => ({ timeout: 100 }) })
    await callEach(breakers, names(30))
    const wrong = { timeout: -1 }
    expect(problemsOf(() => breakers.reconfigure((key) => (key === "key 7" ? wrong : {})))).toMatchObject([
      { path: 'config("key 7").timeout' },
    ])
    expect(problemsOf(() => breakers.reconfigure(() => wrong))).toHaveLength(20)
    expect(problemsOf(() => breakers.reconfigure({} as never))).toMatchObject([{ path: "config" }])
    for (const key of ["key 0", "key 7", "new"]) {
      expect(await breakers.get(key).execute(({ deadline }) => deadline - clock.now())).toBe(100)
    }
    breakers.reconfigure(() => ({ timeout: 200 }))
    for (const key of ["key 0", "key 7", "newer"]) {
      expect(await breakers.get(key).execute(({ deadline }) => deadline - clock.now())).toBe(200)
    }
    await breakers.stop()
    breakers.reconfigure(() => ({ timeout: 300 }))
  })

  test("may hold a candidate: such a key is live from its first call, and can be promoted", async () => {
    const candidate = { type: "basic", window: { type: "consecutive", failures: 1 } } as const
    const { breakers } = many({ config: () => ({ ...brittle, candidate }) })
    await fail(breakers.get("a"))
    expect(breakers.metrics()).toMatchObject({ live: 1, circuits: { closed: 1 } })
    expect(breakers.get("a").metrics().candidate).toMatchObject({ circuit: "open" })
    breakers.get("b").promote()
    await fail(breakers.get("b"))
    expect(breakers.get("b").circuit).toBe("open")
    expect(() => many().breakers.get("a").promote()).toThrow(InvalidConfig)
  })
})

describe("what is forgotten", () => {
  test("is what has been idle, and nothing else", async () => {
    const { breakers, clock } = many({ idle: "10 minutes" })
    await callEach(breakers, names(20))
    await trip(breakers.get("open"))
    const work = deferred()
    const running = breakers.get("running").execute(() => work.promise)
    const unlisten = breakers.get("heard").on("transition", () => {})
    await times(5, async () => {
      await clock.advance("4 minutes")
      await callEach(breakers, ["key 3"])
    })
    expect(["key 3", "open", "running", "heard"].filter((key) => breakers.has(key))).toHaveLength(4)
    expect(breakers.metrics()).toMatchObject({ keys: 4, evicted: 19, calls: { success: 25 } })
    work.resolve("done")
    expect(await running).toBe("done")
    unlisten()
    await clock.advance("20 minutes")
    // It has been half-open since, which is not closed.
    expect([...names(20), "running", "heard", "open"].filter((key) => breakers.has(key))).toEqual(["open"])
  })

  test("makes room for a new key: of those that may go, the one used least recently", async () => {
    const { breakers } = many({ max: 3 })
    await callEach(breakers, ["a", "b", "c", "a", "d"])
    expect(["a", "b", "c", "d"].filter((key) => breakers.has(key))).toEqual(["a", "c", "d"])
    expect(breakers.size).toBe(3)
  })

  test("is never open, in use, held or listened to, though new keys press", async () => {
    const { breakers } = many({ max: 6 })
    await trip(breakers.get("open"))
    void breakers.get("running").tryExecute(hanging)
    breakers.get("held").shadow("watching")
    breakers.get("heard").on("refusal", () => {})
    await callEach(breakers, names(1000))
    expect(["open", "running", "held", "heard"].filter((key) => breakers.has(key))).toHaveLength(4)
    expect(breakers.size).toBe(6)
    expect(breakers.get("open").circuit).toBe("open")
  })

  test("becomes known again by the next call, through a breaker that was kept", async () => {
    const { breakers, clock } = many({ idle: "1 minute" })
    const kept = breakers.get("a")
    await fail(kept)
    await clock.advance("2 minutes")
    expect(breakers.has("a")).toBe(false)
    expect(kept.circuit).toBe("closed")
    await fail(kept)
    expect(breakers.has("a")).toBe(true)
    // What it knew is forgotten.
    expect(kept.circuit).toBe("closed")
    expect(kept.metrics().calls.failure).toBe(1)
  })

  test("does not split a key in two: a breaker that was kept acts as the one that is known now", async () => {
    const { breakers, clock } = many({ idle: "1 minute" })
    const kept = breakers.get("a")
    await clock.advance("2 minutes")
    const now = breakers.get("a")
    expect(now).not.toBe(kept)
    await fail(kept)
    await fail(now)
    expect([kept.circuit, now.circuit]).toEqual(["open", "open"])
    expect(kept.metrics()).toEqual(now.metrics())
    expect(kept.wouldReject()).toEqual(now.wouldReject())
    kept.forceOpen("both")
    expect([kept.mode, now.mode]).toEqual(["forcedOpen", "forcedOpen"])
  })
})

const fullTable = "all 4 breakers are in use, and none of them may be forgotten: others run unprotected"

describe("a full table of breakers of which none may go", () => {
  async function full() {
    const world = many({ max: 4 })
    for (const key of names(4, "open")) await trip(world.breakers.get(key))
    return world
  }

  test("lets calls of new keys run unprotected: it fails nothing that would have succeeded", async () => {
    const { breakers } = await full()
    for (const key of names(100)) expect(await breakers.get(key).execute(working)).toBe("up")
    await times(10, () => breakers.get("new").tryExecute(failing))
    expect(await breakers.get("new").execute(working)).toBe("up")
    const ticket = breakers.get("new").acquire()
    expect(ticket.admitted && ticket.settle("failure")).toBe(true)
    expect(breakers.metrics()).toMatchObject({ keys: 4, unprotected: 112, circuits: { open: 4 } })
  })

  test("tells of them as trouble, at most once a second", async () => {
    const { breakers, clock, troubles } = await full()
    await callEach(breakers, names(100))
    expect(troubles.map(({ part, count, error }) => [part, count, String(error)])).toEqual([
      ["breakers", 1, `RangeError: ${fullTable}`],
    ])
    await clock.advance("1 second")
    await callEach(breakers, names(100))
    expect(troubles.map(({ count }) => count)).toEqual([1, 100])
  })

  test("protects a new key from the first call on for which there is room", async () => {
    const { breakers } = await full()
    const kept = breakers.get("new")
    await fail(kept, 5)
    expect(breakers.has("new")).toBe(false)
    await breakers.get("open 0").stop()
    await fail(kept, 2)
    expect(kept.circuit).toBe("open")
    expect(breakers.has("new")).toBe(true)
  })

  test("has room again as soon as calls have settled, whoever they are", async () => {
    const { breakers } = many({ max: 4 })
    const [quiet, live] = [deferred(), deferred()]
    const running = names(4).map((key, index) => breakers.get(key).execute(() => (index < 2 ? quiet : live).promise))
    for (const key of names(4).slice(2)) {
      breakers.get(key).shadow("to make it live")
      breakers.get(key).release("that will do")
    }
    await fail(breakers.get("new"), 2)
    expect(breakers.metrics()).toMatchObject({ unprotected: 2, keys: 4 })
    for (const work of [quiet, live]) work.resolve("up")
    await Promise.all(running)
    await fail(breakers.get("new"), 2)
    await fail(breakers.get("newer"), 2)
    expect(breakers.metrics()).toMatchObject({ unprotected: 2, keys: 4, circuits: { open: 2 } })
  })

  test("has room again when a listener leaves, though nobody calls that key any more", async () => {
    const { breakers } = many({ max: 1 })
    const unlisten = breakers.get("heard").on("mode", () => {})
    await fail(breakers.get("new"))
    unlisten()
    await fail(breakers.get("new"))
    expect(["heard", "new"].filter((key) => breakers.has(key))).toEqual(["new"])
  })

  test("does not drop an order of the operator or a listener in silence", async () => {
    const { breakers } = await full()
    expect(() => breakers.get("new").forceOpen("x")).toThrow(new RangeError(fullTable))
    expect(() => breakers.get("new").on("mode", () => {})).toThrow(new RangeError(fullTable))
    expect(breakers.get("new")).toMatchObject({ circuit: "closed", mode: "auto" })
    expect(breakers.get("new").metrics().calls.admitted).toBe(0)
  })
})

describe("group events", () => {
  test("tell what happens to every key, by its name", async () => {
    const { breakers } = many()
    const heard: string[] = []
    breakers.on("transition", ({ breaker, from, to }) => heard.push(`${breaker}: ${from} → ${to}`))
    breakers.on("mode", ({ breaker, to }) => heard.push(`${breaker}: ${to}`))
    const unlisten = breakers.on("refusal", ({ breaker, count }) => heard.push(`${breaker}: refused ${count}`))
    await trip(breakers.get("a"))
    await breakers.get("a").tryExecute(working)
    breakers.get("b").bypass("x")
    unlisten()
    breakers.get("b").release("x")
    expect(heard).toEqual(["a: closed → open", "a: refused 1", "b: bypassed", "b: auto"])
  })

  test("reach listeners of the key as well, and a listener that throws is isolated", async () => {
    const { breakers, troubles } = many()
    const own: string[] = []
    breakers.get("a").on("transition", ({ to }) => own.push(to))
    breakers.on("transition", () => {
      throw new Error("listener")
    })
    await trip(breakers.get("a"))
    expect(own).toEqual(["open"])
    expect(troubles).toMatchObject([{ breaker: "breakers", part: "listener", error: { message: "listener" } }])
  })
})

describe("metrics", () => {
  test("sum up all keys, those forgotten included, and name few", async () => {
    const { breakers, clock } = many({ max: 500, idle: "1 minute" })
    await callEach(breakers, names(300))
    await clock.advance("2 minutes")
    for (const key of names(200, "bad")) await trip(breakers.get(key))
    await breakers.get("bad 0").tryExecute(working)
    const metrics = breakers.metrics()
    expect(metrics).toMatchObject({
      keys: 200,
      live: 200,
      circuits: { open: 200, closed: 0 },
      evicted: 300,
      calls: { admitted: 700, success: 300, failure: 400, rejected: 1, inFlight: 0 },
      refusals: { circuit: 1 },
    })
    expect(metrics.notable).toHaveLength(100)
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
  })
})

describe("calls by the class that they name", () => {
  const quiet = { strategy: "basic", timeout: false, metrics: false } as const

  test("are summed over all keys, over those that rest and those that were let go", async () => {
    const { breakers, clock } = many({ max: 2, idle: "1 minute", config: () => quiet })
    await breakers.get("a").execute(working, { priority: "high" })
    await breakers.get("b").execute(working, { priority: "low" })
    await breakers.get("b").execute(working)
    expect(breakers.metrics().classes).toEqual({
      high: { admitted: 1, rejected: 0 },
      low: { admitted: 1, rejected: 0 },
    })
    expect(breakers.metrics().live).toBe(0)
    // Rested and awake again, it goes on where it was.
    await clock.advance("30 seconds")
    await breakers.get("a").execute(working, { priority: "high" })
    expect(breakers.get("a").metrics().classes).toEqual({ high: { admitted: 2, rejected: 0 } })
    await breakers.get("c").execute(working, { priority: "low" })
    await breakers.get("d").execute(working)
    expect(breakers.metrics().evicted).toBe(2)
    breakers.get("d").forceOpen("a test")
    await breakers.get("d").tryExecute(working, { priority: "bulk" })
    expect(breakers.metrics().classes).toEqual({
      high: { admitted: 2, rejected: 0 },
      low: { admitted: 2, rejected: 0 },
      bulk: { admitted: 0, rejected: 1 },
    })
    await breakers.stop()
    expect(breakers.metrics().classes).toMatchObject({ high: { admitted: 2 }, low: { admitted: 2 } })
  })
})
