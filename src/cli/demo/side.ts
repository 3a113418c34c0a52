import type { Breaker } from "../../index.ts"
import { type Backend, openSeparate } from "./backends.ts"
import { type CallBook, createCallBook } from "./calls.ts"
import type { Closers } from "./closers.ts"
import type { FaultyService } from "./faultyService.ts"
import { openGateway, type Route } from "./gateway.ts"
import type { LaneSpec, Play } from "./play.ts"
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

interface Lane extends Route, Backend {
  readonly spec: LaneSpec
}

export async function openSide(options: SideOptions, closers: Closers): Promise<Side> {
  const { play, nowMs, port, trail } = options
  const book = createCallBook()
  const total = createTally(trail)
  const backends = await (play.open ?? openSeparate)({ ...options, book }, closers)
  const lanes = play.lanes.map((spec): Lane => {
    const { name: service, fallback } = spec
    return { ...backends.behind(spec), spec, service, fallback, tally: createTally(trail), book }
  })
  const { gatewayWorkers: workers, gatewayLine: line } = play.settings
  const { url, close } = await openGateway({ port, workers, line, routes: lanes, total, nowMs })
  closers.add(close)
  return {
    url,
    services: backends.services,
    breakers: backends.breakers,
    total,
    book,
    classes: () => classesOf(lanes.map(({ spec, tally }) => ({ spec, totals: tally.totals() }))),
    state: (at, spanMs) => ({
      protected: options.protected,
      rows: lanes.map((lane) => rowOf(lane, at, spanMs)),
      parts: backends.parts(at, spanMs),
      totals: total.totals(),
      sentToFailing: play.hasFaults ? book.sentToFailing : undefined,
      wastedMs: book.wastedMs,
    }),
  }
}

function rowOf(lane: Lane, at: number, spanMs: number): GatewayState["rows"][number] {
  return {
    service: lane.service,
    circuit: lane.circuit(),
    fault: lane.fault(),
    recent: lane.tally.recent(at, spanMs),
    trail: lane.tally.trail(at),
  }
}
