/** The XState door: the breaker as an actor, alone or in an app's machine, and calls through it. */
import { attach, type Breaker, CallRejected, createBreaker, StartFailed } from "recloser"
import { breakerLogic, type CircuitMoved, callThrough, timeout } from "recloser/machines"
import { createVirtualClock, scriptedBackend, type VirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { type ActorRefFrom, assign, createActor, fromCallback, setup, waitFor } from "xstate"
import { wheelOf } from "../../src/Clock.ts"
import { down, expectConsistent, fail, failing, succeed, trip, working } from "../support/breakers.ts"
import { alone, boom, gateOf, phaseOf, whileBroken } from "../support/parts.ts"

const basic = { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 3 } } as const
const quick = { strategy: { ...basic, probes: { needed: 1 } }, timeout: false } as const

describe("breakerLogic alone", () => {
  test("is told outcomes and takes the same decisions as a breaker with a data plane", async () => {
    const breaker = alone({ strategy: { type: "basic", openFor: "5 seconds" } })
    expect(breaker.actor.getSnapshot().matches({ lifecycle: "active", mode: "auto" })).toBe(true)
    breaker.settle("success", 19)
    breaker.settle("failure", 18)
    expect(gateOf(breaker).circuit).toBe("closed")
    breaker.settle("timedOut")
    expect(gateOf(breaker)).toMatchObject({ circuit: "open", restriction: { share: 0, retryAt: 5000 } })
    await breaker.clock.advance("5 seconds")
    expect(gateOf(breaker)).toMatchObject({ circuit: "halfOpen", restriction: { probes: 1 } })
    breaker.settle("ignored", 5)
    breaker.settle("success")
    expect(gateOf(breaker).circuit).toBe("halfOpen")
    breaker.settle("success")
    expect(gateOf(breaker)).toMatchObject({ circuit: "closed", restriction: { share: 1 } })
    const moves = breaker.emitted.filter(({ type }) => type === "circuit.moved")
    expect(moves.map(({ from, to, at }) => [from, to, at])).toEqual([
      ["closed", "open", 0],
      ["open", "halfOpen", 5000],
      ["halfOpen", "closed", 5000],
    ])
  })

  test("forgets by age, sees slow calls, and closes slices for its components", async () => {
    const breaker = alone({ strategy: { type: "basic", slowCalls: { after: 100, ratio: 0.5 } } })
    breaker.settle("failure", 19)
    await breaker.clock.advance("1 hour")
    breaker.settle("failure", 9)
    expect(gateOf(breaker).circuit).toBe("closed")
    breaker.settle("success", 11, 99)
    expect(gateOf(breaker).circuit).toBe("closed")
    await breaker.clock.advance("11 seconds")
    breaker.settle("success", 20, 100)
    expect(gateOf(breaker)).toMatchObject({ circuit: "open" })
    const { metrics } = breaker.actor.getSnapshot().children
    expect(metrics?.getSnapshot().context.slices.length).toBeGreaterThan(0)
  })

  test("obeys the operator, and learns nothing while it is bypassed", () => {
    const breaker = alone({ strategy: basic })
    breaker.send({ type: "operator.bypass", at: 1, why: "incident" })
    breaker.settle("failure", 10)
    expect(gateOf(breaker)).toMatchObject({ circuit: "closed", enforcement: "off", mode: "bypassed" })
    breaker.send({ type: "operator.forceOpen", at: 2, why: "maintenance" })
    breaker.settle("success", 10)
    expect(gateOf(breaker)).toMatchObject({ circuit: "open", enforcement: "on", restriction: { share: 0 } })
    breaker.send({ type: "operator.release", at: 3, why: "done" })
    expect(gateOf(breaker)).toMatchObject({ circuit: "halfOpen", mode: "auto" })
  })

  test("in shadow, outcomes that would have been refused are no evidence", async () => {
    const breaker = alone({ strategy: basic })
    breaker.send({ type: "operator.shadow", at: 0, why: "trial" })
    breaker.settle("failure", 3)
    expect(gateOf(breaker)).toMatchObject({ circuit: "open", enforcement: "observe" })
    breaker.settle("success", 50)
    expect(gateOf(breaker).circuit).toBe("open")
    await breaker.clock.advance("5 seconds")
    expect(gateOf(breaker).circuit).toBe("halfOpen")
  })

  test("its snapshot is JSON, and stops for good", () => {
    const breaker = alone({ strategy: basic })
    breaker.settle("failure", 3)
    expect(JSON.parse(JSON.stringify(breaker.actor.getSnapshot()))).toMatchObject({
      status: "active",
      context: { phase: "active" },
    })
    breaker.send({ type: "breaker.stop" })
    expect(phaseOf(breaker)).toBe("stopped")
    breaker.settle("success", 10)
    expect(gateOf(breaker).phase).toBe("stopped")
  })
})

type BreakerRef = ActorRefFrom<typeof breakerLogic>
interface App {
  readonly payments: BreakerRef
  readonly search: BreakerRef
  readonly answer: unknown
}

/** An app that pays through one breaker, searches through another, and says so when payments are down. */
const appOf = (pay: () => Promise<unknown>) =>
  setup({
    types: { context: {} as App, events: {} as CircuitMoved | { readonly type: "pay" } | { readonly type: "leave" } },
    actors: { breaker: breakerLogic, callThrough },
    guards: {
      paymentsOpened: ({ event }) =>
        event.type === "circuit.moved" && event.breaker === "payments" && event.to === "open",
      paymentsClosed: ({ event }) =>
        event.type === "circuit.moved" && event.breaker === "payments" && event.to === "closed",
    },
  }).createMachine({
    id: "app",
    context: ({ spawn, self }) => ({
      payments: spawn("breaker", { id: "payments", input: { name: "payments", ...quick, report: self } }),
      search: spawn("breaker", { id: "search", input: { name: "search", ...quick, report: self } }),
      answer: undefined,
    }),
    initial: "ready",
    on: {
      "circuit.moved": [
        { guard: "paymentsOpened", target: ".apologising" },
        { guard: "paymentsClosed", target: ".ready" },
      ],
    },
    states: {
      ready: { on: { pay: "paying" } },
      paying: {
        on: { leave: "ready" },
        invoke: {
          src: "callThrough",
          input: ({ context }) => ({ breaker: context.payments, run: pay }),
          onDone: { target: "ready", actions: assign({ answer: ({ event }) => event.output }) },
          onError: { target: "ready", actions: assign({ answer: ({ event }) => event.error }) },
        },
      },
      apologising: { on: { pay: "paying" } },
    },
  })

function startApp(pay: () => Promise<unknown>, clock: VirtualClock = createVirtualClock()) {
  const app = createActor(appOf(pay), { clock }).start()
  const { payments, search } = app.getSnapshot().context
  const breakers = { payments: attach(payments, { clock }), search: attach(search, { clock }) }
  return { app, clock, ...breakers, refs: { payments, search } }
}

describe("an app machine that spawns two breakers", () => {
  test("moves when one of them reports that its circuit moved, and not for the other", async () => {
    const { app, clock, payments, search } = startApp(working)
    await fail(search, 3)
    expect(search.circuit).toBe("open")
    expect(app.getSnapshot().value).toBe("ready")
    await fail(payments, 3)
    expect(app.getSnapshot().value).toBe("apologising")
    await clock.advance("5 seconds")
    expect(payments.circuit).toBe("halfOpen")
    await succeed(payments)
    expect(app.getSnapshot().value).toBe("ready")
    app.stop()
  })

  test("calls through them: answers, errors and rejections arrive as its own events", async () => {
    let answer: () => Promise<unknown> = working
    const { app, payments, clock } = startApp(() => answer())
    const pay = async () => {
      app.send({ type: "pay" })
      await clock.advance(0)
      return app.getSnapshot().context.answer
    }
    expect(await pay()).toBe("up")
    answer = failing
    expect(await pay()).toBe(down)
    await pay()
    await pay()
    expect(payments.circuit).toBe("open")
    expect(await pay()).toBeInstanceOf(CallRejected)
    expect(payments.metrics().calls).toMatchObject({ admitted: 4, success: 1, failure: 3, rejected: 1 })
    app.stop()
  })

  test("leaving the state aborts the call, which then counts for nothing", async () => {
    const clock = createVirtualClock()
    const backend = scriptedBackend(clock, { answer: "hang" })
    const { app, payments } = startApp(backend.call as () => Promise<unknown>, clock)
    app.send({ type: "pay" })
    await clock.advance(0)
    expect(payments.metrics().calls.inFlight).toBe(1)
    app.send({ type: "leave" })
    await clock.advance(0)
    expect(backend.aborted).toBe(1)
    expect(payments.metrics().calls).toMatchObject({ ignored: 1, failure: 0, inFlight: 0 })
    app.stop()
  })

  test("takes its breakers with it when it stops: calls are refused, and no timer is left", async () => {
    const { app, clock, payments } = startApp(working)
    await fail(payments, 3)
    app.stop()
    await clock.advance("1 hour")
    const end = await payments.tryExecute(working)
    expect(end).toMatchObject({ ok: false, error: { _tag: "CallRejected" } })
    expect(clock.pending).toBe(0)
  })
})

describe("attach", () => {
  test("makes one breaker of one actor, however often it is asked", () => {
    const { actor, clock } = alone()
    expect(attach(actor, { clock })).toBe(attach(actor))
    expect(attach(alone().actor)).not.toBe(attach(actor))
  })

  test("begins where the actor is: an open circuit refuses at once", () => {
    const breaker = alone(quick)
    breaker.settle("failure", 3)
    const attached = attach(breaker.actor, { clock: breaker.clock })
    expect(attached).toMatchObject({ name: "service", circuit: "open", phase: "active" })
    expect(attached.wouldReject()).toMatchObject({ layer: "circuit", retryAfterMs: 5000 })
  })

  test("replaces the actor's own meter: outcomes are measured once", async () => {
    const breaker = alone(quick)
    const attached = attach(breaker.actor, { clock: breaker.clock })
    expect(breaker.actor.getSnapshot().children).not.toHaveProperty("meter")
    await fail(attached, 2)
    breaker.settle("failure", 10)
    expect(attached.circuit).toBe("closed")
    await fail(attached)
    expect(attached.circuit).toBe("open")
    expectConsistent(attached)
  })

  test("hears what the actor is told by others, and tells its own listeners", () => {
    const breaker = alone(quick)
    const attached = attach(breaker.actor, { clock: breaker.clock })
    const heard: string[] = []
    attached.on("transition", ({ to }) => heard.push(to))
    breaker.send({ type: "operator.forceOpen", at: 0, why: "by hand" })
    expect(attached.mode).toBe("forcedOpen")
    expect(heard).toEqual(["open"])
  })

  test("stopped, ends calls and lets the actor be its maker's", async () => {
    const breaker = alone(quick)
    const attached = attach(breaker.actor, { clock: breaker.clock })
    await attached.stop()
    expect(phaseOf(breaker)).toBe("active")
    expect(attached.phase).toBe("stopped")
    expect(await attached.tryExecute(working)).toMatchObject({ ok: false, error: { layer: "lifecycle" } })
    breaker.settle("failure", 20)
    expect(gateOf(breaker).circuit).toBe("open")
    const again = attach(breaker.actor, { clock: breaker.clock })
    expect(again).not.toBe(attached)
    expect(again.circuit).toBe("open")
    breaker.actor.stop()
  })

  test("refuses while its actor has not started, and obeys it from its start", async () => {
    const clock = createVirtualClock()
    const actor = createActor(breakerLogic, { input: { name: "late" }, clock })
    const attached = attach(actor, { clock })
    expect(await attached.tryExecute(working)).toMatchObject({ ok: false, error: { layer: "lifecycle" } })
    actor.start()
    expect(await attached.execute(working)).toBe("up")
    actor.stop()
  })

  test("refuses when its actor is stopped by its maker, whatever the gate was", async () => {
    const breaker = alone(quick)
    const attached = attach(breaker.actor, { clock: breaker.clock })
    expect(await attached.execute(working)).toBe("up")
    breaker.actor.stop()
    expect(attached.phase).toBe("stopped")
    expect(await attached.tryExecute(working)).toMatchObject({ ok: false, error: { layer: "lifecycle" } })
    await attached.stop()
  })

  test("refuses a second clock for the same actor", () => {
    const breaker = alone(quick)
    attach(breaker.actor, { clock: breaker.clock })
    expect(() => attach(breaker.actor, { clok: breaker.clock } as never)).toThrow(/options.clok: is not an option here/)
    expect(() => attach(breaker.actor, { clock: createVirtualClock() })).toThrow(/options.clock: must be the clock/)
    breaker.actor.stop()
  })

  test("has the new gate in force when a parent or a listener of the actor hears of a move", async () => {
    const seen: string[] = []
    const heard: { attached?: Breaker } = {}
    const parent = createActor(
      fromCallback(({ receive }) => receive(() => seen.push(heard.attached?.circuit ?? "none"))),
    ).start()
    const breaker = alone({ ...quick, report: parent })
    breaker.actor.on("circuit.moved", () => seen.push(heard.attached?.circuit ?? "none"))
    heard.attached = attach(breaker.actor, { clock: breaker.clock })
    await trip(heard.attached)
    expect(seen).toEqual(["open", "open"])
    breaker.actor.stop()
  })
})

describe("callThrough", () => {
  test("passes options on, and is done with the call's own value", async () => {
    const breaker = alone(quick)
    const attached = attach(breaker.actor, { clock: breaker.clock })
    await trip(attached)
    const options = { fallback: () => "cached" }
    const call = createActor(callThrough, { input: { breaker: breaker.actor, run: working, options } }).start()
    expect((await waitFor(call, ({ status }) => status === "done")).output).toBe("cached")
  })
})

test("a part that cannot start makes createBreaker throw StartFailed, and leaves nothing", async () => {
  const clock = createVirtualClock()
  await whileBroken(timeout, async () => {
    const make = () => createBreaker("service", {}, { clock })
    expect(make).toThrow(StartFailed)
    expect(make).toThrow('breaker "service" did not start: its part "timeout" failed: boom')
    expect(make).toThrow(expect.objectContaining({ _tag: "StartFailed", part: "timeout", cause: boom }))
  })
  expect(wheelOf(clock).size).toBe(0)
  expect(createBreaker("service", {}, { clock }).phase).toBe("active")
})
