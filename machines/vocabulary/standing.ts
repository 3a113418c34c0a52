/**
 * Standing: what a breaker is worth to those that depend on it, as its own gate says it. Whatever shuts a gate, its own circuit or
 * a dependency further down, reaches those above in this one form, and with the name of where it began.
 */
import type { Circuit } from "./circuit.ts"
import type { Gate } from "./gate.ts"

/** How much a service needs another: without a critical one it cannot answer, without a required one some calls fail. */
export const needs = ["critical", "required", "optional"] as const

export type Need = (typeof needs)[number]

export interface Standing {
  /** Its own circuit; `unknown` when no living breaker answers to the name. */
  readonly circuit: Circuit | "unknown"
  /** The part of its calls that it can serve, 0 to 1. */
  readonly health: number
  /** While it serves none but probes: how many at once. */
  readonly probes?: number | undefined
  /** The breaker in which the trouble began: itself, or one that it depends on. */
  readonly cause?: string | undefined
  /** What is wrong there, in words. */
  readonly reason: string
  /** When it will probe, monotonic milliseconds of those that depend on it. */
  readonly retryAt?: number | undefined
}

/** What a breaker's dependencies, taken together, do to it: the finding of the dependency graph. */
export interface GraphFinding {
  readonly state: "clear" | "impaired" | "blocked"
  /** When it was found. */
  readonly at: number
  /** The part of calls that can be served, as far as dependencies go, 0 to 1. */
  readonly health: number
  /** The part of calls that may enter: what a dependency sheds by itself is not shed a second time. */
  readonly share: number
  /** Blocked by one that probes: how many calls at once may enter, to be its probes. */
  readonly probes?: number | undefined
  readonly retryAt?: number | undefined
  /** The dependency through which it comes. */
  readonly via?: string | undefined
  /** The breaker in which it began. */
  readonly cause?: string | undefined
  readonly reason: string
}

/** No breaker of that name lives: it neither blocks nor vouches. */
export const unknownStanding = (id: string): Standing => ({
  circuit: "unknown",
  health: 1,
  reason: `no breaker is called ${id}`,
})

const words: { readonly [C in Circuit]?: string } = { halfOpen: "half-open" }

/** What is wrong with a breaker whose own doing it is. */
function complaint(name: string, { circuit, restriction, holders }: Gate): string {
  if (circuit !== "closed") return `${name} is ${words[circuit] ?? circuit}`
  if (restriction.share === 1) return `${name} is closed`
  // Others may hold other things at the same time: whoever demands the share says why.
  const reasons = holders.filter(({ demand }) => demand.share === restriction.share).map(({ reason }) => reason)
  return `${name} is held back: ${reasons.join("; ")}`
}

/** A gate as those that depend on the breaker see it. `graph` is what the breaker's own dependencies do to it. */
export function standingOf(name: string, gate: Gate, graph: GraphFinding | undefined): Standing {
  const { phase, enforcement, circuit, restriction } = gate
  if (phase !== "active") return unknownStanding(name)
  // What the operator lets pass is not held up for others either.
  if (enforcement !== "on") return { circuit, health: 1, reason: `${name} is not obeyed: ${gate.mode}` }
  const { share, retryAt } = restriction
  const probes = share > 0 && Number.isFinite(restriction.probes) ? restriction.probes : undefined
  const own = probes === undefined ? share : 0
  const health = Math.min(own, graph?.health ?? 1)
  if (health === 1) return { circuit, health, reason: complaint(name, gate) }
  const isTold = graph !== undefined && graph.health === health
  return {
    circuit,
    health,
    cause: isTold ? graph.cause : name,
    reason: isTold ? graph.reason : complaint(name, gate),
    ...(probes === undefined ? {} : { probes }),
    ...(Number.isFinite(retryAt) ? { retryAt } : {}),
  }
}

/** Whether two standings say the same to whoever depends on it. */
export function sameStanding(one: Standing, other: Standing): boolean {
  return (
    one.circuit === other.circuit &&
    one.health === other.health &&
    one.probes === other.probes &&
    one.cause === other.cause &&
    one.reason === other.reason &&
    one.retryAt === other.retryAt
  )
}
