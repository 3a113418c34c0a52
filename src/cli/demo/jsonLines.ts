import { type LiveState, RECENT_MS, type ServiceRow, type View } from "./view.ts"

/** One JSON object a line, for machines. `at` is milliseconds since the run began; names carry their units. */
export function createJsonLines(write: (text: string) => void): View {
  const line = (value: object) => write(`${JSON.stringify(value)}\n`)
  return {
    everyMs: RECENT_MS,
    open: (opening) => line({ type: "start", at: 0, ...opening }),
    phase: (entered) => line({ type: "phase", ...entered, at: whole(entered.at) }),
    transition: ({ breaker, from, to, at, reason }) =>
      line({ type: "transition", breaker, from, to, at: whole(at), reason }),
    told: ({ breaker, kind, words, at }) => line({ type: kind, breaker, at: whole(at), words }),
    refresh: (state) => samplesOf(state).forEach(line),
    close: () => {},
    summary: (summary) => line({ type: "summary", ...summary }),
  }
}

function samplesOf(state: LiveState): object[] {
  return state.gateways.flatMap(({ protected: guarded, rows, parts = [] }) => {
    const common = { at: whole(state.at), gateway: guarded ? "protected" : "unprotected" }
    return [
      ...rows.map((row) => ({
        type: "sample",
        ...common,
        service: row.service,
        circuit: row.circuit ?? null,
        fault: row.fault ?? null,
        ...figuresOf(row),
      })),
      ...parts.map(({ name, words }) => ({ type: "part", ...common, name, words })),
    ]
  })
}

function figuresOf({ recent }: ServiceRow): object {
  return {
    perSecond: Number(recent.perSecond.toFixed(1)),
    requests: recent.requests,
    succeeded: recent.full,
    fallback: recent.fallback,
    failed: recent.failed,
    rejected: recent.rejected,
    p50Ms: recent.p50Ms === undefined ? null : whole(recent.p50Ms),
    p99Ms: recent.p99Ms === undefined ? null : whole(recent.p99Ms),
  }
}

function whole(ms: number): number {
  return Math.round(ms)
}
