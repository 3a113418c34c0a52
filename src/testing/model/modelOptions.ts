/** Options of a model, read before anything is begun. */
import { invalid, refuseNoFunction, refuseStrangers } from "../../knownOptions.ts"
import type { Limits } from "./explore.ts"
import { nextTask } from "./world.ts"

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
  if (typeof own !== "object" || own === null || Array.isArray(own))
    throw invalid(path, own, "must be an object of functions")
  for (const [name, one] of Object.entries(own)) refuseNoFunction(one ?? null, `${path}.${name}`)
  return own
}

/** Throws `InvalidConfig` for a name that means something already: one of the two would be left out, and nobody told. */
export function refuseTaken(own: object, taken: Iterable<string>, path = "options.invariants"): void {
  for (const name of taken)
    if (Object.hasOwn(own, name)) throw invalid(`${path}.${name}`, "a function", "must have a name of its own")
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | undefined | null)?.then === "function"

function hold(answer: unknown): void {
  if (answer === false) throw new Error("it answers false")
}

/** Promises that are kept without time are kept within so many turns of the event loop. */
const mostTurns = 1000

async function kept(promise: PromiseLike<unknown>): Promise<void> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  promise.then(settle, settle)
  for (let turn = 0; turn < mostTurns && !isSettled; turn++) await nextTask()
  if (!isSettled) throw new Error("it promises an answer that does not come while time stands still")
  hold(await promise)
}

/** Invariants of a user's, which may answer `false` instead of throwing, or promise to. */
export const ownInvariants = <Subject>(
  own: Own<Subject>,
  subject: () => Subject,
): readonly (readonly [string, () => void | Promise<void>])[] =>
  Object.entries(own).map(([name, holds]) => [
    name,
    () => {
      const answer = holds(subject())
      return isPromise(answer) ? kept(answer) : hold(answer)
    },
  ])
