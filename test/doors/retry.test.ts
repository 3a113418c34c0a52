/** The promise door: calls that failed are made again, or not, and why. */
import {
  attach,
  type BreakerConfig,
  type CallContext,
  CallRejected,
  CallTimedOut,
  createBreaker,
  createBreakers,
  InvalidConfig,
} from "recloser"
import { breakerLogic } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { createActor } from "xstate"
import {
  deferred,
  down,
  expectConsistent,
  failing,
  hanging,
  succeed,
  trip,
  type World,
  working,
  world,
} from "../support/breakers.ts"

const calm = { type: "basic", window: { type: "count", calls: 1000, minimumCalls: 1000 } } as const
const twice = { idempotent: true } as const

const retrying = (retry: BreakerConfig["retry"] = true, others: BreakerConfig = {}): World =>
  world({ strategy: calm, retry, ...others })

const report = ({ breaker }: World) => {
  const { retry } = breaker.metrics().components
  if (retry === undefined) throw new Error("it has no retries")
  return retry
}

/** Work that ends so, attempt by attempt, and then as the last one. */
function ending(...ends: readonly (() => unknown)[]) {
  const calls: { readonly attempt: number; readonly deadline: number; readonly signal: AbortSignal }[] = []
  const run = async (call: CallContext) => {
    calls.push({ attempt: call.attempt, deadline: call.deadline, signal: call.signal })
    return (ends[calls.length - 1] ?? ends.at(-1))?.()
  }
  return { calls, run }
}
const throwing = (error: unknown) => () => {
  throw error
}
const coded = (code: string) => Object.assign(new Error(code), { code })

describe("off by default", () => {
  test("a call is made once, and nothing is reported", async () => {
    const { breaker } = world()
    const { calls, run } = ending(throwing(down))
    await expect(breaker.execute(run, twice)).rejects.toBe(down)
    expect(calls).toHaveLength(1)
    expect(breaker.metrics().components.retry).toBeUndefined()
  })
})

describe("a call that failed", () => {
  test("is made again, each attempt with a permit, an outcome and a number of its own", async () => {
    const here = retrying()
    const { calls, run } = ending(throwing(down), throwing(down), () => "up")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance("1 second")
    expect(await answer).toBe("up")
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(here.breaker.metrics().calls).toMatchObject({ admitted: 3, failure: 2, success: 1, inFlight: 0 })
    expect(report(here)).toMatchObject({ state: "funded", retries: 2, rescued: 1, budget: 8 })
    expectConsistent(here.breaker)
  })

  test("takes no longer than its timeout where nothing is said of it", async () => {
    const { breaker, clock } = retrying(true, { timeout: "1 second" })
    const end = breaker.execute(hanging).catch((error: unknown) => error)
    await clock.advance("999 millis")
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 1 })
    await clock.advance("1 millis")
    expect(await end).toBeInstanceOf(CallTimedOut)
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 0, timedOut: 1 })
  })

  test("is made `attempts` times, and then its own last error is told, untouched", async () => {
    const here = retrying({ attempts: 3 })
    const errors = [1, 2, 3].map((number) => Object.freeze(new Error(`down ${number}`)))
    const { calls, run } = ending(...errors.map(throwing))
    const answer = here.breaker.tryExecute(run, twice)
    await here.clock.advance("10 seconds")
    expect(await answer).toEqual({ ok: false, error: errors[2] })
    expect(calls).toHaveLength(3)
    expect(Reflect.ownKeys(errors[2] as Error).sort()).toEqual(["message", "stack"])
  })

  test("may be made again where its answer means a failure; the last answer is the caller's", async () => {
    const here = retrying({ attempts: 2 }, {
      classify: (exit) => (exit.ok && exit.value === "busy" ? "failure" : "success"),
    } as BreakerConfig)
    const { calls, run } = ending(() => "busy")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance("10 seconds")
    expect(await answer).toBe("busy")
    expect(calls).toHaveLength(2)
  })

  test.each([
    ["ECONNREFUSED", 3],
    ["ENOTFOUND", 3],
    ["EAI_AGAIN", 3],
    ["UND_ERR_CONNECT_TIMEOUT", 3],
    ["ECONNRESET", 1],
    ["ETIMEDOUT", 1],
    ["UND_ERR_SOCKET", 1],
  ])("with %s, not said to be idempotent, is made %i times", async (code, made) => {
    const here = retrying()
    const { calls, run } = ending(throwing(new TypeError("fetch failed", { cause: coded(code) })))
    const answer = here.breaker.tryExecute(run)
    await here.clock.advance("10 seconds")
    await answer
    expect(calls).toHaveLength(made)
    expect(report(here).refused.idempotence).toBe(made === 1 ? 1 : 0)
  })

  test("to a connection that was never made was not sent, whatever the code", async () => {
    const here = retrying()
    const { calls, run } = ending(throwing(Object.assign(coded("ETIMEDOUT"), { syscall: "connect" })))
    const answer = here.breaker.tryExecute(run)
    await here.clock.advance("10 seconds")
    await answer
    expect(calls).toHaveLength(3)
  })

  test.each([
    ["a mistake in the program", new TypeError("x is not a function")],
    ["an abort", new DOMException("no", "AbortError")],
    ["status 404", Object.assign(new Error("no"), { status: 404 })],
    ["status 501 of a response", Object.assign(new Error("no"), { response: { status: 501 } })],
  ])("with %s is not made again: it would end the same way", async (_what, error) => {
    const here = retrying()
    const { calls, run } = ending(throwing(error))
    await expect(here.breaker.execute(run, twice)).rejects.toBe(error)
    expect(calls).toHaveLength(1)
  })

  test.each([408, 429, 500, 502, 503, 504])("with status %i is made again", async (statusCode) => {
    const here = retrying()
    const { calls, run } = ending(throwing(Object.assign(new Error("no"), { statusCode })), () => "up")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance("10 seconds")
    expect(await answer).toBe("up")
    expect(calls).toHaveLength(2)
  })

  test("that timed out is made again where it is idempotent, with a deadline of its own", async () => {
    const here = retrying({ attempts: 2 }, { timeout: "1 second" })
    const { calls, run } = ending(hanging, () => "up")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance("5 seconds")
    expect(await answer).toBe("up")
    expect(calls[0]?.signal.reason).toBeInstanceOf(CallTimedOut)
    expect(calls[1]?.deadline).toBeGreaterThan((calls[0]?.deadline ?? 0) - 1)
    expect(here.breaker.metrics().calls).toMatchObject({ timedOut: 1, success: 1 })
  })

  test("that times out to the last is answered by its fallback, once", async () => {
    const here = retrying({ attempts: 2 }, { timeout: "1 second" })
    const reasons: unknown[] = []
    const fallback = (reason: unknown) => reasons.push(reason) && "cached"
    const answer = here.breaker.execute(hanging, { ...twice, fallback })
    await here.clock.advance("5 seconds")
    expect(await answer).toBe("cached")
    expect(reasons).toHaveLength(1)
  })

  test("is made once where the call itself says so", async () => {
    const here = retrying()
    const { calls, run } = ending(throwing(down))
    await expect(here.breaker.execute(run, { ...twice, retry: false })).rejects.toBe(down)
    expect(calls).toHaveLength(1)
  })

  test("is made again by a wrapped function too", async () => {
    const here = retrying()
    let made = 0
    const charge = here.breaker.wrap(async (sum: number) => (++made < 2 ? Promise.reject(down) : sum), twice)
    const answer = charge(5)
    await here.clock.advance("1 second")
    expect(await answer).toBe(5)
  })
})

describe("retryOn", () => {
  test("knows more than the library: a word, yes, no, or nothing", async () => {
    const answers = new Map<string, "unsent" | boolean | undefined>([
      ["queued", "unsent"],
      ["yes", true],
      ["no", false],
    ])
    const here = retrying({ attempts: 2, retryOn: (exit) => (exit.ok ? undefined : answers.get(String(exit.error))) })
    const made = async (error: string, options = {}) => {
      const { calls, run } = ending(throwing(error))
      const answer = here.breaker.tryExecute(run, options)
      await here.clock.advance("10 seconds")
      await answer
      return calls.length
    }
    expect(await made("queued")).toBe(2)
    expect(await made("yes")).toBe(1)
    expect(await made("yes", twice)).toBe(2)
    expect(await made("no", twice)).toBe(1)
    expect(await made("other", twice)).toBe(2)
  })

  test.each([
    [
      "throws",
      () => {
        throw new Error("mine")
      },
    ],
    ["answers what is no class", () => "sometimes" as never],
    [
      "is asynchronous",
      (async () => {
        throw new Error("late")
      }) as never,
    ],
  ])("that %s is told as trouble, and the library's own word stands", async (_what, retryOn) => {
    const here = retrying({ retryOn })
    const { calls, run } = ending(throwing(down), () => "up")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance("1 second")
    expect(await answer).toBe("up")
    expect(calls).toHaveLength(2)
    expect(here.troubles.map(({ part }) => part)).toContain("retryOn")
  })
})

describe("time", () => {
  test("no attempt is made that would have none left", async () => {
    const here = retrying({ backoff: { initial: "10 seconds", factor: 1, max: "10 seconds" } })
    const { calls, run } = ending(throwing(down))
    const answers = Array.from({ length: 5 }, () => here.breaker.tryExecute(run, { ...twice, deadline: 1 }))
    await here.clock.advance(0)
    for (const answer of answers) expect(await answer).toEqual({ ok: false, error: down })
    expect(calls).toHaveLength(5)
    expect(report(here).refused.time).toBe(5)
    expect(report(here).budget).toBe(10)
  })

  test("what calls usually take is part of the time that an attempt needs", async () => {
    const here = retrying({ backoff: { initial: 1, factor: 1, max: 1 } })
    for (let call = 0; call < 40; call++) {
      const { promise, resolve } = deferred()
      const answer = here.breaker.execute(() => promise)
      await here.clock.advance(100)
      resolve("up")
      await answer
    }
    const made = async (deadline: number) => {
      const { calls, run } = ending(throwing(down))
      const answer = here.breaker.tryExecute(run, { ...twice, deadline })
      await here.clock.advance("1 second")
      await answer
      return calls.length
    }
    expect(await made(90)).toBe(1)
    expect(await made(500)).toBe(3)
  })

  test("the deadline bounds all attempts together", async () => {
    const here = retrying({ attempts: 10, backoff: { initial: 1, factor: 1, max: 1 } }, { timeout: "400 millis" })
    const { calls, run } = ending(hanging)
    const answer = here.breaker.tryExecute(run, { ...twice, deadline: "1 second" })
    await here.clock.advance("1 second")
    expect(await answer).toMatchObject({ ok: false, error: { _tag: "CallTimedOut" } })
    expect(calls.at(-1)?.deadline).toBeLessThanOrEqual(1000)
    expect(calls.length).toBeLessThanOrEqual(3)
  })

  test.each([
    ["a time on the error", { retryAfterMs: 7000 }, 7000],
    ["seconds in a header", { headers: { "retry-after": "7" } }, 7000],
    ["seconds in the headers of its response", { response: { headers: new Headers({ "retry-after": "7" }) } }, 7000],
    [
      "a date",
      {
        headers: new Headers({ "retry-after": "Sat, 01 Nov 2025 10:00:07 GMT", date: "Sat, 01 Nov 2025 10:00:00 GMT" }),
      },
      7000,
    ],
    ["99999999 seconds", { headers: { "retry-after": "99999999" } }, 30_000],
    ["infinitely long", { retryAfterMs: Number.POSITIVE_INFINITY }, 30_000],
  ])("a service that asks for %s is left alone for so long, within bounds", async (_what, asking, ms) => {
    const here = retrying({ attempts: 2 })
    const { calls, run } = ending(throwing(Object.assign(new Error("busy"), asking)), () => "up")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance(ms - 1)
    expect(calls).toHaveLength(1)
    await here.clock.advance(200)
    expect(await answer).toBe("up")
  })

  test.each([
    ["a negative time", { retryAfterMs: -5 }],
    ["negative seconds", { headers: { "retry-after": "-5", date: "Sat, 01 Nov 2025 10:00:00 GMT" } }],
    [
      "a date in the past",
      { headers: { "retry-after": "Sat, 01 Nov 1980 10:00:00 GMT", date: "Sat, 01 Nov 2025 10:00:00 GMT" } },
    ],
    ["a word", { headers: { "retry-after": "soon" } }],
    ["no number", { retryAfterMs: Number.NaN }],
    [
      "a trap",
      Object.defineProperty({}, "headers", {
        enumerable: true,
        get: () => ({
          get: () => {
            throw new Error("trap")
          },
        }),
      }),
    ],
  ])("a service that asks for %s is waited for no longer than otherwise", async (_what, asking) => {
    const here = retrying({ attempts: 2 })
    const error = Object.defineProperties(new Error("busy"), Object.getOwnPropertyDescriptors(asking))
    const { calls, run } = ending(throwing(error), () => "up")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance(100)
    expect(await answer).toBe("up")
    expect(calls).toHaveLength(2)
  })

  test("a verdict that asks for a time without opening the circuit is heeded", async () => {
    const here = retrying(
      { attempts: 2 },
      { classify: (exit) => (exit.ok ? "success" : { kind: "failure", retryAfter: "3 seconds" }) },
    )
    const { calls, run } = ending(throwing(down), () => "up")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance(2999)
    expect(calls).toHaveLength(1)
    await here.clock.advance(200)
    expect(await answer).toBe("up")
  })
})

describe("while it waits for the next attempt", () => {
  const waiting = async (retry: BreakerConfig["retry"] = { backoff: { initial: "1 hour", max: "1 hour" } }) => {
    const here = retrying(retry, { timeout: false, metrics: false })
    const caller = new AbortController()
    const { calls, run } = ending(throwing(down))
    const answer = here.breaker.tryExecute(run, { ...twice, signal: caller.signal })
    await here.clock.advance(0)
    expect(calls).toHaveLength(1)
    expect(here.clock.pending).toBe(1)
    return { ...here, caller, calls, answer }
  }

  test("the caller may give up: no attempt follows, its price is returned, and no timer is left", async () => {
    const { caller, calls, answer, clock, breaker } = await waiting()
    const reason = new Error("enough")
    caller.abort(reason)
    expect(await answer).toEqual({ ok: false, error: reason })
    await clock.advance("2 hours")
    expect(calls).toHaveLength(1)
    expect(clock.pending).toBe(0)
    expect(breaker.metrics().components.retry).toMatchObject({ retries: 0, budget: 10 })
    await breaker.stop()
  })

  test("the breaker may stop: the caller gets the real error at once, and no timer is left", async () => {
    const { calls, answer, clock, breaker } = await waiting()
    const stopped = breaker.stop()
    expect(await answer).toEqual({ ok: false, error: down })
    await stopped
    expect(clock.pending).toBe(0)
    expect(calls).toHaveLength(1)
  })

  test("the circuit may open: the real error is told, not the refusal", async () => {
    const here = world({ strategy: "basic", retry: { backoff: { initial: "4 seconds", max: "4 seconds" } } })
    const answer = here.breaker.tryExecute(failing, twice)
    await trip(here.breaker)
    await here.clock.advance("4 seconds")
    expect(await answer).toEqual({ ok: false, error: down })
    expect(report(here)).toMatchObject({ retries: 0, budget: 10 })
  })

  test("the circuit may come to probe: the attempt is no probe, and the real error is told", async () => {
    const here = world({
      strategy: { type: "basic", openFor: "1 second" },
      retry: { backoff: { initial: "1 minute", max: "1 minute" } },
    })
    const { calls, run } = ending(throwing(down))
    const answer = here.breaker.tryExecute(run, twice)
    await trip(here.breaker)
    await here.clock.advance("1 minute")
    expect(here.breaker.circuit).toBe("halfOpen")
    expect(await answer).toEqual({ ok: false, error: down })
    expect(calls).toHaveLength(1)
    expect(here.breaker.metrics().calls.probes).toBe(0)
  })

  test("the listener on the caller's signal goes when the wait is over", async () => {
    const here = retrying()
    const caller = new AbortController()
    let listening = 0
    const add = caller.signal.addEventListener.bind(caller.signal)
    const remove = caller.signal.removeEventListener.bind(caller.signal)
    caller.signal.addEventListener = (...args: Parameters<typeof add>) => {
      listening++
      add(...args)
    }
    caller.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listening--
      remove(...args)
    }
    const { run } = ending(throwing(down), throwing(down), () => "up")
    const answer = here.breaker.execute(run, { ...twice, signal: caller.signal })
    await here.clock.advance("1 second")
    await answer
    expect(listening).toBe(0)
  })
})

describe("the budget", () => {
  test("that is spent pays for nothing; the chart hears of it, and successes fund it", async () => {
    const here = retrying({ budget: { share: 0.5, reserve: 2, most: 2 } }, { timeout: false })
    const { calls, run } = ending(throwing(down))
    const again = async () => {
      const answer = here.breaker.tryExecute(run, twice)
      await here.clock.advance("10 seconds")
      await answer
    }
    await again()
    expect(calls).toHaveLength(3)
    await again()
    expect(calls).toHaveLength(4)
    expect(report(here)).toMatchObject({ state: "spent", budget: 0, refused: { budget: 1 } })
    await succeed(here.breaker, 3)
    await again()
    expect(calls).toHaveLength(5)
    expect(report(here)).toMatchObject({ state: "spent", budget: 1, refused: { budget: 1, held: 1 } })
    await succeed(here.breaker, 1)
    expect(report(here)).toMatchObject({ state: "funded", budget: 2 })
    await again()
    expect(calls).toHaveLength(8)
  })

  test("pays nothing while the circuit is not closed: probes and the ramp are made once", async () => {
    const here = world({ retry: { attempts: 5 }, timeout: false })
    await trip(here.breaker)
    await here.clock.advance(here.breaker.wouldReject()?.retryAfterMs ?? 0)
    const { calls, run } = ending(throwing(down))
    const answer = here.breaker.tryExecute(run, twice)
    await here.clock.advance(1)
    await answer
    expect(calls).toHaveLength(1)
    expect(report(here).state).toBe("barred")
  })

  test("is neither spent nor funded under an operator who lets everything pass", async () => {
    const here = retrying()
    here.breaker.bypass("a test")
    const { calls, run } = ending(throwing(down))
    await expect(here.breaker.execute(run, twice)).rejects.toBe(down)
    await succeed(here.breaker, 50)
    expect(calls).toHaveLength(1)
    expect(report(here).budget).toBe(10)
  })

  test("is another after a change of the config, with what was saved as far as it may be", async () => {
    const here = retrying({ budget: { share: 1, reserve: 10, most: 50 } })
    await succeed(here.breaker, 30)
    expect(report(here).budget).toBe(40)
    here.breaker.reconfigure({ strategy: calm, retry: { budget: { share: 1, reserve: 5, most: 20 } } })
    expect(report(here).budget).toBe(20)
    here.breaker.reconfigure({ strategy: calm })
    expect(here.breaker.metrics().components.retry).toBeUndefined()
    const { calls, run } = ending(throwing(down))
    await expect(here.breaker.execute(run, twice)).rejects.toBe(down)
    expect(calls).toHaveLength(1)
  })
})

describe("layers", () => {
  const layers = (outerRetry: BreakerConfig["retry"] = { attempts: 3 }) => {
    const clock = createVirtualClock()
    const config = (retry: BreakerConfig["retry"]) => ({ strategy: calm, timeout: false, retry })
    const outer = createBreaker("outer", config(outerRetry), { clock })
    const inner = createBreaker("inner", config({ attempts: 3 }), { clock })
    const end = async <T>(answer: Promise<T>) => {
      await clock.advance("1 minute")
      return await answer
    }
    return { clock, outer, inner, end }
  }

  test("what the inner has repeated in vain the outer does not repeat, though the error is wrapped", async () => {
    const { outer, inner, end } = layers()
    const { calls, run } = ending(throwing(down))
    const through = () =>
      inner.execute(run, twice).catch((cause: unknown) => {
        throw new Error("the inner failed", { cause })
      })
    await end(outer.tryExecute(through, twice))
    expect(calls).toHaveLength(3)
    expect(outer.metrics().components.retry?.refused.inner).toBe(1)
  })

  test("nor when the error is another one altogether, if the context is passed on", async () => {
    const { outer, inner, end } = layers()
    const { calls, run } = ending(throwing(down))
    const through = (call: CallContext) =>
      inner.execute(run, { ...twice, within: call }).catch(() => {
        throw new Error("the inner failed")
      })
    await end(outer.tryExecute(through, twice))
    expect(calls).toHaveLength(3)
  })

  test("nor when the inner's budget could not pay", async () => {
    const { outer, clock, end } = layers()
    const poor = createBreaker("poor", { strategy: calm, retry: { budget: { share: 0, reserve: 0 } } }, { clock })
    const { calls, run } = ending(throwing(down))
    await end(outer.tryExecute(() => poor.execute(run, twice), twice))
    expect(calls).toHaveLength(1)
  })

  test("what the inner may not repeat, the outer may: it knows that the whole is idempotent", async () => {
    const { outer, inner, end } = layers()
    const { calls, run } = ending(throwing(down))
    await end(outer.tryExecute(() => inner.execute(run), twice))
    expect(calls).toHaveLength(3)
  })

  test("a rejection of the inner is not repeated, and says nothing about what the outer protects", async () => {
    const { outer, inner, end } = layers()
    inner.forceOpen("a test")
    const answer = await end(outer.tryExecute(() => inner.execute(working), twice))
    expect(answer).toMatchObject({ ok: false, error: { _tag: "CallRejected" } })
    expect(outer.metrics().calls).toMatchObject({ admitted: 1, ignored: 1 })
  })

  test("what is repeated inside of a repeated attempt is paid for by both budgets", async () => {
    const { outer, inner, end } = layers()
    const { calls, run } = ending(throwing(down))
    let attempt = 0
    const through = (call: CallContext) =>
      // Its first attempt fails by itself.
      ++attempt === 1 ? Promise.reject(down) : inner.execute(run, { ...twice, within: call })
    await end(outer.tryExecute(through, twice))
    expect(calls).toHaveLength(3)
    expect(outer.metrics().components.retry).toMatchObject({ retries: 1, budget: 7 })
    expect(inner.metrics().components.retry).toMatchObject({ retries: 2, budget: 8 })
  })

  test("an outer budget that is spent bars the inner's repeats within it", async () => {
    const { outer, inner, end } = layers({ budget: { share: 0, reserve: 0 } })
    const first = ending(throwing(down))
    await end(outer.tryExecute(first.run, twice))
    expect(outer.metrics().components.retry?.state).toBe("spent")
    const { calls, run } = ending(throwing(down))
    await end(outer.tryExecute((call) => inner.execute(run, { ...twice, within: call }), twice))
    expect(calls).toHaveLength(1)
  })

  test("an outer budget that cannot pay for a repeat within its own gives the inner's price back", async () => {
    const { outer, inner, end } = layers({ attempts: 3, budget: { share: 0, reserve: 1 } })
    const { calls, run } = ending(throwing(down))
    let attempt = 0
    const through = (call: CallContext) =>
      ++attempt === 1 ? Promise.reject(down) : inner.execute(run, { ...twice, within: call })
    await end(outer.tryExecute(through, twice))
    // The outer's one token was for its own second attempt.
    expect([attempt, calls.length]).toEqual([2, 1])
    expect(outer.metrics().components.retry).toMatchObject({ retries: 1, budget: 0, state: "spent" })
    expect(inner.metrics().components.retry).toMatchObject({ retries: 0, budget: 10, refused: { budget: 1 } })
  })

  test("of two attempts at once, neither begins unless each layer that repeats pays for it", async () => {
    const { outer, clock } = layers({ attempts: 2, budget: { share: 0, reserve: 1 } })
    const retry = { attempts: 2, hedge: { after: "10 millis" } } as const
    const inner = createBreaker("hedged", { strategy: calm, timeout: false, retry }, { clock })
    const slow = deferred<string>()
    let attempt = 0
    let made = 0
    const run = () => {
      made++
      return slow.promise
    }
    const through = (call: CallContext) =>
      ++attempt === 1 ? Promise.reject(down) : inner.execute(run, { ...twice, within: call })
    const answer = outer.tryExecute(through, twice)
    await clock.advance("1 minute")
    slow.resolve("up")
    expect([await answer, made]).toEqual([{ ok: true, value: "up" }, 1])
    expect(inner.metrics().components.retry).toMatchObject({ hedges: 0, budget: 10, refused: { budget: 1 } })
  })

  test("a call within another has no more time than that has left", async () => {
    const { clock } = layers()
    const outer = createBreaker("timed", { strategy: calm, timeout: "1 second", retry: true }, { clock })
    const inner = createBreaker("untimed", { strategy: calm, timeout: false }, { clock })
    const deadlines: number[] = []
    const answer = outer.tryExecute((call) =>
      inner.execute(
        ({ deadline }) => {
          deadlines.push(deadline)
          return hanging()
        },
        { within: call },
      ),
    )
    await clock.advance("2 seconds")
    await answer
    expect(deadlines).toEqual([1000])
  })

  test("one and the same error, thrown anew, is a new failure", async () => {
    const { inner, outer, end } = layers()
    await end(inner.tryExecute(failing, twice))
    const { calls, run } = ending(throwing(down))
    await end(outer.tryExecute(run, twice))
    expect(calls).toHaveLength(3)
  })

  test.each([5, {}, null, "call"])("%j is no context of a call", async (within) => {
    const { outer } = layers()
    await expect(outer.execute(working, { within } as never)).rejects.toThrow(InvalidConfig)
  })
})

describe("bad options of a call", () => {
  test.each([
    [{ idempotent: "yes" }, "options.idempotent"],
    [{ retry: true }, "options.retry"],
    [{ retry: { attempts: 3 } }, "options.retry"],
  ])("%j is refused at %s, and nothing is taken", async (options, path) => {
    const { breaker } = retrying()
    await expect(breaker.execute(working, options as never)).rejects.toThrow(path)
    expect(breaker.metrics().calls.admitted).toBe(0)
  })
})

describe("hedging", () => {
  const hedging = (after: "p95" | number = 50) =>
    retrying({ attempts: 2, hedge: { after } }, { timeout: "1 minute", metrics: true })

  test("begins a second attempt beside one that takes long; the first answer counts, and the other is told to stop", async () => {
    const here = hedging()
    const first = deferred()
    const { calls, run } = ending(
      () => first.promise,
      () => "second",
    )
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance(49)
    expect(calls).toHaveLength(1)
    await here.clock.advance(1)
    expect(await answer).toBe("second")
    expect(calls.map(({ attempt, signal }) => [attempt, signal.aborted])).toEqual([
      [1, true],
      [2, false],
    ])
    expect(here.breaker.metrics().calls).toMatchObject({ success: 1, inFlight: 1 })
    first.resolve("first")
    await here.clock.advance(0)
    expect(here.breaker.metrics().calls).toMatchObject({ success: 1, ignored: 1, inFlight: 0 })
    expect(report(here)).toMatchObject({ hedges: 1, hedgesWon: 1, retries: 0, budget: 9 })
    expectConsistent(here.breaker)
  })

  test("of a call that answers in time begins nothing, and leaves no timer", async () => {
    const here = retrying({ hedge: { after: 50 } }, { timeout: false, metrics: false })
    expect(await here.breaker.execute(working, twice)).toBe("up")
    expect(report(here).hedges).toBe(0)
    await here.breaker.stop()
    expect(here.clock.pending).toBe(0)
  })

  test("lets the first attempt win too; the hedge is ignored then", async () => {
    const here = hedging()
    const first = deferred()
    const second = deferred()
    const { run } = ending(
      () => first.promise,
      () => second.promise,
    )
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance(60)
    first.resolve("first")
    expect(await answer).toBe("first")
    second.reject(down)
    await here.clock.advance(0)
    expect(here.breaker.metrics().calls).toMatchObject({ success: 1, failure: 0, ignored: 1, inFlight: 0 })
    expect(report(here)).toMatchObject({ hedges: 1, hedgesWon: 0 })
  })

  test("waits for the other attempt when one of the two fails, and tells the last error when both do", async () => {
    const here = hedging()
    const first = deferred()
    const second = deferred()
    const { calls, run } = ending(
      () => first.promise,
      () => second.promise,
    )
    const answer = here.breaker.tryExecute(run, twice)
    await here.clock.advance(60)
    first.reject(new Error("first"))
    await here.clock.advance(0)
    second.reject(down)
    expect(await answer).toEqual({ ok: false, error: down })
    expect(calls).toHaveLength(2)
  })

  test("makes nothing twice that is not idempotent", async () => {
    const here = hedging()
    const { calls, run } = ending(hanging)
    const answer = here.breaker.tryExecute(run, { deadline: "1 second" })
    await here.clock.advance("1 second")
    await answer
    expect(calls).toHaveLength(1)
  })

  test("at a quantile begins when that is known, from what successes took", async () => {
    const here = hedging("p95")
    const slow = async (ms: number) => {
      const { promise, resolve } = deferred()
      const answer = here.breaker.execute(() => promise, twice)
      await here.clock.advance(ms)
      resolve("up")
      await answer
    }
    await slow(5000)
    expect(report(here).hedges).toBe(0)
    for (let call = 0; call < 120; call++) await slow(20)
    const { calls, run } = ending(hanging, () => "up")
    await here.clock.advance("2 seconds")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance(15)
    expect(calls).toHaveLength(1)
    await here.clock.advance(10)
    expect(await answer).toBe("up")
    expect(calls).toHaveLength(2)
  })

  test("ends both attempts when the caller gives up, and when the breaker stops", async () => {
    for (const end of ["abort", "stop"] as const) {
      const here = hedging()
      const caller = new AbortController()
      const { calls, run } = ending(hanging)
      let fallbacks = 0
      const fallback = () => ++fallbacks
      const answer = here.breaker.tryExecute(run, { ...twice, signal: caller.signal, fallback })
      await here.clock.advance(60)
      expect(calls).toHaveLength(2)
      if (end === "abort") caller.abort(down)
      const stopped = here.breaker.stop({ grace: 0 })
      await here.clock.advance(1)
      await stopped
      expect(await answer).toEqual(end === "abort" ? { ok: false, error: down } : { ok: true, value: 1 })
      expect(fallbacks).toBe(end === "abort" ? 0 : 1)
      expect(calls.every(({ signal }) => signal.aborted)).toBe(true)
      expect(here.breaker.metrics().calls).toMatchObject({ ignored: 2, inFlight: 0 })
      expect(here.clock.pending).toBe(0)
    }
  })

  test("a lost attempt that heeds no signal gives its place back at its deadline, as ignored", async () => {
    const here = retrying({ attempts: 2, hedge: { after: 50 } }, { timeout: "1 second" })
    const { run } = ending(hanging, () => "up")
    const answer = here.breaker.execute(run, twice)
    await here.clock.advance(50)
    expect(await answer).toBe("up")
    await here.clock.advance("1 second")
    expect(here.breaker.metrics().calls).toMatchObject({ timedOut: 0, ignored: 1, inFlight: 0 })
  })
})

describe("breakers by key", () => {
  test("repeat, and remember what was spent while they rest", async () => {
    const clock = createVirtualClock()
    const config = (): BreakerConfig => ({
      timeout: false,
      metrics: false,
      retry: { attempts: 2, budget: { share: 0, reserve: 3 } },
    })
    const breakers = createBreakers({ config }, { clock })
    let made = 0
    for (let call = 0; call < 6; call++) {
      const answer = breakers.get("a").tryExecute(async () => {
        made++
        if (made > 100) return
        throw new Error("down")
      }, twice)
      await clock.advance("1 second")
      await answer
    }
    expect(made).toBeLessThanOrEqual(6 + 3)
    await breakers.stop()
    expect(clock.pending).toBe(0)
  })

  test("are not put to rest while a call of theirs waits for its next attempt", async () => {
    const clock = createVirtualClock()
    const retry = { backoff: { initial: "1 hour", max: "1 hour" } } as const
    const breakers = createBreakers(
      { idle: "1 minute", config: () => ({ timeout: false, metrics: false, retry }) },
      { clock },
    )
    const { calls, run } = ending(throwing(down), () => "up")
    const answer = breakers.get("a").execute(run, twice)
    await clock.advance("2 hours")
    expect(await answer).toBe("up")
    expect(calls).toHaveLength(2)
    expect(breakers.metrics().calls).toMatchObject({ success: 1, failure: 1 })
    await breakers.stop()
  })
})

describe("attached to an actor", () => {
  test("it repeats, and the actor hears when the budget is spent", async () => {
    const clock = createVirtualClock()
    const input = { name: "service", strategy: calm, retry: { budget: { share: 0.1, reserve: 1, most: 1 } } } as const
    const actor = createActor(breakerLogic, { input, clock: clock as never }).start()
    const breaker = attach(actor, { clock })
    const { calls, run } = ending(throwing(down))
    const answer = breaker.tryExecute(run, twice)
    await clock.advance("1 minute")
    await answer
    expect(calls).toHaveLength(2)
    expect(actor.getSnapshot().context.gate.restriction).toMatchObject({ retries: 0, hedges: 0 })
    expect(breaker.metrics().components.retry).toMatchObject({ state: "spent", retries: 1, refused: { budget: 1 } })
    await breaker.stop()
    actor.stop()
  })
})

describe("a refused first attempt", () => {
  test("is not repeated", async () => {
    const here = retrying()
    here.breaker.forceOpen("a test")
    await expect(here.breaker.execute(working, twice)).rejects.toBeInstanceOf(CallRejected)
    expect(here.breaker.metrics().calls.rejected).toBe(1)
  })
})
