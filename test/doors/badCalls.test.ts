/** Calls that misbehave: each ends for its caller, gives its place back, and touches no other call. */

import { type Breaker, CallRejected, type ExecuteOptions, InvalidConfig, type Permit } from "recloser"
import type { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { deferred, down, expectConsistent, failing, trip, working, world } from "../support/breakers.ts"
import { thenable, withThen } from "../support/hostile.ts"
import fc from "../support/property.ts"
import { problemsOf } from "../support/refusals.ts"

const boom = new Error("boom")
const trap = () => {
  throw boom
}
type Answer = () => Promise<string>

/** Nothing in flight, no timer armed, and the numbers add up. */
function expectNothingLeft(breaker: Breaker, clock: ReturnType<typeof createVirtualClock>): void {
  expect(breaker.metrics().calls.inFlight).toBe(0)
  expect(wheelOf(clock).size).toBe(0)
  expectConsistent(breaker)
}

describe("a function that", () => {
  const table: readonly (readonly [string, () => unknown, object])[] = [
    ["throws synchronously", trap, { ok: false, error: boom }],
    [
      "throws nothing at all",
      () => {
        throw undefined
      },
      { ok: false, error: undefined },
    ],
    ["rejects with nothing at all", () => Promise.reject(), { ok: false, error: undefined }],
    ["returns a plain value", () => 42, { ok: true, value: 42 }],
    ["returns undefined", () => undefined, { ok: true, value: undefined }],
    [
      "returns a thenable that settles both ways, and again",
      () =>
        thenable((yes, no) => {
          yes("first")
          no(boom)
          yes("second")
        }),
      { ok: true, value: "first" },
    ],
    [
      "returns a thenable that resolves and then throws",
      () =>
        thenable((yes) => {
          yes("first")
          throw boom
        }),
      { ok: true, value: "first" },
    ],
    ["returns a thenable that throws", () => thenable(trap), { ok: false, error: boom }],
    ["returns a thenable whose then cannot be read", () => withThen({}, { get: trap }), { ok: false, error: boom }],
    [
      "returns a real promise whose own then throws",
      () => withThen(Promise.resolve(1), { value: trap }),
      expect.objectContaining({ ok: expect.any(Boolean) }),
    ],
    [
      "returns a proxy that cannot be inspected",
      () => new Proxy({}, { get: trap, getPrototypeOf: trap }),
      { ok: false, error: boom },
    ],
  ]
  test.each(table)("%s ends for its caller and leaves nothing", async (_what, run, end) => {
    const { breaker, clock } = world()
    const other = deferred()
    const running = breaker.execute(() => other.promise)
    expect(await breaker.tryExecute(run)).toEqual(end)
    expect(breaker.metrics().calls).toMatchObject({ admitted: 2, inFlight: 1 })
    other.resolve("untouched")
    expect(await running).toBe("untouched")
    expectNothingLeft(breaker, clock)
  })

  test("returns a thenable that never settles ends at its timeout", async () => {
    const { breaker, clock } = world({ timeout: "2 seconds" })
    const call = breaker.tryExecute(() => thenable(() => {}))
    await clock.advance("2 seconds")
    expect(await call).toMatchObject({ ok: false, error: { _tag: "CallTimedOut" } })
    expectNothingLeft(breaker, clock)
  })

  test("returns whatever it likes never hangs or leaks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.boolean(), async (value, throws) => {
        const { breaker, clock } = world()
        const end = await breaker.tryExecute(() => {
          if (throws) throw value
          return value
        })
        expect(end.ok).toBe(!throws)
        expectNothingLeft(breaker, clock)
      }),
    )
  })
})

test("a promise in place of a function is refused before anything is taken", async () => {
  const { breaker, clock } = world()
  const end = await breaker.tryExecute(Promise.resolve(1) as never)
  expect(end).toMatchObject({ ok: false, error: { _tag: "InvalidConfig", problems: [{ path: "fn" }] } })
  await expect(breaker.execute(undefined as never)).rejects.toMatchObject({ _tag: "InvalidConfig" })
  expect(breaker.metrics().calls).toMatchObject({ admitted: 0, failure: 0 })
  expectNothingLeft(breaker, clock)
})

describe("options of a call", () => {
  const bad: readonly (readonly [string, object, string])[] = [
    ["a NaN deadline", { deadline: Number.NaN }, "options.deadline"],
    ["a negative deadline", { deadline: -1 }, "options.deadline"],
    ["an infinite deadline", { deadline: Number.POSITIVE_INFINITY }, "options.deadline"],
    ["a deadline in words", { deadline: "soon" }, "options.deadline"],
    ["null for a deadline", { deadline: null }, "options.deadline"],
    ["a misspelt option", { timout: 5 }, "options.timout"],
    ["an option of another door", { lease: "1 minute" }, "options.lease"],
    ["a misspelt option that says nothing", { fallbck: undefined }, "options.fallbck"],
    ["a name that every object knows", { toString: () => "" }, "options.toString"],
    ["no signal", { signal: 5 }, "options.signal"],
    ["a null signal", { signal: null }, "options.signal"],
    ["a fallback that is none", { fallback: 7 }, "options.fallback"],
    ["a fallback that is null", { fallback: null }, "options.fallback"],
    ["a classifier that is none", { classify: 7 }, "options.classify"],
    ["a classifier that is null", { classify: null }, "options.classify"],
    ["nothing in their place", null as never, "options"],
    ["a number in their place", 5 as never, "options"],
    ["a function in their place", (() => 1) as never, "options"],
    ["keys that cannot be listed", new Proxy({}, { ownKeys: trap }), "options"],
  ]
  test.each(bad)("with %s are refused by execute, and nothing is taken", async (_what, options, path) => {
    const { breaker, clock } = world()
    let ran = false
    const run = async () => {
      ran = true
    }
    const error = await breaker.execute(run, options as ExecuteOptions<void>).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidConfig)
    expect(error).toMatchObject({
      problems: [{ path, rule: expect.stringMatching(/must be|known|could not be read/) }],
    })
    expect(ran).toBe(false)
    expect(breaker.metrics().calls).toMatchObject({ admitted: 0, rejected: 0 })
    expectNothingLeft(breaker, clock)
  })

  test("that are not known are told beside those that are", async () => {
    const { breaker } = world()
    await expect(breaker.execute(working, { timout: 5 } as object)).rejects.toThrow(
      "options.timout: is not an option here; known: signal, deadline, classify, fallback, idempotent, retry, within, key, priority, cost, tenant, feature (got 5)",
    )
  })

  test.each(bad.filter(([, , path]) => path !== "options.deadline"))(
    "with %s are refused by wrap when it is called, not by its function",
    (_what, options, path) => {
      const { breaker } = world()
      expect(problemsOf(() => breaker.wrap(working, options)).map((problem) => problem.path)).toEqual([path])
      expect(problemsOf(() => breaker.wrap(5 as never)).map((problem) => problem.path)).toEqual(["fn"])
    },
  )

  test("of acquire and stop that are not known are refused, and nothing is taken or stopped", () => {
    const { breaker, clock } = world()
    const pathOf = (run: () => unknown) => problemsOf(run).map((problem) => problem.path)
    expect(pathOf(() => breaker.acquire({ leese: 5 } as object))).toEqual(["options.leese"])
    expect(pathOf(() => breaker.acquire(null as never))).toEqual(["options"])
    expect(pathOf(() => breaker.stop({ grays: 5 } as object))).toEqual(["options.grays"])
    expect(pathOf(() => breaker.stop(5 as never))).toEqual(["options"])
    expect(breaker.phase).toBe("active")
    expectNothingLeft(breaker, clock)
  })

  test.each(bad)("with %s are told by tryExecute, which never throws", async (_what, options) => {
    const { breaker } = world()
    const end = await breaker.tryExecute(working as Answer, options as ExecuteOptions<string>)
    expect(end).toMatchObject({ ok: false, error: { _tag: "InvalidConfig" } })
  })

  test("with a lease or a grace that is none are refused", async () => {
    const { breaker, clock } = world()
    for (const lease of [Number.NaN, -1, "soon"])
      expect(() => breaker.acquire({ lease: lease as number })).toThrow(InvalidConfig)
    expectNothingLeft(breaker, clock)
    for (const grace of [Number.NaN, -1, "soon"]) {
      await expect((async () => breaker.stop({ grace: grace as number }))()).rejects.toBeInstanceOf(InvalidConfig)
    }
    expect(breaker.phase).toBe("active")
  })
})

describe("a signal", () => {
  test("that is aborted already keeps the call from running, and counts for nothing", async () => {
    const { breaker, clock } = world()
    let ran = false
    const signal = AbortSignal.abort(boom)
    const end = await breaker.tryExecute(
      () => {
        ran = true
        return "up"
      },
      { signal, fallback: () => "cached" },
    )
    expect(end).toEqual({ ok: false, error: boom })
    expect(ran).toBe(false)
    expect(breaker.metrics().calls).toMatchObject({ admitted: 0, ignored: 0, rejected: 0 })
    expectNothingLeft(breaker, clock)
  })

  test("that many calls share is left without listeners when they have ended", async () => {
    const { breaker } = world()
    const caller = new AbortController()
    let listeners = 0
    const { signal } = caller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    for (let call = 0; call < 50; call++) await breaker.tryExecute(call % 2 ? working : (failing as Answer), { signal })
    expect(listeners).toBe(0)
  })
})

describe("a stopped breaker", () => {
  test("refuses calls with a reason, whichever way they come", async () => {
    const { breaker, clock } = world()
    await breaker.stop()
    const rejection = {
      layer: "lifecycle",
      reason: "the breaker is stopped",
      heldBy: ["lifecycle"],
      retryAfterMs: undefined,
    }
    await expect(breaker.execute(working)).rejects.toBeInstanceOf(CallRejected)
    expect(await breaker.tryExecute(working)).toMatchObject({ ok: false, error: rejection })
    expect(breaker.acquire()).toMatchObject({ admitted: false, ...rejection })
    expect(breaker.wouldReject()).toMatchObject(rejection)
    expect(await breaker.execute(working, { fallback: () => "cached" })).toBe("cached")
    expectNothingLeft(breaker, clock)
  })

  test("bears every command, once stopped", async () => {
    const { breaker } = world()
    await breaker.stop()
    breaker.forceOpen("late")
    breaker.bypass("late")
    breaker.shadow("late")
    breaker.release("late")
    expect(breaker).toMatchObject({ phase: "stopped", mode: "auto" })
    expect(() => JSON.stringify([breaker.metrics(), breaker.save()])).not.toThrow()
    await breaker.stop()
    expect(breaker.phase).toBe("stopped")
  })
})

describe("a permit", () => {
  const admitted = (breaker: Breaker): Permit => {
    const ticket = breaker.acquire()
    if (!ticket.admitted) throw new Error("it was refused")
    return ticket
  }

  test("settled twice counts once, and says so", () => {
    const { breaker } = world()
    const permit = admitted(breaker)
    expect(permit.settle("success")).toBe(true)
    expect(permit.settle("failure")).toBe(false)
    permit[Symbol.dispose]()
    expect(breaker.metrics().calls).toMatchObject({ admitted: 1, success: 1, failure: 0, ignored: 0, inFlight: 0 })
  })

  test("forgotten is given back as ignored when its lease ends, and can no longer be settled", async () => {
    const { breaker, clock } = world()
    const permit = admitted(breaker)
    await clock.advance("1 minute")
    expect(breaker.metrics().calls).toMatchObject({ ignored: 1, inFlight: 0 })
    expect(permit.settle("failure")).toBe(false)
    expectNothingLeft(breaker, clock)
  })

  test.each(["broken", "__proto__", "", undefined, null, 5])(
    "settled as %s does not spoil the numbers",
    async (kind) => {
      const { breaker, clock } = world({ strategy: { type: "basic", window: { type: "time", minimumCalls: 2 } } })
      const permit = admitted(breaker)
      try {
        permit.settle(kind as "success")
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
      permit[Symbol.dispose]()
      expectNothingLeft(breaker, clock)
      await clock.advance("1 second")
      await breaker.execute(working)
      for (const slice of breaker.metrics().components.metrics?.slices ?? []) {
        expect(Object.values(slice).every((count) => typeof count === "object" || Number.isFinite(count))).toBe(true)
      }
      await trip(breaker)
    },
  )

  test("reports an error through the breaker's classifier", () => {
    const { breaker } = world({ classify: ({ ok }) => (ok ? "success" : "ignored") })
    admitted(breaker).settle("failure", { error: down })
    admitted(breaker).settle("failure")
    expect(breaker.metrics().calls).toMatchObject({ ignored: 1, failure: 1 })
  })
})
