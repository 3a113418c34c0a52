/** Keys through every door: a dead part of the service is held back by itself, and whoever asks is told. */
import * as Effect from "effect/Effect"
import {
  attach,
  type Breaker,
  type BreakerConfig,
  type BreakerEvents,
  CallRejected,
  createBreaker,
  createBreakers,
} from "recloser"
import { Breaker as EffectBreaker } from "recloser/effect"
import { breakerLogic, callThrough } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { createActor, waitFor } from "xstate"
import { down, expectConsistent, failing, working, world } from "../support/breakers.ts"
import { runTest } from "../support/effects.ts"
import { problemsOf } from "../support/refusals.ts"

const others = Array.from({ length: 20 }, (_, index) => `card ${index}`)

/** Enough good calls to know what is usual. */
const warm = async (breaker: Breaker) => {
  for (let turn = 0; turn < 600; turn++) await breaker.execute(working, { key: others[turn % 20] })
}

/** Bad calls to one part, good ones to the others, until it is held back. */
async function kill(breaker: Breaker, key: string): Promise<number> {
  for (let calls = 0; calls < 40; calls++) {
    if (breaker.wouldReject({ key })?.layer === "cell") return calls
    await breaker.tryExecute(failing, { key })
    for (const other of others) await breaker.tryExecute(working, { key: other })
  }
  throw new Error("it was never held back")
}

async function killed(config: BreakerConfig = {}) {
  const state = world(config)
  await warm(state.breaker)
  await kill(state.breaker, "dead")
  return state
}

describe("a call to a dead part", () => {
  test("is refused by execute, tryExecute, wrap and acquire; calls to others and calls without a key run", async () => {
    const { breaker, clock } = await killed()
    const options = { key: "dead" }
    const error = await breaker.execute(working, options).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(CallRejected)
    expect(error).toMatchObject({ layer: "cell", circuit: "closed", heldBy: ["cells"], rule: "cell" })
    expect(String(error)).toMatch(
      /^CallRejected: service: rejected \(cell\): "dead" is held back: its last \d+ calls were bad; retry in \d+ ms$/,
    )
    expect(await breaker.tryExecute(working, options)).toMatchObject({ ok: false, error: { layer: "cell" } })
    expect(
      await breaker
        .wrap(working, options)()
        .catch(() => "refused"),
    ).toBe("refused")
    expect(breaker.acquire(options)).toMatchObject({ admitted: false, layer: "cell" })
    expect(await breaker.execute(working, { ...options, fallback: ({ message }) => message })).toContain("(cell)")
    expect(await breaker.execute(working, { key: "card 3" })).toBe("up")
    expect(await breaker.execute(working)).toBe("up")
    expect(breaker.metrics().refusals).toEqual({ cell: 5 })
    await clock.advance("1 second")
    expect(await breaker.execute(working, options)).toBe("up")
    expect(breaker.wouldReject(options)).toBeUndefined()
    expectConsistent(breaker)
  })

  test("is foreseen by wouldReject, which condemns nobody and takes no probe's place", async () => {
    const { breaker, clock } = world()
    await warm(breaker)
    await kill(breaker, "dead")
    expect(breaker.metrics().cells).toMatchObject({ condemned: 0, probes: 0 })
    expect(breaker.wouldReject({ key: "dead" })).toMatchObject({ layer: "cell", since: clock.now() })
    await breaker.tryExecute(working, { key: "dead" })
    expect(breaker.metrics().cells).toMatchObject({ condemned: 1, notable: [{ key: "dead", since: clock.now() }] })
    await clock.advance("1 second")
    for (let turn = 0; turn < 3; turn++) expect(breaker.wouldReject({ key: "dead" })).toBeUndefined()
    expect(breaker.metrics().cells?.probes).toBe(0)
  })

  test("gives its probe back when its holder forgets it", async () => {
    const { breaker, clock } = await killed()
    await breaker.tryExecute(working, { key: "dead" })
    await clock.advance("1 second")
    const permit = breaker.acquire({ key: "dead", lease: "5 seconds" })
    expect(permit.admitted).toBe(true)
    expect(breaker.acquire({ key: "dead" }).admitted).toBe(false)
    await clock.advance("5 seconds")
    expect(breaker.acquire({ key: "dead" }).admitted).toBe(true)
  })

  test("that asks to be left alone is, and by itself: the others and the circuit do not hear of it", async () => {
    const { breaker, clock } = await killed()
    await breaker.tryExecute(working, { key: "dead" })
    await clock.advance("1 second")
    const classify = () => ({ kind: "failure", trip: true, retryAfter: "20 seconds" }) as const
    expect((await breaker.tryExecute(failing, { key: "dead", classify })).ok).toBe(false)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.wouldReject({ key: "dead" })).toMatchObject({ layer: "cell", retryAfterMs: 20_000 })
    await clock.advance("19 seconds")
    expect(breaker.wouldReject({ key: "dead" })).toMatchObject({ retryAfterMs: 1000 })
    await clock.advance("1 second")
    expect(await breaker.execute(working, { key: "dead" })).toBe("up")
  })

  test("runs in shadow and under bypass, and is counted as what it was", async () => {
    const { breaker } = await killed()
    breaker.shadow("a look")
    expect(await breaker.execute(working, { key: "dead" })).toBe("up")
    expect(breaker.metrics().calls.shadowed).toBe(1)
    breaker.bypass("a look")
    expect(await breaker.execute(working, { key: "dead" })).toBe("up")
    expectConsistent(breaker)
  })
})

describe("people are told", () => {
  test("by the event `cell`, thinned out: which key, how many, and what it was condemned on", async () => {
    const { breaker, clock } = world()
    const told: BreakerEvents["cell"][] = []
    breaker.on("cell", (event) => told.push(event))
    await warm(breaker)
    await kill(breaker, "dead")
    await breaker.tryExecute(working, { key: "dead" })
    await clock.advance("1 second")
    await breaker.execute(working, { key: "dead" })
    const [condemned, freed] = told
    expect(told).toHaveLength(2)
    expect(condemned).toMatchObject({
      type: "cell",
      breaker: "service",
      to: "condemned",
      key: "dead",
      count: 1,
      condemned: 1,
    })
    expect(condemned?.statistics.failures).toBeGreaterThanOrEqual(3)
    expect(freed).toMatchObject({ to: "freed", key: "dead", condemned: 0, at: clock.now() })
  })

  test("of refusals once a second, however many keys are refused", async () => {
    const { breaker, clock } = await killed()
    await kill(breaker, "dead too")
    const counts: number[] = []
    breaker.on("refusal", ({ count }) => counts.push(count))
    for (let turn = 0; turn < 50; turn++) {
      await breaker.tryExecute(working, { key: "dead" })
      await breaker.tryExecute(working, { key: "dead too" })
    }
    expect(counts).toEqual([1])
    expect(clock.now()).toBe(0)
  })

  test("by metrics, whose size does not grow with the number of keys, and which know no cells without keys", async () => {
    const { breaker } = world()
    await breaker.execute(working)
    expect(breaker.metrics().cells).toBeUndefined()
    await warm(breaker)
    expect(breaker.metrics().cells).toEqual({ remembered: 0, condemned: 0, probes: 0, notable: [] })
  })
})

describe("the option `cells`", () => {
  test("false: keys change nothing", async () => {
    const { breaker } = world({ strategy: { type: "gradual", cells: false } })
    await warm(breaker)
    await expect(kill(breaker, "dead")).rejects.toThrow("never held back")
    expect(breaker.metrics().cells).toBeUndefined()
  })

  test("goes and comes by reconfigure: what was held back is let in, and learned anew", async () => {
    const { breaker } = await killed()
    breaker.reconfigure({ strategy: { type: "gradual", cells: false } })
    expect(breaker.wouldReject({ key: "dead" })).toBeUndefined()
    breaker.reconfigure({ strategy: { type: "gradual", cells: { max: 64 } } })
    expect(breaker.wouldReject({ key: "dead" })).toBeUndefined()
    expect(await kill(breaker, "dead")).toBeGreaterThanOrEqual(3)
  })

  test("is kept where other settings change", async () => {
    const { breaker } = await killed()
    await breaker.tryExecute(working, { key: "dead" })
    breaker.reconfigure({ strategy: { type: "gradual", openFor: "3 seconds" } })
    expect(breaker.wouldReject({ key: "dead" })).toMatchObject({ layer: "cell" })
  })

  test("is `gradual`'s, also as the own circuit of `dependency`; `basic` heeds no keys", async () => {
    const own = world({ strategy: { type: "dependency", own: "gradual" } })
    await warm(own.breaker)
    expect(await kill(own.breaker, "dead")).toBeGreaterThanOrEqual(3)
    const basic = world({ strategy: { type: "basic", window: { type: "count", minimumCalls: 100 } } })
    await warm(basic.breaker)
    await expect(kill(basic.breaker, "dead")).rejects.toThrow("never held back")
  })

  test.each([
    ["strategy.cells", { cells: "yes" }],
    ["strategy.cells.max", { cells: { max: 63 } }],
    ["strategy.cells.max", { cells: { max: 65_537 } }],
    ["strategy.cells.max", { cells: { max: 99.5 } }],
    ["strategy.cells.max", { cells: { max: Number.NaN } }],
    ["strategy.cells.min", { cells: { min: 1 } }],
  ])("%s: %o is refused", (path, options) => {
    const strategy = { type: "gradual", ...options } as NonNullable<BreakerConfig["strategy"]>
    expect(problemsOf(() => createBreaker("service", { strategy })).map((problem) => problem.path)).toEqual([
      `config.${path}`,
    ])
  })
})

describe("a key that cannot be one", () => {
  const bad: readonly unknown[] = ["", "x".repeat(201), "x".repeat(1_000_000), 7, null, {}, ["a"], Symbol("key"), true]

  test.each(bad.map((key) => [typeof key, key]))(
    "(a %s) is refused by every door, and nothing is taken",
    async (_type, key) => {
      const { breaker } = world()
      const options = { key } as { readonly key: string }
      const path = (run: () => unknown) => problemsOf(run).map((problem) => problem.path)
      await expect(breaker.execute(working, options)).rejects.toMatchObject({ _tag: "InvalidConfig" })
      expect(await breaker.tryExecute(working, options)).toMatchObject({ ok: false, error: { _tag: "InvalidConfig" } })
      expect(path(() => breaker.acquire(options))).toEqual(["options.key"])
      expect(path(() => breaker.wouldReject(options))).toEqual(["options.key"])
      expect(path(() => breaker.wrap(working, options))).toEqual(["options.key"])
      expect(breaker.metrics().calls.admitted).toBe(0)
    },
  )

  test("is not one that only looks strange", async () => {
    const { breaker } = world()
    for (const key of ["\u0000", "\ud800", "__proto__", "constructor", "😀".repeat(100), " "]) {
      expect(await breaker.execute(working, { key })).toBe("up")
      await kill(breaker, key)
      expect(breaker.acquire({ key })).toMatchObject({ admitted: false, layer: "cell" })
    }
  })
})

test("Effect: guard refuses a dead part with a typed error, and lets others run", () =>
  runTest(
    Effect.gen(function* () {
      const breaker = yield* EffectBreaker.make("service")
      for (let turn = 0; turn < 600; turn++) yield* breaker.guard(Effect.succeed(1), { key: others[turn % 20] })
      for (let turn = 0; turn < 8; turn++) {
        yield* Effect.ignore(breaker.guard(Effect.fail(down), { key: "dead" }))
        for (const key of others) yield* breaker.guard(Effect.succeed(1), { key })
      }
      const error = yield* Effect.flip(breaker.guard(Effect.succeed(1), { key: "dead" }))
      expect(error).toMatchObject({ _tag: "CallRejected", layer: "cell" })
      expect(yield* breaker.wouldReject({ key: "dead" })).toMatchObject({ layer: "cell" })
      expect(yield* breaker.guard(Effect.succeed(2), { key: "card 0" })).toBe(2)
      expect((yield* breaker.metrics).cells?.condemned).toBe(1)
    }),
  ))

test("Effect: a call with a key is timed even where nothing else measures", () =>
  runTest(
    Effect.gen(function* () {
      const breaker = yield* EffectBreaker.make("service", {
        strategy: { type: "gradual", slowCalls: false },
        timeout: false,
        metrics: false,
      })
      for (let turn = 0; turn < 600; turn++) yield* breaker.guard(Effect.succeed(1), { key: others[turn % 20] })
      for (let turn = 0; turn < 8; turn++) {
        yield* Effect.ignore(breaker.guard(Effect.fail(down), { key: "dead" }))
        for (const key of others) yield* breaker.guard(Effect.succeed(1), { key })
      }
      const error = yield* Effect.flip(breaker.guard(Effect.succeed(1), { key: "dead" }))
      expect(error).toMatchObject({ layer: "cell", since: 0, retryAfterMs: expect.any(Number) })
    }),
  ))

describe("XState", () => {
  test("attach: the breaker of an actor knows cells, and the actor is not troubled by them", async () => {
    const clock = createVirtualClock()
    const actor = createActor(breakerLogic, { input: { name: "service" } }).start()
    const breaker = attach(actor, { clock })
    await warm(breaker)
    await kill(breaker, "dead")
    expect(await breaker.tryExecute(working, { key: "dead" })).toMatchObject({ ok: false, error: { layer: "cell" } })
    expect(actor.getSnapshot().context.finding.circuit).toBe("closed")
    await breaker.stop()
    actor.stop()
  })

  test("callThrough calls without a key run beside what is held back", async () => {
    const clock = createVirtualClock()
    const actor = createActor(breakerLogic, { input: { name: "service" } }).start()
    const breaker = attach(actor, { clock })
    await warm(breaker)
    await kill(breaker, "dead")
    await breaker.tryExecute(working, { key: "dead" })
    const call = createActor(callThrough, { input: { breaker: actor, run: working } }).start()
    const { output } = await waitFor(call, ({ status }) => status === "done")
    expect(output).toBe("up")
    await breaker.stop()
    actor.stop()
  })
})

describe("a candidate", () => {
  test("has cells of its own, and nobody obeys them", async () => {
    const { breaker } = world({ strategy: { type: "gradual", cells: false }, candidate: { type: "gradual" } })
    await warm(breaker)
    for (let turn = 0; turn < 8; turn++) {
      await breaker.tryExecute(failing, { key: "dead" })
      for (const key of others) await breaker.tryExecute(working, { key })
    }
    const { candidate, refusals } = breaker.metrics()
    expect(refusals).toEqual({})
    expect(candidate?.calls.wouldReject.failure).toBeGreaterThanOrEqual(3)
    expect(candidate?.calls.wouldReject.success).toBe(0)
  })
})

describe("a breaker among many", () => {
  test("knows cells, and does not rest while one is held back: that takes more calls than a journal of a quiet one tells", async () => {
    const clock = createVirtualClock()
    const hosts = createBreakers({}, { clock })
    const told: string[] = []
    hosts.on("cell", ({ breaker, to, key }) => told.push(`${breaker}: ${key} ${to}`))
    const host = hosts.get("api.example")
    for (let turn = 0; turn < 20; turn++) await host.execute(working, { key: `card ${turn}` })
    await kill(host, "dead")
    await host.tryExecute(working, { key: "dead" })
    expect(told).toEqual(["api.example: dead condemned"])
    await clock.advance("5 minutes")
    expect(host.metrics().cells?.condemned).toBe(1)
    await hosts.stop()
  })

  test("that rested takes a call with a key as the first of its life", async () => {
    const clock = createVirtualClock()
    const hosts = createBreakers({}, { clock })
    const host = hosts.get("api.example")
    await host.execute(working, { key: "card 1" })
    await clock.advance("5 minutes")
    expect(await host.execute(working, { key: "card 1" })).toBe("up")
    await host.tryExecute(failing, { key: "card 1" })
    expect(host.metrics().calls).toMatchObject({ success: 2, failure: 1 })
    expect(host.circuit).toBe("closed")
    await hosts.stop()
  })
})

test("a saved breaker comes back without what was known of cells", async () => {
  const { breaker, clock } = await killed()
  const restored = createBreaker("service", {}, { clock, restore: breaker.save() })
  expect(restored.wouldReject({ key: "dead" })).toBeUndefined()
  expect(restored.metrics().cells).toBeUndefined()
})

test("a listener that acts on what it is told does not confuse the books", async () => {
  const { breaker } = world()
  breaker.on("cell", ({ to }) => {
    if (to === "condemned") breaker.forceOpen("a part is dead")
  })
  await warm(breaker)
  await kill(breaker, "dead")
  await breaker.tryExecute(working, { key: "dead" })
  expect(breaker.mode).toBe("forcedOpen")
  expectConsistent(breaker)
})
