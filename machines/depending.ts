/**
 * Depending: what a breaker remembers of each service that its own needs, what they do to it together, and what the loss of one
 * has been seen to cost. Pure steps over the context of the dependency graph.
 */
import { book, type Calls, type Dependency, impactOf, noCalls } from "./impact.ts"
import type { depending } from "./needing.ts"
import type { OutOf } from "./options.ts"
import type { DependencyAdded, DependencyMoved, Slice } from "./vocabulary/signal.ts"
import { type GraphFinding, type Need, type Standing, sameStanding, unknownStanding } from "./vocabulary/standing.ts"

export interface DependingContext {
  /** What the config says. */
  readonly settings: OutOf<typeof depending>
  readonly dependencies: { readonly [id: string]: Dependency }
  readonly finding: GraphFinding
  /** All of our calls, by slices. */
  readonly counted: Calls
  /** Whose standing began within the slice that is still open: it says nothing about them. */
  readonly fresh: readonly string[]
}

const clear = (at: number): GraphFinding => ({ state: "clear", at, health: 1, share: 1, reason: "" })

const fresh = (id: string, need: Need, impact: number | undefined, at: number, from: Calls): Dependency => ({
  need,
  impact,
  standing: unknownStanding(id),
  since: at,
  up: noCalls,
  down: noCalls,
  from,
})

export const beginDepending = (settings: OutOf<typeof depending>, at: number): DependingContext => ({
  settings,
  dependencies: Object.fromEntries(
    Object.entries(settings.dependencies).map(([id, { type, impact }]) => [id, fresh(id, type, impact, at, noCalls)]),
  ),
  finding: clear(at),
  counted: noCalls,
  fresh: [],
})

/** Shares closer to nothing than this would let no call enter in any useful time. */
const leastShare = 0.001

interface Effect {
  readonly id: string
  readonly standing: Standing
  readonly health: number
  readonly share: number
}

function effectOf(id: string, one: Dependency, counted: Calls): Effect {
  const { standing } = one
  const health = 1 - impactOf(one, counted) * (1 - standing.health)
  const share = standing.health > 0 ? 1 : health < leastShare ? 0 : health
  return { id, standing, health: share === 0 ? 0 : health, share }
}

/** The worse of two: less share, then open before probing, then less health, then the one that is known longer. */
function isWorse(one: Effect, other: Effect): boolean {
  if (one.share !== other.share) return one.share < other.share
  if (one.share === 0) return one.standing.probes === undefined && other.standing.probes !== undefined
  return one.health < other.health
}

/** What all dependencies do together: the worst of them, each weighed by its impact. */
function judge(dependencies: DependingContext["dependencies"], counted: Calls, at: number): GraphFinding {
  let worst: Effect | undefined
  let probes = Number.POSITIVE_INFINITY
  let retryAt = Number.NEGATIVE_INFINITY
  let health = 1
  for (const [id, one] of Object.entries(dependencies)) {
    const effect = effectOf(id, one, counted)
    health = Math.min(health, effect.health)
    if (effect.health === 1) continue
    if (effect.share === 0) {
      probes = Math.min(probes, one.standing.probes ?? Number.POSITIVE_INFINITY)
      retryAt = Math.max(retryAt, one.standing.retryAt ?? retryAt)
    }
    if (worst === undefined || isWorse(effect, worst)) worst = effect
  }
  if (worst === undefined) return clear(at)
  const { id, share, standing } = worst
  const { cause, reason } = standing
  const found = { at, health, share, via: id, cause, reason }
  if (share > 0) return { state: "impaired", ...found }
  if (standing.probes !== undefined) return { state: "blocked", ...found, probes }
  return { state: "blocked", ...found, ...(Number.isFinite(retryAt) ? { retryAt } : {}) }
}

/** The same finding as before if it says the same: whoever watches compares by reference. */
function keep(before: GraphFinding, now: GraphFinding): GraphFinding {
  const { at: _before, ...was } = before
  const { at: _now, ...is } = now
  return JSON.stringify(was) === JSON.stringify(is) ? before : now
}

type Step = Partial<DependingContext>

const judged = (
  { finding, counted }: DependingContext,
  dependencies: DependingContext["dependencies"],
  at: number,
) => ({
  dependencies,
  finding: keep(finding, judge(dependencies, counted, at)),
})

export function added(context: DependingContext, { id, need, impact, at, standing }: DependencyAdded): Step {
  const unknown = fresh(id, need, impact, at, context.counted)
  const dependencies = { ...context.dependencies, [id]: { ...unknown, standing: standing ?? unknown.standing } }
  const isNews = Object.hasOwn(context.dependencies, id) || (standing ?? unknown.standing).health < 1
  return { ...(isNews ? judged(context, dependencies, at) : { dependencies }), fresh: [...context.fresh, id] }
}

/** Another config: what it no longer names goes, what it names anew comes, the others keep what is known of them. */
export function declared(context: DependingContext, settings: OutOf<typeof depending>, at: number): Step {
  const { dependencies: before, counted } = context
  const kept = Object.entries(before).filter(
    ([id]) => !Object.hasOwn(context.settings.dependencies, id) || Object.hasOwn(settings.dependencies, id),
  )
  const named = Object.entries(settings.dependencies).map(([id, { type: need, impact }]) => {
    const known = Object.hasOwn(before, id) ? before[id] : undefined
    return [id, known === undefined ? fresh(id, need, impact, at, counted) : { ...known, need, impact }] as const
  })
  return { settings, ...judged(context, Object.fromEntries([...kept, ...named]), at) }
}

export function removed(context: DependingContext, id: string, at: number): Step {
  const { [id]: _gone, ...others } = context.dependencies
  // The config has named it for the last time: what comes under its name later is not the config's.
  const { [id]: _named, ...dependencies } = context.settings.dependencies
  return {
    settings: { dependencies },
    ...judged(context, others, at),
    fresh: context.fresh.filter((one) => one !== id),
  }
}

export function movedOn(context: DependingContext, { moves, at }: DependencyMoved): Step {
  const { counted, dependencies: before } = context
  const known = Object.entries(moves).flatMap(([id, move]) => {
    const one = Object.hasOwn(before, id) ? before[id] : undefined
    return one === undefined ? [] : [{ id, ...move, one, moved: !sameStanding(move.standing, one.standing) }]
  })
  const changed = known.map(({ id, one, standing, blamed = 0, moved }) => {
    const booked = { ...book(one, counted, blamed), from: counted }
    return [id, moved ? { ...booked, standing, since: at } : booked] as const
  })
  const dependencies = { ...before, ...Object.fromEntries(changed) }
  const young = known.flatMap(({ id, moved }) => (moved ? [id] : []))
  // Some are told only of what was charged to them: that moves nobody, and may be measured.
  if (young.length === 0) return { dependencies, ...measured({ ...context, dependencies }, at) }
  return { ...judged(context, dependencies, at), fresh: [...new Set([...context.fresh, ...young])] }
}

/** Counts one slice. */
export function counted(context: DependingContext, slice: Slice, at: number): Step {
  const step = sliced(context, slice)
  return { ...step, ...measured({ ...context, ...step }, at) }
}

/** Judges anew when another impact of what is down has been measured. */
function measured({ finding: before, dependencies, counted }: DependingContext, at: number): Step {
  if (!Object.values(dependencies).some(isMeasured)) return {}
  const finding = judge(dependencies, counted, at)
  return isFarFrom(before, finding) ? { finding } : {}
}

/** Whether what it does to us hangs on what is being counted. */
const isMeasured = ({ need, impact, standing }: Dependency) =>
  need === "required" && impact === undefined && standing.health === 0

/** A gate that followed every call would be another one each second. */
const leastChange = 0.05
const isFarFrom = (before: GraphFinding, now: GraphFinding) =>
  before.state !== now.state || Math.abs(before.share - now.share) >= leastChange

/** Those whose standing began within the slice are measured from its end. */
function sliced(context: DependingContext, { success, failure, timedOut }: Slice): Step {
  const calls = { good: context.counted.good + success, bad: context.counted.bad + failure + timedOut }
  if (context.fresh.length === 0) return { counted: calls }
  const young = context.fresh.flatMap((id) => {
    const one = context.dependencies[id]
    return one === undefined ? [] : [[id, { ...one, from: calls }] as const]
  })
  return { counted: calls, fresh: [], dependencies: { ...context.dependencies, ...Object.fromEntries(young) } }
}
