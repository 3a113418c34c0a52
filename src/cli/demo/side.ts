import { type Breaker, createBreaker } from "../../index.ts"
import { protectFetch } from "../../integrations/fetch.ts"
import { type CallBook, countedFetch, createCallBook } from "./calls.ts"
import type { Closers } from "./closers.ts"
import { type FaultyService, openService } from "./faultyService.ts"
import { openGateway, type Route } from "./gateway.ts"
import type { LaneSpec, Play } from "./play.ts"
import { seedFor } from "./random.ts"
import { type ClassSummary, classesOf } from "./summary.ts"
import { createTally, type Tally } from "./tally.ts"
import type { GatewayState } from "./view.ts"

/** A gateway with its own services. The twins differ in nothing but `protected`. */
export interface Side {
  readonly url: string
  readonly services: readonly FaultyService[]
  readonly breakers: readonly Breaker[]
  readonly total: Tally
  readonly book: CallBook
  classes(): readonly ClassSummary[]
  state(at: number, spanMs: number): GatewayState
}

export interface SideOptions {
  readonly protected: boolean
  readonly port: number
  readonly seed: number
  readonly play: Play
  readonly trail: { readonly bucketMs: number; readonly buckets: number }
  readonly nowMs: () => number
}

/** A service, and what stands before it. */
interface Guarded {
  readonly backend: FaultyService
  readonly breaker: Breaker | undefined
  readonly send: typeof fetch
  readonly book: CallBook
}

interface Lane extends Route, Guarded {
  readonly spec: LaneSpec
}

export async function openSide(options: SideOptions, closers: Closers): Promise<Side> {
  const { play, nowMs, port } = options
  const book = createCallBook()
  const total = createTally(options.trail)
  const guarded = new Map<string, Guarded>()
  for (const name of play.services) guarded.set(name, await openGuarded(name, options, book, closers))
  const lanes = play.lanes.flatMap((spec) => {
    const service = guarded.get(spec.service)
    return service === undefined ? [] : [laneOf(spec, service, options)]
  })
  const { gatewayWorkers: workers, gatewayLine: line } = play.settings
  const { url, close } = await openGateway({ port, workers, line, routes: lanes, total, nowMs })
  closers.add(close)
  return {
    url,
    services: [...guarded.values()].map(({ backend }) => backend),
    breakers: [...guarded.values()].flatMap(({ breaker }) => breaker ?? []),
    total,
    book,
    classes: () => classesOf(lanes.map(({ spec, tally }) => ({ spec, totals: tally.totals() }))),
    state: (at, spanMs) => ({
      protected: options.protected,
      rows: lanes.map((lane) => rowOf(lane, at, spanMs)),
      totals: total.totals(),
      sentToFailing: play.hasFaults ? book.sentToFailing : undefined,
      wastedMs: book.wastedMs,
    }),
  }
}

async function openGuarded(name: string, options: SideOptions, book: CallBook, closers: Closers): Promise<Guarded> {
  const { serviceWorkers: workers, workMs, breaker: config } = options.play.settings
  const line = options.play.hasFaults ? 4 * workers : Number.POSITIVE_INFINITY
  const backend = await openService({ name, seed: seedFor(options.seed, name), workers, line, workMs })
  closers.add(backend.close)
  const breaker = options.protected ? createBreaker(name, config) : undefined
  if (breaker) closers.add(() => breaker.stop({ grace: "1 second" }))
  return { backend, breaker, send: countedFetch(book, () => backend.fault.kind !== "none"), book }
}

function laneOf(spec: LaneSpec, guarded: Guarded, { play, trail }: SideOptions): Lane {
  const { backend } = guarded
  return {
    ...guarded,
    spec,
    service: spec.name,
    call: callOf(spec, guarded, play.settings.timeoutMs),
    isFailing: () => backend.fault.kind !== "none",
    fallback: spec.fallback,
    tally: createTally(trail),
  }
}

/** Through the breaker, which also keeps the timeout; or the same call with the same timeout, and nothing in front. */
function callOf({ facts }: LaneSpec, { breaker, send, backend }: Guarded, timeoutMs: number): () => Promise<Response> {
  if (!breaker) return () => send(`${backend.url}/`, { signal: AbortSignal.timeout(timeoutMs) })
  const guarded = protectFetch(breaker, { fetch: send })
  return () => guarded(`${backend.url}/`, { call: facts })
}

function rowOf(lane: Lane, at: number, spanMs: number): GatewayState["rows"][number] {
  return {
    service: lane.service,
    circuit: lane.breaker?.circuit,
    fault: lane.backend.fault.kind,
    recent: lane.tally.recent(at, spanMs),
    trail: lane.tally.trail(at),
  }
}
