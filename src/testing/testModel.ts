import type { Breaker } from "../Breaker.ts"
import type { BreakerConfig } from "../index.ts"
import type { TestModel } from "./model/paths.ts"

export interface TestModelOptions {
  /**
   * What must hold after every step of every path, by name, beside what holds of every breaker. Throwing, or answering `false`, says
   * that it does not; so does a promise of either, which is waited for while time stands still.
   */
  readonly invariants?: { readonly [name: string]: (breaker: Breaker) => unknown } | undefined
  /** Most breakers that are begun to find paths, a few milliseconds each. Default 2500. */
  readonly worlds?: number | undefined
  /** Most steps of a path. Default 14. */
  readonly steps?: number | undefined
}

/**
 * Walks a breaker of this config through every transition that its charts can make: calls that succeed, fail, hang and are slow, time,
 * restarts, its operator, other configs, and what its parts can be told. Production code, data plane included, on virtual time. A check
 * and a provider of the config are never called: scripts take their place. What no path can reach with this config is in
 * `coverage.beyond`, each with its reason. Rejects with `InvalidConfig` when the config cannot be used.
 *
 * @example
 * import { testModel } from "recloser/testing"
 * import assert from "node:assert/strict"
 *
 * const model = await testModel({ strategy: "basic", timeout: false, metrics: false, priority: false })
 * for (const path of model.paths) await path.run() // or: test(path.name, () => path.run())
 * assert.deepEqual(model.coverage.unlit, [])
 * const { covered, beyond, of } = model.coverage.transitions
 * assert.equal(covered + beyond, of)
 * console.log(String(model.coverage))
 */
export async function testModel(config: BreakerConfig = {}, options: TestModelOptions = {}): Promise<TestModel> {
  // Loaded when it is used: it brings a whole breaker with it.
  const { modelOfBreaker } = await import("./model/breakerWorld.ts")
  return modelOfBreaker(config, options)
}
