/** Both planes of a breaker without a door, introduced to each other: one on trial beside another, or one that is played again. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { ChosenPart } from "../machines/registry.ts"
import type { Gate } from "../machines/vocabulary/gate.ts"
import { type Clock, timekeeperOf, wheelOf } from "./Clock.ts"
import { type Conductor, type ConductorHooks, conduct } from "./control-plane/conductor.ts"
import { Plane } from "./data-plane/plane.ts"
import type { PlaneHooks } from "./data-plane/planeHooks.ts"

export interface Pair {
  readonly plane: Plane
  readonly conductor: Conductor
  /** Lets go of actors and timers. */
  end(): void
}

/** `swapped` hears of every gate once it is in force, `cell` of cells that are condemned or set free. */
export function pair(
  given: { readonly name: string; readonly parts: readonly ChosenPart[]; readonly seed: number },
  clock: Clock,
  emitted: ConductorHooks["emitted"],
  swapped?: (gate: Gate) => void,
  cell?: PlaneHooks["cell"],
): Pair {
  const scope = Scope.makeUnsafe()
  let conductor: Conductor | undefined
  const plane = new Plane(given.name, wheelOf(clock), {
    signal: (report) => conductor?.send(report),
    refused: () => {},
    classify: () => "failure",
    idle: () => {},
    seed: () => given.seed,
    cell,
  })
  const conducted = conduct({
    input: { ...given, metered: true, at: clock.now() },
    time: timekeeperOf(clock),
    hooks: {
      swap: (gate, decidedAt) => {
        plane.swap(gate, undefined, decidedAt)
        swapped?.(gate)
      },
      emitted,
    },
  })
  conductor = Effect.runSync(Scope.provide(conducted, scope))
  return {
    plane,
    conductor,
    end: () => {
      Effect.runSync(Scope.close(scope, Exit.void))
      plane.stop()
    },
  }
}
