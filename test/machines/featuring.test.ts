/** The options of `recovery`: how features are written, what they must be together, and the order in which they come back. */
import { describe, expect, test } from "vitest"
import { mostFeatures, type RecoverySettings, recoveryOptions } from "../../machines/featuring.ts"
import { readBy, rulesOf } from "../support/optionRules.ts"

const read = (options?: unknown) => {
  const { settings, wrong } = readBy(recoveryOptions, options)
  return { settings: settings as RecoverySettings, wrong }
}
const orderOf = (features: unknown) => read({ features }).settings.features.map(({ name }) => name)
const wrongWith = (features: unknown) => read({ features }).wrong

const testRules = {
  testShare: "must be a number from 0.01 to 1",
  minimumSamples: "must be a whole number from 1 to 1000",
  testFor: 'must be a duration from 10 millis to 1 hour, such as "10 seconds"',
  failureRatio: "must be a number from 0.1 to 1",
}

test("each option has its bounds, and its standard", () => {
  const rules = rulesOf(recoveryOptions)
  expect(rules).toMatchObject({
    ...testRules,
    features: "must be a plain object",
    atOnce: "must be a whole number from 1 to 100",
  })
  expect(Object.keys(rules).filter((key) => !key.startsWith("retry"))).toEqual([
    ...["features", "atOnce", ...Object.keys(testRules)],
  ])
  expect(read()).toEqual({ settings: { features: [], atOnce: 1 }, wrong: [] })
  expect(read({ features: ["pay"] }).settings.features).toEqual([
    {
      ...{ name: "pay", needs: [], required: false, rank: 2 },
      ...{ testShare: 0.2, minimumSamples: 10, testFor: 10_000, failureRatio: 0.5 },
      retry: { base: 5000, step: 0, factor: 2, max: 60_000, jitter: 0.1, memory: 60_000 },
    },
  ])
  expect(mostFeatures).toBe(100)
})

test("a feature is named, or says what it needs, or how it is tested; what it leaves out is as for all", () => {
  const { settings, wrong } = read({
    testShare: 0.5,
    minimumSamples: 7,
    atOnce: 3,
    features: { search: true, basket: ["search"], pay: { needs: ["basket"], testShare: 0.1, priority: "high" } },
  })
  expect([wrong, settings.atOnce]).toEqual([[], 3])
  expect(settings.features).toMatchObject([
    { name: "search", needs: [], testShare: 0.5, minimumSamples: 7, rank: 3 },
    { name: "basket", needs: ["search"], testShare: 0.5, minimumSamples: 7, rank: 3 },
    { name: "pay", needs: ["basket"], testShare: 0.1, minimumSamples: 7, rank: 3 },
  ])
  expect(settings.features.every((one) => !("priority" in one) && Object.isFrozen(one))).toBe(true)
  expect(Object.isFrozen(settings)).toBe(true)
})

describe("features come back", () => {
  test("after what they need, then by what matters most, then as they were written", () => {
    expect(orderOf(["b", "a", "c"])).toEqual(["b", "a", "c"])
    expect(
      orderOf({ a: { priority: "low" }, b: true, c: { priority: "critical" }, d: { priority: "critical" } }),
    ).toEqual([...["c", "d", "b", "a"]])
    expect(
      orderOf({ pay: { needs: ["basket"], priority: "critical" }, search: { priority: "high" }, basket: true }),
    ).toEqual([...["basket", "pay", "search"]])
    expect(orderOf({ a: ["b", "c"], b: ["d"], c: ["d"], d: true, e: true })).toEqual(["d", "b", "c", "a", "e"])
  })

  test("first where they are required, and what those need", () => {
    expect(
      orderOf({ a: { priority: "critical" }, b: { priority: "bulk", required: true, needs: ["c"] }, c: true }),
    ).toEqual([...["c", "b", "a"]])
    const { features } = read({
      features: { a: { required: true }, b: { required: false, needs: ["a"], priority: "critical" } },
    }).settings
    expect(features).toMatchObject([
      { name: "a", required: true, rank: 12 },
      { name: "b", required: false, rank: 4 },
    ])
  })
})

test("forty layers of two features that need both of the layer below are put in order: each link is looked at once", () => {
  const layers = Array.from({ length: 40 }, (_, layer) =>
    ["a", "b"].map((side) => [`${side}${layer}`, layer === 0 ? [] : [`a${layer - 1}`, `b${layer - 1}`]]),
  )
  const order = orderOf(Object.fromEntries([...layers.flat()].reverse()))
  expect(order.map((name) => name.slice(1))).toEqual(layers.flatMap((_, layer) => [`${layer}`, `${layer}`]))
})

describe("features are wrong", () => {
  test("that are too many, or whose names are none", () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, true]))
    expect([wrongWith(many(100)), wrongWith(many(101))]).toEqual([[], ["it.features: must not be more than 100"]])
    const list = (count: number) => Object.keys(many(count))
    expect([wrongWith(list(100)), wrongWith(list(101))]).toEqual([
      [],
      ["it.features: must be a list of names of features"],
    ])
    const long = "f".repeat(200)
    expect([wrongWith({ [long]: true }), wrongWith([long])]).toEqual([[], []])
    expect(wrongWith({ "": true })).toEqual(["it.features: must be named by 1 to 200 characters"])
    expect(wrongWith({ [`${long}f`]: true })).toEqual(["it.features: must be named by 1 to 200 characters"])
    for (const list of [[["a"]], ["a", 7], [""], [`${long}f`], [7]])
      expect(wrongWith(list)).toEqual(["it.features: must be a list of names of features"])
    expect(wrongWith(7)).toEqual(["it.features: must be a plain object"])
    expect(orderOf(["a", "a", "b"])).toEqual(["a", "b"])
  })

  test("that say of themselves what they may not", () => {
    expect(wrongWith({ a: { testShare: 2 } })).toEqual([`it.features.a.testShare: ${testRules.testShare}`])
    expect(wrongWith({ a: { priority: "most" } })).toEqual([
      "it.features.a.priority: must be one of critical, high, normal, low, bulk",
    ])
    expect(wrongWith({ a: { needs: "b" } })).toEqual(["it.features.a.needs: must be a list of names of features"])
    expect(wrongWith({ a: { required: 1 } })).toEqual(["it.features.a.required: must be true or false"])
    expect(wrongWith({ a: false })).toEqual(["it.features.a: must be a plain object"])
    expect(read({ features: ["a"], atOnce: 0 }).settings.features).toEqual([])
  })

  test("that need what there is not", () => {
    expect(wrongWith({ a: ["b", "x"], b: ["y"] })).toEqual([
      "it.features.a.needs: must be a feature; known: a, b",
      "it.features.b.needs: must be a feature; known: a, b",
    ])
  })

  test("that need themselves, by whatever way", () => {
    const cycle = (features: object) => wrongWith(features)
    expect(cycle({ a: ["a"] })).toEqual(["it.features.a.needs: must not form a cycle: a needs a"])
    expect(cycle({ a: ["b"], b: ["c"], c: ["a"] })).toEqual([
      "it.features.a.needs: must not form a cycle: a needs b needs c needs a",
    ])
    // The way there is not a part of it.
    expect(cycle({ way: ["a"], a: ["b"], b: ["a"] })).toEqual([
      "it.features.a.needs: must not form a cycle: a needs b needs a",
    ])
    // Also where another way from there has come to its end before.
    expect(cycle({ a: ["b", "c"], b: ["a"], c: true })).toEqual([
      "it.features.a.needs: must not form a cycle: a needs b needs a",
    ])
    expect(cycle({ a: ["d"], d: true, b: ["d", "a"], c: ["d", "b", "a"] })).toEqual([])
  })
})
