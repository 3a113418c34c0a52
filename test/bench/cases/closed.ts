/** C1 and C2: what a healthy call pays, through promises. */

import { type CostCase, type Job, oneProcessEach, threeProcesses } from "../case.ts"
import { causes } from "../causes.ts"
import { measureRounds, type Subject } from "../measure.ts"

/** Measured apart. */
const [admission, apart] = ["C2 admission", "C2 all nine"]
const ours = "recloser, no component"
const sampling = "cockatiel SamplingBreaker"

export const closedCall: CostCase = {
  id: "C1",
  title: "A successful call, circuit closed, no deadline",
  jobs: threeProcesses("C1"),
  tables: [
    {
      id: "C1",
      title: "time per call, `await` included",
      unit: "ns",
      rows: {
        "bare await": "`await work()` and nothing else: the floor",
        [ours]: '`{ strategy: "basic", timeout: false, metrics: false, priority: false }`: time window of 10 s',
        "recloser, slow calls + metrics": "the same, with `slowCalls` after 1 s and metrics on",
        [sampling]: "`circuitBreaker(handleAll, …)`, `SamplingBreaker({ threshold: 0.5, duration: 10_000 })`",
        "cockatiel CountBreaker": "`CountBreaker({ threshold: 0.5, size: 100 })`",
        "opossum, timeout off": "`{ timeout: false }`, else defaults (statistics and percentiles on)",
        "mollitia SlidingCountBreaker": "window of 100, minimum 20, 50 %",
      },
      goals: [
        {
          text: "basic, no component ≤ 1.0 × cockatiel",
          compare: "ratio",
          pairs: [[ours, sampling]],
          max: 1,
          cause: causes.closedBare,
        },
        {
          text: "with slow calls and metrics ≤ 1.25 × cockatiel",
          compare: "ratio",
          pairs: [["recloser, slow calls + metrics", sampling]],
          max: 1.25,
          cause: causes.closedWatched,
        },
      ],
    },
  ],
  run: async (job) => {
    const [floor, recloser, cockatiel, opossum, mollitia] = await libraries()
    const calls = 30_000
    return {
      C1: await inRounds(job, [
        floor.bareAwait(calls),
        recloser.closed(calls),
        recloser.closedWatched(calls),
        cockatiel.closed(calls),
        cockatiel.closedCount(calls),
        opossum.closed(calls),
        mollitia.closed(2_000),
      ]),
    }
  },
}

export const closedCallWithTimeout: CostCase = {
  id: "C2",
  title: "A successful call, circuit closed, with a deadline: the defaults, and every component",
  // One process in which some breakers have all components and some have few teaches V8 that all calls are of many kinds.
  jobs: (quick) => [...threeProcesses("C2")(quick), ...oneProcessEach("C2", [admission, apart], 3)(quick)],
  tables: [
    {
      id: "C2",
      title: "time per call, one in flight at a time",
      unit: "ns",
      rows: {
        "bare await": "the floor",
        "recloser, defaults": "`{}`: metrics, the adaptive timeout and the learned limit",
        "recloser, fixed timeout": '`{ timeout: "7 seconds" }`',
        "opossum, defaults": "`{}`: timeout of 10 s, statistics and percentiles",
        "cockatiel wrap(breaker, timeout)": "C1's breaker around `timeout(10_000, Aggressive)`",
        [sampling]: "C1's breaker, without a timeout: less than the defaults do, and what they cost beside it",
        "mollitia breaker + Timeout": "C1's breaker around `Timeout({ delay: 10_000 })`",
      },
      goals: [
        {
          text: "≤ 0.5 × opossum",
          compare: "ratio",
          pairs: [["recloser, defaults", "opossum, defaults"]],
          max: 0.5,
          cause: causes.closedDefault,
        },
        {
          text: "≤ 0.1 × cockatiel wrap",
          compare: "ratio",
          pairs: [["recloser, defaults", "cockatiel wrap(breaker, timeout)"]],
          max: 0.1,
        },
      ],
    },
    {
      id: admission,
      title: "time per call, one in flight at a time, with all that decides about admission, in a process of its own",
      unit: "ns",
      rows: {
        "recloser, rates and attempts":
          "`{}`, which has priority with its learned limit, and the timeout, with `rateLimit` and `retry`",
        "opossum, defaults": "as above",
        "cockatiel wrap(breaker, timeout)": "as above",
      },
      goals: [
        {
          text: "admission whole ≤ 0.5 × opossum",
          compare: "ratio",
          pairs: [["recloser, rates and attempts", "opossum, defaults"]],
          max: 0.5,
          cause: causes.closedAdmission,
        },
        {
          text: "admission whole ≤ 0.1 × cockatiel wrap",
          compare: "ratio",
          pairs: [["recloser, rates and attempts", "cockatiel wrap(breaker, timeout)"]],
          max: 0.1,
        },
      ],
    },
    {
      id: apart,
      title: "time per call, one in flight at a time, in a process of its own",
      unit: "ns",
      rows: {
        "recloser, all nine components":
          "`{}` with `rateLimit`, `retry`, `prediction`, `recovery`, `discovery` of three endpoints, and `health`",
        "opossum, defaults": "as above",
        "cockatiel wrap(breaker, timeout)": "as above",
      },
      goals: [
        {
          text: "all nine ≤ 0.5 × opossum",
          compare: "ratio",
          pairs: [["recloser, all nine components", "opossum, defaults"]],
          max: 0.5,
          cause: causes.closedNine,
        },
        {
          text: "all nine ≤ 0.1 × cockatiel wrap",
          compare: "ratio",
          pairs: [["recloser, all nine components", "cockatiel wrap(breaker, timeout)"]],
          max: 0.1,
          cause: causes.closedNine,
        },
      ],
    },
    {
      id: "C2 in flight",
      title: "time per call, 100 in flight, all settled on a later turn of the event loop",
      unit: "ns",
      rows: {
        "bare await": "`Promise.all` of 100 unprotected calls",
        "recloser, defaults":
          "as above: the limit that it learns begins at 20, and whoever is beyond it waits for a slot",
        "recloser, no limit": "`{ priority: false }`: as many at once as callers want, as with the peers",
        "opossum, defaults": "as above",
        "cockatiel wrap(breaker, timeout)": "as above",
        "mollitia breaker + Timeout": "as above",
      },
      goals: [],
    },
  ],
  run: async (job) => {
    const [floor, recloser, cockatiel, opossum, mollitia] = await libraries()
    const calls = 10_000
    if (job.subject !== undefined) {
      const ours = job.subject === apart ? recloser.closedNine(calls) : recloser.closedAdmission(calls)
      const all = [ours, opossum.closedWithDefaults(calls), cockatiel.closedWithTimeout(4_000)]
      return { [job.subject]: await inRounds(job, all) }
    }
    const oneByOne = [
      floor.bareAwait(calls),
      recloser.closedDefault(calls),
      recloser.closedFixed(calls),
      opossum.closedWithDefaults(calls),
      cockatiel.closedWithTimeout(4_000),
      cockatiel.closed(calls),
      mollitia.closedWithTimeout(2_000),
    ]
    const together = [
      floor.inFlight("bare await", calls, floor.laterWork),
      recloser.inFlightDefault(calls),
      recloser.inFlightUnlimited(calls),
      opossum.inFlightWithDefaults(calls),
      cockatiel.inFlightWithTimeout(4_000),
      mollitia.inFlightWithTimeout(2_000),
    ]
    return { C2: await inRounds(job, oneByOne), "C2 in flight": await inRounds(job, together) }
  },
}

const libraries = () =>
  Promise.all([
    import("../subjects/floor.ts"),
    import("../subjects/recloser.ts"),
    import("../subjects/cockatiel.ts"),
    import("../subjects/opossum.ts"),
    import("../subjects/mollitia.ts"),
  ])

const inRounds = (job: Job, subjects: readonly Subject[]) =>
  measureRounds(subjects, { rounds: job.quick ? 7 : 15, warmUp: 3, turn: job.turn })
