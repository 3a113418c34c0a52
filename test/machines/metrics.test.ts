import { metrics } from "recloser/machines"
import { describe, expect, test } from "vitest"
import { score } from "../../machines/components/metrics.ts"
import type { Circuit } from "../../machines/vocabulary/circuit.ts"
import type { Slice } from "../../machines/vocabulary/signal.ts"
import { type Chart, settingsOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { adviserSteps, slices, take } from "../support/walks.ts"

interface Report {
  readonly score: number
  readonly msIn: { readonly [C in Circuit]: number }
  readonly moves: { readonly [rule: string]: number }
  readonly slices: readonly unknown[]
}

const reportOf = (chart: Chart) => metrics.report?.(chart.snapshot(), chart.clock.now()) as Report

describe("metrics", () => {
  test("metrics law 1: it never restricts a call", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(adviserSteps, { maxLength: 20 }), async (walk) => {
        const chart = startChart(metrics)
        for (const step of walk) {
          await take(chart, step)
          expect(chart.advice().demand).toEqual({})
        }
      }),
    )
  })

  test("metrics law 2: times in state add up to the time since it started", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(adviserSteps, { maxLength: 20 }), async (walk) => {
        const chart = startChart(metrics)
        const startedAt = chart.clock.now()
        for (const step of walk) {
          await take(chart, step)
          const { msIn } = reportOf(chart)
          const sum = Object.values(msIn).reduce((total, each) => total + each, 0)
          expect(sum).toBeCloseTo(chart.clock.now() - startedAt, 6)
          expect(Math.min(...Object.values(msIn))).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  test("metrics law 2: time passes in the state that the circuit is in", async () => {
    const chart = startChart(metrics)
    const move = (from: Circuit, to: Circuit, rule: string) =>
      chart.send({
        type: "circuit.moved",
        breaker: "service",
        from,
        to,
        epoch: 0,
        reason: "",
        rule,
        statistics: undefined,
      })
    await chart.clock.advance(700)
    move("closed", "open", "failureRatio")
    await chart.clock.advance(5000)
    move("open", "halfOpen", "openFor")
    await chart.clock.advance(30)
    const { msIn, moves } = reportOf(chart)
    expect(msIn).toEqual({ closed: 700, degraded: 0, open: 5000, halfOpen: 30, ramping: 0 })
    expect(moves).toEqual({ failureRatio: 1, openFor: 1 })
  })

  test("metrics law 3: the score lies between 0 and 1 and rises when a failure becomes a success", () => {
    const counts = fc.array(slices, { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(counts, fc.nat(), (kept, which) => {
        const before = score(kept)
        expect(before).toBeGreaterThanOrEqual(0)
        expect(before).toBeLessThanOrEqual(1)
        const index = which % kept.length
        const better = kept.map((slice, at) =>
          at === index && slice.failure > 0
            ? { ...slice, failure: slice.failure - 1, success: slice.success + 1 }
            : slice,
        )
        expect(score(better)).toBeGreaterThanOrEqual(before)
        if ((kept[index]?.failure ?? 0) > 0) expect(score(better)).toBeGreaterThan(before)
      }),
    )
  })

  test("metrics law 3: the score is 1 without evidence; ignored calls are none", () => {
    expect(score([])).toBe(1)
    const [slice] = fc.sample(slices, { seed: 1, numRuns: 1 })
    expect(slice && score([{ ...slice, success: 0, failure: 0, timedOut: 0, ignored: 50 }])).toBe(1)
    expect(slice && score([{ ...slice, success: 3, failure: 0, timedOut: 1 }])).toBe(0.75)
  })

  test("metrics law 3: the score is 0 where all calls failed, a half where half of them did", () => {
    const [slice] = fc.sample(slices, { seed: 1, numRuns: 1 })
    const of = (success: number, failure: number) => ({ ...(slice as Slice), success, failure, timedOut: 0 })
    expect([score([of(0, 5)]), score([of(5, 5)]), score([of(2, 1), of(1, 2)])]).toEqual([0, 0.5, 0.5])
  })

  test("metrics law 3: it scores the calls of the last ten minutes, to the millisecond, and says 0 while open", async () => {
    const chart = startChart(metrics)
    const scoreNow = () => reportOf(chart).score
    expect(reportOf(chart)).toMatchObject({ score: 1, slices: [] })
    const [slice] = fc.sample(slices, { seed: 1, numRuns: 1 })
    const close = (success: number, failure: number) =>
      chart.send({
        type: "slice.closed",
        epoch: 0,
        slice: { ...(slice as Slice), startedAt: chart.clock.now(), success, failure, timedOut: 0 },
      })
    close(0, 3)
    expect(scoreNow()).toBe(0)
    await chart.clock.advance("1 minute")
    close(1, 0)
    expect(scoreNow()).toBe(0.25)
    await chart.clock.advance(9 * 60_000 - 1)
    expect(scoreNow()).toBe(0.25)
    await chart.clock.advance(1)
    expect(scoreNow()).toBe(1)
    const move = (from: Circuit, to: Circuit) =>
      chart.send({
        ...{ type: "circuit.moved", breaker: "service", from, to, epoch: 0 },
        ...{ reason: "", rule: "failureRatio", statistics: undefined },
      })
    move("closed", "open")
    expect(scoreNow()).toBe(0)
    move("open", "halfOpen")
    expect(scoreNow()).toBe(1)
  })

  test("metrics law 4: it keeps the last 60 slices and no more", () => {
    const chart = startChart(metrics)
    const [slice] = fc.sample(slices, { seed: 1, numRuns: 1 })
    if (slice === undefined) throw new Error("no slice was made")
    for (let startedAt = 0; startedAt < 200; startedAt++) {
      chart.send({ type: "slice.closed", epoch: 0, slice: { ...slice, startedAt } })
    }
    const kept = reportOf(chart).slices as readonly { readonly startedAt: number }[]
    expect(kept.map(({ startedAt }) => startedAt)).toEqual(Array.from({ length: 60 }, (_, at) => 140 + at))
  })

  test("asks for a slice a second, and for nothing else", () => {
    expect(startChart(metrics).advice().lines).toEqual({
      circuit: undefined,
      slowAfterMs: undefined,
      leaseMs: undefined,
      lateAfterMs: undefined,
      sliceMs: 1000,
    })
    expect(settingsOf(metrics)).toEqual({})
  })
})
