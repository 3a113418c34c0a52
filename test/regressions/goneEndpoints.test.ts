/** What a listener, a check or a provider does in the midst of a check or of a list, which once left checks behind or ended a watch for good. */

import * as Effect from "effect/Effect"
import type { HealthCheck } from "recloser"
import { health } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import type { HealthSettings } from "../../machines/healthOptions.ts"
import { readEndpoints } from "../../machines/naming.ts"
import { timekeeperOf } from "../../src/Clock.ts"
import { Checks } from "../../src/checks.ts"
import { background } from "../../src/control-plane/clock.ts"
import { deferred, hanging, tripAndWait, world } from "../support/breakers.ts"
import { settingsOf } from "../support/charts.ts"
import { handProvider } from "../support/providers.ts"

/** A check that notes whom it is asked about, and goes on with what the test would have it do. */
function noting(check: HealthCheck) {
  const asked: string[] = []
  const signals: AbortSignal[] = []
  const noted: HealthCheck = (context) => {
    asked.push(context.endpoint?.id ?? "")
    signals.push(context.signal)
    return check(context)
  }
  return { check: noted, asked, signals }
}

test.each(["at once", "later"])(
  "an endpoint that its own verdict (%s) has taken off the list is checked no more",
  async (when) => {
    const { check, asked } = noting(({ endpoint }) => {
      const ok = endpoint?.id !== "a:1"
      return when === "later" ? Promise.resolve(ok) : ok
    })
    const health = { check, fall: 1, interval: "5 seconds" } as const
    const { breaker, clock } = world({ discovery: { endpoints: ["a:1", "b:1"] }, health })
    breaker.on("finding", ({ finding }) => {
      if ("away" in finding && finding.away.includes("a:1"))
        breaker.reconfigure({ discovery: { endpoints: ["b:1"] }, health })
    })
    await clock.advance("2 minutes")
    expect(asked.filter((id) => id === "a:1")).toHaveLength(1)
    expect(asked.length).toBeGreaterThan(20)
    await breaker.stop()
  },
)

test("endpoints that were due with one whose check took them off the list are not asked", async () => {
  let isLast = false
  const { check, asked } = noting(({ endpoint }) => {
    if (!isLast) return true
    isLast = false
    it.breaker.reconfigure({ discovery: { endpoints: [endpoint?.id ?? ""] }, health })
    return true
  })
  const health = { check, interval: "1 minute" } as const
  const it = world({ discovery: { endpoints: ["a:1", "b:1", "c:1", "d:1"] }, health })
  await it.clock.advance("20 seconds")
  expect(new Set(asked).size).toBe(4)
  asked.length = 0
  isLast = true
  // All of them are due now.
  await tripAndWait(it)
  await it.clock.advance("10 minutes")
  expect(new Set(asked).size).toBe(1)
  await it.breaker.stop()
})

test.each([
  [
    "takes its endpoint off the list",
    (it: ReturnType<typeof world>, check: HealthCheck) => {
      it.breaker.reconfigure({ discovery: { endpoints: ["b:1"] }, health: { check } })
    },
  ],
  ["stops its breaker", (it: ReturnType<typeof world>) => void it.breaker.stop()],
])("a check that %s and then waits is told that nobody waits for it", async (_, act) => {
  const { check, signals } = noting(({ endpoint }) => {
    if (endpoint?.id !== "a:1") return true
    act(it, check)
    return hanging()
  })
  const it = world({ discovery: { endpoints: ["a:1"] }, health: { check } })
  await it.clock.advance("1 second")
  expect(signals[0]?.reason).toMatchObject({ name: "AbortError" })
  await it.breaker.stop()
  await it.clock.advance("10 seconds")
  expect([signals.length, it.clock.pending]).toEqual([1, 0])
})

/** Lists that throw wherever they are looked at. */
const hostile: readonly (readonly [string, () => unknown])[] = [
  [
    "an element of which cannot be read",
    () =>
      Object.defineProperty(["a:1"], 0, {
        get() {
          throw new Error("no")
        },
      }),
  ],
  [
    "that has no length",
    () =>
      new Proxy([], {
        get(_, key) {
          if (key === "length") throw new Error("no")
        },
      }),
  ],
]

test.each(hostile)("a list %s is told of, and the provider is listened to further", async (_, list) => {
  const hand = handProvider()
  const it = world({ discovery: { provider: hand.provider } })
  const known: string[] = []
  it.breaker.on("finding", ({ finding }) => {
    if ("away" in finding) known.push(...finding.endpoints.map(({ id }) => id))
  })
  await it.clock.advance(0)
  hand.tell(list())
  await it.clock.advance("2 minutes")
  expect(it.troubles.map(({ part, gaveUp }) => [part, gaveUp])).toEqual([["discovery", false]])
  hand.tell(["b:1"])
  await it.clock.advance("2 minutes")
  expect(known).toEqual(["b:1"])
  // The last list is told of when the provider ends, too.
  hand.tell(list())
  hand.end()
  await it.clock.advance("2 minutes")
  expect([hand.asked, hand.listening]).toEqual([2, 1])
  await it.breaker.stop()
})

test("a check that is wanted at once begins when all listeners have been told why, and not in the midst of it", async () => {
  const heard: string[] = []
  const it = world({ health: { check: () => void heard.push("asked"), interval: "1 minute" } })
  it.breaker.on("transition", ({ to }) => void heard.push(to))
  await it.clock.advance("10 seconds")
  heard.length = 0
  await tripAndWait(it)
  expect(heard).toEqual(["open", "halfOpen", "asked"])
  await it.breaker.stop()
})

test.each(["answered", "cut"])(
  "nothing is told of an endpoint whose check was %s at the same instant as that of another, by whose verdict it went off the list",
  async (when) => {
    const clock = createVirtualClock()
    const time = timekeeperOf(clock)
    const answer = deferred<boolean>()
    const told: (string | undefined)[] = []
    const options = { check: () => answer.promise, interval: "10 seconds", timeout: "5 seconds", jitter: 0 }
    const both = readEndpoints(["a:1", "b:1"], 10, 1).endpoints
    const checks: Checks = new Checks(settingsOf(health, options) as HealthSettings, {
      time,
      seed: 1,
      epoch: () => 0,
      tell: (signal) => {
        if (signal.type !== "check.settled") return
        told.push(signal.endpoint)
        checks.check(both.filter(({ id }) => id === signal.endpoint))
      },
    })
    checks.check(both)
    const run = Effect.runForkWith(background(time))(checks.run)
    checks.hurry()
    await clock.advance("1 second")
    if (when === "answered") answer.resolve(true)
    await clock.advance("5 seconds")
    expect(new Set(told).size).toBe(1)
    run.interruptUnsafe()
  },
)
