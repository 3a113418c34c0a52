/** What the simulation of bad days has found, each said in a few lines. */
import { CallRejected, createBreaker } from "recloser"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { expect, test } from "vitest"

test("calls that waited under another config waited on, however few may wait now", async () => {
  const clock = createVirtualClock()
  const backend = scriptedBackend(clock, "slow 5 s")
  const breaker = createBreaker("service", { priority: { limit: 1, queue: 10 }, timeout: false }, { clock })
  const calls = Array.from({ length: 6 }, () => breaker.tryExecute(backend.call))
  await clock.advance(0)
  expect(breaker.metrics().calls.waiting).toBe(5)

  breaker.reconfigure({ priority: { limit: 1, queue: 2 }, timeout: false })
  await clock.advance(0)
  expect(breaker.metrics().calls.waiting).toBe(2)
  breaker.reconfigure({ priority: { limit: 1, queue: false }, timeout: false })
  await clock.advance(0)
  expect(breaker.metrics().calls.waiting).toBe(0)

  await clock.advance("5 seconds")
  const ends = await Promise.all(calls)
  expect(ends.filter(({ ok }) => ok)).toHaveLength(1)
  const rejections = ends.flatMap((end) => (end.ok ? [] : [end.error as CallRejected]))
  expect(rejections.every((error) => error instanceof CallRejected && error.layer === "queue")).toBe(true)
  await breaker.stop()
})
