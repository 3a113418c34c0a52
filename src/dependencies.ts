/** The doors' way into the dependency graph: what a user hands in, read before anything is changed. */
import { type DependencyIn, dependencyOptions } from "../machines/needing.ts"
import { entriesOf, InvalidConfig, type Problem, show } from "../machines/options.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { Rejection } from "../machines/vocabulary/rejection.ts"
import type { Assembly } from "./assemble.ts"
import { link, nodeOf, tellLinked, unlink } from "./dependencyGraph.ts"
import type { DependencyFallback, Node } from "./dependencyNode.ts"
import { invalid } from "./knownOptions.ts"

/**
 * How a breaker depends on another.
 *
 * @example
 * import { CallRejected, createBreaker } from "recloser"
 * import assert from "node:assert/strict"
 *
 * const strategy = { type: "dependency", own: { type: "basic", openFor: "3 seconds" } } as const
 * const db = createBreaker("payments-db")
 * const ledger = createBreaker("ledger", { strategy })
 * const shop = createBreaker("shop", { strategy: { ...strategy, dependencies: { ledger: { type: "critical" } } } })
 * ledger.addDependency(db, { type: "required", impact: 1, fallback: () => "to be booked later" })
 *
 * db.forceOpen("maintenance")
 * assert.equal(await ledger.execute(async () => "booked"), "to be booked later")
 * const error = await shop.execute(async () => "sold").catch((error) => error)
 * assert(error instanceof CallRejected)
 * assert.equal(error.message, "shop: rejected (dependency): payments-db is open")
 * for (const breaker of [shop, ledger, db]) await breaker.stop()
 */
export interface DependencyOptions extends DependencyIn {
  /** Answers, in the place of calls that are refused because of this dependency and have no fallback of their own. */
  readonly fallback?: DependencyFallback | undefined
}

/** A breaker of either door. */
export interface Dependable {
  readonly name: string
  readonly circuit: Circuit
}

/** By this a door's breaker answers with what it is made of, to whoever is to depend on it. */
export const ownAssembly = Symbol("assembly")

function graphOf(assembly: Assembly): Node {
  const node = nodeOf(assembly)
  if (!node.depends) {
    const strategy = assembly.parts.find(({ plug }) => plug.kind === "strategy")?.plug.key
    throw invalid("strategy", strategy, 'must be { type: "dependency" } for a breaker to have dependencies')
  }
  const { phase } = assembly.plane.gate
  if (phase !== "active") throw invalid("phase", phase, "must be active when dependencies change")
  return node
}

/** The name of a dependency, and its breaker where one was handed in. */
function targetOf(given: unknown): { readonly id: string; readonly target: Assembly | undefined } {
  if (typeof given === "string" && given.length > 0 && given.length <= 200) return { id: given, target: undefined }
  const isObject = typeof given === "object" && given !== null
  const target = isObject ? (given as { readonly [ownAssembly]?: Assembly })[ownAssembly] : undefined
  // One that has stopped is only a name, which another may have taken.
  if (target !== undefined)
    return { id: target.name, target: target.plane.gate.phase === "active" ? target : undefined }
  throw invalid("dependency", given, "must be a breaker, or the name of one")
}

function readOptions(options: unknown) {
  const problems: Problem[] = []
  const given = entriesOf(options, "options", problems) ?? new Map<string, unknown>()
  const fallback: unknown = given.get("fallback")
  if (fallback !== undefined && typeof fallback !== "function") {
    problems.push({ path: "options.fallback", value: show(fallback), rule: "must be a function" })
  }
  const rest = Object.fromEntries([...given].filter(([key]) => key !== "fallback"))
  const settings = dependencyOptions.read(rest, "options", problems)
  if (problems.length > 0) throw new InvalidConfig(problems)
  return { settings, fallback: fallback as DependencyFallback | undefined }
}

export function addDependency(assembly: Assembly, dependency: unknown, options: unknown): void {
  const node = graphOf(assembly)
  const { id, target } = targetOf(dependency)
  const { settings, fallback } = readOptions(options)
  link(node, { id, settings, fallback, declared: false }, target)
  tellLinked(node, id, settings)
}

export function removeDependency(assembly: Assembly, dependency: unknown): void {
  unlink(graphOf(assembly), targetOf(dependency).id)
}

/** What answers for a call that was refused because of a dependency, and has no fallback of its own. */
export const fallbackFor = (assembly: Assembly, rejection: Rejection): DependencyFallback | undefined =>
  assembly.node?.fallbackFor(rejection)
