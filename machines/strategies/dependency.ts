/**
 * `dependency`: the graph of a strategy of two actors. Its circuit is its own and any other strategy's; this actor stands beside it and
 * knows what the service depends on. Told how those stand, it holds back what cannot go well without them, and names the one in
 * which the trouble began.
 *
 * Owns:    the dependencies, how each stands, its declared and its measured impact.
 * Hears:   dependency.added, dependency.removed, dependency.moved, slice.closed, circuit.moved,
 *          settings.changed.
 * Demands: impaired: the share that can go well without what is down · blocked: share 0 until it probes, then as many probes as it
 *          lets in · clear: nothing.
 * Laws:
 *   1. A critical dependency that serves nothing blocks; a required one impairs by its impact; an optional one demands nothing.
 *   2. The worst decides, each weighed by its impact, whatever the order in which they moved.
 *   3. An unknown dependency demands nothing and prevents nothing.
 *   4. While what blocks it probes, as many calls enter as that lets in: ours may be the only ones that can close it.
 *   5. What a dependency sheds by itself is told, and not shed a second time.
 *   6. The reason names the deepest cause, and the report how each dependency stands.
 *   7. A declared impact decides as it is; one left out is half until it is measured, in the midst of its loss too, and measured it
 *      never blocks.
 *   8. It never moves the circuit: own and derived status are two.
 */
import { assign, type Snapshot, type SnapshotFrom, setup } from "xstate"
import { added, beginDepending, counted, type DependingContext, declared, movedOn, removed } from "../depending.ts"
import { impactOf, measuredImpact } from "../impact.ts"
import { depending } from "../needing.ts"
import type { OutOf } from "../options.ts"
import { component, only, type PlugInput, type StateMeta } from "../plug.ts"
import type { Circuit } from "../vocabulary/circuit.ts"
import type { Signal } from "../vocabulary/signal.ts"
import type { GraphFinding } from "../vocabulary/standing.ts"

type Settings = OutOf<typeof depending>

interface DependencyContext extends DependingContext {
  /** Where the circuit beside it stands. */
  readonly own: Circuit
}

const machine = setup({
  types: {
    context: {} as DependencyContext,
    events: {} as Signal,
    input: {} as PlugInput<Settings>,
    meta: {} as StateMeta<DependencyContext>,
  },
  guards: {
    isClear: ({ context }) => context.finding.state === "clear",
    isImpaired: ({ context }) => context.finding.state === "impaired",
    isBlocked: ({ context }) => context.finding.state === "blocked",
  },
  actions: {
    add: assign(({ context, event }) => added(context, only(event, "dependency.added"))),
    remove: assign(({ context, event }) => removed(context, only(event, "dependency.removed").id, event.at)),
    move: assign(({ context, event }) => movedOn(context, only(event, "dependency.moved"))),
    count: assign(({ context, event }) => counted(context, only(event, "slice.closed").slice, event.at)),
    learn: assign(({ context, event }) =>
      declared(context, only(event, "settings.changed").settings as Settings, event.at),
    ),
    noteOwn: assign(({ event }) => ({ own: only(event, "circuit.moved").to })),
  },
}).createMachine({
  id: "dependency",
  context: ({ input: { settings, at } }) => ({ ...beginDepending(settings, at), own: "closed" }),
  initial: "clear",
  on: {
    "dependency.added": { actions: "add" },
    "dependency.removed": { actions: "remove" },
    "dependency.moved": { actions: "move" },
    "slice.closed": { actions: "count" },
    "circuit.moved": { actions: "noteOwn" },
    "settings.changed": { actions: "learn" },
  },
  states: {
    clear: {
      meta: { lines: () => ({ sliceMs: 1000 }) },
      always: [
        { guard: "isBlocked", target: "blocked" },
        { guard: "isImpaired", target: "impaired" },
      ],
    },
    impaired: {
      meta: {
        demand: ({ finding: { share } }) => (share < 1 ? { share } : {}),
        lines: () => ({ sliceMs: 1000 }),
      },
      always: [
        { guard: "isBlocked", target: "blocked" },
        { guard: "isClear", target: "clear" },
      ],
    },
    blocked: {
      meta: {
        demand: ({ finding: { probes, retryAt } }) =>
          probes !== undefined ? { probes } : retryAt === undefined ? { share: 0 } : { share: 0, retryAt },
        lines: ({ finding: { probes } }) => ({ sliceMs: 1000, leaseMs: probes === undefined ? undefined : 60_000 }),
      },
      always: [
        { guard: "isImpaired", target: "impaired" },
        { guard: "isClear", target: "clear" },
      ],
    },
  },
})

/** One dependency, as `metrics()` shows it. */
export interface DependencyReport {
  readonly type: "critical" | "required" | "optional"
  /** Its circuit, or `unknown` when no living breaker has that name. */
  readonly circuit: Circuit | "unknown"
  /** The part of its calls that it can serve, 0 to 1. */
  readonly health: number
  readonly since: number
  /** The impact that decides. */
  readonly impact: number
  readonly declared?: number
  /** What its loss was seen to cost; missing while too little was seen. */
  readonly measured?: number
  /** The breaker in which its trouble began. */
  readonly cause?: string
}

/** What the strategy `dependency` reports. */
export interface GraphReport {
  /** The breaker's own circuit. */
  readonly own: Circuit
  /** What becomes of it with all that it depends on. */
  readonly derived: GraphFinding["state"]
  readonly cause?: string
  readonly reason: string
  readonly dependencies: { readonly [id: string]: DependencyReport }
}

const contextOf = (snapshot: Snapshot<unknown>) => (snapshot as SnapshotFrom<typeof machine>).context

/** The worse of the circuit and the graph. */
function derivedOf({ own, finding: { state } }: DependencyContext): GraphFinding["state"] {
  if (own === "open" || state === "blocked") return "blocked"
  return own === "closed" ? state : "impaired"
}

function reportOf(context: DependencyContext): GraphReport {
  const { own, finding, dependencies, counted: calls } = context
  const { cause, reason } = finding
  const each = Object.entries(dependencies).map(([id, one]): readonly [string, DependencyReport] => {
    const { need: type, impact: declaredImpact, standing, since } = one
    const measured = measuredImpact(one, calls)
    const { circuit, health } = standing
    return [
      id,
      {
        ...{ type, circuit, health, since, impact: impactOf(one, calls) },
        ...(declaredImpact === undefined ? {} : { declared: declaredImpact }),
        ...(measured === undefined ? {} : { measured }),
        ...(standing.cause === undefined ? {} : { cause: standing.cause }),
      },
    ]
  })
  const named = cause === undefined ? {} : { cause }
  return { own, derived: derivedOf(context), ...named, reason, dependencies: Object.fromEntries(each) }
}

export const dependency = component({
  key: "dependency",
  layer: "circuit",
  standard: false,
  options: depending,
  chart: machine,
  hears: [
    "dependency.added",
    "dependency.removed",
    "dependency.moved",
    "slice.closed",
    "circuit.moved",
    "settings.changed",
  ],
  reason: (snapshot) => contextOf(snapshot).finding.reason,
  finding: (snapshot) => contextOf(snapshot).finding,
  report: (snapshot) => reportOf(contextOf(snapshot)),
})
