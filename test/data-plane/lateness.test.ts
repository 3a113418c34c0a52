/** Calls in flight that grow older than the slow line: who is told, when, and what a host that slept excuses. */
import { describe, expect, test } from "vitest"
import { Lateness } from "../../src/data-plane/lateness.ts"
import type { Overdue } from "../../src/data-plane/overdue.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { stepClock } from "../support/stepClock.ts"

/** Of a line of 160 ms: a call is told of within a sixteenth of it, 10 ms. */
function watching(lineMs = 160, isWatched = true) {
  const clock = stepClock()
  const wheel = new Wheel(clock)
  const told: (readonly [number, number])[] = []
  const lateness: Lateness = new Lateness(wheel, (overdue: Overdue, now) => {
    overdue.sweep(now)
    told.push([overdue.takeNews(), now])
  })
  lateness.adopt(lineMs, isWatched, true, 0)
  return { clock, wheel, lateness, told: () => told.splice(0) }
}

describe("a call that grows older than the line", () => {
  test("is told of once, at the end of its sixteenth of the line, and counts until it ends", () => {
    const { clock, wheel, lateness, told } = watching()
    lateness.enter(0)
    clock.step(5)
    lateness.enter(5)
    expect(wheel.size).toBe(1)
    clock.step(164)
    expect([told(), lateness.count]).toEqual([[], 0])
    clock.step(1)
    expect([told(), lateness.count, lateness.total, wheel.size]).toEqual([[[2, 170]], 2, 2, 0])
    expect([lateness.leave(0), lateness.leave(5), lateness.count]).toEqual([true, true, 0])
    lateness.enter(170)
    expect([lateness.leave(170), lateness.count]).toEqual([false, 0])
    clock.step(999)
    expect(told()).toEqual([[0, 340]])
  })

  test("is followed by the next that will be: one timer waits for the oldest", () => {
    const { clock, lateness, told } = watching()
    lateness.enter(0)
    clock.step(50)
    lateness.enter(50)
    clock.step(500)
    expect(told()).toEqual([
      [1, 170],
      [1, 220],
    ])
  })

  test("is slow from the line on", () => {
    const { lateness } = watching()
    expect([lateness.isSlow(159.9), lateness.isSlow(160)]).toEqual([false, true])
  })
})

describe("nobody is told", () => {
  test.each([
    ["where there is no line", Number.POSITIVE_INFINITY, true],
    ["where nobody counts", 160, false],
  ])("%s", (_, lineMs, isWatched) => {
    const { clock, wheel, lateness, told } = watching(lineMs, isWatched)
    lateness.enter(0)
    expect([wheel.size, lateness.count, lateness.total, lateness.leave(0)]).toEqual([0, 0, 0, false])
    clock.step(9999)
    expect([told(), lateness.excusedUntil(9999)]).toEqual([[], Number.NEGATIVE_INFINITY])
  })

  test("once it has stopped", () => {
    const { clock, wheel, lateness, told } = watching()
    lateness.enter(0)
    lateness.stop()
    expect(wheel.size).toBe(0)
    clock.step(999)
    expect(told()).toEqual([])
  })
})

describe("another line", () => {
  test("of the same epoch watches calls that enter from now on; those that were late before stay so", () => {
    const { clock, lateness, told } = watching()
    lateness.enter(0)
    clock.step(170)
    lateness.enter(170)
    told()
    lateness.adopt(320, true, false, 170)
    expect([lateness.count, lateness.total, lateness.isSlow(200)]).toEqual([0, 1, false])
    clock.step(10)
    lateness.enter(180)
    clock.step(999)
    expect(told()).toEqual([[1, 520]])
    expect([lateness.count, lateness.total]).toEqual([1, 2])
  })

  test("that is the same changes nothing, and one of a new epoch begins anew", () => {
    const { clock, lateness, told } = watching()
    lateness.enter(0)
    lateness.adopt(160, true, false, 5)
    clock.step(170)
    expect([told(), lateness.total]).toEqual([[[1, 170]], 1])
    lateness.adopt(160, true, true, 170)
    expect([lateness.count, lateness.total]).toEqual([0, 0])
  })

  test("that comes while it is told of calls is watched from then on", () => {
    const clock = stepClock()
    const wheel = new Wheel(clock)
    const lateness: Lateness = new Lateness(wheel, (overdue, now) => {
      overdue.sweep(now)
      expect(lateness.watches(overdue)).toBe(true)
      lateness.adopt(320, true, true, now)
      expect(lateness.watches(overdue)).toBe(false)
    })
    lateness.adopt(160, true, true, 0)
    lateness.enter(0)
    lateness.enter(100)
    clock.step(170)
    expect([wheel.size, lateness.total]).toEqual([0, 0])
  })
})

describe("a host that slept", () => {
  test("excuses the calls that were in flight: nobody is told of them", () => {
    const { lateness, told, clock } = watching()
    lateness.enter(5)
    expect(lateness.excusedUntil(250)).toBe(Number.NEGATIVE_INFINITY)
    expect(lateness.excusedUntil(251)).toBe(251)
    expect([lateness.count, lateness.leave(5)]).toEqual([0, false])
    clock.step(9999)
    expect(told()).toEqual([])
    expect(lateness.excusedUntil(9999)).toBe(251)
  })

  test("is noticed when a call enters for which there is no room", () => {
    const { lateness } = watching()
    lateness.enter(5)
    lateness.enter(400)
    expect([lateness.excusedUntil(400), lateness.leave(5)]).toEqual([400, false])
  })

  test("is noticed when it wakes, by how late that is", () => {
    const { lateness, told, wheel } = watching()
    lateness.enter(5)
    wheel.turn(300)
    expect([told(), lateness.excusedUntil(300)]).toEqual([[], 300])
  })
})

test("for calls that are lived through again what was due by then is done, at the times when it was due", () => {
  const { lateness, told } = watching()
  lateness.enter(0)
  lateness.enter(50)
  lateness.catchUp(169)
  expect(told()).toEqual([])
  lateness.catchUp(170)
  expect(told()).toEqual([[1, 170]])
  lateness.catchUp(1000)
  expect(told()).toEqual([[1, 220]])
})
