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

describe("a dependency that the config names", () => {
  test("and that was removed at run time was not heard of when the config came again", async () => {
    const { make } = house()
    const db = make("db", plain)
    const config = depends({ db: { type: "critical" } })
    const shop = make("shop", config)
    shop.removeDependency(db)
    shop.reconfigure(config)
    expect(dependenciesOf(shop)).toMatchObject({ db: { type: "critical", circuit: "closed" } })
    await trip(db)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
  })

  test("and that was removed and added by hand was lost with the next config, though it could not be added again", async () => {
    const { make } = house()
    const db = make("db", plain)
    const shop = make("shop", depends({ db: { type: "critical" } }))
    shop.removeDependency(db)
    shop.addDependency(db, { type: "critical" })
    shop.reconfigure(depends())
    await trip(db)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
    shop.removeDependency(db)
    expect(dependenciesOf(shop)).toEqual({})
  })

  test("and that was replaced by hand stayed as it was by hand when the config came again", async () => {
    const { make } = house()
    const db = make("db", plain)
    const config = depends({ db: { type: "critical" } })
    const shop = make("shop", config)
    await trip(db)
    shop.removeDependency(db)
    shop.addDependency(db, { type: "optional" })
    shop.reconfigure(config)
    expect(shop.wouldReject()).toMatchObject({ reason: "db is open" })
    expect(dependenciesOf(shop)).toMatchObject({ db: { type: "critical" } })
  })
})
