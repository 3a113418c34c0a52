/** What a round of outcomes says of a service. */
import { describe, expect, test } from "vitest"
import { Round } from "../../src/data-plane/limiter/round.ts"

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
