/**
 * Folding: how the root turns what its children advise into one gate. Pure functions over the root's context.
 */
import type { AnyActorRef, Snapshot } from "xstate"
import type { FeatureBook } from "./featureBook.ts"
import { lasts } from "./hearing.ts"
import type { Loop } from "./loop.ts"
import { type Advice, adviceOf } from "./plug.ts"
import type { ChosenPart } from "./registry.ts"
import type { CircuitFinding } from "./vocabulary/circuit.ts"
import type { ComponentFinding, FindingSignal } from "./vocabulary/finding.ts"
import {
  type Demand,
  enforcementOf,
  type Gate,
  type Holder,
  heldByPhase,
  joinLines,
  type Lines,
  type Mode,
  type Phase,
  sameDemand,
  tighten,
  unrestricted,
} from "./vocabulary/gate.ts"
import type { CircuitMoved, ProbeSettled } from "./vocabulary/signal.ts"

/** A report may be sent to an actor of any machine. */
export type ReportRef = AnyActorRef

/** What a child advises, since when and why. */
interface Voice extends Advice {
  readonly since: number
  readonly reason: string
  readonly finding: ComponentFinding | undefined
  /** What others were told of it. */
  readonly told: readonly FindingSignal[]
}

/** How often a part crashed since it last began to. */
interface Crashes {
  readonly count: number
  readonly since: number
}

export interface BreakerContext {
  readonly name: string
  readonly seed: number
  readonly parts: readonly ChosenPart[]
  readonly report: ReportRef | undefined
  /** Whether a data plane measures outcomes; if not, the `meter` actor does. */
  readonly metered: boolean
  readonly at: number
  readonly phase: Phase
  readonly mode: Mode
  readonly operator: { readonly why: string; readonly since: number }
  readonly ready: readonly string[]
  readonly voices: { readonly [key: string]: Voice }
  readonly finding: CircuitFinding
  readonly epoch: number
  readonly crashes: { readonly [key: string]: Crashes }
  /** A strategy that was respawned away from closed: its first snapshot is not its last word. */
  readonly resuming: string | undefined
  readonly failure: { readonly part: string; readonly error: unknown } | undefined
  readonly reportsHeard: number
  /** The children that listen to the world outside. */
  readonly loops: readonly Loop[]
  /** What is known of features while it runs alone. */
  readonly book: FeatureBook
  readonly gate: Gate
}

const isFree = (demand: Demand) => Object.keys(demand).length === 0

function holdersOf(context: BreakerContext): Holder[] {
  const { phase, mode, operator, finding } = context
  const holders: Holder[] = []
  if (phase !== "active") holders.push(heldByPhase(phase, context.at))
  if (mode === "forcedOpen") {
    holders.push({
      by: "operator",
      layer: "operator",
      since: operator.since,
      reason: operator.why,
      rule: "forceOpen",
      statistics: undefined,
      demand: { share: 0 },
    })
  }
  for (const { plug } of context.parts) {
    const voice = context.voices[plug.key]
    if (voice === undefined || isFree(voice.demand)) continue
    const isStrategy = plug.kind === "strategy"
    holders.push({
      by: plug.key,
      layer: plug.layer,
      since: voice.since,
      reason: voice.reason,
      rule: isStrategy ? finding.rule : plug.key,
      statistics: isStrategy ? finding.statistics : undefined,
      demand: voice.demand,
    })
  }
  return holders
}

/** The gate that this context stands for: the meet of all demands, the union of all lines. */
export function gateOf(context: BreakerContext): Gate {
  const holders = holdersOf(context)
  return Object.freeze({
    version: context.gate.version + 1,
    epoch: context.epoch,
    phase: context.phase,
    mode: context.mode,
    enforcement: context.phase === "active" ? enforcementOf[context.mode] : "on",
    circuit: context.finding.circuit,
    restriction: Object.freeze(holders.reduce((meet, { demand }) => tighten(meet, demand), unrestricted)),
    lines: Object.freeze(Object.values(context.voices).reduce<Lines>((all, { lines }) => joinLines(all, lines), {})),
    holders: Object.freeze(holders),
  })
}

/** What came of hearing one snapshot. */
export interface Heard {
  readonly next: Partial<BreakerContext>
  readonly moved: CircuitMoved | undefined
  /** The strategy's finding when it entered a state; a component's when it is another. */
  readonly stated: CircuitFinding | ComponentFinding | undefined
  /** Whether the gate has to be published anew. */
  readonly changed: boolean
  /** What others hear of a component's finding. */
  readonly told: readonly (FindingSignal | ProbeSettled)[]
}

/** Most snapshots are heard for nothing: then the context is not written anew. */
export const nothing: Partial<BreakerContext> = Object.freeze({})
const unheard: Heard = { next: nothing, moved: undefined, stated: undefined, changed: false, told: [] }

/** A line that is the same object is not read: one that names a thousand endpoints is long. */
const sameLines = (one: Lines, other: Lines) =>
  (Object.keys({ ...one, ...other }) as (keyof Lines)[]).every(
    (key) => one[key] === other[key] || JSON.stringify(one[key]) === JSON.stringify(other[key]),
  )

/** Takes in the snapshot of one child: its advice and, of the strategy, its finding. */
export function hear(context: BreakerContext, key: string, snapshot: Snapshot<unknown>): Heard {
  const plug = context.parts.find((part) => part.plug.key === key)?.plug
  if (plug === undefined || snapshot.status !== "active") return unheard
  const finding = plug.kind === "strategy" ? plug.finding(snapshot) : context.finding
  const entered = plug.kind === "strategy" && finding.entries !== context.finding.entries
  const before = context.voices[key]
  const advice = adviceOf(snapshot)
  const own = plug.kind === "component" ? plug.finding?.(snapshot) : undefined
  const isNews = own !== before?.finding
  const changed =
    entered || !before || isNews || !sameDemand(before.demand, advice.demand) || !sameLines(before.lines, advice.lines)
  const at = Math.max(context.at, finding.at)
  const reason = plug.kind === "strategy" ? finding.reason : (plug.reason?.(snapshot) ?? key)
  const ready = context.ready.includes(key) ? context.ready : [...context.ready, key]
  const isKnown = finding === context.finding && ready === context.ready
  if (!changed) return { ...unheard, next: isKnown ? nothing : { finding, ready } }
  const epoch = entered ? context.epoch + 1 : context.epoch
  const news = isNews && plug.kind === "component" ? (plug.tells?.(snapshot, at) ?? []) : []
  const told = isNews ? news.filter(lasts) : (before?.told ?? [])
  const voices = { ...context.voices, [key]: { ...advice, since: at, reason, finding: own, told } }
  return {
    next: { at, finding, ready, epoch, voices },
    moved: moveOf(context, finding, at, epoch),
    stated: entered ? finding : before && isNews ? own : undefined,
    changed,
    told: news,
  }
}

/** `hear`, with what a part's own functions throw as a value. */
export function tryHear(context: BreakerContext, key: string, snapshot: Snapshot<unknown>): Heard | { error: unknown } {
  try {
    return hear(context, key, snapshot)
  } catch (error) {
    return { error }
  }
}

function moveOf(context: BreakerContext, finding: CircuitFinding, at: number, epoch: number): CircuitMoved | undefined {
  if (finding.circuit === context.finding.circuit) return undefined
  const { reason, rule, statistics } = finding
  return {
    type: "circuit.moved",
    at,
    breaker: context.name,
    from: context.finding.circuit,
    to: finding.circuit,
    epoch,
    reason,
    rule,
    statistics,
  }
}

/** A part or a loop that crashes more often than this within ten minutes is left out. */
const crashLimit = { count: 5, withinMs: 600_000 }

function countCrash({ crashes, at }: BreakerContext, key: string): Crashes {
  const before = crashes[key]
  if (before === undefined || at - before.since > crashLimit.withinMs) return { count: 1, since: at }
  return { ...before, count: before.count + 1 }
}

/** A respawned strategy counts its entries anew: whatever it says first is news. */
export const noEntries = -1

/** What is found of a circuit whose strategy was left out: nothing holds calls back any more. */
const leftOut = ({ at, finding }: BreakerContext): CircuitFinding => ({
  circuit: "closed",
  entries: finding.entries + 1,
  at,
  reason: "its strategy crashed too often and was left out",
  rule: "leftOut",
  statistics: undefined,
})

/**
 * What losing a crashed child means: its voice is gone, and it is replaced unless it crashed too often. With a strategy its
 * evidence is lost, so a new epoch begins.
 */
export function lose(context: BreakerContext, key: string) {
  const crashed = countCrash(context, key)
  const known = context.parts.find((part) => part.plug.key === key)
  const plug = known?.plug
  const isOver = crashed.count > crashLimit.count
  const part = isOver ? undefined : known
  const loop = isOver ? undefined : context.loops.find(({ id }) => id === key)
  const { [key]: _silenced, ...voices } = context.voices
  const isStrategy = plug?.kind === "strategy"
  const resumes = isStrategy && part !== undefined && context.finding.circuit !== "closed"
  const finding = !isStrategy ? context.finding : part ? { ...context.finding, entries: noEntries } : leftOut(context)
  const epoch = isStrategy ? context.epoch + 1 : context.epoch
  const lost = {
    // Whoever is left out hears nothing any more: sending to a child that is gone would end the root.
    parts: part ? context.parts : context.parts.filter((other) => other.plug.key !== key),
    crashes: { ...context.crashes, [key]: crashed },
    voices,
    epoch,
    finding,
    resuming: resumes ? key : context.resuming,
  }
  return { lost, part, loop, plug, resumes, moved: moveOf(context, finding, context.at, epoch) }
}
