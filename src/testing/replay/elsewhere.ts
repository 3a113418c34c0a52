/** Where the calls of a recording went, and how a call would have ended that another config sends to another endpoint. */
import type { Recording } from "../../observability/recording/read.ts"
import { type Arrival, isTelling } from "./arrivals.ts"
import { play } from "./play.ts"

/** The endpoint of each call that was sent, by the call's number: the recording played again chooses as it was chosen then. */
export function endpointsIn(recording: Recording): ReadonlyMap<number, string> {
  const went = new Map<number, string>()
  const knows = recording.lines.some(
    (line) => line.t === "breaker" && line.parts.some(({ key }) => key === "discovery"),
  )
  if (knows) play(recording, (serial, endpoint) => went.set(serial, endpoint))
  return went
}

export class Elsewhere {
  readonly #went: ReadonlyMap<number, string>
  /** By endpoint, in the order of time. */
  readonly #ends = new Map<string, Arrival[]>()
  /** Calls that another endpoint would have answered. */
  count = 0

  constructor(arrivals: readonly Arrival[], went: ReadonlyMap<number, string>) {
    this.#went = went
    for (const arrival of arrivals) {
      const endpoint = went.get(arrival.serial)
      if (endpoint === undefined || !isTelling(arrival)) continue
      const ends = this.#ends.get(endpoint) ?? []
      this.#ends.set(endpoint, ends)
      ends.push(arrival)
    }
  }

  /** The call whose end stands for this one's at an endpoint: itself where it went there, or whoever went there nearest in time. */
  at(arrival: Arrival, endpoint: string | undefined): Arrival {
    const ends = endpoint === undefined ? undefined : this.#ends.get(endpoint)
    if (endpoint === undefined || ends === undefined || this.#went.get(arrival.serial) === endpoint) return arrival
    this.count++
    return nearest(ends, arrival.at) ?? arrival
  }
}

function nearest(ends: readonly Arrival[], at: number): Arrival | undefined {
  let [low, high] = [0, ends.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ends[middle] as Arrival).at < at) low = middle + 1
    else high = middle
  }
  const [before, after] = [ends[low - 1], ends[low]]
  if (before === undefined || after === undefined) return before ?? after
  return at - before.at <= after.at - at ? before : after
}
