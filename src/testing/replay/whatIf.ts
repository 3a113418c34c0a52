/** What if another config had been in force: the calls of a recording, decided anew, beside what was decided then. */
import type { Circuit } from "../../../machines/vocabulary/circuit.ts"
import { type Judged, kindOf } from "../../../machines/vocabulary/outcome.ts"
import { readConfig } from "../../BreakerConfig.ts"
import type { MovedLine } from "../../observability/recording/format.ts"
import type { Recording } from "../../observability/recording/read.ts"
import { runClock } from "../simulation/clock.ts"
import { Errand, EventQueue } from "../simulation/queue.ts"
import { Random } from "../simulation/random.ts"
import { type Arrival, type Traffic, trafficIn } from "./arrivals.ts"
import { Elsewhere, endpointsIn } from "./elsewhere.ts"
import { PlayedBreaker } from "./playedBreaker.ts"
import { type Shown, shownIn } from "./shownGauges.ts"

export interface Move {
  /** Milliseconds after the breaker's part of the recording began. */
  readonly afterMs: number
  readonly from: Circuit
  readonly to: Circuit
  readonly reason: string
}

/** How one config dealt with the calls. */
export interface Dealt {
  readonly moves: readonly Move[]
  readonly sent: number
  readonly refused: number
  /** Of the calls sent. */
  readonly failed: number
  readonly succeeded: number
  /** Of the calls refused: those that would have succeeded, as far as that can be told. */
  readonly refusedWell: number
}

export interface Comparison {
  readonly breaker: string
  readonly calls: number
  readonly recorded: Dealt
  readonly other: Dealt
  /** Calls of which only a guess says how they would have ended: they were refused when they were recorded. */
  readonly guessed: number
  /** Of those, how many the other config sends. */
  readonly sentOnGuess: number
  /** Calls that went to one endpoint then and to another here: how they end is a guess, from the calls that went there. */
  readonly elsewhere: number
}

const isBad = (judged: Judged | undefined): boolean =>
  judged !== undefined && ["failure", "timedOut"].includes(kindOf(judged))
const isWell = (judged: Judged | undefined): boolean => judged !== undefined && kindOf(judged) === "success"

class Account {
  readonly moves: Move[] = []
  sent = 0
  refused = 0
  failed = 0
  succeeded = 0
  refusedWell = 0

  send(judged: Judged | undefined): void {
    this.sent++
    if (isBad(judged)) this.failed++
    else if (isWell(judged)) this.succeeded++
  }

  refuse(judged: Judged | undefined): void {
    this.refused++
    if (isWell(judged)) this.refusedWell++
  }
}

function recordedIn({ line, arrivals }: Traffic, moved: readonly MovedLine[]): Account {
  const account = new Account()
  for (const { sentAt, judged } of arrivals) {
    if (sentAt !== undefined) account.send(judged)
    else account.refuse(judged)
  }
  for (const { at, from, to, reason } of moved) account.moves.push({ afterMs: at - line.at, from, to, reason })
  return account
}

/** A call that runs longer than the breaker allows is timed out; one that was timed out when it was recorded stays so. */
function endOf(
  { judged = "ignored", durationMs }: Arrival,
  timeoutMs: number,
): { readonly judged: Judged; readonly durationMs: number } {
  return durationMs > timeoutMs ? { judged: "timedOut", durationMs: timeoutMs } : { judged, durationMs }
}

interface Playing {
  readonly breaker: PlayedBreaker
  readonly queue: EventQueue
  readonly account: Account
  readonly elsewhere: Elsewhere
  sentOnGuess: number
}

function arrive(playing: Playing, arrival: Arrival, serial: number): void {
  const { breaker, queue, account, elsewhere } = playing
  if (arrival.leaseMs !== undefined) return lend(playing, arrival, serial, arrival.leaseMs)
  breaker.come(serial, queue.now, arrival.facts, arrival.deadlineAt, (entered, at) => {
    if (entered === "refused") return account.refuse(arrival.judged)
    const { judged, durationMs } = endOf(
      elsewhere.at(arrival, breaker.endpointOf(serial)),
      breaker.plane.ways.timeoutMs,
    )
    account.send(judged)
    if (arrival.sentAt === undefined) playing.sentOnGuess++
    queue.plan(new Errand((now) => breaker.settle(serial, judged, now)), at + durationMs)
  })
}

/** A lease that ends at the instant at which nobody's settling was recorded ends first: timers come some nanoseconds late. */
const afterTimersMs = 1e-3

/** A call that was lent never waits, and nobody times it out; what it was given for is the caller's, as long as the strategy bears it. */
function lend(
  { breaker, queue, account, elsewhere }: Playing,
  arrival: Arrival,
  serial: number,
  leaseMs: number,
): void {
  if (breaker.enter(serial, queue.now, arrival.facts) === "refused") return account.refuse(arrival.judged)
  const { judged, durationMs } = elsewhere.at(arrival, breaker.endpointOf(serial))
  breaker.lend(serial, leaseMs)
  account.send(judged)
  if (judged === undefined) return
  const laterMs = judged === "ignored" ? afterTimersMs : 0
  queue.plan(new Errand((now) => breaker.settle(serial, judged, now)), queue.now + durationMs + laterMs)
}

/** Decides about the same calls under another config, in virtual time. */
function decideAnew(
  traffic: Traffic,
  config: unknown,
  shown: readonly Shown[] | undefined,
  elsewhere: Elsewhere,
): { readonly account: Account; readonly sentOnGuess: number } {
  const { line, arrivals, events, endedAt } = traffic
  const queue = new EventQueue()
  queue.now = line.at
  const account = new Account()
  const { parts } = readConfig(line.name, config)
  const { saved: _saved, ...begun } = line
  const breaker = new PlayedBreaker(
    begun,
    parts,
    runClock(queue, new Random([line.seed, 1, 2, 3])),
    {
      gate: () => {},
      cell: () => {},
      told: (told) => {
        if (told.type !== "circuit.moved") return
        const { at, from, to, reason } = told
        account.moves.push({ afterMs: at - line.at, from, to, reason })
      },
    },
    shown,
  )
  const playing: Playing = { breaker, queue, account, elsewhere, sentOnGuess: 0 }
  // What comes from outside comes at its time too; another config stays in force whatever was recorded.
  for (const { at, event } of events) {
    if (event.type !== "breaker.reconfigured") queue.plan(new Errand(() => breaker.send(event)), at)
  }
  arrivals.forEach((arrival, index) => {
    queue.plan(new Errand(() => arrive(playing, arrival, index + 1)), arrival.at)
  })
  for (let next = queue.next(endedAt); next !== undefined; next = queue.next(endedAt)) next.fire(queue.now)
  breaker.end()
  return { account, sentOnGuess: playing.sentOnGuess }
}

/** By breaker, in one look at the recording: there may be ten thousand of them. */
function movesIn({ lines }: Recording): ReadonlyMap<number, readonly MovedLine[]> {
  const all = new Map<number, MovedLine[]>()
  for (const line of lines) {
    if (line.t !== "moved") continue
    const moves = all.get(line.b) ?? []
    all.set(line.b, moves)
    moves.push(line)
  }
  return all
}

/** How much the other config changes, and what was decided at all. */
const weightOf = ({ recorded, other }: Comparison): number =>
  1000 * (Math.abs(recorded.failed - other.failed) + Math.abs(recorded.refused - other.refused)) +
  recorded.moves.length +
  other.moves.length

/** By breaker, those first for which the other config changes most. Throws `InvalidConfig` for a config that cannot be used. */
export function whatIf(recording: Recording, config: unknown): readonly Comparison[] {
  const shown = shownIn(recording)
  const went = endpointsIn(recording)
  const moves = movesIn(recording)
  const all = trafficIn(recording).map((traffic) => {
    const { line, arrivals } = traffic
    const elsewhere = new Elsewhere(arrivals, went)
    const { account: other, sentOnGuess } = decideAnew(traffic, config, shown.get(line.b), elsewhere)
    const guessed = arrivals.filter(({ sentAt, judged }) => sentAt === undefined && judged !== undefined).length
    return {
      breaker: line.name,
      calls: arrivals.length,
      recorded: recordedIn(traffic, moves.get(line.b) ?? []),
      other,
      guessed,
      sentOnGuess,
      elsewhere: elsewhere.count,
    }
  })
  return all.sort((one, another) => weightOf(another) - weightOf(one))
}
