/** Looks at charts while they run, through XState's inspection, and notes what of them has been covered. */
import type {
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyStateNode,
  AnyTransitionDefinition,
  InspectionEvent,
} from "xstate"
import { type ChartItems, type Indexed, itemsOf, listOf, placeOf } from "./items.ts"

interface Watched {
  readonly indexed: Indexed
  before: AnyMachineSnapshot | undefined
}

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof logic === "object" && logic !== null && "root" in logic

type Asked = (node: AnyStateNode) => readonly AnyTransitionDefinition[]

const always: Asked = (node) => node.always ?? []

const isFor = (type: string) => (descriptor: string) =>
  descriptor === type || descriptor === "*" || (descriptor.endsWith(".*") && type.startsWith(descriptor.slice(0, -1)))

const known = new WeakMap<AnyStateNode, Map<string, readonly AnyTransitionDefinition[]>>()

/** What a state would do on an event: what names it most closely comes first, as in XState. */
function transitionsOn(node: AnyStateNode, type: string): readonly AnyTransitionDefinition[] {
  const byType = known.get(node) ?? new Map<string, readonly AnyTransitionDefinition[]>()
  known.set(node, byType)
  const found =
    byType.get(type) ??
    [...node.transitions.keys()]
      .filter(isFor(type))
      .sort((one, other) => other.length - one.length)
      .flatMap((descriptor) => node.transitions.get(descriptor) ?? [])
  byType.set(type, found)
  return found
}

const on =
  (type: string): Asked =>
  (node) =>
    transitionsOn(node, type)

/** The transitions that were asked in this state, and said no: from each leaf outwards until one was taken. */
function* refusedIn(
  { _nodes }: AnyMachineSnapshot,
  asked: Asked,
  taken: readonly AnyTransitionDefinition[],
): Generator<AnyTransitionDefinition> {
  for (const leaf of _nodes) {
    if (leaf.type !== "atomic" && leaf.type !== "final") continue
    climb: for (let node: AnyStateNode | undefined = leaf; node !== undefined; node = node.parent) {
      for (const transition of asked(node)) {
        if (taken.includes(transition) || transition.guard === undefined) break climb
        yield transition
      }
    }
  }
}

export interface CovererOptions {
  /** Names the chart of an actor; `undefined` for one that is not to be covered. */
  readonly keyOf: (logic: AnyStateMachine, id: string) => string | undefined
  readonly relay?: string
}

/** Covers many worlds: each brings its own actors, the charts are the same. */
export class Coverer {
  readonly #charts = new Map<string, Indexed>()
  readonly #options: CovererOptions
  /** Things covered for the first time. */
  news = 0
  readonly #falls = new Set<string>()

  constructor(options: CovererOptions) {
    this.#options = options
  }

  /** A machine has broken down in these words: whoever looks for paths must hear of the first that leads there. */
  fell(words: string): void {
    if (!this.#falls.has(words)) this.news++
    this.#falls.add(words)
  }

  /** The chart that passes on what others hear. */
  get relay(): string | undefined {
    return this.#options.relay
  }

  get charts(): readonly ChartItems[] {
    return [...this.#charts.values()].map(({ items }) => items)
  }

  indexOf(actor: unknown): Indexed | undefined {
    const { logic, id } = actor as { readonly logic?: unknown; readonly id?: unknown }
    if (!isMachine(logic)) return undefined
    const key = this.#options.keyOf(logic, String(id))
    if (key === undefined) return undefined
    const known = this.#charts.get(key) ?? itemsOf(key, logic)
    this.#charts.set(key, known)
    return known
  }
}

/** One world's eyes. */
export class Watch {
  readonly #coverer: Coverer
  readonly #actors = new Map<unknown, Watched>()
  #taken: string[] = []
  /** How often a state was left for another, or entered anew. */
  moves = 0
  /** How often a chart did anything at all on an event. One that only passes events on does not count. */
  heard = 0

  constructor(coverer: Coverer) {
    this.#coverer = coverer
  }

  readonly inspect = (event: InspectionEvent): void => {
    if (event.type === "@xstate.actor") this.#meet(event.actorRef)
    else if (event.type === "@xstate.microstep") this.#step(event)
    else if (event.type === "@xstate.snapshot") this.#rest(event.actorRef, event.snapshot as AnyMachineSnapshot)
  }

  /** How much had never been covered before, by this world and all others. */
  get news(): number {
    return this.#coverer.news
  }

  /** What was taken since this was asked last, in its order: `gradual: closed → open.waiting on alarm.rang [gone]`. */
  glimpse(): readonly string[] {
    const taken = this.#taken
    this.#taken = []
    return taken
  }

  /** The states in which the charts stand now, one for each region. Ids that XState has numbered itself differ from world to world, and are left out. */
  standing(): readonly string[] {
    return [...this.#actors].flatMap(([actor, { before, indexed }]) => {
      if (before?.status !== "active") return []
      const { id } = actor as { readonly id: string }
      const name = /^x:\d+$/.test(id) ? indexed.items.chart : id
      const leaves = before._nodes.filter(({ type }) => type === "atomic" || type === "final")
      return leaves.map(({ path }) => `${name} ${path.join(".")}`)
    })
  }

  #meet(actor: unknown): Watched | undefined {
    const known = this.#actors.get(actor)
    if (known !== undefined) return known
    const indexed = this.#coverer.indexOf(actor)
    if (indexed === undefined) return undefined
    const watched: Watched = { indexed, before: undefined }
    this.#actors.set(actor, watched)
    return watched
  }

  #step({ actorRef, event, snapshot, _transitions }: Extract<InspectionEvent, { type: "@xstate.microstep" }>): void {
    const watched = this.#meet(actorRef)
    if (watched === undefined) return
    const { before } = watched
    for (const transition of _transitions) this.#take(watched, transition)
    const isEventless = _transitions.some((one) => one.source.always?.includes(one as never))
    if (before !== undefined) this.#refuse(watched, before, isEventless ? always : on(event.type), _transitions)
    this.#stand(watched, snapshot as AnyMachineSnapshot)
  }

  /** At rest: every eventless transition of the active states has been asked, and none was enabled. */
  #rest(actor: unknown, snapshot: AnyMachineSnapshot): void {
    const watched = this.#meet(actor)
    if (watched === undefined || snapshot?._nodes === undefined) return
    if (snapshot.status === "active") this.#refuse(watched, snapshot, always, [])
    this.#stand(watched, snapshot)
  }

  #stand(watched: Watched, snapshot: AnyMachineSnapshot): void {
    const were = new Set(watched.before?._nodes.map(({ id }) => id))
    watched.before = snapshot
    for (const node of snapshot._nodes) {
      if (were.has(node.id)) continue
      const item = watched.indexed.stateAt.get(node.path.join("."))
      if (item !== undefined && item.entered++ === 0) this.#coverer.news++
    }
  }

  #take({ indexed }: Watched, transition: AnyTransitionDefinition): void {
    const item = indexed.transitionAt.get(placeOf(transition, indexIn(transition)))
    if (item === undefined) return
    if (item.taken++ === 0) this.#coverer.news++
    // A state that is left at once is never seen at rest.
    const left = indexed.stateAt.get(item.from)
    if (left !== undefined && left.entered === 0) left.entered++
    if (indexed.items.chart !== this.#coverer.relay) this.heard++
    if (item.to === undefined) return
    this.moves++
    this.#taken.push(`${indexed.items.chart}: ${item.from || "any"} → ${item.to} on ${item.words || "always"}`)
  }

  #refuse(
    { indexed }: Watched,
    state: AnyMachineSnapshot,
    asked: Asked,
    taken: readonly AnyTransitionDefinition[],
  ): void {
    for (const transition of refusedIn(state, asked, taken)) {
      const item = indexed.transitionAt.get(placeOf(transition, indexIn(transition)))
      if (item !== undefined && item.refused++ === 0) this.#coverer.news++
    }
  }
}

const indexIn = (transition: AnyTransitionDefinition): number => {
  const { source, eventType } = transition
  const always = (source.always ?? []).indexOf(transition as never)
  return always >= 0 ? always : listOf(source, eventType).indexOf(transition)
}
