import { createLatencies, type Latencies } from "./latencies.ts"

/** How a gateway answered one request: with the service's own answer, with a fallback, or not usefully. */
export type Answer = "full" | "fallback" | "failed"

export interface Answered {
  readonly answer: Answer
  /** The breaker rejected the call, so no call was made. */
  readonly rejected: boolean
  readonly ms: number
}

export interface Counts {
  readonly requests: number
  readonly full: number
  readonly fallback: number
  readonly failed: number
  readonly rejected: number
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
}

export interface Recent extends Counts {
  readonly perSecond: number
}

/** What a gateway did for one service: totals, the last seconds, and a trail of success shares for the sparkline. */
export interface Tally {
  record(at: number, answered: Answered): void
  totals(): Counts
  recent(at: number, spanMs: number): Recent
  /** Share of full answers in each of the last buckets, oldest first; undefined where nothing was asked. */
  trail(at: number): readonly (number | undefined)[]
}

interface Cell {
  slot: number
  full: number
  fallback: number
  failed: number
  rejected: number
  readonly latencies: Latencies
}

const CELL_MS = 250
const CELLS = 16 // four seconds of recent past

export function createTally(trailShape: { readonly bucketMs: number; readonly buckets: number }): Tally {
  const all = createCell()
  const cells = Array.from({ length: CELLS }, createCell)
  const trail = createTrail(trailShape.bucketMs, trailShape.buckets)
  return {
    record(at, answered) {
      const slot = Math.floor(at / CELL_MS)
      const cell = cells[slot % CELLS] ?? all
      if (cell.slot !== slot) empty(cell, slot)
      count(cell, answered)
      count(all, answered)
      trail.record(at, answered.answer === "full")
    },
    totals: () => countsOf([all]),
    recent(at, spanMs) {
      const newest = Math.floor(at / CELL_MS)
      const oldest = newest - Math.min(CELLS, Math.ceil(spanMs / CELL_MS)) + 1
      const counts = countsOf(cells.filter((cell) => cell.slot >= oldest && cell.slot <= newest))
      // The newest cell is still filling: divide by the time that has really passed.
      const coveredMs = Math.max(1, at - Math.max(0, oldest) * CELL_MS)
      return { ...counts, perSecond: (counts.requests * 1000) / coveredMs }
    },
    trail: trail.read,
  }
}

function createCell(): Cell {
  return { slot: -1, full: 0, fallback: 0, failed: 0, rejected: 0, latencies: createLatencies() }
}

function empty(cell: Cell, slot: number): void {
  Object.assign(cell, { slot, full: 0, fallback: 0, failed: 0, rejected: 0 })
  cell.latencies.clear()
}

function count(cell: Cell, answered: Answered): void {
  cell[answered.answer] += 1
  if (answered.rejected) cell.rejected += 1
  cell.latencies.add(answered.ms)
}

function countsOf(cells: readonly Cell[]): Counts {
  const latencies = createLatencies()
  for (const cell of cells) latencies.addAll(cell.latencies)
  const sum = (key: Answer | "rejected") => cells.reduce((total, cell) => total + cell[key], 0)
  return {
    requests: latencies.count,
    full: sum("full"),
    fallback: sum("fallback"),
    failed: sum("failed"),
    rejected: sum("rejected"),
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
  }
}

function createTrail(bucketMs: number, buckets: number) {
  const ring = Array.from({ length: buckets }, () => ({ slot: -1, full: 0, requests: 0 }))
  return {
    record(at: number, full: boolean): void {
      const slot = Math.floor(at / bucketMs)
      const bucket = ring[slot % buckets]
      if (!bucket) return
      if (bucket.slot !== slot) Object.assign(bucket, { slot, full: 0, requests: 0 })
      bucket.requests += 1
      if (full) bucket.full += 1
    },
    read(at: number): readonly (number | undefined)[] {
      const first = Math.max(0, Math.floor(at / bucketMs) - buckets + 1)
      return Array.from({ length: buckets }, (_, index) => {
        const bucket = ring[(first + index) % buckets]
        return bucket?.slot === first + index ? bucket.full / bucket.requests : undefined
      })
    },
  }
}
