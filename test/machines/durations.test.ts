/** Durations as they are written: a text is one whole, of no more letters than a person writes. */
import { expect, test } from "vitest"
import { toMs } from "../../machines/durations.ts"

test("a text is a number, space, and a unit, and nothing before, between or after", () => {
  expect(["5 millis", "5   millis", "-5 millis", "5.5 seconds", "1 second"].map(toMs)).toEqual([5, 5, -5, 5500, 1000])
  for (const other of ["in 5 millis", "5 millis ago", "5millis", "5. millis", "5 milli seconds", "millis", ""])
    expect(toMs(other)).toBeUndefined()
})

test("a text has up to two hundred letters", () => {
  const text = (letters: number) => `${"0".repeat(letters - "5 millis".length)}5 millis`
  expect([text(200).length, toMs(text(200)), toMs(text(201))]).toEqual([200, 5, undefined])
})
