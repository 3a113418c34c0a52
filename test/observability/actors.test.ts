import { createInspector, type StatelyInspectionEvent } from "@statelyai/inspect"
import { createBreaker, InvalidConfig } from "recloser"
import { inspectActors } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import type { InspectionEvent } from "xstate"

const tripping = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 1 } },
  timeout: false,
  metrics: false,
} as const
const fail = async () => Promise.reject(new Error("503"))

/** What is told of the breakers of one clock: other tests' breakers live in the same process. */
function listening() {
  const clock = createVirtualClock()
  const events: InspectionEvent[] = []
  const breaker = (name: string) => createBreaker(name, tripping, { clock })
  return { clock, events, breaker }
}

const actorOf = ({ actorRef }: InspectionEvent) => actorRef as unknown as { readonly id: string }

describe("inspection of actors", () => {
  test("introduces those that live, then tells each of their events once, and of those that come", async () => {
    const { events, breaker } = listening()
    const early = breaker("early")
    const stop = inspectActors((event) => events.push(event))
    const late = breaker("late")
    const introduced = events.filter(({ type }) => type === "@xstate.actor").map((event) => actorOf(event).id)
    expect(introduced.filter((id) => id === "basic")).toHaveLength(2)
    expect(events.filter(({ type }) => type === "@xstate.snapshot").length).toBeGreaterThanOrEqual(4)
    events.length = 0
    for (const one of [early, late]) await one.tryExecute(fail)
    const alarms = events.filter((event) => event.type === "@xstate.event" && event.event.type === "alarm.rang")
    // Each root hears its own, and tells its strategy.
    expect(alarms).toHaveLength(4)
    stop()
    events.length = 0
    early.release("nobody listens")
    expect(events).toEqual([])
    for (const one of [early, late]) await one.stop()
  })

  test("takes an observer, and lets nothing of it reach a call", async () => {
    const { breaker } = listening()
    const warned: string[] = []
    const hear = (warning: Error) => warned.push(warning.message)
    process.on("warning", hear)
    const stop = inspectActors({
      next: () => {
        throw new Error("inspector is broken")
      },
    })
    const one = breaker("one")
    expect(await one.tryExecute(fail)).toMatchObject({ ok: false, error: { message: "503" } })
    expect(one.circuit).toBe("open")
    stop()
    await expect.poll(() => warned.length).toBeGreaterThan(0)
    process.off("warning", hear)
    expect(warned).toEqual(["an inspector of actors threw: Error: inspector is broken"])
    await one.stop()
  })

  test("feeds Stately's inspector, the real one, with actors, events and states", async () => {
    const { breaker } = listening()
    const sent: StatelyInspectionEvent[] = []
    const stately = createInspector({ send: (event) => void sent.push(event) })
    const stop = inspectActors(stately.inspect)
    const one = breaker("one")
    await one.tryExecute(fail)
    const of = (type: string) => sent.filter((event) => event.type === type) as readonly { readonly name?: string }[]
    await expect.poll(() => JSON.stringify(of("@xstate.snapshot"))).toContain('"value":{"open":"waiting"}')
    expect(of("@xstate.actor").map(({ name }) => name)).toEqual(expect.arrayContaining(["basic"]))
    expect(JSON.stringify(of("@xstate.event"))).toContain('"alarm.rang"')
    expect(JSON.stringify(of("@xstate.actor").find(({ name }) => name === "basic"))).toContain("untilRetry")
    stop()
    stately.stop()
    await one.stop()
  })

  test("lets go of breakers that have stopped", async () => {
    const { events, breaker } = listening()
    const stop = inspectActors((event) => events.push(event))
    await breaker("short").stop()
    const after = events.length
    const other = breaker("other")
    expect(events.length).toBeGreaterThan(after)
    stop()
    await other.stop()
  })

  test.each([undefined, null, 3, {}])("refuses %j", (listener) => {
    expect(() => inspectActors(listener as never)).toThrow(InvalidConfig)
  })
})
