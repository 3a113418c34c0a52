/** The host's event loop stood still: time has passed, no timer has fired, and answers wait to be read. */
import { type Breaker, type BreakerConfig, createBreaker, type Ticket } from "recloser"
import { expect, test } from "vitest"
import { clockOfEffect, timekeeperOf } from "../../src/Clock.ts"
import { effectClock } from "../../src/control-plane/clock.ts"
import { type StepClock, stepClock } from "../support/stepClock.ts"

/** A clock on which time can pass unseen by its timers. */
function sleepyClock(): StepClock & { sleep(ms: number): void } {
  const awake = stepClock()
  let slept = 0
  return { ...awake, isPunctual: false, now: () => awake.now() + slept, sleep: (ms) => (slept += ms) }
}

type Clock = ReturnType<typeof sleepyClock>

/** A hundred calls a second that take five milliseconds; then twenty at once are on their way. */
function busy(config: BreakerConfig): { breaker: Breaker; clock: Clock; moves: string[]; flying: Ticket[] } {
  const clock = sleepyClock()
  const breaker = createBreaker("service", { timeout: "10 seconds", ...config }, { clock })
  const moves: string[] = []
  breaker.on("transition", ({ from, to, rule }) => moves.push(`${from} → ${to}: ${rule}`))
  usual(breaker, clock, 1000, "success")
  const flying = Array.from({ length: 20 }, () => breaker.acquire())
  clock.step(2)
  return { breaker, clock, moves, flying }
}

function usual(breaker: Breaker, clock: Clock, calls: number, end: "success" | "failure"): void {
  for (let n = 0; n < calls; n++) {
    const ticket = breaker.acquire()
    clock.step(5)
    if (ticket.admitted) ticket.settle(end)
    clock.step(5)
  }
}

const settleAll = (tickets: readonly Ticket[]) => {
  for (const ticket of tickets) if (ticket.admitted) ticket.settle("success")
}

const wakings: readonly ((state: ReturnType<typeof busy>) => unknown)[] = [
  ({ clock, flying }) => [clock.step(0), settleAll(flying)],
  ({ flying }) => [settleAll(flying)],
  ({ breaker, flying }) => [breaker.acquire(), settleAll(flying)],
]

test.each([
  ["its timers", ({ clock, flying }: ReturnType<typeof busy>) => [clock.step(0), settleAll(flying)]],
  ["the answers", ({ flying }: ReturnType<typeof busy>) => [settleAll(flying)]],
  ["another call", ({ breaker, flying }: ReturnType<typeof busy>) => [breaker.acquire(), settleAll(flying)]],
])("a pause of 150 ms opened the circuit of a service that is well, which had %s first", (_what, wake) => {
  const state = busy({})
  state.clock.sleep(150)
  wake(state)
  usual(state.breaker, state.clock, 200, "success")
  expect(state.moves).toEqual([])
  usual(state.breaker, state.clock, 5, "failure")
  expect(state.moves).toEqual(["closed → open: run"])
})

test.each([55, 60, 65, 70, 75, 80])("a pause of %d ms opened the circuit of a service that is well", (ms) => {
  for (const wake of wakings) {
    const state = busy({})
    state.clock.sleep(ms)
    wake(state)
    usual(state.breaker, state.clock, 200, "success")
    expect(state.moves).toEqual([])
    usual(state.breaker, state.clock, 5, "failure")
    expect(state.moves).toEqual(["closed → open: run"])
  }
})

test.each([11, 15, 25])(
  "thirty answers that took %d ms each to work off opened the circuit: of the pause its last part was known",
  (ms) => {
    for (const calls of [30, 40]) {
      const { breaker, clock, flying, moves } = busy({})
      const tickets = [...flying, ...Array.from({ length: calls - flying.length }, () => breaker.acquire())]
      clock.step(2)
      for (const ticket of tickets) {
        if (ticket.admitted) ticket.settle("success")
        clock.sleep(ms)
      }
      expect(moves).toEqual([])
      usual(breaker, clock, 5, "failure")
      expect(moves).toEqual(["closed → open: run"])
    }
  },
)

const withLine = (slowCalls: false | { readonly after: `${number} millis` }): BreakerConfig => ({
  strategy: { type: "gradual", slowCalls },
  timeout: "10 seconds",
})

test.each([
  ["set for the first time", withLine(false)],
  ["changed", withLine({ after: "80 millis" })],
])("a pause after the line was %s, and before another call, opened the circuit", (_what, before) => {
  for (const ms of [60, 75, 120]) {
    const { breaker, clock, flying, moves } = busy(before)
    breaker.reconfigure(withLine({ after: "50 millis" }))
    clock.step(25)
    clock.sleep(ms)
    settleAll(flying)
    expect(moves).toEqual([])
    usual(breaker, clock, 5, "failure")
    expect(moves).toEqual(["closed → open: run"])
  }
})

test.each([60, 75, 120])("a pause of %d ms in which a probe was under way opened the circuit again", (ms) => {
  const slowCalls = { after: "50 millis", ratio: 0.5 } as const
  const window = { type: "count", calls: 20, minimumCalls: 10 } as const
  const { breaker, clock, flying, moves } = busy({
    strategy: { type: "basic", slowCalls, window, openFor: "1 second" },
  })
  settleAll(flying)
  usual(breaker, clock, 20, "failure")
  while (breaker.circuit === "open") clock.step(100)
  moves.length = 0
  const probe = breaker.acquire()
  clock.step(2)
  clock.sleep(ms)
  settleAll([probe])
  usual(breaker, clock, 50, "success")
  expect(moves).toEqual(["halfOpen → closed: probe.succeeded"])
})

test("a pause in which the first calls were under way left the breaker deaf: they were judged by nobody", () => {
  const clock = sleepyClock()
  const strategy = { type: "gradual", slowCalls: { after: "50 millis" } } as const
  const breaker = createBreaker("service", { strategy, timeout: "10 seconds" }, { clock })
  const first = Array.from({ length: 16 }, () => {
    clock.step(1)
    return breaker.acquire()
  })
  clock.sleep(200)
  settleAll([breaker.acquire(), ...first])
  usual(breaker, clock, 12, "failure")
  expect(breaker.circuit).toBe("open")
})

test("a call that was overdue before a pause counts once", () => {
  const { breaker, clock, flying, moves } = busy({ strategy: { type: "gradual", slowCalls: { after: "50 millis" } } })
  settleAll(flying)
  const slow = Array.from({ length: 4 }, () => breaker.acquire())
  clock.step(60)
  const others = Array.from({ length: 3 }, () => breaker.acquire())
  clock.sleep(200)
  clock.step(0)
  for (const ticket of slow) if (ticket.admitted) ticket.settle("failure")
  expect(moves).toEqual([])
  settleAll(others)
})

test("a pause of 150 ms condemned parts of a service that is well, whose calls were under way", () => {
  const clock = sleepyClock()
  const breaker = createBreaker("service", { timeout: "10 seconds" }, { clock })
  const keys = Array.from({ length: 20 }, (_, n) => `part ${n}`)
  for (let n = 0; n < 1000; n++) {
    const ticket = breaker.acquire({ key: `part ${n % 20}` })
    clock.step(5)
    if (ticket.admitted) ticket.settle("success")
    clock.step(5)
  }
  for (let pause = 0; pause < 4; pause++) {
    const flying = Array.from({ length: 4 }, () => breaker.acquire({ key: "part 0" }))
    clock.step(2)
    clock.sleep(150)
    settleAll(flying)
    clock.step(10)
  }
  expect(breaker.circuit).toBe("closed")
  expect(breaker.metrics().cells?.condemned).toBe(0)
  expect(keys.filter((key) => breaker.wouldReject({ key }) !== undefined)).toEqual([])
})

test("a pause of 60 ms opened the circuit of a breaker on somebody's own Effect clock, and time that a test adjusts is no pause", () => {
  const movesOn = (isAdjusted: boolean) => {
    const host = sleepyClock()
    const own = effectClock(timekeeperOf(host))
    const clock = clockOfEffect(isAdjusted ? Object.assign(own, { adjust: () => {} }) : own, 1)
    const breaker = createBreaker("service", { timeout: "10 seconds" }, { clock })
    const moves: string[] = []
    breaker.on("transition", ({ from, to, rule }) => moves.push(`${from} → ${to}: ${rule}`))
    usual(breaker, host, 1000, "success")
    const flying = Array.from({ length: 20 }, () => breaker.acquire())
    host.step(2)
    host.sleep(60)
    settleAll(flying)
    return moves
  }
  expect([movesOn(false), movesOn(true)]).toEqual([[], ["closed → open: run"]])
})

test("a further attempt was made when the caller's time was over: it was waited for while the host stood still", async () => {
  const clock = sleepyClock()
  const retry = { backoff: { initial: "1 second", max: "1 second" } } as const
  const breaker = createBreaker("service", { retry }, { clock })
  const down = new Error("down")
  let made = 0
  const work = () => {
    made++
    return Promise.reject(down)
  }
  const call = breaker.tryExecute(work, { idempotent: true, deadline: "5 seconds" })
  await new Promise(setImmediate)
  clock.sleep(10_000)
  for (let turn = 0; turn < 30; turn++) clock.step(100)
  expect(await call).toEqual({ ok: false, error: down })
  expect(made).toBe(1)
  expect(breaker.metrics().components.retry).toMatchObject({ retries: 0, budget: 10 })
})
