/** What a service asked for, and what of it did not end when it was over, or ended before. */
import { rateLimit } from "recloser/machines"
import { expect, test } from "vitest"
import { working, world } from "../support/breakers.ts"
import { startChart } from "../support/charts.ts"

test("a wait began again when it was over, as long as it had outlasted what the service had granted before", async () => {
  const { breaker, clock } = world({ rateLimit: true })
  const answer = (quota: object, more: object = {}) =>
    breaker.tryExecute(working, { classify: () => ({ kind: "success", quota, ...more }) })
  const report = () => breaker.metrics().components.rateLimit
  for (let turn = 0; turn < 8; turn++) {
    await answer({ remaining: 3, reset: "4 seconds" })
    await clock.advance("0.3 seconds")
  }
  expect(report()).toMatchObject({ state: "throttled", rate: 0.75 })
  await clock.advance("2 seconds")
  await answer({ exceeded: true }, { retryAfter: "30 seconds" })
  expect(breaker.wouldReject()).toMatchObject({ layer: "rateLimit", retryAfterMs: 30_000 })
  await clock.advance(29_999)
  expect(breaker.wouldReject()?.retryAfterMs).toBe(1)
  for (const ms of [2, 1000, 10_000, 20_000]) {
    await clock.advance(ms)
    expect([breaker.wouldReject(), report()]).toEqual([undefined, expect.objectContaining({ state: "steady" })])
  }
  await breaker.stop()
})

test("what the service still granted was no longer made to last once a rate that was learned before had been outgrown", async () => {
  const chart = startChart(rateLimit)
  const latency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
  chart.send({ type: "throttle.told", epoch: 0, overMs: 1000, answered: 50, exceeded: 30 })
  const granted = { remaining: 4200, resetAfterMs: 60_000 }
  chart.send({ type: "throttle.told", epoch: 0, overMs: 1000, answered: 80, exceeded: 0, ...granted })
  for (let second = 0; second < 20; second++) {
    await chart.clock.advance("1 second")
    const counts = { success: 70, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0 }
    const slice = { startedAt: chart.clock.now() - 1000, ...counts, latency }
    chart.send({ type: "slice.closed", epoch: 0, slice })
    const learned = Math.min(70, 45 + 2.5 * second)
    expect(chart.advice().demand.rate, `second ${second}`).toBe(learned)
  }
  await chart.clock.advance("40 seconds")
  expect(chart.advice().demand).toEqual({})
})
