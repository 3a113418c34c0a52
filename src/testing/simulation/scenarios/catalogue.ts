import type { Scenario } from "../scenario.ts"
import { slowEndpoint } from "./endpoints.ts"
import { fleet } from "./fleet.ts"
import { growing } from "./growing.ts"
import { harmlessScenario } from "./harmless.ts"
import { metastable } from "./metastable.ts"
import { overload } from "./overload.ts"
import { partialScenario } from "./partial.ts"
import { shards } from "./shards.ts"
import { slowDependency } from "./slowDependency.ts"
import { spikesScenario } from "./spikes.ts"
import { staleQueues } from "./stale.ts"
import { stationary } from "./stationary.ts"
import { stepOutage } from "./stepOutage.ts"

export const scenarios: readonly Scenario[] = [
  stepOutage,
  spikesScenario,
  partialScenario,
  stationary,
  slowDependency,
  slowEndpoint,
  metastable,
  growing,
  staleQueues,
  overload,
  shards,
  fleet,
  harmlessScenario,
]
