/** The search for the limit, round by round, where what is done at each concurrency is known to the last digit. */
import { describe, expect, test } from "vitest"
import { Search } from "../../src/data-plane/limiter/search.ts"

interface Looked {
  readonly rateOf?: (calls: number, round: number) => number
  readonly meanMs?: number
  readonly outcomes?: (calls: number) => number
  readonly isChoking?: (round: number) => boolean
  /** After which rounds there was room for a while. */
  readonly interrupted?: readonly number[]
  readonly everyMs?: number
}

/** Rounds in which every slot is taken, from a limit of 100 on, of calls that take 20 ms where there is room: limit and state after each. */
function searched(rounds: number, looked: Looked) {
  const { rateOf = (calls) => Math.min(calls, 100), meanMs = 20, outcomes = (calls) => calls } = looked
  const { isChoking = () => false, interrupted = [], everyMs = 20 } = looked
  const search = new Search()
  let limit = 100
  return Array.from({ length: rounds }, (_, round) => {
    const rate = rateOf(limit, round)
    const full = { inFlight: limit, rate, outcomes: outcomes(limit), meanMs, isChoking: isChoking(round) }
    limit = search.next(limit, full, 20, everyMs * (round + 1))
    if (interrupted.includes(round)) search.interrupt()
    return `${limit} ${search.state}`
  })
}

describe("the search", () => {
  test("doubles until no more is done, looks at fewer and at more, and keeps to the knee", () => {
    expect(searched(9, {})).toEqual([
      ...["200 climbing", "100 climbing", "71 holding", "100 holding", "136 climbing", "104 holding", "119 climbing"],
      ...["104 holding", "104 holding"],
    ])
  })

  test("goes on where a quarter more is done, and by no less", () => {
    const rising = (more: number) => searched(2, { rateOf: (calls) => (calls > 100 ? more : 1) })
    expect([rising(1.25).at(-1), rising(1.24).at(-1)]).toEqual(["400 climbing", "100 climbing"])
  })

  test("looks at half as many first where the first calls took half as long again", () => {
    expect([29, 30].map((meanMs) => searched(1, { meanMs })[0])).toEqual(["200 climbing", "50 climbing"])
  })

  test("waits for four in five of a generation of calls", () => {
    const from = (outcomes: number) => searched(1, { outcomes: () => outcomes })[0]
    expect([from(79), from(80)]).toEqual(["100 climbing", "200 climbing"])
  })

  test("halves the limit where calls are not waited for to the end, and is capped while they are not", () => {
    expect(searched(2, { isChoking: () => true })).toEqual(["50 climbing", expect.stringContaining("capped")])
  })

  test("forgets a look when there is room, and not that it has tried half as many", () => {
    // In a look at 71 it would go back to 100, where it came from; now it goes to the best that it knows, which reaches to 104.
    expect(searched(4, { interrupted: [2] }).slice(2)).toEqual(["71 following", "104 holding"])
    const half = { meanMs: 40, rateOf: (calls: number) => calls }
    expect(searched(2, half)).toEqual(["50 climbing", "200 climbing"])
    expect(searched(2, { ...half, interrupted: [0] })).toEqual(["50 following", "200 climbing"])
  })

  test("looks at more again after eight seconds, or after sixty calls where those are longer", () => {
    const looks = (meanMs: number) =>
      searched(200, { meanMs, everyMs: 100 })
        .map((state, round) => (state.includes("climbing") ? round : 0))
        .filter((round) => round > 5 && round < 160)
    expect([looks(20), looks(200)]).toEqual([
      [6, 86],
      [7, 127],
    ])
  })
})
