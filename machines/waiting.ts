/** Waiting: how long an open circuit refuses before it probes. */
import {
  type DurationInput,
  duration,
  type InOf,
  isBareDuration,
  type Named,
  number,
  type OutOf,
  type Reader,
  type StructIn,
  type StructOut,
  short,
  struct,
} from "./options.ts"

/** How the waits of a strategy grow unless the user says otherwise. */
interface Growth {
  readonly base: string
  readonly step: string
  readonly factor: number
  readonly max: string
}

const growthFieldsOf = (growth: Growth) => ({
  /** The first wait. Default: 5 seconds (`gradual`: 410 ms), or `max` if that is shorter. */
  base: duration({ default: growth.base, min: "1 millis", max: "1 day" }),
  /** What each further trip in a row adds to the wait. Default: nothing (`gradual`: 30 ms). */
  step: duration({ default: growth.step, min: "0 millis", max: "1 day" }),
  /** What each further trip in a row multiplies the wait by, 1 to 10. Default: 2 (`gradual`: 1). */
  factor: number({ default: growth.factor, min: 1, max: 10 }),
  /** The longest wait. Default: 1 minute (`gradual`: 3.7 seconds), or `base` if that is longer. */
  max: duration({ default: growth.max, min: "1 millis", max: "1 day" }),
  /** The part of a wait that chance may take off, 0 to 1, so that many breakers do not probe at once. Default: 0.1. */
  jitter: number({ default: 0.1, min: 0, max: 1 }),
  /** How long after a close a further trip still counts as one in a row. Default: 1 minute. */
  memory: duration({ default: "1 minute", min: "0 millis", max: "1 day" }),
})
export interface GrowthFields extends Named<ReturnType<typeof growthFieldsOf>> {}

const waitFieldsOf = (growth: Growth) => ({
  ...growthFieldsOf(growth),
  /** What the service itself asks for, as by Retry-After, is heeded up to here. Default: 5 minutes. */
  longestAsked: duration({ default: "5 minutes", min: "0 millis", max: "1 day" }),
})
export interface WaitFields extends Named<ReturnType<typeof waitFieldsOf>> {}

type Ends = { readonly base: number; readonly max: number }
const isOrdered = ({ base, max }: Ends) =>
  base > max ? { path: "max", rule: "must not be shorter than base" } : undefined
const ordered = ({ base, max }: Ends): Ends => ({ base: Math.min(base, max), max: Math.max(base, max) })

const waitsOf = (growth: Growth) => struct<WaitFields>(waitFieldsOf(growth), isOrdered, ordered)

type WaitsReader = ReturnType<typeof waitsOf>
export type Waits = OutOf<WaitsReader>

/** A bare duration is a constant wait. */
const constant = (value: unknown) =>
  isBareDuration(value)
    ? { base: value as DurationInput, max: value as DurationInput, step: 0, factor: 1, jitter: 0 }
    : undefined

/** What a user writes of waits that grow. */
export interface GrowthOptions extends StructIn<GrowthFields> {}
export interface Growing extends StructOut<GrowthFields> {}
const growthOf = (growth: Growth): Reader<GrowthOptions, Growing> =>
  struct<GrowthFields>(growthFieldsOf(growth), isOrdered, ordered)

/** Waits that grow with each failure in a row; what the service asks for is another matter. */
export const growing = (growth: Growth): Reader<DurationInput | GrowthOptions, Growing> =>
  short<DurationInput, GrowthOptions, Growing>(growthOf(growth), constant)

/** The options of a strategy that waits. */
export const waiting = (growth: Growth) => ({
  /** How long an open circuit refuses before it probes. A bare duration is a constant wait: it neither grows nor is spread. */
  openFor: short<DurationInput, InOf<WaitsReader>, Waits>(waitsOf(growth), constant),
})
export interface WaitingFields extends Named<ReturnType<typeof waiting>> {}

/** How long to wait after `trips` trips in a row. Jitter only shortens, so the cap holds and capped waits spread too. */
export function waitAfter(waits: Growing, trips: number, draw: number): number {
  const more = Math.min(trips - 1, 1_000_000)
  const grown = Math.min(waits.max, (waits.base + waits.step * more) * waits.factor ** Math.min(more, 60))
  return grown * (1 - waits.jitter * draw)
}
