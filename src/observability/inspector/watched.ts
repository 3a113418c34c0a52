/** One breaker that somebody looks at closely: its series and the events between its actors, as long as they look. */
import type { FeatureBounds } from "../../../machines/vocabulary/feature.ts"
import type { Demand } from "../../../machines/vocabulary/gate.ts"
import type { Decisions } from "./decisions.ts"
import type { Inspected } from "./inspected.ts"
import type { BreakerMessage, HolderView, Message, Point } from "./protocol.ts"
import type { Rows } from "./rows.ts"

const mostPoints = 300
const mostMessages = 120
const routine = "slice.closed"

const finite = (value: number): number => (Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0)

/** A limit that nothing reaches is none. */
const known = (value: number): number | null => (value < 1e4 ? Math.round(value * 1000) / 1000 : null)

/** JSON has no infinity: a field that is free says so. Features are told by what is held back of each. */
function told(value: number | FeatureBounds, wall = 0): number | string {
  if (typeof value !== "number") return heldOf(value) || "free"
  return Number.isFinite(value) ? Math.round((value + wall) * 1000) / 1000 : "free"
}

const heldOf = (features: FeatureBounds): string =>
  Object.entries(features)
    .map(([name, { share }]) => `${name} ${share === 0 ? "blocked" : `${Math.round(100 * share)} %`}`)
    .join(", ")

/** Each field of a demand or of what is in force; times as the clock on the wall has them. */
const fieldsOf = (demand: Demand, wall: number): [string, number | string][] =>
  Object.entries(demand).map(([field, value]) => [field, told(value, field === "retryAt" ? wall : 0)])

export class Watched {
  readonly #id: string
  readonly #breaker: Inspected
  readonly #points: Point[] = []
  readonly #messages: Message[] = []
  #serial = 0
  #before: {
    readonly at: number
    readonly success: number
    readonly failure: number
    readonly timedOut: number
    readonly rejected: number
  }
  readonly #silence: () => void

  constructor(id: string, breaker: Inspected) {
    this.#id = id
    this.#breaker = breaker
    this.#before = { at: breaker.now(), ...breaker.tally() }
    this.#points.push(...pastOf(breaker))
    this.#silence = breaker.onPassed(({ from, to, event }) => {
      const times = event === routine ? this.#takeOut(from, to) + 1 : 1
      this.#messages.push({ serial: ++this.#serial, at: breaker.wallNow(), from, to, event, times })
      if (this.#messages.length > 2 * mostMessages) this.#messages.splice(0, mostMessages)
    })
  }

  /** The last of its kind gives way to the next: what comes every second would soon be all there is to see. Answers how often it came. */
  #takeOut(from: string, to: string): number {
    const at = this.#messages.findLastIndex((one) => one.event === routine && one.from === from && one.to === to)
    return at < 0 ? 0 : (this.#messages.splice(at, 1)[0]?.times ?? 0)
  }

  /** A new point of the series. */
  sample(): void {
    const { success, failure, timedOut, rejected, inFlight } = this.#breaker.tally()
    const at = this.#breaker.now()
    const before = this.#before
    if (at - before.at < 900) return
    const { p50, p99 } = this.#breaker.latency()
    const { share, probes } = this.#breaker.gate.restriction
    const { limit, danger } = this.#breaker.outlook()
    this.#points.push({
      at: Math.round(this.#breaker.wallNow()),
      spanMs: Math.round(at - before.at),
      success: success - before.success,
      failure: failure - before.failure,
      timedOut: timedOut - before.timedOut,
      refused: rejected - before.rejected,
      p50: finite(p50),
      p99: finite(p99),
      // Where only probes enter, no share of the calls does.
      share: Number.isFinite(probes) ? 0 : finite(share),
      inFlight,
      limit: known(limit),
      danger: known(danger),
    })
    this.#points.splice(0, this.#points.length - mostPoints)
    this.#before = { at, success, failure, timedOut, rejected }
  }

  message(rows: Rows, decisions: Decisions): BreakerMessage | undefined {
    const breaker = this.#breaker
    rows.read(this.#id, breaker, true)
    const row = rows.row(this.#id)
    if (row === undefined) return undefined
    const { epoch, restriction, holders } = breaker.gate
    const wall = breaker.wallNow() - breaker.now()
    const actors = breaker.actors()
    return {
      type: "breaker",
      at: Math.round(breaker.wallNow()),
      row,
      epoch,
      restriction: Object.fromEntries(fieldsOf(restriction, wall)),
      holders: holders.map(({ by, layer, since, reason, demand }): HolderView => {
        const shown = fieldsOf(demand, wall).filter(([, value]) => value !== "free")
        return { by, layer, since: Math.round(since + wall), reason, demand: Object.fromEntries(shown) }
      }),
      actors: actors ?? [],
      isResting: actors === undefined,
      calls: { ...breaker.tally() },
      points: this.#points,
      messages: this.#messages.slice(-mostMessages),
      decisions: decisions.since(0, 60, this.#id),
      edges: breaker.edges(),
    }
  }

  end(): void {
    this.#silence()
  }
}

/** What the breaker itself remembers of the time before anybody looked. */
const pastOf = (breaker: Inspected): readonly Point[] => {
  const wall = breaker.wallNow() - breaker.now()
  return breaker.slices().map(({ startedAt, success, failure, timedOut, latency }) => ({
    at: Math.round(startedAt + wall) + 1000,
    spanMs: 1000,
    ...{ success, failure, timedOut, refused: 0 },
    ...{ p50: finite(latency.p50), p99: finite(latency.p99) },
    ...{ share: Number.NaN, inFlight: null, limit: null, danger: null },
  }))
}
