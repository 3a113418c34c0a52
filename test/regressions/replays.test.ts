/** What went wrong when recordings were played again. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type BreakerConfig, createBreaker } from "recloser"
import { startRecorder } from "recloser/inspect"
import { describe, expect, test } from "vitest"
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { wheelOf } from "../../src/Clock.ts"
import { Alarm } from "../../src/data-plane/timers.ts"
import { readRecording } from "../../src/observability/recording/read.ts"
import { play } from "../../src/testing/replay/play.ts"
import { type HaltingClock, haltingClock } from "../support/haltingClock.ts"
import { folder } from "../support/incident.ts"

/** Records what happens to calls that nobody answers, on a host that stands still. */
async function replayed(
  config: BreakerConfig,
  happen: (it: HaltingClock & { readonly clock: HaltingClock; call(facts?: Facts): void }) => void,
) {
  const clock = haltingClock()
  const file = join(folder(), "halts.ndjson")
  const recorder = startRecorder({ file, clock, breakers: (name) => name === "halting" })
  const breaker = createBreaker("halting", config, { clock })
  happen({ ...clock, clock, call: (facts) => void breaker.tryExecute(() => new Promise(() => {}), facts) })
  const { calls, refusals } = breaker.metrics()
  recorder.stop()
  void breaker.stop({ grace: 0 })
  const { agreed, decisions, firstDifference } = play(readRecording(file, readFileSync(file)))
  return { calls, refusals, unlike: decisions - agreed, firstDifference }
}

test("a host that lost the processor while it opened probed later than the replay: its next probe was counted from when it had it back", async () => {
  const clock = haltingClock()
  const file = join(folder(), "starved.ndjson")
  const recorder = startRecorder({ file, clock, breakers: (name) => name === "starved" })
  const config = { strategy: { type: "basic", window: { type: "consecutive", failures: 1 }, openFor: 400 } } as const
  const breaker = createBreaker("starved", config, { clock })
  clock.step(100)
  const ticket = breaker.acquire()
  clock.starve(8)
  if (ticket.admitted) ticket.settle("failure")
  clock.starve(0)
  const promisedMs = breaker.wouldReject()?.retryAfterMs ?? 0
  expect(promisedMs).toBeGreaterThan(0)
  // Somebody else's timer makes the host fire what is due: not what it would have armed late.
  wheelOf(clock).arm(new Alarm(() => {}), promisedMs + 9)
  // The host itself may wake it late by one look at the clock.
  clock.step(promisedMs + 9)
  const wasPunctual = breaker.acquire().admitted
  recorder.stop()
  void breaker.stop({ grace: 0 })
  const { agreed, decisions, firstDifference } = play(readRecording(file, readFileSync(file)))
  expect([wasPunctual, firstDifference, decisions - agreed]).toEqual([true, undefined, 0])
})

test("a timer that a starved host fired was followed later than in the replay: the next was counted from when its actor came to set it", async () => {
  const clock = haltingClock()
  const file = join(folder(), "chained.ndjson")
  const recorder = startRecorder({ file, clock, breakers: (name) => name === "chained" })
  const config = {
    strategy: { type: "basic", window: { type: "consecutive", failures: 1 }, openFor: 400, probes: { needed: 1 } },
    recovery: { features: { book: true, refund: ["book"], report: ["refund"] }, testFor: 100 },
  } as const satisfies BreakerConfig
  const breaker = createBreaker("chained", config, { clock })
  const call = (end: "success" | "failure") => {
    const ticket = breaker.acquire()
    if (ticket.admitted) ticket.settle(end)
  }
  call("failure")
  clock.step(500)
  call("success")
  clock.step(90)
  clock.starve(8)
  // The test of `book` ends, which nobody called, and that of `refund` begins.
  clock.step(20)
  clock.starve(0)
  // The host itself may wake it late by one look at the clock.
  clock.step(500 + 200 + 9 - clock.now())
  const mayReport = breaker.acquire({ feature: "report" }).admitted
  recorder.stop()
  void breaker.stop({ grace: 0 })
  const { agreed, decisions, firstDifference } = play(readRecording(file, readFileSync(file)))
  expect([mayReport, firstDifference, decisions - agreed]).toEqual([true, undefined, 0])
})

test("whom a gate turned away that a starved host's timer had brought stood in the way of the next call; in the replay it had gone at once", async () => {
  const clock = haltingClock()
  const file = join(folder(), "turnedAway.ndjson")
  const recorder = startRecorder({ file, clock, breakers: (name) => name === "turning" })
  const config = {
    strategy: { type: "basic", window: { type: "consecutive", failures: 1 }, openFor: 400, probes: { needed: 1 } },
    recovery: { features: { book: { testShare: 1 } }, testFor: 100 },
    timeout: false,
    priority: { limit: 1, queue: { max: 1, deadline: "10 seconds" } },
  } as const satisfies BreakerConfig
  const breaker = createBreaker("turning", config, { clock })
  const call = (end: "success" | "failure" | "ignored", feature?: string) => {
    const ticket = breaker.acquire(feature === undefined ? {} : { feature })
    if (ticket.admitted) ticket.settle(end)
  }
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await undefined
  }
  call("failure")
  clock.step(500)
  call("success")
  clock.step(10)
  // Bad enough for when its test ends.
  call("failure", "book")
  const holding = breaker.acquire()
  expect(holding.admitted).toBe(true)
  const waiting = breaker.tryExecute(async () => {}, { feature: "book" })
  clock.step(600 - clock.now() - 1)
  clock.starve(2)
  clock.step(1)
  clock.starve(0)
  const next = breaker.tryExecute(async () => {})
  await turns()
  if (holding.admitted) holding.settle("ignored")
  await turns()
  const outcomes = await Promise.all([waiting, next])
  recorder.stop()
  void breaker.stop({ grace: 0 })
  const { agreed, decisions, firstDifference } = play(readRecording(file, readFileSync(file)))
  expect([outcomes.map(({ ok }) => ok), firstDifference, decisions - agreed]).toEqual([[false, true], undefined, 0])
})

describe("timers that a late host fires all at once", () => {
  // Those of the breaker itself were fired before the deadlines of calls, whatever was due first.
  const config = {
    strategy: "basic",
    timeout: "200 millis",
    priority: { limit: 1, queue: { deadline: "100 millis" } },
  } as const satisfies BreakerConfig

  test("let a call in from the queue that had waited for the slot of one that timed out", async () => {
    const { calls, ...rest } = await replayed(config, ({ call, step, halt }) => {
      call()
      step(150)
      call()
      halt(150)
      step(100)
    })
    expect(calls).toMatchObject({ admitted: 2, timedOut: 1, rejected: 0 })
    expect(rest).toEqual({ refusals: {}, unlike: 0, firstDifference: undefined })
  })

  /** A call that times out at the instant at which another that waits for its slot gives up, and somebody else's timer that was armed before both. */
  const meeting = (elseMs: number) =>
    replayed(config, ({ call, step, clock }) => {
      wheelOf(clock).arm(new Alarm(() => {}), elseMs)
      step(100)
      call()
      step(100)
      call()
      step(200)
    })

  test("keep their order whoever else's timer ends between them", async () => {
    for (const elseMs of [299, 301]) {
      const { calls, ...rest } = await meeting(elseMs)
      expect(calls).toMatchObject({ admitted: 2, timedOut: 1, rejected: 0 })
      expect(rest).toEqual({ refusals: {}, unlike: 0, firstDifference: undefined })
    }
  })

  // A recording says by when timers were fired, and not which of those of one instant. Real clocks do not know three such instants in a year.
  test("are told apart no further than by their instant: where a third one ends at the very same, the replay says which call it decides otherwise", async () => {
    const { calls, unlike, firstDifference } = await meeting(300)
    expect(calls).toMatchObject({ admitted: 2, timedOut: 1, rejected: 0 })
    expect([unlike, firstDifference]).toEqual([
      1,
      "halting: a call at 300 ms was ordinary and is refused in the replay",
    ])
  })

  test("let a call in that had begun to wait at the very instant at which that one began", async () => {
    const config = {
      strategy: "basic",
      timeout: "200 millis",
      priority: { limit: 1, queue: { deadline: "200 millis" } },
    } as const satisfies BreakerConfig
    const { calls, ...rest } = await replayed(config, ({ call, step }) => {
      call()
      call()
      step(200)
    })
    expect(calls).toMatchObject({ admitted: 2, timedOut: 1, rejected: 0 })
    expect(rest).toEqual({ refusals: {}, unlike: 0, firstDifference: undefined })
  })
})
