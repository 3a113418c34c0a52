/** C5: what a failed call pays while the circuit stays closed, against the number of outcomes in its window. */

import { at, type CostCase, threeProcesses } from "../case.ts"
import { causes } from "../causes.ts"
import { measureRounds, type Subject } from "../measure.ts"

const sizes = [100, 1_000, 10_000, 100_000, 1_000_000]
const label = (samples: number): string => samples.toLocaleString("en").replaceAll(",", " ")
const columns = sizes.map(label)
const smallest = label(100)

const flat = (row: string) => columns.slice(1).map((column) => [at(row, column), at(row, smallest)] as const)
const beside = (row: string, peer: string) => columns.map((column) => [at(row, column), at(peer, column)] as const)

const ourCount = "recloser, count window"
const ourTime = "recloser, time window"
const count = "cockatiel CountBreaker"
const sampling = "cockatiel SamplingBreaker"

export const failingCall: CostCase = {
  id: "C5",
  title: "A failed call, circuit closed, by outcomes in the window",
  jobs: threeProcesses("C5"),
  tables: [
    {
      id: "C5",
      title: "time per call; nine of ten fail, the line is at 95 %, the circuit stays closed",
      unit: "ns",
      columns,
      rows: {
        "bare await": "the same failing calls, unprotected",
        [ourCount]: "exactly that many outcomes in the window, no component",
        [ourTime]: "window of 10 minutes holding at least that many, no component",
        [count]: "`size` of that many",
        [sampling]: "duration of 10 minutes holding at least that many",
        opossum: "10 buckets of a minute, percentiles on (default); grows by at most a fifth within a run",
        "mollitia SlidingCountBreaker":
          "window of that many; its successes cost O(window) too, so larger ones take too long to fill",
        "Effect CircuitBreaker": "`rate({ size })` of that many, up to 100 000; in a fiber",
      },
      goals: [
        { text: "count window flat within 10 %", compare: "ratio", pairs: flat(ourCount), max: 1.1 },
        { text: "time window flat within 10 %", compare: "ratio", pairs: flat(ourTime), max: 1.1 },
        {
          text: "count window ≤ 1.0 × cockatiel's",
          compare: "ratio",
          pairs: beside(ourCount, count),
          max: 1,
          cause: causes.failing,
        },
        {
          text: "time window ≤ 1.0 × cockatiel's",
          compare: "ratio",
          pairs: beside(ourTime, sampling),
          max: 1,
          cause: causes.failing,
        },
      ],
    },
  ],
  run: async (job) => {
    const subjects: Subject[] = []
    for (const samples of sizes) subjects.push(...(await subjectsAt(samples)))
    return { C5: await measureRounds(subjects, { rounds: job.quick ? 3 : 7, warmUp: 2, turn: job.turn }) }
  },
}

/** Where a library's cost grows with the window, fewer calls keep the run short. */
const subjectsAt = async (samples: number): Promise<Subject[]> => {
  const floor = await import("../subjects/floor.ts")
  const recloser = await import("../subjects/recloser.ts")
  const cockatiel = await import("../subjects/cockatiel.ts")
  const opossum = await import("../subjects/opossum.ts")
  const mollitia = await import("../subjects/mollitia.ts")
  const effect = await import("../subjects/effect.ts")
  const column = label(samples)
  const calls = 4_000
  const few = Math.max(2, Math.min(50, Math.round(200_000 / samples), samples / 5))
  return [
    floor.bareMostlyFailing(at("bare await", column), calls),
    recloser.failingCount(at(ourCount, column), calls, samples),
    recloser.failingTime(at(ourTime, column), calls, samples),
    cockatiel.failingCount(at(count, column), calls, samples),
    cockatiel.failingSampling(at(sampling, column), calls, samples),
    opossum.failing(at("opossum", column), few, samples),
    ...(samples > 100_000 ? [] : [await effect.failing(at("Effect CircuitBreaker", column), few * 10, samples)]),
    ...(samples > 1_000 ? [] : [await mollitia.failing(at("mollitia SlidingCountBreaker", column), few, samples)]),
  ]
}
