/** C3: what a healthy call pays inside a fiber. */

import { type CostCase, threeProcesses } from "../case.ts"
import { causes } from "../causes.ts"
import { measureRounds } from "../measure.ts"

const guard = "recloser guard, no component"
const watched = "recloser guard, slow calls + metrics"
const least = "Effect.suspend + Effect.onExit"
const leaner = "Effect.suspend + Effect.onExitPrimitive"
const own = "Effect CircuitBreaker"
const deadline = "recloser guard, defaults"

export const insideFiber: CostCase = {
  id: "C3",
  title: "A successful call inside a fiber, circuit closed",
  jobs: threeProcesses("C3"),
  tables: [
    {
      id: "C3",
      title: "time per call, without a deadline",
      unit: "ns",
      rows: {
        "bare effect": "the loop around `Effect.sync`: the floor",
        [least]: "the least a guard can do: count on the way out, no clock",
        [leaner]: "the same, with a finalizer that answers no effect: what ours is made of",
        [guard]: "`breaker.guard(effect)`, C1's configuration",
        [watched]: "the same, with slow calls and metrics",
        [own]: "`CircuitBreaker.rate({ threshold: 0.5, size: 100 })`, memory store, one key",
      },
      goals: [
        { text: "≤ 0.1 × Effect's breaker", compare: "ratio", pairs: [[guard, own]], max: 0.1, cause: causes.guarded },
        { text: "≤ 2 × suspend + onExit", compare: "ratio", pairs: [[guard, least]], max: 2, cause: causes.guarded },
      ],
    },
    {
      id: "C3 deadline",
      title: "time per call, with a deadline, work that ends at once",
      unit: "ns",
      rows: {
        "Effect.timeout": '`Effect.timeout(effect, "10 seconds")`, no breaker',
        [deadline]: "`{}`: metrics, the adaptive timeout and the learned limit",
        [`${own} + timeout`]: "Effect's breaker around `Effect.timeout`",
      },
      goals: [{ text: "≤ 1.0 × `Effect.timeout`", compare: "ratio", pairs: [[deadline, "Effect.timeout"]], max: 1 }],
    },
    {
      id: "C3 deadline, later",
      title: "time per call, with a deadline, work that ends on a later turn of the event loop",
      unit: "ns",
      rows: {
        "bare effect": "`Effect.promise` that a `setImmediate` resolves",
        "Effect.timeout": "as above",
        [deadline]: "as above",
        [`${own} + timeout`]: "as above",
      },
      goals: [],
    },
  ],
  run: async (job) => {
    const effect = await import("../subjects/effect.ts")
    const recloser = await import("../subjects/recloserFiber.ts")
    // Effect's run loop is optimised late: with fewer calls before the first round the figures still fall.
    const plan = { rounds: job.quick ? 7 : 15, warmUp: 6, turn: job.turn }
    const calls = 15_000
    const timed = (total: number, call: typeof effect.answer) => [
      effect.timeout("Effect.timeout", total, call),
      recloser.withDeadline(deadline, total, call),
      effect.breakerWithTimeout(`${own} + timeout`, total / 5, call),
    ]
    const plain = [
      effect.bare(calls),
      effect.leastGuard(least, calls),
      effect.leanerGuard(leaner, calls),
      recloser.closed(calls),
      recloser.closedWatched(calls),
      effect.breaker(5_000),
    ]
    return {
      C3: await measureRounds(plain, plan),
      "C3 deadline": await measureRounds(timed(calls, effect.answer), plan),
      "C3 deadline, later": await measureRounds(
        [effect.inOneFiber("bare effect", 2_000, () => effect.laterAnswer), ...timed(2_000, effect.laterAnswer)],
        plan,
      ),
    }
  },
}
