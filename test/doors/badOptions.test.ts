/** What stands beside a config, names, saved states, logs, clocks: bad ones are refused as a config is. */
import * as Effect from "effect/Effect"
import { createBreaker, InvalidConfig } from "recloser"
import { Breaker as EffectDoor } from "recloser/effect"
import { protectFetch } from "recloser/fetch"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { world } from "../support/breakers.ts"
import fc from "../support/property.ts"
import { make, problemsOf } from "../support/refusals.ts"

describe("a name", () => {
  test.each([undefined, null, "", 5, {}, Symbol("x"), "x".repeat(201), "x".repeat(1_000_000)])(
    "that is none is refused (%#)",
    (name) => {
      const problems = problemsOf(() => createBreaker(name as string, {}, { clock: createVirtualClock() }))
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatchObject({ path: "name", rule: "must be a string of 1 to 200 characters" })
      expect(problems[0]?.value.length).toBeLessThan(80)
    },
  )
})

describe("a saved state", () => {
  const saved = { format: 1, breaker: "service", savedAt: 0, mode: "auto", why: "", parts: {} }
  const trap = () => {
    throw new Error("a trap")
  }
  const table: readonly (readonly [string, unknown, string])[] = [
    ["null", null, "restore"],
    ["a number", 5, "restore"],
    ["a string", "{}", "restore"],
    ["an array", [], "restore.format"],
    ["an empty object", {}, "restore.format"],
    ["a later format", { ...saved, format: 2 }, "restore.format"],
    ["another breaker", { ...saved, breaker: "ledger" }, "restore.breaker"],
    ["no breaker", { ...saved, breaker: undefined }, "restore.breaker"],
    ["no time", { ...saved, savedAt: undefined }, "restore.savedAt"],
    ["a NaN time", { ...saved, savedAt: Number.NaN }, "restore.savedAt"],
    ["a time in words", { ...saved, savedAt: "now" }, "restore.savedAt"],
    ["an unknown mode", { ...saved, mode: "toString" }, "restore.mode"],
    ["no parts", { ...saved, parts: null }, "restore.parts"],
    ["parts in words", { ...saved, parts: "gradual" }, "restore.parts"],
    ["a getter that throws", Object.defineProperty({}, "format", { get: trap }), "restore"],
    ["a proxy that throws", new Proxy({}, { get: trap }), "restore"],
  ]
  test.each(table)("of %s is refused", (_what, restore, path) => {
    expect(problemsOf(() => make({}, "service", { restore: restore as never })).map((problem) => problem.path)).toEqual(
      [path],
    )
  })

  test("of another breaker is refused with both names", () => {
    const restore = createBreaker("ledger", {}, { clock: createVirtualClock() }).save()
    expect(problemsOf(() => make({}, "service", { restore }))).toEqual([
      { path: "restore.breaker", value: '"ledger"', rule: 'must be "service": a saved state fits its own breaker' },
    ])
  })

  const good = { circuit: "open", remainingMs: 5000, trips: 2, sinceCloseMs: 0 }
  const garbage: readonly (readonly [string, unknown])[] = [
    ["a number", 5],
    ["null", null],
    ["a word", "open"],
    ["a circuit that there is not", { ...good, circuit: "ajar" }],
    ["a wait in words", { ...good, remainingMs: "soon" }],
    ["a wait that JSON lost", { ...good, remainingMs: null }],
    ["negative trips", { ...good, trips: -1 }],
    ["a trap", Object.defineProperty({}, "circuit", { get: trap })],
  ]
  test.each(garbage)("with %s for a part is told once, and that part alone begins afresh", async (_what, gradual) => {
    const restore = { ...saved, parts: { gradual, timeout: { timeoutMs: 750 } } } as never
    const { breaker, troubles } = world({ timeout: { min: 100, max: 10_000 } }, { restore })
    await Promise.resolve()
    expect(troubles).toMatchObject([{ part: "restore", gaveUp: false, error: expect.any(TypeError) }])
    expect(String(troubles[0]?.error)).toContain("what was saved of gradual cannot be used")
    expect(breaker.circuit).toBe("closed")
    expect(breaker.metrics().components.timeout?.timeoutMs).toBe(750)
  })

  test("with two unusable parts is one trouble; parts of another make, or of a later field, are none", async () => {
    const both = world({}, { restore: { ...saved, parts: { gradual: 5, timeout: "long" } } as never })
    const more = world({}, { restore: { ...saved, parts: { gradual: { ...good, since: 1 }, basic: 7 } } as never })
    await Promise.resolve()
    expect(both.troubles).toHaveLength(1)
    expect(String(both.troubles[0]?.error)).toContain("gradual and timeout")
    expect(more.troubles).toEqual([])
    expect(more.breaker.circuit).toBe("open")
  })

  test("with junk for parts starts as if there were none, and works", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.anything(), async (gradual, timeout) => {
        const breaker = make({}, "service", { restore: { ...saved, parts: { gradual, timeout } } as never })
        expect(breaker.phase).toBe("active")
        breaker.forceOpen("so that the outcome is known")
        breaker.release("now")
        expect(await breaker.execute(() => 1)).toBe(1)
        await breaker.stop()
      }),
    )
  })
})

describe("options of the breaker", () => {
  test.each(["loud", true])("a log style that is none (%s) is refused", (log) => {
    expect(problemsOf(() => make({}, "service", { log: log as "json" }))[0]?.path).toMatch(/log/)
  })

  const strange: readonly (readonly [string, unknown, string])[] = [
    ["a misspelt option", { colck: 1 }, "options.colck"],
    ["null in their place", null, "options"],
    ["a string in their place", "json", "options"],
    ["a clock that is none", { clock: 5 }, "options.clock"],
    ["a null clock", { clock: null }, "options.clock"],
  ]
  test.each(strange)("with %s are refused, and nothing is started", (_what, options, path) => {
    const run = () => createBreaker("service", {}, options as object)
    expect(problemsOf(run).map((problem) => problem.path)).toEqual([path])
  })

  test("with null for a config are refused", () => {
    expect(problemsOf(() => createBreaker("service", null as never)).map(({ path }) => path)).toEqual(["config"])
  })

  const clock = () => createVirtualClock()
  test.each<readonly [string, string, object]>([
    ["a misspelt option", "options.fallbck", { fallbck: () => new Response() }],
    ["a fetch that is none", "options.fetch", { fetch: 5 }],
    ["a classifier that is none", "options.classify", { classify: "failure" }],
    ["a fallback that is none", "options.fallback", { fallback: 7 }],
    ["null in their place", "options", null as never],
  ])("of protectFetch with %s are refused", (_what, path, options) => {
    const breaker = createBreaker("service", {}, { clock: clock() })
    expect(problemsOf(() => protectFetch(breaker, options)).map((problem) => problem.path)).toEqual([path])
  })

  test("of Effect's door that are not known are refused", async () => {
    const made = (options: object) =>
      Effect.runPromise(Effect.flip(Effect.scoped(EffectDoor.make("service", {}, options))))
    expect(await made({ lgo: false })).toMatchObject({ _tag: "InvalidConfig", problems: [{ path: "options.lgo" }] })
    expect(await made(null as never)).toMatchObject({ _tag: "InvalidConfig", problems: [{ path: "options" }] })
    const program = Effect.gen(function* () {
      const breaker = yield* EffectDoor.make("service", {})
      const guard = (options: object) => problemsOf(() => breaker.guard(Effect.succeed(1), options))[0]?.path
      expect(guard({ timout: 5 })).toBe("options.timout")
      expect(guard({ fallback: 7 })).toBe("options.fallback")
      expect(guard({ classify: 7 })).toBe("options.classify")
      expect(problemsOf(() => breaker.events("typo" as "mode"))[0]?.path).toBe("event")
      expect((yield* breaker.metrics).calls.admitted).toBe(0)
    })
    await Effect.runPromise(Effect.scoped(program))
  })

  test("a script that is none is refused", () => {
    const clock = createVirtualClock()
    expect(problemsOf(() => scriptedBackend(clock, { answer: "maybe" } as never))[0]?.path).toBe("script[0]")
    expect(problemsOf(() => scriptedBackend(clock, { answer: "value", after: "soon" as never }))[0]?.path).toBe(
      "script[0].after",
    )
  })

  test("a virtual clock cannot be moved by nothing, or back", async () => {
    const clock = createVirtualClock()
    for (const duration of [-1, Number.NaN, "soon"])
      await expect(clock.advance(duration as number)).rejects.toBeInstanceOf(InvalidConfig)
    expect(clock.now()).toBe(0)
  })
})

describe("a listener", () => {
  test("of an event that does not exist is refused, beside those that do", () => {
    const breaker = make({})
    for (const name of ["typo", "toString", "", undefined, 5]) {
      expect(problemsOf(() => breaker.on(name as "mode", () => {}))).toMatchObject([
        {
          path: "event",
          rule: "must be one of transition, refusal, mode, config, candidate, finding, cell, dependency, trouble",
        },
      ])
    }
  })

  test.each([5, "log", null, undefined, {}])("that is none (%s) is refused", (listener) => {
    expect(problemsOf(() => make({}).on("transition", listener as never))).toMatchObject([{ path: "listener" }])
  })
})
