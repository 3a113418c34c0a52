/**
 * The shape that every strategy and component file exports: its options, its chart, what it hears, and how the
 * root reads its snapshot. A newcomer is one such file and one line in `registry.ts`.
 */
import { type AnyActorLogic, type AnyMachineSnapshot, assertEvent, type ExtractEvent, type Snapshot } from "xstate"
import type { Reader } from "./options.ts"
import type { Circuit, CircuitFinding } from "./vocabulary/circuit.ts"
import type { ComponentFinding, FindingSignal } from "./vocabulary/finding.ts"
import { type Demand, joinLines, type Lines, tighten, unrestricted } from "./vocabulary/gate.ts"
import type { Layer } from "./vocabulary/rejection.ts"
import type { ProbeSettled, Signal, SignalType } from "./vocabulary/signal.ts"

/** What a chart is started with. `seed` is its only source of chance. */
export interface PlugInput<Settings> {
  readonly settings: Settings
  readonly seed: number
  readonly at: number
  /** Where the circuit stands when this part starts: a component may be added, or replaced, in the middle of an outage. */
  readonly circuit: Circuit
}

/** A state declares what it demands and watches where it is drawn: as `meta` of the state node. */
export interface StateMeta<Context> {
  readonly circuit?: Circuit
  readonly demand?: (context: Context) => Demand
  readonly lines?: (context: Context) => Lines
}

/** What the root reads from a child's snapshot. */
export interface Advice {
  readonly demand: Demand
  readonly lines: Lines
}

interface Part<Key extends string, In, Settings> {
  readonly key: Key
  readonly options: Reader<In, Settings>
  readonly chart: AnyActorLogic
  /** The signals it is sent; it receives no others. */
  readonly hears: readonly SignalType[]
  /** What it keeps when a breaker is saved: JSON, waits as remaining milliseconds. */
  readonly save?: (snapshot: Snapshot<unknown>, at: number) => unknown
  /** Whether it can take up what was saved; what it cannot is reported, and it begins afresh. */
  readonly canRestore?: (saved: unknown, settings: Settings) => boolean
  /** The layer in which its demands refuse calls. */
  readonly layer: Layer
  /** What those who heard it are told when it is gone for good: nobody would ever take back what it had said. */
  readonly retracts?: (at: number) => readonly FindingSignal[]
  /** Its part of `metrics()`: JSON. */
  readonly report?: (snapshot: Snapshot<unknown>, at: number) => unknown
}

export interface Strategy<Key extends string, In, Settings> extends Part<Key, In, Settings> {
  readonly kind: "strategy"
  readonly finding: (snapshot: Snapshot<unknown>) => CircuitFinding
}

export interface Component<Key extends string, In, Settings> extends Part<Key, In, Settings> {
  readonly kind: "component"
  /** Whether it runs when the config does not mention it. */
  readonly standard: boolean
  /** Why it demands what it demands now, for rejections and metrics. */
  readonly reason?: (snapshot: Snapshot<unknown>) => string
  /** What it states: compared by reference, and told when it is another. */
  readonly finding?: (snapshot: Snapshot<unknown>) => ComponentFinding
  /** What a finding that is another is to those who hear it: the root sends it on as these signals. */
  readonly tells?: (snapshot: Snapshot<unknown>, at: number) => readonly (FindingSignal | ProbeSettled)[]
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds parts of any options and settings
export type AnyStrategy = Strategy<string, any, any>
// biome-ignore lint/suspicious/noExplicitAny: a registry holds parts of any options and settings
export type AnyComponent = Component<string, any, any>
export type AnyPlug = AnyStrategy | AnyComponent

export const strategy = <Key extends string, In, Settings>(
  part: Omit<Strategy<Key, In, Settings>, "kind">,
): Strategy<Key, In, Settings> => ({ ...part, kind: "strategy" })

export const component = <Key extends string, In, Settings>(
  part: Omit<Component<Key, In, Settings>, "kind">,
): Component<Key, In, Settings> => ({ ...part, kind: "component" })

/** The event of a transition that hears these alone, as what it is. Were it another the chart would be wrong: that throws. */
export function only<Type extends SignalType>(event: Signal, type: Type | readonly Type[]): ExtractEvent<Signal, Type> {
  assertEvent(event, type)
  return event
}

/** Folds the `meta` of every active state of a chart into one advice. */
export function adviceOf(snapshot: Snapshot<unknown>): Advice {
  const machine = snapshot as AnyMachineSnapshot
  if (typeof machine.getMeta !== "function") return { demand: {}, lines: {} }
  const metas = Object.values(machine.getMeta()) as (StateMeta<unknown> | undefined)[]
  let demand: Demand = {}
  let lines: Lines = {}
  for (const meta of metas) {
    if (meta?.demand) demand = meet(demand, meta.demand(machine.context))
    if (meta?.lines) lines = joinLines(lines, meta.lines(machine.context))
  }
  return { demand, lines }
}

function meet(one: Demand, other: Demand): Demand {
  const both = tighten(tighten(unrestricted, one), other)
  const stated = { ...one, ...other }
  return Object.fromEntries(Object.entries(both).filter(([field]) => field in stated))
}

/** The circuit that the active states of a strategy chart stand for. */
export function circuitOf(snapshot: Snapshot<unknown>): Circuit {
  const metas = Object.values((snapshot as AnyMachineSnapshot).getMeta()) as (StateMeta<unknown> | undefined)[]
  return (metas.find((meta) => meta?.circuit !== undefined) as { readonly circuit: Circuit }).circuit
}
