/** What a round of outcomes says of a service, and where the search for the limit goes from there. */
import { describe, expect, test } from "vitest"
import { Round } from "../../src/data-plane/limiter/round.ts"
import { type FullRound, Search } from "../../src/data-plane/limiter/search.ts"

/** Ten calls at once, of 100 ms each, that all end together: a hundred a second, in clusters. A round of so many milliseconds. */
function clustered(begin: number, lengthMs: number): Round {
  const round = new Round(begin, 10 * begin)
  for (let end = 100 * Math.ceil(begin / 100 + 1e-9); end <= begin + lengthMs; end += 100)
    for (let call = 0; call < 10; call++) round.add("success", 100)
  return round
}

describe("the rate of a round", () => {
  test.each([1, 30, 60, 99])("does not depend on how many clusters fall into it: from %s ms on", (begin) => {
    const lengthMs = 150
    const end = begin + lengthMs
    expect(clustered(begin, lengthMs).rate(10 * end, end, 100) * 1000).toBeCloseTo(100)
  })

  test("is what was counted where calls differ, take much longer than alone, or are not waited for", () => {
    const mixed = new Round(0, 0)
    for (let call = 0; call < 10; call++) mixed.add("success", call === 0 ? 1000 : 10)
    expect(mixed.rate(4000, 200, 100) * 1000).toBe(50)
    expect(clustered(1, 150).rate(1510, 151, 30) * 1000).toBeCloseTo(10_000 / 150)
    const cut = clustered(1, 150)
    cut.add("timedOut", 100)
    expect(cut.rate(1510, 151, 100) * 1000).toBeCloseTo(10_000 / 150)
  })

  test("counts successes alone", () => {
    const round = new Round(0, 0)
    for (let call = 0; call < 10; call++) round.add(call < 5 ? "success" : "failure", 100)
    expect(round.rate(10 * 100, 100, 100) * 1000).toBeCloseTo(50)
  })
})

describe("after calls have choked the service", () => {
  const outcomes = 20
  const of = (inFlight: number, perSecond: number, meanMs: number, isChoking = false): FullRound => ({
    ...{ inFlight, outcomes, meanMs, isChoking },
    rate: perSecond / 1000,
  })

  /** A service of so many slots of 100 ms. */
  const served = (limit: number, slots: number) =>
    of(limit, 10 * Math.min(limit, slots), 100 * Math.max(1, limit / slots))

  function search(chokes: boolean): readonly number[] {
    const one = new Search()
    let now = 0
    let limit = 20
    const limits: number[] = []
    const step = (round: FullRound) => {
      limit = one.next(limit, round, 100, (now += 200))
      limits.push(limit)
    }
    for (let round = 0; round < 6; round++) step(chokes ? of(limit, 4, 2000, true) : served(limit, 4))
    while (limit > 5) step(served(limit, 4))
    limits.length = 0
    for (let round = 0; round < 25; round++) step(served(limit, 40))
    return limits
  }

  test("the limit doubles as soon as calls are as quick again as while there is room: five seconds later it is there", () => {
    expect(Math.max(...search(true))).toBeGreaterThanOrEqual(38)
  })
})
