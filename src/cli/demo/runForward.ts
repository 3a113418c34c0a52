import { type Breaker, createBreaker } from "../../index.ts"
import { protectFetch } from "../../integrations/fetch.ts"
import { countedFetch, createCallBook } from "./calls.ts"
import { type Closers, createClosers } from "./closers.ts"
import { openForwarder } from "./forwarder.ts"
import { openInspection } from "./inspection.ts"
import { startLoad } from "./load.ts"
import type { DemoOptions } from "./options.ts"
import { type SideSummary, type Summary, summarise } from "./summary.ts"
import { createTally } from "./tally.ts"
import { type LiveState, RECENT_MS, type View } from "./view.ts"
import { every, follow, untilStopped } from "./watch.ts"

const TRAIL = { bucketMs: 1000, buckets: 16 }
const PATIENCE_MS = 30_000
const RULES = [
  "Breaker: the library's default configuration, its adaptive timeout included.",
  "Forwards there and nowhere else; there is no twin and no fallback here.",
]

/** Protects a real service: a gateway on loopback that forwards to `to` through one breaker. */
export async function runForward(options: DemoOptions, to: URL, view: View, stop: AbortSignal): Promise<Summary> {
  const closers = createClosers()
  try {
    return await guard(options, to, view, stop, closers)
  } finally {
    await closers.closeAll()
  }
}

async function guard(options: DemoOptions, to: URL, view: View, stop: AbortSignal, closers: Closers): Promise<Summary> {
  const startedAt = performance.now()
  const nowMs = () => performance.now() - startedAt
  const inspector = await openInspection(options, false, closers)
  const lane = await openLane(options, to, nowMs, closers)
  const durationMs = options.duration === undefined ? undefined : options.duration * 1000
  const perSecond = options.rate ?? 0
  const { seed } = options
  view.open({ gateway: lane.url, twin: undefined, inspector, to: to.href, seed, perSecond, durationMs, rules: RULES })
  view.phase({ at: nowMs(), name: `forwarding to ${to.href}`, faults: {} })
  closers.add(follow([lane.breaker], view, nowMs))
  closers.add(every(view.everyMs, () => view.refresh(lane.state())))
  const gateways = [lane.url]
  const load =
    perSecond > 0
      ? startLoad({
          seed,
          perSecondAt: () => perSecond,
          gateways,
          paths: [{ path: "/", share: 1 }],
          patienceMs: PATIENCE_MS,
        })
      : undefined
  await untilStopped(durationMs, stop)
  await load?.stop()
  const seconds = Number((nowMs() / 1000).toFixed(1))
  const side = summarise(lane.tally.totals(), lane.book, false, load?.skipped[0] ?? 0)
  const interrupted = durationMs !== undefined && stop.aborted
  return { seed, seconds, interrupted, protected: side, unprotected: null, statement: statementAbout(side) }
}

async function openLane(options: DemoOptions, to: URL, nowMs: () => number, closers: Closers) {
  const book = createCallBook()
  const tally = createTally(TRAIL)
  const breaker: Breaker = createBreaker(to.host)
  closers.add(() => breaker.stop({ grace: "1 second" }))
  const send = protectFetch(breaker, { fetch: countedFetch(book, () => false) })
  const { url, close } = await openForwarder({ port: options.port, to, send, tally, book, nowMs })
  closers.add(close)
  const state = (): LiveState => {
    const at = nowMs()
    const recent = tally.recent(at, RECENT_MS)
    const rows = [{ service: to.host, circuit: breaker.circuit, fault: undefined, recent, trail: tally.trail(at) }]
    const totals = tally.totals()
    return { at, gateways: [{ protected: true, rows, totals, sentToFailing: undefined, wastedMs: book.wastedMs }] }
  }
  return { url, breaker, tally, book, state }
}

function statementAbout(side: SideSummary): string {
  const spared =
    side.rejected > 0
      ? `The breaker answered ${side.rejected} of ${side.requests} requests at once instead of sending them to a service that was failing.`
      : `The breaker rejected none of ${side.requests} requests, so it saved nothing.`
  const spent = `${side.failedCalls} calls failed and took ${side.wastedSeconds.toFixed(1)} s`
  return `${spared} ${spent}; without a twin, which would double the load on a real service, there is nothing to compare that with.`
}
