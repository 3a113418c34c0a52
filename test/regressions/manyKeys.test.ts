/** What a review of breakers by key found: each test is named after what went wrong. */
import { type BreakerConfig, type BreakersConfig, createBreaker, createBreakers, InvalidConfig } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { deferred, succeed, times, trip, working } from "../support/breakers.ts"

const own = { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 5 } } as const
const plain: BreakerConfig = { strategy: own }
const depending: BreakerConfig = {
  strategy: { type: "dependency", own, dependencies: { db: { type: "critical" } } },
}

function many(config: BreakersConfig = {}) {
  const clock = createVirtualClock()
  return { clock, breakers: createBreakers({ idle: "1 minute", config: () => plain, ...config }, { clock }) }
}

describe("a key whose breaker depends on others", () => {
  test("was never forgotten: a full table let all others run unprotected", async () => {
    const { clock, breakers } = many({ max: 2, config: () => depending })
    const db = createBreaker("db", plain, { clock })
    for (const key of ["a", "b", "c"]) await breakers.get(key).execute(working)
    expect(breakers.metrics()).toMatchObject({ keys: 2, evicted: 1, unprotected: 0 })
    db.forceOpen("test")
    expect(breakers.get("c").wouldReject()).toMatchObject({ reason: "db is open" })
    await clock.advance("5 minutes")
    expect(breakers.size).toBe(0)
    expect(clock.pending).toBe(0)
  })
})

describe("a breaker that is kept though its key was forgotten", () => {
  test("came to life for good by being looked at", async () => {
    const { clock, breakers } = many({ config: () => depending })
    const db = createBreaker("db", plain, { clock })
    const kept = breakers.get("a")
    await kept.execute(working)
    await clock.advance("5 minutes")
    expect(breakers.has("a")).toBe(false)
    const before = wheelOf(clock).size
    expect(kept.metrics()).toMatchObject({ breaker: "a", phase: "active" })
    expect(kept.save()).toMatchObject({ breaker: "a", mode: "auto" })
    expect(wheelOf(clock).size).toBe(before)
    const { node } = (db as unknown as { assembly: { node?: { dependents: Map<unknown, unknown> } } }).assembly
    expect(node?.dependents.size ?? 0).toBe(0)
    expect(breakers.has("a")).toBe(false)
  })

  test("did not stop the one that has its key now", async () => {
    const { clock, breakers } = many()
    const kept = breakers.get("a")
    await kept.execute(working)
    await clock.advance("5 minutes")
    const present = breakers.get("a")
    await present.execute(working)
    await kept.stop()
    expect([kept.phase, present.phase]).toEqual(["stopped", "stopped"])
    expect(breakers.has("a")).toBe(false)
    for (const breaker of [kept, present]) {
      expect(await breaker.tryExecute(working)).toMatchObject({ error: { layer: "lifecycle" } })
    }
    expect(await breakers.get("a").execute(working)).toBe("up")
  })
})

describe("calls in flight of a key that is stopped", () => {
  test("were lost from the sums of all", async () => {
    const { clock, breakers } = many()
    const [first, second] = [deferred(), deferred()]
    const calls = [first, second].map(({ promise }) => breakers.get("a").tryExecute(() => promise))
    const stopped = breakers.get("a").stop({ grace: "10 seconds" })
    expect(breakers.metrics()).toMatchObject({ keys: 0, calls: { admitted: 2, success: 0, inFlight: 2 } })
    first.resolve("up")
    await calls[0]
    expect(breakers.metrics().calls).toMatchObject({ admitted: 2, success: 1, inFlight: 1 })
    await clock.advance("11 seconds")
    await Promise.all([...calls, stopped])
    const sums = { admitted: 2, success: 1, ignored: 1, inFlight: 0 }
    expect(breakers.metrics().calls).toMatchObject(sums)
    await breakers.stop()
    expect(breakers.metrics().calls).toMatchObject(sums)
  })
})

describe("calls of keys that were quiet when all stopped", () => {
  test("were refused and counted nowhere", async () => {
    const { breakers } = many()
    const breaker = breakers.get("a")
    await breaker.execute(working)
    const stopped = breakers.stop()
    await times(3, () => breaker.tryExecute(working))
    await breakers.get("new").tryExecute(working)
    expect(breakers.metrics()).toMatchObject({ calls: { admitted: 1, rejected: 4 }, refusals: { lifecycle: 4 } })
    await stopped
    await breaker.tryExecute(working)
    expect(breakers.metrics().refusals).toEqual({ lifecycle: 5 })
  })
})

describe("a busy key of which nothing is to be learned", () => {
  test("was said to need no actors with the default strategy, which learns what is usual", async () => {
    const silent = { metrics: false, timeout: "2 seconds" } as const
    const busy = async (config: BreakerConfig) => {
      const { clock, breakers } = many({ idle: "1 hour", config: () => config })
      await times(50, async () => {
        await succeed(breakers.get("a"))
        await clock.advance("1 second")
      })
      return breakers.metrics().live
    }
    expect(await busy({ strategy: "basic", ...silent })).toBe(0)
    expect(await busy(silent)).toBe(1)
  })
})

describe("listeners to all keys", () => {
  test("were told of each call's trouble anew, because a quiet key forgot that it had been told", async () => {
    const { clock, breakers } = many({
      config: () => ({
        ...plain,
        classify: () => {
          throw new Error("bad")
        },
      }),
    })
    const counts: number[] = []
    breakers.on("trouble", ({ count }) => counts.push(count))
    await succeed(breakers.get("a"), 6)
    expect(counts).toEqual([1])
    await clock.advance("1 second")
    await succeed(breakers.get("a"))
    expect(counts).toEqual([1, 6])
    await succeed(breakers.get("a"), 2)
    await clock.advance("30 seconds")
    expect(counts).toEqual([1, 6, 2])
    expect(breakers.metrics()).toMatchObject({ keys: 1, live: 0 })
  })

  test("were not told of the last refusals of a key that was forgotten", async () => {
    const { clock, breakers } = many()
    const breaker = breakers.get("a")
    let told = 0
    breakers.on("refusal", ({ count }) => {
      told += count
    })
    await trip(breaker)
    await times(10, () => breaker.tryExecute(working))
    await clock.advance("5 seconds")
    await succeed(breaker, 5)
    expect(breaker.circuit).toBe("closed")
    await clock.advance("5 minutes")
    expect(breakers.has("a")).toBe(false)
    expect(told).toBe(10)
  })
})

describe("another config for all keys", () => {
  test("was taken by some after the one that a listener gave meanwhile", async () => {
    const { breakers } = many()
    const keys = ["a", "b", "c"]
    for (const key of keys) await trip(breakers.get(key))
    const stop = breakers.on("config", () => {
      stop()
      breakers.reconfigure(() => ({ ...plain, timeout: 2 }))
    })
    breakers.reconfigure(() => ({ ...plain, timeout: 1 }))
    const timeouts = keys.map((key) => breakers.get(key).metrics().components.timeout?.timeoutMs)
    expect(timeouts).toEqual([2, 2, 2])
  })
})

test("a question about a call that cannot be, of a key that rests, was answered as if it could", async () => {
  const breakers = createBreakers({}, { clock: createVirtualClock() })
  const breaker = breakers.get("a")
  for (const facts of [{ priority: "hgih" }, { typo: 1 }, null, 5]) {
    expect(() => breaker.wouldReject(facts as never)).toThrow(InvalidConfig)
  }
  expect(breaker.wouldReject({ priority: "high" })).toBeUndefined()
  await breakers.stop()
})

test("what a breaker refused after it had stopped was missing in the sums, if it had had more to tell than a few calls", async () => {
  const breakers = createBreakers({}, { clock: createVirtualClock() })
  const [moved, quiet, stopped] = ["moved", "quiet", "stopped"].map((key) => breakers.get(key))
  moved?.forceOpen("test")
  moved?.release("test")
  await stopped?.stop()
  await stopped?.tryExecute(async () => 1)
  expect(breakers.metrics().calls.rejected).toBe(1)
  await breakers.stop()
  for (const one of [moved, quiet, stopped]) await one?.tryExecute(async () => 1)
  expect(breakers.metrics()).toMatchObject({ calls: { rejected: 4 }, refusals: { lifecycle: 4 } })
})
