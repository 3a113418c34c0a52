/** Time, and what outlives a process. */
import { endsByItself } from "../aloneProcess.ts"
import type { Stage } from "../stage.ts"
import type { Case } from "./case.ts"

const hour = 3_600_000

const restored: Case = {
  number: 19,
  name: "restore keeps the remaining open time",
  scenario:
    "Open for 30 seconds. After 20 it is saved as JSON; 5 seconds later another process restores it. " +
    "After 4 more it must still reject, after 2 more let a probe in.",
  async run(stage) {
    stage.needs("save")
    const before = await stage.make({ openForMs: 30_000 })
    await before.trip()
    await before.advance(20_000)
    const saved = JSON.stringify(await before.subject.save?.())
    await before.advance(5000)
    const after = await stage.make({ openForMs: 30_000, restored: JSON.parse(saved) })
    stage.note(`saved after 20 s, restored after 25 s: circuit ${await after.state()}`)
    await after.advance(4000)
    const early = await after.start()
    stage.must(early.starts === 0, "1 s remains: the call must be rejected")
    await after.advance(2000)
    const late = await after.start()
    stage.must(late.starts === 1, "the open time is over: the call must run")
  },
}

const freeProcess: Case = {
  number: 21,
  name: "nothing keeps the process alive",
  scenario: "A program opens a circuit for an hour, has no more to do, and stops nothing. Run as a process of its own.",
  async run(stage) {
    const { circuit, heldBy } = await endsByItself(stage.library.key)
    stage.premise(circuit === "open", `the circuit must be open, and is ${circuit}`)
    stage.note(heldBy.length === 0 ? "the process ends by itself" : `what keeps it alive: ${heldBy.join(", ")}`)
    stage.must(heldBy.length === 0, "nothing may keep it alive")
  },
}

const virtualTime: Case = {
  number: 22,
  name: "all under virtual time",
  scenario: "An open time of an hour and a call timeout of a minute pass in virtual time, to the millisecond.",
  async run(stage) {
    const trial = await stage.make({ openForMs: hour, timeoutMs: 60_000 })
    await trial.trip()
    await trial.advance(hour - 1)
    stage.must((await trial.start()).starts === 0, "a millisecond before the hour is over, a call must be rejected")
    await trial.advance(1)
    const probe = await trial.start()
    stage.must(probe.starts === 1, "when the hour is over, a call must run")
    await trial.succeeds(probe)
    await trial.mustBe("closed")
    const hung = await trial.enter()
    await trial.advance(59_999)
    stage.must(hung.ending === undefined, "a millisecond before its minute is over, a call must still run")
    await trial.advance(1)
    stage.note(`call ${hung.number}, after a minute: ${hung.describe()}`)
    stage.must(hung.ending?.kind === "timedOut", "after its minute the call must time out")
  },
}

/** Trip, wait, probe, close, trip, wait: with or without the clock set back, and what is seen of it. */
async function seen(stage: Stage, stepMs: number): Promise<readonly string[]> {
  const found: string[] = []
  const trial = await stage.make()
  const look = async (what: string) => void found.push(`${what}: circuit ${await trial.state()}`)
  await look(`open after ${await trial.trip()} failures`)
  if (stepMs > 0) await trial.subject.stepWallBack(stepMs)
  if (stepMs > 0) stage.note("the wall clock is set back an hour")
  for (const ms of [trial.settings.openForMs - 1, 1]) {
    await trial.advance(ms)
    const call = await trial.start()
    found.push(`a call ${call.at === "running" ? "runs" : "does not run"}`)
    if (call.at === "running") await trial.succeeds(call)
  }
  if (stepMs > 0) await trial.subject.stepWallBack(stepMs)
  await look("after the probe")
  return found
}

const wallClock: Case = {
  number: 26,
  name: "the wall clock set back an hour changes nothing",
  scenario: "It opens, waits, probes and closes, once as it is and once with the wall clock set back after the trip.",
  async run(stage) {
    const undisturbed = await seen(stage, 0)
    stage.note("— anew, disturbed")
    const disturbed = await seen(stage, hour)
    undisturbed.forEach((expected, index) => {
      stage.must(disturbed[index] === expected, `undisturbed: ${expected}; set back: ${disturbed[index]}`)
    })
  },
}

export const lastingCases: readonly Case[] = [restored, freeProcess, virtualTime, wallClock]
