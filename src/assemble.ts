/** Introduces the two planes to each other: each is handed one capability of the other, `swap(gate)` and `signal(fact)`. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { InvalidConfig } from "../machines/options.ts"
import type { ChosenPart } from "../machines/registry.ts"
import { readBaseline } from "../machines/vocabulary/baseline.ts"
import type { Gate } from "../machines/vocabulary/gate.ts"
import type { CircuitMoved } from "../machines/vocabulary/signal.ts"
import { readConfig } from "./BreakerConfig.ts"
import type { Clock } from "./Clock.ts"
import { timekeeperOf, wheelOf } from "./Clock.ts"
import { type Candidate, tryOut } from "./candidate.ts"
import { type Classify, classifyWith } from "./classify.ts"
import {
  type Conductor,
  type ConductorHooks,
  conduct,
  type Inspect,
  type StartFailed,
} from "./control-plane/conductor.ts"
import { elapsedSince, readSaved, restore, type SavedBreaker, save } from "./control-plane/persistence.ts"
import { Plane } from "./data-plane/plane.ts"
import type { PlaneHooks } from "./data-plane/planeHooks.ts"
import { enterGraph, leaveGraph } from "./dependencyGraph.ts"
import { chargeTo, type Node, retold } from "./dependencyNode.ts"
import { Listeners } from "./events.ts"
import { type Knowledge, keepInformed } from "./knowledge.ts"
import { PressureGauge } from "./pressure.ts"
import type { OpenStream } from "./providing.ts"
import type { Repeater } from "./repeater.ts"
import { roster } from "./roster.ts"

/** The parts of one living breaker. */
export interface Assembly {
  readonly name: string
  readonly clock: Clock
  readonly plane: Plane
  readonly conductor: Conductor
  readonly listeners: Listeners
  classify: Classify<never> | undefined
  parts: readonly ChosenPart[]
  /** Set by whoever waits for the last call in flight. */
  readonly whenIdle: Set<() => void>
  /** The strategy on trial. */
  candidate?: Candidate | undefined
  /** What it was when it stopped: its parts are gone then, and cannot be asked. */
  last?: SavedBreaker | undefined
  /** It has come back as it was saved. */
  isRestored?: boolean
  /** Calls that may yet be made again, and who hears that there are none any more. */
  repeatable?: number
  quiet?: (() => void) | undefined
  /** What further attempts of its calls share, once there has been one. */
  repeater?: Repeater | undefined
  readonly openStream?: OpenStream | undefined
  /** What listens to the world outside of its calls, if anything does. */
  knowledge?: Knowledge | undefined
  /** Its place in the graph of those that depend on each other, once it has one. */
  node?: Node | undefined
}

/** The present state of a living breaker, the last one of a stopped one. */
export function saveAssembly({ last, conductor, parts, clock, listeners, plane }: Assembly): SavedBreaker {
  if (last !== undefined) return last
  const saved = save(conductor, parts, timekeeperOf(clock), (part, error) => listeners.trouble(part, error))
  const baseline = plane.meter.baseline(clock.now())
  const rates = plane.admission.rates?.save(clock.now()) ?? []
  return { ...saved, ...(baseline && { baseline }), ...(rates.length > 0 && { rates }) }
}

/** Takes up what was saved; answers what of it cannot be used. */
export function takeUp(
  { conductor, parts, clock, plane }: Pick<Assembly, "conductor" | "parts" | "clock" | "plane">,
  saved: SavedBreaker,
): readonly string[] {
  const time = timekeeperOf(clock)
  const baseline = readBaseline(saved.baseline)
  const lost = saved.baseline === undefined || baseline ? [] : ["baseline"]
  // Before the circuit: an epoch that begins with it is judged by what is usual.
  if (baseline) plane.meter.resume({ ...baseline, ageMs: baseline.ageMs + elapsedSince(saved, time) }, time.now())
  const unusable = restore(conductor, parts, saved, time)
  if (saved.rates) plane.admission.rates?.restore(saved.rates, elapsedSince(saved, time), time.now())
  return [...unusable, ...lost]
}

/** Brings back what was saved; what part of it cannot be used is told as trouble. */
export function restoreAssembly(assembly: Assembly, saved: SavedBreaker): void {
  assembly.isRestored = true
  const lost = takeUp(assembly, saved)
  if (lost.length === 0) return
  const error = new TypeError(`what was saved of ${lost.join(" and ")} cannot be used, and was left out`)
  // A turn later, when whoever made the breaker listens to it.
  queueMicrotask(() => assembly.listeners.trouble("restore", error))
}

export interface AssembleOptions {
  readonly clock: Clock
  readonly inspect?: Inspect | undefined
  /** Only the door of Effect knows streams. */
  readonly openStream?: OpenStream | undefined
}

/** The wait that an opening begins, if the gate in force is still the one of this move. */
export function retryIn(
  { at, to, epoch }: CircuitMoved,
  { epoch: present, restriction: { retryAt } }: Gate,
): number | undefined {
  return to === "open" && epoch === present && Number.isFinite(retryAt) ? retryAt - at : undefined
}

type FindingChanged = Extract<Parameters<ConductorHooks["emitted"]>[0], { readonly type: "finding.changed" }>

function tellFinding(listeners: Listeners, { breaker, part, finding }: FindingChanged): void {
  if ("circuit" in finding || "probability" in finding || "features" in finding || "endpoints" in finding)
    return listeners.tell<"finding">({ type: "finding", at: listeners.now(), breaker, part, finding })
  const { state: to, ...found } = finding
  listeners.tell<"dependency">({ ...found, type: "dependency", breaker, to })
}

/** What the conductor hands to listeners, in the words of the doors. */
export function hooksOf(plane: Plane, listeners: Listeners, late: { readonly assembly?: Assembly }): ConductorHooks {
  return {
    swap: (gate, decidedAt) => plane.swap(gate, undefined, decidedAt),
    regated: () => late.assembly?.node?.hear(),
    emitted: (event) => {
      if (event.type === "circuit.moved") {
        listeners.tell<"transition">({ ...event, type: "transition", retryInMs: retryIn(event, plane.gate) })
      } else if (event.type === "mode.changed") listeners.tell<"mode">({ ...event, type: "mode" })
      else if (event.type === "config.changed") listeners.tell<"config">({ ...event, type: "config" })
      else if (event.type === "finding.changed") tellFinding(listeners, event)
      else {
        retold(late, event.part)
        listeners.trouble(event.part, event.error, event.gaveUp)
      }
    },
  }
}

/** What a plane tells: `signal` is how its facts reach the machines, `idle` hears that the last call in flight has settled. */
export const planeHooks = (
  listeners: Listeners,
  late: { readonly assembly?: Assembly },
  { signal, idle, seed }: Pick<Required<PlaneHooks>, "signal" | "idle" | "seed">,
): PlaneHooks => ({
  signal,
  refused: (rejection, now) => listeners.refused(rejection, now),
  classify: (error) =>
    classifyWith(
      late.assembly?.classify,
      { ok: false, error },
      (trouble) => listeners.trouble("classify", trouble),
      late.assembly && chargeTo(late.assembly),
    ),
  idle,
  cell: ({ cells, ...fact }, now) => listeners.cell(fact, cells, now),
  seed,
})

const wake = (waiting: () => void): void => waiting()

/** The data plane of a breaker and those who listen to it. */
export function preparePlane(name: string, clock: Clock, late: { readonly assembly?: Assembly }) {
  const listeners = new Listeners(name, () => clock.now())
  const whenIdle = new Set<() => void>()
  const idle = () => {
    if (whenIdle.size > 0) whenIdle.forEach(wake)
  }
  const send: PlaneHooks["signal"] = (report) => late.assembly?.conductor.send(report)
  const signal: PlaneHooks["signal"] = (report) => {
    send(report)
    const pressure = gauge.after(report)
    if (pressure !== undefined) send(pressure)
  }
  const plane = new Plane(name, wheelOf(clock), planeHooks(listeners, late, { signal, idle, seed: () => clock.seed() }))
  const gauge = new PressureGauge(clock, plane)
  return { plane, listeners, whenIdle }
}

/** It lives: those who depend on it, and those who look on, meet it. Throws `InvalidConfig` for a cycle of dependencies. */
export function enter(assembly: Assembly): void {
  enterGraph(assembly)
  roster.enter(assembly)
  keepInformed(assembly)
}

export function leave(assembly: Assembly): void {
  assembly.knowledge?.stop()
  roster.leave(assembly)
  leaveGraph(assembly)
}

/** Runs a start to its end; one that fails leaves nothing behind. */
export function startIn<A>(scope: Scope.Closeable, start: Effect.Effect<A, Error, Scope.Scope>): A {
  try {
    return Effect.runSync(Scope.provide(start, scope))
  } catch (error) {
    Effect.runSync(Scope.close(scope, Exit.void))
    throw error
  }
}

/** All that a user hands in, read before anything is started. Throws `InvalidConfig`. */
export const readAll = (name: string, config: unknown, restore: unknown) => ({
  name,
  ...readConfig(name, config),
  saved: readSaved(restore, name),
})

/** Starts the machines in the Scope, and connects the planes. */
export const assemble = (
  { name, parts, candidate, classify, saved }: ReturnType<typeof readAll>,
  { clock, inspect, openStream }: AssembleOptions,
): Effect.Effect<Assembly, StartFailed | InvalidConfig, Scope.Scope> => {
  const late: { assembly?: Assembly } = {}
  const time = timekeeperOf(clock)
  const prepare = Effect.sync(() => preparePlane(name, clock, late))
  const release = ({ plane }: { readonly plane: Plane }) =>
    Effect.sync(() => {
      if (late.assembly) tryOut(late.assembly, undefined)
      plane.stop()
    })
  return Effect.acquireRelease(prepare, release).pipe(
    Effect.flatMap((prepared) => {
      const { plane, listeners } = prepared
      const input = { name, parts, metered: true, at: clock.now(), seed: clock.seed() }
      const hooks = hooksOf(plane, listeners, late)
      return Effect.map(conduct({ input, time, hooks, inspect }), (conductor) => {
        const assembly: Assembly = { name, clock, conductor, classify, parts, openStream, ...prepared }
        late.assembly = assembly
        if (candidate) tryOut(assembly, candidate)
        if (saved) restoreAssembly(assembly, saved)
        return assembly
      })
    }),
    Effect.tap((assembly) =>
      Effect.acquireRelease(Effect.try({ try: () => enter(assembly), catch: (error) => error as InvalidConfig }), () =>
        Effect.sync(() => leave(assembly)),
      ),
    ),
  )
}
