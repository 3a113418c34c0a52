/** C10: a breaker for each of a hundred thousand keys, and a million keys that nobody asked for. */
import { createHook } from "node:async_hooks"
import type { BreakerConfig, Breakers } from "recloser"
import { type CostCase, oneProcessEach } from "../case.ts"
import { collectGarbage, median, nextTurn, type Readings } from "../measure.ts"
import { fail, work } from "../subjects/floor.ts"

const keys = 100_000
const hostileKeys = 1_000_000
const openKeys = 100
const few = "recloser, defaults, 3 calls each"
const most = "recloser, defaults, 12 calls each"
const bare = "recloser, no component, 3 calls each"
const busy = "recloser, no component, 100 calls each"
const learning = "recloser, defaults, 100 calls each"
const effect = "Effect CircuitBreaker, a call each"
const hostile = "recloser, defaults"

const configs: { readonly [subject: string]: readonly [calls: number, config: BreakerConfig] } = {
  [few]: [3, {}],
  [most]: [12, {}],
  [bare]: [3, { strategy: "basic", timeout: false, metrics: false, priority: false }],
  [busy]: [100, { strategy: "basic", timeout: false, metrics: false, priority: false }],
  [learning]: [100, {}],
}

const setups = {
  [few]: "the default config: `gradual`, metrics and the adaptive timeout",
  [most]: "the most calls within `idle` that leave a key quiet",
  [bare]: '`{ strategy: "basic", timeout: false, metrics: false, priority: false }`',
}

export const keyed: CostCase = {
  id: "C10",
  title: "Breakers by key",
  jobs: oneProcessEach("C10", [...Object.keys(configs), effect, hostile], 3),
  tables: [
    {
      id: "C10",
      title: "memory of 100 000 keys over the empty table, their strings and the table itself included",
      unit: "MB",
      rows: { ...setups, [effect]: "one breaker, that many keys" },
      goals: [
        {
          text: "100 000 keys that saw a few calls ≤ 64 MB",
          compare: "value",
          pairs: [
            [few, ""],
            [most, ""],
            [bare, ""],
          ],
          max: 64,
        },
      ],
    },
    {
      id: "C10 busy",
      title: "memory of one of 1 000 keys that are busy",
      unit: "KB",
      rows: { [learning]: "each with actors of its own", [busy]: "`basic`: nothing to learn, so no actors" },
      goals: [],
    },
    {
      id: "C10 cold",
      title: "`get(key).execute(fn)` of a key that was never seen, with its `await`: median",
      unit: "µs",
      rows: setups,
      goals: [{ text: "cold key ≤ 50 µs", compare: "value", pairs: [[few, ""]], max: 50 }],
    },
    {
      id: "C10 quiet",
      title: "the same of a key that is known and quiet: median",
      unit: "µs",
      rows: setups,
      goals: [],
    },
    {
      id: "C10 timers",
      title: "host timers alive with 100 000 keys",
      unit: "timers",
      rows: setups,
      goals: [{ text: "1 timer in all", compare: "value", pairs: [[few, ""]], max: 1 }],
    },
    {
      id: "C10 hostile",
      title: `${openKeys} open keys, then 1 000 000 keys of one call each, under a cap of 10 000: keys known above the cap`,
      unit: "keys",
      rows: { [hostile]: "the default config" },
      goals: [{ text: "a million hostile keys stay under the cap", compare: "value", pairs: [[hostile, ""]], max: 0 }],
    },
    {
      id: "C10 lost",
      title: "the same: open keys that are no longer open",
      unit: "keys",
      rows: { [hostile]: "as above" },
      goals: [{ text: "none evicts an open breaker", compare: "value", pairs: [[hostile, ""]], max: 0 }],
    },
    {
      id: "C10 flood",
      title: "the same: one call of a hostile key",
      unit: "µs",
      rows: { [hostile]: "as above" },
      goals: [],
    },
  ],
  run: async ({ subject = few, quick }) => {
    if (subject === effect) return { C10: { [subject]: [await weighEffect()] } }
    if (subject === hostile) return flood(quick ? hostileKeys / 10 : hostileKeys)
    const [calls, config] = configs[subject] ?? [3, {}]
    if (subject === busy || subject === learning) return { "C10 busy": { [subject]: [await weighBusy(calls, config)] } }
    return weigh(subject, calls, config)
  },
}

const make = async (max: number, config: BreakerConfig): Promise<Breakers> => {
  const { createBreakers } = await import("recloser")
  return createBreakers({ max, config: () => config })
}

const nameOf = (key: number): string => `host-${key}.example`

/** Microseconds of each `get(key).execute(fn)`. */
const callAll = async (breakers: Breakers, count: number, into: Float64Array): Promise<void> => {
  for (let key = 0; key < count; key++) {
    const startedAt = performance.now()
    await breakers.get(nameOf(key)).execute(work)
    into[key] = (performance.now() - startedAt) * 1000
  }
}

const weigh = async (
  subject: string,
  calls: number,
  config: BreakerConfig,
): Promise<Readonly<Record<string, Readings>>> => {
  const [cold, quiet] = [new Float64Array(keys), new Float64Array(keys)]
  const count = await timersDuring(async () => {
    const warm = await make(keys, config)
    for (let turn = 0; turn < 5; turn++) await callAll(warm, 2_000, quiet)
    const breakers = await make(keys, config)
    const before = await occupied()
    await callAll(breakers, keys, cold)
    for (let turn = 1; turn < calls; turn++) await callAll(breakers, keys, quiet)
    const grown = (await occupied()) - before
    const { keys: known, live, calls: counted } = breakers.metrics()
    if (known !== keys || live > 0 || counted.success !== keys * calls) throw new Error("the keys were not quiet")
    return grown
  })
  return {
    C10: { [subject]: [count.result / 1e6] },
    "C10 cold": { [subject]: [median([...cold])] },
    "C10 quiet": { [subject]: [median([...quiet])] },
    "C10 timers": { [subject]: [count.timers] },
  }
}

/** Host timers that were made meanwhile and are still there. */
const timersDuring = async <A>(run: () => Promise<A>): Promise<{ readonly result: A; readonly timers: number }> => {
  const alive = new Set<number>()
  const hook = createHook({
    init: (id, type) => {
      if (type === "Timeout") alive.add(id)
    },
    destroy: (id) => {
      alive.delete(id)
    },
  }).enable()
  const result = await run()
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  hook.disable()
  return { result, timers: alive.size }
}

const weighBusy = async (calls: number, config: BreakerConfig): Promise<number> => {
  const count = 1_000
  const warm = await make(count, config)
  for (let turn = 0; turn < calls; turn++) await callAll(warm, 20, new Float64Array(20))
  const breakers = await make(count, config)
  const spent = new Float64Array(count)
  const before = await occupied()
  for (let turn = 0; turn < calls; turn++) {
    await callAll(breakers, count, spent)
    // A slice is a second long: real time has to pass before there is something to learn from.
    if (turn % 40 === 39) await new Promise((resolve) => setTimeout(resolve, 1_010))
  }
  const grown = (await occupied()) - before
  if (breakers.size !== count) throw new Error("keys were forgotten")
  return grown / 1024 / count
}

const weighEffect = async (): Promise<number> => {
  const { keyed: keyedEffect } = await import("../subjects/effect.ts")
  await keyedEffect(20)()
  const before = await occupied()
  const all = keyedEffect(keys)
  await all()
  const grown = (await occupied()) - before
  await all()
  return grown / 1e6
}

const flood = async (count: number): Promise<Readonly<Record<string, Readings>>> => {
  const cap = 10_000
  const breakers = await make(cap, {})
  for (let key = 0; key < openKeys; key++) {
    for (let call = 0; call < 30; call++) await breakers.get(`open ${key}`).tryExecute(fail)
  }
  const { open, halfOpen } = breakers.metrics().circuits
  if (open + halfOpen !== openKeys) throw new Error("the keys did not open")
  let above = 0
  const startedAt = performance.now()
  for (let key = 0; key < count; key++) {
    await breakers.get(`hostile ${key}`).execute(work)
    above = Math.max(above, breakers.size - cap)
  }
  const spentMs = performance.now() - startedAt
  let lost = 0
  for (let key = 0; key < openKeys; key++) if (!breakers.has(`open ${key}`)) lost++
  const { circuits, calls } = breakers.metrics()
  if (circuits.open + circuits.halfOpen + lost !== openKeys) throw new Error("open keys are not accounted for")
  if (calls.success !== count) throw new Error("a hostile call was lost")
  return {
    "C10 hostile": { [hostile]: [above] },
    "C10 lost": { [hostile]: [lost] },
    "C10 flood": { [hostile]: [(spentMs * 1000) / count] },
  }
}

/** Bytes; typed arrays live outside the JavaScript heap and are counted too. */
const occupied = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) {
    await nextTurn()
    collectGarbage()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
