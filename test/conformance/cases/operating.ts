/** What an operator does, and how load comes back. */
import type { Case } from "./case.ts"

/** A share of 100 callers need not be a whole number of them each time. */
const rounding = 1

const ramp: Case = {
  number: 11,
  name: "after close, load rises by the ramp",
  scenario: "The service is well again. 100 callers come at a time, ten times a second, until all of them are let in.",
  async run(stage) {
    stage.needs("ramp")
    const trial = await stage.make({ ramp: true })
    await trial.tripAndWait()
    await trial.succeeds(await trial.enter())
    const admitted: number[] = []
    while (admitted.length < 6000 && (admitted.at(-1) ?? 0) < 100) {
      const calls = await trial.begin(100)
      admitted.push(calls.filter(({ starts }) => starts > 0).length)
      for (const call of calls) call.end(undefined)
      await trial.advance(100)
    }
    const highs = admitted.map((_, index) => Math.max(0, ...admitted.slice(0, index)))
    const steps = admitted.filter((share, index) => share > (highs[index] ?? 0) + rounding)
    stage.note(`of 100 callers at a time are let in: ${steps.join(", ")}`)
    stage.must((admitted[0] ?? 100) <= 50, "at first at most half of them may be let in")
    stage.must(steps.length >= 3, "it must rise in steps")
    stage.must(
      admitted.every((share, index) => share >= (highs[index] ?? 0) - rounding),
      "while all goes well it must not fall",
    )
    stage.must(admitted.at(-1) === 100, "at last all must be let in")
  },
}

const forcedOpen: Case = {
  number: 16,
  name: "forced open stays",
  scenario: "An operator forces the circuit open. For an hour callers come every minute, and the service is well.",
  async run(stage) {
    stage.needs("hold")
    const trial = await stage.make()
    await trial.subject.hold?.()
    stage.note(`forced open: circuit ${await trial.state()}`)
    for (let minute = 0; minute < 60; minute++) {
      await trial.advance(60_000)
      const [call] = await trial.begin(1)
      stage.must(call?.at === "ended" && call.starts === 0, "every caller must be rejected")
    }
    await trial.mustBe("open")
  },
}

const released: Case = {
  number: 17,
  name: "leaving isolation returns to a state that evidence supports",
  scenario: "A circuit that was open is forced open and released: not closed. Then one that was closed: not open.",
  async run(stage) {
    stage.needs("hold")
    const opened = await stage.make()
    await opened.trip()
    const release = await opened.subject.hold?.()
    stage.note("forced open")
    await release?.()
    stage.note(`released: circuit ${await opened.state()}`)
    await opened.mustNotBe("closed")
    const closed = await stage.make()
    const releaseClosed = await closed.subject.hold?.()
    await releaseClosed?.()
    stage.note(`a fresh one, forced open and released: circuit ${await closed.state()}`)
    await closed.mustNotBe("open")
  },
}

export const operatingCases: readonly Case[] = [ramp, forcedOpen, released]
