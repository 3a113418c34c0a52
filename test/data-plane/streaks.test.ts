/** Calls in a row that nobody answered well: whose they were, and when they are too many. */
import { beforeEach, describe, expect, test } from "vitest"
import { Streaks } from "../../src/data-plane/streaks.ts"

let streaks = new Streaks()
beforeEach(() => {
  streaks = new Streaks()
})

const times = (count: number, what: () => void): void => {
  for (let time = 0; time < count; time++) what()
}

describe("bad calls in a row", () => {
  test("are one cell's if all were that cell's and another was well", () => {
    streaks.good("b")
    expect(streaks.isOneCell).toBe(false)
    streaks.bad("a")
    expect(streaks.isOneCell).toBe(true)
    streaks.bad("a")
    expect(streaks.isOneCell).toBe(true)
    streaks.bad("c")
    streaks.bad("c")
    expect(streaks.isOneCell).toBe(false)
    streaks.good("b")
    streaks.bad("c")
    expect(streaks.isOneCell).toBe(true)
  })

  test("are nobody's while no other has been well: neither nobody nor the cell itself speaks for the service", () => {
    streaks.bad("a")
    expect(streaks.isOneCell).toBe(false)
    streaks.good("a")
    streaks.bad("a")
    expect(streaks.isOneCell).toBe(false)
    streaks.clear()
    streaks.good("b")
    streaks.clear()
    streaks.bad("a")
    expect(streaks.isOneCell).toBe(false)
  })

  test("are one cell's if the last success was another's, whatever came before it", () => {
    for (const key of ["a", "b", "c"]) {
      streaks.good(key)
      streaks.bad("a")
      expect(streaks.isOneCell).toBe(key !== "a")
    }
    streaks.clear()
    for (const key of ["a", "b"]) streaks.good(key)
    streaks.bad("a")
    expect(streaks.isOneCell).toBe(true)
  })

  test("are compared with the last 32 successes, and no earlier ones", () => {
    streaks.good("b")
    times(31, () => streaks.good("a"))
    streaks.bad("a")
    expect(streaks.isOneCell).toBe(true)
    streaks.good("a")
    streaks.bad("a")
    expect(streaks.isOneCell).toBe(false)
  })

  test("are ominous from the third on, unless they are one cell's", () => {
    const seen = ["a", "b", "a"].map((key) => {
      streaks.bad(key)
      return streaks.isOminous
    })
    expect(seen).toEqual([false, false, true])
    streaks.hearGood()
    expect(streaks.isOminous).toBe(false)
    streaks.good("b")
    times(3, () => streaks.bad("a"))
    expect(streaks.isOminous).toBe(false)
  })
})

describe("a silence", () => {
  test("is of two hundred calls that were bad or refused, of more than one cell", () => {
    times(100, () => streaks.bad("a"))
    times(99, () => streaks.refused("b"))
    expect(streaks.isSilent).toBe(false)
    streaks.refused("b")
    expect(streaks.isSilent).toBe(true)
  })

  test("of one cell is its own affair", () => {
    times(300, () => streaks.refused("a"))
    expect(streaks.isSilent).toBe(false)
    streaks.refused("b")
    expect(streaks.isSilent).toBe(true)
    times(2, () => streaks.refused("b"))
    expect(streaks.isSilent).toBe(true)
  })

  test("is broken by any success, and once it has been told", () => {
    const fill = (): void =>
      times(100, () => {
        streaks.bad("a")
        streaks.refused("b")
      })
    fill()
    expect([streaks.isSilent, streaks.breakSilence(), streaks.isSilent, streaks.breakSilence()]).toEqual([
      true,
      200,
      false,
      0,
    ])
    fill()
    streaks.good("c")
    expect(streaks.isSilent).toBe(false)
    fill()
    streaks.hearGood()
    expect(streaks.isSilent).toBe(false)
    fill()
    streaks.clear()
    expect([streaks.isSilent, streaks.isOminous]).toEqual([false, false])
  })

  test("that was told leaves the bad calls in a row", () => {
    times(3, () => streaks.bad("a"))
    streaks.breakSilence()
    expect(streaks.isOminous).toBe(true)
  })
})
