/** Laws of the reel: what is put on it is read from it as it was, to the last bit. */

import { expect, test } from "vitest"
import { codes, numberMask } from "../../../src/observability/recording/format.ts"
import { type Entry, entriesIn, Reel } from "../../../src/observability/recording/reel.ts"
import fc from "../../support/property.ts"

const { who: whose, ...told } = codes
const isCall = (code: number): boolean => code <= codes.uncounted
const isEnd = (code: number): boolean => code >= codes.success && code <= codes.ignored

/** Nanoseconds around each length that a time, or a number, may have. */
const edges = [0, 31, 32, 4095, 4096, 2 ** 19 - 1, 2 ** 26 - 1, 2 ** 26, 2 ** 40, 2 ** 50 - 1].flatMap((edge) => [
  edge,
  edge + 1,
  -edge,
])

/** When something happens: so many nanoseconds after what came before it, or at any time at all. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...edges).map((nanos) => ({ nanos })) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 100_000 }).map((nanos) => ({ nanos })) },
  { weight: 1, arbitrary: fc.double().map((at) => ({ at })) },
)
const number = fc.oneof(fc.constantFrom(0, 14, 15, 16, 142, 143, numberMask), fc.integer({ min: 0, max: numberMask }))
const entry = fc.record({
  step,
  number,
  code: fc.constantFrom(...Object.values(told)),
  who: fc.constantFrom(1, 2, 300),
})

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** A zero of either sign is zero. */
const timeAfter = (at: number, next: Step): number => {
  if ("at" in next) return next.at + 0
  return Math.round((Number.isFinite(at) ? at : 1) * 1e6 + next.nanos) / 1e6 + 0
}

test("what happened is read as it was: when, to whom, of which call", () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), fc.double({ min: 0, max: 1e9 }), (entries, begin) => {
      const reel = new Reel(
        () => {},
        () => expect.fail("60 entries fill no reel"),
      )
      let at = begin
      reel.prepare(at)
      const written = entries.map(({ step: next, number: given, code, who }): Entry => {
        at = timeAfter(at, next)
        if (isCall(code)) return { at, code, number: reel.enter(at, code, who), who }
        if (isEnd(code)) reel.leave(at, code, given, who)
        else reel.add(at, code, given, who)
        return { at, code, number: given, who }
      })
      const line = JSON.parse(`${reel.take().join("")}}`)
      const read = [...entriesIn(Buffer.from(line.bytes, "base64"), line.from, line.serial)]
      expect(read).toEqual(written)
      expect(reel.isEmpty && !read.some(({ code }) => code === whose)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
