import { dependency } from "./dependency.ts"
import { incident } from "./incident.ts"
import type { ScenarioName } from "./options.ts"
import { overload } from "./overload.ts"
import type { Play } from "./play.ts"

/** What the demo can play, each for a length and an ordinary number of requests a second. */
export const scenarios: Readonly<Record<ScenarioName, (durationMs: number, perSecond: number) => Play>> = {
  incident,
  overload,
  dependency,
}
