/** Needing: what a user writes of the services that a breaker's own needs, and how it is read. */
import { entriesOf, type Named, number, type OutOf, type Problem, type Reader, show, struct } from "./options.ts"
import { type Need, needs } from "./vocabulary/standing.ts"

/** Of one breaker: as many as anybody could mean. */
export const mostDependencies = 1000

const need: Reader<Need, Need> = {
  read: (value, path, problems) => {
    if (needs.includes(value as Need)) return value as Need
    problems.push({ path, value: show(value), rule: `must be one of ${needs.join(", ")}` })
    return "optional"
  },
}

const part = number({ default: 1, min: 0, max: 1 })
const impact: Reader<number, number | undefined> = {
  read: (value, path, problems) => (value === undefined ? undefined : part.read(value, path, problems)),
}

const dependencyFields = { type: need, impact }
export interface DependencyFields extends Named<typeof dependencyFields> {}

/** How a service needs another: the options of one dependency. */
export const dependencyOptions = struct<DependencyFields>(dependencyFields)

/** What a user writes of one dependency. */
export interface DependencyIn {
  /**
   * `critical`: open, it blocks, whatever impact it has by its declaration. `required`: open, it impairs by its impact. `optional`: it is
   * only reported.
   */
  readonly type: Need
  /** The part of calls that fail without it, 0 to 1. Left out, it is measured. */
  readonly impact?: number | undefined
}

export type DependencySettings = OutOf<typeof dependencyOptions>

/** Dependencies by the name of their breaker. */
const table: Reader<{ readonly [id: string]: DependencyIn }, { readonly [id: string]: DependencySettings }> = {
  read: (value, path, problems) => {
    const given = value === undefined ? undefined : entriesOf(value, path, problems)
    const entries = [...(given ?? [])]
    if (entries.length > mostDependencies) tooMany(entries.length, path, problems)
    for (const [id] of entries) if (id.length === 0 || id.length > 200) badName(id, path, problems)
    return Object.freeze(
      Object.fromEntries(entries.map(([id, one]) => [id, dependencyOptions.read(one, `${path}.${id}`, problems)])),
    )
  },
}

const tooMany = (count: number, path: string, problems: Problem[]) => {
  problems.push({ path, value: show(count), rule: `must not be more than ${mostDependencies}` })
}

const badName = (id: string, path: string, problems: Problem[]) => {
  problems.push({ path, value: show(id), rule: "must name breakers by strings of 1 to 200 characters" })
}

const dependingFields = {
  /** What the service depends on, by the names of breakers that may live now or later. Default: none. */
  dependencies: table,
}
export interface DependingFields extends Named<typeof dependingFields> {}

/** The options of a strategy that knows what its service depends on, its own circuit's aside. */
export const depending = struct<DependingFields>(dependingFields)
