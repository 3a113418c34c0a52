/** Recordings that begin, or go on in another file, while what a breaker depends on is down already. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { createBreaker, createBreakers } from "recloser"
import { type Recorder, startRecorder } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { whatIf } from "../../../src/testing/replay/whatIf.ts"
import { after, folder } from "../../support/incident.ts"

const strategy = { type: "dependency", own: "basic", dependencies: { vault: { type: "critical" } } } as const
const added = { type: "dependency", own: "basic" } as const

function stage() {
  const clock = createVirtualClock({ start: 1000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
  const file = join(folder(), "dependent.ndjson")
  const record = (maxBytes?: number) => startRecorder({ file, clock, redact: (text) => text, maxBytes })
  const vault = createBreaker("vault", { strategy: "basic" }, { clock })
  const played = (recorder: Recorder) => {
    recorder.stop()
    const recording = readRecording("dependent.ndjson", readFileSync(file))
    return { recording, ...play(recording) }
  }
  const call = async (breaker: { tryExecute(run: () => Promise<unknown>): unknown }, count: number) => {
    for (let n = 0; n < count; n++) {
      void breaker.tryExecute(() => after(clock, 4))
      await clock.advance(10)
    }
  }
  return { clock, record, vault, played, call }
}

test.each(["named by the config", "added at run time"] as const)(
  "a recording that joins while a dependency is down knows that: one %s",
  async (how) => {
    const { clock, record, vault, played, call } = stage()
    const isAdded = how === "added at run time"
    const ledger = createBreaker("ledger", { strategy: isAdded ? added : strategy }, { clock })
    if (isAdded) ledger.addDependency("vault", { type: "critical" })
    await call(ledger, 5)
    vault.forceOpen("maintenance")
    const recorder = record()
    await call(ledger, 20)
    vault.release("done")
    await vault.execute(async () => "well")
    await vault.execute(async () => "well")
    await call(ledger, 20)
    const { agreed, decisions, firstDifference, breakers } = played(recorder)
    expect({ agreed, firstDifference }).toEqual({ agreed: decisions, firstDifference: undefined })
    const { calls } = breakers.find(({ name }) => name === "ledger") ?? {}
    expect(calls).toMatchObject({ admitted: 20, rejected: 20 })
    await ledger.stop()
    await vault.stop()
  },
)

test("a dependency that the config names and the operator has removed stays removed in the replay", async () => {
  const { clock, record, vault, played, call } = stage()
  const ledger = createBreaker("ledger", { strategy }, { clock })
  ledger.removeDependency("vault")
  await call(ledger, 5)
  vault.forceOpen("maintenance")
  const recorder = record()
  await call(ledger, 5)
  const { recording, breakers, firstDifference } = played(recorder)
  expect(firstDifference).toBeUndefined()
  expect(breakers.find(({ name }) => name === "ledger")?.calls.admitted).toBe(5)
  const [line] = recording.lines.flatMap((one) => (one.t === "breaker" && one.name === "ledger" ? [one] : []))
  expect(line?.told).toEqual([{ type: "dependency.removed", at: clock.now() - 50, id: "vault" }])
  await ledger.stop()
  await vault.stop()
})

test("keys that wake while a dependency is down know that, and are known from their beginning", async () => {
  const { clock, record, vault, played, call } = stage()
  const recorder = record()
  const breakers = createBreakers({ max: 3, idle: "1 minute", config: () => ({ strategy }) }, { clock })
  await call(breakers.get("k1"), 5)
  vault.forceOpen("maintenance")
  for (let key = 1; key <= 8; key++) await call(breakers.get(`k${key}`), 5)
  const { agreed, decisions, firstDifference, ...more } = played(recorder)
  expect({ agreed, decisions, firstDifference }).toEqual({ agreed: 45, decisions: 45, firstDifference: undefined })
  expect(more.breakers.filter(({ isWhole }) => !isWhole)).toEqual([])
  expect(more.breakers.reduce((sum, { calls }) => sum + calls.rejected, 0)).toBe(40)
  // A guess of how refused calls would have ended needs one that was sent: k1's.
  const other = whatIf(more.recording, { strategy: { ...strategy, own: { type: "basic", openFor: "1 second" } } })
  expect(other.reduce((sum, one) => sum + one.other.refused, 0)).toBe(40)
  await breakers.stop()
  await vault.stop()
})

test("the next file of a recording says how dependencies stand", async () => {
  const { clock, record, vault, played, call } = stage()
  const recorder = record(2 ** 16)
  const ledger = createBreaker("ledger", { strategy }, { clock })
  vault.forceOpen("maintenance")
  await call(ledger, 20_000)
  const { recording, agreed, decisions, firstDifference } = played(recorder)
  expect(recording.header.part).toBeGreaterThan(1)
  expect({ agreed, firstDifference }).toEqual({ agreed: decisions, firstDifference: undefined })
  await ledger.stop()
  await vault.stop()
})
