/** What went wrong when recordings were played again. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type BreakerConfig, createBreaker } from "recloser"
import { startRecorder } from "recloser/inspect"
import { describe, expect, test } from "vitest"
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { readRecording } from "../../src/observability/recording/read.ts"
import { play } from "../../src/testing/replay/play.ts"
import { haltingClock } from "../support/haltingClock.ts"
import { folder } from "../support/incident.ts"

/** Records what happens to calls that nobody answers, on a host that stands still. */
async function replayed(
  config: BreakerConfig,
  happen: (it: { call(facts?: Facts): void } & ReturnType<typeof haltingClock>) => void,
) {
  const clock = haltingClock()
  const file = join(folder(), "halts.ndjson")
  const recorder = startRecorder({ file, clock, breakers: (name) => name === "halting" })
  const breaker = createBreaker("halting", config, { clock })
  happen({ ...clock, call: (facts) => void breaker.tryExecute(() => new Promise(() => {}), facts) })
  const { calls, refusals } = breaker.metrics()
  recorder.stop()
  void breaker.stop({ grace: 0 })
  const { agreed, decisions, firstDifference } = play(readRecording(file, readFileSync(file)))
  return { calls, refusals, unlike: decisions - agreed, firstDifference }
}

describe("timers that a late host fires all at once", () => {
  // Those of the breaker itself were fired before the deadlines of calls, whatever was due first.
  test("let a call in from the queue that had waited for the slot of one that timed out", async () => {
    const config = {
      strategy: "basic",
      timeout: "200 millis",
      priority: { limit: 1, queue: { deadline: "100 millis" } },
    } as const satisfies BreakerConfig
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
