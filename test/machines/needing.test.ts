/** What a user writes of the services that a breaker's own needs. */
import { expect, test } from "vitest"
import { dependencyOptions, depending, mostDependencies } from "../../machines/needing.ts"
import { readBy } from "../support/optionRules.ts"

const type = "must be one of critical, required, optional"

test("a dependency says how it is needed, and may say what it costs to be without it", () => {
  const read = (value: unknown) => readBy(dependencyOptions, value)
  for (const need of ["critical", "required", "optional"])
    expect(read({ type: need })).toEqual({ settings: { type: need, impact: undefined }, wrong: [] })
  expect(read({ type: "required", impact: 0.3 })).toEqual({ settings: { type: "required", impact: 0.3 }, wrong: [] })
  expect([0, 1].map((impact) => read({ type: "required", impact }).wrong)).toEqual([[], []])
  for (const impact of [-0.1, 1.1, "all"])
    expect(read({ type: "required", impact }).wrong).toEqual(["it.impact: must be a number from 0 to 1"])
  for (const other of [{}, { type: "some" }, { type: 7 }])
    expect(read(other)).toEqual({ settings: { type: "optional", impact: undefined }, wrong: [`it.type: ${type}`] })
})

test("dependencies are named by their breakers: none, or up to a thousand, each by up to two hundred characters", () => {
  const read = (value: unknown) => readBy(depending, { dependencies: value })
  const none = { settings: { dependencies: {} }, wrong: [] }
  expect([readBy(depending, undefined), read(undefined), read({})]).toEqual([none, none, none])
  expect(read({ db: { type: "critical" } })).toEqual({
    settings: { dependencies: { db: { type: "critical", impact: undefined } } },
    wrong: [],
  })
  expect(Object.isFrozen((read({}).settings as { dependencies: object }).dependencies)).toBe(true)
  expect(read({ db: {} }).wrong).toEqual([`it.dependencies.db.type: ${type}`])
  expect(read(7).wrong).toEqual(["it.dependencies: must be a plain object"])
  const named = (name: string) => read({ [name]: { type: "optional" } }).wrong
  const long = "d".repeat(200)
  const rule = "it.dependencies: must name breakers by strings of 1 to 200 characters"
  expect([named("d"), named(long), named(""), named(`${long}d`)]).toEqual([[], [], [rule], [rule]])
  const many = (count: number) =>
    read(Object.fromEntries(Array.from({ length: count }, (_, index) => [`d${index}`, { type: "optional" }]))).wrong
  expect(mostDependencies).toBe(1000)
  expect([many(1000), many(1001)]).toEqual([[], ["it.dependencies: must not be more than 1000"]])
})
