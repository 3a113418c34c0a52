/** The host was stopped, or its event loop blocked, for longer than calls may take: deadlines are over, and answers wait to be read. */
import { type BreakerConfig, createBreaker } from "recloser"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { Alarm } from "../../src/data-plane/timers.ts"
import { haltingClock } from "../support/haltingClock.ts"
import { type Asked, ask, busy, seconds, usual } from "../support/sleeping.ts"

const configs: readonly BreakerConfig[] = [
  {},
  { timeout: "2 seconds" },
  { timeout: "2 seconds", priority: false },
  { strategy: "basic", timeout: "2 seconds" },
  { strategy: { type: "basic", slowCalls: { after: "1 second", ratio: 0.5 } }, timeout: "20 minutes" },
  { strategy: { type: "basic", window: { type: "consecutive", failures: 5 } }, timeout: "2 seconds" },
  { strategy: { type: "dependency", own: "basic" }, timeout: "2 seconds", prediction: true },
]

describe.each([
  ["an event loop blocked for 10 s", 10 * seconds],
  ["a process stopped for 60 s", 60 * seconds],
  ["a process frozen for half an hour", 1800 * seconds],
])("%s", (_what, ms) => {
  test.each(configs)("took answers that waited for timeouts, and opened the circuit: %j", async (config) => {
    const { breaker, clock, moves, flying } = await busy(config)
    clock.halt(ms, () => {
      for (const { answer } of flying) answer()
    })
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    clock.step(200)
    const ends = await Promise.all(flying.map(({ end }) => end))
    expect(ends.filter(({ ok }) => !ok)).toEqual([])
    await usual(breaker, clock, 200)
    expect(breaker.metrics().calls).toMatchObject({ timedOut: 0, rejected: 0, success: 1230 })
    expect(moves).toEqual([])
  })
})

test("a call that nobody has answered after a pause is over a moment later", async () => {
  const { breaker, clock, flying } = await busy({ timeout: "2 seconds", priority: false })
  clock.halt(10 * seconds)
  clock.step(99)
  expect(breaker.metrics().calls).toMatchObject({ timedOut: 0, inFlight: 30 })
  clock.step(1)
  expect(breaker.metrics().calls).toMatchObject({ timedOut: 30, inFlight: 0 })
  expect((await Promise.all(flying.map(({ end }) => end))).every(({ ok }) => !ok)).toBe(true)
})

test("a host that was a little late within the grace of a pause took answers for timeouts that it had not read yet", async () => {
  const { breaker, clock, flying } = await busy({ timeout: "100 millis", priority: false })
  clock.halt(200)
  // It looks at its clock each 12.5 ms, and reads much.
  for (const lateMs of [12, 15, 11]) clock.halt((clock.nextAt as number) - clock.now() + lateMs)
  expect(breaker.metrics().calls).toMatchObject({ timedOut: 0, inFlight: 30 })
  for (const { answer } of flying.slice(0, 20)) answer()
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  clock.step(100)
  // The pause has had its hundred milliseconds.
  expect(breaker.metrics().calls).toMatchObject({ timedOut: 10, inFlight: 0 })
  await Promise.all(flying.map(({ end }) => end))
})

test("a timer that was due before it was armed waited as if the host had slept", () => {
  const clock = haltingClock()
  clock.step(1000)
  const fired: number[] = []
  wheelOf(clock).arm(new Alarm((now) => void fired.push(now)), 100, 500)
  clock.step(0)
  expect(fired).toEqual([1000])
})

test("a host that is late each time delays a deadline by that much once more, and not for ever", async () => {
  const { breaker, clock, flying } = await busy({ timeout: "2 seconds", priority: false })
  clock.halt(2050)
  expect(breaker.metrics().calls.timedOut).toBe(0)
  clock.halt(150)
  expect(breaker.metrics().calls.timedOut).toBe(30)
  await Promise.all(flying.map(({ end }) => end))
})

test.each(configs)("a second pause within the grace of the first took its answers for timeouts: %j", async (config) => {
  const { breaker, clock, moves, flying } = await busy(config)
  const answerAll = (asked: readonly Asked[]) => {
    for (const { answer } of asked) answer()
  }
  clock.halt(10 * seconds, () => answerAll(flying))
  await Promise.all(flying.map(({ end }) => end))
  const others = Array.from({ length: 30 }, () => ask(breaker))
  clock.step(20)
  clock.halt(10 * seconds, () => answerAll(others))
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  clock.step(200)
  expect((await Promise.all(others.map(({ end }) => end))).filter(({ ok }) => !ok)).toEqual([])
  await usual(breaker, clock, 200)
  expect(breaker.metrics().calls).toMatchObject({ timedOut: 0, rejected: 0, success: 1260 })
  expect(moves).toEqual([])
})

test("a deadline is given one grace, however often the host stands still after it", async () => {
  const { breaker, clock, flying } = await busy({ timeout: "2 seconds", priority: false })
  clock.halt(10 * seconds)
  clock.step(50)
  const others = Array.from({ length: 3 }, () => ask(breaker))
  clock.halt(5 * seconds)
  // Those of the first pause have had theirs; those of the second have it now.
  expect(breaker.metrics().calls).toMatchObject({ timedOut: 30, inFlight: 3 })
  clock.halt(5 * seconds)
  expect(breaker.metrics().calls).toMatchObject({ timedOut: 33, inFlight: 0 })
  expect(wheelOf(clock).size).toBeLessThan(5)
  await Promise.all([...flying, ...others].map(({ end }) => end))
})

test.each([3600, -3600, 86_400 * 365])("a wall clock set by %i s moved nothing", async (bySeconds) => {
  const { breaker, clock, moves, flying } = await busy({ timeout: "2 seconds" })
  clock.setWall(bySeconds * seconds)
  for (const { answer } of flying) answer()
  await Promise.all(flying.map(({ end }) => end))
  await usual(breaker, clock, 200)
  expect(breaker.metrics().calls).toMatchObject({ timedOut: 0, rejected: 0, success: 1230 })
  expect(moves).toEqual([])
})

test.each([3600, -3600])(
  "a wall clock set by %i s neither froze an open circuit nor let it go early",
  async (bySeconds) => {
    const clock = haltingClock()
    const strategy = { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "5 seconds" } as const
    const breaker = createBreaker("service", { strategy }, { clock })
    for (let n = 0; n < 3; n++) await breaker.tryExecute(() => Promise.reject(new Error("down")))
    expect(breaker.circuit).toBe("open")
    clock.setWall(bySeconds * seconds)
    clock.step(4900)
    expect(breaker.circuit).toBe("open")
    clock.step(700)
    expect(breaker.circuit).toBe("halfOpen")
  },
)
