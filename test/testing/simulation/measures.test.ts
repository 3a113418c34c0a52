import { describe, expect, test } from "vitest"
import {
  alarm,
  attempts,
  type Column,
  falseOpens,
  firstRefusal,
  goodput,
  kept,
  lost,
  p99,
  recovery,
  refusedBefore,
  sent,
  wasted,
} from "../../../src/testing/simulation/columns.ts"
import { judge } from "../../../src/testing/simulation/evaluate.ts"
import { none } from "../../../src/testing/simulation/policies/none.ts"
import type { Settled } from "../../../src/testing/simulation/policy.ts"
import { Recording } from "../../../src/testing/simulation/record.ts"
import { estimate, median, quantile, summarise } from "../../../src/testing/simulation/statistics.ts"

const fault = { from: 10_000, to: 20_000 }
const blank = () => new Recording(60_000, [fault])
const of = (column: Column, run: Recording, unprotected: Recording = run) => column.of(run, unprotected)

/** Offers ten calls a second from `from` to `to`, all of which end so. */
function calls(run: Recording, from: number, to: number, end: Settled | "refused"): void {
  for (let at = from; at < to; at += 100) {
    run.offered(at)
    if (end === "refused") run.refused(at, at)
    else run.settled(end, at, 20)
  }
}

/** Fails for a second, is refused until a second after the fault, then all is well. */
function tripped(): Recording {
  const run = blank()
  calls(run, 0, 10_000, "success")
  calls(run, 10_000, 11_000, "failure")
  run.moved(11_000, "open")
  calls(run, 11_000, 21_000, "refused")
  run.moved(21_000, "closed")
  calls(run, 21_000, 60_000, "success")
  return run
}

describe("columns", () => {
  test("W counts the failed calls of the fault, TTD the time to the first move, and the first refusal beside it", () => {
    const run = tripped()
    expect([of(sent, run), of(alarm, run), of(firstRefusal, run)]).toEqual([10, 1, 1])
  })

  test("L is what was lost after the fault, in seconds of its traffic", () => {
    expect(of(lost, tripped())).toBeCloseTo(1)
  })

  test("R is the first time from which ten seconds go nine in ten well", () => {
    const run = tripped()
    expect(of(recovery, run)).toBe(0)
    const late = blank()
    calls(late, 20_000, 30_000, "refused")
    calls(late, 30_000, 60_000, "success")
    expect(of(recovery, late)).toBe(9)
    const lame = blank()
    calls(lame, 20_000, 60_000, "failure")
    expect(of(recovery, lame)).toBe(Number.POSITIVE_INFINITY)
  })

  test("G and A look at what was offered from the beginning of the fault", () => {
    const run = tripped()
    expect(of(goodput, run)).toBeCloseTo((100 * 390) / 500)
    expect(of(attempts, run)).toBeCloseTo(400 / 500)
  })

  test("kept compares the successes of the fault with those without a breaker", () => {
    const [run, unprotected] = [blank(), blank()]
    calls(run, 10_000, 15_000, "success")
    calls(unprotected, 10_000, 20_000, "success")
    expect(of(kept, run, unprotected)).toBe(50)
  })

  test("F counts openings outside faults, by days without fault", () => {
    const run = tripped()
    expect(of(falseOpens, run)).toBe(0)
    run.moved(40_000, "open")
    expect(of(falseOpens, run)).toBeCloseTo(86_400 / 50)
  })

  test("an alarm after the fault has detected nothing", () => {
    const run = blank()
    run.moved(25_000, "open")
    expect(of(alarm, run)).toBe(Number.POSITIVE_INFINITY)
  })

  test("refused before is a share, p99 is within 2 %, wasted is seconds", () => {
    const run = blank()
    calls(run, 0, 9000, "success")
    calls(run, 9000, 10_000, "refused")
    run.wastedMs = 1500
    expect(of(refusedBefore, run)).toBe(10)
    expect(Math.abs(of(p99, run) / 20 - 1)).toBeLessThan(0.02)
    expect(of(wasted, run)).toBe(1.5)
  })
})

describe("a recording", () => {
  test("knows how long callers waited for what was offered in a time", () => {
    const run = blank()
    for (const kind of ["success", "failure", "timedOut"] as const) calls(run, 10_000, 11_000, kind)
    calls(run, 11_000, 12_000, "refused")
    expect([run.callMs(10_000, 11_000), run.callMs(10_500, 60_000), run.callMs(11_000, 60_000)]).toEqual([600, 300, 0])
  })
})

describe("goals", () => {
  test("may be for what one seed in twenty is worse than, whichever way is better", () => {
    const values = Array.from({ length: 101 }, (_, index) => index)
    const reached = { maker: none, seeds: [], values: new Map([p99, goodput].map((column) => [column, values])) }
    expect(judge({ column: p99, most: 95, over: "bad" }, reached)).toMatchObject({ value: 95, met: true })
    expect(judge({ column: goodput, least: 6, over: "bad" }, reached)).toMatchObject({ value: 5, met: false })
  })
})

describe("statistics", () => {
  test("quantiles interpolate, and never is a value", () => {
    const never = Number.POSITIVE_INFINITY
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(median([3, never, 1])).toBe(3)
    expect(median([3, never, never])).toBe(never)
    expect(median([])).toBeNaN()
  })

  test("intervals hold the value, repeat themselves, and vanish where all values are one", () => {
    const values = Array.from({ length: 20 }, (_, index) => index)
    const { value, low, high } = estimate(values, 0.5)
    expect(value).toBe(9.5)
    expect(low).toBeLessThan(value)
    expect(high).toBeGreaterThan(value)
    expect(estimate(values, 0.5)).toEqual({ value, low, high })
    expect(estimate([4, 4, 4], 0.95)).toEqual({ value: 4, low: 4, high: 4 })
  })

  test("the bad tail is the low one where more is better", () => {
    const values = Array.from({ length: 101 }, (_, index) => index)
    expect(summarise(values, "less").bad.value).toBe(95)
    expect(summarise(values, "more").bad.value).toBe(5)
    expect(summarise([1, Number.NaN]).count).toBe(1)
  })
})
