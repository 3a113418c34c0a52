/** C4: what a refused call pays while the circuit is open. */

import { type CostCase, threeProcesses } from "../case.ts"
import { causes } from "../causes.ts"
import { measureRounds } from "../measure.ts"

const opossum = "opossum, defaults"
const cockatiel = "cockatiel SamplingBreaker"
const against = (subject: string) =>
  [
    [subject, opossum],
    [subject, cockatiel],
  ] as const

export const openReject: CostCase = {
  id: "C4",
  title: "A refused call, circuit open",
  jobs: threeProcesses("C4"),
  tables: [
    {
      id: "C4",
      title: "time per refusal, caught by the caller",
      unit: "ns",
      rows: {
        "bare await": "awaiting and catching a rejected promise: the floor",
        "recloser execute": "opened by real failures, `openFor` one hour; `await` in `try`/`catch`",
        "recloser tryExecute": "awaited, never throws",
        "recloser acquire": "synchronous, no promise",
        [opossum]: "opened by real failures, `resetTimeout` one hour",
        [cockatiel]: "opened by real failures, `halfOpenAfter` one hour",
        "mollitia SlidingCountBreaker": "opened by real failures, `openStateDelay` one hour",
      },
      goals: [
        { text: "`execute` ≤ 0.25 × either", compare: "ratio", pairs: against("recloser execute"), max: 0.25 },
        { text: "`tryExecute` ≤ 0.1 × either", compare: "ratio", pairs: against("recloser tryExecute"), max: 0.1 },
        { text: "`acquire` ≤ 0.1 × either", compare: "ratio", pairs: against("recloser acquire"), max: 0.1 },
      ],
    },
    {
      id: "C4 fiber",
      title: "time per refusal inside a fiber, caught by `Effect.catch`",
      unit: "ns",
      rows: {
        "bare Effect.fail": "a failure made once, caught: the floor",
        "recloser guard": "opened by real failures",
        "Effect CircuitBreaker": "opened by real failures",
      },
      goals: [
        {
          text: "≤ 200 ns in a fiber",
          compare: "value",
          pairs: [["recloser guard", ""]],
          max: 200,
          cause: causes.refusedInFiber,
        },
      ],
    },
  ],
  run: async (job) => {
    const floor = await import("../subjects/floor.ts")
    const recloser = await import("../subjects/recloser.ts")
    const fiber = await import("../subjects/recloserFiber.ts")
    const effect = await import("../subjects/effect.ts")
    const calls = 5_000
    const promises = await Promise.all([
      floor.bareRejection(calls),
      recloser.openExecute(calls),
      recloser.openTryExecute(calls),
      recloser.openAcquire(calls),
      (await import("../subjects/opossum.ts")).open(calls),
      (await import("../subjects/cockatiel.ts")).open(calls),
      (await import("../subjects/mollitia.ts")).open(calls),
    ])
    const fibers = [effect.bareFailure(15_000), await fiber.open(15_000), await effect.open(1_000)]
    const plan = { rounds: job.quick ? 7 : 15, warmUp: 6, turn: job.turn }
    return { C4: await measureRounds(promises, plan), "C4 fiber": await measureRounds(fibers, plan) }
  },
}
