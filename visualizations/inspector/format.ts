/** Numbers, times and states as people read them. */

/** How far the server's clock is ahead of ours, in milliseconds. */
let ahead = 0

/** When the server said something last, by its own clock. */
let heard = 0

export const heardAt = (at: number): void => {
  ahead = at - Date.now()
  heard = at
}

export const lastHeard = (): number => heard

export const now = (): number => Date.now() + ahead

export const time = (at: number): string => new Date(at).toLocaleTimeString(undefined, { hour12: false })

export const percent = (part: number): string => {
  const value = part * 100
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`
}

export const rate = (perSecond: number): string => {
  if (perSecond === 0) return "0"
  return perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString()
}

export const millis = (ms: number): string => {
  if (!(ms > 0)) return "–"
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export const span = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

const words: { readonly [state: string]: string } = {
  halfOpen: "half-open",
  forcedOpen: "forced open",
  heldBack: "held back",
}

export const inWords = (state: string): string => words[state] ?? state

/** A shape for each state, so that none is told by its colour alone. */
const shapes: { readonly [state: string]: string } = {
  closed: "●",
  degraded: "◆",
  open: "■",
  halfOpen: "◐",
  ramping: "▲",
  bypassed: "⏩",
  shadow: "◌",
  forcedOpen: "■",
  blocked: "⊘",
  heldBack: "◇",
}

export const shapeOf = (state: string): string => shapes[state] ?? "○"

/** What a person who looks for trouble wants to see first. */
export function urgency({
  circuit,
  mode,
  phase,
  share,
  cause,
  heldParts,
  refusedBy,
}: {
  circuit: string
  mode: string
  phase: string
  share: number
  cause: string
  heldParts: number
  refusedBy: string
}): number {
  if (phase !== "active") return 1
  if (mode !== "auto") return 6
  const byCircuit: { readonly [state: string]: number } = { open: 8, halfOpen: 7, ramping: 5, degraded: 4 }
  const own = byCircuit[circuit] ?? 0
  const isHeld = cause !== "" || share < 1 || heldParts > 0
  return Math.max(own, isHeld ? 3 : refusedBy === "" ? 0 : 2)
}
