/** Reading endpoints: what one may be, and what is made of a list that somebody else wrote. */
import { describe, expect, test } from "vitest"
import { byId, readEndpoint, readEndpoints } from "../../machines/naming.ts"
import type { Problem } from "../../machines/options.ts"

const plain = { zone: undefined, weight: 1, metadata: {} }
function read(value: unknown) {
  const problems: Problem[] = []
  const endpoint = readEndpoint(value, "e", problems)
  return { endpoint, wrong: problems.map(({ path, value: got, rule }) => `${path}: ${rule} (${got})`) }
}
const ids = (value: unknown, max = 100, seed = 0) => readEndpoints(value, max, seed).endpoints.map(({ id }) => id)

describe("an endpoint", () => {
  test("is an address, by which it is known unless it has an id", () => {
    expect(read("a:1")).toEqual({ endpoint: { id: "a:1", address: "a:1", ...plain }, wrong: [] })
    expect(read({ address: "a:1", id: "a", zone: "z", weight: 0, metadata: { v: "2" } })).toEqual({
      endpoint: { id: "a", address: "a:1", zone: "z", weight: 0, metadata: { v: "2" } },
      wrong: [],
    })
    expect(Object.isFrozen(read("a:1").endpoint)).toBe(true)
  })

  test("has names of up to five hundred characters, and a weight of up to a thousand", () => {
    const long = "a".repeat(500)
    const name = "must be a string of 1 to 500 characters"
    expect([read(long).wrong, read({ address: "a", id: long, zone: long, weight: 1000 }).wrong]).toEqual([[], []])
    expect(read("").wrong).toEqual([`e.address: ${name} ("")`])
    expect(read({ address: `${long}a` }).wrong[0]).toMatch(/^e\.address: must be a string of 1 to 500 characters/)
    expect(read({ id: "a" }).wrong).toEqual([`e.address: ${name} (undefined)`])
    expect(read({ address: "a", id: 7 }).wrong).toEqual([`e.id: ${name} (7)`])
    expect(read({ address: "a", zone: "" }).wrong).toEqual([`e.zone: ${name} ("")`])
    for (const weight of [-1, 1001, Number.NaN, Number.POSITIVE_INFINITY, "1"])
      expect(read({ address: "a", weight })).toMatchObject({
        endpoint: undefined,
        wrong: [expect.stringContaining("e.weight: must be a number from 0 to 1000")],
      })
  })

  test("is nothing else, and a trap does no harm", () => {
    for (const other of [7, null, undefined, true])
      expect(read(other).wrong).toEqual([`e: must be an address, or { address, … } (${other})`])
    const trap = {
      get address() {
        throw new Error("trap")
      },
    }
    expect(read(trap)).toEqual({ endpoint: undefined, wrong: ['e: could not be read ("trap")'] })
  })

  test("has metadata that are texts, or can be written as some: sixty-four of five hundred letters", () => {
    const of = (metadata: unknown) => read({ address: "a", metadata }).endpoint?.metadata
    expect(of({ v: 2, on: true, list: [1], fn: () => {}, none: null, t: "x" })).toEqual({ v: "2", on: "true", t: "x" })
    expect([of(undefined), of(null), of("v")]).toEqual([{}, {}, {}])
    const long = "v".repeat(501)
    expect(of({ [long]: "gone", [long.slice(1)]: long })).toEqual({ [long.slice(1)]: long.slice(1) })
    expect(
      Object.keys(of(Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`k${index}`, 1]))) ?? {}),
    ).toHaveLength(64)
    expect(Object.isFrozen(of({ v: 1 }))).toBe(true)
  })
})

describe("a list of endpoints", () => {
  test("is in the order of their ids", () => {
    expect(readEndpoints(["b", "c", "a"], 10)).toEqual({
      endpoints: ["a", "b", "c"].map((id) => ({ id, address: id, ...plain })),
      problems: [],
    })
    expect(Object.isFrozen(readEndpoints(["a"], 10).endpoints)).toBe(true)
    const [one, other] = [read("a").endpoint, read("b").endpoint] as [never, never]
    expect([byId(one, other), byId(other, one), byId(one, one)]).toEqual([-1, 1, 0])
  })

  test("is an array, and what is none in it is left out and told, five of them by what they are", () => {
    expect(readEndpoints("a", 10)).toEqual({
      endpoints: [],
      problems: ['a list of endpoints must be an array (got "a")'],
    })
    const { endpoints, problems } = readEndpoints(["a", 1, 2, 3, 4, 5, "b"], 10)
    expect([endpoints.length, problems.length, problems[0]]).toEqual([
      2,
      5,
      "[1] must be an address, or { address, … } (got 1)",
    ])
    expect(readEndpoints([1, 2, 3, 4, 5, 6, 7], 10).problems.slice(4)).toEqual([
      "[4] must be an address, or { address, … } (got 5)",
      "2 more are none",
    ])
  })

  test("that is a trap itself is told, and names nobody", () => {
    const trap = new Proxy(["a"], {
      get: () => {
        throw new Error("trap")
      },
    })
    expect(readEndpoints(trap, 10)).toEqual({
      endpoints: [],
      problems: ["a list of endpoints could not be read: trap"],
    })
  })

  test("names each once: the first stands", () => {
    const twice = readEndpoints(["a", { address: "other", id: "a" }, "b"], 10)
    expect([twice.endpoints.map(({ address }) => address), twice.problems]).toEqual([["a", "b"], ["1 is named twice"]])
    expect(readEndpoints(["a", "a", "b", "a"], 10).problems).toEqual(["2 are named more than once"])
  })

  test("that is too long is cut, and the same are kept from one list to the next, others in another process", () => {
    const all = Array.from({ length: 40 }, (_, index) => `10.0.0.${index}:80`)
    expect([ids(all, 40).length, readEndpoints(all, 40).problems]).toEqual([40, []])
    const kept = ids(all, 10, 7)
    expect([kept.length, readEndpoints(all, 10, 7).problems]).toEqual([10, ["40 are named, of which 10 are kept"]])
    expect(kept).toEqual([...kept].sort())
    expect(ids([...all].reverse(), 10, 7)).toEqual(kept)
    // One that comes or goes moves one at the most.
    expect(
      ids(
        all.filter((id) => id !== kept[0]),
        10,
        7,
      ).filter((id) => kept.includes(id)),
    ).toHaveLength(9)
    expect(ids(all, 10, 8)).not.toEqual(kept)
    expect(kept.map((id) => Number(/(\d+):/.exec(id)?.[1]))).toEqual([10, 21, 22, 24, 26, 27, 31, 3, 4, 9])
  })
})
