/** What a tampering does to a day: it changes what an invariant reads, just before that is read. */
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import type { Rejection } from "../../../machines/vocabulary/rejection.ts"
import type { Restriction } from "../../../machines/vocabulary/restriction.ts"
import type { BreakerMetrics } from "../../../src/metrics.ts"
import type { Books, Going } from "./books.ts"
import type { Day } from "./day.ts"
import type { Seen } from "./invariants.ts"
import type { Script } from "./play.ts"

export type Tampering = (day: Day, seen: Seen) => void

/** A quiet day with everything on, on which nothing is wrong but what is tampered with. */
export const quietDay: Script = {
  seed: 1,
  config: {
    strategy: { type: "dependency", own: { type: "basic", openFor: "5 seconds" } },
    priority: { limit: 4, queue: { max: 20, deadline: 500 } },
    retry: { attempts: 2, hedge: false },
    timeout: { min: 50, max: 5000 },
    prediction: true,
    metrics: true,
    provided: true,
    discovery: { panic: 0.3, settle: 0, max: 1000, ejection: true },
    checked: true,
    health: { interval: 500, jitter: 0, timeout: 100, rise: 1, fall: 2, passive: false, trickle: 0.05 },
    recovery: { features: { stock: true, order: { needs: ["stock"], required: true } }, atOnce: 1, minimumSamples: 3 },
  } as unknown as Script["config"],
  happenings: (["acquire", "execute", "guard"] as const).map((door, seed) => ({
    ...{ do: "calls", door, seed, calls: 4, everyMs: 20, keys: 0, priority: "normal", deadlineMs: 1000 },
    ...{ idempotent: false, abort: 0, forget: 0, cost: 1, features: 0.5 },
  })),
}

/** From now on it shows this, whatever it is. */
export function show<T extends object>(target: T | undefined, values: { readonly [name: string]: unknown }): void {
  if (target === undefined) return
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
}

export const withGate = (
  gate: Gate,
  changes: Partial<Gate>,
  restriction: { readonly [F in keyof Restriction]?: unknown } = {},
): Gate =>
  Object.freeze({
    ...gate,
    ...changes,
    restriction: Object.freeze({ ...(changes.restriction ?? gate.restriction), ...restriction }) as Restriction,
  })

/** Another gate, as the data plane would read it. */
export function regate(day: Day, changes: Partial<Gate>, restriction: Parameters<typeof withGate>[2] = {}): void {
  day.plane.gate = withGate(day.plane.gate, changes, restriction)
}

/** Somebody else holds the gate, too. */
export function hold(day: Day, holder: { readonly by: string; readonly layer: string; readonly demand: object }): void {
  const { gate } = day.plane
  regate(day, { holders: [holder as unknown as Gate["holders"][number], ...gate.holders] })
}

/** The line of endpoints says something else, where there is one. */
export function reline(day: Day, changes: object): void {
  const { gate } = day.plane
  const { endpoints } = gate.lines
  if (endpoints) regate(day, { lines: { ...gate.lines, endpoints: { ...endpoints, ...changes } } })
}

/** The metrics say something else. */
export function remetric({ breaker }: Day, change: (metrics: BreakerMetrics) => object): void {
  const metrics = breaker.metrics()
  show(breaker, { metrics: () => ({ ...metrics, ...change(metrics) }) })
}

/** One part says something else of itself. */
export function repart(day: Day, name: keyof BreakerMetrics["components"], changes: object): void {
  remetric(day, ({ components }) => ({ components: { ...components, [name]: { ...components[name], ...changes } } }))
}

/** The record of something that has just happened is another: `entry`, `settling` and `end` are of this one event. */
export function rewrite<K extends "entry" | "settling" | "end">(
  { books }: Day,
  what: K,
  change: (record: NonNullable<Books[K]>) => object,
): void {
  const record = books[what]
  if (record !== undefined) books[what] = { ...record, ...change(record) }
}

/** Likewise, of where a call goes. */
export function redirect(day: Day, change: (going: Going) => object): void {
  rewrite(day, "entry", ({ goes }) => ({ goes: goes && { ...goes, ...change(goes) } }))
}

export const rejection: Rejection = {
  admitted: false,
  breaker: "day",
  layer: "circuit",
  circuit: "open",
  reason: "it is tampered with",
  heldBy: ["basic"],
  since: 0,
  retryAfterMs: 1,
  rule: "tampered",
  statistics: undefined,
}

/** A move that nobody made. */
export const move = (from: string, to: string, changes: object = {}): Books["moves"][number] =>
  ({ at: 1, from, to, reason: "it is tampered with", rule: "tampered", statistics: undefined, ...changes }) as never

/** A check that the breaker still waits for. */
export const check = (key: string, since: number) => ({ key, since, signal: new AbortController().signal })

/** What came of a restart. */
export const restart = ({ plane: { gate } }: Day, changes: object): NonNullable<Books["restart"]> => ({
  ...{ before: gate, after: gate, leftBefore: undefined, leftAfter: undefined, heldBefore: [], heldAfter: [] },
  ...changes,
})
