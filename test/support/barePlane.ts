/** A data plane without machines: its gates come from the test, and what it reports is kept. */
import { type Gate, idleGate, type Lines, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import type { CellChange } from "../../src/data-plane/cells.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { type StepClock, stepClock } from "./stepClock.ts"

export interface BarePlane {
  readonly plane: Plane
  readonly clock: StepClock
  readonly reports: readonly Report[]
  readonly changes: readonly CellChange[]
}

/** `seed` is the plane's chance: without it there is none. */
export function barePlane(seed?: number): BarePlane {
  const clock = stepClock()
  const reports: Report[] = []
  const changes: CellChange[] = []
  const plane = new Plane("service", new Wheel(clock), {
    signal: (report) => reports.push(report),
    refused: () => {},
    classify: () => "failure",
    idle: () => {},
    cell: (change) => changes.push(change),
    ...(seed !== undefined && { seed: () => seed }),
  })
  return { plane, clock, reports, changes }
}

/** A gate that watches by these lines, and holds nothing back itself. */
export const openGate = (lines: Lines, more: Partial<Gate> = {}): Gate => ({
  ...idleGate,
  version: 1,
  epoch: 1,
  phase: "active",
  restriction: unrestricted,
  holders: [],
  lines,
  ...more,
})
