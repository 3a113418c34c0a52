/** Impact: what the loss of a dependency costs, as declared, or as measured by our own calls while it was well and while it was not. */
import type { Need, Standing } from "./vocabulary/standing.ts"

/** Calls, weighed by age: old ones count half when too many are known. */
export interface Calls {
  readonly good: number
  readonly bad: number
}

export const noCalls: Calls = { good: 0, bad: 0 }

/** One service that ours depends on. */
export interface Dependency {
  readonly need: Need
  /** As declared; `undefined` when it is to be measured. */
  readonly impact: number | undefined
  readonly standing: Standing
  readonly since: number
  /** Our calls while it was well, and while it served nothing. */
  readonly up: Calls
  readonly down: Calls
  /** All that had been counted when its standing began. */
  readonly from: Calls
}

/** Fewer calls than this on either side say nothing about the difference. */
const enough = 20
const plenty = 10_000
/** What a required dependency is taken to cost until that is measured: half of our calls go on, and measure it. */
const presumed = 0.5
/** However much a loss has been seen to cost, one call in ten goes on and may show that it no longer does. */
const mostMeasured = 0.9

/** Adds calls, and halves what is known when it becomes too much: what was measured long ago fades. */
function add(known: Calls, more: Calls): Calls {
  const [good, bad] = [known.good + more.good, known.bad + more.bad]
  const scale = good + bad > plenty ? 0.5 : 1
  return { good: good * scale, bad: bad * scale }
}

/** Books what was counted since its standing began. `blamed` are failures that were charged to it instead of us. */
export function book(one: Dependency, counted: Calls, blamed: number): Dependency {
  const more = { good: counted.good - one.from.good, bad: counted.bad - one.from.bad }
  const { circuit, health } = one.standing
  if (health === 0) return { ...one, down: add(one.down, { ...more, bad: more.bad + blamed }) }
  return health === 1 && circuit !== "unknown" ? { ...one, up: add(one.up, more) } : one
}

const badPart = ({ good, bad }: Calls) => bad / (good + bad)

/** How many of the calls that would have gone well fail without it, 0 to 1; `undefined` while too little was seen. */
export function measuredImpact(one: Dependency, counted: Calls): number | undefined {
  const { up, down } = book(one, counted, 0)
  if (up.good + up.bad < enough || down.good + down.bad < enough) return undefined
  const usual = badPart(up)
  return usual === 1 ? 0 : Math.min(1, Math.max(0, (badPart(down) - usual) / (1 - usual)))
}

/** The impact that decides: as declared, else as measured, else as presumed. A critical one is all or nothing. */
export function impactOf(one: Dependency, counted: Calls): number {
  if (one.need !== "required") return one.need === "critical" ? 1 : 0
  if (one.impact !== undefined) return one.impact
  return Math.min(mostMeasured, measuredImpact(one, counted) ?? presumed)
}
