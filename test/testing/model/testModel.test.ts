/** `testModel`: what it finds of breakers, that its paths are walked again, and that a broken promise is told. */
import { type BreakerConfig, InvalidConfig } from "recloser"
import { testModel } from "recloser/testing"
import { describe, expect, test } from "vitest"

const bare = { strategy: "basic", timeout: false, metrics: false, priority: false } as const satisfies BreakerConfig

const model = await testModel(bare)

describe("a model of the classical breaker", () => {
  test("takes every transition of its circuit, and both sides of every guard; what of the root is beyond it is named, with the reason", () => {
    const { states, transitions, guardSides, unlit, beyond } = model.coverage
    expect(unlit).toEqual([])
    expect(beyond.filter(({ what }) => what.startsWith("basic"))).toEqual([])
    expect(beyond).toContainEqual({
      what: "breaker: lifecycle.active on provider.* is never taken",
      why: "it comes from a provider, which this config has not",
    })
    for (const { covered, beyond, of } of [states, transitions, guardSides]) expect(covered + beyond).toBe(of)
  })

  test("names each path by what is done, and where that leads", () => {
    const names = model.paths.map(({ name }) => name)
    expect(names).toContain("calls fail → open; time passes → halfOpen; calls succeed → closed")
    expect(names).toContain("calls fail → open; the process starts anew")
    expect(new Set(names).size).toBe(names.length)
  })

  test("has no path that is the beginning of another", () => {
    const lines = model.paths.map(({ steps }) => `${steps.join("; ")}; `)
    expect(lines.filter((line) => lines.filter((other) => other.startsWith(line)).length > 1)).toEqual([])
  })

  for (const path of model.paths) test(`walks: ${path.name}`, () => path.run())

  test("prints its coverage as a table, with what is beyond reach", () => {
    const table = String(model.coverage)
    expect(table).toMatch(/^chart +states +transitions +guard sides +beyond\n/)
    expect(table).toMatch(/^basic +5\/5 +14\/14 +12\/12 +0$/m)
    expect(table).toMatch(/^beyond reach:$/m)
    expect(table).toContain("lifecycle.active on slice.closed is never taken: no part of this breaker hears it")
  })

  test("states coverage as an object, chart by chart", () => {
    const chart = model.coverage.charts.find(({ chart }) => chart === "basic")
    const opened = chart?.transitions.find(({ from, words }) => from === "closed" && words === "alarm.rang [alarmed]")
    expect(opened).toMatchObject({ to: "open.waiting", guard: "alarmed" })
    expect(opened?.taken).toBeGreaterThan(0)
    expect(opened?.refused).toBeGreaterThan(0)
  })
})

describe("a model of a config", () => {
  test("that cannot be used is refused before anything is begun", async () => {
    await expect(testModel({ timeout: -1 })).rejects.toThrow(InvalidConfig)
    await expect(testModel({}, { worlds: 0 })).rejects.toThrow("options.worlds: must be a whole number")
    await expect(testModel({}, { strides: 1 } as never)).rejects.toThrow("options.strides")
    await expect(testModel({}, { invariants: { sound: 1 } } as never)).rejects.toThrow("options.invariants.sound")
  })
})

describe("a path", () => {
  test("fails where an invariant of the user's does not hold, and says after which steps", async () => {
    const { paths } = await testModel(bare, {
      invariants: { "it never opens": (breaker) => breaker.circuit !== "open" },
    })
    const opening = paths.find(({ steps }) => steps[0] === "calls fail")
    await expect(opening?.run()).rejects.toThrow('"it never opens" does not hold after "calls fail": it answers false')
    const calm = paths.find(({ steps }) => steps.join() === "an operator bypasses it")
    await calm?.run()
  })

  test("fails where it goes elsewhere than when it was found", async () => {
    let isLenient = false
    const { paths } = await testModel({ ...bare, classify: ({ ok }) => (ok || isLenient ? "success" : "failure") })
    isLenient = true
    const opening = paths.find(({ steps }) => steps[0] === "calls fail")
    await expect(opening?.run()).rejects.toThrow('it went elsewhere after "calls fail"')
  })

  test("fails where a classifier breaks down", async () => {
    const { paths } = await testModel({
      ...bare,
      classify: () => {
        throw new Error("a slip")
      },
    })
    const opening = paths.find(({ steps }) => steps[0] === "calls fail")
    await expect(opening?.run()).rejects.toThrow("classify: Error: a slip")
  })
})
