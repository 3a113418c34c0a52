/** Whether calls have grown longer, as the quicker quarter of them tells; and what a round of outcomes has seen. */
import { describe, expect, test } from "vitest"
import { Lengths } from "../../src/data-plane/limiter/lengths.ts"
import { LimitNews } from "../../src/data-plane/limiter/news.ts"
import { Round } from "../../src/data-plane/limiter/round.ts"

const some = (lengths: Lengths, count: number, ms: number) => {
  for (let call = 0; call < count; call++) lengths.add(ms)
}

describe("calls have grown longer", () => {
  test("when the quicker quarter of them takes twice as long as it did, however long the others take", () => {
    const mixed = (quick: number, slow: number) => {
      const lengths = new Lengths()
      some(lengths, 60, 10)
      lengths.look(1, false, 0)
      for (let call = 0; call < 400; call++) lengths.add(call % 5 < 2 ? quick : slow)
      lengths.look(1, false, 1000)
      return lengths.haveGrown(1000)
    }
    expect([mixed(10, 5000), mixed(15, 5000), mixed(30, 30)]).toEqual([false, false, true])
  })

  test("only once three generations of them have ended, and eight of them at least", () => {
    const grown = (calls: number, inFlight: number) => {
      const lengths = new Lengths()
      some(lengths, calls, 10)
      lengths.look(inFlight, false, 0)
      some(lengths, 300, 100)
      lengths.look(1, false, 1)
      return lengths.haveGrown(1)
    }
    // Looked at too early they have told nothing to compare with.
    expect([grown(7, 1), grown(8, 1), grown(29, 10), grown(30, 10)]).toEqual([false, true, false, true])
  })

  test("is remembered for five minutes", () => {
    const lengths = new Lengths()
    expect(lengths.haveGrown(0)).toBe(false)
    some(lengths, 40, 10)
    lengths.look(1, false, 0)
    some(lengths, 300, 100)
    lengths.look(1, false, 500)
    expect([lengths.haveGrown(300_499), lengths.haveGrown(300_500)]).toEqual([true, false])
  })

  test("by what they take while there is room: that is what is usual, and it follows by a fifth of the way", () => {
    const lengths = new Lengths()
    some(lengths, 40, 10)
    lengths.look(1, true, 0)
    some(lengths, 300, 32)
    for (let look = 1; look <= 12; look++) lengths.look(1, true, look)
    // 3.2 times as long: what is left of that is above two after two looks (3.2^0.64 is 2.1), and not after the third (3.2^0.51 is 1.8).
    expect([lengths.haveGrown(300_001), lengths.haveGrown(300_002)]).toEqual([true, false])
    some(lengths, 300, 50)
    lengths.look(1, false, 500_000)
    expect(lengths.haveGrown(500_000)).toBe(false)
    some(lengths, 300, 80)
    lengths.look(1, false, 500_001)
    expect(lengths.haveGrown(500_001)).toBe(true)
  })

  test("by what they took at their quickest also where there was no room", () => {
    const lengths = new Lengths()
    some(lengths, 40, 100)
    lengths.look(1, false, 0)
    some(lengths, 300, 10)
    for (let look = 0; look < 30; look++) lengths.look(1, false, 1)
    some(lengths, 300, 40)
    lengths.look(1, false, 2)
    expect(lengths.haveGrown(2)).toBe(true)
  })

  test("not where none takes any time: less than a hundredth of a millisecond is as much", () => {
    const lengths = new Lengths()
    some(lengths, 5000, 0)
    lengths.look(1, false, 0)
    some(lengths, 200, 0.015)
    lengths.look(1, false, 1)
    expect(lengths.haveGrown(1)).toBe(false)
    some(lengths, 300, 1)
    lengths.look(1, false, 2)
    expect(lengths.haveGrown(2)).toBe(true)
  })
})

describe("what the quicker quarter of the calls take", () => {
  /** Whether it is more than twice what was usual after those calls. */
  const grown = (before: number, ...after: readonly (readonly [calls: number, ms: number])[]) => {
    const lengths = new Lengths()
    some(lengths, before, 10)
    lengths.look(1, false, 0)
    for (const [calls, ms] of after) some(lengths, calls, ms)
    lengths.look(1, false, 1)
    return lengths.haveGrown(1)
  }

  test("moves up by a quarter of three hundredths with each longer call, and down by three quarters with each quicker one", () => {
    // ln 2 is 92.4 times 0.0075.
    expect([grown(40, [92, 1e6]), grown(40, [93, 1e6])]).toEqual([false, true])
    // 200 times 0.0075 without 35.9 times 0.0225.
    expect([grown(40, [200, 1e6], [35, 0]), grown(40, [200, 1e6], [36, 0])]).toEqual([true, false])
  })

  test("moves more with the first of them: by a quarter of their number's part", () => {
    // From the ninth call to the 34th that makes 0.35, and the other half takes 46 calls more.
    expect([grown(8, [71, 1e6]), grown(8, [72, 1e6])]).toEqual([false, true])
    const lengths = new Lengths()
    some(lengths, 7, 10)
    lengths.add(1000)
    lengths.look(1, false, 0)
    some(lengths, 300, 40)
    lengths.look(1, false, 1)
    expect(lengths.haveGrown(1)).toBe(true)
  })

  test("is held against what was usual, which does not follow while there is no room", () => {
    const lengths = new Lengths()
    some(lengths, 40, 10)
    lengths.look(1, false, 0)
    some(lengths, 300, 30)
    for (let look = 1; look <= 30; look++) lengths.look(1, false, look)
    expect(lengths.haveGrown(300_029)).toBe(true)
  })
})

test("news of a limit are another state, or a fifth of what was told last; they are told once in a second", () => {
  const news = new LimitNews(100)
  const limit = { state: "following", value: 100, independent: false, isStirred: false }
  const told = (now: number, more: object = {}) => {
    Object.assign(limit, more)
    const one = news.take(limit as never, now)
    expect(one?.type ?? "limit.moved").toBe("limit.moved")
    return one === undefined ? limit.isStirred : [one.at, one.state, one.limit, one.independent]
  }
  expect([told(0), told(0, { value: 120 }), told(0, { value: 80 })]).toEqual([false, false, false])
  expect(told(10, { value: 121 })).toEqual([10, "following", 121, false])
  // There is something to tell, which waits.
  expect([told(1009, { value: 90 }), told(1010)]).toEqual([true, [1010, "following", 90, false]])
  expect(told(3000, { state: "climbing" })).toEqual([3000, "climbing", 90, false])
  expect([told(3999, { independent: true }), told(4000)]).toEqual([true, [4000, "climbing", 90, true]])
  expect(told(9000)).toBe(false)
})

describe("a round", () => {
  test("knows how long it has lasted, when it began, how many calls were in flight, and what they took", () => {
    const round = new Round(100, 5000)
    expect([round.lastedFor(150), round.hasBegunAfter(100), round.hasBegunAfter(101)]).toEqual([50, true, false])
    expect([round.inFlight(5200, 200), round.inFlight(5200, 100), round.inFlight(5200, 99)]).toEqual([2, 0, 0])
    round.add("success", 30)
    round.add("failure", 10)
    expect([round.meanMs, round.outcomes, round.successes, round.timeouts]).toEqual([20, 2, 1, 0])
  })

  test("chokes when more than three in ten of its calls were not waited for to the end", () => {
    const of = (timeouts: number, others: number) => {
      const round = new Round(0, 0)
      for (let call = 0; call < timeouts; call++) round.add("timedOut", 10)
      for (let call = 0; call < others; call++) round.add(call % 2 === 0 ? "success" : "ignored", 10)
      return [round.isChoking, round.timeouts, round.outcomes]
    }
    expect([of(3, 7), of(4, 6)]).toEqual([
      [false, 3, 10],
      [true, 4, 10],
    ])
  })

  test("has a rate by how long its calls took where they are about even and no longer than two and a half times alone", () => {
    const rate = (idleMs: number, ...lengths: readonly number[]) => {
      const round = new Round(0, 0)
      for (const ms of lengths) round.add("success", ms)
      // Ten in flight for a hundred milliseconds.
      return round.rate(1000, 100, idleMs)
    }
    expect(rate(40, 100, 100, 100, 100)).toBeCloseTo(10 / 100, 12)
    expect(rate(39.9, 100, 100, 100, 100)).toBeCloseTo(4 / 100, 12)
    expect(rate(0, 100, 100, 100, 100)).toBeCloseTo(10 / 100, 12)
    // The mean of the squares is 1.25 times the square of the mean where they lie half of it off.
    expect([rate(0, 50, 150, 50, 150), rate(0, 51, 149, 51, 149)]).toEqual([4 / 100, 10 / 100])
    expect(rate(0, 0, 0)).toBe(2 / 100)
  })
})
