import type { Lines } from "../../../machines/vocabulary/gate.ts"
import { Endpoints, type Pace } from "./endpoints.ts"

/** The endpoints that a gate names; what was measured of them stays from gate to gate. */
export function endpointsUnder(
  { endpoints: line }: Lines,
  before: Endpoints | undefined,
  pace: Pace,
  host: { now(): number },
): Endpoints | undefined {
  if (line === undefined) return before?.close()
  if (before === undefined) return new Endpoints(line, pace, host.now())
  before.adopt(line, host.now())
  return before
}
