/** C6: what a breaker weighs. */
import { type CostCase, threeProcesses } from "../case.ts"
import { collectGarbage, nextTurn, type Readings, rotate } from "../measure.ts"
import { work } from "../subjects/floor.ts"

type Call = (fn: () => Promise<number>) => Promise<number>
type Maker = readonly [name: string, make: () => Call]

const breakers = 1_000
const callsEach = 100
const live = "recloser, every component live"

export const memory: CostCase = {
  id: "C6",
  title: "Memory of a breaker",
  jobs: threeProcesses("C6"),
  tables: [
    {
      id: "C6",
      title: `heap and array buffers per breaker, just made (${breakers} breakers)`,
      unit: "KB",
      rows: {
        [live]: "`basic` with `slowCalls`: strategy, metrics and timeout actors",
        "recloser, no component": "C1's configuration: the strategy's actor alone",
        opossum: "defaults",
        "cockatiel wrap(breaker, timeout)": "C2's configuration",
        "mollitia breaker + Timeout": "C2's configuration",
        "Effect CircuitBreaker, a key": "one breaker, that many keys, after one call each",
      },
      goals: [{ text: "≤ 40 KB with every actor live", compare: "value", pairs: [[live, ""]], max: 40 }],
    },
    {
      id: "C6 used",
      title: `the same after ${callsEach} calls each`,
      unit: "KB",
      rows: {
        [live]: "as above",
        "recloser, no component": "as above",
        opossum: "as above; it keeps every latency of the last 10 s, here 100",
        "cockatiel wrap(breaker, timeout)": "as above",
        "mollitia breaker + Timeout": "as above",
      },
      goals: [{ text: "≤ 40 KB after calls", compare: "value", pairs: [[live, ""]], max: 40 }],
    },
  ],
  run: async (job) => {
    const fresh: Readings = {}
    const used: Readings = {}
    const kept: unknown[] = []
    for (const [name, make] of rotate(await makers(), job.turn)) {
      const [made, called, calls] = await weigh(make)
      fresh[name] = [made]
      used[name] = [called]
      kept.push(calls)
    }
    fresh["Effect CircuitBreaker, a key"] = [await weighKeys(kept)]
    return { C6: fresh, "C6 used": used }
  },
}

const makers = async (): Promise<readonly Maker[]> => {
  const recloser = await import("../subjects/recloser.ts")
  const { caller: cockatiel } = await import("../subjects/cockatiel.ts")
  const { caller: opossum } = await import("../subjects/opossum.ts")
  const { caller: mollitia } = await import("../subjects/mollitia.ts")
  return [
    [live, () => recloser.caller({ strategy: { type: "basic", slowCalls: { after: "1 second" } } })],
    ["recloser, no component", () => recloser.caller(recloser.alone)],
    ["opossum", opossum],
    ["cockatiel wrap(breaker, timeout)", cockatiel],
    ["mollitia breaker + Timeout", mollitia],
  ]
}

const weigh = async (make: () => Call): Promise<readonly [made: number, called: number, calls: Call[]]> => {
  // A few first, so that code and hidden classes, paid once for all breakers, are not charged to these.
  const first = Array.from({ length: 20 }, make)
  for (const call of first) for (let i = 0; i < callsEach; i++) await call(work)
  const before = await occupied()
  const calls = Array.from({ length: breakers }, make)
  const made = (await occupied()) - before
  for (const call of calls) for (let i = 0; i < callsEach; i++) await call(work)
  return [made / breakers, ((await occupied()) - before) / breakers, [...first, ...calls]]
}

const weighKeys = async (kept: unknown[]): Promise<number> => {
  const { keyed } = await import("../subjects/effect.ts")
  const warm = keyed(20)
  await warm()
  const before = await occupied()
  const all = keyed(breakers)
  await all()
  kept.push(warm, all)
  return ((await occupied()) - before) / breakers
}

/** Typed arrays live outside the JavaScript heap and are counted too. */
const occupied = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) {
    await nextTurn()
    collectGarbage()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1024
}
