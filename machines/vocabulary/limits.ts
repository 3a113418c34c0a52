/** The limits of a gate: those among its lines, and what its actors have tightened the rate of all calls to. */
import type { Lines, RateLine, Restriction } from "./gate.ts"
import { type Rate, rateOf } from "./rate.ts"

export interface Limit extends RateLine {
  readonly rate: Rate
  /** It was learned or lowered by an actor, who knows nothing of costs: a call that costs more than the burst may enter after a rest. */
  readonly tightened: boolean
}

/** Rates below or bursts beyond these cannot be counted in whole numbers. */
const leastRate = 0.001
const mostBurst = 1_000_000

const limit = (line: RateLine, tightened: boolean): Limit => ({ ...line, rate: rateOf(line), tightened })

/** The limits that the operator of this side has set. */
export const setLimits = ({ rates = [] }: Lines): readonly Limit[] => rates.map((line) => limit(line, false))

/** What the actors' demands come to, if they come to anything. */
export function tightenedLimit({ rate, burst }: Pick<Restriction, "rate" | "burst">): Limit | undefined {
  if (!Number.isFinite(rate)) return undefined
  const [most, atOnce] = [Math.max(leastRate, rate), Math.min(mostBurst, Math.max(1, burst))]
  return limit({ limit: most, intervalMs: 1000, burst: atOnce }, true)
}

/** The units that must fit for a call of this cost to enter. */
export const neededFor = ({ rate, tightened }: Limit, units: number): number =>
  tightened ? Math.min(units, rate.most) : units

/** A limit in words, such as `100 calls in 60 s`. */
export const inCalls = ({ limit: calls, intervalMs, keys }: RateLine): string =>
  `${Number(calls.toPrecision(3))} calls in ${intervalMs < 1000 ? `${intervalMs} ms` : `${intervalMs / 1000} s`}${keys === undefined ? "" : " for each key"}`
