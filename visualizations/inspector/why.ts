/** Why a breaker stands as it does, and why calls are refused now: in sentences that need no documentation. */
import type { Row } from "../../src/observability/inspector/protocol.ts"
import { rate, time } from "./format.ts"

/** What each layer refuses calls for, where nobody holds all of them back. */
const grounds: { readonly [layer: string]: string | undefined } = {
  circuit: "some are held back on trial, to see whether less load helps",
  health: "its checks fail, and only a part is let in",
  prediction: "trouble is expected",
  feature: "what they are for is held back",
  priority: "it is busy, and calls that matter less give way",
  discovery: "none of its endpoints can be called",
  cell: "their part of the service is held back alone",
  queue: "as many are in flight as may be, and no place became free in time",
  limit: "as many are in flight as may be",
  rateLimit: "more come than its rate limit lets in",
  probe: "every place of a probe is taken",
}

/** Why calls are refused now, in one sentence or two. */
export function whyOf(row: Row): string {
  if (row.phase !== "active") return `The breaker is ${row.phase}: it refuses every call.`
  if (row.mode === "bypassed") return `Bypassed by an operator: every call is sent.`
  if (row.mode === "shadow") return `In shadow: it decides, and refuses nothing.`
  if (row.cause !== "") return `Because of ${row.cause}: ${row.reason}`
  if (row.mode !== "auto" || row.share < 1 || row.circuit === "halfOpen") return episodeOf(row) || row.reason
  const why = [row.circuit === "degraded" && episodeOf(row), partsOf(row) || refusalOf(row)].filter(Boolean).join(" ")
  return why || row.reason || "Every call is sent."
}

/** Calls with some keys are refused, and all others are sent. */
function partsOf({ heldParts }: Row): string {
  if (heldParts === 0) return ""
  const [parts, keys, each] =
    heldParts === 1
      ? ["One part of the service is", "its key", "One of them"]
      : [`${heldParts.toLocaleString()} parts of the service are`, "their keys", "One of each"]
  return `${parts} held back alone: calls with ${keys} are refused, all others are sent. ${each} is tried from time to time.`
}

/** Calls are refused though the circuit lets all of them in. */
function refusalOf({ refused, refusedBy }: Row): string {
  const ground = grounds[refusedBy]
  return refused === 0 || ground === undefined ? "" : `${rate(refused)} calls a second are refused: ${ground}.`
}

/** Since when it is in trouble: its episode is as old as what began it, however often it was probed since. */
export const troubledSince = ({ episode, circuit, mode, since }: Row): number =>
  episode === undefined || circuit === "closed" || mode !== "auto" ? since : episode.at

/** What it has refused of late was refused by a circuit that has closed since: nothing is held back any more. */
export const isOverAlready = ({ circuit, share, refusedBy }: Row): boolean =>
  circuit === "closed" && share === 1 && refusedBy === ""

const begun: { readonly [circuit: string]: string | undefined } = { degraded: "Degraded since" }

/** Why it left the closed state, and what has become of that. */
function episodeOf({ episode, circuit, reason }: Row): string {
  if (episode === undefined || circuit === "closed") return ""
  const { at, to, reason: first, failedRounds } = episode
  const again =
    failedRounds === 0
      ? ""
      : failedRounds === 1
        ? " One probe since then found no change."
        : ` ${failedRounds} probes since then found no change.`
  const now = circuit !== "ramping" || reason === "" ? "" : ` Now: ${reason}.`
  return `${begun[to] ?? "Opened"} ${time(at)}: ${first}.${again}${now}`
}
