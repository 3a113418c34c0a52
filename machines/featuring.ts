/** Featuring: what a user writes of the features of a service, and how it is read: in the order in which they come back. */
import {
  duration,
  entriesOf,
  type Named,
  number,
  type OutOf,
  type Problem,
  type Reader,
  type StructIn,
  type StructOut,
  show,
  struct,
  yesOrNo,
} from "./options.ts"
import { type Priority, priorities, rankOf } from "./vocabulary/priority.ts"
import { growing } from "./waiting.ts"

/** Of one breaker: as many as anybody could mean. */
export const mostFeatures = 100

const priority: Reader<Priority, Priority> = {
  read: (value, path, problems) => {
    if (value === undefined || priorities.includes(value as Priority)) return (value ?? "normal") as Priority
    problems.push({ path, value: show(value), rule: `must be one of ${priorities.join(", ")}` })
    return "normal"
  },
}

const isName = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= 200

const names: Reader<readonly string[], readonly string[]> = {
  read: (value, path, problems) => {
    if (value === undefined) return []
    if (Array.isArray(value) && value.length <= mostFeatures && value.every(isName)) return [...new Set(value)]
    problems.push({ path, value: show(value), rule: "must be a list of names of features" })
    return []
  },
}

const testFields = {
  /** The part of a feature's calls that may enter while it is tested, 0.01 to 1. Default: 0.2. */
  testShare: number({ default: 0.2, min: 0.01, max: 1 }),
  /** How many calls a test is decided on, and so the most that enter in it, 1 to 1000. Default: 10. */
  minimumSamples: number({ default: 10, min: 1, max: 1000, integer: true }),
  /** When a test is decided on the calls that it has seen, were they none: then it has gone well. Default: 10 seconds. */
  testFor: duration({ default: "10 seconds", min: "10 millis", max: "1 hour" }),
  /** The part of bad calls at which a feature fails, in a test and at any other time, 0.1 to 1. Default: 0.5. */
  failureRatio: number({ default: 0.5, min: 0.1, max: 1 }),
  /** How long a feature that has failed is held back until it is tested again: it grows with each failure in a row. */
  retry: growing({ base: "5 seconds", step: "0 millis", factor: 2, max: "1 minute" }),
}
export interface TestFields extends Named<typeof testFields> {}

const ownFields = {
  /** Other features that it cannot do without: it comes back after them, and goes when they go. Default: none. */
  needs: names,
  /** Of features that could come back, those that matter more do first. Default: `"normal"`. */
  priority,
  /**
   * It comes back before others. Should it fail, what it needs is in doubt too: that is tested again, once in a recovery. Default: false.
   */
  required: yesOrNo,
}
export interface OwnFeatureFields extends Named<typeof ownFields> {}
export interface FeatureFields extends OwnFeatureFields, TestFields {}

/** What a user writes of one feature. What it leaves out of its tests is as for all features. */
export interface FeatureIn extends StructIn<FeatureFields> {}

/** One feature as the machines know it. */
export interface Feature extends StructOut<TestFields> {
  readonly name: string
  readonly needs: readonly string[]
  readonly required: boolean
  /** How much it matters: at least as much as what cannot do without it. */
  readonly rank: number
}

/** Left out, it is `undefined`: what holds for all takes its place. */
const optional = <I, O>(inner: Reader<I, O>): Reader<I, O | undefined> => ({
  read: (value, path, problems) => (value === undefined ? undefined : inner.read(value, path, problems)),
})

const featureOptions = struct<FeatureFields>({
  ...ownFields,
  ...(Object.fromEntries(
    Object.entries(testFields).map(([key, reader]) => [key, optional(reader as Reader<unknown, unknown>)]),
  ) as unknown as typeof testFields),
})
const testOptions = struct<TestFields>(testFields)

type Listed = readonly (readonly [name: string, OutOf<typeof featureOptions>])[]

/** `true` says nothing more; a list is what it needs. */
const written = (value: unknown): unknown => (value === true ? {} : Array.isArray(value) ? { needs: value } : value)

const features: Reader<readonly string[] | { readonly [name: string]: true | readonly string[] | FeatureIn }, Listed> =
  {
    read: (value, path, problems) => {
      if (value === undefined) return []
      const given: readonly (readonly [string, unknown])[] = Array.isArray(value)
        ? names.read(value, path, problems).map((name) => [name, true])
        : [...(entriesOf(value, path, problems) ?? [])]
      if (given.length > mostFeatures)
        problems.push({ path, value: show(given.length), rule: `must not be more than ${mostFeatures}` })
      for (const [name] of given)
        if (!isName(name)) problems.push({ path, value: show(name), rule: "must be named by 1 to 200 characters" })
      const listed = given.map(
        ([name, one]) => [name, featureOptions.read(written(one), `${path}.${name}`, problems)] as const,
      )
      checkNeeds(listed, path, problems)
      return listed
    },
  }

/** What is needed must be there, and nothing can need itself: a cycle would never come back. */
function checkNeeds(listed: Listed, path: string, problems: Problem[]): void {
  const known = new Map(listed)
  for (const [name, { needs }] of listed) {
    for (const need of needs) {
      if (known.has(need)) continue
      const rule = `must be a feature; known: ${[...known.keys()].join(", ")}`
      problems.push({ path: `${path}.${name}.needs`, value: show(need), rule })
    }
  }
  const cycle = cycleIn(known)
  if (cycle === undefined) return
  const rule = `must not form a cycle: ${cycle.join(" needs ")}`
  problems.push({ path: `${path}.${cycle[0]}.needs`, value: show(cycle[1]), rule })
}

type Known = ReadonlyMap<string, { readonly needs: readonly string[] }>

/** A way from a feature back to itself, both ends named; without recursion, each link looked at once. */
function cycleIn(known: Known): readonly string[] | undefined {
  const done = new Set<string>()
  for (const [start, { needs }] of known) {
    const way = [start]
    const left = [[...needs]]
    while (way.length > 0) {
      const next = left.at(-1)?.pop()
      if (next === undefined) {
        done.add(way.pop() as string)
        left.pop()
      } else if (way.includes(next)) return [...way.slice(way.indexOf(next)), next]
      else if (!done.has(next)) {
        way.push(next)
        left.push([...(known.get(next)?.needs ?? [])])
      }
    }
  }
  return undefined
}

const required = 10

/** In the order in which they come back: what is needed first, then what matters most, then as they were written. */
function inOrder(listed: Listed, standard: OutOf<typeof testOptions>): readonly Feature[] {
  const left = new Map(listed)
  const rankOfAll = ranksOf(listed)
  const order: Feature[] = []
  for (;;) {
    const free = [...left].filter(([, { needs }]) => !needs.some((need) => left.has(need)))
    const [first, ...others] = free.map(([name]) => name)
    if (first === undefined) return order
    const rank = (name: string) => rankOfAll.get(name) as number
    const name = others.reduce((best, other) => (rank(other) > rank(best) ? other : best), first)
    const { needs, required, priority: _priority, ...own } = left.get(name) as OutOf<typeof featureOptions>
    left.delete(name)
    const set = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
    order.push(Object.freeze({ ...standard, ...set, name, needs, required, rank: rank(name) }))
  }
}

/** What is needed matters as much as what needs it; what is required more than anything. All that is needed is there. */
function ranksOf(listed: Listed): ReadonlyMap<string, number> {
  const known = new Map(listed)
  const ranks = new Map<string, number>()
  for (const [name, { priority, required: isRequired }] of listed) {
    const rank = rankOf(priority) + (isRequired ? required : 0)
    const raise = [name]
    for (let next = raise.pop(); next !== undefined; next = raise.pop()) {
      if ((ranks.get(next) ?? -1) >= rank) continue
      ranks.set(next, rank)
      raise.push(...(known.get(next) as OutOf<typeof featureOptions>).needs)
    }
  }
  return ranks
}

const recoveryFields = {
  /**
   * What the service can do, by the names that calls give as `feature`: a list of names, or an object in which each is `true`, the list
   * of what it needs, or `{ needs, priority, required, … }`.
   */
  features,
  /** How many features are tested at the same time, 1 to 100. Default: 1. */
  atOnce: number({ default: 1, min: 1, max: mostFeatures, integer: true }),
}
export interface OwnRecoveryFields extends Named<typeof recoveryFields> {}
export interface RecoveryFields extends OwnRecoveryFields, TestFields {}

const all = struct<RecoveryFields>({ ...recoveryFields, ...testFields })

export interface RecoverySettings {
  /** In the order in which they come back. */
  readonly features: readonly Feature[]
  readonly atOnce: number
}

/** What a user writes of a service's features. */
export interface RecoveryOptions extends StructIn<RecoveryFields> {}

export const recoveryOptions: Reader<RecoveryOptions, RecoverySettings> = {
  read: (value, path, problems) => {
    const before = problems.length
    const { features: listed, atOnce, ...standard } = all.read(value, path, problems)
    return Object.freeze({ features: problems.length > before ? [] : inOrder(listed, standard), atOnce })
  },
}
