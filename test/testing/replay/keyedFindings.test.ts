/** What breakers by key found while they were recorded, and find again when the recording is played. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type BreakerConfig, createBreaker, createBreakers } from "recloser"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { moveWords } from "../../../src/observability/decisionWords.ts"
import { FindingNews } from "../../../src/observability/findingWords.ts"
import { gaugesShown } from "../../../src/observability/recording/format.ts"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { ShownGauges } from "../../../src/testing/replay/shownGauges.ts"
import { heapLimit, leaking } from "../../support/foretold.ts"
import { after, folder } from "../../support/incident.ts"

type Live = (lived: {
  readonly observe: (gauge: string, value: number) => void
  readonly call: (count: number, options?: { readonly feature?: string; readonly fails?: boolean }) => Promise<void>
  readonly pause: (ms: number) => Promise<void>
  readonly clock: VirtualClock
}) => Promise<void>

async function recorded(config: BreakerConfig, live: Live) {
  const clock = createVirtualClock({ start: 1000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
  const file = join(folder(), "keyed.ndjson")
  const recorder = startRecorder({ file, clock, breakers: (name) => name === "ledger", redact: (text) => text })
  const breakers = createBreakers({ max: 10, idle: "1 hour", config: () => config }, { clock })
  const told: string[] = []
  const news = new FindingNews()
  breakers.on("finding", ({ part, finding, at }) => told.push(...news.of(part, finding, at)))
  breakers.on("dependency", (found) => told.push(...news.ofDependencies(found)))
  breakers.on("transition", (move) => told.push(`${move.from} → ${move.to}: ${moveWords(move)}`))
  const ledger = breakers.get("ledger")
  await live({
    observe: (gauge, value) => ledger.observe(gauge, value),
    call: async (count, { feature, fails = false } = {}) => {
      for (let n = 0; n < count; n++) {
        const run = async () => {
          await after(clock, 4)
          if (fails) throw new Error("503")
        }
        void ledger.tryExecute(run, { feature })
        await clock.advance(10)
      }
    },
    pause: (ms) => clock.advance(ms),
    clock,
  })
  await clock.advance(1000)
  recorder.stop()
  await breakers.stop({ grace: 0 })
  const recording = readRecording("keyed.ndjson", readFileSync(file))
  const played = play(recording)
  const again = played.moments.flatMap(({ kind, words }) => (kind === "moved" || kind === "finding" ? [words] : []))
  return { recording, played, told, again }
}

test("a breaker by key warns in a replay as it did of what gauges showed", async () => {
  const { told, again, played, recording } = await recorded(
    { prediction: heapLimit, timeout: false },
    async ({ observe, call, pause }) => {
      for (let second = 1; second < 420; second++) {
        observe("heapUsed", leaking(second).gauges?.["heapUsed"] ?? 0)
        await call(5)
        await pause(950)
      }
    },
  )
  expect(recording.lines.some((line) => line.t === "event" && line.event.type === gaugesShown)).toBe(true)
  expect(told.filter((words) => words.startsWith("prediction: ")).length).toBeGreaterThanOrEqual(1)
  expect(again).toEqual(told)
  expect(played.firstDifference).toBeUndefined()
})

test("gauges show a breaker that is introduced again nothing of what they showed before", () => {
  let now = 500
  const gauges = new ShownGauges(
    [100, 700, 800].map((at) => ({ at, gauges: { heapUsed: at } })),
    () => now,
  )
  expect(gauges.take()).toBeUndefined()
  now = 900
  expect([gauges.take(), gauges.take()]).toEqual([{ heapUsed: 800 }, undefined])
})

test("a breaker by key tells in a replay which features wait, are tested and are back", async () => {
  const config = {
    strategy: { type: "basic", openFor: "1 second" },
    recovery: { features: { book: { required: true }, refund: ["book"] }, testShare: 1 },
  } as const
  const { told, again, played } = await recorded(config, async ({ call, pause }) => {
    // It rests in between, and is made anew.
    await call(5, { feature: "book" })
    await pause(120_000)
    await call(20, { feature: "book", fails: true })
    await pause(1000)
    await call(2)
    await call(20, { feature: "book" })
    await call(20, { feature: "refund" })
  })
  expect(told).toContain("features wait for the service: book, refund")
  expect(told).toContain("all features are back")
  expect(again).toEqual(told)
  expect(played.firstDifference).toBeUndefined()
})

test("a breaker by key tells in a replay what its dependency did to it", async () => {
  const strategy = { type: "dependency", own: "basic", dependencies: { vault: { type: "critical" } } } as const
  const { told, again, played } = await recorded({ strategy }, async ({ call, pause, clock }) => {
    const vault = createBreaker("vault", { strategy: "basic" }, { clock })
    await call(5)
    vault.forceOpen("maintenance")
    await call(5)
    await pause(2000)
    vault.release("done")
    await call(5)
    await vault.stop({ grace: 0 })
  })
  expect(told).toContainEqual(expect.stringMatching(/^dependencies blocked: vault is /))
  expect(told.some((words) => words.startsWith("dependencies clear"))).toBe(true)
  expect(again).toEqual(told)
  expect(played.firstDifference).toBeUndefined()
})
