/** The half-open circuit. */
import { IgnoredError } from "../trial.ts"
import type { Case } from "./case.ts"

const hungProbe: Case = {
  number: 5,
  name: "a hung probe frees its place within a bound",
  scenario: "The probe never answers. Other callers try once a second for two minutes.",
  async run(stage) {
    const timeoutMs = stage.option("a call timeout, or a bound on probing", 10_000)
    const trial = await stage.make({ timeoutMs, probes: { atOnce: 1, needed: 1, leaseMs: timeoutMs } })
    await trial.tripAndWait()
    const hung = await trial.enter()
    for (let second = 0; second < 120; second++) {
      await trial.advance(1000)
      const [call] = await trial.begin(1)
      if (call?.at !== "running") continue
      stage.note(`call ${call.number} gets in`)
      return
    }
    stage.note(`120 more calls, one a second: none runs; call ${hung.number}: ${hung.describe()}`)
    stage.must(false, "within two minutes a caller must get in")
  },
}

const interruptedProbe: Case = {
  number: 6,
  name: "an interrupted probe neither closes nor opens",
  scenario: "Three times the caller of the one probe gives up, and its work stops.",
  async run(stage) {
    stage.needs("abort")
    const trial = await stage.make()
    await trial.tripAndWait()
    for (let turn = 0; turn < 3; turn++) {
      const probe = await trial.enter({ abortable: true, heeds: true })
      await trial.abort(probe)
      await trial.mustNotBe("closed", "open")
    }
  },
}

const ignoredError: Case = {
  number: 7,
  name: "an ignored error neither closes nor opens",
  scenario: "30 calls of the closed circuit end in an error that it was told to ignore; then three probes do.",
  async run(stage) {
    const trial = await stage.make({ ignores: (error) => error instanceof IgnoredError })
    await trial.fail(30, new IgnoredError("not found"))
    await trial.mustNotBe("open")
    await trial.tripAndWait()
    for (let turn = 0; turn < 3; turn++) {
      await trial.fails(await trial.enter(), new IgnoredError("not found"))
      await trial.mustNotBe("closed", "open")
    }
  },
}

const herd: Case = {
  number: 8,
  name: "N callers at the half-open instant: at most the cap runs, the rest are rejected with a time",
  scenario: "50 callers come at the instant at which the open time is over. The cap is 3, or what the library has.",
  async run(stage) {
    const trial = await stage.make({ probes: { atOnce: 3, needed: 3, leaseMs: 10_000 } })
    const cap = trial.subject.probesAtOnce
    await trial.tripAndWait()
    const calls = await trial.begin(50)
    const ran = calls.filter(({ starts }) => starts > 0).length
    const rest = calls.filter(({ starts }) => starts === 0)
    stage.note(`50 calls at once: ${ran} run, ${rest.length} do not; the last one ${rest.at(-1)?.describe()}`)
    stage.must(ran <= cap, `at most ${cap} may run`)
    stage.needs("retryTime")
    for (const { ending } of rest) {
      stage.must(
        ending?.kind === "rejected" && ending.retryAfterMs !== undefined,
        "the rest must be rejected with a time",
      )
    }
  },
}

export const probingCases: readonly Case[] = [hungProbe, interruptedProbe, ignoredError, herd]
