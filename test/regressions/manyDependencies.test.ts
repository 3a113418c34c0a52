/** What a review of breakers that depend on each other found: each test is named after what went wrong. */
import { type Breaker, type BreakerConfig, createBreaker, InvalidConfig } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import type { DependencyIn } from "../../machines/depending.ts"
import { trip } from "../support/breakers.ts"

const own = { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 5 } } as const
const plain: BreakerConfig = { strategy: own }
const depends = (dependencies: { readonly [id: string]: DependencyIn } = {}): BreakerConfig => ({
  strategy: { type: "dependency", own, dependencies },
})

function house() {
  const clock = createVirtualClock()
  const make = (name: string, config: BreakerConfig = depends()) => createBreaker(name, config, { clock })
  return { clock, make }
}

const dependenciesOf = (breaker: Breaker) => breaker.metrics().components.dependency?.dependencies ?? {}

describe("dependencies by name", () => {
  test("that were called __proto__ were never heard of", async () => {
    const { make } = house()
    const proto = make("__proto__", plain)
    const added = make("added")
    added.addDependency(proto, { type: "critical" })
    const declared = make("declared", depends(JSON.parse('{ "__proto__": { "type": "critical" } }')))
    await trip(proto)
    expect(added.wouldReject()).toMatchObject({ reason: "__proto__ is open" })
    expect(declared.wouldReject()).toMatchObject({ reason: "__proto__ is open" })
    expect(Object.keys(dependenciesOf(added))).toEqual(["__proto__"])
  })
})
