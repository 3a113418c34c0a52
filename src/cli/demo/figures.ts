/** Figures as people read them; "–" stands for nothing to tell. */
export const NOTHING = "–"

export function percent(part: number, whole: number): string {
  return whole === 0 ? NOTHING : `${Math.round((100 * part) / whole)}%`
}

export function millis(ms: number | null | undefined): string {
  if (ms === undefined || ms === null) return NOTHING
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

export function rate(perSecond: number): string {
  return `${Math.round(perSecond)}/s`
}

/** "1 call", "2 calls" */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`
}
