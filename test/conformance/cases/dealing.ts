/** How a library deals with its callers and their objects. */
import { counted } from "../counted.ts"
import type { Case } from "./case.ts"

const oneTimeout: Case = {
  number: 15,
  name: "one timeout aborts no other call",
  scenario: "Timeouts tell the work to stop. One call times out while another, half as old, is running.",
  async run(stage) {
    stage.needs("abortOnTimeout")
    const trial = await stage.make({ timeoutMs: 1000, abortsOnTimeout: true })
    const hung = await trial.enter({ heeds: true })
    await trial.advance(500)
    const other = await trial.enter({ heeds: true })
    await trial.advance(500)
    stage.note(`after 1 s: call ${hung.number} ${hung.describe()}, call ${other.number} ${other.describe()}`)
    stage.premise(hung.told, "the work of the timed-out call must be told to stop")
    stage.must(!other.told, "the work of the other call must not be told to stop")
    await trial.succeeds(other)
    stage.must(other.ending?.kind === "succeeded", "the other call must succeed")
  },
}

const keyCount = 100_000
const cap = 1000
/** Twice the cap, evenly spread: if all of them are remembered, the cap does not hold. */
const asked = 2 * cap

const manyKeys: Case = {
  number: 20,
  name: "100 000 keys stay under the cap",
  scenario: `Under a cap of ${counted(cap, "key")}, each of ${counted(keyCount, "key")} fails once. Then ${counted(asked, "key")} fail again, which opens those that are still known.`,
  async run(stage) {
    stage.needs("keys")
    const keyed = await stage.library.keyed?.(cap, stage.clock)
    if (keyed === undefined) throw new Error(`${stage.library.title} lacks keys, and does not say so`)
    const keys = Array.from({ length: keyCount }, (_, index) => `key ${index}`)
    const sample = keys.filter((_, index) => index % (keyCount / asked) === 0)
    await keyed.failEach(["in use", "in use"])
    stage.premise((await keyed.countOpen(["in use"])) === 1, "a key that fails twice in a row must be open")
    await keyed.failEach(keys)
    await keyed.failEach(sample)
    const known = await keyed.countOpen(sample)
    await keyed.dispose()
    stage.note(
      `${counted(keyCount, "key")} fail once; ${counted(asked, "key")} fail again: ${counted(known, "key")} still known`,
    )
    stage.must(known <= cap, `at most ${counted(cap, "key")} may be kept`)
  },
}

const gauge: Case = {
  number: 24,
  name: "the state gauge is there before the first call",
  scenario: "A fresh breaker is asked for what a gauge would show.",
  async run(stage) {
    const trial = await stage.make()
    stage.note(`before the first call: circuit ${await trial.state()}`)
    await trial.mustBe("closed")
  },
}

const untouchedOptions: Case = {
  number: 27,
  name: "the caller's options are not mutated",
  scenario: "The options are compared before and after use; if it can be restored, also those with a saved state.",
  async run(stage) {
    const trial = await stage.make({ ignores: () => false })
    await trial.trip()
    const changes = trial.subject.given.changes()
    stage.must(changes.length === 0, `the options must not change: ${changes.join(", ")}`)
    if (trial.subject.save === undefined) return
    const saved: unknown = JSON.parse(JSON.stringify(await trial.subject.save()))
    const restored = await stage.make({ restored: saved })
    await restored.advance(restored.settings.openForMs)
    await restored.succeeds(await restored.enter())
    const later = restored.subject.given.changes()
    stage.must(later.length === 0, `the options with a saved state must not change: ${later.join(", ")}`)
  },
}

export const dealingCases: readonly Case[] = [oneTimeout, manyKeys, gauge, untouchedOptions]
