import { type Fault, WELL } from "./faultyService.ts"

export const SERVICES = ["catalog", "payments", "reviews"] as const
export type ServiceName = (typeof SERVICES)[number]

export interface Phase {
  readonly name: string
  readonly atMs: number
  readonly faults: Readonly<Record<ServiceName, Fault>>
}

const ALL_WELL: Phase["faults"] = { catalog: WELL, payments: WELL, reviews: WELL }

/** The story that is played, as shares of the run: three kinds of hard failure, a slow service, and a recovery. */
export function script(durationMs: number, slowMs: number): readonly Phase[] {
  const phase = (share: number, name: string, faults: Partial<Phase["faults"]>): Phase => ({
    name,
    atMs: share * durationMs,
    faults: { ...ALL_WELL, ...faults },
  })
  const errors: Fault = { kind: "errors" }
  const hang: Fault = { kind: "hang" }
  return [
    phase(0, "all services are well", {}),
    phase(0.15, "payments answers 503", { payments: errors }),
    phase(0.28, "payments answers 503, reviews hangs", { payments: errors, reviews: hang }),
    phase(0.44, "reviews hangs, catalog refuses connections", { reviews: hang, catalog: { kind: "refused" } }),
    phase(0.6, `payments takes ${Math.round(slowMs)} ms a call`, { payments: { kind: "latency", ms: slowMs } }),
    phase(0.74, "all services are well again", {}),
  ]
}

/** Calls `enter` for each phase when its time has come; the returned function stops the play. */
export function play(phases: readonly Phase[], nowMs: () => number, enter: (phase: Phase) => void): () => void {
  const timers = phases.map((phase) => setTimeout(() => enter(phase), Math.max(0, phase.atMs - nowMs())))
  return () => {
    for (const timer of timers) clearTimeout(timer)
  }
}
