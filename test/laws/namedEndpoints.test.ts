/** Lists of endpoints as others write them: what is none is left out and told of, in words that are bounded. */
import { describe, expect, test } from "vitest"
import { byId, readEndpoint, readEndpoints } from "../../machines/naming.ts"
import type { Problem } from "../../machines/options.ts"

const read = (list: unknown, max = 100) => {
  const { endpoints, problems } = readEndpoints(list, max)
  return { ids: endpoints.map(({ id }) => id), problems }
}
const name = "must be a string of 1 to 500 characters"

describe("a list of endpoints", () => {
  test.each<[string, unknown, string]>([
    ["a number", 5, "[1] must be an address, or { address, … } (got 5)"],
    ["no address", {}, `[1].address ${name} (got undefined)`],
    ["an address that is too long", "x".repeat(501), `[1].address ${name}`],
    ["an id that is none", { address: "b", id: "" }, `[1].id ${name} (got "")`],
    ["a zone that is none", { address: "b", zone: 7 }, `[1].zone ${name} (got 7)`],
    ["an empty zone", { address: "b", zone: "" }, `[1].zone ${name} (got "")`],
    ["a weight below nothing", { address: "b", weight: -1 }, "[1].weight must be a number from 0 to 1000 (got -1)"],
    ["a weight above all", { address: "b", weight: 1001 }, "[1].weight must be a number from 0 to 1000 (got 1001)"],
  ])("leaves out %s, says what is wrong with it, and keeps the others", (_what, one, problem) => {
    const { ids, problems } = read(["a", one, "c"])
    expect(ids).toEqual(["a", "c"])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(problem)
  })

  test("takes what is just allowed", () => {
    const list = [
      { address: "x".repeat(500), zone: "z".repeat(500), weight: 0 },
      { address: "b", weight: 1000 },
    ]
    expect(read(list)).toMatchObject({ ids: ["b", "x".repeat(500)], problems: [] })
  })

  test("is not hurt by one that throws when it is read", () => {
    const trap = Object.defineProperty({}, "address", {
      get: () => {
        throw new Error("no")
      },
    })
    expect(read([trap, "b"])).toEqual({ ids: ["b"], problems: ['[0] could not be read (got "no")'] })
  })

  test("of which many are none tells of five, and how many more there are", () => {
    expect(read([1, 2, 3, 4, 5, "a"]).problems).toHaveLength(5)
    const { problems } = read([1, 2, 3, 4, 5, 6, 7, "a"])
    expect(problems).toHaveLength(6)
    expect(problems[5]).toBe("2 more are none")
  })

  test("says how many it names more than once; the first of them counts", () => {
    expect(read(["a", "b"]).problems).toEqual([])
    expect(read(["a", "b", "a"]).problems).toEqual(["1 is named twice"])
    const twice = readEndpoints([{ address: "x:1", id: "a" }, { address: "x:2", id: "a" }, "b", "b"], 10)
    expect(twice.problems).toEqual(["2 are named more than once"])
    expect(twice.endpoints.map(({ address }) => address)).toEqual(["x:1", "b"])
  })
})

test("endpoints are in the order of their ids; those of one id are in none", () => {
  const problems: Problem[] = []
  const [a, b] = ["a", "b"].map((id) => readEndpoint(id, "", problems))
  if (a === undefined || b === undefined) throw new Error("unread")
  expect([byId(a, b), byId(b, a), byId(a, { ...a })]).toEqual([-1, 1, 0])
})
