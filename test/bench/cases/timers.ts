/** C7: timers of ten thousand breakers, and what they cost while nobody calls. */
import { createHook } from "node:async_hooks"
import { type CostCase, oneProcessEach } from "../case.ts"
import { causes } from "../causes.ts"
import { nextTurn, sleep } from "../measure.ts"
import { work } from "../subjects/floor.ts"

type Call = (fn: () => Promise<number>) => Promise<number>

const breakers = 10_000
const ours = "recloser, defaults"
const none = "no breaker"

const rows = {
  [none]: "an unprotected process: the floor",
  [ours]: "`{}`: metrics, the adaptive timeout and the learned limit",
  "opossum, defaults": "a bucket interval and a snapshot interval each",
  "cockatiel wrap(breaker, timeout)": "timers only while calls run",
}

export const timers: CostCase = {
  id: "C7",
  title: `${breakers.toLocaleString("en").replace(",", " ")} idle breakers, after one call each`,
  jobs: oneProcessEach("C7", Object.keys(rows), 2),
  tables: [
    {
      id: "C7",
      title: "host timers alive",
      unit: "timers",
      rows,
      goals: [{ text: "1 timer in all", compare: "value", pairs: [[ours, ""]], max: 1 }],
    },
    {
      id: "C7 holding",
      title: "host timers that would keep the process from exiting",
      unit: "timers",
      rows,
      goals: [
        {
          text: "none keeps the process alive",
          compare: "value",
          pairs: [[ours, ""]],
          max: 0,
          cause: causes.heldBriefly,
        },
      ],
    },
    {
      id: "C7 idle",
      title: "CPU while idle for 2 s",
      unit: "% of a core",
      rows,
      goals: [{ text: "idle CPU < 0.1 %", compare: "value", pairs: [[ours, ""]], max: 0.1 }],
    },
  ],
  run: async ({ subject = ours, quick }) => {
    const alive = new Set<number>()
    const hook = createHook({
      init: (id, type) => {
        if (type === "Timeout") alive.add(id)
      },
      destroy: (id) => {
        alive.delete(id)
      },
    }).enable()
    const make = await makerOf(subject)
    const calls = Array.from({ length: breakers }, make)
    for (const call of calls) await call(work)
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    hook.disable()
    const holding = process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length
    const counted = alive.size
    const idle = await idleCpu(quick ? 500 : 2_000)
    if (calls.length !== breakers) throw new Error("the breakers were let go before the end")
    return { C7: { [subject]: [counted] }, "C7 holding": { [subject]: [holding] }, "C7 idle": { [subject]: [idle] } }
  },
}

const makerOf = async (subject: string): Promise<() => Call> => {
  if (subject === none) return () => (fn) => fn()
  if (subject === ours) return (await import("../subjects/recloser.ts")).caller
  if (subject === "opossum, defaults") return (await import("../subjects/opossum.ts")).caller
  return (await import("../subjects/cockatiel.ts")).caller
}

/** Creation leaves garbage and compilation behind; idling starts after they are done. */
const idleCpu = async (ms: number): Promise<number> => {
  globalThis.gc?.()
  await sleep(500)
  const started = process.cpuUsage()
  const startedAt = performance.now()
  await sleep(ms)
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 10 / (performance.now() - startedAt)
}
