/** A living breaker as those see it who look on: the recorder and the inspector. They hold it only as long as they look. */
import type { AnyActorRef, InspectionEvent, StateValue } from "xstate"
import type { Gate } from "../machines/vocabulary/gate.ts"
import type { LatencySummary, Slice } from "../machines/vocabulary/signal.ts"
import { type Assembly, saveAssembly } from "./assemble.ts"
import { wheelOf } from "./Clock.ts"
import type { RootActor } from "./control-plane/conductor.ts"
import { askParts } from "./control-plane/persistence.ts"
import { placeOf } from "./data-plane/keyPlace.ts"
import type { BreakerEvents } from "./events.ts"
import type { Inspected, Passed, Tallied } from "./observability/inspector/inspected.ts"
import type { Act, ActorView, Edge, StandingLine } from "./observability/inspector/protocol.ts"
import { standingIn } from "./observability/inspector/standing.ts"
import { type EventLine, gaugesShown, type RecordedPart } from "./observability/recording/format.ts"
import type { ReelTape, Turning } from "./observability/recording/reelTape.ts"
import type { Recordable } from "./observability/recording/track.ts"
import { toldBefore } from "./toldBefore.ts"

type Heard = EventLine["event"]

/** What comes from outside: neither from calls, nor from clocks, nor from the breaker's own actors. How full the process is does. */
const isCommand = (type: string): boolean =>
  /^(?:operator|dependency|pressure|provider|checks?)\.|^breaker\.(?:reconfigured|stop|drained)$/.test(type)

interface Parts {
  readonly parts: Assembly["parts"]
}

export const partsOf = ({ parts }: Parts): readonly RecordedPart[] =>
  parts.map(({ plug: { key }, settings }) => ({ key, settings }))

/** Settings travel with their key: a chart is nothing that can be written down. */
const written = (event: Heard): Heard =>
  event.type === "breaker.reconfigured" ? { ...event, parts: partsOf(event as unknown as Parts) } : event

/** What gauges of the user's showed came from outside too: slices take it along. */
const shownIn = ({ type, at, gauges }: Heard): Heard | undefined =>
  type === "slice.closed" && gauges !== undefined ? { type: gaugesShown, at, gauges } : undefined

/** Paths of the active states, outermost first. */
export function pathsIn(value: StateValue | undefined, above = ""): readonly string[] {
  if (value === undefined) return []
  if (typeof value === "string") return [above + value]
  return Object.entries(value).flatMap(([name, inner]) => [above + name, ...pathsIn(inner, `${above}${name}.`)])
}

const rootName = "breaker"

export interface ActorStates {
  readonly key: string
  readonly states: readonly string[]
}

interface RootSnapshot {
  readonly value: StateValue
  readonly children: { readonly [key: string]: AnyActorRef | undefined }
}

const noChildren: Pick<RootSnapshot, "children"> = { children: {} }

interface Forecasting {
  readonly finding?: { readonly probability?: number }
}

/** The active states of a root actor and of those of its children. */
export function statesOf(root: RootActor, keys: readonly string[]): readonly ActorStates[] {
  const { value, children } = root.getSnapshot() as unknown as RootSnapshot
  const stateOf = (key: string) => (children[key]?.getSnapshot() as { readonly value?: StateValue } | undefined)?.value
  return [{ key: rootName, states: pathsIn(value) }, ...keys.map((key) => ({ key, states: pathsIn(stateOf(key)) }))]
}

/** Answers of actors to their parents, and what XState tells itself, say nothing to a reader. */
const isTelling = (type: string): boolean => !/^xstate\.(?:snapshot|init|stop)/.test(type)

const noEdges: readonly Edge[] = Object.freeze([])

export class Subject implements Recordable, Inspected {
  readonly isOneOfMany = false
  readonly #assembly: Assembly

  constructor(assembly: Assembly) {
    this.#assembly = assembly
  }

  get name(): string {
    return this.#assembly.name
  }
  now(): number {
    return this.#assembly.clock.now()
  }
  wallNow(): number {
    return this.#assembly.clock.wallNow()
  }
  get turning(): Turning {
    return wheelOf(this.#assembly.clock).turns
  }
  record(tape: ReelTape | undefined): void {
    this.#assembly.plane.record(tape)
  }

  bucketOf(key: string): number | undefined {
    return placeOf(this.#assembly.plane.admission, key)
  }

  describe(): ReturnType<Recordable["describe"]> {
    const { conductor, plane } = this.#assembly
    const { seed } = conductor.root.getSnapshot().context
    const { circuit, mode, version } = plane.gate
    const isUncalled = plane.tally.admitted + plane.tally.rejected === 0 && this.#assembly.isRestored !== true
    const isFresh = isUncalled && circuit === "closed" && mode === "auto" && version <= 1
    const saved = isFresh ? {} : { saved: saveAssembly(this.#assembly) }
    return { seed, parts: partsOf(this.#assembly), ...saved, ...toldBefore(this.#assembly) }
  }

  onTransition(listener: (event: BreakerEvents["transition"]) => void): () => void {
    return this.#assembly.listeners.add("transition", listener)
  }

  onHeard(listener: (event: Heard | undefined) => void): () => void {
    const { root } = this
    return this.onInspection((heard) => {
      if (heard.type !== "@xstate.event") return
      const { event } = heard
      const isOutside = heard.actorRef === root && isCommand(event.type)
      listener(isOutside ? written(event as Heard) : heard.actorRef === root ? shownIn(event as Heard) : undefined)
    })
  }

  get root(): AnyActorRef {
    return this.#assembly.conductor.root as unknown as AnyActorRef
  }

  /** XState's own inspection of all actors of the breaker; answers how to stop. */
  onInspection(listener: (event: InspectionEvent) => void): () => void {
    const subscription = this.root.system.inspect({ next: listener })
    return () => subscription.unsubscribe()
  }

  get gate(): Gate {
    return this.#assembly.plane.gate
  }

  tally(): Tallied & { readonly inFlight: number } {
    const { plane } = this.#assembly
    const { admitted, rejected, success, failure, timedOut, ignored } = plane.tally
    return { admitted, rejected, success, failure, timedOut, ignored, inFlight: plane.inFlight }
  }

  refusals() {
    return this.#assembly.plane.tally.refusals
  }

  latency(): LatencySummary {
    return this.#assembly.plane.meter.slices.latency(this.now())
  }

  outlook(): { readonly limit: number; readonly danger: number } {
    const { plane, conductor } = this.#assembly
    const { bulkhead } = plane.admission
    const { children } = conductor.isStarted ? (conductor.root.getSnapshot() as unknown as RootSnapshot) : noChildren
    const forecast: { readonly context?: Forecasting } | undefined = children["prediction"]?.getSnapshot()
    const learned = bulkhead?.limit(this.now()) ?? Number.POSITIVE_INFINITY
    return {
      limit: Math.min(learned, plane.gate.restriction.limit, plane.gate.restriction.slots),
      danger: forecast?.context?.finding?.probability ?? Number.NaN,
    }
  }

  cause(): string {
    const cause = this.#assembly.node?.finding?.cause
    return cause === undefined || cause === this.name ? "" : cause
  }

  heldParts(): number {
    return this.#assembly.plane.admission.cells?.condemned.size ?? 0
  }

  edges(): readonly Edge[] {
    const { node } = this.#assembly
    if (node === undefined || node.edges.size === 0) return noEdges
    return [...node.edges.values()].map(({ id, settings, told }) => {
      const { health, circuit } = told
      return { from: this.name, to: id, need: settings.type, health, circuit }
    })
  }

  actors(): readonly ActorView[] | undefined {
    const { conductor, parts, listeners } = this.#assembly
    if (!conductor.isStarted) return undefined
    const trouble = (part: string, error: unknown) => listeners.trouble(part, error)
    const reports = askParts(conductor, parts, (plug) => plug.report, this.now(), trouble)
    const settings = new Map(parts.map(({ plug: { key }, settings }) => [key, settings]))
    const { voices } = conductor.root.getSnapshot().context
    return statesOf(conductor.root, [...settings.keys()]).map(({ key, states }) => ({
      ...{ key, states },
      report: reports[key] ?? null,
      settings: settings.get(key) ?? null,
      standing: this.#onTheWall(standingIn(voices[key]?.finding)),
    }))
  }

  #onTheWall(lines: readonly StandingLine[]): readonly StandingLine[] {
    const wall = this.wallNow() - this.now()
    const on = (at: number) => (at === 0 ? 0 : Math.round(at + wall))
    return lines.map(({ words, since, until }) => ({ words, since: on(since), until: on(until) }))
  }

  slices(): readonly Slice[] {
    const { conductor, parts, listeners } = this.#assembly
    if (!conductor.isStarted) return []
    const trouble = (part: string, error: unknown) => listeners.trouble(part, error)
    const reports = askParts(conductor, parts, (plug) => plug.report, this.now(), trouble)
    return Object.values(reports).flatMap(
      (report) => (report as { readonly slices?: readonly Slice[] } | null)?.slices ?? [],
    )
  }

  onPassed(listener: (passed: Passed) => void): () => void {
    if (!this.#assembly.conductor.isStarted) return () => {}
    const { root } = this
    const nameOf = (actor: AnyActorRef | undefined, type: string) => {
      if (actor !== undefined) return actor === root ? rootName : actor.id
      return type.startsWith("operator.") ? "operator" : "data plane"
    }
    return this.onInspection((event) => {
      if (event.type !== "@xstate.event" || !isTelling(event.event.type)) return
      const { type } = event.event
      const to = event.actorRef === root ? rootName : (event.actorRef as AnyActorRef).id
      const isTimer = type.startsWith("xstate.after.")
      listener({ from: isTimer ? "clock" : nameOf(event.sourceRef as AnyActorRef | undefined, type), to, event: type })
    })
  }

  act(act: Act, why: string): void {
    this.#assembly.conductor.send({ type: `operator.${act}`, at: this.now(), why })
  }
}
