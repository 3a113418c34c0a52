/** What callers say about their calls, checked before anything is taken. */
import type { Facts } from "../machines/vocabulary/facts.ts"
import type { Gate } from "../machines/vocabulary/gate.ts"
import type { Priority } from "../machines/vocabulary/priority.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"

/** Keys longer than this are no names of parts but payloads. */
const longestKey = 200

/** What costs more than any burst may be is a slip of the pen. */
const highestCost = 1_000_000

const isCost = (cost: unknown): boolean => typeof cost === "number" && cost > 0 && cost <= highestCost

const isName = (key: unknown): key is string => typeof key === "string" && key.length > 0 && key.length <= longestKey

function readName(value: unknown, path: string): void {
  if (!isName(value)) throw invalid(path, value, `must be a string of 1 to ${longestKey} characters`)
}

/** Named once more, so that a door which only checks facts need not load the machines. */
const classes = { critical: 4, high: 3, normal: 2, low: 1, bulk: 0 } satisfies { readonly [P in Priority]: number }

export const isPriority = (value: unknown): value is Priority =>
  typeof value === "string" && Object.hasOwn(classes, value)

/** Each fact, and how it is checked. Whoever adds a fact adds it here, and every door knows it. */
const readers: { readonly [Fact in keyof Facts]-?: (value: unknown, path: string) => void } = {
  key: readName,
  priority: (value, path) => {
    if (isPriority(value)) return
    throw invalid(path, value, `must be one of ${Object.keys(classes).join(", ")}`)
  },
  cost: (value, path) => {
    if (!isCost(value)) throw invalid(path, value, `must be a number above 0, and at most ${highestCost}`)
  },
  tenant: readName,
  feature: readName,
}

export const factNames = Object.keys(readers) as readonly (keyof Facts)[]

/** Throws `InvalidConfig` for a fact that cannot be one. */
export function checkFacts(options: Facts): void {
  for (const name of factNames) {
    const value = options[name]
    if (value !== undefined) readers[name](value, `options.${name}`)
  }
}

/** Throws `InvalidConfig` for a feature that `recovery` does not know: where none are named, any may be. */
export function checkFeature({ feature }: Facts, { lines: { features } }: Gate): void {
  if (feature === undefined || features === undefined || Object.hasOwn(features, feature)) return
  throw invalid(
    "options.feature",
    feature,
    `must be one of the features of recovery: ${Object.keys(features).join(", ")}`,
  )
}

/** Facts that come alone. Throws `InvalidConfig` for what is none. */
export function readFacts(options: Facts, gate: Gate): Facts {
  refuseStrangers(options, factNames)
  checkFacts(options)
  checkFeature(options, gate)
  return options
}
