/** `testModel` with each component: what its backends bring about by script, and that what they cannot is named with a true reason. */
import type { BreakerConfig } from "recloser"
import { type TestModel, testModel } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { readConfig } from "../../../src/BreakerConfig.ts"
import { reasonsOf } from "../../../src/testing/model/beyond.ts"
import { goalsOf } from "../../../src/testing/model/coverage.ts"

const bare = { strategy: "basic", timeout: false, metrics: false, priority: false } as const satisfies BreakerConfig

/** What must never be called: a model is no place for a network. */
const never = (): never => {
  throw new Error("a check, or a provider, of the user's was called")
}
const provider = { [Symbol.asyncIterator]: never }
const endpoints = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]

const configs: { readonly [name: string]: BreakerConfig } = {
  "the default": {},
  metrics: { ...bare, metrics: true },
  timeout: { ...bare, timeout: true },
  "a timeout that is set": { ...bare, timeout: "2 seconds" },
  priority: { ...bare, priority: true },
  "a limit that is set": { ...bare, priority: { limit: 5 } },
  retry: { ...bare, retry: true },
  rateLimit: { ...bare, rateLimit: { limit: 1000, interval: "1 second" } },
  prediction: { ...bare, prediction: true },
  "a gauge with a limit": { ...bare, prediction: { gauges: { heap: { limit: 4e9 } } } },
  recovery: { ...bare, recovery: { features: { search: true, pay: { needs: ["search"] } } } },
  "one feature": { ...bare, recovery: { features: ["pay"] } },
  "a check": { ...bare, health: { check: never } },
  "a check that condemns at once": { ...bare, health: { check: never, fall: 1, passive: false } },
  "calls alone": { ...bare, health: true },
  "calls alone, beside the default strategy": { ...bare, strategy: "gradual", health: true },
  "neither checks nor calls": { ...bare, health: { passive: false } },
  "endpoints that are tried all at once": { ...bare, discovery: { endpoints, panic: 0.9 } },
  "a provider": { ...bare, discovery: { provider } },
  "endpoints in the config": { ...bare, discovery: { endpoints, ejection: false } },
  "a check of provided endpoints": { ...bare, health: { check: never }, discovery: { provider } },
  "a check of endpoints in the config": { ...bare, health: { check: never }, discovery: { provider, endpoints } },
  "a check of endpoints that nobody else tells of": { ...bare, health: { check: never }, discovery: { endpoints } },
  "a check of endpoints that condemns at once": {
    ...bare,
    health: { check: never, fall: 1 },
    discovery: { endpoints },
  },
  "a check of endpoints, and calls tell nothing": {
    ...bare,
    health: { check: never, passive: false },
    discovery: { endpoints },
  },
  "a check of one endpoint": {
    ...bare,
    health: { check: never, passive: false, fall: 1 },
    discovery: { endpoints: ["10.0.0.1:80"] },
  },
  "a dependency": {
    ...bare,
    strategy: { type: "dependency", own: "basic", dependencies: { ledger: { type: "critical" } } },
  },
}

/** Reasons that are told of what was covered all the same. */
function contradictions(config: BreakerConfig, { coverage }: TestModel): readonly string[] {
  const reason = reasonsOf(readConfig("model", config))
  return coverage.charts
    .flatMap(goalsOf)
    .filter(({ isCovered, chart, line }) => isCovered && reason(chart, line) !== undefined)
    .map(({ chart, line }) => `${chart}: ${line}`)
}

test("a forecast that grows surer is one of the paths", async () => {
  const { coverage } = await testModel({ ...bare, prediction: true })
  const grown = coverage.charts
    .find(({ chart }) => chart === "prediction")
    ?.transitions.find(({ guard }) => guard === "isSurer")
  expect(grown?.taken).toBeGreaterThan(0)
  expect(grown?.refused).toBeGreaterThan(0)
}, 120_000)

describe.each(Object.entries(configs))("a model of %s", (_name, config) => {
  test("reaches all that its charts have, or says why not; its paths are walked again", async () => {
    const model = await testModel(config)
    expect(model.coverage.unlit).toEqual([])
    expect(contradictions(config, model)).toEqual([])
    for (const path of model.paths) await path.run()
  }, 120_000)
})
