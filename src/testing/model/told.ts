/** What the data plane may tell the charts, said outright: for what no traffic of a test brings about in a few minutes. */
import type { Signal } from "../../../machines/vocabulary/signal.ts"
import type { Stage, Steps } from "./stage.ts"

interface Told {
  readonly name: string
  readonly signal: object
  /** Time that passes before. */
  readonly afterMs?: number
  /** How often, whatever moves. */
  readonly times?: number
}

const rules = ["failureRatio", "row", "run", "excursion", "rate", "relief", "dead", "cohort"] as const
const counts = [
  ["all failed", { calls: 20, failures: 20, slow: 0 }],
  ["half failed", { calls: 20, failures: 10, slow: 0 }],
  ["none failed", { calls: 20, failures: 0, slow: 0 }],
  ["all slow", { calls: 5, failures: 0, slow: 5 }],
] as const

const alarms = rules.flatMap((rule) =>
  counts.map(([how, statistics]) => ({
    name: `${rule}, ${how}`,
    signal: { type: "alarm.rang", rule, statistics, seen: 1e6 },
  })),
)

/** What only happens where nothing is left that could be taken back. */
const again: readonly Told[] = [
  ["all slow", { calls: 5, failures: 0, slow: 5 }],
  ["all failed", { calls: 20, failures: 20, slow: 0 }],
].map(([how, statistics]) => ({
  name: `cohort, ${how as string}, three times`,
  signal: { type: "alarm.rang", rule: "cohort", statistics, seen: 1e6 },
  times: 3,
}))

const probes = (["succeeded", "failed", "expired"] as const).map((end) => ({
  name: `a probe ${end}`,
  signal: { type: `probe.${end}` },
}))

const answers = [1, 60_000].map((tookMs) => ({
  name: `a probe that nobody waited for took ${tookMs} ms`,
  signal: { type: "probe.answered", tookMs },
}))

const latency = (samples: number) =>
  samples === 0
    ? { samples, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
    : { samples, p50: 50, p90: 90, p99: 100, p999: 110, max: 120 }

interface Sliced {
  readonly success: number
  readonly late: number
  readonly samples: number
  readonly failure?: number
}
const blankSlice = { startedAt: 0, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0, latency: latency(0) }
const sliced = ({ success, late, samples, failure = 0 }: Sliced) => ({
  type: "slice.closed",
  slice: { ...blankSlice, success, failure, timedOut: late, late, latency: latency(samples) },
})
const quietMs = 1_000_000
const contents = {
  "slices of nothing": { success: 0, late: 0, samples: 0 },
  "slices of successes": { success: 100, late: 0, samples: 5000 },
  "slices of late calls": { success: 100, late: 9, samples: 5000 },
  "slices of timeouts": { success: 10, late: 9, samples: 5000 },
}
const slices = Object.entries(contents).flatMap(([name, content]) => [
  { name, signal: sliced(content) },
  { name: `${name}, after a quiet time`, signal: sliced(content), afterMs: quietMs },
])

/** As often as it takes to condemn it, however it stands in between. */
const failing: Told = {
  name: "five slices of failures",
  signal: sliced({ success: 10, late: 0, samples: 0, failure: 90 }),
  times: 5,
}

const budgets = (["spent", "funded"] as const).map((how) => ({
  name: `the budget is ${how}`,
  signal: { type: `budget.${how}` },
}))

const limits = (["following", "climbing", "holding", "capped", "draining"] as const).flatMap((state) =>
  [true, false].map((independent) => ({
    name: `the limit is ${state}, failures are ${independent ? "independent" : "suspect"}`,
    signal: { type: "limit.moved", state, limit: 10, independent },
  })),
)

const pressures = [0.1, 0.8, 0.92, 0.99].map((memory) => ({
  name: `memory is ${100 * memory} % full`,
  signal: { type: "pressure.changed", utilisation: 0, memory, queue: 0 },
}))

const forecasts = (["warned", "calm"] as const).map((state) => ({
  name: state === "warned" ? "failure is foretold" : "failure is foretold no longer",
  signal: { type: "forecast.changed", state },
}))

const throttles = [
  ["too many of them", { answered: 50, exceeded: 30 }],
  ["none too many", { answered: 50, exceeded: 0 }],
  ["wait 5 s", { answered: 50, exceeded: 1, waitMs: 5000 }],
  ["wait an hour", { answered: 50, exceeded: 1, waitMs: 3_600_000 }],
  ["5 are left", { answered: 50, exceeded: 0, remaining: 5, resetAfterMs: 5000 }],
].map(([name, said]) => ({
  name: `the service says: ${name as string}`,
  signal: { type: "throttle.told", overMs: 1000, ...(said as object) },
}))

const standings = (
  [
    ["serves nothing", { circuit: "open", health: 0 }],
    ["is ill", { circuit: "degraded", health: 0.5 }],
    ["lets probes through", { circuit: "halfOpen", health: 0, probes: 1 }],
    ["is well", { circuit: "closed", health: 1 }],
  ] as const
).map(([how, standing]) => ({ how, standing: { ...standing, cause: "a dependency", reason: how } }))

const all: readonly Told[] = [
  ...alarms,
  ...again,
  ...probes,
  ...answers,
  ...slices,
  failing,
  ...budgets,
  ...limits,
  ...pressures,
  ...forecasts,
  ...throttles,
]

/** What of it comes too late to matter: told in an epoch that has passed. */
const late = [...alarms.slice(0, 1), ...probes]

/** Often enough for what takes more than one slice. */
const mostTimes = 4

const send = ({ breaker: { assembly }, clock }: Stage, signal: object, epochsAgo = 0): void => {
  const { conductor, plane } = assembly
  conductor.send({ ...(signal as Signal), at: clock.now(), epoch: plane.gate.epoch - epochsAgo } as never)
}

async function tell(stage: Stage, { signal, afterMs = 0, times: always = 0 }: Told): Promise<void> {
  for (let time = 0; time < always; time++) send(stage, signal)
  if (always > 0) return
  const { moves } = stage.watch
  if (afterMs > 0) await stage.clock.advance(afterMs)
  const times = (signal as Signal).type === "slice.closed" ? mostTimes : 1
  for (let time = 0; time < times && stage.watch.moves === moves; time++) send(stage, signal)
}

function dependencySteps(stage: Stage): Steps {
  const ids = () => Object.keys(stage.breaker.metrics().components.dependency?.dependencies ?? {})
  const own = "another service"
  const isKnown = () => ids().includes(own)
  const isLiving = () => stage.breaker.phase === "active"
  const add = () => isLiving() && !isKnown() && stage.breaker.addDependency(own, { type: "critical" })
  const remove = () => {
    add()
    if (isLiving()) stage.breaker.removeDependency(own)
  }
  const told = standings.map(
    ({ how, standing }) =>
      [
        `told: every dependency ${how}`,
        () => {
          const moves = Object.fromEntries(ids().map((id) => [id, { standing, blamed: 0 }]))
          send(stage, { type: "dependency.moved", moves })
        },
      ] as const,
  )
  const concerned = ["dependency"]
  return [
    ["it is told of a dependency", add, concerned],
    ...told.map(([name, run]) => [name, run, concerned] as const),
    ["a dependency comes and goes", remove, concerned],
  ]
}

const [quietS, mostS] = [215, 400]
/** A little up and down that is no trend, from -1 to 1. */
const wobble = (second: number): number => Math.sin(second * 12.9898) * Math.cos(second * 78.233)

/**
 * Ever more calls fail, one in a hundred and then one in thirty. Once that is foretold they begin to take longer too: another cause, and
 * one that less load may ease. By traffic it would take a thousand calls in each of some hundred seconds.
 */
async function creep(stage: Stage): Promise<void> {
  const { breaker, clock } = stage
  const stateNow = () => breaker.metrics().components.prediction?.state
  let slowingS = 0
  for (let second = 0; second < mostS && stateNow() !== "frozen"; second++) {
    const failure = Math.round(10 + 4 * wobble(second) + 0.4 * Math.max(0, second - quietS))
    const success = 1000 - failure
    if (slowingS > 0 || stateNow() === "warned") slowingS++
    const busyMs = success * 50 * (1 + 0.05 * wobble(second + 7)) * 1.06 ** slowingS
    const slice = { ...blankSlice, startedAt: clock.now() - 1000, success, failure, busyMs }
    send(stage, { type: "slice.closed", slice, running: 50 })
    await clock.advance(1000)
  }
}

/** The signals that some part of this breaker hears, as steps. */
export function toldSteps(stage: Stage): Steps {
  const { parts } = stage.breaker.assembly
  const hearersOf = (type: string) =>
    parts.filter(({ plug }) => plug.hears.some((heard) => heard === type)).map(({ plug }) => plug.key)
  const step = (name: string, { signal }: Told, run: () => unknown): Steps => {
    const { type } = signal as Signal
    // This one is told whether anybody hears it or not.
    const hearers = type === "probe.answered" ? ["breaker"] : hearersOf(type)
    return hearers.length === 0 ? [] : [[name, run, hearers]]
  }
  return [
    ...all.flatMap((told) => step(`told: ${told.name}`, told, () => tell(stage, told))),
    ...late.flatMap((told) => step(`told late: ${told.name}`, told, () => send(stage, told.signal, 1))),
    ...(parts.some(({ plug }) => plug.key === "prediction")
      ? [["told: ever more calls fail, and then they slow down", () => creep(stage), ["prediction"]] as const]
      : []),
    ...(hearersOf("dependency.moved").length > 0 ? dependencySteps(stage) : []),
  ]
}
