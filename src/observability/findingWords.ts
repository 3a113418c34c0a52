/** Findings in words: what is news in what a part of a breaker states of itself, beside what it stated before. One sentence each. */
import { inWords } from "../../machines/vocabulary/circuit.ts"
import type { Ejection, EndpointsFinding } from "../../machines/vocabulary/endpoint.ts"
import type { FeaturesFinding } from "../../machines/vocabulary/feature.ts"
import type { ForecastFinding } from "../../machines/vocabulary/forecast.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import type { HealthFinding } from "../../machines/vocabulary/health.ts"
import type { GraphFinding } from "../../machines/vocabulary/standing.ts"
import type { BreakerEvents } from "../events.ts"

/** Whatever `on("finding")` tells; the strategy's own is told as its transition. */
export type Stated = BreakerEvents["finding"]["finding"]

/** What its dependencies do to a breaker is told apart from what its parts find. */
export const isGraph = (finding: Stated | GraphFinding): finding is GraphFinding =>
  "via" in finding || "share" in finding

/** An endpoint that is left out is told as what `discovery` finds: as a part of the service it would be told twice. */
export const isEndpoint = (key: string, { lines: { endpoints } }: Pick<Gate, "lines">): boolean =>
  endpoints?.endpoints.some(({ id }) => id === key) ?? false

type Words = readonly string[]

/** A wait as people read it: the nearest tenth, and no more than is known. */
export function waitOf(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 100) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`
  return `${Math.round(seconds / 60)} min`
}

const mostNamed = 5

function list(names: Words): string {
  const told = names.slice(0, mostNamed).join(", ")
  return names.length > mostNamed ? `${told} and ${names.length - mostNamed} more` : told
}

const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`

/** Why one is left out: of its last calls so many were bad. */
export function groundOf({ statistics: { calls, failures, slow } }: Ejection): string {
  const [bad, how] = failures > 0 ? [failures, "failed"] : [slow, "were slow"]
  return bad === calls ? `its last ${counted(calls, "call")} ${how}` : `${bad} of its last ${calls} calls ${how}`
}

function aboutEjection(now: Ejection, before: Ejection | undefined, at: number): string | undefined {
  const trial = `on trial in ${waitOf(now.until - at)}`
  if (before === undefined || before.at !== now.at) return `endpoint ${now.id} is left out: ${groundOf(now)}; ${trial}`
  if (before.failedTrials === now.failedTrials) return undefined
  return `endpoint ${now.id} failed its trial; again ${trial}`
}

const byId = (ejections: readonly Ejection[] = []) => new Map(ejections.map((one) => [one.id, one] as const))

/** Who is left out, who is tried in vain, and who is back. */
function aboutAway(now: EndpointsFinding, before: EndpointsFinding | undefined, at: number): Words {
  const [own, known] = [byId(now.ejections), byId(before?.ejections)]
  const [away, wasAway] = [new Set(now.away), new Set(before?.away)]
  const left = now.away.flatMap((id) => {
    const ejection = own.get(id)
    if (ejection !== undefined) return aboutEjection(ejection, known.get(id), at) ?? []
    return wasAway.has(id) ? [] : `endpoint ${id} is left out: its checks fail`
  })
  const named = new Set(now.endpoints.map(({ id }) => id))
  const back = (before?.away ?? []).filter((id) => !away.has(id) && named.has(id))
  const why = (id: string) => (known.has(id) ? "its trial went well" : "its checks pass")
  return [...left, ...back.map((id) => `endpoint ${id} is back: ${why(id)}`)]
}

export const doubt = (id: string): string => `endpoint ${id} gets less than its part: a check failed`

/** Who gets less than its part, and who gets it again. */
function aboutDoubts(now: EndpointsFinding, before: EndpointsFinding | undefined): Words {
  const [less, gotLess] = [new Set(now.suspect), new Set(before?.suspect)]
  for (const id of now.away) less.add(id)
  const again = now.endpoints.filter(({ id }) => gotLess.has(id) && !less.has(id))
  return [
    ...now.suspect.filter((id) => !gotLess.has(id)).map(doubt),
    ...again.map(({ id }) => `endpoint ${id} gets its part again`),
  ]
}

/** Who is new in the list, and who has gone from it. */
function aboutList(now: EndpointsFinding, before: EndpointsFinding | undefined): Words {
  // Whoever hears of it for the first time is not told who came, but who is there.
  if (before === undefined)
    return now.state === "fresh" && now.away.length + now.suspect.length === 0
      ? [`${counted(now.endpoints.length, "endpoint")} known`]
      : []
  if (before.endpoints === now.endpoints) return []
  const [ids, known] = [now, before].map(({ endpoints }) => new Set(endpoints.map(({ id }) => id)))
  const came = [...(ids ?? [])].filter((id) => !known?.has(id))
  const went = [...(known ?? [])].filter((id) => !ids?.has(id))
  const parts = [...(came.length > 0 ? [`${list(came)} came`] : []), ...(went.length > 0 ? [`${list(went)} went`] : [])]
  return parts.length === 0 ? [] : [`endpoints: ${parts.join(", ")}; ${now.endpoints.length} now`]
}

function aboutTrust({ state, reason, endpoints, away }: EndpointsFinding, before: EndpointsFinding | undefined): Words {
  if (before?.state === state && before.reason === reason) return []
  const count = endpoints.length
  if (state === "empty") return [`no endpoint can be called: ${reason}`]
  if (state === "stale") return [`discovery: ${reason}; the last good list of ${count} is kept`]
  if (state === "panicking")
    return before?.state === state ? [] : [`${away.length} of ${count} endpoints are not well: calls go to all of them`]
  if (before?.state === "stale") return [`discovery: the list is told again: ${counted(count, "endpoint")}`]
  return before?.state === "panicking" ? ["enough endpoints are well: calls go to those alone"] : []
}

const aboutEndpoints = (now: EndpointsFinding, before: EndpointsFinding | undefined, at: number): Words => [
  ...aboutAway(now, before, at),
  ...aboutDoubts(now, before),
  ...aboutTrust(now, before),
  ...aboutList(now, before),
]

/** What speaks against one of those that are checked: reasons begin with its name. */
const reasonOf = ({ reasons }: HealthFinding, id: string): string =>
  reasons.find((reason) => reason.startsWith(`${id}: `))?.slice(id.length + 2) ?? "its checks fail"

function aboutHealth(now: HealthFinding, before: HealthFinding | undefined): Words {
  const was = before?.health ?? "unknown"
  const why = now.reasons.length === 0 ? "" : `: ${now.reasons.join("; ")}`
  const whole = now.health === was ? [] : [`health: ${inWords(was)} → ${inWords(now.health)}${why}`]
  const isBad = (finding: HealthFinding | undefined, id: string) => finding?.endpoints[id] === "bad"
  const bad = Object.keys(now.endpoints).filter((id) => isBad(now, id) && !isBad(before, id))
  const well = Object.keys(before?.endpoints ?? {}).filter((id) => isBad(before, id) && !isBad(now, id))
  const probe = now.probe === undefined || now.probe === before?.probe ? [] : [now.probe.ok ? "passed" : "failed"]
  return [
    ...whole,
    ...bad.map((id) => `health: endpoint ${id} is bad: ${reasonOf(now, id)}`),
    ...well.map((id) => `health: endpoint ${id} is no longer bad`),
    ...probe.map((how) => `health: a check stood for a probe, and ${how}`),
  ]
}

/** Why a feature is blocked: reasons stand in the order of those that are. */
function blockedBecause({ features, reasons }: FeaturesFinding, name: string): string | undefined {
  const blocked = Object.keys(features).filter((one) => features[one] === "blocked")
  return reasons[blocked.indexOf(name)]
}

function aboutFeature(name: string, now: FeaturesFinding, before: FeaturesFinding | undefined): string | undefined {
  const [state, was] = [now.features[name], before?.features[name] ?? "full"]
  if (state === "testing") return was === state ? undefined : `feature ${name} is tested with a part of its calls`
  if (state === "full") return was === state ? undefined : `feature ${name} is back`
  // After an outage all of them wait for their turn: that was told.
  const reason = before?.state === "outage" ? undefined : blockedBecause(now, name)
  return reason === undefined || before?.reasons.includes(reason) ? undefined : `feature ${reason}`
}

function aboutFeatures(now: FeaturesFinding, before: FeaturesFinding | undefined): Words {
  if (now.state === "outage")
    return before?.state === "outage" ? [] : [`features wait for the service: ${list(Object.keys(now.features))}`]
  const each = Object.keys(now.features).flatMap((name) => aboutFeature(name, now, before) ?? [])
  return now.state === "full" && before?.state === "partial" ? [...each, "all features are back"] : each
}

/** Probabilities change each second; that it warns, or no longer does, is news. */
function aboutForecast(now: ForecastFinding, before: ForecastFinding | undefined): Words {
  if (now.state === before?.state) return []
  if (now.state !== "warned") return before?.state === "warned" ? ["prediction: the danger is over"] : []
  const chance = `${Math.round(100 * now.probability)} % likely to fail within ${waitOf(now.horizonMs)}`
  return [`prediction: ${chance}: ${now.reasons.join("; ")}`]
}

/** What is new in a finding at `at`, on the breaker's clock, beside the one before it of the same part. */
export function newsIn(now: Stated, before: Stated | undefined, at: number): Words {
  if ("circuit" in now) return []
  if ("away" in now) return aboutEndpoints(now, before as EndpointsFinding | undefined, at)
  if ("health" in now) return aboutHealth(now, before as HealthFinding | undefined)
  if ("features" in now) return aboutFeatures(now, before as FeaturesFinding | undefined)
  return aboutForecast(now, before as ForecastFinding | undefined)
}

/** Remembers what each part of one breaker stated last. */
export class FindingNews {
  readonly #last = new Map<string, Stated>()
  #dependencies = ""

  /** What its dependencies do to it; that they are probed meanwhile is their own news. */
  ofDependencies({ to, cause, reason }: Pick<BreakerEvents["dependency"], "to" | "cause" | "reason">): Words {
    const stand = `${to} ${cause ?? ""}`
    if (stand === this.#dependencies) return []
    this.#dependencies = stand
    return [`dependencies ${to}${reason === "" ? "" : `: ${reason}`}`]
  }

  of(part: string, finding: Stated, at: number): Words {
    const before = this.#last.get(part)
    this.#last.set(part, finding)
    return newsIn(finding, before, at)
  }
}
