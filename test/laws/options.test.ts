import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { InvalidConfig } from "../../machines/options.ts"
import { chooseParts } from "../../machines/registry.ts"
import { readConfig } from "../../src/BreakerConfig.ts"

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
            expect(message).toContain(value)
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
})
