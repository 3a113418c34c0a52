import type { FeatureIn } from "../../../machines/featuring.ts"
import type { Breaker, BreakerConfig } from "../../index.ts"
import { classifyResponse } from "../../integrations/fetch.ts"
import type { BackendOptions } from "./backends.ts"
import { countedFetch } from "./calls.ts"
import type { Closers } from "./closers.ts"
import { type FaultyService, openService } from "./faultyService.ts"
import { rate } from "./figures.ts"
import { seedFor } from "./random.ts"
import { createTally, type Tally } from "./tally.ts"
import type { PartState } from "./view.ts"

/** The endpoints of the ledger, by their ids; a phase names one as `ledger a`. */
const ids = ["a", "b", "c"] as const

export const endpointName = (id: (typeof ids)[number]): string => `ledger ${id}`
export const endpointNames: readonly string[] = ids.map(endpointName)

/** What people do, and what of it needs what. */
export const features: Readonly<Record<string, FeatureIn | readonly string[]>> = {
  checkout: { required: true },
  refund: ["checkout"],
  history: { priority: "low" },
}

interface Endpoint {
  readonly id: string
  readonly service: FaultyService
  readonly sent: Tally
}

export interface Ledger {
  readonly services: readonly FaultyService[]
  readonly breaker: Breaker | undefined
  readonly ask: (path: string, signal: AbortSignal) => Promise<Response>
  /** Whether no endpoint of it is well. */
  readonly isDown: () => boolean
  readonly parts: (at: number, spanMs: number) => readonly PartState[]
}

/** Workers, and who waits for one. */
export const worked = ({ play: { settings } }: BackendOptions) => ({
  workers: settings.serviceWorkers,
  line: 4 * settings.serviceWorkers,
})

/** One service at three endpoints: the breaker chooses among them and knows features; the twin takes them in turn. */
export async function openLedger(
  options: BackendOptions,
  timeoutMs: number,
  breakerOf: (config: BreakerConfig) => Breaker | undefined,
  closers: Closers,
): Promise<Ledger> {
  const { seed, book, nowMs } = options
  const endpoints = new Map<string, Endpoint>()
  for (const id of ids) {
    const name = endpointName(id)
    const service = await openService({ ...worked(options), name, seed: seedFor(seed, name) })
    closers.add(service.close)
    endpoints.set(id, { id, service, sent: createTally({ bucketMs: 1000, buckets: 1 }) })
  }
  const all = [...endpoints.values()]
  const breaker = breakerOf({
    discovery: { endpoints: all.map(({ id, service }) => ({ id, address: new URL(service.url).host })) },
    recovery: { features },
  })
  const send = (endpoint: Endpoint | undefined, path: string, signal: AbortSignal): Promise<Response> => {
    if (endpoint === undefined) return Promise.reject(new Error("the ledger has no endpoint"))
    const { service, sent } = endpoint
    sent.record(nowMs(), { answer: "full", rejected: false, ms: 0 })
    return countedFetch(book, () => service.fault.kind !== "none")(service.url + path, { signal })
  }
  let left: readonly string[] = []
  breaker?.on("finding", ({ finding }) => {
    if ("away" in finding) left = finding.away
  })
  let turn = 0
  return {
    services: all.map(({ service }) => service),
    breaker,
    ask(path, signal) {
      if (!breaker)
        return send(all[turn++ % all.length], path, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
      return breaker.execute((call) => send(endpoints.get(call.endpoint?.id ?? ""), path, call.signal), {
        ...{ feature: path.slice(1), classify: classifyResponse, signal },
      })
    },
    isDown: () => all.every(({ service }) => service.fault.kind !== "none"),
    parts: (at, spanMs) => partsOf(breaker, all, left, at, spanMs),
  }
}

/** Where calls go, and which features are back. */
function partsOf(
  breaker: Breaker | undefined,
  all: readonly Endpoint[],
  away: readonly string[],
  at: number,
  spanMs: number,
): readonly PartState[] {
  const sentTo = all.map(({ id, service, sent }) => {
    const ill = service.fault.kind === "none" ? [] : ["failing"]
    const stand = [...ill, ...(away.includes(id) ? ["left out"] : [])].join(", ")
    return `${id} ${rate(sent.recent(at, spanMs).perSecond)}${stand && ` (${stand})`}`
  })
  const isCalm = away.length === 0 && all.every(({ service }) => service.fault.kind === "none")
  const endpoints = { name: "ledger", words: `calls to ${sentTo.join(", ")}`, isCalm }
  const standings = breaker?.metrics().components.recovery?.features
  if (standings === undefined || Object.values(standings).every(({ state }) => state === "full")) return [endpoints]
  const each = Object.entries(standings).map(([name, { state }]) => `${name} ${words[state]}`)
  return [endpoints, { name: "features", words: each.join(", "), isCalm: false }]
}

const words = { full: "full", testing: "tested", blocked: "blocked" } as const
