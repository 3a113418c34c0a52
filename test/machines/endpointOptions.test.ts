/** The options of `discovery`: what each may be, what it is if nobody says, and how lists of endpoints are read. */
import { describe, expect, test } from "vitest"
import { discoveryOptions } from "../../machines/endpointOptions.ts"
import { readBy, rulesOf } from "../support/optionRules.ts"

const standard = {
  endpoints: [],
  provider: undefined,
  zone: undefined,
  where: {},
  max: 1000,
  ejection: { share: 0.5, first: 1000, longest: 30_000 },
  panic: 0.3,
  slowStart: 10_000,
  settle: 1000,
}
const isNone = "must be an async iterable, a function that answers one, or a Stream"

test("each has its bounds, and its standard", () => {
  expect(rulesOf(discoveryOptions)).toEqual({
    endpoints: 'must be a list such as ["10.0.0.7:8080"]',
    provider: isNone,
    zone: "must be a string of 1 to 200 characters",
    where: "must be a plain object",
    max: "must be a whole number from 1 to 10000",
    ejection: "must be a plain object, true or false",
    "ejection.share": "must be a number from 0.01 to 1",
    "ejection.first": 'must be a duration from 10 millis to 1 hour, such as "1 second"',
    "ejection.longest": 'must be a duration from 10 millis to 1 day, such as "30 seconds"',
    panic: "must be a number from 0 to 1",
    slowStart: 'must be a duration from 0 millis to 1 hour, such as "10 seconds"',
    settle: 'must be a duration from 0 millis to 1 hour, such as "1 second"',
  })
  expect(readBy(discoveryOptions, undefined)).toEqual({ settings: standard, wrong: [] })
  expect(readBy(discoveryOptions, { ejection: false })).toEqual({
    settings: { ...standard, ejection: undefined },
    wrong: [],
  })
})

describe("endpoints", () => {
  const read = (endpoints: unknown) => {
    const { settings, wrong } = readBy(discoveryOptions, { endpoints })
    return { ids: (settings as { endpoints: { id: string }[] }).endpoints.map(({ id }) => id), wrong }
  }

  test("are known by their ids, in the order of these, and each once", () => {
    expect(read(["b:1", { address: "c:1", id: "a" }, "b:0"])).toEqual({ ids: ["a", "b:0", "b:1"], wrong: [] })
    expect(read(["b:1", "a:1", { address: "c:1", id: "b:1" }])).toEqual({
      ids: ["a:1", "b:1"],
      wrong: ["it.endpoints[2]: must not be there twice"],
    })
  })

  test("that cannot be read are left out, each with a word about it", () => {
    const { ids, wrong } = read(["b:1", 7, "a:1"])
    expect([ids, wrong.length, wrong[0]?.startsWith("it.endpoints[1]")]).toEqual([["a:1", "b:1"], 1, true])
    expect(read("a:1")).toEqual({ ids: [], wrong: ['it.endpoints: must be a list such as ["10.0.0.7:8080"]'] })
    expect(
      Object.isFrozen((readBy(discoveryOptions, { endpoints: ["a:1"] }).settings as typeof standard).endpoints),
    ).toBe(true)
  })
})

test("a provider is kept in a function: an iterable, a function or a stream, and nothing else", () => {
  const of = (provider: unknown) => readBy(discoveryOptions, { provider })
  const stream = { "~effect/Stream": {} }
  async function* asked() {}
  for (const provider of [asked, asked(), stream]) {
    const { settings, wrong } = of(provider)
    expect([(settings as { provider: () => unknown }).provider(), wrong]).toEqual([provider, []])
  }
  for (const other of [null, {}, ["a:1"], "a:1", 7])
    expect(of(other)).toMatchObject({ settings: { provider: undefined }, wrong: [`it.provider: ${isNone}`] })
})

test("a zone is a name of up to two hundred characters", () => {
  const of = (zone: unknown) => {
    const { settings, wrong } = readBy(discoveryOptions, { zone })
    return [(settings as { zone: unknown }).zone, ...wrong]
  }
  const wrong = "it.zone: must be a string of 1 to 200 characters"
  const long = "z".repeat(200)
  expect([of("z"), of(long)]).toEqual([["z"], [long]])
  expect(of(["z"])).toEqual([undefined, wrong])
  expect([of(""), of(`${long}z`), of(7)]).toEqual([
    [undefined, wrong],
    [undefined, wrong],
    [undefined, wrong],
  ])
})

test("wanted metadata is one value or several of them, each a string", () => {
  const of = (where: unknown) => {
    const { settings, wrong } = readBy(discoveryOptions, { where })
    return [(settings as { where: unknown }).where, ...wrong]
  }
  const wrong = "it.where.version: must be a string, or a list of them"
  expect(of({ version: "2", track: ["a", "b"] })).toEqual([{ version: ["2"], track: ["a", "b"] }])
  expect(of({ version: [] })).toEqual([{ version: [] }, wrong])
  expect(of({ version: ["2", 3] })).toEqual([{ version: ["2"] }, wrong])
  expect(of({ version: 2 })).toEqual([{ version: [] }, wrong])
  expect(of("2")).toEqual([{}, "it.where: must be a plain object"])
  expect(Object.isFrozen(of({})[0])).toBe(true)
})

test("the longest time out is no shorter than the first: thirty seconds, or the first if that is longer", () => {
  const of = (ejection: object) => {
    const { settings, wrong } = readBy(discoveryOptions, { ejection })
    const { first, longest } = (settings as typeof standard).ejection
    return [first, longest, ...wrong]
  }
  expect(of({ first: 60_000 })).toEqual([60_000, 60_000])
  expect(of({ first: 500, longest: 500 })).toEqual([500, 500])
  expect(of({ first: 501, longest: 500 })).toEqual([501, 500, "it.ejection.longest: must not be shorter than first"])
})
