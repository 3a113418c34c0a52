/** Features through the doors: who may enter, who comes back, and who goes. */
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { type Breaker, type BreakerConfig, CallRejected, createBreaker, createBreakers, InvalidConfig } from "recloser"
import { Breaker as EffectBreaker } from "recloser/effect"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"

const features = { checkout: { required: true }, refund: { needs: ["checkout"] }, search: true } as const
const config: BreakerConfig = { strategy: { type: "basic", openFor: "1 second" }, recovery: { features } }

const good = async () => "done"
const bad = async () => {
  throw new Error("down")
}
const call = (breaker: Breaker, feature: string | undefined, run = good) => breaker.tryExecute(run, { feature })
async function many(breaker: Breaker, feature: string | undefined, run: () => Promise<string>, calls: number) {
  let ran = 0
  for (let n = 0; n < calls; n++)
    await call(breaker, feature, () => {
      ran++
      return run()
    })
  return ran
}
const statesOf = (breaker: Breaker) =>
  Object.fromEntries(
    Object.entries(breaker.metrics().components.recovery?.features ?? {}).map(([name, { state }]) => [name, state]),
  )

async function outage(breaker: Breaker, clock: VirtualClock): Promise<void> {
  await many(breaker, undefined, bad, 20)
  expect(breaker.circuit).toBe("open")
  await clock.advance("1 second")
  await many(breaker, undefined, good, 2)
  expect(breaker.circuit).toBe("closed")
}

function open(more: Partial<BreakerConfig> = {}) {
  const clock = createVirtualClock()
  return { clock, shop: createBreaker("shop", { ...config, ...more }, { clock }) }
}

describe("recovery", () => {
  test("a feature that waits for another is refused in the layer `feature`, and says for whom", async () => {
    const { shop, clock } = open()
    await outage(shop, clock)
    expect(shop.wouldReject({ feature: "refund" })).toMatchObject({
      layer: "feature",
      heldBy: ["recovery"],
      rule: "recovery",
      reason: 'feature "refund" waits for "checkout"',
    })
    const answer = await call(shop, "refund")
    expect(answer.ok ? undefined : answer.error).toBeInstanceOf(CallRejected)
    expect(shop.metrics().refusals).toMatchObject({ feature: 1 })
    expect(shop.wouldReject({ feature: "checkout" })).toBeUndefined()
    expect(shop.wouldReject()).toBeUndefined()
    await shop.stop()
  })

  test("features come back one by one, each after a test of a fifth of its calls", async () => {
    const { shop, clock } = open()
    const told: unknown[] = []
    shop.on("finding", ({ part, finding }) => part === "recovery" && told.push(finding))
    await outage(shop, clock)
    expect(statesOf(shop)).toEqual({ checkout: "testing", refund: "blocked", search: "blocked" })
    // One in five enters, the first at once; once six of ten are well, the others could change nothing.
    expect(await many(shop, "checkout", good, 25)).toBe(5)
    expect(statesOf(shop)).toMatchObject({ checkout: "testing" })
    expect(await many(shop, "checkout", good, 1)).toBe(1)
    expect(statesOf(shop)).toEqual({ checkout: "full", refund: "testing", search: "blocked" })
    await many(shop, "refund", good, 26)
    await many(shop, "search", good, 26)
    expect(statesOf(shop)).toEqual({ checkout: "full", refund: "full", search: "full" })
    expect(told.map((finding) => (finding as { state: string }).state)).toEqual([
      "outage",
      "partial",
      "partial",
      "partial",
      "full",
    ])
    await shop.stop()
  })

  test("a feature that fails alone goes alone, with those that need it, and comes back by itself", async () => {
    const { shop, clock } = open({ strategy: "gradual" })
    for (let round = 0; round < 100; round++)
      for (const feature of ["checkout", "refund", "search", undefined]) await call(shop, feature)
    let ran = 0
    for (let round = 0; round < 40; round++) {
      ran += await many(shop, "checkout", bad, 1)
      for (const feature of ["search", undefined]) await call(shop, feature)
    }
    expect(ran).toBeLessThan(15)
    expect([shop.circuit, statesOf(shop)]).toEqual([
      "closed",
      { checkout: "blocked", refund: "blocked", search: "full" },
    ])
    expect(shop.wouldReject({ feature: "checkout" })?.retryAfterMs).toBeGreaterThan(4000)
    await clock.advance("5 seconds")
    expect(statesOf(shop)).toMatchObject({ checkout: "testing", refund: "blocked" })
    // Its failures in a test are its own: the circuit does not hear of them.
    await many(shop, "checkout", bad, 60)
    expect([shop.circuit, statesOf(shop)["checkout"]]).toEqual(["closed", "blocked"])
    await clock.advance("1 minute")
    expect(statesOf(shop)).toEqual({ checkout: "full", refund: "full", search: "full" })
    await shop.stop()
  })

  test("while all that is called fails, no feature is to blame: it is the circuit's business", async () => {
    const { shop } = open({ strategy: "gradual" })
    for (let round = 0; round < 60; round++)
      for (const feature of ["checkout", "search", undefined]) await call(shop, feature)
    for (let round = 0; round < 20; round++)
      for (const feature of ["checkout", "search", undefined]) await call(shop, feature, bad)
    expect([shop.circuit, shop.metrics().refusals.feature]).toEqual(["open", undefined])
    await shop.stop()
  })

  test("a refused call spends nothing, and a call that does not end holds no test up for ever", async () => {
    const { shop, clock } = open()
    await outage(shop, clock)
    let started = 0
    const hang = () => {
      started++
      return new Promise<string>(() => {})
    }
    const hanging = Array.from({ length: 100 }, () => call(shop, "checkout", hang))
    expect(started).toBe(10)
    await clock.advance("20 seconds")
    expect(statesOf(shop)).toMatchObject({ checkout: "blocked" })
    await clock.advance("1 minute")
    await Promise.all([shop.stop(), ...hanging])
  })

  test("an unknown feature is a slip of the pen, and is refused before anything is taken; without recovery any name will do", async () => {
    const { shop } = open()
    const rule = /options\.feature: must be one of the features of recovery: checkout, refund, search \(got "serach"\)/
    await expect(shop.execute(good, { feature: "serach" })).rejects.toThrow(rule)
    expect(() => shop.acquire({ feature: "serach" })).toThrow(InvalidConfig)
    expect(() => shop.wouldReject({ feature: "serach" })).toThrow(InvalidConfig)
    expect(shop.metrics().calls.admitted).toBe(0)
    const { shop: plain } = open({ recovery: false })
    expect(await plain.execute(good, { feature: "serach" })).toBe("done")
    await Promise.all([shop.stop(), plain.stop()])
  })

  test("a cycle of features is refused by its names", () => {
    const cyclic = { a: ["b"], b: ["a"] }
    expect(() => createBreaker("shop", { recovery: { features: cyclic } })).toThrow(/a needs b needs a/)
  })

  test("save and restore keep how features stand, and what remains of their waits", async () => {
    const { shop, clock } = open({ strategy: "gradual" })
    for (let round = 0; round < 40; round++)
      for (const feature of ["checkout", "search", undefined]) await call(shop, feature)
    for (let round = 0; round < 20; round++) {
      await call(shop, "search", bad)
      await call(shop, "checkout")
    }
    const before = shop.wouldReject({ feature: "search" })
    await clock.advance("1 second")
    const restored = createBreaker("shop", config, { clock, restore: JSON.parse(JSON.stringify(shop.save())) })
    expect(statesOf(restored)).toEqual(statesOf(shop))
    const after = restored.wouldReject({ feature: "search" })
    expect(after?.retryAfterMs).toBeCloseTo((before?.retryAfterMs ?? 0) - 1000)
    await Promise.all([shop.stop(), restored.stop()])
  })

  test("reconfigured, it keeps what is known of features that stay; switched off, it holds nobody back", async () => {
    const { shop, clock } = open()
    await outage(shop, clock)
    shop.reconfigure({ ...config, recovery: { features: { ...features, tips: ["search"] } } })
    expect(statesOf(shop)).toEqual({ checkout: "testing", refund: "blocked", search: "blocked", tips: "blocked" })
    shop.reconfigure({ ...config, recovery: false })
    expect(shop.wouldReject({ feature: "refund" })).toBeUndefined()
    await shop.stop()
  })

  test("in shadow a call that would be refused for its feature runs, and is counted as shadowed", async () => {
    const { shop, clock } = open()
    await outage(shop, clock)
    shop.shadow("to see")
    expect(await many(shop, "refund", good, 3)).toBe(3)
    expect(shop.metrics().calls.shadowed).toBe(3)
    await shop.stop()
  })

  test("a key's breaker has features of its own, at rest too", async () => {
    const clock = createVirtualClock()
    const shops = createBreakers({ config: () => config }, { clock })
    const shop = shops.get("berlin")
    await expect(shop.execute(good, { feature: "nothing" })).rejects.toThrow(InvalidConfig)
    for (let n = 0; n < 20; n++) await shop.tryExecute(bad)
    await clock.advance("1 second")
    for (let n = 0; n < 2; n++) await shop.execute(good)
    expect(shop.wouldReject({ feature: "refund" })?.layer).toBe("feature")
    expect(shops.get("bonn").wouldReject({ feature: "refund" })).toBeUndefined()
    await shops.stop()
  })

  test("a key's breaker that is busy holds a feature back that fails", async () => {
    const clock = createVirtualClock()
    const shops = createBreakers({ config: () => ({ ...config, strategy: "gradual" }) }, { clock })
    const shop = shops.get("berlin")
    for (let n = 0; n < 40; n++) {
      await shop.tryExecute(bad, { feature: "search" })
      await shop.tryExecute(good, { feature: "checkout" })
    }
    const { recovery } = shop.metrics().components
    expect([recovery?.features["search"]?.state, recovery?.features["checkout"]?.state]).toEqual(["blocked", "full"])
    await shops.stop()
  })

  test("effects are guarded by their feature, and fail with the same words", async () => {
    const program = Effect.gen(function* () {
      const shop = yield* EffectBreaker.make("shop", config)
      for (let n = 0; n < 20; n++) yield* Effect.ignore(shop.guard(Effect.fail("down")))
      yield* TestClock.adjust("1 second")
      for (let n = 0; n < 2; n++) yield* shop.guard(Effect.succeed("done"))
      const refused = yield* Effect.flip(shop.guard(Effect.succeed("done"), { feature: "refund" }))
      const entered = yield* shop.guard(Effect.succeed("done"), { feature: "checkout" })
      const unknown = yield* Effect.exit(Effect.suspend(() => shop.guard(Effect.succeed("done"), { feature: "no" })))
      return { refused, entered, unknown: unknown._tag }
    })
    const { refused, entered, unknown } = await Effect.runPromise(
      Effect.scoped(program).pipe(Effect.provide(TestClock.layer())),
    )
    expect([entered, unknown]).toEqual(["done", "Failure"])
    expect(refused).toMatchObject({
      _tag: "CallRejected",
      layer: "feature",
      reason: 'feature "refund" waits for "checkout"',
    })
  })
})
