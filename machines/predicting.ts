/** Predicting: what a slice of outcomes and gauges teaches of the near future, as pure steps. */
import { freshStream, isAnomaly, type Stream, surprise } from "./anomaly.ts"
import { type Forecast, foresee, freshMeasure, isRising, type Measure, noForecast } from "./forecasting.ts"
import { entriesOf, type Problem, type Reader, show, struct } from "./options.ts"
import type { SliceClosed } from "./vocabulary/signal.ts"

/** A share of failed calls that is failure. */
export const failureShare = 0.05
/** Gauges beside the four measures of the breaker itself: as many as are followed. */
export const mostGauges = 16

const built: ReadonlySet<string> = new Set(["errorRate", "latency", "inFlight"])

/** What a user may say of a gauge. */
export interface GaugeIn {
  /** The value at which the service fails: memory that is all in use, a pool that is empty. Which way it lies is seen. */
  readonly limit?: number | undefined
}

export interface GaugeSettings {
  readonly limit: number | undefined
}

export interface PredictionSettings {
  readonly horizonMs: number
  readonly trips: boolean
  /** What users say of their gauges, by name. */
  readonly gauges: { readonly [name: string]: GaugeSettings }
}

const refuse = (problems: Problem[], path: string, value: unknown, rule: string): undefined => {
  problems.push({ path, value: show(value), rule })
}

const limit: Reader<number, number | undefined> = {
  read: (value, path, problems) => {
    if (value === undefined) return undefined
    return Number.isFinite(value) ? (value as number) : refuse(problems, path, value, "must be a finite number")
  },
}

const gauge = struct({ limit })

/** Whether a gauge may be called so. */
export const isGaugeName = (name: unknown): name is string =>
  typeof name === "string" && name.length > 0 && name.length <= 100 && !built.has(name)

/** Names beyond as many are not followed. */
export const mostFollowed = built.size + mostGauges
export const isFollowable = (name: string): boolean => built.has(name) || isGaugeName(name)

export const gaugeNameRule = `must be a name of 1 to 100 characters, and none of errorRate, latency, inFlight`

/** Gauges by name. */
export const gauges: Reader<{ readonly [name: string]: GaugeIn }, PredictionSettings["gauges"]> = {
  read: (value, path, problems) => {
    const entries = [...((value === undefined ? undefined : entriesOf(value, path, problems)) ?? [])]
    if (entries.length > mostGauges) refuse(problems, path, entries.length, `must not be more than ${mostGauges}`)
    for (const [name] of entries) if (!isGaugeName(name)) refuse(problems, path, name, gaugeNameRule)
    return Object.freeze(
      Object.fromEntries(entries.map(([name, one]) => [name, gauge.read(one, `${path}.${name}`, problems)])),
    )
  },
}

interface Followed {
  readonly measure: Measure
  /** Replaced as a whole, never written to once it is here. */
  readonly stream: Stream
}

/** What is known, and what it foretells. */
export interface Outlook {
  readonly followed: ReadonlyMap<string, Followed>
  readonly load: Measure
  readonly samples: number
  /** Most calls in flight at the end of recent slices; 0 when nobody counts them. */
  readonly mostRunning: number
  readonly probability: number
  /** The same of what less load may ease: all but the error rate, which no load needs to have caused. */
  readonly strain: number
  readonly reasons: readonly string[]
  readonly unusual: readonly string[]
}

const nothing: readonly string[] = Object.freeze([])

export const freshOutlook: Outlook = {
  followed: new Map(),
  load: freshMeasure(),
  samples: 0,
  mostRunning: 0,
  probability: 0,
  strain: 0,
  reasons: nothing,
  unusual: nothing,
}

/** The most in flight is forgotten by half in ten minutes of slices. */
const forgets = 0.5 ** (1 / 600)

export const badIn = ({ slice }: SliceClosed): number => slice.failure + slice.timedOut
export const callsIn = (event: SliceClosed): number => event.slice.success + badIn(event)

/** How long a success took on average; `NaN` when there was none. */
function latencyOf({ slice: { success, busyMs, latency } }: SliceClosed): number {
  if (success === 0) return Number.NaN
  return busyMs === undefined ? (latency.samples > 0 ? latency.p50 : Number.NaN) : busyMs / success
}

/** The measures of a slice by name. Calls in flight are set against how many end in a second: a busy hour is no danger. */
function measuresOf(event: SliceClosed): readonly (readonly [name: string, value: number])[] {
  const calls = callsIn(event)
  const seconds = Math.max(1, event.at - event.slice.startedAt) / 1000
  return [
    ["errorRate", badIn(event) / calls],
    ["latency", latencyOf(event)],
    ["inFlight", event.running === undefined ? Number.NaN : (event.running * seconds) / calls],
    ...Object.entries(event.gauges ?? {}),
  ]
}

/** Calls in flight are few and whole: their noise is large, and what they say latency says too, save for calls that hang. */
const own: { readonly [name: string]: Measure } = {
  errorRate: freshMeasure({ limit: failureShare, side: 1 }),
  latency: freshMeasure(),
  inFlight: freshMeasure({ leeway: 2 }),
}

const limitOf = (name: string, gauges: PredictionSettings["gauges"]): number | undefined =>
  Object.hasOwn(gauges, name) ? gauges[name]?.limit : undefined

export function freshFollowed(name: string, { gauges }: PredictionSettings): Followed {
  return {
    measure: Object.hasOwn(own, name) ? (own[name] as Measure) : freshMeasure({ limit: limitOf(name, gauges) }),
    stream: freshStream(),
  }
}

interface Told {
  readonly name: string
  readonly value: number
  readonly forecast: Forecast
}

const figure = (value: number): string => String(Number(value.toPrecision(3)))

/** A forecast in words. */
function wordsOf({ name, value, forecast: { inMs, line } }: Told): string {
  const when = inMs < 1000 ? "is there now" : `is there in ${Math.ceil(inMs / 1000)} s if it goes on so`
  return `${name} is ${figure(value)}, on its way to ${figure(line)}, and ${when}`
}

/** Chances of independent causes together. */
const either = (forecasts: readonly Told[]): number =>
  1 - forecasts.reduce((none, { forecast }) => none * (1 - forecast.probability), 1)

const isWelcome = (name: string, followed: ReadonlyMap<string, Followed>): boolean =>
  followed.has(name) || built.has(name) || followed.size < mostFollowed

/** Takes one slice in. */
export function seen(before: Outlook, event: SliceClosed, settings: PredictionSettings): Outlook {
  const calls = callsIn(event)
  if (calls === 0) return before
  const { at } = event
  const { horizonMs } = settings
  const seconds = Math.max(1, at - event.slice.startedAt) / 1000
  const [load] = foresee(before.load, { at, value: calls / seconds, horizonMs, isUnderLoad: false })
  const isUnderLoad = isRising(load)
  const followed = new Map(before.followed)
  const unusual: string[] = []
  const told: Told[] = []
  for (const [name, value] of measuresOf(event)) {
    if (!Number.isFinite(value) || !isWelcome(name, followed)) continue
    const known = followed.get(name) ?? freshFollowed(name, settings)
    const [measure, forecast] = foresee(known.measure, { at, value, horizonMs, isUnderLoad })
    const stream = known.stream.slice()
    if (isAnomaly(surprise(stream, at, value))) unusual.push(name)
    if (forecast !== noForecast) told.push({ name, value, forecast })
    followed.set(name, { measure, stream })
  }
  return {
    followed,
    load,
    samples: before.samples + 1,
    mostRunning: Math.max(event.running ?? 0, before.mostRunning * forgets),
    probability: either(told),
    strain: either(told.filter(({ name }) => name !== "errorRate")),
    reasons: told.length === 0 ? nothing : told.map(wordsOf),
    unusual: unusual.length === 0 ? nothing : unusual,
  }
}

/** How warnings and failures met. */
export interface Ledger {
  readonly warnings: number
  readonly confirmed: number
  readonly refuted: number
  readonly failures: number
  /** From warning to failure, of the confirmed ones together. */
  readonly leadMs: number
  /** When it failed last. */
  readonly failedAt: number
  /** When the last warning was given; it holds until a failure confirms it or its horizon has passed. */
  readonly warnedAt: number | undefined
}

export const freshLedger: Ledger = {
  warnings: 0,
  confirmed: 0,
  refuted: 0,
  failures: 0,
  leadMs: 0,
  failedAt: Number.NEGATIVE_INFINITY,
  warnedAt: undefined,
}

export const isFailing = ({ failedAt }: Ledger, at: number, horizonMs: number): boolean => at - failedAt < horizonMs

/** So many bad calls that chance does not explain them: five at the least. */
export const isFailure = (event: SliceClosed): boolean => {
  const bad = badIn(event)
  return bad - 2 * Math.sqrt(bad) > failureShare * callsIn(event)
}

export const warned = (ledger: Ledger, at: number): Ledger => ({
  ...ledger,
  warnings: ledger.warnings + 1,
  warnedAt: at,
})

/** The service fails now. What follows within the horizon is the same failure. */
export function failed(ledger: Ledger, at: number, horizonMs: number): Ledger {
  const next = { ...ledger, failedAt: Math.max(at, ledger.failedAt), warnedAt: undefined }
  if (isFailing(ledger, at, horizonMs)) return next
  if (ledger.warnedAt === undefined) return { ...next, failures: ledger.failures + 1 }
  return {
    ...next,
    failures: ledger.failures + 1,
    confirmed: ledger.confirmed + 1,
    leadMs: ledger.leadMs + Math.max(0, at - ledger.warnedAt),
  }
}

/** The horizon of a warning has passed, and nothing failed. */
export const expired = (ledger: Ledger): Ledger =>
  ledger.warnedAt === undefined ? ledger : { ...ledger, refuted: ledger.refuted + 1, warnedAt: undefined }
