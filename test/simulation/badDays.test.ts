/** Bad days, in short: the long form is `npm run simulate:nightly`. */
import { describe, expect, test } from "vitest"
import type { Day } from "./bad-days/day.ts"
import { invariants } from "./bad-days/invariants.ts"
import { kept } from "./bad-days/kept.ts"
import { dayOf, play } from "./bad-days/play.ts"
import { reduced, shrink } from "./bad-days/shrink.ts"
import { quietDay } from "./bad-days/tampering.ts"
import { tamperings } from "./bad-days/tamperings.ts"

describe("the invariants of bad days", () => {
  test("are at least forty, each with a name of its own and a law", () => {
    expect(new Set(invariants.map(({ name }) => name)).size).toBe(invariants.length)
    expect(invariants.length).toBeGreaterThanOrEqual(40)
    expect(invariants.filter(({ law }) => law === "")).toEqual([])
  })

  test.each(Array.from({ length: 8 }, (_, index) => index + 1))("hold on days of seeds %i × 10", async (decade) => {
    for (let seed = decade * 10; seed < decade * 10 + 10; seed++) {
      const { violation } = await play(dayOf(seed, 40, 200))
      expect(violation, `npm run simulate:nightly -- --seed ${seed}`).toBeUndefined()
    }
  })

  test.each(kept)("hold again where they once did not: %s", async (_name, script) => {
    expect((await play(script)).violation).toBeUndefined()
  })
})

/** Ways to break a breaker that somebody might come upon, and the law that each of them breaks. */
const breakages: readonly (readonly [string, (day: Day) => void, string])[] = [
  [
    "outcomes counted twice",
    ({ plane }) => {
      const count = plane.tally.count.bind(plane.tally)
      plane.tally.count = (kind) => {
        count(kind)
        if (kind === "failure") count(kind)
      }
    },
    "every call that entered has ended once, or is in flight",
  ],
  [
    "a permit that can be settled again",
    ({ plane }) => {
      const settle = plane.settle.bind(plane)
      plane.settle = (...all) => settle(...all) || true
    },
    "a permit is settled once",
  ],
  [
    "refusals that are counted as admissions",
    ({ plane }) => {
      plane.tally.refuse = () => {
        plane.tally.rejected++
      }
    },
    "refusals are counted by layer, each once",
  ],
]

describe("a broken breaker", () => {
  test.each(breakages)("is found out: %s", async (_name, tamper, law) => {
    const found = new Set<string | undefined>()
    for (let seed = 1; seed <= 6; seed++) found.add((await play(dayOf(seed, 40, 200), tamper)).violation?.invariant)
    expect([...found]).toContain(law)
  })
})

describe("each invariant of bad days", () => {
  const names = invariants.map(({ name }) => name)

  test("has a tampering that it must find, in test/simulation/bad-days/tamperings.ts", () => {
    expect(Object.keys(tamperings).sort()).toEqual([...names].sort())
  })

  test("is kept on a quiet day", async () => {
    expect((await play(quietDay)).violation).toBeUndefined()
  })

  // Of this one alone: what is tampered with may break others, which would be told first.
  test.each(names)("finds out what is tampered with: %s", async (name) => {
    const before = tamperings[name] ?? (() => {})
    expect((await play(quietDay, undefined, { name, before })).violation).toMatchObject({ invariant: name })
  })
})

describe("a day", () => {
  test("leaves the same trace each time, another seed another one", async () => {
    const [first, again, other] = [await play(dayOf(3)), await play(dayOf(3)), await play(dayOf(4))]
    expect(again).toEqual(first)
    expect(other.trace).not.toBe(first.trace)
  })

  test("is shortened to what matters", async () => {
    const needs = [3, 17, 40]
    const all = Array.from({ length: 60 }, (_, index) => index)
    const shows = async (part: readonly number[]) => needs.every((one) => part.includes(one))
    expect(await reduced(all, shows)).toEqual(needs)
    const day = dayOf(1, 8, 5)
    const small = await shrink(day, "a law that nothing breaks")
    expect(small.happenings).toEqual(day.happenings)
  })
})
