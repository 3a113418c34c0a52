/** Options of a model, read before anything is begun. */
import { invalid, refuseNoFunction, refuseStrangers } from "../../knownOptions.ts"
import type { Limits } from "./explore.ts"

type Own<Subject> = { readonly [name: string]: (subject: Subject) => unknown }

interface Given {
  readonly invariants?: unknown
  readonly worlds?: number | undefined
  readonly steps?: number | undefined
}

function readCount(value: number | undefined, path: string, otherwise: number): number {
  if (value === undefined) return otherwise
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value
  throw invalid(path, value, "must be a whole number from 1 to 1000000")
}

/** Throws `InvalidConfig` for options that cannot be used. */
export function readLimits(options: Given, standard: Limits): Limits {
  refuseStrangers(options, ["invariants", "worlds", "steps"])
  return {
    steps: readCount(options.steps, "options.steps", standard.steps),
    worlds: readCount(options.worlds, "options.worlds", standard.worlds),
    quiet: standard.quiet,
  }
}

/** Functions by name; throws `InvalidConfig` for what is something else. */
export function readOwn<Subject>(own: Own<Subject> = {}, path = "options.invariants"): Own<Subject> {
  if (typeof own !== "object" || own === null) throw invalid(path, own, "must be an object of functions")
  for (const [name, one] of Object.entries(own)) refuseNoFunction(one ?? null, `${path}.${name}`)
  return own
}

/** Invariants of a user's, which may answer `false` instead of throwing. */
export const ownInvariants = <Subject>(
  own: Own<Subject>,
  subject: () => Subject,
): readonly (readonly [string, () => void])[] =>
  Object.entries(own).map(([name, holds]) => [
    name,
    () => {
      if (holds(subject()) === false) throw new Error("it answers false")
    },
  ])
