/** Recordings of breakers that know endpoints, health and gauges, played again: what they found is found again. */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import {
  type Breaker,
  type BreakerConfig,
  type CallContext,
  type CheckContext,
  createBreaker,
  type EndpointSet,
} from "recloser"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { conclusion } from "../../../src/cli/replay/words.ts"
import { moveWords } from "../../../src/observability/decisionWords.ts"
import { FindingNews } from "../../../src/observability/findingWords.ts"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { type Comparison, whatIf } from "../../../src/testing/replay/whatIf.ts"
import { heapLimit, leaking } from "../../support/foretold.ts"
import { after, folder } from "../../support/incident.ts"

interface Lived {
  readonly breaker: Breaker
  readonly clock: VirtualClock
  /** Ids of endpoints that fail now. */
  readonly sick: Set<string>
  /** Calls, one every 10 ms, some of which fail as their endpoint does. */
  call(count: number, options?: { readonly idempotent?: boolean; readonly feature?: string }): Promise<void>
}

/** What a breaker found while it was recorded, and what it finds when the recording is played. */
async function recorded(config: BreakerConfig, live: (lived: Lived) => Promise<void>) {
  const clock = createVirtualClock({ start: 1000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
  const file = join(folder(), "incident.ndjson")
  const recorder = startRecorder({ file, clock, breakers: (name) => name === "ledger" })
  const breaker = createBreaker("ledger", config, { clock })
  const sick = new Set<string>()
  const told: string[] = []
  const news = new FindingNews()
  breaker.on("finding", ({ part, finding, at }) => told.push(...news.of(part, finding, at)))
  breaker.on("transition", (move) => told.push(`${move.from} → ${move.to}: ${moveWords(move)}`))
  const run = async ({ endpoint }: CallContext) => {
    await after(clock, 4)
    if (sick.has(endpoint?.id ?? "")) throw Object.assign(new Error("503"), { status: 503 })
  }
  const call: Lived["call"] = async (count, options = {}) => {
    for (let n = 0; n < count; n++) {
      void breaker.tryExecute(run, options)
      await clock.advance(10)
    }
  }
  await live({ breaker, clock, sick, call })
  await clock.advance(1000)
  recorder.stop()
  await breaker.stop()
  const recording = readRecording("incident.ndjson", readFileSync(file))
  const played = play(recording)
  const again = played.moments.flatMap(({ kind, words }) => (kind === "moved" || kind === "finding" ? [words] : []))
  return { recording, played, told, again }
}

const endpoints = ["a", "b", "c"]

async function oneGoesBad({ sick, call }: Lived, options = {}): Promise<void> {
  await call(300, options)
  sick.add("b")
  await call(400, options)
  sick.clear()
  await call(300, options)
}

describe("a recording of a breaker that knows endpoints, played again", () => {
  test("leaves out the same endpoint, at the same time and on the same calls", async () => {
    const { played, told, again } = await recorded({ discovery: { endpoints } }, oneGoesBad)
    expect(told.filter((words) => words.startsWith("endpoint b is")).length).toBeGreaterThanOrEqual(2)
    expect(again).toEqual(told)
    expect(played.firstDifference).toBeUndefined()
    // Once, and not as a part of the service besides.
    expect(played.moments.filter(({ kind }) => kind === "cell")).toEqual([])
  })

  test("sends further attempts to the same endpoints as then", async () => {
    const config = { discovery: { endpoints }, retry: { attempts: 3, hedge: true } } as const
    const { played, told, again } = await recorded(config, (lived) => oneGoesBad(lived, { idempotent: true }))
    expect(told).toContainEqual(expect.stringContaining("endpoint b is left out"))
    expect(again).toEqual(told)
    expect(played.firstDifference).toBeUndefined()
  })

  test("knows the lists that a provider told, and that it failed", async () => {
    const provider = async function* ({ sleep }: { sleep(ms: number): Promise<void> }) {
      yield ["a", "b"] satisfies EndpointSet
      await sleep(2000)
      yield [{ address: "a", zone: "near" }, "b", "c"] satisfies EndpointSet
      await sleep(2000)
      throw new Error("ECONNREFUSED")
    }
    const { told, again, played } = await recorded({ discovery: { provider } }, oneGoesBad)
    expect(told).toContainEqual(
      expect.stringContaining("the provider failed: ECONNREFUSED; the last good list of 3 is kept"),
    )
    expect(again).toEqual(told)
    expect(played.firstDifference).toBeUndefined()
  })

  test("believes the checks of then, those that stood for probes included", async () => {
    let isDown = false
    const check = ({ endpoint }: CheckContext) => {
      if (isDown) throw new Error("answered 503")
      return endpoint?.id
    }
    const config = {
      strategy: { type: "basic", openFor: "2 seconds", window: { type: "consecutive", failures: 5 } },
      health: { check, interval: "500 millis", jitter: 0.2, passive: false },
    } as const
    const { told, again, played } = await recorded(config, async ({ sick, call, clock }) => {
      await call(200)
      isDown = true
      sick.add("")
      await call(400)
      isDown = false
      sick.clear()
      await clock.advance("5 seconds")
      await call(100)
    })
    expect(told).toContainEqual("health: a check stood for a probe, and passed")
    expect(again).toEqual(told)
    expect(played.firstDifference).toBeUndefined()
  })

  test("warns as it did of what gauges showed", async () => {
    const { told, again, played } = await recorded(
      { prediction: heapLimit, timeout: false },
      async ({ breaker, clock, call }) => {
        for (let second = 1; second < 420; second++) {
          breaker.observe("heapUsed", leaking(second).gauges?.["heapUsed"] ?? 0)
          await call(5)
          await clock.advance(950)
        }
      },
    )
    expect(told.filter((words) => words.startsWith("prediction: ")).length).toBeGreaterThanOrEqual(1)
    expect(again).toEqual(told)
    expect(played.firstDifference).toBeUndefined()
  })
})

describe("another config for a recording of endpoints", () => {
  const answered = (what: readonly Comparison[]) =>
    what.map(({ recorded, other, elsewhere, guessed }) => ({
      ...{ failed: [recorded.failed, other.failed], sent: [recorded.sent, other.sent], elsewhere, guessed },
    }))[0]

  test("sends more calls to the sick one where nobody is left out, and they fail there as others did", async () => {
    const { recording } = await recorded({ discovery: { endpoints } }, oneGoesBad)
    const [same] = whatIf(recording, { discovery: { endpoints } })
    expect(same).toMatchObject({ elsewhere: 0, guessed: 0, other: { failed: same?.recorded.failed } })
    const worse = answered(whatIf(recording, { discovery: { endpoints, ejection: false } }))
    expect(worse?.elsewhere).toBeGreaterThan(20)
    expect(worse?.failed[1]).toBeGreaterThan(Number(worse?.failed[0]))
    const told = conclusion(whatIf(recording, { discovery: { endpoints, ejection: false } })[0] as Comparison)
    expect(told).toMatch(/\d+ calls would have gone to another endpoint: how they would have ended there is a guess/)
  })

  test("that knows no endpoints ends each call as it ended then", async () => {
    const { recording } = await recorded({ discovery: { endpoints } }, oneGoesBad)
    const bare = answered(whatIf(recording, {}))
    expect(bare).toMatchObject({ elsewhere: 0, guessed: 0 })
    expect(bare?.failed[1]).toBe(bare?.failed[0])
  })
})
