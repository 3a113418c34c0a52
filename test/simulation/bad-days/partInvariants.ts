/** Invariants of components, of dependencies, and of what is said before a call and done about it. */
import type { Circuit } from "../../../machines/vocabulary/circuit.ts"
import type { Day } from "./day.ts"
import type { Invariant } from "./invariants.ts"

const total = (counts: { readonly [name: string]: number }): number =>
  Object.values(counts).reduce((all, one) => all + one, 0)

const bounds = ({ config: { timeout } }: Day): readonly [number, number] => {
  if (timeout === false) return [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  if (typeof timeout === "number") return [timeout, timeout]
  const { min = 0, max = Number.POSITIVE_INFINITY } =
    typeof timeout === "object" ? (timeout as { min?: number; max?: number }) : {}
  return [min, max]
}

const mostSlots = ({ config: { priority } }: Day): number => {
  const limit = typeof priority === "object" ? (priority as { limit?: unknown }).limit : undefined
  if (typeof limit === "number") return limit
  return (limit as { max?: number } | undefined)?.max ?? Number.POSITIVE_INFINITY
}

const isBlockedByLedger = ({ ledger }: Day): boolean =>
  ledger !== undefined && ledger.phase === "active" && ledger.mode === "forcedOpen"

const isWellLedger = ({ ledger }: Day): boolean =>
  ledger !== undefined && ledger.phase === "active" && ledger.mode === "auto" && ledger.circuit === "closed"

const dependsOn = ({ breaker }: Day): boolean =>
  "ledger" in (breaker.metrics().components.dependency?.dependencies ?? {})

export const partInvariants: readonly Invariant[] = [
  {
    name: "what is said before a call is what is done",
    law: "wouldReject ⇒ refused likewise; not ⇒ admitted, or no slot is free",
    mistake: "tokens lost on a later refusal",
    when: "event",
    broken: ({ books: { entry } }) => {
      if (entry === undefined || entry.foretold === "unasked" || entry.before.enforcement !== "on") return undefined
      const { foretold, admitted, rejection } = entry
      if (foretold !== undefined) return admitted ? `it was to be refused by ${foretold.layer}` : undefined
      return !admitted && rejection?.layer !== "limit" && rejection?.layer !== "queue" && JSON.stringify(rejection)
    },
  },
  {
    name: "a call may run as long as was set",
    law: "the timeout lies between its bounds",
    mistake: "a timeout that spirals",
    when: "happening",
    broken: (day) => {
      const { timeoutMs } = day.plane.gate.restriction
      const [least, most] = bounds(day)
      return !(timeoutMs >= least && timeoutMs <= most) && `${timeoutMs} of ${least}–${most}`
    },
  },
  {
    name: "a learned limit keeps to its bounds",
    law: "1 ≤ limit ≤ most",
    mistake: "limit that grows on the first short completions",
    when: "happening",
    broken: (day) => {
      const { bulkhead } = day.plane.admission
      if (!bulkhead?.isOn) return undefined
      const limit = bulkhead.limit(day.clock.now())
      return !(limit >= 1 && limit <= mostSlots(day)) && `${limit} of ${mostSlots(day)}`
    },
  },
  {
    name: "the times in all states add up",
    law: "their sum is the time since the breaker was made",
    mistake: "half-open exported as open",
    when: "happening",
    broken: ({ breaker, clock, madeAt, isOriginal }) => {
      const part = breaker.metrics().components.metrics
      if (part === undefined || !isOriginal) return undefined
      const sum = total(part.msIn as { readonly [C in Circuit]: number })
      return Math.abs(sum - (clock.now() - madeAt)) > 1 && `${sum} ms of ${clock.now() - madeAt}`
    },
  },
  {
    name: "each move is counted once",
    law: "the moves by rule add up to those that listeners heard of",
    mistake: "two transitions for one cause",
    when: "happening",
    broken: ({ breaker, books, isOriginal }) => {
      const part = breaker.metrics().components.metrics
      return (
        part !== undefined &&
        isOriginal &&
        total(part.moves) !== books.heard &&
        `${total(part.moves)} of ${books.heard}`
      )
    },
  },
  {
    name: "a warning does not hold on by itself",
    law: "warned ⇒ the circuit is closed or degraded, and its demand leaves room for a call",
    mistake: "a verdict that never expires",
    when: "happening",
    broken: ({ breaker, plane: { gate } }) => {
      const warned = gate.holders.find(({ by }) => by === "prediction")
      const state = breaker.metrics().components.prediction?.state
      if (state !== "warned") return undefined
      return !(gate.circuit === "closed" && (warned?.demand.limit ?? 1) >= 1) && JSON.stringify(warned)
    },
  },
  {
    name: "what depends on a breaker that is shut is shut",
    law: "a critical dependency forced open ⇒ refused",
    mistake: "a failure of a dependency charged twice",
    when: "happening",
    broken: (day) => {
      const { plane, breaker } = day
      const isObeyed = plane.gate.enforcement === "on" && breaker.phase === "active"
      return (
        isBlockedByLedger(day) &&
        isObeyed &&
        dependsOn(day) &&
        breaker.wouldReject() === undefined &&
        "it would be let in"
      )
    },
  },
  {
    name: "a dependency that is well holds nothing back",
    law: "every dependency closed ⇒ the graph demands no share of 0",
    mistake: "a verdict that never expires",
    when: "happening",
    broken: (day) =>
      isWellLedger(day) &&
      day.plane.gate.holders.some(({ by, demand }) => by === "dependency" && demand.share === 0) &&
      "share 0",
  },
  {
    name: "restored, it waits for what remained",
    law: "the wait after is the wait before, less the time away, and never longer",
    mistake: "restore that forgets its timer; a wall-clock step freezes it",
    when: "happening",
    broken: ({ books: { restart } }) => {
      if (restart?.leftBefore === undefined || restart.leftAfter === undefined) return undefined
      return restart.leftAfter > restart.leftBefore + 1 && `${restart.leftAfter} ms of ${restart.leftBefore}`
    },
  },
]
