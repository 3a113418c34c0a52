/** Reading options, reader by reader: what is taken, what is refused, and in which words. */
import { describe, expect, test } from "vitest"
import {
  describeError,
  duration,
  entriesOf,
  InvalidConfig,
  isBareDuration,
  number,
  type Problem,
  readDuration,
  refuseUnknown,
  short,
  show,
  struct,
  tagged,
  yesOrNo,
} from "../../machines/options.ts"
import { readBy } from "../support/optionRules.ts"

test("a message shows a value as whoever wrote it knows it, and calls nothing that it holds", () => {
  const trap = { toString: () => "trap", toJSON: () => "trap" }
  const shown = ["a", "a".repeat(60), 5, 5n, true, null, undefined, Number.NaN, [], () => {}, Symbol("s"), trap].map(
    show,
  )
  expect(shown).toEqual([
    ...['"a"', `"${"a".repeat(60)}"`, "5", "5n", "true", "null", "undefined", "NaN"],
    ...["a list", "a function", "a symbol", "an object"],
  ])
  expect(show("a".repeat(61))).toBe(`"${"a".repeat(60)}…"`)
})

test("an error is described by its message, anything else by what it is, and a trap as one", () => {
  const trap = Object.defineProperty(new Error("x"), "message", {
    get: () => {
      throw new Error("trap")
    },
  })
  expect([new Error("gone"), "gone", 7, trap].map(describeError)).toEqual([
    "gone",
    '"gone"',
    "7",
    "an error that cannot be read",
  ])
})

test("an invalid configuration says all that is wrong with it, and what is missing as such", () => {
  const error = new InvalidConfig([
    { path: "a", value: "5", rule: "must be less" },
    { path: "b.c", value: "undefined", rule: "must be given" },
    { path: "d", value: '"undefined"', rule: "must be more" },
  ])
  expect(error.message).toBe('a: must be less (got 5)\nb.c: must be given (missing)\nd: must be more (got "undefined")')
  expect([error.name, error._tag, error.problems.length, error instanceof Error]).toEqual([
    "InvalidConfig",
    "InvalidConfig",
    3,
    true,
  ])
})

test("a number lies between its bounds, and is whole where it must be", () => {
  const read = (value: unknown, integer = false) => readBy(number({ default: 3, min: 2, max: 5, integer }), value)
  expect([undefined, 2, 5, 3.5].map((value) => read(value))).toEqual(
    [3, 2, 5, 3.5].map((settings) => ({ settings, wrong: [] })),
  )
  for (const value of [1.9, 5.1, Number.NaN, "3", null])
    expect(read(value)).toEqual({ settings: 3, wrong: ["it: must be a number from 2 to 5"] })
  expect([read(4, true), read(3.5, true)]).toEqual([
    { settings: 4, wrong: [] },
    { settings: 3, wrong: ["it: must be a whole number from 2 to 5"] },
  ])
})

test("yes is true, and no is false or nothing", () => {
  const read = (value: unknown) => readBy(yesOrNo, value)
  expect([read(true), read(false), read(undefined)]).toEqual(
    [true, false, false].map((settings) => ({ settings, wrong: [] })),
  )
  for (const value of [1, "true", null])
    expect(read(value)).toEqual({ settings: false, wrong: ["it: must be true or false"] })
})

test("a duration lies between its bounds, and is known from an object that says more", () => {
  const wait = duration({ default: "2 seconds", min: "1 second", max: "3 seconds" })
  const rule = 'it: must be a duration from 1 second to 3 seconds, such as "2 seconds"'
  expect([undefined, 1000, "3 seconds", { seconds: 2 }].map((value) => readBy(wait, value))).toEqual(
    [2000, 1000, 3000, 2000].map((settings) => ({ settings, wrong: [] })),
  )
  for (const value of [999, 3001, "soon", null, {}])
    expect(readBy(wait, value)).toEqual({ settings: 2000, wrong: [rule] })
  const bare = [5, 0, "5 millis", "soon", { seconds: 1 }, [1, 0], {}, { seconds: 0 }, true, undefined]
  expect(bare.map(isBareDuration)).toEqual([true, true, true, true, true, true, false, false, false, false])
  expect([readDuration("2 seconds", "deadline"), readDuration(0, "deadline")]).toEqual([2000, 0])
  for (const value of [-1, "soon", undefined])
    expect(() => readDuration(value, "deadline")).toThrow(
      /^deadline: must be a duration such as "2 seconds" \((?:got .*|missing)\)$/,
    )
})

describe("a plain object", () => {
  const entries = (value: unknown) => {
    const problems: Problem[] = []
    const read = entriesOf(value, "it", problems)
    return [read && Object.fromEntries(read), ...problems.map(({ rule }) => rule)]
  }

  test("is one that an object literal makes, or one of no kind at all", () => {
    expect(entries({ a: 1 })).toEqual([{ a: 1 }])
    expect(entries(Object.assign(Object.create(null), { a: 1 }))).toEqual([{ a: 1 }])
    for (const other of [null, undefined, 7, "a", [], new Date(0), new Map(), () => {}])
      expect(entries(other)).toEqual([undefined, "must be a plain object"])
  })

  test("that cannot be read is wrong, and nothing is thrown", () => {
    const trap = {
      get a() {
        throw new Error("trap")
      },
    }
    expect(entries(trap)).toEqual([undefined, "could not be read: trap"])
  })

  test("of options holds those that there are", () => {
    const problems: Problem[] = []
    refuseUnknown(
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
      ["a", "c"],
      "it",
      problems,
    )
    expect(problems).toEqual([{ path: "it.b", value: "2", rule: "is not an option here; known: a, c" }])
  })
})

describe("options", () => {
  const fields = { low: number({ default: 1, min: 0, max: 9 }), high: number({ default: 5, min: 0, max: 9 }) }
  const range = struct(
    fields,
    ({ low, high }) => (low > high ? { path: "high", rule: "must not be less than low" } : undefined),
    ({ low, high }) => ({ high: Math.max(low, high) }),
  )

  test("are read each by itself, and then together; a standard follows what is given", () => {
    expect(readBy(range, undefined)).toEqual({ settings: { low: 1, high: 5 }, wrong: [] })
    expect(readBy(range, { low: 7 })).toEqual({ settings: { low: 7, high: 7 }, wrong: [] })
    expect(readBy(range, { low: 7, high: undefined })).toEqual({ settings: { low: 7, high: 7 }, wrong: [] })
    expect(readBy(range, { low: 7, high: 6 })).toEqual({
      settings: { low: 7, high: 6 },
      wrong: ["it.high: must not be less than low"],
    })
    // What is wrong by itself is not held against the rest.
    expect(readBy(range, { low: 7, high: 60 }).wrong).toEqual(["it.high: must be a number from 0 to 9"])
    expect(readBy(range, { lo: 7 })).toEqual({
      settings: { low: 1, high: 5 },
      wrong: ["it.lo: is not an option here; known: low, high"],
    })
    expect(readBy(range, 7)).toEqual({ settings: { low: 1, high: 5 }, wrong: ["it: must be a plain object"] })
    expect(Object.isFrozen(readBy(range, {}).settings)).toBe(true)
    expect(readBy(struct(fields), { low: 7 })).toEqual({ settings: { low: 7, high: 5 }, wrong: [] })
    const needy = struct({
      low: {
        read: (value, path, problems) =>
          void (value ?? problems.push({ path, value: "undefined", rule: "must be given" })),
      },
    })
    expect([undefined, {}, 7].map((value) => readBy(needy, value).wrong)).toEqual([
      ["it.low: must be given"],
      ["it.low: must be given"],
      ["it: must be a plain object"],
    ])
  })

  test("of several kinds are told apart by their type", () => {
    const shapes = tagged(
      { count: { calls: number({ default: 10, min: 1, max: 99 }) }, time: fields },
      "count",
      { time: ({ low, high }) => (low > high ? { path: "low", rule: "must not be more than high" } : undefined) },
      { time: ({ low }) => ({ high: low + 1 }) },
    )
    const read = (value?: unknown) => readBy(shapes, value)
    expect(read()).toEqual({ settings: { type: "count", calls: 10 }, wrong: [] })
    expect(read({ type: "count", calls: 7 })).toEqual({ settings: { type: "count", calls: 7 }, wrong: [] })
    expect(read({ type: "time", low: 3 })).toEqual({ settings: { type: "time", low: 3, high: 4 }, wrong: [] })
    expect(read({ type: "time", low: 3, high: 2 }).wrong).toEqual(["it.low: must not be more than high"])
    expect(read({ type: "time", calls: 7 }).wrong).toEqual(["it.calls: is not an option here; known: low, high"])
    for (const type of ["rows", 7, undefined, "toString", ["time"]])
      expect(read({ type, calls: 500 })).toEqual({
        settings: { type: "count", calls: 10 },
        wrong: ["it.type: must be one of count, time"],
      })
    expect(read(7)).toEqual({ settings: { type: "count", calls: 10 }, wrong: ["it: must be a plain object"] })
    expect(Object.isFrozen(read().settings)).toBe(true)
  })

  test("that are written short are read as what they stand for, and are wrong where they were written, once", () => {
    const brief = short(
      range,
      (value) => (typeof value === "number" ? { low: value, high: value } : undefined),
      ", a number",
    )
    expect(readBy(brief, 3)).toEqual({ settings: { low: 3, high: 3 }, wrong: [] })
    expect(readBy(brief, { low: 2 })).toEqual({ settings: { low: 2, high: 5 }, wrong: [] })
    expect(readBy(brief, 10).wrong).toEqual(["it: must be a number from 0 to 9"])
    expect(readBy(brief, "x").wrong).toEqual(["it: must be a plain object, a number"])
    expect(readBy(brief, { low: 10 }).wrong).toEqual(["it.low: must be a number from 0 to 9"])
    expect(
      readBy(
        short(range, () => undefined),
        "x",
      ).wrong,
    ).toEqual(["it: must be a plain object"])
  })
})
