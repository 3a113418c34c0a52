/**
 * Exploring: how a timeout finds out what would have become of the calls that it cuts off, as pure steps over what it knows.
 *
 * A timed-out call is a censored observation: it would have taken longer, nobody knows how much. So calls are now and then
 * given four times as long, or sixteen times, up to the longest. That costs waiting on calls that hang, and is paid from a budget.
 */
import type { Slice } from "./vocabulary/signal.ts"

/** The share of false timeouts that is accepted: a larger share of timed-out calls is a reason to look closer. */
export const falseTimeouts = 0.001

/** What trials may cost, as a part of the time that calls take and of the time of one caller more: with it they stay below 5 %. */
const budget = 0.045
const rungFactor = 4
/** A trial goes on until it has probably given so many of the calls that time out the longer time. */
const enoughExposed = 2
/** Evidence older than so many calls counts half, and again half: enough to know a thousandth, and enough to know today's rate. */
const memoryCalls = { long: 1000, short: 50 }

/** Calls that succeeded or timed out, and of them those that timed out. */
interface Tally {
  readonly calls: number
  readonly cut: number
}

const none: Tally = { calls: 0, cut: 0 }

export interface Search {
  readonly long: Tally
  readonly short: Tally
  /** Milliseconds of waiting that trials may still cost. */
  readonly creditMs: number
  /** Trials since the timeout was raised last. */
  readonly trials: number
  /** How long calls may run in the present trial, or might in the last. */
  readonly trialMs: number
  /** Calls that timed out, probably, under the trial. */
  readonly exposed: number
  /** When the last call of a trial that is over has ended. */
  readonly endsAt: number
  /** Successes since the timeout was raised last: the latency of older ones was cut at a shorter time. */
  readonly seen: number
  /** How long a timeout the trials have shown to be needed; 0 when none. */
  readonly goalMs: number
}

export const freshSearch = (creditMs: number): Search => ({
  long: none,
  short: none,
  creditMs,
  trials: 0,
  trialMs: 0,
  exposed: 0,
  endsAt: 0,
  seen: 0,
  goalMs: 0,
})

const share = ({ cut, calls }: Tally): number => (calls === 0 ? 0 : cut / calls)

/** Whether more calls time out than may do so wrongly: then the upper quantiles are unknown beyond the timeout. */
export const isCensored = ({ long }: Search): boolean => share(long) > falseTimeouts

function add({ calls, cut }: Tally, { success, timedOut }: Slice, memory: number): Tally {
  const kept = calls > memory ? 0.5 : 1
  return { calls: calls * kept + success + timedOut, cut: cut * kept + timedOut }
}

/** Counts one slice, which closed at `at`. Quiet times save up no more than one call's longest wait. */
export function counted(search: Search, slice: Slice, at: number, timeoutMs: number, maxMs: number): Search {
  const { success, timedOut, latency, startedAt } = slice
  const long = add(search.long, slice, memoryCalls.long)
  const short = add(search.short, slice, memoryCalls.short)
  const workMs = success * latency.p50 + timedOut * timeoutMs
  const saved = search.creditMs + budget * (workMs + Math.max(0, at - startedAt))
  const next = { ...search, long, short, seen: search.seen + success }
  return { ...next, creditMs: isCensored(next) ? saved : Math.min(maxMs, saved) }
}

/** Counts one slice of a trial: how many of its calls will time out is not to be seen yet. */
export const countedInTrial: typeof counted = (search, ...rest) => ({
  ...counted(search, ...rest),
  short: search.short,
})

/** The timeout has been raised: what was seen under the shorter one says nothing of calls that take longer. */
export const raised = (search: Search, goalMs = 0): Search => ({ ...freshSearch(search.creditMs), goalMs })

/** How long the next trial's calls may run. Each longer time is tried half as often as the one below it. */
export function nextTrialMs({ trials }: Search, timeoutMs: number, maxMs: number): number {
  let rung = 1
  for (let turn = trials + 1; turn % 2 === 0; turn /= 2) rung++
  return Math.min(maxMs, timeoutMs * rungFactor ** rung)
}

/** How many of the calls that begin in one such slice will time out. Those of a trial do so much later than the others end. */
function exposedIn({ long, short }: Search, { success, timedOut }: Slice): number {
  const { calls, cut } = share(short) > share(long) ? short : long
  return Math.max(timedOut, calls > cut ? (success * cut) / (calls - cut) : 0)
}

/** Whether there is something to find out, something to be learned by waiting, and the means to wait. */
export function mayExplore(search: Search, slice: Slice, timeoutMs: number, maxMs: number): boolean {
  if (timeoutMs >= maxMs || search.goalMs > timeoutMs || !isCensored(search)) return false
  const longerMs = nextTrialMs(search, timeoutMs, maxMs) - timeoutMs
  return search.creditMs >= longerMs * Math.max(enoughExposed, exposedIn(search, slice))
}

/** The coming slice of a trial is paid for in advance: a trial that is broken off has cost something too. */
const paid = (search: Search, slice: Slice, timeoutMs: number): Search => ({
  ...search,
  creditMs: search.creditMs - exposedIn(search, slice) * (search.trialMs - timeoutMs),
})

export function begun(search: Search, slice: Slice, timeoutMs: number, maxMs: number): Search {
  const trialMs = nextTrialMs(search, timeoutMs, maxMs)
  return paid({ ...search, trials: search.trials + 1, trialMs, exposed: 0 }, slice, timeoutMs)
}

/** One slice of a trial has passed. */
export const tried = (search: Search, slice: Slice, at: number): Search => ({
  ...search,
  exposed: search.exposed + exposedIn(search, slice),
  endsAt: at + search.trialMs,
})

/** Whether the trial has shown what it can, or has cost what it may, or there is nothing left to find out. */
export const isOver = (search: Search): boolean =>
  search.exposed >= enoughExposed || search.creditMs <= 0 || !isCensored(search)

/** Another slice of the same trial. */
export const goneOn = (search: Search, slice: Slice, timeoutMs: number, at: number): Search =>
  paid(tried(search, slice, at), slice, timeoutMs)
