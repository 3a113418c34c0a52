/** Mistakes about when a circuit opens: each was made by a breaker that people use. */

import { CallRejected } from "recloser"
import { scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import {
  deferred,
  down,
  expectConsistent,
  fail,
  failing,
  hanging,
  succeed,
  times,
  trip,
  tripAndWait,
  working,
  world,
} from "../support/breakers.ts"
import fc from "../support/property.ts"

const basic = (options: object) => ({ strategy: { type: "basic", ...options } as const, timeout: false })

describe("opening", () => {
  test("200 calls at 100 % failure open the circuit, and most of them never reach the service", async () => {
    const { breaker, clock, moves } = world()
    const backend = scriptedBackend(clock, { answer: "error", error: down })
    await times(200, () => breaker.tryExecute(backend.call))
    expect(breaker.circuit).toBe("open")
    expect(moves).toEqual(["closed → open"])
    expect(backend.calls).toBe(16)
    expect(breaker.metrics().calls).toMatchObject({ admitted: 16, failure: 16, rejected: 184 })
    expectConsistent(breaker)
  })

  test("the first failure alone opened it", async () => {
    const { breaker } = world()
    await fail(breaker)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.wouldReject()).toBeUndefined()
    expect(await breaker.execute(working)).toBe("up")
  })

  test("one failure among a few calls opened it: too few calls are no evidence", async () => {
    const { breaker } = world()
    await fail(breaker, 15)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("one bad sample flipped the verdict: just below the line it stays closed", async () => {
    const { breaker } = world(basic({ window: { type: "time", failureRatio: 0.5, minimumCalls: 20 } }))
    await succeed(breaker, 51)
    await fail(breaker, 50)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("own rejections counted as failures", async () => {
    const { breaker, clock } = world(basic({ openFor: "1 second", probes: { needed: 1 } }))
    await trip(breaker)
    const { failure } = breaker.metrics().calls
    await times(500, () => breaker.tryExecute(working))
    expect(breaker.metrics().calls).toMatchObject({ failure, rejected: 500 })
    await clock.advance("1 second")
    await succeed(breaker)
    expect(breaker.circuit).toBe("closed")
    expect(
      breaker.metrics().components.metrics?.slices.reduce((sum, slice) => sum + slice.failure, 0),
    ).toBeLessThanOrEqual(failure)
  })

  test("an inner breaker's rejections opened the outer one", async () => {
    const inner = world()
    const outer = world()
    inner.breaker.forceOpen("maintenance")
    await times(100, () => outer.breaker.tryExecute(() => inner.breaker.execute(working)))
    expect(outer.breaker.circuit).toBe("closed")
    expect(outer.breaker.metrics().calls).toMatchObject({ ignored: 100, failure: 0 })
  })

  test("an ignored error opened it", async () => {
    const { breaker } = world()
    const notOurs = () => "ignored" as const
    await times(100, () => breaker.tryExecute(failing, { classify: notOurs }))
    expect(breaker.circuit).toBe("closed")
    await fail(breaker, 15)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("a timed-out call was counted twice: when it timed out and when it failed at last", async () => {
    const { breaker, clock } = world({
      ...basic({ window: { type: "consecutive", failures: 2 } }),
      timeout: "1 second",
    })
    const work = deferred()
    const call = breaker.tryExecute(() => work.promise)
    await clock.advance("1 second")
    expect(await call).toMatchObject({ ok: false, error: { _tag: "CallTimedOut", timeoutMs: 1000 } })
    work.reject(down)
    await clock.advance(10)
    expect(breaker.metrics().calls).toMatchObject({ admitted: 1, timedOut: 1, failure: 0, inFlight: 0, stragglers: 0 })
    expect(breaker.circuit).toBe("closed")
    expectConsistent(breaker)
  })

  test("one timeout aborted other calls", async () => {
    const { breaker, clock } = world({ timeout: "1 second" })
    const reasons: unknown[] = []
    const listening =
      (name: string) =>
      ({ signal }: { signal: AbortSignal }) => {
        signal.addEventListener("abort", () => reasons.push(name))
        return hanging()
      }
    const first = breaker.tryExecute(listening("first"))
    await clock.advance(500)
    const work = deferred()
    const second = breaker.tryExecute(({ signal }) => {
      signal.addEventListener("abort", () => reasons.push("second"))
      return work.promise
    })
    await clock.advance(500)
    expect(await first).toMatchObject({ ok: false })
    work.resolve("in time")
    expect(await second).toEqual({ ok: true, value: "in time" })
    expect(reasons).toEqual(["first"])
  })

  test("slow calls were noticed only when they had finished", async () => {
    const { breaker, clock } = world(basic({ slowCalls: { after: "1 second", ratio: 0.8 } }))
    const calls = Array.from({ length: 20 }, () => breaker.tryExecute(hanging))
    await clock.advance("900 millis")
    expect(breaker.circuit).toBe("closed")
    await clock.advance("200 millis")
    expect(breaker.circuit).toBe("open")
    expect(breaker.metrics().calls.inFlight).toBe(20)
    expect(breaker.wouldReject()).toMatchObject({ rule: "slowRatio", statistics: { calls: 20, failures: 0, slow: 20 } })
    const stopping = breaker.stop({ grace: "1 second" })
    await clock.advance("1 second")
    await stopping
    expect((await Promise.all(calls)).every(({ ok }) => !ok)).toBe(true)
  })

  test("slow successes went unseen", async () => {
    const { breaker, clock } = world(
      basic({ slowCalls: { after: "1 second", ratio: 0.8 }, window: { type: "time", duration: "5 minutes" } }),
    )
    const backend = scriptedBackend(clock, { answer: "value", after: "2 seconds" })
    const calls = Array.from({ length: 20 }, () => breaker.execute(backend.call))
    await clock.advance("2 seconds")
    await Promise.all(calls)
    expect(breaker.circuit).toBe("open")
  })

  test("a slow line that is not asked for tripped it", async () => {
    const { breaker, clock } = world({ timeout: false })
    const backend = scriptedBackend(clock, { answer: "value", after: "1 hour" })
    const calls = Array.from({ length: 100 }, () => breaker.execute(backend.call))
    // A limit that knows nothing lets them in within a second or two.
    await clock.advance("61 minutes")
    await Promise.all(calls)
    expect(breaker.circuit).toBe("closed")
  })
})

describe("late results", () => {
  test("a straggler's success closed it", async () => {
    const { breaker, clock } = world(basic({ openFor: "5 seconds", probes: { needed: 1 } }))
    const slow = deferred()
    const late = breaker.execute(() => slow.promise)
    await trip(breaker)
    await clock.advance("5 seconds")
    expect(breaker.circuit).toBe("halfOpen")
    slow.resolve("at last")
    expect(await late).toBe("at last")
    expect(breaker.circuit).toBe("halfOpen")
    expect(breaker.metrics().calls).toMatchObject({ stragglers: 1, probes: 0 })
  })

  test("a straggler's failure opened it again", async () => {
    const state = world(
      basic({ openFor: "5 seconds", probes: { needed: 1 }, window: { type: "consecutive", failures: 1 } }),
    )
    const { breaker } = state
    const slow = [deferred(), deferred()]
    const late = slow.map(({ promise }) => breaker.tryExecute(() => promise))
    await tripAndWait(state)
    slow[0]?.reject(down)
    await late[0]
    expect(breaker.circuit).toBe("halfOpen")
    await succeed(breaker)
    expect(breaker.circuit).toBe("closed")
    slow[1]?.reject(down)
    await late[1]
    expect(breaker.circuit).toBe("closed")
    expect(breaker.metrics().calls.stragglers).toBe(2)
  })

  test("stragglers ate or minted probe places", async () => {
    const state = world(basic({ openFor: "5 seconds", probes: { atOnce: 2, needed: 100 } }))
    const { breaker } = state
    const slow = Array.from({ length: 5 }, () => deferred())
    const late = slow.map(({ promise }) => breaker.tryExecute(() => promise))
    await tripAndWait(state)
    const probes = [breaker.acquire(), breaker.acquire()]
    expect(probes.map(({ admitted }) => admitted)).toEqual([true, true])
    for (const { resolve } of slow) resolve("late")
    await Promise.all(late)
    expect(breaker.acquire().admitted).toBe(false)
    for (const probe of probes) if (probe.admitted) probe.settle("success")
    expect([breaker.acquire(), breaker.acquire(), breaker.acquire()].map(({ admitted }) => admitted)).toEqual([
      true,
      true,
      false,
    ])
  })

  test("a late failure of probe round one opened round two", async () => {
    const state = world(basic({ openFor: "5 seconds", probes: { atOnce: 2, needed: 2 } }))
    const { breaker, moves } = state
    await tripAndWait(state)
    const [one, two] = [breaker.acquire(), breaker.acquire()]
    if (!one.admitted || !two.admitted) throw new Error("the probes were refused")
    one.settle("failure")
    expect(breaker.circuit).toBe("open")
    await state.clock.advance("5 seconds")
    expect(breaker.circuit).toBe("halfOpen")
    const before = moves.length
    two.settle("failure")
    expect(breaker.circuit).toBe("halfOpen")
    expect(moves).toHaveLength(before)
    expect(breaker.metrics().calls.stragglers).toBe(1)
  })

  test("results that came back in any order moved it: only calls of the present epoch decide", () => {
    const ends = fc.array(fc.record({ fails: fc.boolean(), delay: fc.nat(20_000) }), { minLength: 1, maxLength: 15 })
    return fc.assert(
      fc.asyncProperty(ends, async (late) => {
        const state = world(
          basic({ openFor: "5 seconds", probes: { needed: 3 }, window: { type: "consecutive", failures: 3 } }),
        )
        const { breaker, clock } = state
        const backend = scriptedBackend(
          clock,
          ...late.map(({ fails, delay }) =>
            fails ? ({ answer: "error", after: 1 + delay } as const) : ({ answer: "value", after: 1 + delay } as const),
          ),
        )
        const calls = late.map(() => breaker.tryExecute(backend.call))
        await trip(breaker)
        const path: string[] = []
        breaker.on("transition", ({ to }) => path.push(to))
        await clock.advance("30 seconds")
        await Promise.all(calls)
        expect(path).toEqual(["halfOpen"])
        expect(breaker.metrics().calls.stragglers).toBe(late.length)
      }),
      { numRuns: 30 },
    )
  })
})

test("a rejection could not say why, by whom, since when and when to come back", async () => {
  const { breaker, clock } = world(basic({ openFor: "5 seconds" }))
  await clock.advance("3 seconds")
  await trip(breaker)
  await clock.advance("1 second")
  const error = await breaker.execute(working).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CallRejected)
  expect(error).toMatchObject({
    _tag: "CallRejected",
    name: "CallRejected",
    message: "service: rejected (circuit open): 100 % of 20 calls failed; retry in 4 s",
    breaker: "service",
    layer: "circuit",
    heldBy: ["basic"],
    since: 3000,
    retryAfterMs: 4000,
    rule: "failureRatio",
    statistics: { calls: 20, failures: 20, slow: 0 },
  })
})
