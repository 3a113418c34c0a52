/** The machines that can be drawn: the root, and every strategy and component of the registry. */
import type { AnyActorLogic } from "xstate"
import { breakerLogic } from "../../../machines/breaker.ts"
import { type Registry, registry } from "../../../machines/registry.ts"
import { type Chart, chartOf } from "./chart.ts"

export const rootKey = "breaker"

/** By key, the root first, then in the order of the registry. */
export const machines: ReadonlyMap<string, AnyActorLogic> = new Map<string, AnyActorLogic>([
  [rootKey, breakerLogic],
  ...partsOf(registry),
])

function partsOf({ strategies, companions = {}, components }: Registry): readonly (readonly [string, AnyActorLogic])[] {
  return [strategies, companions, components].flatMap((plugs) =>
    Object.values(plugs).map(({ key, chart }) => [key, chart] as const),
  )
}

export const allCharts = (): readonly Chart[] => [...machines].map(([key, logic]) => chartOf(key, logic))
