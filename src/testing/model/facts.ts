/** What it depends on, in a config, what can be reached of its charts. */

/** What reasons depend on. */
export interface Facts {
  has(part: string): boolean
  /** Settings of a part that there is. */
  of<Settings>(part: string): Settings
}

export interface Rule {
  /** What it is said of: `is never entered`, `is never taken`, `is never refused by its guard`. */
  readonly line: RegExp
  readonly when?: (facts: Facts) => boolean
  readonly why: string
}

export type Rules = { readonly [chart: string]: readonly Rule[] }

export function isProvided(facts: Facts): boolean {
  return facts.has("discovery") && facts.of<{ readonly provider?: unknown }>("discovery").provider !== undefined
}

export function isChecked(facts: Facts): boolean {
  return facts.has("health") && facts.of<{ readonly check?: unknown }>("health").check !== undefined
}

/** Whether there are endpoints of which one could be called without the others. */
export const areSeveral = (facts: Facts): boolean =>
  facts.has("discovery") &&
  (isProvided(facts) || facts.of<{ readonly endpoints: readonly unknown[] }>("discovery").endpoints.length > 1)

/** Whether calls may take an endpoint away: never the last one. */
export const isEjecting = (facts: Facts): boolean =>
  areSeveral(facts) && facts.of<{ readonly ejection?: unknown }>("discovery").ejection !== undefined
