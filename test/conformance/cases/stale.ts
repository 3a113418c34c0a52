/** Calls that outlive the state in which they were let in. Here calls may take longer than a circuit stays open. */
import { counted } from "../counted.ts"
import type { Stage } from "../stage.ts"
import type { Call, Trial } from "../trial.ts"
import type { Case } from "./case.ts"

/** Calls in flight from before the trip, and the circuit ready for probes. */
async function outliving(stage: Stage, count: number, more = {}): Promise<readonly [Trial, readonly Call[]]> {
  const trial = await stage.make(more)
  const stale = await trial.begin(count)
  stage.note(`${counted(count, "long call")} started`)
  stage.premise(
    stale.every(({ at }) => at === "running"),
    "the long calls must run here",
  )
  await trial.tripAndWait()
  return [trial, stale]
}

const staleSuccess: Case = {
  number: 2,
  name: "a stale success does not close",
  scenario: "A call outlives the closed circuit. While a probe is running it succeeds.",
  async run(stage) {
    const [trial, [stale]] = await outliving(stage, 1)
    await trial.enter()
    if (stale) await trial.succeeds(stale)
    await trial.mustNotBe("closed")
  },
}

const staleFailure: Case = {
  number: 3,
  name: "a stale failure does not reopen",
  scenario: "20 calls outlive the closed circuit. While a probe is running they fail, one after another.",
  async run(stage) {
    const [trial, stale] = await outliving(stage, 20)
    await trial.enter()
    for (const call of stale) {
      await trial.fails(call)
      await trial.mustNotBe("open")
    }
  },
}

async function fillWithProbes(trial: Trial): Promise<readonly Call[]> {
  const probes: Call[] = []
  while (probes.length < trial.subject.probesAtOnce) probes.push(await trial.enter())
  return probes
}

const running = (calls: readonly Call[]) => calls.filter(({ at }) => at === "running").length

async function staleSuccessCountsForNoProbe(stage: Stage): Promise<void> {
  const [trial, [stale]] = await outliving(stage, 1, { probes: { atOnce: 2, needed: 2, leaseMs: 10_000 } })
  const probes = await fillWithProbes(trial)
  if (stale) await trial.succeeds(stale)
  const another = await trial.start()
  stage.must(running([...probes, another]) <= probes.length, "no place may be minted: the probes are all taken")
  for (const probe of probes) {
    await trial.mustNotBe("closed")
    await trial.succeeds(probe)
  }
  await trial.mustBe("closed")
}

async function staleFailureTakesNoPlace(stage: Stage): Promise<void> {
  const [trial, [stale]] = await outliving(stage, 1)
  const probes = await fillWithProbes(trial)
  if (stale) await trial.fails(stale)
  const another = await trial.start()
  stage.must(running([...probes, another]) <= probes.length, "no place may be minted: the probes are all taken")
  for (const probe of probes) await trial.succeeds(probe)
  await trial.advance(trial.settings.openForMs)
  const later = await trial.start()
  stage.must(later.at === "running", "no place may be eaten: the probes have ended, so a call must get in")
}

const staleResults: Case = {
  number: 4,
  name: "stale results neither eat nor mint probe places",
  scenario:
    "While all probe places are taken, a call that outlived the closed circuit succeeds; in a second run it fails. " +
    "One more caller comes, then the probes succeed.",
  async run(stage) {
    await staleSuccessCountsForNoProbe(stage)
    stage.note("— anew, with a stale failure")
    await staleFailureTakesNoPlace(stage)
  },
}

/** Tries once a second until a call gets in. */
async function nextProbe(trial: Trial): Promise<Call | undefined> {
  for (let second = 0; second < 60; second++) {
    await trial.advance(1000)
    const [call] = await trial.begin(1)
    if (call?.at === "running") return call
  }
  return undefined
}

const lateProbe: Case = {
  number: 18,
  name: "a late failure of probe round k does not open round k+1",
  scenario:
    "Two probes; one hangs, one fails, so the round ends. In the next round the first one fails at last, the others succeed.",
  async run(stage) {
    stage.needs("lateProbe")
    const trial = await stage.make({ probes: { atOnce: 2, needed: 2, leaseMs: 10_000 } })
    await trial.tripAndWait()
    const hung = await trial.enter()
    await trial.fails(await trial.enter())
    const probe = await nextProbe(trial)
    stage.premise(probe !== undefined, "the next round must come")
    stage.note(`the next round: call ${probe?.number} runs; circuit ${await trial.state()}`)
    await trial.fails(hung)
    await trial.mustNotBe("open")
    if (probe) await trial.succeeds(probe)
    await trial.mustNotBe("open")
    await trial.succeeds(await trial.enter())
    await trial.mustBe("closed")
  },
}

export const staleCases: readonly Case[] = [staleSuccess, staleFailure, staleResults, lateProbe]
