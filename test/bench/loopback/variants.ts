import type { Scenario, Variant } from "../../../src/testing/simulation/scenario.ts"
import { scenarios } from "../../../src/testing/simulation/scenarios/catalogue.ts"

export const scenarioOf = (id: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.id === id)
  if (found === undefined) throw new Error(`there is no scenario ${id}`)
  return found
}

export const variantOf = (scenario: string, variant: string): Variant => {
  const found = scenarioOf(scenario).variants.find(({ id }) => id === variant)
  if (found === undefined) throw new Error(`scenario ${scenario} has no world "${variant}"`)
  return found
}
