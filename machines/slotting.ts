/** The options of `priority`, and what it makes of what it hears: pure functions over its context. */
import {
  duration,
  type InOf,
  type Named,
  number,
  type OutOf,
  type Reader,
  type StructIn,
  type StructOut,
  short,
  struct,
  switchable,
} from "./options.ts"
import { only, type PlugInput } from "./plug.ts"
import type { Demand, Lines } from "./vocabulary/gate.ts"
import { type LimitState, priorities, type SlotsLine } from "./vocabulary/priority.ts"
import type { BreakerRestored, LimitMoved, PressureChanged, Signal } from "./vocabulary/signal.ts"

const most = 100_000

const limitFields = {
  /** The least that is learned. Default: 1. */
  min: number({ default: 1, min: 1, max: most, integer: true }),
  /** The most that is learned. Default: 100 000. */
  max: number({ default: most, min: 1, max: most, integer: true }),
  /** Where it begins. Default: 20, or what is nearest to it between `min` and `max`. */
  initial: number({ default: 20, min: 1, max: most, integer: true }),
}
export interface SlotLimitFields extends Named<typeof limitFields> {}
const limit = struct<SlotLimitFields>(
  limitFields,
  ({ min, max, initial }) => {
    if (min > max) return { path: "max", rule: "must not be less than min" }
    return initial < min || initial > max ? { path: "initial", rule: "must lie between min and max" } : undefined
  },
  ({ min, max, initial }) => ({ initial: Math.max(min, Math.min(max, initial)) }),
)

const shareOfSlots = () => number({ default: 0, min: 0, max: 0.9 })
const reserveFields = { critical: shareOfSlots(), high: shareOfSlots(), normal: shareOfSlots(), low: shareOfSlots() }
export interface ReserveFields extends Named<typeof reserveFields> {}
const reserve = struct<ReserveFields>(reserveFields, ({ critical, high, normal, low }) =>
  critical + high + normal + low > 0.9
    ? { path: "critical", rule: "must with the others leave a tenth to all" }
    : undefined,
)

const queueFields = {
  /** The most calls that wait for a slot. Default: 1 000. */
  max: number({ default: 1000, min: 1, max: most, integer: true }),
  /** The longest that one waits; a call's own `deadline` may be shorter. Default: 1 second. */
  deadline: duration({ default: "1 second", min: "1 millis", max: "1 hour" }),
}
export interface QueueFields extends Named<typeof queueFields> {}
const queue = short<number, InOf<QueueReader>, OutOf<QueueReader>>(
  struct<QueueFields>(queueFields),
  (value) => (typeof value === "number" ? { max: value } : undefined),
  ", a number",
)
type QueueReader = ReturnType<typeof struct<QueueFields>>

const tenantFields = {
  /** The part of the slots that critical calls of one tenant may hold; what is beyond counts as high. Default: 0.25. */
  quota: number({ default: 0.25, min: 0.01, max: 1 }),
}
export interface TenantFields extends Named<typeof tenantFields> {}

const pressureFields = {
  /** How full event loop, memory or queue may be, 0 to 1, before bulk calls are refused. Default: 0.9. */
  pressed: number({ default: 0.9, min: 0.1, max: 1 }),
  /** The same for calls of low priority. Default: 0.98. */
  saturated: number({ default: 0.98, min: 0.1, max: 1 }),
}
export interface PressureFields extends Named<typeof pressureFields> {}

const fields = {
  /** How many calls may be in flight: a number, or learned, between `min` and `max`. Default: `"adaptive"`. */
  limit: short<number | "adaptive", InOf<typeof limit>, OutOf<typeof limit>>(
    limit,
    (value) =>
      value === "adaptive" ? {} : typeof value === "number" ? { min: value, max: value, initial: value } : undefined,
    ', a number or "adaptive"',
  ),
  /** Parts of the slots that are kept for a class and those above it, as `{ critical: 0.2 }`. What is not used is lent out. */
  reserve,
  /** Who finds no slot may wait for one: how many, and how long. `false`: nobody. */
  queue: switchable(queue, true),
  tenants: struct<TenantFields>(tenantFields),
  /**
   * Whether pressure on the process, or a warning of `prediction`, raises the floor: the least class that may enter. Pressure is looked
   * at once a second while calls are counted in slices, for `metrics` or a learned `timeout`.
   */
  pressure: switchable(
    struct<PressureFields>(pressureFields, ({ pressed, saturated }) =>
      pressed > saturated ? { path: "saturated", rule: "must not be less than pressed" } : undefined,
    ),
    true,
  ),
}
export interface PriorityFields extends Named<typeof fields> {}
export interface PriorityOptions extends StructIn<PriorityFields> {}
export interface PrioritySettings extends StructOut<PriorityFields> {}
export const priorityOptions: Reader<PriorityOptions, PrioritySettings> = struct<PriorityFields>(fields)

export interface SlotContext {
  readonly settings: PrioritySettings
  readonly line: SlotsLine
  /** The limit that was told last, or saved; `undefined` until one was. */
  readonly learned: number | undefined
  /** `prediction` warns. */
  readonly isForetold: boolean
  /** What presses most, and how much. */
  readonly pressure: { readonly level: number; readonly by: string }
}

export const isFixed = ({ settings: { limit } }: SlotContext): boolean => limit.min === limit.max

const lineOf = ({ limit, reserve, queue, tenants, pressure }: PrioritySettings, first: number): SlotsLine => ({
  adaptive: limit.min < limit.max,
  least: limit.min,
  most: limit.max,
  first,
  reserve: priorities.map((priority) => (priority === "bulk" ? 0 : reserve[priority])).reverse(),
  waitMs: queue?.deadline ?? 0,
  quota: tenants.quota,
  pressure: pressure !== undefined,
})

export const freshSlots = ({ settings }: PlugInput<PrioritySettings>): SlotContext => ({
  settings,
  line: lineOf(settings, settings.limit.initial),
  learned: undefined,
  isForetold: false,
  ...unpressed,
})

/** Always: there are so many slots, and so many may wait for one. */
export const bounds = ({ settings: { limit, queue } }: SlotContext): Demand => ({
  slots: limit.max,
  queue: queue?.max ?? 0,
})
export const watched = ({ line }: SlotContext): Lines => ({ slots: line })

export const movedTo =
  (state: LimitState) =>
  ({ event }: { readonly event: Signal }): boolean =>
    only(event, "limit.moved").state === state

export const noteLimit = ({ limit }: LimitMoved): Partial<SlotContext> => ({ learned: limit })

const gauges = ["event loop", "memory", "queue"] as const

/** The gauge that presses most. */
function pressureOf({ utilisation, memory, queue }: PressureChanged): SlotContext["pressure"] {
  const levels = [utilisation, memory, queue].map((level) => (Number.isFinite(level) ? level : 0))
  const level = Math.max(...levels)
  return { level, by: gauges[levels.indexOf(level)] as string }
}

export const notePressure = (changed: PressureChanged): Partial<SlotContext> => ({ pressure: pressureOf(changed) })

/** Told every second while calls end; a floor of which nothing is heard for so long is lowered, and a few calls look anew. */
export const longestUnheardMs = 5000

export const unpressed = { pressure: { level: 0, by: "" } } as const satisfies Partial<SlotContext>

/** It eases once it is well below what it began at: a gauge that trembles at the line changes nothing. */
const ease = 0.05

/** How hard it is pressed now, when it stood at `from`: 0, 1 or 2. */
export function pressureAt({ settings: { pressure } }: SlotContext, event: PressureChanged, from: number): number {
  if (pressure === undefined) return from
  const { level } = pressureOf(event)
  const lines = [pressure.pressed, pressure.saturated].map((line, index) => (from > index ? line - ease : line))
  return lines.filter((line) => level >= line).length
}

export interface SavedSlots {
  readonly limit: number
}

export function readSlots(saved: unknown): SavedSlots | undefined {
  if (typeof saved !== "object" || saved === null) return undefined
  const { limit } = saved as { readonly limit?: unknown }
  return typeof limit === "number" && limit >= 1 && limit <= most ? { limit: Math.floor(limit) } : undefined
}

/** A limit that was learned before: it begins there. */
export function restoredSlots({ settings }: SlotContext, { parts }: BreakerRestored): Partial<SlotContext> {
  const saved = readSlots(parts["priority"])
  if (saved === undefined) return {}
  const limit = Math.max(settings.limit.min, Math.min(settings.limit.max, saved.limit))
  return { learned: limit, line: lineOf(settings, limit) }
}
