/** What several actors want the data plane to watch, joined. */
import { expect, test } from "vitest"
import { joinLines, type Lines } from "../../machines/vocabulary/lines.ts"

const owned = ["circuit", "cells", "rates", "budget", "slots", "features", "endpoints"] as const
const shared = ["slowAfterMs", "leaseMs", "patienceMs", "sliceMs", "lateAfterMs", "toldMs"] as const

test("a line that one part states is taken whole from it, whoever is asked first; of two the first", () => {
  for (const line of owned) {
    const [mine, yours] = [{ [line]: { of: "mine" } }, { [line]: { of: "yours" } }] as unknown as readonly [
      Lines,
      Lines,
    ]
    expect([joinLines(mine, {})[line], joinLines({}, mine)[line]]).toEqual([mine[line], mine[line]])
    expect(joinLines(mine, yours)[line]).toBe(mine[line])
  }
})

test("of a line that several state the finest is watched, also where one states none", () => {
  for (const line of shared) {
    const of = (one: Lines, other: Lines) => joinLines(one, other)[line]
    expect([of({ [line]: 3 }, { [line]: 5 }), of({ [line]: 5 }, { [line]: 3 })]).toEqual([3, 3])
    expect([of({ [line]: 3 }, {}), of({}, { [line]: 3 }), of({}, {})]).toEqual([3, 3, undefined])
  }
})

test("every line is one of these", () => {
  expect(Object.keys(joinLines({}, {})).sort()).toEqual([...owned, ...shared].sort())
})
