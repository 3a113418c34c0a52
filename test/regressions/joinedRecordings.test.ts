/** Names of other breakers in recordings: of breakers that have been told of their dependencies already, and of very many. */
import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createBreaker, createBreakers } from "recloser"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { NamedBreakers } from "../../src/observability/recording/namedBreakers.ts"
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

test("a breaker had another mark in a recording once more names had been heard than are remembered", () => {
  const names = new NamedBreakers(
    (name) => `#${name.toUpperCase()}`,
    () => false,
  )
  const shown = (id: string) =>
    names.told([{ type: "dependency.removed", at: 0, id } as never]).map((event) => (event as { id?: unknown }).id)
  for (let name = 0; name < 20_000; name++) expect(shown(`card ${name}`)).toEqual([`#CARD ${name}`])
  expect(shown("one more")).toEqual(["#ONE MORE"])
  expect(shown("card 7")).toEqual(["#CARD 7"])
})
