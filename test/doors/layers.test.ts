/** The layers of admission together: all or nothing, one outcome for all, and nothing of what is not enabled. */
import { createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { AssembledBreaker } from "../../src/assembledBreaker.ts"
import { deferred, fail, succeed, working, world } from "../support/breakers.ts"

const calm = { type: "basic", window: { type: "count", calls: 1000, minimumCalls: 1000 } } as const

describe("a call that one layer refuses", () => {
  const limited = () =>
    world({
      ...{ strategy: calm, timeout: false, retry: { budget: { share: 0, reserve: 5 } } },
      rateLimit: { limit: 5, interval: "1 hour" },
      priority: { limit: 2, queue: false },
    })

  test("for want of a slot has spent nothing of its rate, nor of any budget", async () => {
    const { breaker } = limited()
    const slow = deferred()
    const held = [1, 2].map(() => breaker.execute(() => slow.promise))
    const refused = await Promise.all(
      Array.from({ length: 20 }, () => breaker.tryExecute(working, { idempotent: true })),
    )
    expect(refused.map((one) => !one.ok && (one.error as { layer?: string }).layer)).toEqual(Array(20).fill("limit"))
    slow.resolve("up")
    await Promise.all(held)
    const after = await Promise.all([1, 2, 3, 4].map(async () => (await breaker.tryExecute(working)).ok))
    // Two at once, as there are slots for; the other two were refused, and the rate has one left of five.
    expect(after).toEqual([true, true, false, false])
    expect([await breaker.tryExecute(working), await breaker.tryExecute(working)]).toMatchObject([
      { ok: true },
      { ok: false, error: { layer: "rateLimit" } },
    ])
    expect(breaker.metrics().components.retry?.budget).toBe(5)
  })

  test("for its rate holds no slot", async () => {
    const { breaker } = limited()
    await succeed(breaker, 5)
    for (let call = 0; call < 20; call++)
      expect(breaker.acquire()).toMatchObject({ admitted: false, layer: "rateLimit" })
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 0, rejected: 20 })
    breaker.reconfigure({ strategy: calm, timeout: false, priority: { limit: 2, queue: false } })
    expect([breaker.acquire(), breaker.acquire(), breaker.acquire()].map(({ admitted }) => admitted)).toEqual([
      true,
      true,
      false,
    ])
  })

  test("because the circuit is open spends nothing of what the other layers give", async () => {
    const { breaker } = limited()
    breaker.forceOpen("a test")
    for (let call = 0; call < 20; call++) expect(breaker.acquire().admitted).toBe(false)
    breaker.release("a test")
    // Half-open first, then closed: a probe counts like any other call.
    const answers: boolean[] = []
    for (let call = 0; call < 10; call++) answers.push((await breaker.tryExecute(working)).ok)
    expect(breaker.circuit).toBe("closed")
    expect(answers).toEqual([...Array(5).fill(true), ...Array(5).fill(false)])
  })
})

test("one outcome feeds window, budget, latency, slots and counts, each once", async () => {
  const { breaker } = world({
    strategy: "basic",
    retry: { budget: { share: 0.5, reserve: 0 } },
    priority: { limit: 3 },
  })
  await succeed(breaker, 2)
  await fail(breaker, 1)
  const { calls, components } = breaker.metrics()
  expect(calls).toMatchObject({ admitted: 3, success: 2, failure: 1, inFlight: 0 })
  expect(components.retry).toMatchObject({ budget: 1 })
  const { plane } = (breaker as AssembledBreaker).assembly
  expect(plane.admission.bulkhead?.slots.inUse).toBe(0)
  expect(breaker.metrics().latency.samples).toBe(2)
})

test("what is not enabled has no actor, no gauge and no timer", async () => {
  const clock = createVirtualClock()
  const off = { timeout: false, priority: false, metrics: false } as const
  const breaker = createBreaker("service", { strategy: "basic", ...off }, { clock })
  await succeed(breaker, 5)
  await fail(breaker, 1)
  expect(breaker).toBeInstanceOf(AssembledBreaker)
  const { conductor, plane, knowledge, repeater } = (breaker as AssembledBreaker).assembly
  expect(Object.keys(conductor.root.getSnapshot().children)).toEqual(["basic"])
  const { rates, bulkhead, features, endpoints, cells } = plane.admission
  expect([rates, bulkhead, features, endpoints, cells, plane.retryBudget, knowledge, repeater]).toEqual(
    Array(8).fill(undefined),
  )
  expect(clock.pending).toBe(0)
  await breaker.stop()
})
