/** What stands beside a config, names, saved states, logs, clocks: bad ones are refused as a config is. */
import fc from "fast-check"
import { createBreaker, InvalidConfig } from "recloser"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
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
    ["no time", { ...saved, savedAt: undefined }, "restore.savedAt"],
    ["a NaN time", { ...saved, savedAt: Number.NaN }, "restore.savedAt"],
    ["a time in words", { ...saved, savedAt: "now" }, "restore.savedAt"],
    ["an unknown mode", { ...saved, mode: "toString" }, "restore.mode"],
    ["no parts", { ...saved, parts: null }, "restore.parts"],
    ["parts in words", { ...saved, parts: "basic" }, "restore.parts"],
    ["a getter that throws", Object.defineProperty({}, "format", { get: trap }), "restore"],
    ["a proxy that throws", new Proxy({}, { get: trap }), "restore"],
  ]
  test.each(table)("of %s is refused", (_what, restore, path) => {
    expect(problemsOf(() => make({}, "service", { restore: restore as never })).map((problem) => problem.path)).toEqual(
      [path],
    )
  })

  test("with junk for parts starts as if there were none, and works", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.anything(), async (basic, timeout) => {
        const breaker = make({}, "service", { restore: { ...saved, parts: { basic, timeout } } as never })
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
