/** Which parts a config asks for, and what is wrong with one that asks for something else. */
import { describe, expect, test } from "vitest"
import { InvalidConfig, type Problem, struct, yesOrNo } from "../../machines/options.ts"
import { type AnyPlug, component, type StateMeta, strategy } from "../../machines/plug.ts"
import {
  chooseParts,
  chooseStrategy,
  companions,
  components,
  type Registry,
  readParts,
  registry,
  strategies,
} from "../../machines/registry.ts"

/** Parts that do nothing: each has one switch. */
const chart = {} as StateMeta<unknown> as never
const options = struct({ loud: yesOrNo })
const own = (key: string) =>
  strategy({ key, layer: "circuit", options, chart, hears: [], finding: () => ({}) as never })
const adviser = (key: string, standard: boolean) =>
  component({ key, layer: "limit", standard, options, chart, hears: [] })
const plain = {
  strategies: { quick: own("quick"), calm: own("calm") },
  companions: { graph: adviser("graph", false) },
  components: { steady: adviser("steady", true), rare: adviser("rare", false) },
  standard: "calm",
} satisfies Registry

const chosen = (config: unknown, from: Registry = plain) =>
  chooseParts(config, from).map(({ plug: { key }, settings }) => [key, settings])
const problemsOf = (config: unknown, from: Registry = plain): readonly Problem[] => {
  try {
    chooseParts(config, from)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfig)
    return (error as InvalidConfig).problems
  }
  return []
}
const [quiet, loud] = [{ loud: false }, { loud: true }]

describe("a config", () => {
  test("that names nothing gets the strategy and the components that are standard, in the order of the registry", () => {
    for (const config of [undefined, {}, { strategy: undefined, steady: undefined, rare: undefined }])
      expect(chosen(config)).toEqual([
        ["calm", quiet],
        ["steady", quiet],
      ])
  })

  test("switches components on and off, and gives each its options", () => {
    expect(chosen({ strategy: "quick", rare: true, steady: false })).toEqual([
      ["quick", quiet],
      ["rare", quiet],
    ])
    expect(chosen({ strategy: { type: "quick", loud: true }, rare: { loud: true } })).toEqual([
      ["quick", loud],
      ["steady", quiet],
      ["rare", loud],
    ])
  })

  test("is refused as a whole with all that is wrong in it", () => {
    expect(problemsOf({ strategy: "other", rare: { loud: 1 }, steady: 7, more: 1 })).toEqual([
      { path: "config.more", value: "1", rule: "is not an option here; known: strategy, steady, rare" },
      { path: "config.strategy", value: '"other"', rule: expect.any(String) },
      { path: "config.steady", value: "7", rule: "must be a plain object, true or false" },
      { path: "config.rare.loud", value: "1", rule: "must be true or false" },
    ])
    expect(problemsOf(7)).toEqual([{ path: "config", value: "7", rule: "must be a plain object" }])
    expect(problemsOf(null)).toMatchObject([{ path: "config", value: "null" }])
  })

  test("may have keys that the caller understands: their values come back with the rest", () => {
    const problems: Problem[] = []
    const { parts, given } = readParts({ classify: 5, rare: true }, plain, ["classify"], problems)
    expect(parts.map(({ plug: { key } }) => key)).toEqual(["calm", "steady", "rare"])
    expect([given.get("classify"), problems]).toEqual([5, []])
    expect(readParts(undefined, plain, [], problems).given.size).toBe(0)
    readParts({ clasify: 5 }, plain, ["classify"], problems)
    expect(problems).toEqual([
      { path: "config.clasify", value: "5", rule: "is not an option here; known: strategy, steady, rare, classify" },
    ])
  })
})

describe("a strategy", () => {
  const choose = (value: unknown, from: Registry = plain) => {
    const problems: Problem[] = []
    const parts = chooseStrategy(value, "config.strategy", from, problems)
    return { parts: parts.map(({ plug: { key }, settings }) => [key, settings]), problems }
  }
  const rule = "must be one of quick, calm, graph, or an object with such a type"

  test("is one of the registry's own names, and nothing else", () => {
    expect(choose("quick")).toEqual({ parts: [["quick", quiet]], problems: [] })
    expect(choose({ type: "calm", loud: true })).toEqual({ parts: [["calm", loud]], problems: [] })
    for (const [value, got] of [
      ["slow", '"slow"'],
      ["constructor", '"constructor"'],
      [7, "7"],
      [null, "null"],
      [["quick"], "undefined"],
    ] as const) {
      const { parts, problems } = choose(value)
      expect(parts).toEqual([])
      // A list is no object with a type: it is said to be no plain object at all.
      if (Array.isArray(value)) expect(problems).toMatchObject([{ rule: "must be a plain object" }])
      else expect(problems).toEqual([{ path: "config.strategy", value: got, rule }])
    }
    expect(choose({ loud: true }).problems).toEqual([{ path: "config.strategy", value: "undefined", rule }])
    // What can be written as a name is none.
    const spelled = { toString: () => "quick" }
    expect(choose({ type: spelled })).toEqual({
      parts: [],
      problems: [{ path: "config.strategy", value: "an object", rule }],
    })
  })

  test("has its own options read where they stand; `own` is an option of none but a companion", () => {
    expect(choose({ type: "quick", loud: 1 }).problems).toMatchObject([{ path: "config.strategy.loud" }])
    expect(choose({ type: "quick", own: "calm" }).problems).toEqual([
      { path: "config.strategy.own", value: '"calm"', rule: "is not an option here; known: loud" },
    ])
  })

  test("of two actors has a circuit of its own, the standard one if none is named, and never a companion again", () => {
    expect(choose("graph").parts).toEqual([
      ["graph", quiet],
      ["calm", quiet],
    ])
    expect(choose({ type: "graph", loud: true, own: { type: "quick", loud: true } })).toEqual({
      parts: [
        ["graph", loud],
        ["quick", loud],
      ],
      problems: [],
    })
    expect(choose({ type: "graph", own: "graph" }).problems).toEqual([
      { path: "config.strategy.own", value: '"graph"', rule: rule.replace(", graph", "") },
    ])
  })

  test("may be of a registry without companions", () => {
    const { companions: _none, ...without } = plain
    expect(choose("quick", without).parts).toEqual([["quick", quiet]])
    expect(choose("graph", without).problems).toMatchObject([{ rule: rule.replace(", graph", "") }])
  })
})

describe("the registry", () => {
  test("knows each part by its own key; what runs unasked are metrics, a timeout and priorities, beside `gradual`", () => {
    const plugs: [string, AnyPlug][] = [strategies, companions, components].flatMap((each) =>
      Object.entries<AnyPlug>(each),
    )
    expect(plugs.map(([key, plug]) => plug.key === key)).not.toContain(false)
    expect(registry).toEqual({ strategies, companions, components, standard: "gradual" })
    expect(chooseParts(undefined).map(({ plug: { key } }) => key)).toEqual([
      "gradual",
      "metrics",
      "timeout",
      "priority",
    ])
  })

  test("a part shows its settings and keeps its plug to itself: what walks through it finds no chart", () => {
    const [part] = chooseParts({ strategy: "quick" }, plain)
    expect([part?.plug, part?.settings]).toEqual([plain.strategies.quick, quiet])
    expect(Object.entries(part ?? {})).toEqual([["settings", quiet]])
  })
})
