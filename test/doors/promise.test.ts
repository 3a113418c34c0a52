/** The promise door: calls, permits, events, numbers, modes, and the end of a breaker. */
import { type Breaker, CallRejected, CallTimedOut, createBreaker, defineConfig } from "recloser"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { afterEach, describe, expect, test, vi } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import {
  deferred,
  down,
  expectConsistent,
  failing,
  hanging,
  succeed,
  trip,
  working,
  world,
} from "../support/breakers.ts"
import { thenable } from "../support/hostile.ts"

afterEach(() => vi.restoreAllMocks())

describe("execute", () => {
  test("answers what the function answers, and throws what it throws, untouched", async () => {
    const { breaker } = world()
    const answer = { deep: [1] }
    expect(await breaker.execute(async () => answer)).toBe(answer)
    expect(await breaker.execute(() => answer)).toBe(answer)
    await expect(breaker.execute(failing)).rejects.toBe(down)
  })

  test("tells the call its attempt and its deadline", async () => {
    const { breaker, clock } = world({ timeout: "2 seconds" })
    await clock.advance("7 seconds")
    const told = (options?: { deadline: number }) =>
      breaker.execute(({ attempt, deadline }) => ({ attempt, deadline }), options)
    expect(await told()).toEqual({ attempt: 1, deadline: 9000 })
    expect(await told({ deadline: 500 })).toEqual({ attempt: 1, deadline: 7500 })
    expect(await told({ deadline: 60_000 })).toEqual({ attempt: 1, deadline: 9000 })
    const untimed = createBreaker("untimed", { timeout: false }, { clock })
    expect(await untimed.execute(({ deadline }) => deadline)).toBe(Number.POSITIVE_INFINITY)
  })

  test.each([{ timeout: "2 seconds" as const }, { timeout: false as const }])(
    "makes no AbortController for a call that reads no signal (%o)",
    async (config) => {
      const Original = AbortController
      let made = 0
      vi.stubGlobal(
        "AbortController",
        class extends Original {
          constructor() {
            super()
            made++
          }
        },
      )
      try {
        const { breaker } = world(config)
        await succeed(breaker, 10)
        await breaker.execute(async ({ attempt }) => attempt)
        expect(made).toBe(0)
        const signals = await breaker.execute((call) => [call.signal, call.signal])
        expect(made).toBe(1)
        expect(signals[0]).toBe(signals[1])
      } finally {
        vi.unstubAllGlobals()
      }
    },
  )

  test("answers at the timeout, tells the work to stop, and keeps its late end quiet", async () => {
    const { breaker, clock } = world({ timeout: "2 seconds" })
    const backend = scriptedBackend(clock, { answer: "hang" })
    const call = breaker.execute(backend.call).catch((error: unknown) => error)
    await clock.advance("1999 millis")
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 1, timedOut: 0 })
    await clock.advance("1 millis")
    const error = await call
    expect(error).toBeInstanceOf(CallTimedOut)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ _tag: "CallTimedOut", name: "CallTimedOut", breaker: "service", timeoutMs: 2000 })
    expect(backend.aborted).toBe(1)
    expect(breaker.metrics().calls).toMatchObject({ timedOut: 1, inFlight: 0 })
  })

  test("a signal first read after the timeout is aborted, with the timeout as its reason", async () => {
    const { breaker, clock } = world({ timeout: "2 seconds" })
    const work = deferred<void>()
    const seen = deferred<AbortSignal>()
    const call = breaker.tryExecute(async (context) => {
      await work.promise
      seen.resolve(context.signal)
    })
    await clock.advance("2 seconds")
    expect(await call).toMatchObject({ ok: false })
    work.resolve()
    const signal = await seen.promise
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toBeInstanceOf(CallTimedOut)
  })

  test("the caller's abort ends the call at once with the caller's reason, and counts as ignored", async () => {
    const { breaker, clock } = world()
    const backend = scriptedBackend(clock, { answer: "hang" })
    const caller = new AbortController()
    const call = breaker.execute(backend.call, { signal: caller.signal })
    const reason = new Error("gave up")
    caller.abort(reason)
    await expect(call).rejects.toBe(reason)
    await clock.advance(0)
    expect(backend.aborted).toBe(1)
    expect(breaker.metrics().calls).toMatchObject({ ignored: 1, failure: 0, inFlight: 0 })
    expect(wheelOf(clock).size).toBe(0)
  })

  test("abort after the end changes nothing", async () => {
    const { breaker } = world()
    const caller = new AbortController()
    await breaker.execute(working, { signal: caller.signal })
    caller.abort()
    expect(breaker.metrics().calls).toMatchObject({ success: 1, ignored: 0 })
  })

  test("a classifier of one call goes before the breaker's", async () => {
    const { breaker } = world({ classify: () => "failure" })
    await breaker.execute(working)
    await breaker.execute(working, { classify: ({ ok, ...exit }) => (ok && "value" in exit ? "ignored" : "failure") })
    expect(breaker.metrics().calls).toMatchObject({ failure: 1, ignored: 1, success: 0 })
  })
})

describe("a fallback", () => {
  test("answers for a rejection and for a timeout, is told which, and reaches no window", async () => {
    const { breaker, clock } = world({ timeout: "1 second" })
    const late = breaker.execute<string>(hanging, { fallback: (reason) => `cached after ${reason._tag}` })
    await clock.advance("1 second")
    expect(await late).toBe("cached after CallTimedOut")
    await trip(breaker)
    const before = breaker.metrics().calls.success
    expect(await breaker.execute<string>(working, { fallback: async (reason) => reason._tag })).toBe("CallRejected")
    expect(await breaker.tryExecute(working, { fallback: async () => "cached" })).toEqual({ ok: true, value: "cached" })
    expect(breaker.metrics().calls.success).toBe(before)
  })

  test("does not answer for the rejection of a breaker further in", async () => {
    const [outer, inner] = [world().breaker, world().breaker]
    inner.forceOpen("maintenance")
    const end = await outer.tryExecute(() => inner.execute(working), { fallback: () => "cached" })
    expect(end).toMatchObject({ ok: false, error: { _tag: "CallRejected", layer: "operator" } })
  })

  test("that answers with any thenable is waited for, by tryExecute too", async () => {
    const { breaker } = world()
    breaker.forceOpen("so that it is asked")
    const fallback = () => thenable((yes) => yes("cached")) as PromiseLike<string>
    expect(await breaker.execute(working, { fallback })).toBe("cached")
    expect(await breaker.tryExecute(working, { fallback })).toEqual({ ok: true, value: "cached" })
  })

  test("answers for calls that a stop interrupts, as for any other rejection", async () => {
    const { breaker, clock } = world({ timeout: false })
    const call = breaker.execute<string>(hanging, { fallback: (reason) => `cached after ${reason._tag}` })
    call.catch(() => {})
    const stopping = breaker.stop({ grace: "1 second" })
    await clock.advance("1 second")
    await stopping
    expect(await call).toBe("cached after CallRejected")
  })
})

describe("wrap", () => {
  test("keeps this, arguments and result", async () => {
    const { breaker } = world()
    const account = {
      balance: 5,
      add(this: { balance: number }, one: number, two: string) {
        return `${this.balance + one}${two}`
      },
    }
    const add = breaker.wrap(account.add)
    expect(await add.call(account, 2, "!")).toBe("7!")
    breaker.forceOpen("maintenance")
    await expect(add.call(account, 2, "!")).rejects.toBeInstanceOf(CallRejected)
  })

  test("passes options on", async () => {
    const { breaker } = world()
    breaker.forceOpen("maintenance")
    expect(await breaker.wrap(async (id: number) => `charge ${id}`, { fallback: () => "queued" })(5)).toBe("queued")
  })
})

describe("acquire", () => {
  test("is synchronous: a permit, then a rejection, told apart by admitted", async () => {
    const { breaker } = world()
    const permit = breaker.acquire()
    expect(permit).toMatchObject({ admitted: true, probe: false, startedAt: 0, epoch: breaker.metrics().epoch })
    if (permit.admitted) permit.settle("success")
    await trip(breaker)
    expect(breaker.acquire()).toMatchObject({ admitted: false, layer: "circuit", breaker: "service" })
    expectConsistent(breaker)
  })

  test("given to using, settles as ignored unless it was settled", () => {
    const { breaker } = world()
    {
      using forgotten = breaker.acquire() as Disposable & ReturnType<Breaker["acquire"]>
      expect(forgotten.admitted).toBe(true)
    }
    {
      using settled = breaker.acquire() as Disposable & ReturnType<Breaker["acquire"]>
      if (settled.admitted) settled.settle("success")
    }
    expect(breaker.metrics().calls).toMatchObject({ ignored: 1, success: 1, inFlight: 0 })
  })

  test("decides like execute: failures through permits open the circuit", () => {
    const { breaker } = world()
    for (let call = 0; call < 20; call++) {
      const ticket = breaker.acquire()
      if (ticket.admitted) ticket.settle("failure")
    }
    expect(breaker.circuit).toBe("open")
  })
})

test("a config kept by defineConfig is the very config", () => {
  const config = { strategy: "basic", timeout: false } as const
  expect(defineConfig(config)).toBe(config)
  expect(createBreaker("service", config, { clock: createVirtualClock() }).circuit).toBe("closed")
})
