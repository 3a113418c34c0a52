import { type Breaker, createBreaker } from "../../index.ts"
import { protectFetch } from "../../integrations/fetch.ts"
import { type CallBook, countedFetch } from "./calls.ts"
import type { Closers } from "./closers.ts"
import { type FaultyService, openService } from "./faultyService.ts"
import type { LaneSpec, Play } from "./play.ts"
import { seedFor } from "./random.ts"
import type { PartState } from "./view.ts"

export interface BackendOptions {
  readonly protected: boolean
  readonly seed: number
  readonly play: Play
  readonly book: CallBook
  readonly nowMs: () => number
}

/** What stands behind one lane of a gateway. */
export interface Backend {
  /** Makes the call, through breakers or not: the only difference between the twins. */
  readonly call: () => Promise<Response>
  readonly isFailing: () => boolean
  /** Where the breaker that the gateway calls through stands; undefined = there is none. */
  readonly circuit: () => string | undefined
  readonly fault: () => string
}

/** What stands behind a gateway: real services whose faults can be switched, and what is before them. */
export interface Backends {
  readonly services: readonly FaultyService[]
  readonly breakers: readonly Breaker[]
  behind(lane: LaneSpec): Backend
  /** How its parts stand, where there is more to tell than circuits. */
  parts(at: number, spanMs: number): readonly PartState[]
}

/** A service, and what stands before it. */
interface Guarded {
  readonly backend: FaultyService
  readonly breaker: Breaker | undefined
  readonly send: typeof fetch
}

/** Each service by itself, behind a breaker of its own. */
export async function openSeparate(options: BackendOptions, closers: Closers): Promise<Backends> {
  const { play } = options
  const guarded = new Map<string, Guarded>()
  for (const name of play.services) guarded.set(name, await openGuarded(name, options, closers))
  return {
    services: [...guarded.values()].map(({ backend }) => backend),
    breakers: [...guarded.values()].flatMap(({ breaker }) => breaker ?? []),
    behind(lane) {
      const service = guarded.get(lane.service)
      if (service === undefined) throw new Error(`the lane ${lane.name} has no service ${lane.service}`)
      const { backend, breaker } = service
      return {
        call: callOf(lane, service, play.settings.timeoutMs),
        isFailing: () => backend.fault.kind !== "none",
        circuit: () => breaker?.circuit,
        fault: () => backend.fault.kind,
      }
    },
    parts: () => [],
  }
}

async function openGuarded(name: string, options: BackendOptions, closers: Closers): Promise<Guarded> {
  const { serviceWorkers: workers, workMs, breaker: config } = options.play.settings
  const line = options.play.hasFaults ? 4 * workers : Number.POSITIVE_INFINITY
  const backend = await openService({ name, seed: seedFor(options.seed, name), workers, line, workMs })
  closers.add(backend.close)
  const breaker = options.protected ? createBreaker(name, config) : undefined
  if (breaker) closers.add(() => breaker.stop({ grace: "1 second" }))
  return { backend, breaker, send: countedFetch(options.book, () => backend.fault.kind !== "none") }
}

/** Through the breaker, which also keeps the timeout; or the same call with the same timeout, and nothing in front. */
function callOf({ facts }: LaneSpec, { breaker, send, backend }: Guarded, timeoutMs: number): () => Promise<Response> {
  if (!breaker) return () => send(`${backend.url}/`, { signal: AbortSignal.timeout(timeoutMs) })
  const guarded = protectFetch(breaker, { fetch: send })
  return () => guarded(`${backend.url}/`, { call: facts })
}
