import { type Breaker, createBreaker } from "../../index.ts"
import { protectFetch } from "../../integrations/fetch.ts"
import { type CallBook, countedFetch, createCallBook } from "./calls.ts"
import type { Closers } from "./closers.ts"
import { type FaultyService, openService } from "./faultyService.ts"
import { openGateway, type Route } from "./gateway.ts"
import { SERVICES, type ServiceName } from "./incident.ts"
import { seedFor } from "./random.ts"
import type { Settings } from "./settings.ts"
import { createTally, type Tally } from "./tally.ts"
import type { GatewayState } from "./view.ts"

/** A gateway with its own three services. The twins differ in nothing but `protected`. */
export interface Side {
  readonly url: string
  readonly services: readonly FaultyService[]
  readonly breakers: readonly Breaker[]
  readonly total: Tally
  readonly book: CallBook
  state(at: number, spanMs: number): GatewayState
}

export interface SideOptions {
  readonly protected: boolean
  readonly port: number
  readonly seed: number
  readonly settings: Settings
  readonly trail: { readonly bucketMs: number; readonly buckets: number }
  readonly nowMs: () => number
}

interface Lane extends Route {
  readonly backend: FaultyService
  readonly breaker: Breaker | undefined
}

export async function openSide(options: SideOptions, closers: Closers): Promise<Side> {
  const { settings } = options
  const book = createCallBook()
  const total = createTally(options.trail)
  const lanes: Lane[] = []
  for (const name of SERVICES) lanes.push(await openLane(name, options, book, closers))
  const { url, close } = await openGateway({
    port: options.port,
    workers: settings.gatewayWorkers,
    line: settings.gatewayLine,
    routes: lanes,
    total,
    nowMs: options.nowMs,
  })
  closers.add(close)
  return {
    url,
    services: lanes.map((lane) => lane.backend),
    breakers: lanes.flatMap((lane) => lane.breaker ?? []),
    total,
    book,
    state: (at, spanMs) => ({
      protected: options.protected,
      rows: lanes.map((lane) => rowOf(lane, at, spanMs)),
      totals: total.totals(),
      sentToFailing: book.sentToFailing,
      wastedMs: book.wastedMs,
    }),
  }
}

async function openLane(name: ServiceName, options: SideOptions, book: CallBook, closers: Closers): Promise<Lane> {
  const { settings } = options
  const backend = await openService({
    name,
    seed: seedFor(options.seed, name),
    workers: settings.serviceWorkers,
    line: 4 * settings.serviceWorkers,
  })
  closers.add(backend.close)
  const isFailing = () => backend.fault.kind !== "none"
  const counted = countedFetch(book, isFailing)
  const breaker = options.protected ? createBreaker(name, settings.breaker) : undefined
  if (breaker) closers.add(() => breaker.stop({ grace: "1 second" }))
  return {
    service: name,
    backend,
    breaker,
    call: breaker ? guardedCall(breaker, counted, backend) : bareCall(counted, backend, settings.timeoutMs),
    isFailing,
    fallback: FALLBACKS[name],
    tally: createTally(options.trail),
    book,
  }
}

/** Through the breaker, which also keeps the timeout. */
function guardedCall(breaker: Breaker, send: typeof fetch, backend: FaultyService): () => Promise<Response> {
  const guarded = protectFetch(breaker, { fetch: send })
  return () => guarded(`${backend.url}/`)
}

/** The same call with the same timeout, and nothing in front. */
function bareCall(send: typeof fetch, backend: FaultyService, timeoutMs: number): () => Promise<Response> {
  return () => send(`${backend.url}/`, { signal: AbortSignal.timeout(timeoutMs) })
}

/** Both twins fall back alike: a fallback needs no breaker, only something sensible to say. */
const FALLBACKS: Readonly<Record<ServiceName, Route["fallback"]>> = {
  catalog: (lastGood) => lastGood, // a catalog a few seconds old still sells
  payments: () => undefined, // money is not made up
  reviews: () => JSON.stringify({ service: "reviews", reviews: [] }), // the page does without
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
