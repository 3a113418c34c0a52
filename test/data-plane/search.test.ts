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
  /** The part of the slots that was taken on average. */
  readonly taken?: number
  /** The bounds of the limit, and what it begins at. */
  readonly bounds?: readonly [least: number, first: number, most: number]
}

/** Rounds in which every slot is taken, of calls that take 20 ms where there is room: limit and state after each. */
function searched(rounds: number, looked: Looked) {
  const { rateOf = (calls) => Math.min(calls, 100), meanMs = 20, outcomes = (calls) => calls } = looked
  const {
    isChoking = () => false,
    interrupted = [],
    everyMs = 20,
    taken = 1,
    bounds: [least, first, most] = [1, 100, 1e9],
  } = looked
  const search = new Search()
  let limit = first
  return Array.from({ length: rounds }, (_, round) => {
    const rate = rateOf(limit, round)
    const full = { inFlight: taken * limit, rate, outcomes: outcomes(limit), meanMs, isChoking: isChoking(round) }
    limit = Math.max(least, Math.min(most, search.next(limit, full, 20, everyMs * (round + 1))))
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

  test("stays where it looked when that was best, and does not go to the top of it", () => {
    expect(searched(6, { rateOf: (calls) => Math.min(calls, 60) }).slice(2)).toEqual([
      ...["71 holding", "71 holding", "47 holding", "71 holding"],
    ])
  })

  test("judges a look on sixteen calls", () => {
    const at71 = (count: number) => searched(5, { outcomes: (calls) => (calls === 71 ? count : calls) }).slice(2)
    expect([at71(8), at71(15), at71(16)]).toEqual([
      ["71 holding", "71 holding", "71 holding"],
      ["71 holding", "71 holding", "100 holding"],
      ["71 holding", "100 holding", "136 climbing"],
    ])
  })

  test("goes no further than the bounds, and looks at nothing that is where it stands", () => {
    const rateOf = (calls: number, round: number) => calls * (round < 1 ? 1 : 1.3)
    expect(searched(2, { meanMs: 40, bounds: [100, 100, 1e9], rateOf })).toEqual(["100 climbing", "200 climbing"])
    expect(searched(6, { bounds: [1, 1, 8], rateOf: () => 1, outcomes: () => 40 })).toEqual([
      ...["2 climbing", "1 climbing", "3 climbing", "1 holding", "2 climbing", "1 holding"],
    ])
    expect(searched(9, { bounds: [1, 100, 104] }).slice(4)).toEqual([
      ...["104 holding", "104 climbing", "104 holding", "104 climbing", "104 holding"],
    ])
  })

  test("looks at half as many once", () => {
    expect(searched(3, { meanMs: 40, rateOf: (calls) => calls })).toEqual([
      ...["50 climbing", "200 climbing", "400 climbing"],
    ])
  })

  test("goes down where less is done than is known of fewer, and finds the new knee", () => {
    const low = (calls: number, round: number) => (round >= 9 && calls > 77 ? 70 : Math.min(calls, 100))
    expect(searched(17, { rateOf: low }).slice(9)).toEqual([
      ...[
        "71 holding",
        "71 holding",
        "47 holding",
        "71 holding",
        "91 climbing",
        "80 holding",
        "80 holding",
        "80 holding",
      ],
    ])
  })

  test("goes back to what was best, which was less than every slot where not all of them were taken", () => {
    expect(searched(4, { taken: 0.86 }).slice(2)).toEqual(["71 holding", "91 holding"])
  })
})
