/** Gauges of the user's, for `prediction`. */
import { gaugeNameRule, isGaugeName, mostGauges } from "../machines/predicting.ts"
import type { Assembly } from "./assemble.ts"
import { type GaugeValue, Observed } from "./data-plane/observed.ts"
import { invalid } from "./knownOptions.ts"

/** Throws `InvalidConfig`. */
export function observe({ plane, listeners }: Assembly, gauge: unknown, value: unknown): void {
  if (!isGaugeName(gauge)) throw invalid("gauge", gauge, gaugeNameRule)
  if (value === undefined) return plane.meter.slices.gauges?.forget(gauge)
  if (typeof value !== "number" && typeof value !== "function")
    throw invalid("value", value, "must be a number or a function")
  const gauges = (plane.meter.slices.gauges ??= new Observed(mostGauges, (error) =>
    listeners.trouble("observe", error),
  ))
  if (gauges.observe(gauge, value as GaugeValue)) return
  throw invalid("gauge", gauge, `must be one of ${mostGauges} gauges; this breaker has as many`)
}
