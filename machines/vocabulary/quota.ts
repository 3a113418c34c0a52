/**
 * Quotas: what a service says about its own limits, and what of that is worth an actor's attention. Services say it on every answer;
 * it matters when they refuse calls, ask for a wait, or have less left than will be asked of them.
 *
 * The record is mutable, so that an answer costs a few additions; who needs a value copies it first. Both planes call this.
 */
import type { ThrottleTold } from "./signal.ts"

/** What one answer of a service says about its limits. */
export interface Quota {
  /** It refused the call because of them. */
  readonly exceeded: boolean
  /** The service asks to be left alone for so long. */
  readonly retryAfterMs?: number | undefined
  /** What it still grants until `resetAfterMs` from now. */
  readonly remaining?: number | undefined
  readonly resetAfterMs?: number | undefined
}

/** Answers since the last report, or of the last ten seconds. */
export interface Hearing {
  since: number
  /** Answers that were no refusals, and refusals by the service's limits. */
  answered: number
  exceeded: number
  /** Until when it was last reported that the service wants to be left alone. */
  heldUntil: number
}

/** Answers before a refusal say what the service takes, for so long. */
const longestMs = 10_000
/** A wait that ends later than the one that is known, by less than this, is no news. */
const noNewsMs = 100

export const freshHearing = (at: number): Hearing => ({
  since: at,
  answered: 0,
  exceeded: 0,
  heldUntil: Number.NEGATIVE_INFINITY,
})

/** How long a refusal asks to wait: what it says, or until there is something left again. */
function askedFor({ exceeded, retryAfterMs, remaining, resetAfterMs = 0 }: Quota): number {
  return exceeded ? (retryAfterMs ?? (remaining === 0 ? resetAfterMs : 0)) : 0
}

/** Whether at this pace more will be asked of the service than it still grants. */
function runsOut({ answered }: Hearing, overMs: number, { remaining, resetAfterMs }: Quota): boolean {
  return remaining !== undefined && resetAfterMs !== undefined && answered * resetAfterMs > remaining * overMs
}

/** Takes in one answer; what is to be reported, if anything is. */
export function listen(
  hearing: Hearing,
  quota: Quota | undefined,
  toldMs: number,
  at: number,
): Omit<ThrottleTold, "epoch"> | undefined {
  if (quota?.exceeded) hearing.exceeded++
  else hearing.answered++
  const overMs = at - hearing.since
  const isDue = overMs >= toldMs
  const waitMs = quota === undefined ? 0 : askedFor(quota)
  const asks = waitMs > 0 && at + waitMs > hearing.heldUntil + noNewsMs
  if (!asks && !isDue) return undefined
  const isShort = isDue && quota !== undefined && runsOut(hearing, overMs, quota)
  const { answered, exceeded } = hearing
  const isNews = asks || exceeded > 0 || isShort
  if (isNews || overMs >= longestMs) restart(hearing, at)
  if (!isNews) return undefined
  if (asks) hearing.heldUntil = at + waitMs
  const grants = isShort ? { remaining: quota.remaining, resetAfterMs: quota.resetAfterMs } : {}
  return { type: "throttle.told", at, overMs, answered, exceeded, ...(asks ? { waitMs } : {}), ...grants }
}

function restart(hearing: Hearing, at: number): void {
  hearing.since = at
  hearing.answered = 0
  hearing.exceeded = 0
}
