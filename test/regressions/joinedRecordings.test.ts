/** Recordings that join breakers which have been told of their dependencies already. */
import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createBreaker, createBreakers } from "recloser"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { readRecording } from "../../src/observability/recording/read.ts"
import { play } from "../../src/testing/replay/play.ts"

test("a recording that joined said in clear of which breakers by key its breakers had been told, and a replay knew nothing of them", async () => {
  const clock = createVirtualClock()
  const file = join(mkdtempSync(join(tmpdir(), "joined-")), "joined.ndjson")
  const strategy = { type: "dependency", own: "basic" } as const
  const customers = createBreakers({ config: () => ({ strategy }) }, { clock })
  const vaults = createBreakers({ config: () => ({ strategy }) }, { clock })
  const shop = createBreaker("shop", { strategy }, { clock })
  const [alice, vault] = [customers.get("alice@example.com"), vaults.get("vault of alice@example.com")]
  shop.addDependency(alice, { type: "critical" })
  alice.addDependency(vault, { type: "critical" })
  const gone = vaults.get("attic of alice@example.com")
  shop.addDependency(gone, { type: "optional" })
  vault.forceOpen("maintenance")
  await clock.advance(1000)
  const recorder = startRecorder({ file, clock })
  for (const breaker of [shop, alice]) expect((await breaker.tryExecute(async () => 1)).ok).toBe(false)
  vault.release("done")
  await clock.advance(60_000)
  for (const breaker of [vault, vault, vault, shop, alice]) await breaker.tryExecute(async () => 1)
  shop.removeDependency(alice)
  await shop.tryExecute(async () => 1)
  recorder.stop()
  expect(readFileSync(file, "utf8")).not.toContain("alice")
  const played = play(readRecording(file, readFileSync(file)))
  expect([played.agreed, played.firstDifference]).toEqual([played.decisions, undefined])
  expect(played.decisions).toBeGreaterThan(5)
  await Promise.all([shop.stop(), customers.stop(), vaults.stop()])
})
