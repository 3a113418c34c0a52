import type { Priority } from "../../../machines/vocabulary/priority.ts"
import { WELL } from "./faultyService.ts"
import { percent } from "./figures.ts"
import type { LaneSpec, Phase, Play, PlaySettings } from "./play.ts"
import type { ClassSummary, SideSummary } from "./summary.ts"

const SERVICE = "shop"

/** What people do in a shop: few pay, many are shown what they might like. */
const CLASSES: readonly (readonly [name: string, priority: Priority, share: number])[] = [
  ["checkout", "critical", 1],
  ["cart", "high", 2],
  ["browse", "normal", 3],
  ["suggest", "low", 4],
]

/** The part of what the service can do that is asked of it on an ordinary day. */
const ORDINARY = 0.8

function phasesOf(durationMs: number, perSecond: number): readonly Phase[] {
  const phase = (share: number, name: string, load: number): Phase => ({
    name,
    atMs: share * durationMs,
    perSecond: (perSecond * load) / ORDINARY,
    faults: { [SERVICE]: WELL },
    isOverloaded: load > 1,
  })
  return [
    phase(0, "the shop can serve all", ORDINARY),
    phase(0.2, "1.4 times what the shop can serve", 1.4),
    phase(0.45, "3 times what the shop can serve", 3),
    phase(0.75, "the shop can serve all again", ORDINARY),
  ]
}

function settingsOf(perSecond: number): PlaySettings {
  const capacity = perSecond / ORDINARY
  const serviceWorkers = Math.min(12, Math.max(2, Math.round(capacity / 10)))
  const workMs = (1000 * serviceWorkers) / capacity
  const timeoutMs = Math.max(1000, 10 * workMs)
  return {
    timeoutMs,
    patienceMs: 2 * timeoutMs,
    // The gateways hold nobody up: it is the shop that is short of workers.
    gatewayWorkers: 10_000,
    gatewayLine: 0,
    serviceWorkers,
    workMs,
    breaker: { timeout: timeoutMs },
    rules: [
      `The shop serves ${Number(capacity.toPrecision(3))} requests/s, which nobody tells the breaker. checkout is`,
      `critical, cart high, browse normal, suggest low. Both: ${Number((timeoutMs / 1000).toFixed(2))} s for each call.`,
    ],
  }
}

/** One service that is well, and more calls than it can serve: some of them matter more than others. */
export function overload(durationMs: number, perSecond: number): Play {
  const settings = settingsOf(perSecond)
  const lane = ([name, priority, share]: (typeof CLASSES)[number]): LaneSpec => ({
    name,
    service: SERVICE,
    share,
    facts: { priority, deadline: settings.timeoutMs },
  })
  return {
    services: [SERVICE],
    lanes: CLASSES.map(lane),
    phases: phasesOf(durationMs, perSecond),
    settings,
    hasFaults: false,
    statement: aboutClasses,
  }
}

function aboutClasses(guarded: SideSummary, bare: SideSummary): string {
  const answered = ({ requests, succeeded }: ClassSummary) => percent(succeeded, requests)
  const parts = guarded.classes.map((one, index) => {
    const other = bare.classes[index]
    return `${one.service} ${answered(one)}${other ? ` (without: ${answered(other)})` : ""}`
  })
  return `Answered in full: ${parts.join(", ")}; in all ${guarded.succeeded} requests with breakers and ${bare.succeeded} without.`
}
