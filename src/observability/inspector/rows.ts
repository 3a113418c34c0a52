/** Reads breakers for the overview: rates from what was counted between two looks, latencies of a part of them at each look. */

import type { Episodes } from "./episodes.ts"
import { holdingBack } from "./holding.ts"
import type { Inspected } from "./inspected.ts"
import type { Row } from "./protocol.ts"

interface Look {
  readonly at: number
  readonly sent: number
  readonly bad: number
  readonly settled: number
  readonly refused: number
  readonly refusals: { readonly [layer: string]: number }
}

/** What is remembered of one breaker between looks. */
interface Seen {
  /** Looks of the last seconds, oldest first. */
  looks: readonly Look[]
  p50: number
  p99: number
  row: Row | undefined
  gate: Inspected["gate"] | undefined
  /** Whether its row says already that nothing happens. */
  isSettled: boolean
}

const spanMs = 3000
/** Looking must not hold the program up: of very many breakers so many are looked at each time, in turn, and those that moved. */
const breakersPerLook = 1000
/** A latency takes some ten microseconds to read: of many breakers so many are read at each look, in turn. */
const latenciesPerLook = 100

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))

function lookAt(breaker: Inspected, before: Look | undefined): Look {
  const { admitted, rejected, success, failure, timedOut } = breaker.tally()
  const bad = failure + timedOut
  // Most refuse nothing between two looks.
  const refusals = before?.refused === rejected ? before.refusals : { ...breaker.refusals() }
  return { at: breaker.now(), sent: admitted, bad, settled: success + bad, refused: rejected, refusals }
}

const isIdle = (one: Look, other: Look): boolean =>
  one.sent === other.sent && one.settled === other.settled && one.refused === other.refused

/** A closed circuit refuses nothing any more. */
const isOver = (layer: string, isClosed: boolean): boolean => isClosed && (layer === "circuit" || layer === "probe")

/** The layer that refused the most between two looks, of those that may refuse still. */
function refusedBy(first: Look, last: Look, isClosed: boolean): string {
  let [most, by] = [0, ""]
  if (last.refusals !== first.refusals)
    for (const [layer, count] of Object.entries(last.refusals)) {
      const refused = count - (first.refusals[layer] ?? 0)
      if (refused > most && !isOver(layer, isClosed)) [most, by] = [refused, layer]
    }
  return by
}

function ratesOf(looks: readonly Look[], isClosed: boolean): Pick<Row, "sent" | "failing" | "refused" | "refusedBy"> {
  const [first, last] = [looks[0], looks.at(-1)]
  if (first === undefined || last === undefined || last.at <= first.at)
    return { sent: 0, failing: 0, refused: 0, refusedBy: "" }
  const seconds = (last.at - first.at) / 1000
  const settled = last.settled - first.settled
  return {
    sent: rounded((last.sent - first.sent) / seconds, 1),
    failing: settled === 0 ? 0 : rounded((last.bad - first.bad) / settled, 3),
    refused: rounded((last.refused - first.refused) / seconds, 1),
    refusedBy: refusedBy(first, last, isClosed),
  }
}

const isSame = (one: Row, other: Row): boolean => {
  if (one.episode !== other.episode) return false
  for (const field in one) {
    const [a, b] = [one[field as keyof Row], other[field as keyof Row]]
    if (a !== b && !(Array.isArray(a) && Array.isArray(b) && a.join() === b.join())) return false
  }
  return true
}

export class Rows {
  readonly #seen = new Map<string, Seen>()
  readonly #episodes: Episodes
  #turn = 0

  constructor(episodes: Episodes) {
    this.#episodes = episodes
  }

  get ids(): Iterable<string> {
    return this.#seen.keys()
  }

  row(id: string): Row | undefined {
    return this.#seen.get(id)?.row
  }

  forget(id: string): void {
    this.#seen.delete(id)
  }

  /** Looks at those whose turn it is, at those that have not been seen, and at those that moved; answers the rows that changed. */
  look(breakers: Iterable<readonly [string, Inspected]>, size: number, moved: ReadonlySet<string>): readonly Row[] {
    const turn = this.#turn++
    const [stride, patience] = [Math.ceil(size / breakersPerLook) || 1, Math.ceil(size / latenciesPerLook) || 1]
    const changed: Row[] = []
    let index = -1
    for (const [id, breaker] of breakers) {
      index++
      if (index % stride !== turn % stride && !moved.has(id) && this.#seen.has(id)) continue
      const row = this.read(id, breaker, index % patience === turn % patience)
      if (row !== undefined) changed.push(row)
    }
    return changed
  }

  /** The row of one breaker, if it is another than it was. */
  read(id: string, breaker: Inspected, readsLatency: boolean): Row | undefined {
    const seen = this.#seen.get(id) ?? { looks: [], p50: 0, p99: 0, row: undefined, gate: undefined, isSettled: false }
    this.#seen.set(id, seen)
    const before = seen.looks.at(-1)
    const look = lookAt(breaker, before)
    const { gate } = breaker
    if (before !== undefined && seen.gate === gate && isIdle(seen.looks[0] ?? before, look)) {
      // Nothing has happened for as long as rates go back: the row says so already.
      if (seen.row !== undefined && seen.isSettled) return undefined
      seen.isSettled = true
    } else seen.isSettled = false
    seen.gate = gate
    const isBusy = look.settled !== before?.settled
    seen.looks = [
      ...seen.looks.filter((one) => (look.at - one.at <= spanMs || one === before) && look.at > one.at),
      look,
    ]
    if (readsLatency && isBusy) {
      const { p50, p99 } = breaker.latency()
      seen.p50 = rounded(p50, 1)
      seen.p99 = rounded(p99, 1)
    }
    const episode = this.#episodes.of(id)
    const row: Row = { ...rowOf(id, breaker, seen), ...(episode && { episode }) }
    if (seen.row !== undefined && isSame(seen.row, row)) return undefined
    seen.row = row
    return row
  }
}

function rowOf(id: string, breaker: Inspected, { looks, p50, p99 }: Seen): Row {
  const { circuit, mode, phase, restriction, holders } = breaker.gate
  const strict = holdingBack(holders)
  const first = strict.find(({ demand }) => (demand.share ?? 1) === restriction.share) ?? strict[0]
  const wall = breaker.wallNow() - breaker.now()
  const retryAt =
    Number.isFinite(restriction.retryAt) && restriction.share === 0 ? Math.round(restriction.retryAt + wall) : 0
  return {
    id,
    name: breaker.name,
    circuit,
    mode,
    phase,
    share: rounded(restriction.share, 4),
    probes: Number.isFinite(restriction.probes) ? restriction.probes : 0,
    ...ratesOf(looks, circuit === "closed"),
    inFlight: breaker.tally().inFlight,
    p50,
    p99,
    heldParts: breaker.heldParts(),
    heldBy: strict.map(({ by }) => by),
    since: first === undefined ? 0 : Math.round(first.since + wall),
    reason: first?.reason ?? "",
    retryAt,
    cause: breaker.cause(),
  }
}
