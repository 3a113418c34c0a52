/** Rate limits as users meet them: through every door, in every mode, and with what they may write into a config. */
import * as Effect from "effect/Effect"
import { attach, type Breaker, CallRejected, createBreaker, createBreakers, InvalidConfig } from "recloser"
import { Breaker as EffectBreaker } from "recloser/effect"
import { breakerLogic } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test } from "vitest"
import { createActor } from "xstate"
import { expectConsistent, failing, type World, working, world } from "../support/breakers.ts"

const open: Breaker[] = []
const limited = (rateLimit: unknown, more: object = {}, options: object = {}): World => {
  const made = world({ rateLimit, ...more } as never, options)
  open.push(made.breaker)
  return made
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((breaker) => breaker.stop({ grace: 0 })))
})

/** How many of so many calls enter now. */
async function enter(breaker: Pick<Breaker, "tryExecute">, calls: number, options: object = {}): Promise<number> {
  const ends = await Promise.all(Array.from({ length: calls }, () => breaker.tryExecute(working, options)))
  return ends.filter(({ ok }) => ok).length
}

describe("a limit", () => {
  test("lets its burst enter, and then as many as its rate gives", async () => {
    const { breaker, clock } = limited({ limit: 10, interval: "1 second" })
    expect(await enter(breaker, 15)).toBe(10)
    await clock.advance(250)
    expect(await enter(breaker, 5)).toBe(2)
    expectConsistent(breaker)
    expect(breaker.metrics().refusals).toEqual({ rateLimit: 8 })
  })

  test("refuses with all that there is to know", async () => {
    const { breaker, clock } = limited({ limit: 3, interval: "1 minute", burst: 2 })
    await clock.advance(500)
    await enter(breaker, 2)
    await clock.advance(1000)
    const error = await breaker.execute(working).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CallRejected)
    expect(error).toMatchObject({
      breaker: "service",
      layer: "rateLimit",
      circuit: "closed",
      reason: "3 calls in 60 s are spent",
      heldBy: ["rateLimit"],
      since: 500,
      retryAfterMs: 19_000,
      rule: "rate",
      statistics: { calls: 2, failures: 0, slow: 0 },
    })
    expect((error as CallRejected).message).toBe(
      "service: rejected (rateLimit): 3 calls in 60 s are spent; retry in 19 s",
    )
    expect(breaker.circuit).toBe("closed")
  })

  test("says to the millisecond when to come back: refused one earlier, let in at that time", async () => {
    const { breaker, clock } = limited({ limit: 7, interval: "1 second", burst: 1 })
    await enter(breaker, 1)
    const { retryAfterMs = 0 } = breaker.wouldReject() ?? {}
    // To the next microsecond.
    expect(retryAfterMs).toBe(142.858)
    await clock.advance(retryAfterMs - 1)
    expect(breaker.wouldReject()?.retryAfterMs).toBeCloseTo(1, 9)
    await clock.advance(1)
    expect(await enter(breaker, 2)).toBe(1)
  })

  test("counts what a call costs, and asks without taking", async () => {
    const { breaker } = limited({ limit: 10 })
    expect(breaker.wouldReject({ cost: 10 })).toBeUndefined()
    expect(await enter(breaker, 3, { cost: 4 })).toBe(2)
    expect(breaker.wouldReject({ cost: 2.5 })?.retryAfterMs).toBe(50)
    expect(await enter(breaker, 9, { cost: 0.25 })).toBe(8)
    expect(breaker.acquire({ cost: 0.25 }).admitted).toBe(false)
  })

  test("never lets a call enter that costs more than the burst, and says that it never will", () => {
    const { breaker } = limited({ limit: 10, burst: 5 })
    expect(breaker.wouldReject({ cost: 6 })).toMatchObject({
      layer: "rateLimit",
      retryAfterMs: undefined,
      rule: "burst",
      reason: "it costs more than the burst of 5: it can never enter",
    })
  })

  test("beside others: the strictest decides, and what one refuses counts for none", async () => {
    const { breaker, clock } = limited({ limit: 5, limits: [{ limit: 6, interval: "1 minute" }] })
    expect(await enter(breaker, 9)).toBe(5)
    await clock.advance(1000)
    expect(await enter(breaker, 9)).toBe(1)
    expect(breaker.wouldReject()?.reason).toBe("6 calls in 60 s are spent")
    const [second, minute] = breaker.metrics().components.rateLimit?.limits ?? []
    expect([second?.left, minute?.left]).toEqual([4, expect.closeTo(0.1, 9)])
  })

  test("for each key leaves the others alone, and is one of all calls without a key", async () => {
    const { breaker } = limited({ limit: 2, perKey: true })
    expect(await enter(breaker, 5, { key: "a" })).toBe(2)
    expect(await enter(breaker, 5, { key: "b" })).toBe(2)
    expect(await enter(breaker, 5)).toBe(2)
    expect(breaker.wouldReject({ key: "a" })).toMatchObject({
      rule: "perKey",
      reason: "2 calls in 1 s for each key are spent",
    })
  })

  test("for each key with a table full of debtors lets newcomers in, and says whom they wait for where they share a place", async () => {
    const { breaker: many, clock } = limited({ perKey: { limit: 1, interval: "1 hour", max: 2 } })
    for (const debtor of ["a", "b"]) expect(await enter(many, 1, { key: debtor })).toBe(1)
    await clock.advance("1 minute")
    const newcomers = Array.from({ length: 8 }, (_, n) => `new ${n}`)
    const entered = await Promise.all(newcomers.map((key) => enter(many, 1, { key })))
    expect(entered.reduce((sum, one) => sum + one)).toBe(2)
    const refused = newcomers[entered.indexOf(0)]
    expect(many.wouldReject({ key: refused })).toMatchObject({
      rule: "perKey",
      reason:
        "1 calls in 3600 s for each key are spent, together with other new keys: 2 are told apart, and all of them owe something",
    })
    expect(many.wouldReject({ key: "a" })?.reason).toBe("1 calls in 3600 s for each key are spent")
  })

  test("for each key beside that of all: one key cannot take it all", async () => {
    const { breaker } = limited({ limit: 10, perKey: { limit: 6 } })
    expect(await enter(breaker, 20, { key: "greedy" })).toBe(6)
    expect(await enter(breaker, 20, { key: "modest" })).toBe(4)
  })

  test("does not mind a clock that goes back, and learns nothing from it", async () => {
    const clock = createVirtualClock()
    let offset = 0
    const jumping = { ...clock, now: () => clock.now() + offset }
    const { breaker } = limited({ limit: 1, interval: "1 second", burst: 1 }, {}, { clock: jumping })
    await clock.advance(5000)
    expect(await enter(breaker, 2)).toBe(1)
    offset = -4000
    expect(breaker.wouldReject()?.retryAfterMs).toBe(5000)
    offset = 0
    await clock.advance(1000)
    expect(await enter(breaker, 2)).toBe(1)
  })
})

describe("what a call that came to nothing has spent", () => {
  test("comes back when a breaker further in has refused it", async () => {
    const { breaker } = limited({ limit: 3 })
    const inner = limited(false).breaker
    inner.forceOpen("maintenance")
    for (let call = 0; call < 9; call++) {
      const error = await breaker.execute(() => inner.execute(working)).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ layer: "operator" })
    }
    expect(await enter(breaker, 9)).toBe(3)
  })

  test("of one that was made does not, however it ended", async () => {
    const { breaker } = limited({ limit: 3 })
    await breaker.tryExecute(failing)
    const ticket = breaker.acquire()
    if (ticket.admitted) ticket.settle("ignored")
    await enter(breaker, 1)
    expect(await enter(breaker, 9)).toBe(0)
  })

  test("is nothing for a call that anything else refuses", async () => {
    const { breaker } = limited(
      { limit: 3 },
      { strategy: { type: "basic", window: { type: "consecutive", failures: 1 } } },
    )
    await breaker.tryExecute(failing)
    expect(breaker.circuit).toBe("open")
    expect(await enter(breaker, 50)).toBe(0)
    expect(breaker.metrics().components.rateLimit?.limits).toEqual([{ limit: 3, intervalMs: 1000, burst: 3, left: 2 }])
  })
})

describe("in other modes", () => {
  test("shadow counts what it would refuse, and refuses nothing", async () => {
    const { breaker, clock } = limited({ limit: 2 })
    breaker.shadow("to see")
    expect(await enter(breaker, 6)).toBe(6)
    expect(breaker.metrics().calls).toMatchObject({ shadowed: 4, rejected: 0 })
    breaker.release("seen")
    expect(await enter(breaker, 1)).toBe(0)
    await clock.advance(500)
    expect(await enter(breaker, 3)).toBe(1)
  })

  test("bypass spends nothing", async () => {
    const { breaker } = limited({ limit: 2 })
    breaker.bypass("to save us")
    expect(await enter(breaker, 50)).toBe(50)
    breaker.release("saved")
    expect(await enter(breaker, 5)).toBe(2)
  })

  test("a candidate decides about the same calls, and spends nothing of the live limit", async () => {
    const { breaker } = limited({ limit: 4 }, { candidate: "basic" })
    expect(await enter(breaker, 9)).toBe(4)
    expect(breaker.metrics().candidate?.calls).toMatchObject({ admitted: 4, wouldAdmit: 5 })
  })

  test("half-open probes count", async () => {
    const basic = { type: "basic", window: { type: "consecutive", failures: 1 }, openFor: { base: 100, jitter: 0 } }
    const { breaker, clock } = limited({ limit: 1, interval: "10 seconds", burst: 1 }, { strategy: basic })
    await breaker.tryExecute(failing)
    await clock.advance(100)
    expect(breaker.circuit).toBe("halfOpen")
    expect(breaker.wouldReject()).toMatchObject({ layer: "rateLimit", circuit: "halfOpen", retryAfterMs: 9900 })
    await clock.advance(9900)
    expect(await enter(breaker, 2)).toBe(1)
  })
})

describe("a change of the config", () => {
  test("keeps what is spent", async () => {
    const { breaker, clock } = limited({ limit: 10 })
    await enter(breaker, 8)
    breaker.reconfigure({ rateLimit: { limit: 20 } })
    expect(await enter(breaker, 30)).toBe(12)
    breaker.reconfigure({ rateLimit: { limit: 5 } })
    expect(await enter(breaker, 30)).toBe(0)
    await clock.advance(1000)
    expect(await enter(breaker, 30)).toBe(5)
  })

  test("keeps it of each limit over the same time, wherever it stands", async () => {
    const { breaker } = limited({ limit: 10, limits: [{ limit: 12, interval: "1 minute" }] })
    await enter(breaker, 8)
    breaker.reconfigure({ rateLimit: { limit: 12, interval: "1 minute", limits: [{ limit: 10 }] } })
    expect(breaker.metrics().components.rateLimit?.limits.map(({ left }) => left)).toEqual([4, 2])
  })

  test("that takes the limit away lets all enter", async () => {
    const { breaker } = limited({ limit: 1 })
    expect(await enter(breaker, 5)).toBe(1)
    breaker.reconfigure({})
    expect(await enter(breaker, 5)).toBe(5)
    expect(breaker.metrics().components.rateLimit).toBeUndefined()
  })
})

describe("a breaker that is saved", () => {
  test("comes back with what it owes, less the time that has passed", async () => {
    const before = limited({ limit: 10, perKey: { limit: 5 } })
    await enter(before.breaker, 9, { key: "a" })
    await before.clock.advance(100)
    const saved = JSON.parse(JSON.stringify(before.breaker.save()))
    expect(saved.rates).toEqual([{ ms: 400 }, { ms: 0, keys: [["a", 900]] }])
    await before.clock.advance(200)
    const after = limited({ limit: 10, perKey: { limit: 5 } }, {}, { restore: saved, clock: before.clock })
    expect(await enter(after.breaker, 9, { key: "a" })).toBe(1)
    expect(await enter(after.breaker, 9, { key: "b" })).toBe(5)
    expect(await enter(after.breaker, 9, { key: "c" })).toBe(2)
  })

  test.each([
    ["no list", {}],
    ["negative", [{ ms: -1 }]],
    ["not a number", [{ ms: Number.NaN }]],
    ["endless", [{ ms: Number.POSITIVE_INFINITY }]],
    ["a hole", [null]],
    ["keys that are none", [{ ms: 0, keys: [["x".repeat(1000), 5]] }]],
    ["keys without a time", [{ ms: 0, keys: [["a"]] }]],
  ])("is refused with rates that are %s", (_what, rates) => {
    const saved = { ...limited({ limit: 1 }).breaker.save(), rates }
    expect(() => createBreaker("service", {}, { restore: saved as never })).toThrow(/restore\.rates/)
  })

  test("owes no more than a burst, whatever was written", async () => {
    const saved = { ...limited({ limit: 5 }).breaker.save(), rates: [{ ms: 1e300 }] }
    const { breaker, clock } = limited({ limit: 5 }, {}, { restore: saved })
    expect(breaker.wouldReject()?.retryAfterMs).toBe(200)
    await clock.advance(1000)
    expect(await enter(breaker, 9)).toBe(5)
  })
})

describe("breakers by key", () => {
  const config = () => ({ rateLimit: { limit: 2, interval: "1 second" as const } })

  test("have a limit each, which a rest does not renew", async () => {
    const clock = createVirtualClock()
    const breakers = createBreakers({ config }, { clock })
    for (let turn = 0; turn < 3; turn++) expect(await enter(breakers.get("a"), 1)).toBe(turn < 2 ? 1 : 0)
    expect(await enter(breakers.get("b"), 5)).toBe(2)
    await clock.advance(500)
    expect(await enter(breakers.get("a"), 5)).toBe(1)
    await breakers.stop()
  })

  test("rest with nothing spent, and wake with the whole burst and their evidence", async () => {
    const clock = createVirtualClock()
    const breakers = createBreakers({ config, idle: "1 minute" }, { clock })
    await enter(breakers.get("a"), 2)
    await clock.advance("50 seconds")
    expect(breakers.metrics()).toMatchObject({ live: 0, calls: { success: 2 } })
    expect(breakers.get("a").wouldReject()).toBeUndefined()
    expect(breakers.get("a").wouldReject({ cost: 3 })?.rule).toBe("burst")
    expect(await enter(breakers.get("a"), 5)).toBe(2)
    await breakers.stop()
  })

  test("are not forgotten while they owe something", async () => {
    const clock = createVirtualClock()
    const daily = () => ({ rateLimit: { limit: 1, interval: "1 day" as const } })
    const breakers = createBreakers({ config: daily, idle: "1 minute", max: 10 }, { clock })
    expect(await enter(breakers.get("a"), 2)).toBe(1)
    await clock.advance("1 hour")
    expect(await enter(breakers.get("a"), 1)).toBe(0)
    await clock.advance("2 days")
    expect(breakers.has("a")).toBe(false)
    await breakers.stop()
  })
})

test("breakers by key are saved with what each owes, also those without actors", async () => {
  const clock = createVirtualClock()
  const config = () => ({ rateLimit: { limit: 2, interval: "10 seconds" as const } })
  const before = createBreakers({ config }, { clock })
  expect(await enter(before.get("a"), 5)).toBe(2)
  expect(before.metrics().live).toBe(0)
  const saved = JSON.parse(JSON.stringify(before.save()))
  expect(before.metrics().live).toBe(0)
  await before.stop()
  const after = createBreakers({ config }, { clock, restore: saved })
  expect(await enter(after.get("a"), 5)).toBe(0)
  expect(await enter(after.get("b"), 5)).toBe(2)
  await clock.advance("5 seconds")
  expect(await enter(after.get("a"), 5)).toBe(1)
  await after.stop()
})

test("an attached actor's breaker is held to the limits of the actor", async () => {
  const clock = createVirtualClock()
  const actor = createActor(breakerLogic, { input: { name: "attached", rateLimit: { limit: 2 } }, clock }).start()
  const breaker = attach(actor, { clock })
  expect(await enter(breaker, 5)).toBe(2)
  await breaker.stop()
  actor.stop()
})

test("an effect is held to it, with its cost", async () => {
  const program = Effect.gen(function* () {
    const breaker = yield* EffectBreaker.make(
      "effects",
      { rateLimit: { limit: 5, interval: "1 hour" } },
      { log: false },
    )
    const ends = yield* Effect.forEach([2, 2, 2, 1], (cost) =>
      breaker
        .guard(Effect.succeed(cost), { cost })
        .pipe(Effect.catchTag("CallRejected", ({ rule }) => Effect.succeed(rule))),
    )
    return [ends, (yield* breaker.wouldReject({ cost: 1 }))?.layer]
  })
  expect(await Effect.runPromise(Effect.scoped(program))).toEqual([[2, 2, "rate", 1], "rateLimit"])
})

describe("what a service says of its limits", () => {
  const quota = (said: object) => ({ classify: () => ({ kind: "success", quota: said }) as never })
  const overrun = { classify: () => ({ kind: "failure", quota: { exceeded: true } }) as never }

  test("is no failure: the circuit stays as it is, and the rate comes down", async () => {
    const { breaker, clock } = limited(true, {
      strategy: { type: "basic", window: { type: "consecutive", failures: 3 } },
    })
    for (let call = 0; call < 30; call++) {
      await breaker.tryExecute(working, call % 3 === 0 ? overrun : {})
      await clock.advance(100)
    }
    expect(breaker.circuit).toBe("closed")
    const part = breaker.metrics().components.rateLimit
    expect(part?.state).toBe("throttled")
    expect(part?.rate).toBeGreaterThan(4)
    expect(part?.rate).toBeLessThan(8)
    expect(part?.limits.at(-1)).toMatchObject({ intervalMs: 1000, limit: part?.rate })
    while (breaker.wouldReject() === undefined) await breaker.execute(working)
    const { reason, heldBy, rule } = breaker.wouldReject() ?? {}
    expect({ reason, heldBy, rule }).toMatchObject({ heldBy: ["rateLimit"], rule: "tightened" })
    expect(reason).toMatch(/^the service takes \d+(\.\d+)? calls a second$/)
  })

  test("a wait that it asks for is kept, and says so", async () => {
    const { breaker, clock } = limited({ limit: 100 })
    const asks = {
      classify: () => ({ kind: "failure", trip: true, retryAfter: "20 seconds", quota: { exceeded: true } }) as never,
    }
    await breaker.tryExecute(working, asks)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.wouldReject()).toMatchObject({
      layer: "rateLimit",
      reason: "the service asks to be left alone",
      heldBy: ["rateLimit"],
      retryAfterMs: 20_000,
    })
    await clock.advance("20 seconds")
    expect(await enter(breaker, 5)).toBe(5)
  })

  test("what is left is made to last", async () => {
    const { breaker, clock } = limited(true)
    for (let call = 0; call < 20; call++) {
      await breaker.tryExecute(working, quota({ remaining: 40 - call, reset: "30 seconds" }))
      await clock.advance(100)
    }
    expect(breaker.metrics().components.rateLimit).toMatchObject({ state: "throttled" })
    expect(breaker.metrics().components.rateLimit?.rate).toBeCloseTo(1, 0)
  })

  test("does not matter without rateLimit: a refusal is a failure", async () => {
    const { breaker } = limited(false)
    await breaker.tryExecute(working, overrun)
    await breaker.tryExecute(working, quota({ remaining: 0, reset: "1 hour" }))
    expect(breaker.metrics().calls).toMatchObject({ failure: 1, success: 1 })
  })

  test.each([
    ["no object", "much"],
    ["junk", { remaining: "many", reset: {} }],
    ["negative", { remaining: -5, reset: -1 }],
    ["endless", { remaining: Number.POSITIVE_INFINITY, reset: "1 hour" }],
  ])("is left out when it is %s", async (_what, said) => {
    const { breaker, clock } = limited(true)
    for (let call = 0; call < 30; call++) {
      await breaker.execute(working, { classify: () => ({ kind: "success", quota: said }) as never })
      await clock.advance(100)
    }
    expect(breaker.metrics().components.rateLimit?.state).toBe("steady")
  })
})

describe("a config", () => {
  const refusal = (rateLimit: unknown) => {
    try {
      createBreaker("service", { rateLimit: rateLimit as never })
    } catch (error) {
      return (error as InvalidConfig).problems.map(({ path, rule }) => `${path}: ${rule}`)
    }
    return []
  }

  test.each([
    [{ limit: 0 }, "config.rateLimit.limit: must be a number from 0.001 to 1000000"],
    [{ limit: Number.NaN }, "config.rateLimit.limit: must be a number from 0.001 to 1000000"],
    [{ limit: -5 }, "config.rateLimit.limit: must be a number from 0.001 to 1000000"],
    [{ limit: 5, interval: "0 millis" }, /^config\.rateLimit\.interval: must be a duration from 1 millis/],
    [{ limit: 5, burst: 0.5 }, "config.rateLimit.burst: must be a number from 1 to 1000000"],
    [{ burst: 5 }, "config.rateLimit.burst: needs a limit"],
    [{ interval: "1 second" }, "config.rateLimit.interval: needs a limit"],
    [{ perKey: true }, "config.rateLimit.perKey: needs a limit"],
    [{ perKey: {} }, "config.rateLimit.perKey.limit: must be given"],
    [
      { limit: 5, perKey: { limit: 5 } },
      "config.rateLimit.perKey.limit: must be stricter than the limit of all keys together",
    ],
    [
      { limit: 5, perKey: { limit: 1, max: 0 } },
      "config.rateLimit.perKey.max: must be a whole number from 1 to 1000000",
    ],
    [
      { limit: 0.001, interval: "1 day", burst: 100 },
      "config.rateLimit.burst: must come back within a year at this limit",
    ],
    [{ adaptive: false }, /^config\.rateLimit\.adaptive: must not be false where there is no limit/],
    [{ limit: 5, adaptive: { floor: 6 } }, "config.rateLimit.adaptive.floor: must not be above the limits"],
    [{ limits: 5 }, "config.rateLimit.limits: must be a list of up to 16 limits"],
    [{ limits: [{ interval: "1 second" }] }, "config.rateLimit.limits[0].limit: must be given"],
    [{ limits: [{ limit: 5, perKey: true }] }, /^config\.rateLimit\.limits\[0\]\.perKey: is not an option here/],
    [
      { limt: 5 },
      "config.rateLimit.limt: is not an option here; known: limit, interval, burst, limits, perKey, adaptive",
    ],
  ])("of %o is refused", (rateLimit, said) => {
    expect(refusal(rateLimit)).toEqual([typeof said === "string" ? said : expect.stringMatching(said)])
  })

  test.each([
    true,
    false,
    {},
    { limit: 0.5 },
    { limit: 1, interval: "31 days" },
    { limit: 100, interval: "1 second", burst: 1, adaptive: false },
    { limits: [{ limit: 5 }] },
    { limit: 1, interval: "1 minute" },
  ])("of %o is one", (rateLimit) => {
    expect(refusal(rateLimit)).toEqual([])
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e7, "1", null, {}])(
    "a cost of %o is refused with every call",
    async (cost) => {
      const { breaker } = limited({ limit: 5 })
      const options = { cost } as never
      const rule = "options.cost: must be a number above 0, and at most 1000000"
      await expect(breaker.execute(working, options)).rejects.toThrow(rule)
      expect(() => breaker.acquire(options)).toThrow(rule)
      expect(() => breaker.wouldReject(options)).toThrow(rule)
      expect(() => breaker.wrap(working, options)).toThrow(InvalidConfig)
      expect(await enter(breaker, 9)).toBe(5)
    },
  )
})
