/**
 * What is measured of a run, defined exactly. A column sees the recording of the run and, for the same seed, that of the same
 * world without any breaker.
 */
import { binMs, type Fault, type Recording } from "./record.ts"

export interface Column {
  readonly id: string
  readonly unit: "" | "s" | "%" | "ms" | "calls" | "a day"
  /** The definition, as the reports print it. */
  readonly meaning: string
  readonly better: "less" | "more"
  /** It looks at the other run as well; without such a column there need be none. */
  readonly compares?: true
  of(run: Recording, unprotected: Recording): number
}

const never = Number.POSITIVE_INFINITY
const seconds = (ms: number): number => ms / 1000

export const firstFault = ({ faults }: Recording): Fault => {
  const [fault] = faults
  if (fault === undefined) throw new Error("this column needs a fault, and the world has none")
  return fault
}

export const lastFault = ({ faults }: Recording): Fault => {
  const fault = faults.at(-1)
  if (fault === undefined) throw new Error("this column needs a fault, and the world has none")
  return fault
}

/** When the first fault begins; 0 in a world without faults. */
const begin = ({ faults }: Recording): number => faults[0]?.from ?? 0

export const goodput: Column = {
  id: "G",
  unit: "%",
  meaning: "goodput: successes among the calls offered from the beginning of the first fault to the end of the run",
  better: "more",
  of: (run) => (100 * run.sum("success", begin(run))) / run.sum("offered", begin(run)),
}

export const alarm: Column = {
  id: "TTD",
  unit: "s",
  meaning:
    "time to detect: from the beginning of the (first) fault to the policy's first published change (of its circuit, or of the share that it admits), if that comes before the fault ends; else never",
  better: "less",
  of: (run) => {
    const { from, to } = firstFault(run)
    const move = run.moves.find(({ at }) => at >= from)
    return move === undefined || move.at > to ? never : seconds(move.at - from)
  },
}

export const firstRefusal: Column = {
  id: "first refusal",
  unit: "s",
  meaning: "from the beginning of the (first) fault to the first refused call, if that comes before the fault ends",
  better: "less",
  of: (run) => {
    const { from, to } = firstFault(run)
    const at = run.firstRefusals[0] ?? never
    return at > to ? never : seconds(at - from)
  },
}

/** Calls offered in `[from, to)` that were sent and did not end well. */
const sentInVain = (run: Recording, { from, to }: Fault): number =>
  run.sum("failure", from, to) + run.sum("timedOut", from, to)

export const sent: Column = {
  id: "W",
  unit: "calls",
  meaning: "failed calls sent: calls offered during the fault that were admitted and failed or timed out",
  better: "less",
  of: (run) => sentInVain(run, firstFault(run)),
}

/** The service is well, and yet these calls got nothing from it. */
const lostAfter = (run: Recording, from: number, to: number): number =>
  run.sum("refused", from, to) + run.sum("timedOut", from, to)

export const lost: Column = {
  id: "L",
  unit: "s",
  meaning:
    "healthy traffic lost after the (last) fault, in seconds of traffic: calls offered from its end to the end of the run that were refused or timed out, divided by the rate at which calls were offered then",
  better: "less",
  of: (run) => {
    const { to } = lastFault(run)
    const offered = run.sum("offered", to)
    return offered === 0 ? 0 : (lostAfter(run, to, never) / offered) * seconds(run.horizonMs - to)
  },
}

const meanMs = 10_000

export const recovery: Column = {
  id: "R",
  unit: "s",
  meaning:
    "recovery: the first time t after the end of the (last) fault such that of the calls offered in the ten seconds from t on at least 90 % succeed",
  better: "less",
  of: (run) => {
    const { to } = lastFault(run)
    for (let at = to; at + meanMs <= run.horizonMs; at += binMs) {
      const offered = run.sum("offered", at, at + meanMs)
      if (offered > 0 && run.sum("success", at, at + meanMs) >= 0.9 * offered) return seconds(at - to)
    }
    return never
  },
}

export const attempts: Column = {
  id: "A",
  unit: "",
  meaning: "attempts sent for each call offered, from the beginning of the first fault to the end of the run",
  better: "less",
  of: (run) => run.admitted(begin(run)) / run.sum("offered", begin(run)),
}

/** An opening within a second of the end of a fault is the fault's. */
const graceMs = 1000
const isFaulty = (run: Recording, at: number): boolean =>
  run.faults.some(({ from, to }) => at >= from && at <= to + graceMs)
const dayMs = 86_400_000

export const falseOpens: Column = {
  id: "F",
  unit: "a day",
  meaning:
    "false opens: transitions to open while no fault lasts (nor ended less than a second ago), for each day without fault",
  better: "less",
  of: (run) => {
    const opens = run.moves.filter(({ at, circuit }) => circuit === "open" && !isFaulty(run, at)).length
    const faultyMs = run.faults.reduce((sum, { from, to }) => sum + to - from, 0)
    return (opens * dayMs) / (run.horizonMs - faultyMs)
  },
}

export const refusedBefore: Column = {
  id: "refused before",
  unit: "%",
  meaning: "calls refused among those offered before the first fault; in a world without faults, among all",
  better: "less",
  of: (run) => {
    const end = run.faults[0]?.from ?? never
    return (100 * run.sum("refused", 0, end)) / run.sum("offered", 0, end)
  },
}

export const p99: Column = {
  id: "p99",
  unit: "ms",
  meaning: "99th percentile of how long successes took for their callers, in the whole run, within 2 %",
  better: "less",
  of: (run) => run.latencyMs(0.99),
}

export const wasted: Column = {
  id: "wasted",
  unit: "s",
  meaning: "worker-seconds that the service spent on calls that failed or whose caller had given up, in the whole run",
  better: "less",
  of: (run) => seconds(run.wastedMs),
}

export const kept: Column = {
  id: "kept",
  unit: "%",
  meaning: "successes among calls offered during the fault, as a share of the successes without any breaker",
  better: "more",
  compares: true,
  of: (run, unprotected) => {
    const { from, to } = firstFault(run)
    return (100 * run.sum("success", from, to)) / unprotected.sum("success", from, to)
  },
}

export const keptInAll: Column = {
  id: "kept in all",
  unit: "%",
  meaning: "successes in the whole run, as a share of those without any breaker",
  better: "more",
  compares: true,
  of: (run, unprotected) => (100 * run.sum("success")) / unprotected.sum("success"),
}

/** For worlds in which no refusal is warranted, before a fault or after. */
export const refused: Column = {
  id: "refused",
  unit: "%",
  meaning: "calls refused among all that were offered, the first seconds included",
  better: "less",
  of: (run) => (100 * run.sum("refused")) / run.sum("offered"),
}
