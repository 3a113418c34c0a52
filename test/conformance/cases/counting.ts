/** What enters the window, and what leaves it. */
import { counted } from "../counted.ts"
import { measureFailures } from "../failureCost.ts"
import type { Case } from "./case.ts"

const firstFailure: Case = {
  number: 1,
  name: "the first single failure does not open",
  scenario: "The very first call fails.",
  async run(stage) {
    const trial = await stage.make({
      line: stage.option("a line with a minimum of calls", { calls: 20, minimumCalls: 10, ratio: 0.5 }),
    })
    await trial.fail(1)
    await trial.mustNotBe("open")
  },
}

const agedWindow: Case = {
  number: 12,
  name: "the window forgets by age after idling",
  scenario: "A window of 10 seconds opens at 10 calls. 9 calls fail, ten minutes pass without a call, one more fails.",
  async run(stage) {
    const trial = await stage.make({ windowMs: 10_000, idleMs: stage.option("forgetting what is idle", 10_000) })
    await trial.fail(9)
    stage.premise((await trial.state()) === "closed", "9 calls must not open it")
    await trial.advance(600_000)
    await trial.fail(1)
    await trial.mustNotBe("open")
    await trial.fail(9)
    stage.premise((await trial.state()) === "open", "10 calls within the window must open it")
  },
}

const timedOutCall: Case = {
  number: 13,
  name: "a timed-out call is one sample",
  scenario: "It opens at 10 calls. 5 time out and their work fails afterwards; then 5 more do.",
  async run(stage) {
    const trial = await stage.make({ timeoutMs: 1000 })
    for (let round = 1; round <= 2; round++) {
      const calls = await trial.begin(5)
      await trial.advance(1000)
      const timedOut = calls.filter(({ ending }) => ending?.kind === "timedOut").length
      stage.premise(timedOut === 5, "the calls must time out")
      for (const call of calls) call.end(new Error("down"))
      await trial.subject.advance(0)
      stage.note(`5 calls time out, then their work fails: circuit ${await trial.state()}`)
      const samples = trial.subject.samples?.()
      if (samples !== undefined) stage.note(`its statistics hold ${samples} samples of ${round * 5} calls`)
      await (round === 1 ? trial.mustNotBe("open") : trial.mustBe("open"))
      stage.must(samples === undefined || samples === round * 5, "one call must be one sample")
    }
  },
}

const ownRejections: Case = {
  number: 14,
  name: "own rejections do not count",
  scenario:
    "It opens after 10 failures, rejects 100 callers, is closed again by a probe, and the service is down again: " +
    "10 more failures must open it.",
  async run(stage) {
    const trial = await stage.make()
    await trial.trip()
    for (let round = 0; round < 10; round++) {
      const calls = await trial.begin(10)
      stage.premise(
        calls.every(({ starts }) => starts === 0),
        "callers of the open circuit must be rejected",
      )
      await trial.advance(500)
    }
    stage.note("100 calls meanwhile, none of them runs; the open time is over")
    await trial.succeeds(await trial.enter())
    stage.premise((await trial.state()) === "closed", "the probe must close it")
    await trial.fail(10)
    await trial.mustBe("open")
  },
}

const few = 500
const many = 50_000
const tooMuch = 10

const flatCost: Case = {
  number: 23,
  timed: true,
  name: "cost per failure O(1) at 50 000 samples",
  scenario: `A failing call is timed with ${few} and with ${counted(many, "sample")} in the window; ${tooMuch} times the cost is too much.`,
  async run(stage) {
    const lean = stage.option("statistics that no decision needs switched off", true)
    const at = async (calls: number) => {
      const trial = await stage.make({ line: { calls, minimumCalls: 100, ratio: 0.95 }, lean })
      const cost = await measureFailures(trial.subject, calls)
      stage.premise((await trial.state()) === "closed", "the circuit must stay closed")
      return cost
    }
    await at(few)
    const [small, large] = [await at(few), await at(many)]
    stage.must(
      large < tooMuch * small,
      `a failure must not cost more at ${counted(many, "sample")} than ${tooMuch} times that at ${few}`,
    )
  },
}

const slowInFlight: Case = {
  number: 25,
  name: "slow calls in flight trip before they finish",
  scenario:
    "Half of the calls being slower than a second is too much. 20 calls start, and none has ended 3 seconds later.",
  async run(stage) {
    stage.needs("slow")
    const trial = await stage.make({ slow: { afterMs: 1000, ratio: 0.5 } })
    const calls = await trial.begin(20)
    await trial.advance(3000)
    const running = calls.filter(({ at }) => at === "running").length
    stage.note(`20 calls start; after 3 s ${running} of them still run; circuit ${await trial.state()}`)
    await trial.mustBe("open")
  },
}

export const countingCases: readonly Case[] = [
  firstFailure,
  agedWindow,
  timedOutCall,
  ownRejections,
  flatCost,
  slowInFlight,
]
