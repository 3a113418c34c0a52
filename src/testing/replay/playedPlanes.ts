/** Both planes of a breaker in a replay, as `createBreaker` makes them. */
import type { ChosenPart } from "../../../machines/registry.ts"
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import { takeUp } from "../../assemble.ts"
import type { Clock } from "../../Clock.ts"
import type { Conductor, ConductorHooks } from "../../control-plane/conductor.ts"
import { readSaved } from "../../control-plane/persistence.ts"
import type { Observed } from "../../data-plane/observed.ts"
import type { Plane } from "../../data-plane/plane.ts"
import type { PlaneHooks } from "../../data-plane/planeHooks.ts"
import { type BreakerEvents, Listeners } from "../../events.ts"
import { isEndpoint } from "../../observability/findingWords.ts"
import type { BreakerLine } from "../../observability/recording/format.ts"
import { pair } from "../../pairing.ts"

export type Told = Parameters<ConductorHooks["emitted"]>[0]

export interface Watch {
  gate(gate: Gate): void
  told(event: Told): void
  /** Parts of the service are held back by themselves, or are no longer. */
  cell(event: BreakerEvents["cell"]): void
}

export interface PlayedPlanes {
  readonly plane: Plane
  readonly conductor: Conductor
  rest(now: number): void
  end(): void
}

export function playAlone(
  { name, seed, saved }: BreakerLine,
  parts: readonly ChosenPart[],
  clock: Clock,
  watch: Watch,
  gauges: Observed | undefined,
): PlayedPlanes {
  const listeners = new Listeners(name, () => clock.now())
  listeners.add("cell", (event) => watch.cell(event))
  const cell: PlaneHooks["cell"] = ({ cells, ...fact }, now) => {
    if (!isEndpoint(fact.key, plane.gate)) listeners.cell(fact, cells, now)
  }
  const emitted: ConductorHooks["emitted"] = (event) => watch.told(event)
  const { plane, conductor, end } = pair({ name, parts, seed }, clock, emitted, (gate) => watch.gate(gate), cell)
  plane.meter.slices.gauges = gauges
  const known = readSaved(saved, name)
  if (known !== undefined) takeUp({ conductor, parts, clock, plane }, known)
  return { plane, conductor, rest: () => {}, end }
}
