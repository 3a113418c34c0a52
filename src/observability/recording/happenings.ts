/** What happened in a recording, one thing after the other. */
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import { noFacts } from "../../../machines/vocabulary/facts.ts"
import type { Judged, OutcomeKind } from "../../../machines/vocabulary/outcome.ts"
import { type Layer, layers } from "../../../machines/vocabulary/rejection.ts"
import {
  type AskedLine,
  type BreakerLine,
  type CallsLine,
  codes,
  type EventLine,
  type GoneLine,
  type MovedLine,
} from "./format.ts"
import type { Recording } from "./read.ts"
import { entriesIn } from "./reel.ts"

export type Happening =
  | { readonly type: "breaker"; readonly line: BreakerLine }
  | {
      readonly type: "entered"
      readonly b: number
      readonly at: number
      readonly serial: number
      readonly entry: "ordinary" | "probe" | "uncounted"
      readonly facts: Facts
      readonly waited: number
    }
  /** The call of this number is lent for so long. */
  | {
      readonly type: "lent"
      readonly b: number
      readonly at: number
      readonly serial: number
      readonly leaseMs: number
    }
  | {
      readonly type: "refused"
      readonly b: number
      readonly at: number
      readonly layer: Layer
      readonly facts: Facts
      /** The number of the call that has waited; 0: it has not. */
      readonly waited: number
    }
  | {
      readonly type: "waits"
      readonly b: number
      readonly at: number
      readonly number: number
      readonly deadlineAt: number
      readonly facts: Facts
    }
  | { readonly type: "gaveUp"; readonly b: number; readonly at: number; readonly number: number }
  | {
      readonly type: "settled"
      readonly b: number
      readonly at: number
      readonly serial: number
      readonly judged: Judged
    }
  /** Timers that were due by then were fired; `isNow`: none yet, but that is when those are that come next. */
  | { readonly type: "turned"; readonly b: number; readonly at: number; readonly isNow: boolean }
  /** The host had stood still until then, for so long. */
  | { readonly type: "stood"; readonly b: number; readonly at: number; readonly ms: number }
  /** One of many lets go of what it has; if it is not forgotten, it remembers its last calls. */
  | { readonly type: "rests"; readonly b: number; readonly at: number; readonly isForgotten: boolean }
  | { readonly type: "event"; readonly line: EventLine }
  | { readonly type: "moved"; readonly line: MovedLine }
  | { readonly type: "gone"; readonly line: GoneLine }

const entries = { [codes.entered]: "ordinary", [codes.probe]: "probe", [codes.uncounted]: "uncounted" } as const
const ends: { readonly [code: number]: OutcomeKind } = {
  [codes.success]: "success",
  [codes.failure]: "failure",
  [codes.timedOut]: "timedOut",
  [codes.ignored]: "ignored",
}

const settledBy = ({ b, at, serial, trip, retryAfterMs, kind = "failure", quota, unsent }: AskedLine): Happening => ({
  type: "settled",
  b,
  at,
  serial,
  judged: { kind, trip, retryAfterMs, ...(quota && { quota }), ...(unsent && { unsent }) },
})

/** What has been said of the call that comes next. */
interface Next {
  readonly facts: Facts
  readonly waited: number
  readonly deadlineAt: number
}

const unsaid: Next = { facts: noFacts, waited: 0, deadlineAt: Number.POSITIVE_INFINITY }

/** What has been said of calls, and of the one that comes next. */
interface Said {
  readonly facts: Map<number, Facts>
  next: Next
}

/** Everything, in the order in which it was recorded. */
export function* happenings({ lines }: Recording): Generator<Happening> {
  const said: Said = { facts: new Map(), next: unsaid }
  for (const line of lines) {
    if (line.t === "calls") yield* callsIn(line, said)
    else if (line.t === "facts") said.facts.set(line.id, line.facts)
    else if (line.t === "asked") yield settledBy(line)
    else if (line.t === "breaker") yield { type: "breaker", line }
    else if (line.t === "event") yield { type: "event", line }
    else if (line.t === "moved") yield { type: "moved", line }
    else if (line.t === "gone") yield { type: "gone", line }
  }
}

function* callsIn({ bytes, from, serial }: CallsLine, said: Said): Generator<Happening> {
  let entered = { at: 0, serial }
  for (const { at, code, number, who: b } of entriesIn(Buffer.from(bytes, "base64"), from, serial)) {
    const common = { b, at }
    if (code in entries) entered = { at, serial: number }
    if (code === codes.until && number === 1) yield { type: "lent", b, ...entered, leaseMs: at }
    else if (code === codes.facts) said.next = { ...said.next, facts: said.facts.get(number) ?? noFacts }
    else if (code === codes.until) said.next = { ...said.next, deadlineAt: common.at }
    else if (code === codes.waited) said.next = { ...said.next, waited: number }
    else {
      yield happeningOf(code, number, common, said.next)
      // What timers did in between says nothing of the call.
      if (code !== codes.turned) said.next = unsaid
    }
  }
}

function happeningOf(
  code: number,
  number: number,
  common: { readonly b: number; readonly at: number },
  { facts, waited, deadlineAt }: Next,
): Happening {
  if (code === codes.turned && number > 1) return { type: "stood", ...common, ms: number - 1 }
  if (code === codes.turned) return { type: "turned", ...common, isNow: number === 1 }
  if (code === codes.rests) return { type: "rests", ...common, isForgotten: number === 1 }
  if (code === codes.waits) return { type: "waits", ...common, number, deadlineAt, facts }
  if (code === codes.gaveUp) return { type: "gaveUp", ...common, number }
  if (code === codes.refused) return { type: "refused", ...common, layer: layers[number] ?? "circuit", facts, waited }
  const judged = ends[code]
  if (judged !== undefined) return { type: "settled", ...common, serial: number, judged }
  const entry = entries[code as keyof typeof entries] ?? "ordinary"
  return { type: "entered", ...common, serial: number, entry, facts, waited }
}
