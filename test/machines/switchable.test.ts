/** Options that can be switched as a whole: what `true`, `false` and everything else come to, and what is said of what they are not. */
import { expect, test } from "vitest"
import { duration, number, short, struct, switchable } from "../../machines/options.ts"
import { readBy } from "../support/optionRules.ts"

const free = struct({ size: number({ default: 7, min: 1, max: 9 }) })
const needy = struct({ size: number({ default: 7, min: 1, max: 9 }) }, () => ({ path: "size", rule: "must be given" }))
const isObject = "it: must be a plain object"

test("it is on or off as it stands, and as it is said", () => {
  for (const standard of [true, false]) {
    const read = (value: unknown) => readBy(switchable(free, standard), value)
    expect(read(undefined)).toEqual({ settings: standard ? { size: 7 } : undefined, wrong: [] })
    expect(read(true)).toEqual({ settings: { size: 7 }, wrong: [] })
    expect(read(false)).toEqual({ settings: undefined, wrong: [] })
    expect(read({ size: 3 })).toEqual({ settings: { size: 3 }, wrong: [] })
  }
})

test("what it is not is told with what else it may be: true only where nothing must be said", () => {
  for (const value of [5, "on", null, [], () => {}]) {
    expect(readBy(switchable(free, true), value).wrong).toEqual([`${isObject}, true or false`])
    expect(readBy(switchable(needy, true), value).wrong).toEqual([`${isObject} or false`])
  }
})

test("what is wrong within an object is told as it is, and so is what is wrong with the whole of one", () => {
  expect(readBy(switchable(free, true), { size: 10 }).wrong).toEqual(["it.size: must be a number from 1 to 9"])
  expect(readBy(switchable(free, true), new Date(0)).wrong).toEqual([isObject])
  expect(readBy(switchable(needy, true), true).wrong).toEqual(["it.size: must be given"])
  // Of what is written short only what is wrong with it as a whole is told with what else it may be.
  const list = switchable(
    { read: (_value, path, problems) => void problems.push({ path: `${path}[0]`, value: "5", rule: "is none" }) },
    true,
  )
  expect(readBy(list, [5]).wrong).toEqual(["it[0]: is none"])
  const span = short(free, (value) => (typeof value === "number" ? { size: value } : undefined))
  expect(readBy(switchable(span, true), 10).wrong).toEqual(["it: must be a number from 1 to 9, true or false"])
})

test("a duration from one bound to the other, and nothing else, is read", () => {
  const wait = duration({ default: "2 seconds", min: "1 second", max: "3 seconds" })
  expect([undefined, 1000, "3 seconds", 999, 3001, "soon"].map((value) => readBy(wait, value).settings)).toEqual([
    ...[2000, 1000, 3000, 2000, 2000, 2000],
  ])
})
