/** Mistakes about time: windows that do not forget, clocks that jump, waits that are lost. */
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { Lateness } from "../../src/data-plane/lateness.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { fail, hanging, succeed, trip, tripAndWait, world } from "../support/breakers.ts"

type Window = { readonly type: "time" } | { readonly type: "count" } | { readonly type: "consecutive" }
const windows: readonly (readonly [string, Window & object, number])[] = [
  ["time", { type: "time" }, 20],
  ["count", { type: "count" }, 20],
  ["consecutive", { type: "consecutive" }, 5],
]
const watching = (window: Window, more: object = {}) => ({
  strategy: { type: "basic", window, ...more } as const,
  timeout: false,
})

describe("windows", () => {
  test.each(windows)("kept stale samples: one hour idle empties a %s window", async (_type, window, needed) => {
    const { breaker, clock } = world(watching(window))
    await fail(breaker, needed - 1)
    await clock.advance("1 hour")
    await fail(breaker, needed - 1)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test.each(windows)(
    "forgot too soon: a %s window remembers what is just young enough",
    async (_type, window, needed) => {
      const { breaker, clock } = world(watching(window))
      await fail(breaker, needed - 1)
      await clock.advance("8 seconds")
      await fail(breaker)
      expect(breaker.circuit).toBe("open")
    },
  )

  test("a count window never forgot by age", async () => {
    const { breaker, clock } = world(watching({ type: "count", calls: 20, maxAge: "1 minute" } as Window))
    await fail(breaker, 19)
    await clock.advance("30 seconds")
    await succeed(breaker)
    expect(breaker.circuit).toBe("open")

    const aged = world(watching({ type: "count", calls: 20, maxAge: "1 minute" } as Window))
    await fail(aged.breaker, 19)
    await aged.clock.advance("1 minute")
    await fail(aged.breaker, 19)
    expect(aged.breaker.circuit).toBe("closed")
  })

  test("a count window counted calls that it had pushed out", async () => {
    const { breaker } = world(watching({ type: "count", calls: 20, failureRatio: 0.5 } as Window))
    await fail(breaker, 9)
    await succeed(breaker, 20)
    await fail(breaker, 9)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("a sliding window fell off a cliff: only its oldest slice is forgotten", async () => {
    const { breaker, clock } = world(watching({ type: "time" }))
    await fail(breaker, 10)
    await clock.advance("5 seconds")
    await fail(breaker, 9)
    await clock.advance("4 seconds")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("a success did not end the row of a consecutive window", async () => {
    const { breaker } = world(watching({ type: "consecutive", failures: 3 } as Window))
    await fail(breaker, 2)
    await succeed(breaker)
    await fail(breaker, 2)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("an ignored call ended the row of a consecutive window", async () => {
    const { breaker } = world(watching({ type: "consecutive", failures: 3 } as Window))
    await fail(breaker, 2)
    await breaker.execute(async () => "nothing to do with it", { classify: () => "ignored" })
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("calls in flight across an idle hour were lost or counted twice", async () => {
    const { breaker, clock } = world(watching({ type: "time" }, { slowCalls: { after: "1 second", ratio: 1 } }))
    const backend = scriptedBackend(clock, { answer: "value", after: "1 hour" })
    const calls = Array.from({ length: 19 }, () => breaker.execute(backend.call))
    await clock.advance("1 hour")
    await Promise.all(calls)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.metrics().calls).toMatchObject({ success: 19, inFlight: 0 })
    await succeed(breaker, 100)
    expect(breaker.circuit).toBe("closed")
  })
})

describe("clocks", () => {
  test("the wall clock set back an hour froze an open breaker", async () => {
    const clock = createVirtualClock({ wall: 1_800_000_000_000 })
    const { breaker } = world(watching({ type: "time" }, { openFor: "5 seconds" }), { clock })
    await trip(breaker)
    clock.setWall(clock.wallNow() - 3_600_000)
    expect(breaker.wouldReject()?.retryAfterMs).toBe(5000)
    await clock.advance("5 seconds")
    expect(breaker.circuit).toBe("halfOpen")
    await succeed(breaker, 2)
    expect(breaker.circuit).toBe("closed")
  })

  test.each([-3_600_000, 3_600_000])(
    "the wall clock moved by %i ms opened, closed or emptied something",
    async (jump) => {
      const run = async (jumps: boolean) => {
        const state = world({}, { clock: createVirtualClock({ wall: 1_800_000_000_000 }) })
        const { breaker, clock } = state
        const step = () => jumps && clock.setWall(clock.wallNow() + jump)
        await fail(breaker, 19)
        step()
        await fail(breaker)
        step()
        const hung = breaker.tryExecute(hanging)
        await clock.advance("10 seconds")
        step()
        await succeed(breaker, 2)
        await hung
        return [state.transitions, breaker.metrics()]
      }
      expect(await run(true)).toEqual(await run(false))
    },
  )

  test("the wall clock set back while it was saved lengthened or shortened the wait", async () => {
    const clock = createVirtualClock({ wall: 1_800_000_000_000 })
    const { breaker } = world(watching({ type: "time" }, { openFor: "30 seconds" }), { clock })
    await trip(breaker)
    await clock.advance("10 seconds")
    const saved = breaker.save()
    const later = createVirtualClock({ wall: 1_800_000_000_000 - 3_600_000 })
    const { breaker: again } = world(watching({ type: "time" }, { openFor: "30 seconds" }), {
      clock: later,
      restore: saved,
    })
    expect(again.wouldReject()?.retryAfterMs).toBe(20_000)
  })
})

describe("restore", () => {
  const config = { strategy: { type: "basic", openFor: "30 seconds" } } as const

  test("forgot its timer: the remaining wait is kept, and it probes when that is over", async () => {
    const before = world(config, { clock: createVirtualClock({ wall: 1_000_000 }) })
    await trip(before.breaker)
    await before.clock.advance("12 seconds")
    const saved = JSON.parse(JSON.stringify(before.breaker.save()))
    await before.breaker.stop()

    const clock = createVirtualClock({ start: 777, wall: 1_000_000 + 12_000 + 5_000 })
    const { breaker } = world(config, { clock, restore: saved })
    expect(breaker.circuit).toBe("open")
    expect(breaker.wouldReject()).toMatchObject({ retryAfterMs: 13_000, reason: "restored from a saved state" })
    await clock.advance("12.9 seconds")
    expect(breaker.circuit).toBe("open")
    await clock.advance("0.1 seconds")
    expect(breaker.circuit).toBe("halfOpen")
    await succeed(breaker, 2)
    expect(breaker.circuit).toBe("closed")
  })

  test("closed a breaker that was down for longer than its wait", async () => {
    const before = world(config, { clock: createVirtualClock({ wall: 0 }) })
    await trip(before.breaker)
    const clock = createVirtualClock({ wall: 86_400_000 })
    const { breaker } = world(config, { clock, restore: before.breaker.save() })
    await clock.advance(0)
    expect(breaker.circuit).toBe("halfOpen")
  })

  test("forgot that it was probing", async () => {
    const before = world(config)
    await tripAndWait(before)
    const { breaker } = world(config, { restore: before.breaker.save() })
    expect(breaker.circuit).toBe("halfOpen")
    expect(breaker.acquire()).toMatchObject({ admitted: true, probe: true })
    expect(breaker.acquire()).toMatchObject({ admitted: false, layer: "probe" })
  })

  test("forgot the operator's will", async () => {
    const before = world(config)
    before.breaker.forceOpen("maintenance")
    const { breaker, clock } = world(config, { restore: before.breaker.save() })
    expect(breaker.mode).toBe("forcedOpen")
    expect(breaker.wouldReject()).toMatchObject({ layer: "operator", reason: "maintenance" })
    await clock.advance("1 day")
    expect(breaker.mode).toBe("forcedOpen")
    breaker.release("done")
    expect(breaker.circuit).toBe("halfOpen")
  })
})

test("a call that entered while nobody asked for the time was taken off the calls that are watched", async () => {
  const clock = createVirtualClock()
  const lateness = new Lateness(new Wheel(clock), (overdue, now) => overdue.next(now))
  lateness.adopt(Number.POSITIVE_INFINITY, true, true, 0)
  lateness.enter(Number.NaN)
  // In the same epoch somebody begins to ask how long calls take.
  lateness.adopt(200, true, false, 10)
  await clock.advance(20)
  for (let call = 0; call < 2; call++) lateness.enter(20)
  expect(lateness.leave(Number.NaN)).toBe(false)
  await clock.advance(400)
  // Both are still under way, and older than the line.
  expect(lateness.total).toBe(2)
  expect([lateness.leave(20), lateness.leave(20), lateness.total]).toEqual([true, true, 0])
})
