import { type Fault, WELL } from "./faultyService.ts"
import type { LaneSpec, Phase, Play } from "./play.ts"
import { settingsFor } from "./settings.ts"
import { statementOf } from "./summary.ts"

type ServiceName = "catalog" | "payments" | "reviews"

const ALL_WELL: Readonly<Record<ServiceName, Fault>> = { catalog: WELL, payments: WELL, reviews: WELL }

/** The story that is played, as shares of the run: three kinds of hard failure, a slow service, and a recovery. */
export function script(durationMs: number, slowMs: number, perSecond: number): readonly Phase[] {
  const phase = (share: number, name: string, faults: Partial<typeof ALL_WELL>): Phase => ({
    name,
    atMs: share * durationMs,
    perSecond,
    faults: { ...ALL_WELL, ...faults },
    isOverloaded: false,
  })
  const errors: Fault = { kind: "errors" }
  const hang: Fault = { kind: "hang" }
  return [
    phase(0, "all services are well", {}),
    phase(0.15, "payments answers 503", { payments: errors }),
    phase(0.28, "payments answers 503, reviews hangs", { payments: errors, reviews: hang }),
    phase(0.44, "reviews hangs, catalog refuses connections", { reviews: hang, catalog: { kind: "refused" } }),
    phase(0.6, `payments takes ${Math.round(slowMs)} ms a call`, { payments: { kind: "latency", ms: slowMs } }),
    phase(0.74, "all services are well again", {}),
  ]
}

/** Both twins fall back alike: a fallback needs no breaker, only something sensible to say. */
const FALLBACKS: Readonly<Record<ServiceName, LaneSpec["fallback"]>> = {
  catalog: (lastGood) => lastGood, // a catalog a few seconds old still sells
  payments: () => undefined, // money is not made up
  reviews: () => JSON.stringify({ service: "reviews", reviews: [] }), // the page does without
}

/** Three services fail and recover. */
export function incident(durationMs: number, perSecond: number): Play {
  const services = Object.keys(FALLBACKS) as readonly ServiceName[]
  const settings = settingsFor(durationMs)
  return {
    services,
    lanes: services.map((name) => ({ name, service: name, share: 1, fallback: FALLBACKS[name] })),
    phases: script(durationMs, settings.slowMs, perSecond),
    settings,
    hasFaults: true,
    statement: statementOf,
  }
}
