/** Both planes of a breaker in a replay, as `createBreaker` makes them. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { ChosenPart } from "../../../machines/registry.ts"
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import { takeUp } from "../../assemble.ts"
import { type Clock, timekeeperOf, wheelOf } from "../../Clock.ts"
import { type Conductor, type ConductorHooks, conduct } from "../../control-plane/conductor.ts"
import { readSaved } from "../../control-plane/persistence.ts"
import type { Observed } from "../../data-plane/observed.ts"
import { Plane } from "../../data-plane/plane.ts"
import { type BreakerEvents, Listeners } from "../../events.ts"
import { isEndpoint } from "../../observability/findingWords.ts"
import type { BreakerLine } from "../../observability/recording/format.ts"

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
  const scope = Scope.makeUnsafe()
  const listeners = new Listeners(name, () => clock.now())
  listeners.add("cell", (event) => watch.cell(event))
  const late: { conductor?: Conductor } = {}
  const plane = new Plane(name, wheelOf(clock), {
    signal: (report) => late.conductor?.send(report),
    refused: () => {},
    classify: () => "failure",
    idle: () => {},
    cell: ({ cells, ...fact }, now) => {
      if (!isEndpoint(fact.key, plane.gate)) listeners.cell(fact, cells, now)
    },
  })
  plane.meter.slices.gauges = gauges
  const hooks: ConductorHooks = {
    swap: (gate) => {
      plane.swap(gate)
      watch.gate(gate)
    },
    emitted: (event) => watch.told(event),
  }
  const input = { name, parts, metered: true, at: clock.now(), seed }
  const conductor = Effect.runSync(Scope.provide(conduct({ input, time: timekeeperOf(clock), hooks }), scope))
  late.conductor = conductor
  const known = readSaved(saved, name)
  if (known !== undefined) takeUp({ conductor, parts, clock, plane }, known)
  const end = () => {
    Effect.runSync(Scope.close(scope, Exit.void))
    plane.stop()
  }
  return { plane, conductor, rest: () => {}, end }
}
