/** How a part of a breaker stands, in words: what it states of itself now, since when, and what comes next. */
import type { EndpointsFinding } from "../../../machines/vocabulary/endpoint.ts"
import type { FeaturesFinding } from "../../../machines/vocabulary/feature.ts"
import type { ComponentFinding } from "../../../machines/vocabulary/finding.ts"
import type { HealthFinding } from "../../../machines/vocabulary/health.ts"
import type { GraphFinding } from "../../../machines/vocabulary/standing.ts"
import { doubt, groundOf } from "../findingWords.ts"
import type { StandingLine } from "./protocol.ts"

const line = (words: string, since = 0): StandingLine => ({ words, since, until: 0 })

const counted = (count: number): string => `${count} endpoint${count === 1 ? "" : "s"}`

function trustIn({ state, reason, endpoints, away, since }: EndpointsFinding): StandingLine {
  const count = endpoints.length
  if (state === "empty") return line(`no endpoint can be called: ${reason}`, since)
  if (state === "stale") return line(`the last good list of ${count} is kept: ${reason}`, since)
  if (state === "fresh")
    return line(`${counted(count)}, ${away.length === 0 ? "all in use" : `${away.length} left out`}`)
  return line(`calls go to all of ${counted(count)}: ${away.length} are not well`, since)
}

function endpointsIn(finding: EndpointsFinding): readonly StandingLine[] {
  const known = new Set(finding.ejections.map(({ id }) => id))
  const ejected = finding.ejections.map((one): StandingLine => {
    const { id, at, until, failedTrials } = one
    const tried = failedTrials === 0 ? "" : `, ${failedTrials} ${failedTrials === 1 ? "trial" : "trials"} failed`
    return { words: `endpoint ${id} is left out: ${groundOf(one)}${tried}`, since: at, until }
  })
  const others = finding.away.filter((id) => !known.has(id))
  return [
    trustIn(finding),
    ...ejected,
    ...others.map((id) => line(`endpoint ${id} is left out: its checks fail`)),
    ...finding.suspect.map((id) => line(doubt(id))),
  ]
}

const healthIn = ({ reasons }: HealthFinding): readonly StandingLine[] => reasons.map((reason) => line(reason))

function featuresIn({ state, features, reasons }: FeaturesFinding): readonly StandingLine[] {
  const names = Object.keys(features)
  if (state === "full") return [line(`all of ${names.join(", ")} are back`)]
  if (state === "outage") return [line(`${names.join(", ")} wait for the service`)]
  const are = (wanted: string) => names.filter((name) => features[name] === wanted)
  return [
    ...are("testing").map((name) => line(`feature ${name} is tested with a part of its calls`)),
    ...reasons.map((reason) => line(`feature ${reason}`)),
    ...(are("full").length === 0 ? [] : [line(`back: ${are("full").join(", ")}`)]),
  ]
}

/** What its dependencies do to it has a health, too. */
const isGraph = (finding: ComponentFinding): finding is GraphFinding => "share" in finding
const isHealth = (finding: ComponentFinding): finding is HealthFinding => "health" in finding

const graphIn = ({ state, reason, at }: GraphFinding): readonly StandingLine[] =>
  state === "clear" ? [] : [line(`dependencies ${state}: ${reason}`, at)]

/** Times are those of the breaker's clock; 0: none. What has no words of its own here has none. */
export function standingIn(finding: ComponentFinding | undefined): readonly StandingLine[] {
  if (finding === undefined) return []
  if ("away" in finding) return endpointsIn(finding)
  if (isGraph(finding)) return graphIn(finding)
  if (isHealth(finding)) return healthIn(finding)
  return "features" in finding ? featuresIn(finding) : []
}
