/** Pieces that several views show. */
import type { Decision, Message, Row } from "../../src/observability/inspector/protocol.ts"
import { el } from "./dom.ts"
import { inWords, now, percent, shapeOf, span, time } from "./format.ts"

export interface View {
  readonly element: HTMLElement
  stop(): void
}

/** What a breaker is called where only one word fits: the operator's hand goes before the circuit. */
export const stateOf = ({ circuit, mode, phase, share, heldParts = 0 }: Standing): string => {
  if (phase !== "active") return phase
  if (mode !== "auto") return mode
  // Its own circuit is closed, and somebody else holds its calls back.
  if (circuit === "closed" && share < 1) return share === 0 ? "blocked" : "heldBack"
  if (circuit === "closed" && heldParts > 0) return "heldBack"
  return circuit
}

export type Standing = Pick<Row, "circuit" | "mode" | "phase" | "share"> & Partial<Pick<Row, "heldParts">>

/** The colour of a state: that of the circuit which means as much. */
export const lookOf = (state: string): string =>
  ({ forcedOpen: "open", blocked: "degraded", heldBack: "degraded" })[state] ?? state

export function badge(row: Standing): HTMLElement {
  const state = stateOf(row)
  const look = lookOf(state)
  return el(
    "span",
    { class: `badge ${look}` },
    el("span", { "aria-hidden": "true" }, shapeOf(state)),
    el("span", { class: "word" }, inWords(state)),
  )
}

export const hrefOf = (id: string): string => `#/b/${encodeURIComponent(id)}`

/** Whether a share says nothing: so many probes may enter at once, and nobody else. */
export const isProbed = ({ share, probes }: Pick<Row, "share" | "probes">): boolean => share > 0 && probes > 0

/** How many calls may enter, in words. */
export function entryOf({ share, probes, heldParts }: Pick<Row, "share" | "probes" | "heldParts">): string {
  if (isProbed({ share, probes })) return `only probes may enter, ${probes} at once`
  return share === 0
    ? "no call may enter now"
    : `${percent(share)} of ${heldParts > 0 ? "all others" : "the calls"} may enter`
}

/** The part that stands for it in a bar. */
export const partOf = (row: Pick<Row, "share" | "probes">): number => (isProbed(row) ? 0.02 : row.share)

/** A text that counts down by itself: `tick` writes it anew. */
export const until = (at: number, before: string, over: string): HTMLElement =>
  el("span", { "data-until": at, "data-before": before, "data-over": over }, remaining(at, before, over))

/** A text that says how long something has lasted. */
export const since = (at: number): HTMLElement => el("span", { "data-since": at }, span(now() - at))

const remaining = (at: number, before: string, over: string): string => (at > now() ? before + span(at - now()) : over)

/** Writes all texts anew that depend on the time. */
export function tick(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-until]")) {
    const { until: at = "0", before = "", over = "" } = element.dataset
    element.textContent = remaining(Number(at), before, over)
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-since]")) {
    element.textContent = span(now() - Number(element.dataset["since"]))
  }
}

/** What happens next, in words. */
export function nextOf(row: Row): HTMLElement | undefined {
  if (row.mode === "forcedOpen") return el("span", {}, "Until an operator releases it, no call is sent.")
  if (row.retryAt > 0) return until(row.retryAt, "Next probe in ", "The next call is a probe.")
  if (row.circuit === "halfOpen") return el("span", {}, "Probing now: the next calls decide.")
  if (row.circuit === "ramping") return el("span", {}, `${percent(row.share)} of the calls may enter, step by step.`)
  return undefined
}

export function decisionItem({ serial, at, id, name, words }: Decision, withName: boolean): HTMLElement {
  const who = withName ? [el("a", { href: hrefOf(id) }, name), " "] : []
  return el("li", { "data-key": serial }, el("span", { class: "at" }, time(at)), ...who, words)
}

export const messageItem = ({ serial, at, from, to, event, times }: Message): HTMLElement =>
  el(
    "li",
    { "data-key": serial },
    el("span", { class: "at" }, time(at)),
    `${from} → ${to}: `,
    el("b", {}, event),
    times > 1 && ` × ${times.toLocaleString()}`,
  )
