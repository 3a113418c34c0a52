/** Names in texts: found as a pattern of all of them finds them, without being one. */
import { expect, test } from "vitest"
import { Names } from "../../../src/observability/redaction/names.ts"
import fc from "../../support/property.ts"

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")

/** What it must do, as one pattern of all names says it: the longest first, where no word goes on. */
function byPattern(text: string, names: ReadonlyMap<string, string>): string {
  const all = [...names.keys()].toSorted((one, other) => other.length - one.length).map(escaped)
  if (all.length === 0) return text
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${all.join("|")})(?![\\p{L}\\p{N}_])`, "gu")
  return text.replace(pattern, (name) => names.get(name) ?? name)
}

const letters = fc.constantFrom("a", "b", "ab", "é", "_", "7", " ", ".", "-", "$&", "😀", "𝒜", "(", "\n")
const words = (maxLength: number) => fc.array(letters, { maxLength, size: "max" }).map((all) => all.join(""))

test("names are found in a text where they stand as words, the longest first", () => {
  fc.assert(
    fc.property(fc.uniqueArray(words(4), { maxLength: 12 }), words(30), (given, text) => {
      const names = new Map(given.filter((name) => name !== "").map((name, at) => [name, `#${at}`]))
      const found = new Names()
      for (const name of names.keys()) found.add(name)
      expect(found.replace(text, (name) => names.get(name))).toBe(byPattern(text, names))
    }),
    { numRuns: 3000 },
  )
})

test("a name that nothing stands for any more is none, and another that begins there is found", () => {
  const names = new Names()
  for (const name of ["pay", "pay me", "pay me now"]) names.add(name)
  expect(names.replace("pay me now", (name) => (name === "pay" ? "#1" : undefined))).toBe("#1 me now")
  expect(names.replace("pay me now", (name) => (name === "pay me" ? "#2" : undefined))).toBe("#2 now")
})
