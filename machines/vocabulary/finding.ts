import type { EndpointsFinding } from "./endpoint.ts"
import type { FeaturesFinding } from "./feature.ts"
import type { ForecastFinding } from "./forecast.ts"
import type { HealthFinding } from "./health.ts"
import type { GraphFinding } from "./standing.ts"

/** What a component states of itself, each in its own words. */
export type ComponentFinding = GraphFinding | ForecastFinding | EndpointsFinding | HealthFinding | FeaturesFinding
