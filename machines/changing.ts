/** Changing a running breaker: which children stay, which learn new settings, and which are replaced with what they had learned. */
import type { BreakerEvent, BreakerReconfigured } from "./breakerEvents.ts"
import { type BreakerContext, noEntries } from "./fold.ts"
import { foundSoFar } from "./hearing.ts"
import type { AnyPlug } from "./plug.ts"
import type { ChosenPart } from "./registry.ts"
import type { FindingSignal } from "./vocabulary/finding.ts"
import type { BreakerRestored, OperatorActed, SettingsChanged } from "./vocabulary/signal.ts"

type Told = BreakerRestored | SettingsChanged | OperatorActed | FindingSignal

export interface Change {
  readonly next: Partial<BreakerContext>
  /** Keys of parts whose settings are others than before, that came or went. */
  readonly changed: readonly string[]
  readonly stop: readonly string[]
  /** Whether a part that demanded something is gone for good: nobody else will have the gate published. */
  readonly lets: boolean
  /** What parts that are gone had said of others. */
  readonly retract: readonly BreakerEvent[]
  readonly spawn: readonly ChosenPart[]
  readonly tell: readonly { readonly key: string; readonly event: Told }[]
}

const sameSettings = (one: ChosenPart, other: ChosenPart) =>
  one.plug === other.plug && JSON.stringify(one.settings) === JSON.stringify(other.settings)

const learnsInPlace = ({ hears }: AnyPlug) => (hears as readonly string[]).includes("settings.changed")

/** What a strategy of another kind takes over: the circuit as the one before it left it, beside what it has learned on trial. */
function handedOver({ parts }: BreakerContext, event: BreakerReconfigured): { readonly [key: string]: unknown } {
  const before = parts.find(({ plug }) => plug.kind === "strategy")?.plug.key
  const after = event.parts.find(({ plug }) => plug.kind === "strategy")?.plug.key
  if (before === undefined || after === undefined || before === after) return event.saved
  const [learned, circuit] = [event.saved[after], event.saved[before]] as readonly (object | undefined)[]
  return { ...event.saved, [after]: { ...learned, ...circuit } }
}

/** The operator's order, told to a strategy that was not there when it was given. */
export const heldOpen = ({ at, operator: { why } }: BreakerContext): OperatorActed => ({
  type: "operator.forcedOpen",
  at,
  why,
})

export function changeOf(context: BreakerContext, event: BreakerReconfigured): Change {
  const { at } = event
  const before = new Map(context.parts.map((part) => [part.plug.key, part]))
  const after = new Map(event.parts.map((part) => [part.plug.key, part]))
  const gone = [...before.keys()].filter((key) => !after.has(key))
  const others = event.parts.filter((part) => {
    const known = before.get(part.plug.key)
    return known === undefined || !sameSettings(known, part)
  })
  const learning = others.filter(({ plug }) => before.get(plug.key)?.plug === plug && learnsInPlace(plug))
  const spawn = others.filter((part) => !learning.includes(part))
  const stop = [...gone, ...spawn.map(({ plug }) => plug.key).filter((key) => before.has(key))]
  const strategy = spawn.find(({ plug }) => plug.kind === "strategy")
  const replaces = strategy !== undefined && context.finding.circuit !== "closed"
  const restored: BreakerRestored = { type: "breaker.restored", at, elapsedMs: 0, parts: handedOver(context, event) }
  const voices = Object.fromEntries(Object.entries(context.voices).filter(([key]) => !stop.includes(key)))
  return {
    next: {
      at: Math.max(context.at, at),
      parts: event.parts,
      voices,
      finding: strategy ? { ...context.finding, entries: noEntries } : context.finding,
      // Its first word is of a beginning; its last word before the change counts until it has taken over.
      resuming: replaces ? strategy.plug.key : context.resuming,
    },
    changed: [...gone, ...others.map(({ plug }) => plug.key)],
    stop,
    lets: gone.some((key) => before.get(key)?.plug.kind === "component"),
    retract: gone.flatMap((key) => before.get(key)?.plug.retracts?.(at) ?? []),
    spawn,
    tell: [
      ...learning.map(({ plug, settings }) => ({
        key: plug.key,
        event: { type: "settings.changed", at, settings } as const,
      })),
      ...spawn
        .filter(
          ({ plug }) => (plug.hears as readonly string[]).includes("breaker.restored") && plug.key in restored.parts,
        )
        .map(({ plug }) => ({ key: plug.key, event: restored })),
      ...spawn.flatMap(({ plug }) => foundSoFar({ voices, at }, plug).map((event) => ({ key: plug.key, event }))),
      // What the operator holds open waits for nothing else.
      ...(strategy && context.mode === "forcedOpen" ? [{ key: strategy.plug.key, event: heldOpen(context) }] : []),
    ],
  }
}
