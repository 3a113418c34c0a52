/** Breakers that come back as they were saved, recorded from then on: the replay knows what they knew. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type BreakerConfig, createBreaker, createBreakers, type SavedBreaker } from "recloser"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { after, folder } from "../../support/incident.ts"

interface Case {
  readonly config: BreakerConfig
  /** Whether the service fails before the state is saved. */
  readonly isDown: boolean
}

const cases: readonly (readonly [string, Case])[] = [
  ["an open circuit", { config: { strategy: "basic" }, isDown: true }],
  ["a circuit that ramps", { config: {}, isDown: true }],
  ["an open circuit with a graph", { config: { strategy: { type: "dependency", own: "basic" } }, isDown: true }],
  ["a spent limit", { config: { strategy: "basic", rateLimit: { limit: 1, burst: 20 } }, isDown: false }],
  ["what is usual", { config: { timeout: false, metrics: false, priority: false }, isDown: false }],
]

test.each(cases.flatMap(([what, one]) => [["alone", what, one] as const, ["one of many", what, one] as const]))(
  "%s: %s is restored, and decides in the replay as it did",
  async (many, _what, { config, isDown }) => {
    const clock = createVirtualClock({ start: 1000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
    const alone = (restore?: SavedBreaker) => {
      const breaker = createBreaker("k", config, { clock, restore })
      return { breaker, save: () => breaker.save(), stop: () => breaker.stop({ grace: 0 }) }
    }
    const grouped = (restore?: readonly SavedBreaker[]) => {
      const breakers = createBreakers({ max: 10, config: () => config }, { clock, restore })
      return { breaker: breakers.get("k"), save: () => breakers.save(), stop: () => breakers.stop({ grace: 0 }) }
    }
    const make = (saved?: string) => {
      const restore = saved === undefined ? undefined : JSON.parse(saved)
      return many === "alone" ? alone(restore) : grouped(restore)
    }
    const call = async (breaker: ReturnType<typeof make>["breaker"], count: number, fails: boolean) => {
      for (let n = 0; n < count; n++) {
        void breaker.tryExecute(async () => {
          await after(clock, 5)
          if (fails) throw new Error("503")
        })
        await clock.advance(10)
      }
    }
    const before = make()
    await call(before.breaker, 60, false)
    await call(before.breaker, 90, isDown)
    const saved = JSON.stringify(before.save())
    await before.stop()

    const file = join(folder(), "restored.ndjson")
    const recorder = startRecorder({ file, clock, redact: (text) => text })
    const next = make(saved)
    await call(next.breaker, 200, false)
    recorder.stop()
    await next.stop()
    const { agreed, decisions, firstDifference, breakers } = play(readRecording(file, readFileSync(file)))
    expect({ agreed, decisions, firstDifference }).toEqual({ agreed: 200, decisions: 200, firstDifference: undefined })
    // It is not known how it came to be so.
    expect(breakers.map(({ isWhole }) => isWhole)).toEqual([false])
  },
)

test.each([
  ["one of many", "each key by itself", { limit: 1, burst: 20, perKey: { limit: 1, burst: 5 } }],
  ["one of many", "all of its calls", { limit: 1, burst: 5 }],
  ["alone", "each key by itself", { limit: 1, burst: 20, perKey: { limit: 1, burst: 5 } }],
  ["alone", "all of its calls", { limit: 1, burst: 5 }],
  ["alone", "calls of no key", { limit: 1, burst: 20, perKey: { limit: 1, burst: 5 } }],
] as const)(
  "%s: a limit for %s that was spent before the recording began is spent in the replay",
  async (many, whose, rateLimit) => {
    const clock = createVirtualClock({ start: 1000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
    const breakers = createBreakers({ max: 10, config: () => ({ rateLimit }) }, { clock })
    const breaker = many === "alone" ? createBreaker("k", { rateLimit }, { clock }) : breakers.get("k")
    const call = async (count: number) => {
      for (let n = 0; n < count; n++) {
        void breaker.tryExecute(() => after(clock, 200), whose === "calls of no key" ? {} : { key: "customer-1" })
        await clock.advance(10)
      }
    }
    // All but one.
    await call(4)
    const file = join(folder(), "spent.ndjson")
    const recorder = startRecorder({ file, clock })
    await call(10)
    recorder.stop()
    await clock.advance(300)
    for (const each of [breaker, breakers]) await each.stop({ grace: 0 })
    const content = readFileSync(file)
    const { agreed, breakers: played } = play(readRecording(file, content))
    expect({ agreed, rejected: played[0]?.calls.rejected }).toEqual({ agreed: 10, rejected: 9 })
    expect(content.toString()).not.toContain("customer-1")
  },
)
