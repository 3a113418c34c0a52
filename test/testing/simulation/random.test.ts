import { describe, expect, test } from "vitest"
import { Random, splitMix64, stream } from "../../../src/testing/simulation/random.ts"

const times = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw)

describe("chance", () => {
  test("is splitmix64: the published numbers of seed 1477776061723855037", () => {
    expect(times(5, splitMix64(1477776061723855037n))).toEqual([
      1985237415132408290n,
      2979275885539914483n,
      13511426838097143398n,
      8488337342461049707n,
      15141737807933549159n,
    ])
  })

  test("is xoshiro128**: the published numbers of state 1, 2, 3, 4", () => {
    const random = new Random([1, 2, 3, 4])
    expect(times(10, () => random.next())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ])
  })

  test("comes in streams: the same label and seed draw the same, another of either draws something else", () => {
    const draws = (seed: number, label: string) => {
      const random = stream(seed, label)
      return times(8, () => random.next())
    }
    expect(draws(1, "luck")).toEqual(draws(1, "luck"))
    expect(draws(1, "luck")).not.toEqual(draws(2, "luck"))
    expect(draws(1, "luck")).not.toEqual(draws(1, "fault"))
  })

  test("has the mean and spread of its distributions", () => {
    const random = stream(3, "moments")
    const count = 200_000
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / count
    const near = (values: readonly number[], expected: number, deviation: number) =>
      expect(Math.abs(mean(values) - expected)).toBeLessThan((4 * deviation) / Math.sqrt(count))
    near(
      times(count, () => random.unit()),
      0.5,
      Math.sqrt(1 / 12),
    )
    near(
      times(count, () => random.exponential(7)),
      7,
      7,
    )
    const normals = times(count, () => random.normal())
    near(normals, 0, 1)
    near(
      normals.map((value) => value * value),
      1,
      Math.SQRT2,
    )
  })
})
