import type { Cells } from "./data-plane/cells.ts"

/** What is known of the parts of a service. Its size does not grow with the number of keys. */
export interface CellMetrics {
  /** Keys of which something is remembered: those that failed lately, and in times of trouble those that did not. */
  readonly remembered: number
  /** Keys that are held back now. */
  readonly condemned: number
  /** Calls to them that were let in, to see whether they are well again, since the breaker was made. */
  readonly probes: number
  /** Up to 100 of those that are held back: since when, on the breaker's clock. */
  readonly notable: readonly { readonly key: string; readonly since: number }[]
}

const mostNotable = 100

export function cellsOf(cells: Cells): CellMetrics {
  const { remembered, condemned } = cells
  const notable: CellMetrics["notable"][number][] = []
  for (const { key, since } of condemned.all) {
    if (notable.length === mostNotable) break
    notable.push({ key, since })
  }
  return { remembered, condemned: condemned.size, probes: condemned.probed, notable }
}
