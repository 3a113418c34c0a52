/** The gauges of a recording: what they showed then they show again, to the slice that is looked at in the same time. */
import { Observed } from "../../data-plane/observed.ts"
import { type EventLine, gaugesShown } from "../../observability/recording/format.ts"
import type { Recording } from "../../observability/recording/read.ts"

/** What the gauges of one breaker showed, and when. */
export interface Shown {
  readonly at: number
  readonly gauges: { readonly [name: string]: number }
}

const shownBy = ({ event }: EventLine): Shown => ({
  at: Number(event["at"]),
  gauges: event["gauges"] as Shown["gauges"],
})

/** By breaker, in the order of time. */
export function shownIn({ lines }: Recording): ReadonlyMap<number, readonly Shown[]> {
  const all = new Map<number, Shown[]>()
  for (const line of lines) {
    if (line.t !== "event" || line.event.type !== gaugesShown) continue
    const shown = all.get(line.b) ?? []
    all.set(line.b, shown)
    shown.push(shownBy(line))
  }
  return all
}

export class ShownGauges extends Observed {
  readonly #shown: readonly Shown[]
  readonly #now: () => number
  #next = 0

  constructor(shown: readonly Shown[], now: () => number) {
    super(0, () => {})
    this.#shown = shown
    this.#now = now
    // A breaker that is introduced again knows nothing of what they showed before.
    const first = shown.findIndex(({ at }) => at >= now())
    this.#next = first < 0 ? shown.length : first
  }

  /** What they showed last since it was looked at before. */
  override take(): { readonly [gauge: string]: number } | undefined {
    let last: Shown | undefined
    for (
      let next = this.#shown[this.#next];
      next !== undefined && next.at <= this.#now();
      next = this.#shown[++this.#next]
    )
      last = next
    return last?.gauges
  }
}
