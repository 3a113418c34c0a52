import { describe, expect, test } from "vitest"
import { parseBounded } from "../../machines/boundedJson.ts"
import fc from "../support/property.ts"

const nested = (depth: number): unknown => {
  let value: unknown = "in the middle"
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { "[": value }
  return value
}

describe("JSON that somebody else wrote", () => {
  test("is what JSON.parse makes of it, whatever brackets and quotes are in its texts", () => {
    const texts = fc.string({ unit: fc.constantFrom(...'[]{}"\\ab:,'), maxLength: 200 })
    const value = fc.jsonValue({ maxDepth: 6 })
    fc.assert(
      fc.property(fc.array(fc.tuple(texts, value), { maxLength: 60 }), (given) => {
        const text = JSON.stringify(given)
        expect(parseBounded(text)).toEqual(JSON.parse(text))
      }),
      { seed: 20261129, numRuns: 300 },
    )
  })

  test("is no more than sixty-four levels deep", () => {
    // Side by side they may be as many as they like.
    for (const sides of [1, 40]) {
      const text = (depth: number) => JSON.stringify(Array.from({ length: sides }, () => nested(depth)))
      expect(parseBounded(text(63))).toEqual(JSON.parse(text(63)))
      expect(() => parseBounded(text(64))).toThrow(new RangeError("nested deeper than 64 levels"))
    }
    expect(() => parseBounded("[".repeat(1_000_000))).toThrow(RangeError)
  })

  test("ends a text where a quote ends it, and not where one is escaped: brackets in texts are no levels", () => {
    for (const text of ['"', '\\"', '"\\', "\\"]) {
      const within = JSON.stringify([`${text}${"[{".repeat(100)}`, [text]])
      expect(parseBounded(within)).toEqual(JSON.parse(within))
      const after = JSON.stringify([text, nested(64)])
      expect(() => parseBounded(after)).toThrow(RangeError)
    }
  })

  test("is refused as JSON.parse refuses it", () => {
    const broken = fc.string({ unit: fc.constantFrom(...'[]{}"\\a1:, '), maxLength: 100 })
    const outcome = (read: () => unknown) => {
      try {
        return JSON.stringify(read())
      } catch (error) {
        return String((error as Error).name)
      }
    }
    fc.assert(
      fc.property(broken, (text) => {
        const now = outcome(() => parseBounded(text))
        expect(now === "RangeError" ? "SyntaxError" : now).toBe(outcome(() => JSON.parse(text)))
      }),
      { seed: 20261129, numRuns: 3000 },
    )
  })
})
