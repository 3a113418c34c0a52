/** What the loss of a dependency costs, with figures worked out by hand. */
import { describe, expect, test } from "vitest"
import { book, type Calls, type Dependency, impactOf, measuredImpact, noCalls } from "../../machines/impact.ts"
import { unknownStanding } from "../../machines/vocabulary/standing.ts"

const calls = (good: number, bad: number): Calls => ({ good, bad })
const well = { circuit: "closed", health: 1, reason: "db is closed" } as const
const dead = { circuit: "open", health: 0, reason: "db is open" } as const

const dependency = (more: Partial<Dependency>): Dependency => ({
  need: "required",
  impact: undefined,
  standing: well,
  since: 0,
  up: noCalls,
  down: noCalls,
  from: noCalls,
  ...more,
})

describe("calls are booked", () => {
  test("as those while it was well, without what had been counted before, and without failures it is blamed for", () => {
    const one = dependency({ from: calls(10, 1), up: calls(1, 2) })
    expect(book(one, calls(40, 5), 7)).toEqual({ ...one, up: calls(31, 6) })
  })

  test("as those while it served nothing, with the failures that it is blamed for", () => {
    const one = dependency({ standing: dead, from: calls(10, 1), down: calls(1, 2) })
    expect(book(one, calls(40, 5), 7)).toEqual({ ...one, down: calls(31, 13) })
  })

  test("as neither while it serves a part, or nobody knows of it", () => {
    for (const standing of [{ ...well, health: 0.5 }, unknownStanding("db")]) {
      const one = dependency({ standing })
      expect(book(one, calls(40, 5), 7)).toBe(one)
    }
  })

  test("and count half each when they are more than ten thousand", () => {
    const one = dependency({})
    expect(book(one, calls(9000, 1000), 0).up).toEqual(calls(9000, 1000))
    expect(book(one, calls(9000, 1001), 0).up).toEqual(calls(4500, 500.5))
  })
})

describe("an impact is measured", () => {
  test("as the part of those calls that would have gone well, and fail without it", () => {
    // Well: one in ten fails. Without it: 28 of 40; of the nine tenths that would have gone well two thirds more fail.
    const one = dependency({ up: calls(90, 10), down: calls(12, 28) })
    expect(measuredImpact(one, noCalls)).toBeCloseTo(2 / 3, 12)
  })

  test("with the calls since its standing began", () => {
    const one = dependency({ up: calls(30, 0), down: calls(0, 0), standing: dead, from: calls(30, 0) })
    expect(measuredImpact(one, calls(35, 14))).toBeUndefined()
    expect(measuredImpact(one, calls(35, 15))).toBe(0.75)
  })

  test("from twenty calls on either side, and not from fewer", () => {
    const of = (up: Calls, down: Calls) => measuredImpact(dependency({ up, down }), noCalls)
    expect(of(calls(20, 0), calls(10, 10))).toBe(0.5)
    expect([of(calls(19, 0), calls(10, 10)), of(calls(20, 0), calls(10, 9))]).toEqual([undefined, undefined])
  })

  test("as nothing where calls fail as often anyway, or went worse while it was well", () => {
    const of = (up: Calls, down: Calls) => measuredImpact(dependency({ up, down }), noCalls)
    expect([of(calls(0, 20), calls(0, 20)), of(calls(10, 10), calls(30, 10))]).toEqual([0, 0])
  })
})

describe("the impact that decides", () => {
  const seen = { up: calls(20, 0), down: calls(0, 20) }

  test("of a critical one is all, and of an optional one nothing, whatever is declared or measured", () => {
    expect(impactOf(dependency({ need: "critical", impact: 0.1, ...seen }), noCalls)).toBe(1)
    expect(impactOf(dependency({ need: "optional", impact: 0.9, ...seen }), noCalls)).toBe(0)
  })

  test("of a required one is as declared, else as measured up to nine tenths, else half", () => {
    expect(impactOf(dependency({ impact: 0.3, ...seen }), noCalls)).toBe(0.3)
    expect(impactOf(dependency(seen), noCalls)).toBe(0.9)
    expect(impactOf(dependency({ up: calls(20, 0), down: calls(10, 10) }), noCalls)).toBe(0.5)
    expect(impactOf(dependency({ up: calls(20, 0), down: calls(15, 5) }), noCalls)).toBe(0.25)
    expect(impactOf(dependency({}), noCalls)).toBe(0.5)
  })
})
