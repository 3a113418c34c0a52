/** Waiting: how long an open circuit refuses before it probes. */
import {
  type DurationInput,
  duration,
  type InOf,
  isBareDuration,
  type Named,
  number,
  type OutOf,
  short,
  struct,
} from "./options.ts"

const waitFields = {
  /** The first wait. Default: 5 seconds, or `max` if that is shorter. */
  base: duration({ default: "5 seconds", min: "1 millis", max: "1 day" }),
  /** What each further trip in a row multiplies the wait by, 1 to 10. Default: 2. */
  factor: number({ default: 2, min: 1, max: 10 }),
  /** The longest wait. Default: 1 minute, or `base` if that is longer. */
  max: duration({ default: "1 minute", min: "1 millis", max: "1 day" }),
  /** The part of a wait that chance may take off, 0 to 1, so that many breakers do not probe at once. Default: 0.1. */
  jitter: number({ default: 0.1, min: 0, max: 1 }),
  /** How long after a close a further trip still counts as one in a row. Default: 1 minute. */
  memory: duration({ default: "1 minute", min: "0 millis", max: "1 day" }),
}
export interface WaitFields extends Named<typeof waitFields> {}

const waits = struct<WaitFields>(
  waitFields,
  ({ base, max }) => (base > max ? { path: "max", rule: "must not be shorter than base" } : undefined),
  ({ base, max }) => ({ base: Math.min(base, max), max: Math.max(base, max) }),
)

export type Waits = OutOf<typeof waits>

/** The options of a strategy that waits. */
export const waiting = {
  /** How long an open circuit refuses before it probes. A bare duration is a constant wait: it neither grows nor is spread. */
  openFor: short<DurationInput, InOf<typeof waits>, OutOf<typeof waits>>(waits, (value) =>
    isBareDuration(value)
      ? { base: value as DurationInput, max: value as DurationInput, factor: 1, jitter: 0 }
      : undefined,
  ),
}
export interface WaitingFields extends Named<typeof waiting> {}

/** How long to wait after `trips` trips in a row. Jitter only shortens, so the cap holds and capped waits spread too. */
export function waitAfter(waits: Waits, trips: number, draw: number): number {
  const grown = Math.min(waits.max, waits.base * waits.factor ** Math.min(trips - 1, 60))
  return grown * (1 - waits.jitter * draw)
}
