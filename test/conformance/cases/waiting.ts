/** Callers who wait: for a probe, for an answer, for the next attempt. */
import { counted } from "../counted.ts"
import type { Case } from "./case.ts"

const waiters: Case = {
  number: 9,
  name: "waiters can be aborted",
  scenario: "The work of a probe hangs and heeds no signal; five more callers come. All six give up.",
  async run(stage) {
    stage.needs("abort")
    const trial = await stage.make({ givesUp: stage.option("another policy around the breaker", true) })
    await trial.tripAndWait()
    const calls = [await trial.enter({ abortable: true })]
    while (calls.length < 6) calls.push(await trial.start({ abortable: true }))
    for (const call of calls.filter(({ ending }) => ending === undefined)) {
      await trial.abort(call)
      stage.must(call.ending !== undefined, "a caller who gives up must be answered at once")
    }
  },
}

const backoff: Case = {
  number: 10,
  name: "backoff can be aborted and makes no extra call",
  scenario: "A call fails and is to be repeated in 10 seconds. A second later its caller gives up; a minute passes.",
  async run(stage) {
    stage.needs("retry")
    const trial = await stage.make({
      retry: { times: 3, waitMs: 10_000 },
      givesUp: stage.option("other policies around and inside retry", true),
    })
    const call = await trial.start({ abortable: true, fails: true })
    stage.premise(call.starts === 1 && call.ending === undefined, "the call must be in its backoff here")
    await trial.advance(1000)
    await trial.abort(call)
    stage.must(call.ending !== undefined, "a caller who gives up must be answered at once")
    await trial.advance(60_000)
    stage.note(`the work was started ${call.starts === 1 ? "once" : `${call.starts} times`}`)
    stage.must(call.starts === 1, "no attempt may follow")
  },
}

const callers = 10_000
const bound = 1000

const boundedWaiters: Case = {
  number: 28,
  name: "waiters behind a probe are bounded",
  scenario: `${counted(callers, "caller")} come while a probe hangs. At most ${bound} of them may be kept waiting.`,
  async run(stage) {
    const trial = await stage.make({ atMost: stage.option("a bound on all calls", bound) })
    await trial.tripAndWait()
    await trial.enter()
    const calls = await trial.begin(callers)
    const waiting = calls.filter(({ at }) => at === "waiting").length
    stage.note(`${counted(callers, "call")}: ${waiting} wait`)
    stage.must(waiting <= bound, `at most ${bound} may wait`)
  },
}

export const waitingCases: readonly Case[] = [waiters, backoff, boundedWaiters]
