/**
 * One breaker in the graph of those that depend on each other. It hears of each gate of its breaker, whoever holds it; what those
 * change reaches those above through one queue, so a chain may be of any length, and each is told once of all that moved.
 */
import type { DependencySettings, depending } from "../machines/needing.ts"
import type { OutOf } from "../machines/options.ts"
import {
  type GraphFinding,
  type Standing,
  sameStanding,
  standingOf,
  unknownStanding,
} from "../machines/vocabulary/standing.ts"
import type { Assembly } from "./assemble.ts"
import { CallRejected } from "./CallRejected.ts"
import type { Charge } from "./classify.ts"

/** Answers for calls that are refused because of a dependency. */
export type DependencyFallback = (rejection: CallRejected) => unknown

/** One dependency of one breaker. */
export interface Edge {
  readonly id: string
  settings: DependencySettings
  readonly fallback: DependencyFallback | undefined
  /** Whether the config names it. */
  declared: boolean
  /** The breaker that answers to the name. */
  on: Node | undefined
  /** What the dependent was told last. */
  told: Standing
  /** Failures charged to it since then. */
  blamed: number
}

/** The part of a strategy that knows of dependencies. */
export const graphPart = (parts: Assembly["parts"]) => parts.find(({ plug }) => plug.hears.includes("dependency.added"))

/** The dependencies that a config names. */
export function declaredIn(parts: Assembly["parts"]): readonly (readonly [string, DependencySettings])[] {
  const { dependencies = {} } = (graphPart(parts)?.settings ?? {}) as Partial<OutOf<typeof depending>>
  return Object.entries(dependencies)
}

export class Node {
  readonly assembly: Assembly
  readonly edges = new Map<string, Edge>()
  readonly dependents = new Map<Node, Edge>()
  readonly moved = new Set<Edge>()
  /** Those that failures have been charged to, which the machines have not been told of. */
  readonly blamed = new Set<Edge>()
  /** What the config names and was removed since. */
  readonly removed = new Set<string>()
  standing: Standing
  #blamedSince = 0
  #silence: (() => void) | undefined = undefined

  constructor(assembly: Assembly) {
    this.assembly = assembly
    this.standing = this.#look()
  }

  /** Whether its strategy knows of dependencies. */
  get depends(): boolean {
    return graphPart(this.assembly.parts) !== undefined
  }

  get name(): string {
    return this.assembly.name
  }

  /** What its dependencies do to it. */
  get finding(): GraphFinding | undefined {
    if (!this.depends) return undefined
    return this.assembly.conductor.root.getSnapshot().context.voices["dependency"]?.finding as GraphFinding | undefined
  }

  #look(): Standing {
    return standingOf(this.name, this.assembly.plane.gate, this.finding)
  }

  /** Listens to its breaker while there is somebody to tell: one that is listened to is not forgotten. */
  attend(): void {
    const isNeeded = this.dependents.size > 0
    if (isNeeded === (this.#silence !== undefined)) return
    this.#silence?.()
    this.#silence = isNeeded ? this.assembly.listeners.add("transition", () => this.hear()) : undefined
    this.standing = this.#look()
  }

  /** Another gate of its breaker may be in force. */
  hear(): void {
    this.refresh()
    pump()
  }

  /** Looks how it stands now, and puts down all that must be told of it. */
  refresh(): void {
    const standing = this.#look()
    if (sameStanding(standing, this.standing)) return
    this.standing = standing
    for (const [dependent, edge] of this.dependents) dependent.note(edge)
  }

  note(edge: Edge): void {
    this.moved.add(edge)
    queue.add(this)
  }

  /** How a dependency stands in the eyes of this breaker, which may live on another clock. */
  #seen({ id, on }: Edge): Standing {
    if (on === undefined) return unknownStanding(id)
    if (on.assembly.clock === this.assembly.clock) return on.standing
    const { retryAt: _other, ...standing } = on.standing
    return standing
  }

  /** Tells its machines of all that moved, in one signal. */
  tell(): void {
    const moves: (readonly [string, { readonly standing: Standing; readonly blamed: number }])[] = []
    for (const edge of this.moved) {
      const standing = this.#seen(edge)
      if (sameStanding(standing, edge.told)) continue
      moves.push([edge.id, { standing, blamed: edge.blamed }])
      edge.told = standing
      edge.blamed = 0
      this.blamed.delete(edge)
    }
    this.moved.clear()
    for (const edge of this.blamed) {
      moves.push([edge.id, { standing: edge.told, blamed: edge.blamed }])
      edge.blamed = 0
    }
    this.blamed.clear()
    if (moves.length === 0) return
    const { conductor, clock } = this.assembly
    // By entries: the name of a breaker may be one that an object keeps for itself.
    conductor.send({ type: "dependency.moved", at: clock.now(), moves: Object.fromEntries(moves) })
  }

  /** How a dependency stands, when that is not told yet: whoever takes it tells it. */
  takeNews(id: string): Standing | undefined {
    const edge = this.edges.get(id)
    if (edge === undefined || !this.moved.delete(edge)) return undefined
    edge.told = this.#seen(edge)
    return edge.told
  }

  /** The graph's actor crashed and began anew: it knows what its config says, and nothing of what has come since. */
  retell(): void {
    const { conductor, clock } = this.assembly
    for (const id of this.removed) conductor.send({ type: "dependency.removed", at: clock.now(), id })
    for (const edge of this.edges.values()) {
      const { id, settings, declared } = edge
      const { type: need, impact } = settings
      edge.told = unknownStanding(id)
      this.note(edge)
      if (!declared) conductor.send({ type: "dependency.added", at: clock.now(), id, need, impact })
    }
    pump()
  }

  /** Whether a failure is the doing of a dependency that serves nothing now, or that refused the call; it is then charged to that. */
  charge(named: string | undefined, error: unknown): boolean {
    const refusedBy = error instanceof CallRejected ? error.breaker : undefined
    const edge = this.#edgeOf(named ?? refusedBy)
    if (edge === undefined) {
      // One that stops has let go of its dependencies already.
      if (named !== undefined && this.assembly.plane.gate.phase === "active") {
        const what = `classify named the dependency "${named}", and "${this.name}" has none of that name`
        this.assembly.listeners.trouble("classify", new TypeError(what))
      }
      return false
    }
    const isRefusal = refusedBy !== undefined && this.#edgeOf(refusedBy) === edge
    if (!isRefusal && edge.on?.standing.health !== 0) return false
    this.#tellBlamed()
    edge.blamed++
    this.blamed.add(edge)
    return true
  }

  /** Tells of charges once a second while there are some: what is charged enters no slice that would tell of them. */
  #tellBlamed(): void {
    const now = this.assembly.clock.now()
    if (this.blamed.size > 0 && now - this.#blamedSince < 1000) return
    this.#blamedSince = now
    this.tell()
  }

  /** The dependency of that name, or the one through which it is felt. */
  #edgeOf(name: string | undefined): Edge | undefined {
    if (name === undefined) return undefined
    const direct = this.edges.get(name)
    if (direct !== undefined) return direct
    for (const edge of this.edges.values()) if (edge.told.cause === name) return edge
    return undefined
  }

  /** What answers for a call that was refused because of a dependency. */
  fallbackFor({ rule }: { readonly rule: string }): DependencyFallback | undefined {
    const via = rule === "dependency" ? this.finding?.via : undefined
    return via === undefined ? undefined : this.edges.get(via)?.fallback
  }
}

/** Those that have something to be told, in the order in which they came to it. */
const queue = new Set<Node>()
let isPumping = false

export function pump(): void {
  if (isPumping) return
  isPumping = true
  try {
    for (const node of queue) {
      queue.delete(node)
      node.tell()
    }
  } finally {
    isPumping = false
  }
}

/** Charges failures to the dependencies of a breaker, if it has any. */
export const chargeTo =
  (assembly: Assembly): Charge =>
  (dependency, error) =>
    assembly.node?.charge(dependency, error) === true

/** What to do when a part of a breaker has crashed, or its root, after which nothing is held back any more. */
export function retold({ assembly }: { readonly assembly?: Assembly }, part: string): void {
  if (part === "dependency") assembly?.node?.retell()
  else if (part === "breaker") assembly?.node?.hear()
  else assembly?.knowledge?.retell(part)
}
