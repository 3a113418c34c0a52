/** What a breaker expects of the near future, as it tells it. */
export interface ForecastFinding {
  readonly state: "cold" | "calm" | "warned" | "frozen"
  /** Of failure within the horizon, 0 to 1; 0 unless warned. */
  readonly probability: number
  readonly horizonMs: number
  /** What points there, in words. */
  readonly reasons: readonly string[]
  /** Measures that looked unlike what is usual when this was found: no danger by itself. */
  readonly unusual: readonly string[]
}

/** `prediction` warns, or does no longer: who decides what may give way first takes it into account. */
export interface ForecastChanged {
  readonly type: "forecast.changed"
  readonly at: number
  readonly state: ForecastFinding["state"]
}
