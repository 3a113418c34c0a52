/** The ring of outcomes at its edges: where a slice ends, where it has gone round, and where a clock goes back. */
import { describe, expect, test } from "vitest"
import type { WindowShape } from "../../machines/vocabulary/gate.ts"
import { makeRing, type Ring } from "../../src/data-plane/window.ts"

const countsOf = ({ calls, failures, slow, row }: Ring) => [calls, failures, slow, row]
function ringOf(shape: WindowShape) {
  const ring = makeRing(shape)
  return {
    add(at: number, failure = false, slow = false) {
      ring.add(at, failure, slow)
      return countsOf(ring)
    },
    expire(at: number) {
      ring.expire(at)
      return countsOf(ring)
    },
  }
}

describe("slices of time", () => {
  const shape: WindowShape = { type: "time", durationMs: 30, slices: 3 }

  test("are forgotten one by one as time passes, whether or not anything arrives", () => {
    const { add, expire } = ringOf(shape)
    add(0, true)
    add(10, false, true)
    expect([add(25, true, true), expire(29), expire(30), expire(40), expire(50)]).toEqual([
      [3, 2, 2, 0],
      [3, 2, 2, 0],
      [2, 1, 2, 0],
      [1, 1, 1, 0],
      [0, 0, 0, 0],
    ])
  })

  test("are used again with nothing in them, round after round", () => {
    const { add } = ringOf(shape)
    const after = Array.from({ length: 12 }, (_, slice) => add(slice * 10, true, true))
    expect(after.slice(3)).toEqual(Array(9).fill([3, 3, 3, 0]))
  })

  test("are all gone after a long silence, and none is where the clock begins below nothing", () => {
    const { add } = ringOf(shape)
    add(-35, true)
    expect([add(-1, false, true), add(1_000_000)]).toEqual([
      [1, 0, 1, 0],
      [1, 0, 0, 0],
    ])
  })

  test("take what a clock that went back brings, and lose nothing of what there is", () => {
    const { add, expire } = ringOf(shape)
    add(10)
    expect([expire(0), expire(10), add(0), expire(10), expire(39), expire(40)]).toEqual([
      [1, 0, 0, 0],
      [1, 0, 0, 0],
      [2, 0, 0, 0],
      [2, 0, 0, 0],
      [2, 0, 0, 0],
      [0, 0, 0, 0],
    ])
  })
})

describe("the last calls", () => {
  const shape: WindowShape = { type: "count", calls: 3, maxAgeMs: 100 }

  test("are so many, and each takes its failure and its slowness with it, round after round", () => {
    const { add } = ringOf(shape)
    const ends: [boolean, boolean][] = [...Array(2)].flatMap(() => [
      [true, false],
      [false, true],
      [true, true],
      [false, false],
    ])
    expect(ends.map(([failure, slow], at) => add(at, failure, slow))).toEqual([
      [1, 1, 0, 0],
      [2, 1, 1, 0],
      [3, 2, 2, 0],
      [3, 1, 2, 0],
      [3, 2, 1, 0],
      [3, 1, 1, 0],
      [3, 2, 2, 0],
      [3, 1, 2, 0],
    ])
  })

  test("are forgotten at their age", () => {
    const { add, expire } = ringOf(shape)
    add(0, true)
    add(50)
    expect([expire(99), expire(100), expire(150)]).toEqual([
      [2, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ])
  })
})

test("a row is ended by a good outcome, and by a silence of its age", () => {
  const { add, expire } = ringOf({ type: "consecutive", maxAgeMs: 100 })
  add(0, true)
  expect([add(99, true, true), add(100, false, true), add(101)]).toEqual([
    [2, 2, 1, 2],
    [3, 2, 2, 3],
    [0, 0, 0, 0],
  ])
  add(200, true)
  expect([expire(299), expire(300), add(500, true), add(600, true)]).toEqual([
    [1, 1, 0, 1],
    [0, 0, 0, 0],
    [1, 1, 0, 1],
    [1, 1, 0, 1],
  ])
})
