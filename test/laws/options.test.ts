import { describe, expect, it } from "vitest"
import { InvalidConfig, toMs } from "../../machines/options.ts"
import { chooseParts } from "../../machines/registry.ts"
import { readConfig } from "../../src/BreakerConfig.ts"
import fc from "../support/property.ts"

const junk = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
  }),
  fc.constantFrom<unknown>(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    0,
    "",
    "basic",
    "2 seconds",
    "-5 seconds",
    () => 1,
    Symbol("s"),
    1n,
  ),
)
const shaped = fc.record(
  {
    strategy: fc.oneof(
      junk,
      fc.record(
        {
          type: fc.constantFrom("basic", "constructor", "__proto__", 7),
          window: junk,
          slowCalls: junk,
          openFor: junk,
          probes: junk,
          more: junk,
        },
        { requiredKeys: ["type"] },
      ),
    ),
    timeout: junk,
    metrics: junk,
    classify: junk,
  },
  { requiredKeys: [] },
)

describe("reading a config", () => {
  it("either refuses with InvalidConfig that names path, value and rule, or reads finite settings; nothing else can happen", () => {
    fc.assert(
      fc.property(fc.oneof(junk, shaped), (config) => {
        try {
          const { parts } = readConfig("law", config)
          const numbers = JSON.stringify(
            parts.map(({ settings }) => settings),
            (_key, value) => {
              if (typeof value === "number") expect(Number.isFinite(value) && value >= 0).toBe(true)
              return value
            },
          )
          expect(numbers).toBeTypeOf("string")
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidConfig)
          const { problems, message } = error as InvalidConfig
          expect(problems.length).toBeGreaterThan(0)
          for (const { path, rule, value } of problems) {
            expect(path).toMatch(/^config/)
            expect(rule).not.toBe("")
            expect(message).toContain(value === "undefined" ? "(missing)" : `(got ${value})`)
          }
        }
      }),
      { numRuns: 3000 },
    )
  })

  it("reads a config without changing it, and the same config twice alike", () => {
    const config = { strategy: { type: "basic", openFor: { base: "1 second" } }, timeout: { max: "3 seconds" } }
    const before = JSON.stringify(config)
    expect(chooseParts(config)).toEqual(chooseParts(config))
    expect(JSON.stringify(config)).toBe(before)
  })

  const seconds = fc.option(
    fc.integer({ min: 1, max: 3600 }).map((count) => `${count} seconds`),
    { nil: undefined },
  )
  const settingsOf = (config: object, key: string) =>
    chooseParts(config).find(({ plug }) => plug.key === key)?.settings as Record<string, never>
  const tooShort = (low: string | undefined, high: string | undefined) =>
    low !== undefined && high !== undefined && (toMs(low) ?? 0) > (toMs(high) ?? 0)

  it("takes one end of a range alone: the other gives way; it refuses only two that contradict each other", () => {
    fc.assert(
      fc.property(seconds, seconds, (low, high) => {
        const timeout = { timeout: { min: low, max: high } }
        const wait = { strategy: { type: "basic", openFor: { base: low, max: high } } }
        if (tooShort(low, high)) {
          expect(() => chooseParts(timeout)).toThrow(`config.timeout.max: must not be shorter than min (got "${high}")`)
          expect(() => chooseParts(wait)).toThrow("config.strategy.openFor.max: must not be shorter than base")
          return
        }
        const given = { low: low === undefined ? low : toMs(low), high: high === undefined ? high : toMs(high) }
        const { min, max } = settingsOf(timeout, "timeout")
        expect([min, max]).toEqual([
          given.low ?? Math.min(250, given.high ?? 250),
          given.high ?? Math.max(30_000, given.low ?? 0),
        ])
        const { openFor } = settingsOf(wait, "basic")
        expect(openFor).toMatchObject({
          base: given.low ?? Math.min(5000, given.high ?? 5000),
          max: given.high ?? Math.max(60_000, given.low ?? 0),
        })
      }),
      { seed: 3, numRuns: 300 },
    )
  })

  it.each([
    [{ max: "100 millis" }, { min: 100, max: 100 }],
    [{ min: "1 minute" }, { min: 60_000, max: 60_000 }],
    [
      { min: undefined, max: "100 millis" },
      { min: 100, max: 100 },
    ],
    [{}, { min: 250, max: 30_000 }],
  ])("reads the timeout %j as %j", (timeout, read) => {
    expect(settingsOf({ timeout }, "timeout")).toEqual(read)
  })

  it.each([
    [{ calls: 10 }, { calls: 10, minimumCalls: 10 }],
    [{ minimumCalls: 300 }, { calls: 300, minimumCalls: 300 }],
    [{ calls: 50 }, { calls: 50, minimumCalls: 20 }],
    [{}, { calls: 100, minimumCalls: 20 }],
  ])("reads the count window %j as %j", (window, read) => {
    const { window: settings } = settingsOf(
      { strategy: { type: "basic", window: { type: "count", ...window } } },
      "basic",
    )
    expect(settings).toMatchObject(read)
  })

  it("says what is missing, and what it got instead", () => {
    const window = (given: object) => () => chooseParts({ strategy: { type: "basic", window: given } })
    const rule = "config.strategy.window.type: must be one of time, count, consecutive"
    expect(window({})).toThrow(`${rule} (missing)`)
    expect(window({ type: "undefined" })).toThrow(`${rule} (got "undefined")`)
    expect(window({ type: null })).toThrow(`${rule} (got null)`)
  })
})
