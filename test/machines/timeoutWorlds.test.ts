/**
 * The adaptive timeout in worlds of many latencies: what it learns, how soon, and what that costs. Beside `basic`, which these worlds hardly
 * move, and beside `gradual`, which calls that are timed out degrade.
 */
import { describe, expect, test } from "vitest"
import type { Random } from "../../src/testing/simulation/random.ts"
import { type Answer, type Minute, play, type World } from "../support/timeoutWorld.ts"

type Service = (random: Random) => Answer

const hang = { ms: Number.POSITIVE_INFINITY }
const around = (random: Random, medianMs: number, sigma = 0.4) => ({ ms: medianMs * Math.exp(sigma * random.normal()) })
const quick: Service = (random) => around(random, 20)
const part =
  (share: number, some: Service, others: Service = quick): Service =>
  (random) =>
    random.unit() < share ? some(random) : others(random)
const failing: Service = () => ({ ms: 3, fails: true })

/** Three quiet minutes, in which the shortest timeout is learned; then the service becomes what it is. */
const quietMinutes = 3
const once = (service: Service) => (random: Random, minute: number) =>
  minute < quietMinutes ? quick(random) : service(random)

const seeds = [1, 2, 3, 4, 5]
const sum = (minutes: readonly Minute[], count: (minute: Minute) => number) =>
  minutes.reduce((total, minute) => total + count(minute), 0)
const falseShare = (minutes: readonly Minute[]) => sum(minutes, ({ cut }) => cut) / sum(minutes, ({ good }) => good)
const lastOf = (minutes: readonly Minute[]) => minutes.at(-1)?.timeoutMs ?? Number.NaN

const slower: readonly (readonly [what: string, service: Service])[] = [
  ["as quick as ever", quick],
  ["30 % at 400 ms", part(0.3, (random) => around(random, 400, 0.05))],
  ["30 % between 280 and 600 ms", part(0.3, (random) => around(random, 400, 0.2))],
  ["0.5 % at 3 s", part(0.005, (random) => around(random, 3000, 0.1))],
  ["all of it 4 times as slow", (random) => around(random, 80)],
  ["all of it 30 times as slow", (random) => around(random, 600)],
  [
    "10 % at 400 ms, 30 % failing fast",
    part(
      0.3,
      failing,
      part(0.143, (random) => around(random, 400, 0.05)),
    ),
  ],
  [
    "5 % at 400 ms, 5 % hanging",
    part(
      0.05,
      () => hang,
      part(0.05, (random) => around(random, 400, 0.05)),
    ),
  ],
]

const both = ["basic", "gradual"] as const

describe.each(both)(
  "timeout law 6, at 100 calls a second: at most 0.1 %% false timeouts from two minutes after the change on: %s",
  (strategy) => {
    test.each(slower)("%s", (_what, service) => {
      for (const seed of seeds) {
        const told = play({ rps: 100, minutes: 10, answer: once(service), seed, config: { strategy } })
        expect(falseShare(told.slice(quietMinutes + 2)), `seed ${seed}`).toBeLessThanOrEqual(0.001)
      }
    })

    test("5 % at 8 s: from ten minutes after the change on", () => {
      for (const seed of seeds) {
        const service = part(0.05, (random) => around(random, 8000, 0.1))
        const told = play({ rps: 100, minutes: 20, answer: once(service), seed, config: { strategy } })
        expect(falseShare(told.slice(quietMinutes + 10)), `seed ${seed}`).toBeLessThanOrEqual(0.001)
      }
    })
  },
)

describe("timeout law 6, at 2 calls a second: at most 0.1 % false timeouts in the second hour", () => {
  test.each(slower)("%s", (_what, service) => {
    const later = seeds.flatMap((seed) => play({ rps: 2, minutes: 120, answer: once(service), seed }).slice(60))
    expect(falseShare(later)).toBeLessThanOrEqual(0.001)
  })
})

// Too few successes ever to know a tail: what a trial has shown must be enough.
test("timeout law 6, at 6 calls a minute after a busy time: 30 % at 1.5 s are not timed out for ever", () => {
  const slow = part(0.3, (random) => around(random, 1500, 0.05))
  for (const seed of seeds) {
    const told = play({ rps: (minute) => (minute < 5 ? 20 : 0.1), minutes: 480, answer: once(slow), seed })
    expect(falseShare(told.slice(240)), `seed ${seed}`).toBeLessThanOrEqual(0.001)
  }
})

// Timeouts that are too short look like too much load: for a part of that minute the limit is capped, or climbs.
test("timeout law 9, at 300 calls a second: 20 % at 1 s are seen to need it while the limit is capped for them", () => {
  const slow = part(0.2, (random) => around(random, 1000, 0.1))
  const told = seeds.map((seed) => play({ rps: 300, minutes: 4, answer: once(slow), seed })[quietMinutes] as Minute)
  // Nothing learned in those states: 10 % and 6 850 calls a minute.
  expect(falseShare(told)).toBeLessThanOrEqual(0.07)
  expect(sum(told, ({ rejected }) => rejected) / seeds.length).toBeLessThanOrEqual(4500)
})

// Whoever answers late degrades a circuit. With nothing learned meanwhile a fifth of the calls was cut off falsely in the first minute.
describe("timeout law 10, at 100 calls a second: what takes longer for good degrades the circuit, and is given the time", () => {
  const steady: Service = (random) => around(random, 100)
  const slow: Service = (random) => around(random, 500)
  test.each([
    ["5 times as slow", slow],
    ["5 times as slow, 30 % failing fast", part(0.3, failing, slow)],
  ] as const)(
    "%s: 2 in 100 are cut off falsely at most in the first minute, and 1 in 1 000 after it",
    (_what, service) => {
      for (const seed of seeds.slice(0, 3)) {
        const answer = (random: Random, minute: number) => (minute < quietMinutes ? steady : service)(random)
        const told = play({ rps: 100, minutes: 5, answer, seed, config: { strategy: "gradual" } }).slice(quietMinutes)
        const [first, ...later] = told as [Minute, ...Minute[]]
        expect(first.degraded / first.admitted, `seed ${seed}, degraded`).toBeGreaterThan(0.9)
        expect(falseShare([first]), `seed ${seed}, the first minute`).toBeLessThanOrEqual(0.02)
        expect(falseShare(later), `seed ${seed}, later`).toBeLessThanOrEqual(0.001)
      }
    },
  )
})

const hanging: readonly (readonly [what: string, world: World])[] = [
  ["5 % from the start, 100 rps", { rps: 100, minutes: 20, answer: part(0.05, () => hang) }],
  ["5 %, 100 rps", { rps: 100, minutes: 20, answer: once(part(0.05, () => hang)) }],
  ["30 %, 100 rps", { rps: 100, minutes: 20, answer: once(part(0.3, () => hang)) }],
  ["5 %, 2 rps", { rps: 2, minutes: 60, answer: once(part(0.05, () => hang)) }],
  ["30 %, 2 rps", { rps: 2, minutes: 60, answer: once(part(0.3, () => hang)) }],
]

describe("calls that hang", () => {
  test.each(hanging)("timeout law 3: do not lengthen it: %s", (what, world) => {
    for (const seed of seeds) {
      const told = play({ ...world, seed }).slice(10)
      const typical = told.map(({ timeoutMs }) => timeoutMs).sort((one, other) => one - other)[told.length >> 1]
      expect(typical, `seed ${seed}`).toBe(250)
      // At 2 rps and 30 % the circuit opens, and probes that hang are given more time from round to round.
      if (what !== "30 %, 2 rps") expect(lastOf(told), `seed ${seed}`).toBe(250)
    }
  })

  test.each(both.flatMap((strategy) => hanging.map(([what, world]) => [what, strategy, world] as const)))(
    "timeout law 7: wait hardly longer in trials than without: %s, beside %s",
    (_what, strategy, world) => {
      let waitedMs = 0
      let allowedMs = 0
      for (const seed of seeds) {
        const told = play({ ...world, seed, config: { strategy } })
        waitedMs += sum(told, ({ trialMs }) => trialMs)
        allowedMs += 30_000 + 0.05 * sum(told, ({ workMs, trialMs }) => 60_000 + workMs - trialMs)
      }
      expect(waitedMs).toBeGreaterThan(0)
      expect(waitedMs).toBeLessThanOrEqual(allowedMs)
    },
  )
})
