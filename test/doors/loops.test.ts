/** What listens to the world outside of calls is an actor: seen by whoever inspects, and interrupted when the breaker is active no more. */
import { attach, type Clock, createBreaker, type HealthCheck } from "recloser"
import { breakerLogic } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test, vi } from "vitest"
import { createActor } from "xstate"
import { Agenda } from "../../src/agenda.ts"
import { deferred, hanging, type World, world } from "../support/breakers.ts"
import { handProvider } from "../support/providers.ts"

interface Seen {
  readonly type: string
  readonly actorRef: { readonly id: string; readonly src?: unknown; getSnapshot(): { readonly status: string } }
}

/** The actors of a breaker that are there for a loop, in the order of their coming. */
function watched(config: Parameters<typeof world>[0]) {
  const loops: Seen["actorRef"][] = []
  const inspect = ({ type, actorRef }: Seen) => {
    if (type === "@xstate.actor" && actorRef.src === "loop") loops.push(actorRef)
  }
  const it = world(config, { inspect: inspect as never })
  const running = () => loops.filter((actor) => actor.getSnapshot().status === "active").map(({ id }) => id)
  return { ...it, loops, running }
}

/** A check that never answers, and what became of its signals. */
function silentCheck() {
  const signals: AbortSignal[] = []
  const check: HealthCheck = ({ signal }) => {
    signals.push(signal)
    return new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason)))
  }
  return { check, signals }
}

const settle = ({ clock }: Pick<World, "clock">) => clock.advance(0)

describe("the loops of a breaker", () => {
  test("are actors beside its parts, and there only where there is something to do", async () => {
    const { provider } = handProvider()
    const both = watched({ discovery: { provider }, health: { check: () => true } })
    expect(both.running()).toEqual(["discovery.provider", "health.checks"])
    await both.breaker.stop()
    expect(both.running()).toEqual([])
    const none = watched({ discovery: { endpoints: ["a:1"] }, health: true })
    await none.clock.advance("1 minute")
    expect(none.loops).toEqual([])
    await none.breaker.stop()
  })

  test("are interrupted as soon as it stops, though calls in flight have yet to end", async () => {
    const { check, signals } = silentCheck()
    const hand = handProvider()
    const call = deferred()
    const it = watched({ discovery: { provider: hand.provider }, health: { check, interval: "5 seconds" } })
    await settle(it)
    hand.tell(["a:1"])
    await it.clock.advance("1 second")
    const answer = it.breaker.execute(() => call.promise)
    expect([hand.listening, signals.map(({ aborted }) => aborted)]).toEqual([1, [false]])
    const stopped = it.breaker.stop({ grace: "10 minutes" })
    await settle(it)
    expect(it.breaker.phase).toBe("draining")
    expect([it.running(), hand.listening, signals.map(({ aborted }) => aborted)]).toEqual([[], 0, [true]])
    expect(signals[0]?.reason).toMatchObject({ name: "AbortError", message: expect.stringContaining("nobody waits") })
    await it.clock.advance("20 seconds")
    expect(signals).toHaveLength(1)
    call.resolve("well")
    expect(await answer).toBe("well")
    await stopped
    expect(it.clock.pending).toBe(0)
  })

  test("are others after a reconfiguration, and the same where nothing has changed for them", async () => {
    const { check, signals } = silentCheck()
    const hand = handProvider()
    const discovery = { provider: hand.provider }
    const it = watched({ discovery, health: { check } })
    await settle(it)
    hand.tell(["a:1"])
    await it.clock.advance("1 second")
    it.breaker.reconfigure({ discovery, health: { check, interval: "20 seconds" } })
    await settle(it)
    expect(it.loops.map(({ id }) => id)).toEqual(["discovery.provider", "health.checks", "health.checks"])
    expect([it.running(), hand.asked]).toEqual([["discovery.provider", "health.checks"], 1])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    it.breaker.reconfigure({ discovery, health: true })
    expect(it.running()).toEqual(["discovery.provider"])
    await it.breaker.stop()
  })

  test("a check that was cut is told why", async () => {
    const { check, signals } = silentCheck()
    const it = watched({ health: { check, timeout: "2 seconds" } })
    await it.clock.advance("3 seconds")
    expect(signals[0]?.reason).toMatchObject({ name: "TimeoutError", message: "no answer within 2000 ms" })
    await it.breaker.stop()
  })

  test("of an actor that is somebody else's end when the breaker lets go of it, and its snapshot can be kept", async () => {
    const clock = createVirtualClock()
    const hand = handProvider()
    const input = { name: "search", discovery: { provider: hand.provider }, health: { check: () => true } }
    const actor = createActor(breakerLogic, { input, clock }).start()
    const breaker = attach(actor)
    await clock.advance("1 second")
    expect(hand.listening).toBe(1)
    const names = () => Object.keys(actor.getSnapshot().children).filter((id) => id.includes("."))
    expect(names()).toEqual(["discovery.provider", "health.checks"])
    expect(JSON.parse(JSON.stringify(actor.getPersistedSnapshot()))).toMatchObject({ status: "active" })
    await breaker.stop()
    await clock.advance(0)
    expect([names(), hand.listening]).toEqual([[], 0])
    expect(actor.getSnapshot().value).toMatchObject({ lifecycle: "active" })
    actor.stop()
  })

  test("of an actor that is started later begin then", async () => {
    const clock = createVirtualClock()
    let checks = 0
    const check = () => void checks++
    const actor = createActor(breakerLogic, { input: { name: "search", health: { check } }, clock })
    const breaker = attach(actor)
    await clock.advance("1 minute")
    expect(checks).toBe(0)
    actor.start()
    await clock.advance("1 minute")
    expect(checks).toBeGreaterThan(4)
    await breaker.stop()
    actor.stop()
  })

  test("end with an actor that its owner ends", async () => {
    const clock = createVirtualClock()
    const hand = handProvider()
    const actor = createActor(breakerLogic, {
      input: { name: "search", discovery: { provider: hand.provider } },
      clock,
    }).start()
    const breaker = attach(actor)
    await clock.advance("1 second")
    expect(hand.listening).toBe(1)
    actor.stop()
    await clock.advance(0)
    expect([hand.listening, breaker.phase]).toEqual([0, "stopped"])
    expect(clock.pending).toBe(0)
  })

  test("keep no process alive, whatever they wait for", async () => {
    const clock = createVirtualClock()
    let held = 0
    const note = (holds: boolean) => {
      if (holds) held++
    }
    const arm: Clock["arm"] = (delayMs, wake, holds) => {
      note(holds)
      return { ...clock.arm(delayMs, wake, holds), hold: note }
    }
    const hand = handProvider()
    const config = {
      discovery: { provider: hand.provider },
      health: { check: hanging, interval: "5 seconds" },
    } as const
    const breaker = createBreaker("search", config, { clock: { ...clock, arm } })
    await clock.advance(0)
    for (const list of [["a:1"], ["b:1"]]) hand.tell(list)
    await clock.advance("10 seconds")
    hand.fail(new Error("gone"))
    await clock.advance("10 minutes")
    expect([hand.asked, held]).toEqual([2, 0])
    await breaker.stop()
  })

  test("a check that never ends and heeds nothing does not keep the breaker from stopping", async () => {
    const it = watched({ health: { check: hanging } })
    await it.clock.advance("1 second")
    await it.breaker.stop()
    expect([it.running(), it.clock.pending]).toEqual([[], 0])
  })
})

describe("a mistake of ours in a loop", () => {
  const mistake = new Error("our mistake")
  afterEach(() => void vi.restoreAllMocks())
  const told = ({ troubles }: Pick<World, "troubles">) =>
    troubles.map(({ part, error, gaveUp }) => [part, error, gaveUp])

  test.each([
    ["before a check", "take"],
    ["after one", "add"],
  ] as const)(
    "%s does not end the checks: they begin again, of each endpoint, and it is told",
    async (_when, method) => {
      const asked: (string | undefined)[] = []
      const check: HealthCheck = ({ endpoint }) => void asked.push(endpoint?.id)
      const it = watched({ discovery: { endpoints: ["a:1", "b:1"] }, health: { check, interval: "5 seconds" } })
      await it.clock.advance("3 seconds")
      expect(asked.splice(0).sort()).toEqual(["a:1", "b:1"])
      vi.spyOn(Agenda.prototype, method).mockImplementationOnce(() => {
        throw mistake
      })
      await it.clock.advance("10 seconds")
      expect(told(it)).toEqual([["health.checks", mistake, false]])
      expect(it.loops.map(({ id }) => id)).toEqual(["health.checks", "health.checks"])
      asked.length = 0
      await it.clock.advance("1 minute")
      expect(new Set(asked)).toEqual(new Set(["a:1", "b:1"]))
      expect(asked.length).toBeGreaterThan(15)
      await it.breaker.stop()
      expect(it.clock.pending).toBe(0)
    },
  )

  test("that happens again and again ends them after five times within ten minutes, and is told", async () => {
    let asked = 0
    const it = watched({ health: { check: () => void asked++, interval: "5 seconds" } })
    vi.spyOn(Agenda.prototype, "take").mockImplementation(() => {
      throw mistake
    })
    await it.clock.advance("9 minutes")
    expect([told(it)[0], told(it).at(-1)]).toEqual([
      ["health.checks", mistake, false],
      ["health.checks", mistake, true],
    ])
    expect([asked, it.loops.length, it.running()]).toEqual([0, 6, []])
    await it.breaker.stop()
    expect(it.clock.pending).toBe(0)
  })

  test("does not end the watch: the provider is asked anew after its wait, and what it says is heard", async () => {
    const hand = handProvider()
    const it = watched({ discovery: { provider: hand.provider, settle: "1 second" } })
    const report = () => it.breaker.metrics().components.discovery
    await settle(it)
    hand.tell(["a:1"])
    await it.clock.advance("2 seconds")
    vi.spyOn(JSON, "stringify").mockImplementationOnce(() => {
      throw mistake
    })
    hand.tell(["a:1", "b:1"])
    await it.clock.advance(1)
    expect(told(it)).toEqual([["discovery", mistake, false]])
    expect(report()).toMatchObject({ state: "stale", endpoints: 1, reason: "the provider failed: our mistake" })
    await it.clock.advance("2 seconds")
    expect([hand.asked, hand.listening]).toEqual([2, 1])
    hand.tell(["a:1", "b:1"])
    await it.clock.advance("2 seconds")
    expect(report()).toMatchObject({ state: "fresh", endpoints: 2 })
    await it.breaker.stop()
  })
})
