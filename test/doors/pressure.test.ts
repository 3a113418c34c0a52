/** A process that is pressed: who is refused then, at either line of each gauge, and that nobody of normal priority ever is. */
import { type Breaker, createBreaker, type Priority } from "recloser"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { type Clock, type ProcessLoad, systemClock } from "../../src/Clock.ts"
import { working } from "../support/breakers.ts"
import { after } from "../support/incident.ts"

const classes: readonly Priority[] = ["critical", "high", "normal", "low", "bulk"]
const refusedOf = (breaker: Breaker) =>
  classes.filter((priority) => breaker.wouldReject({ priority })?.rule === "floor")

/** A clock whose process is as full as `load` says. */
const loaded = (load: ProcessLoad | undefined): VirtualClock & Clock =>
  Object.assign(Object.create(createVirtualClock()), { load: () => load })

/** Calls that end, for so many seconds: what is looked at is looked at when a slice closes. */
async function calls(breaker: Breaker, clock: VirtualClock, seconds: number): Promise<void> {
  for (let call = 0; call < 4 * seconds; call++) {
    await breaker.tryExecute(working, { priority: "critical" })
    await clock.advance("250 millis")
  }
}

describe("a process that is pressed", () => {
  test.each([
    ["event loop", { eventLoop: 0.5, memory: 0.5 }, []],
    ["event loop", { eventLoop: 0.95, memory: 0.5 }, ["bulk"]],
    ["event loop", { eventLoop: 0.99, memory: 0.5 }, ["low", "bulk"]],
    ["memory", { eventLoop: 0, memory: 0.91 }, ["bulk"]],
    ["memory", { eventLoop: 0.5, memory: 1 }, ["low", "bulk"]],
    ["memory", { eventLoop: Number.NaN, memory: 0.95 }, ["bulk"]],
    ["event loop", { eventLoop: 1, memory: Number.NaN }, ["low", "bulk"]],
  ] as const)("by its %s, %j, refuses %j, and says why", async (gauge, load, refused) => {
    const clock = loaded(load)
    const breaker = createBreaker("service", {}, { clock })
    await calls(breaker, clock, 3)
    expect(refusedOf(breaker)).toEqual(refused)
    const rejection = breaker.wouldReject({ priority: "bulk" })
    if (refused.length > 0)
      expect(rejection).toMatchObject({ layer: "priority", reason: expect.stringContaining(gauge) })
    await breaker.stop()
  })

  test("by a limit that is saturated: so many wait for a slot", async () => {
    const clock = loaded(undefined)
    const priority = { limit: 1, queue: { max: 20, deadline: "1 minute" } } as const
    const breaker = createBreaker("service", { timeout: false, priority }, { clock })
    const answers: Promise<unknown>[] = []
    /** Each call takes a quarter of a second, and another comes for each that ends. */
    const serve = async (waiting: number, seconds: number) => {
      for (let turn = 0; turn < 4 * seconds; turn++) {
        while (breaker.metrics().calls.waiting < waiting)
          answers.push(breaker.tryExecute(() => after(clock, 250), { priority: "critical" }))
        await clock.advance("250 millis")
      }
    }
    await serve(15, 3)
    expect(refusedOf(breaker)).toEqual([])
    await serve(19, 3)
    expect(refusedOf(breaker)).toEqual(["bulk"])
    await serve(20, 3)
    expect(refusedOf(breaker)).toEqual(["low", "bulk"])
    expect(breaker.wouldReject({ priority: "bulk" })?.reason).toContain("the queue is 100 % full")
    await clock.advance("30 seconds")
    await Promise.all(answers)
    await breaker.stop()
  })

  test("and is relieved lets everybody in again", async () => {
    const load = { eventLoop: 0.99, memory: 0 }
    const clock = loaded(load)
    const breaker = createBreaker("service", {}, { clock })
    await calls(breaker, clock, 3)
    expect(refusedOf(breaker)).toEqual(["low", "bulk"])
    load.eventLoop = 0.95
    await calls(breaker, clock, 2)
    expect(refusedOf(breaker)).toEqual(["low", "bulk"])
    load.eventLoop = 0.9
    await calls(breaker, clock, 2)
    expect(refusedOf(breaker)).toEqual(["bulk"])
    load.eventLoop = 0.5
    await calls(breaker, clock, 2)
    expect(refusedOf(breaker)).toEqual([])
    await breaker.stop()
  })
})

test("the clock of the process tells how full its memory and its event loop are", () => {
  const load = systemClock.load?.()
  expect(load?.memory).toBeGreaterThan(0)
  expect(load?.memory).toBeLessThan(1)
  expect(load?.eventLoop).toBeGreaterThanOrEqual(0)
  expect(load?.eventLoop).toBeLessThanOrEqual(1)
  // However many breakers ask.
  expect(systemClock.load?.()).toBe(load)
})
