/** What must hold of a breaker after every step, whatever its config. */
import type { Stage } from "./stage.ts"

function hold(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

const isJson = (value: unknown): boolean => JSON.stringify(JSON.parse(JSON.stringify(value))) === JSON.stringify(value)

/** Numbers that are none would reach dashboards as `null`. */
function isNumbers(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value)
  return typeof value !== "object" || value === null || Object.values(value).every(isNumbers)
}

export function breakerInvariants(stage: Stage): ReadonlyMap<string, () => void> {
  const rejection = () => stage.breaker.wouldReject({ priority: "critical" })
  const isHeld = () => stage.breaker.mode === "auto" || stage.breaker.mode === "forcedOpen"
  return new Map<string, () => void>([
    [
      "an open circuit lets nothing in",
      () => {
        if (stage.breaker.circuit === "open" && isHeld()) hold(rejection() !== undefined, "a call would be let in")
      },
    ],
    [
      "a rejection says who, why and when to come back",
      () => {
        const found = rejection()
        if (found === undefined) return
        hold(found.reason !== "" && found.heldBy.length > 0, `it says ${JSON.stringify(found)}`)
        hold(found.retryAfterMs === undefined || found.retryAfterMs >= 0, `it says ${found.retryAfterMs} ms`)
      },
    ],
    [
      "asking takes nothing",
      () => {
        const { calls } = stage.breaker.metrics()
        rejection()
        hold(JSON.stringify(stage.breaker.metrics().calls) === JSON.stringify(calls), "it was counted")
      },
    ],
    [
      "bypassed and in shadow it refuses nothing",
      () => {
        const { mode, phase } = stage.breaker
        if (phase === "active" && (mode === "bypassed" || mode === "shadow"))
          hold(rejection() === undefined, "a call would be refused")
      },
    ],
    [
      "what was admitted has ended or is in flight",
      () => {
        const { admitted, success, failure, timedOut, ignored, inFlight } = stage.breaker.metrics().calls
        hold(admitted === success + failure + timedOut + ignored + inFlight, "the counts do not add up")
      },
    ],
    ["metrics are numbers", () => hold(isNumbers(stage.breaker.metrics()), "one of them is none")],
    ["a saved state is JSON", () => hold(isJson(stage.breaker.save()), "it is not the same when it is read again")],
    ["no part of it breaks down", () => hold(stage.troubles.length === 0, stage.troubles.join("; "))],
    [
      "stopped, it admits nothing",
      () => {
        if (stage.breaker.phase === "stopped") hold(rejection()?.layer === "lifecycle", "it is not its lifecycle")
      },
    ],
  ])
}
