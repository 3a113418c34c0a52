/** C8: 3 000 calls a second, a tenth of them failing, beside an event loop that has other things to do. */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { type CostCase, oneProcessEach } from "../case.ts"
import { causes } from "../causes.ts"
import { sleep } from "../measure.ts"

type Call = (fn: () => Promise<number>) => Promise<number>

const bare = "unprotected"
const ours = "recloser, defaults"
const perMs = 3
const serviceMs = 5

const rows = {
  [bare]: "the load generator alone",
  [ours]: "`{}`",
  "opossum, defaults": "`{}`",
  "cockatiel wrap(breaker, timeout)": "C2's configuration",
}

export const load: CostCase = {
  id: "C8",
  title: "3 000 calls a second for 10 s, 10 % fail, 15 in flight",
  // By turns: a busy moment of the machine is not to fall on one of them alone.
  jobs: oneProcessEach("C8", Object.keys(rows), 3),
  tables: [
    {
      id: "C8",
      title: "event-loop delay, p99 of the last 4 s",
      unit: "ms",
      rows,
      goals: [{ text: "event-loop p99 + ≤ 1 ms", compare: "difference", pairs: [[ours, bare]], max: 1 }],
    },
    {
      id: "C8 CPU",
      title: "CPU of the process over the last 4 s",
      unit: "% of a core",
      rows,
      goals: [{ text: "CPU + ≤ 3 points", compare: "difference", pairs: [[ours, bare]], max: 3, cause: causes.load }],
    },
  ],
  run: async ({ subject = bare, quick }) => {
    const stop = startLoad(await callOf(subject))
    await sleep(quick ? 500 : 6_000)
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const started = process.cpuUsage()
    const startedAt = performance.now()
    await sleep(quick ? 1_000 : 4_000)
    const { user, system } = process.cpuUsage(started)
    const cpu = (user + system) / 10 / (performance.now() - startedAt)
    delay.disable()
    stop()
    return { C8: { [subject]: [delay.percentile(99) / 1e6] }, "C8 CPU": { [subject]: [cpu] } }
  },
}

const callOf = async (subject: string): Promise<Call> => {
  if (subject === bare) return (fn) => fn()
  if (subject === ours) return (await import("../subjects/recloser.ts")).caller()
  if (subject === "opossum, defaults") return (await import("../subjects/opossum.ts")).caller()
  return (await import("../subjects/cockatiel.ts")).caller()
}

/** Open loop: calls start by the clock, whether or not earlier ones have ended; one interval plays the service. */
const startLoad = (call: Call): (() => void) => {
  const due: Array<{ readonly at: number; readonly settle: () => void }> = []
  const startedAt = performance.now()
  const failure = new Error("the service failed")
  let sent = 0
  let begun = 0
  let settled = 0
  let rejected = 0
  const request = () => {
    // By the order in which calls reach the service: one that waits for a slot reaches it later than it was sent.
    const fails = begun++ % 10 === 9
    return new Promise<number>((resolve, reject) => {
      due.push({ at: performance.now() + serviceMs, settle: () => (fails ? reject(failure) : resolve(1)) })
    })
  }
  const done = () => settled++
  const failed = (error: unknown) => (error === failure ? settled++ : rejected++)
  const tick = () => {
    const now = performance.now()
    while (due[0] !== undefined && due[0].at <= now) due.shift()?.settle()
    for (; sent < (now - startedAt) * perMs; sent++) void call(request).then(done, failed)
  }
  const timer = setInterval(tick, 1)
  return () => {
    clearInterval(timer)
    if (rejected > 0 || settled === 0)
      throw new Error(`${rejected} calls refused, ${settled} settled: not the load meant`)
  }
}
