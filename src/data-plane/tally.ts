import type { Facts } from "../../machines/vocabulary/facts.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Priority } from "../../machines/vocabulary/priority.ts"
import type { Layer } from "../../machines/vocabulary/rejection.ts"

/** Counts of outcomes. */
class OutcomeCounts {
  success = 0
  failure = 0
  timedOut = 0
  ignored = 0

  /** Spelt out, because `this[kind]++` is a look-up by a name that is not known, on every call. */
  count(kind: OutcomeKind): void {
    if (kind === "success") this.success++
    else if (kind === "failure") this.failure++
    else if (kind === "timedOut") this.timedOut++
    else this.ignored++
  }
}

/** Calls of one class: how many entered, and how many were refused. */
export interface ClassCounts {
  admitted: number
  rejected: number
}

/** Counts of calls since the breaker was made: plain numbers, one increment a call. */
export class Tally extends OutcomeCounts {
  admitted = 0
  probes = 0
  /** Outcomes of an older epoch: counted, and nothing more. */
  stragglers = 0
  /** Calls that ran although the gate would have refused them (shadow mode). */
  shadowed = 0
  /** Outcomes that entered no window because the gate was not obeyed. */
  uncounted = 0
  rejected = 0
  /** Calls whose callers gave up while they waited for a slot. */
  gaveUp = 0
  readonly refusals: { [L in Layer]?: number } = {}
  /** By the class that calls name; those that name none are not told apart. */
  readonly classes: { [P in Priority]?: ClassCounts } = {}

  /** The same, if any call has named one. */
  get named(): Tally["classes"] | undefined {
    return Object.keys(this.classes).length > 0 ? this.classes : undefined
  }

  /** A call that names its class has entered, or was refused. */
  sort({ priority }: Facts, isAdmitted: boolean): void {
    if (priority === undefined) return
    const counts = (this.classes[priority] ??= { admitted: 0, rejected: 0 })
    if (isAdmitted) counts.admitted++
    else counts.rejected++
  }

  refuse(layer: Layer): void {
    this.rejected++
    this.refusals[layer] = (this.refusals[layer] ?? 0) + 1
  }

  /** One that was refused, or ran unseen where the gate is only observed. */
  turnAway(layer: Layer, isObserved: boolean): void {
    if (isObserved) this.shadowed++
    else this.refuse(layer)
  }
}

/** Counts of one slice of time. */
export class SliceTally extends OutcomeCounts {
  readonly startedAt: number
  slow = 0
  late = 0
  busyMs = 0

  constructor(startedAt: number) {
    super()
    this.startedAt = startedAt
  }
}
