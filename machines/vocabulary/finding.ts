import type { EndpointsFinding } from "./endpoint.ts"
import type { FeaturesChanged, FeaturesFinding } from "./feature.ts"
import type { ForecastChanged, ForecastFinding } from "./forecast.ts"
import type { HealthFinding } from "./health.ts"
import type { HealthFound } from "./knowledge.ts"
import type { GraphFinding } from "./standing.ts"

/** What a component states of itself, each in its own words. */
export type ComponentFinding = GraphFinding | ForecastFinding | EndpointsFinding | HealthFinding | FeaturesFinding

/** What a finding is to other parts: it holds until the next one, so whoever comes later is told as well. */
export type FindingSignal = HealthFound | FeaturesChanged | ForecastChanged
