/** The line of those who wait: who stands where, whose turn it is, and what is left when somebody leaves it. */
import { describe, expect, test } from "vitest"
import { Line } from "../../src/data-plane/limiter/line.ts"
import { NotedWaiter } from "../support/slots.ts"

const waiter = (tenant?: string) => new NotedWaiter({ tenant }, 0, 1000)

/** A line in which these wait, by their names: `2a1` is the first of tenant `a` in class 2. */
function lineOf(...names: readonly string[]) {
  const line = new Line()
  const known = new Map(names.map((name) => [name, waiter(name[1])]))
  for (const [name, one] of known) line.add(one, Number(name[0]), 0)
  const nameOf = (one: unknown) => [...known].find(([, each]) => each === one)?.[0]
  return {
    line,
    of: (name: string) => known.get(name) as NotedWaiter,
    all: () => line.all().map(nameOf),
    /** Calls whose turn it is, and lets them go. */
    serve: (rank: number, newestFirst = false) => {
      const one = line.call(rank, newestFirst)
      line.remove(one)
      return nameOf(one)
    },
    longest: (rank: number) => nameOf(line.longest(rank)),
  }
}

describe("a line", () => {
  test("knows who waits, the highest class first, and those of a tenant in the order of their coming", () => {
    const { line, all } = lineOf("1a1", "3b1", "1b1", "1a2", "3a1", "0a1")
    expect(all()).toEqual(["3b1", "3a1", "1a1", "1a2", "1b1", "0a1"])
    expect([line.size, line.highest, line.lowest]).toEqual([6, 3, 0])
    expect([0, 1, 2, 3, 4].map((rank) => line.has(rank))).toEqual([true, true, false, true, false])
  })

  test("has no class while nobody waits", () => {
    const { line, serve, all } = lineOf("2a1")
    serve(2)
    expect([line.size, line.highest, line.lowest, line.has(2), all()]).toEqual([0, -1, -1, false, []])
    expect(line.longest(2)).toBeUndefined()
  })

  test("goes from one tenant to the next, and in each from the oldest on, or from the newest", () => {
    const oldest = lineOf("2a1", "2a2", "2a3", "2b1", "2b2", "2c1")
    expect([1, 2, 3, 4, 5, 6].map(() => oldest.serve(2))).toEqual(["2a1", "2b1", "2c1", "2a2", "2b2", "2a3"])
    const newest = lineOf("2a1", "2a2", "2a3", "2b1", "2b2", "2c1")
    expect([1, 2, 3, 4, 5, 6].map(() => newest.serve(2, true))).toEqual(["2a3", "2b2", "2c1", "2a2", "2b1", "2a1"])
  })

  test("gives a tenant that comes the last turn, before the one whose turn it is", () => {
    const { line, serve } = lineOf("2a1", "2a2", "2b1", "2b2")
    expect(serve(2)).toBe("2a1")
    const late = waiter("c")
    line.add(late, 2, 0)
    // It is b's turn: then a's, and only then that of whoever came last.
    expect([serve(2), serve(2)]).toEqual(["2b1", "2a2"])
    expect(line.call(2, false)).toBe(late)
  })

  test("closes up wherever one leaves, once", () => {
    const names = ["2a1", "2a2", "2a3"]
    for (const name of names) {
      const { line, of, all, serve } = lineOf(...names)
      expect([line.remove(of(name)), line.remove(of(name)), line.size]).toEqual([true, false, 2])
      const left = names.filter((one) => one !== name)
      expect(all()).toEqual(left)
      expect([serve(2), serve(2), line.size]).toEqual([...left, 0])
    }
    const { line, of } = lineOf("2a1", "2a2", "2a3")
    for (const name of ["2a3", "2a2"]) line.remove(of(name))
    const next = waiter("a")
    line.add(next, 2, 0)
    expect([line.call(2, true), line.call(2, false)]).toEqual([next, of("2a1")])
  })

  test("passes over a tenant none of whose calls wait any more, whosever turn it is", () => {
    for (const gone of ["a", "b", "c"]) {
      const { line, of, serve } = lineOf("2a1", "2b1", "2c1", "2a2", "2b2", "2c2")
      for (const number of [1, 2]) line.remove(of(`2${gone}${number}`))
      const [one, other] = ["a", "b", "c"].filter((tenant) => tenant !== gone)
      expect([1, 2, 3, 4].map(() => serve(2))).toEqual([`2${one}1`, `2${other}1`, `2${one}2`, `2${other}2`])
      expect(line.has(2)).toBe(false)
    }
  })

  test("lets whoever comes back to an empty class be its first", () => {
    const { line, serve } = lineOf("2a1", "2b1")
    serve(2)
    serve(2)
    const [one, other] = [waiter("b"), waiter("a")]
    line.add(one, 2, 5)
    line.add(other, 2, 6)
    expect([line.call(2, false), line.call(2, false), line.call(2, false)]).toEqual([one, other, one])
  })

  test("has the tenant with most in it give way, by whoever has waited longest of it; of equals the one whose turn it is", () => {
    expect(lineOf("2a1", "2b1", "2b2", "2c1").longest(2)).toBe("2b1")
    expect(lineOf("2a1", "2b1", "2c1", "2c2").longest(2)).toBe("2c1")
    const equal = lineOf("2a1", "2b1", "2a2", "2b2")
    expect(equal.longest(2)).toBe("2a1")
    equal.line.call(2, false)
    expect(equal.longest(2)).toBe("2b1")
  })

  test("counts how long a class has waited from when the first of it came, and anew when somebody comes after it was empty", () => {
    const { line, of } = lineOf()
    const [one, other] = [waiter(), waiter()]
    line.add(one, 2, 100)
    line.add(other, 2, 300)
    expect([line.standsFor(2, 350), line.standsFor(1, 350)]).toEqual([250, 0])
    line.remove(one)
    expect(line.standsFor(2, 400)).toBe(300)
    line.remove(other)
    expect(line.standsFor(2, 400)).toBe(0)
    line.add(one, 2, 500)
    expect(line.standsFor(2, 600)).toBe(100)
    expect(of("2a1")).toBeUndefined()
  })

  /** A line that so many joined at each of these times. */
  const joined = (...groups: readonly (readonly [count: number, at: number])[]) => {
    const line = new Line()
    const all = groups.flatMap(([count, at]) =>
      Array.from({ length: count }, () => {
        const one = waiter()
        line.add(one, 2, at)
        return one
      }),
    )
    return { line, all }
  }

  test("has come in one go where a hundred or more are there within a tenth of a millisecond each", () => {
    const hundred = joined([100, 50]).line
    expect([50, 59.9, 60.1, 1e6].map((now) => hundred.cameAtOnce(now))).toEqual([true, true, false, false])
    expect([joined([99, 50]).line.cameAtOnce(50), joined([200, 50]).line.cameAtOnce(69.9)]).toEqual([false, true])
    let due = 0
    for (let call = 0; call < 100; call++) due += 0.1
    expect(joined([100, 0]).line.cameAtOnce(due)).toBe(false)
    // Time runs from when the first of them came, not from the last.
    const slower = joined([60, 0], [40, 9]).line
    expect([9.9, 10.1].map((now) => slower.cameAtOnce(now))).toEqual([true, false])
  })

  test("counts that from when it was empty last", () => {
    const { line, all } = joined([100, 0])
    for (const one of all) line.remove(one)
    for (const one of all) line.add(one, 2, 500)
    expect([509.9, 510.1].map((now) => line.cameAtOnce(now))).toEqual([true, false])
  })
})
