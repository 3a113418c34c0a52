/** Mistakes about code that is not ours: verdicts, errors and signals that are traps, and callbacks that do something of their own. */
import { type CallContext, CallRejected, createBreaker, type Verdict } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { deferred, down, expectConsistent, failing, hanging, working, world } from "../support/breakers.ts"

const calm = { type: "basic", window: { type: "count", calls: 1000, minimumCalls: 1000 } } as const
const twice = { idempotent: true } as const

/** How it ended, or that it has not ended when everything has had its turn. */
const soon = <T>(promise: Promise<T>): Promise<T | "pending"> =>
  Promise.race([promise, new Promise<"pending">((resolve) => setImmediate(resolve, "pending"))])

const trap = () => {
  throw new Error("a trap")
}
const throwingOn = (name: string, kind = "failure") =>
  Object.defineProperty({ kind }, name, { get: trap, enumerable: true }) as Verdict

describe("a verdict that is a trap", () => {
  test.each(["kind", "trip", "retryAfter", "quota", "dependency"])(
    "at its %s left the caller without an answer, and the call in flight",
    async (name) => {
      const { breaker, troubles } = world()
      expect(await soon(breaker.tryExecute(failing, { classify: () => throwingOn(name) }))).toEqual({
        ok: false,
        error: down,
      })
      expect(breaker.metrics().calls).toMatchObject({ failure: 1, inFlight: 0 })
      expect(troubles).toMatchObject([{ part: "classify", error: { message: "a trap" } }])
      expectConsistent(breaker)
    },
  )

  test.each(["exceeded", "remaining", "reset"])("at its quota's %s did so too", async (name) => {
    const { breaker } = world({ rateLimit: true })
    const quota = Object.defineProperty({}, name, { get: trap })
    expect(await soon(breaker.tryExecute(working, { classify: () => ({ kind: "success", quota }) }))).toEqual({
      ok: true,
      value: "up",
    })
    expect(breaker.metrics().calls).toMatchObject({ success: 1, inFlight: 0 })
  })
})

describe("an error that is a trap", () => {
  test.each([{}, { timeout: false }, { retry: true }] as const)(
    "left the caller without an answer, and the call in flight: with %j",
    async (config) => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      const { breaker } = world(config)
      const ended = await soon(
        breaker
          .execute(() => Promise.reject(proxy))
          .then(
            () => "answered",
            () => "rejected",
          ),
      )
      expect(ended).toBe("rejected")
      expect(breaker.metrics().calls).toMatchObject({ failure: 1, inFlight: 0 })
    },
  )
})

describe("a classifier", () => {
  test("that gives its own call up made the breaker forget the others: a stop answered nobody", async () => {
    const { breaker, clock } = world()
    const others = ["first", "second"].map(() => breaker.tryExecute(hanging, { deadline: "1 hour" }))
    const controller = new AbortController()
    const classify = () => {
      controller.abort("given up")
      return "failure" as const
    }
    expect(await breaker.tryExecute(failing, { signal: controller.signal, classify })).toMatchObject({
      error: "given up",
    })
    const later = breaker.tryExecute(hanging, { deadline: "1 hour" })
    const stopped = breaker.stop({ grace: 0 })
    await clock.advance(0)
    const answers = await soon(Promise.all([...others, later]))
    expect(answers).toMatchObject([1, 2, 3].map(() => ({ ok: false, error: expect.any(CallRejected) })))
    await stopped
    expect(clock.pending).toBe(0)
  })
})

describe("a hedged call whose answers say something of a limit", () => {
  const quota = { remaining: 90, reset: "1 minute" } as const
  const hedging = () =>
    world({ strategy: calm, rateLimit: true, retry: { attempts: 2, hedge: { after: 50 } }, timeout: false })

  test("waited for the other attempt when one had succeeded, and got that one's failure", async () => {
    const { breaker, clock } = hedging()
    const ends = [deferred(), deferred()]
    const classify = ({ ok }: { ok: boolean }) => ({ kind: ok ? "success" : "failure", quota }) as const
    const run = ({ attempt }: CallContext) => ends[attempt - 1]?.promise ?? ""
    const answer = breaker.tryExecute(run, { ...twice, classify })
    await clock.advance(60)
    ends[1]?.resolve("second")
    expect(await soon(answer)).toEqual({ ok: true, value: "second" })
    ends[0]?.reject(down)
    await clock.advance(1)
    expect(breaker.metrics().components.retry).toMatchObject({ hedges: 1, hedgesWon: 1 })
  })

  test("waited for the other attempt when one was to be ignored", async () => {
    const { breaker, clock } = hedging()
    const ends = [deferred(), deferred()]
    const classify = () => ({ kind: "ignored", quota }) as const
    const run = ({ attempt }: CallContext) => ends[attempt - 1]?.promise ?? ""
    const answer = breaker.tryExecute(run, { ...twice, classify })
    await clock.advance(60)
    ends[1]?.resolve("second")
    expect(await soon(answer)).toEqual({ ok: true, value: "second" })
  })

  test("was not counted as rescued when its second attempt succeeded", async () => {
    const { breaker, clock } = world({ strategy: calm, rateLimit: true, retry: { backoff: { max: 100 } } })
    const classify = ({ ok }: { ok: boolean }) => ({ kind: ok ? "success" : "failure", quota }) as const
    const answer = breaker.tryExecute(({ attempt }) => (attempt === 1 ? failing() : working()), { ...twice, classify })
    await clock.advance(100)
    expect(await answer).toEqual({ ok: true, value: "up" })
    expect(breaker.metrics().components.retry).toMatchObject({ rescued: 1 })
  })
})

describe("the context of a call that has ended", () => {
  test.each([{}, { deadline: "1 hour" }] as const)(
    "given to a call of another breaker, %j, kept the outer breaker from ever being idle",
    async (options) => {
      const clock = createVirtualClock()
      const outer = createBreaker("outer", { retry: true, timeout: false }, { clock })
      const inner = createBreaker("inner", { retry: true, timeout: false }, { clock })
      const kept: CallContext[] = []
      await outer.execute((call) => kept.push(call), options)
      await inner.tryExecute(failing, { within: kept[0] as CallContext })
      const { assembly } = outer as unknown as { readonly assembly: { readonly repeatable?: number } }
      expect(assembly.repeatable ?? 0).toBe(0)
      await Promise.all([outer.stop(), inner.stop()])
    },
  )
})

describe("a signal that cannot be listened to", () => {
  const signal = (isBroken: (call: string, count: number) => boolean): AbortSignal => {
    let count = 0
    const listen = (call: string) => () => {
      if (isBroken(call, ++count)) throw new Error("not here")
    }
    return {
      aborted: false,
      reason: undefined,
      addEventListener: listen("add"),
      removeEventListener: listen("remove"),
    } as unknown as AbortSignal
  }

  test("while a further attempt is waited for left the caller without an answer", async () => {
    const { breaker, clock } = world({ strategy: calm, retry: true })
    const broken = signal((call, count) => call === "add" && count > 1)
    const answer = breaker.tryExecute(failing, { ...twice, signal: broken })
    await clock.advance(60_000)
    expect(await soon(answer)).toMatchObject({ ok: false })
    expect(breaker.metrics().components.retry).toMatchObject({ budget: 10 })
    expectConsistent(breaker)
  })

  test("any more did so too", async () => {
    const { breaker, clock } = world({ strategy: calm, retry: true })
    const answer = breaker.tryExecute(failing, { ...twice, signal: signal((call) => call === "remove") })
    await clock.advance(60_000)
    expect(await soon(answer)).toMatchObject({ ok: false })
    expectConsistent(breaker)
  })

  test("any more by an attempt that came too late did so too", async () => {
    const { breaker, clock } = world({ strategy: calm, retry: { attempts: 2, hedge: { after: 50 } }, timeout: false })
    const run = ({ attempt }: CallContext) => (attempt === 1 ? hanging() : working())
    const answer = breaker.tryExecute(run, { ...twice, signal: signal((call) => call === "remove") })
    await clock.advance(60)
    expect(await soon(answer)).toEqual({ ok: true, value: "up" })
  })
})
