/** Mistakes about how a circuit comes back: what kept it from closing, or made it wait too long. */
import { type BreakerConfig, createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { haltingClock } from "../support/haltingClock.ts"

type Answer = "good" | "bad" | "hangs"

/** A breaker whose calls take as long as the service takes now. */
function service(config: BreakerConfig) {
  const clock = createVirtualClock()
  const breaker = createBreaker("service", config, { clock })
  const call = (answer: Answer, ms: number) =>
    breaker.tryExecute(
      () =>
        new Promise((resolve, reject) => {
          if (answer === "hangs") return
          clock.setTimeout(answer === "good" ? () => resolve("good") : () => reject(new Error("bad")), ms)
        }),
    )
  const calls = async (count: number, answer: (n: number) => Answer, { everyMs = 10, ms = 5 } = {}) => {
    for (let n = 0; n < count; n++) {
      void call(answer(n), ms)
      await clock.advance(everyMs)
    }
  }
  /** Answers how many calls it takes until the circuit is closed. */
  const untilClosed = async (most: number, answer: (n: number) => Answer, pace?: { everyMs?: number; ms?: number }) => {
    let n = 0
    while (n < most && breaker.circuit !== "closed") await calls(1, () => answer(n++), pace)
    return n
  }
  return { clock, breaker, calls, untilClosed }
}

const good = (): Answer => "good"
const bad = (): Answer => "bad"

test("one call that hung on the lowest step of the ramp shut out all others, for a minute, then two, then four", async () => {
  const { calls, untilClosed, breaker } = service({ timeout: false })
  await calls(1500, good)
  await calls(100, bad)
  while (breaker.circuit !== "ramping") await calls(1, good)
  await calls(50, () => "hangs")
  expect(await untilClosed(6000, good)).toBeLessThan(300)
})

test.each([
  [200, 30],
  [500, 90],
  [2000, 600],
])(
  "a service that took %i ms after an outage, where it had taken 5, was kept out for up to half an hour",
  async (ms, seconds) => {
    const { calls, untilClosed } = service({})
    await calls(3000, good)
    await calls(500, bad)
    expect(await untilClosed(50 * seconds, good, { everyMs: 20, ms })).toBeLessThan(50 * seconds)
  },
)

test("callers that come once a minute began each step of the ramp with a lease that was too short", async () => {
  const { calls, untilClosed } = service({})
  await calls(300, good, { everyMs: 60_000 })
  await calls(12, bad, { everyMs: 60_000 })
  expect(await untilClosed(60, good, { everyMs: 60_000 })).toBeLessThan(30)
})

test("after its host stood still each feature is tested as long as ever: what was due meanwhile is decided one after the other, none of it untested", () => {
  const clock = haltingClock()
  const config = {
    strategy: { type: "basic", window: { type: "consecutive", failures: 1 }, openFor: 400, probes: { needed: 1 } },
    recovery: { features: { book: true, refund: ["book"] }, testFor: 100, testShare: 1, minimumSamples: 1 },
  } as const satisfies BreakerConfig
  const breaker = createBreaker("halting", config, { clock })
  const call = (end: "success" | "failure", feature?: string) => {
    const ticket = breaker.acquire(feature === undefined ? {} : { feature })
    if (ticket.admitted) ticket.settle(end)
    return ticket.admitted
  }
  call("failure")
  clock.step(500)
  call("success")
  clock.step(90)
  // The test of `book` ends 10 ms later; that of `refund` would be over, too, were it counted from then.
  clock.halt(3000)
  clock.step(110)
  expect([call("failure", "refund"), call("success", "refund"), call("success", "book")]).toEqual([true, false, true])
  void breaker.stop({ grace: 0 })
})
