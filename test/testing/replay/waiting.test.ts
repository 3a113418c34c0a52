/** Recordings of breakers whose calls wait for slots, are given up meanwhile, or are refused in the line. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type BreakerConfig, createBreaker, type ExecuteOptions } from "recloser"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { happenings } from "../../../src/observability/recording/happenings.ts"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { whatIf } from "../../../src/testing/replay/whatIf.ts"
import { haltingClock } from "../../support/haltingClock.ts"
import { after, folder } from "../../support/incident.ts"

/** Three thousand calls, a third of them slow; some have little time, some are given up. */
async function crowded(config: BreakerConfig) {
  const clock = createVirtualClock({ start: 1000, wall: Date.UTC(2026, 10, 28) })
  const file = join(folder(), "crowded.ndjson")
  const recorder = startRecorder({ file, clock })
  const breaker = createBreaker("payments", config, { clock })
  const gone = new AbortController()
  const optionsOf = (call: number): ExecuteOptions<void, void> => {
    if (call % 40 === 3) return { deadline: "100 millis", priority: "low" }
    if (call % 40 === 5) return { priority: "high", tenant: `tenant ${call % 3}` }
    return call > 1450 && call <= 1500 && call % 4 === 0 ? { signal: gone.signal } : {}
  }
  for (let call = 0; call < 3000; call++) {
    const ms = (call > 1000 && call < 2000 ? 150 : 10) + (call % 7)
    const work = async () => {
      await after(clock, ms)
      if (call % 50 === 0) throw new Error("503")
    }
    void breaker.tryExecute(work, optionsOf(call))
    await clock.advance(10)
    if (call === 1500) gone.abort(new Error("gone"))
  }
  await clock.advance("20 seconds")
  const metrics = breaker.metrics()
  recorder.stop()
  await breaker.stop()
  return { metrics, recording: readRecording(file, readFileSync(file)) }
}

test.each<readonly [string, BreakerConfig]>([
  ["a fixed limit", { strategy: "basic", timeout: false, priority: { limit: 8, queue: { max: 30 } } }],
  ["reserved shares", { strategy: "basic", priority: { limit: 8, reserve: { high: 0.3 }, queue: { max: 30 } } }],
  ["a learned limit", { strategy: "basic", timeout: false, priority: { limit: { initial: 2 } } }],
  ["a learned limit that ends early", { priority: { limit: { initial: 2, max: 10 }, queue: { max: 100 } } }],
])("calls that wait are decided as they were decided then: %s", async (_name, config) => {
  const { recording, metrics } = await crowded(config)
  const { agreed, decisions, firstDifference, breakers } = play(recording)
  expect({ agreed, firstDifference }).toEqual({ agreed: decisions, firstDifference: undefined })
  expect(breakers[0]?.calls.admitted).toBe(metrics.calls.admitted)
  const types = new Set([...happenings(recording)].map(({ type }) => type))
  expect([...types]).toEqual(expect.arrayContaining(["waits", "entered", "settled"]))
  if (typeof config.priority === "object" && typeof config.priority.limit === "number") {
    expect(metrics.calls.gaveUp).toBeGreaterThan(0)
    expect(metrics.refusals.queue).toBeGreaterThan(0)
  }
})

test("the same config decides about calls that wait as it was decided", async () => {
  const config = {
    strategy: "basic",
    timeout: false,
    priority: { limit: 12, queue: { deadline: "1 minute" } },
  } as const
  const { recording } = await crowded(config)
  const [same] = whatIf(recording, config)
  expect(same?.recorded.sent).toBeGreaterThan(2900)
  expect([same?.other.sent, same?.other.refused]).toEqual([same?.recorded.sent, same?.recorded.refused])
  // One with a single slot refuses most of them.
  const [narrow] = whatIf(recording, { ...config, priority: { limit: 1, queue: 5 } })
  expect(narrow?.other.refused).toBeGreaterThan(500)
})

test("a host that slept twice in a row, and fired the second time what was due the first, is played as it was", async () => {
  const clock = haltingClock()
  clock.step(1000)
  const file = join(folder(), "asleep.ndjson")
  const recorder = startRecorder({ file, clock })
  const strategy = { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "9 seconds" } as const
  const breaker = createBreaker(
    "payments",
    { strategy, timeout: false, priority: { limit: 2, queue: true } },
    { clock },
  )
  const answers: (() => void)[] = []
  const ask = (deadline: string) =>
    void breaker.tryExecute(() => new Promise<void>((resolve) => answers.push(resolve)), {
      deadline: deadline as never,
    })
  const answer = () => {
    for (const one of answers.splice(0)) one()
  }
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }
  for (let round = 0; round < 40; round++) {
    for (const deadline of ["3 seconds", "5 seconds", "4 seconds", "3 seconds"]) ask(deadline)
    clock.step(2000)
    clock.halt(1500)
    ask("1 second")
    clock.step(50)
    if (round % 2 === 0) clock.halt(1500, answer)
    await turns()
    const ticket = breaker.acquire()
    clock.step(300)
    if (ticket.admitted) ticket.settle(round % 3 === 0 ? "failure" : "success")
    answer()
    await turns()
    clock.step(10_000)
  }
  recorder.stop()
  const recording = readRecording(file, readFileSync(file))
  const turned = [...happenings(recording)].filter((one) => one.type === "turned" && one.isNow)
  expect(turned.length).toBeGreaterThan(10)
  const { agreed, decisions, firstDifference } = play(recording)
  expect({ agreed, firstDifference }).toEqual({ agreed: decisions, firstDifference: undefined })
})
