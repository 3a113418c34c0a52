/** What the machines believe of a learned limit, where the one who believes is another than the one who was told. */
import { attach, type Breaker } from "recloser"
import { breakerLogic } from "recloser/machines"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { createActor } from "xstate"
import { Limit } from "../../src/data-plane/limiter/limit.ts"
import { LimitNews } from "../../src/data-plane/limiter/news.ts"
import { after } from "../support/incident.ts"

const reportOf = (breaker: Breaker) => breaker.metrics().components.priority

/** One call after the other, for so many seconds. */
async function oneByOne(breaker: Breaker, clock: VirtualClock, seconds: number): Promise<void> {
  for (let call = 0; call < 10 * seconds; call++) {
    const answer = breaker.tryExecute(() => after(clock, 90))
    await clock.advance("100 millis")
    await answer
  }
}

test("a chart that another data plane had told of trouble went on believing it, though the limit of this one is free", async () => {
  const clock = createVirtualClock()
  const actor = createActor(breakerLogic, { input: { name: "service" }, clock }).start()
  actor.send({ type: "limit.moved", at: 0, state: "capped", limit: 3, independent: true })
  const breaker = attach(actor)
  expect(reportOf(breaker)).toMatchObject({ state: "capped", limit: 3, failures: "independent" })
  await oneByOne(breaker, clock, 12)
  expect(reportOf(breaker)).toMatchObject({ state: "following", limit: 20, failures: "suspect" })
  await breaker.stop()
  actor.stop()
})

test("news of a limit is told again after ten seconds, and not before", () => {
  const limit = new Limit(1, 1000, 20)
  const news = new LimitNews(20)
  const take = (now: number) => {
    limit.isStirred = true
    return news.take(limit, now)?.limit
  }
  expect([0, 5000, 9999, 10_000, 10_001, 19_999, 20_000].map(take)).toEqual([
    ...[undefined, undefined, undefined, 20],
    ...[undefined, undefined, 20],
  ])
})
