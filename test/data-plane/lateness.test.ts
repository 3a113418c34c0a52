/** Calls in flight that grow older than the slow line: who is told, when, and what is the host's own doing. */
import { describe, expect, test } from "vitest"
import { Lateness } from "../../src/data-plane/lateness.ts"
import type { Overdue } from "../../src/data-plane/overdue.ts"
import { Alarm } from "../../src/data-plane/timers.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { haltingClock } from "../support/haltingClock.ts"

/** Of a line of 160 ms: a call is told of within a sixteenth of it, 10 ms. */
function watching(lineMs = 160, isWatched = true) {
  const clock = haltingClock()
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
    expect([lateness.isSlow(0, 159.9), lateness.isSlow(0, 160)]).toEqual([false, true])
  })
})

test("what a timer finds is written down first, and that it found nothing is not", () => {
  const clock = haltingClock()
  const did: string[] = []
  const count = (overdue: Overdue, now: number) => void did.push(`${overdue.next(now)} at ${now}`)
  const lateness = new Lateness(new Wheel(clock), count, () => did.push("written"))
  lateness.adopt(160, true, true, 0)
  lateness.enter(0)
  clock.step(100)
  lateness.enter(100)
  lateness.leave(0)
  clock.step(500)
  expect(did).toEqual(["0 at 170", "written", "1 at 270"])
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
    expect(told()).toEqual([])
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
    expect([lateness.count, lateness.total, lateness.isSlow(0, 200)]).toEqual([0, 1, false])
    clock.step(10)
    lateness.enter(180)
    clock.step(999)
    // At 490 all who were in flight when it came are older than it.
    expect(told()).toEqual([
      [0, 490],
      [1, 520],
    ])
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
    const clock = haltingClock()
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

describe("a host that stood still", () => {
  test("makes no call slow that would have been in time", () => {
    const { lateness, told, clock } = watching()
    clock.step(100)
    lateness.enter(100)
    clock.halt(200)
    // It looks at its clock each 40 ms: it is known to have stood still for 160 at least.
    expect(lateness.stoodMs(100, 300)).toBe(160)
    expect([lateness.isLong(200), lateness.isSlow(100, 300), lateness.isSlow(150, 300)]).toEqual([true, false, false])
    clock.step(119)
    expect([lateness.isSlow(100, 419), told(), lateness.leave(100)]).toEqual([false, [[0, 400]], false])
    clock.step(1)
    expect(lateness.isSlow(100, 420)).toBe(true)
  })

  test("has calls told of later by as much, and those that began later not", () => {
    const { lateness, told, clock } = watching()
    lateness.enter(0)
    clock.halt(100)
    lateness.enter(100)
    clock.step(999)
    // 60 ms of the hundred are known.
    expect(told().filter(([calls]) => calls > 0)).toEqual([
      [1, 230],
      [1, 270],
    ])
  })

  test("is not looked for where a call is in time by the clock alone", () => {
    const { lateness, wheel, clock } = watching()
    lateness.enter(50)
    clock.sleep(120)
    expect([lateness.isSlow(50, 120), wheel.turns.stalls.count]).toEqual([false, 0])
    clock.sleep(90)
    expect([lateness.isSlow(50, 210), wheel.turns.stalls.count]).toEqual([false, 1])
  })

  test("is noticed by whoever asks first, once, before its timer comes", () => {
    const { lateness, wheel, clock } = watching()
    lateness.enter(0)
    clock.sleep(50)
    expect([lateness.stoodMs(0, 50), wheel.turns.stalls.count]).toEqual([0, 0])
    clock.sleep(20)
    expect([lateness.stoodMs(0, 70), lateness.stoodMs(0, 70), wheel.turns.stalls.count]).toEqual([30, 30, 1])
    clock.sleep(20)
    clock.step(0)
    expect([lateness.stoodMs(0, 90), wheel.turns.stalls.count]).toEqual([50, 2])
  })

  test("for many lines tells of those who had entered when their own time is over, as of those who come then", () => {
    const { lateness, told, clock } = watching()
    lateness.enter(5)
    lateness.enter(5)
    clock.sleep(500)
    lateness.enter(500)
    lateness.enter(501)
    expect([lateness.count, lateness.leave(5), lateness.isSlow(5, 500)]).toEqual([0, false, false])
    clock.step(999)
    // At 500 nobody had looked for 460 ms: by then the call had taken 35.
    expect(told().filter(([calls]) => calls > 0)).toEqual([
      [1, 630],
      [2, 670],
    ])
  })

  test("for hundreds of lines leaves those who had entered to how they end", () => {
    const { lateness, told, clock } = watching()
    lateness.enter(5)
    clock.sleep(50_000)
    lateness.enter(50_000)
    lateness.enter(50_001)
    expect([lateness.count, lateness.leave(5), lateness.isSlow(5, 50_000)]).toEqual([0, false, false])
    clock.step(999)
    expect(told()).toEqual([
      [0, 50_160],
      [1, 50_170],
    ])
  })

  test("is watched for while a call waits to be overdue, and not longer", () => {
    const { lateness, clock, wheel } = watching()
    wheel.arm(new Alarm(() => {}), 90_000)
    lateness.enter(0)
    lateness.enter(0)
    expect(clock.nextAt).toBe(40)
    clock.step(41)
    expect(clock.nextAt).toBe(80)
    clock.step(170)
    expect(clock.nextAt).toBe(90_000)
    lateness.enter(211)
    expect(clock.nextAt).toBe(251)
    // Whoever stops it twice has stopped it once.
    lateness.stop()
    lateness.stop()
    clock.step(40)
    // When it would have been due, and not in 40 ms.
    expect(clock.nextAt).toBe(380)
    lateness.enter(251)
    expect(clock.nextAt).toBe(291)
  })

  test("is watched for where somebody attends to a call, although nobody counts, for as long as it may take", () => {
    const { lateness, clock, wheel, told } = watching(160, false)
    lateness.attend(0)
    lateness.attend(0)
    expect([wheel.size, clock.nextAt]).toEqual([1, 40])
    clock.step(40)
    clock.sleep(100)
    expect([lateness.isSlow(20, 140), lateness.isSlow(-100, 140), lateness.stoodMs(0, 140)]).toEqual([false, true, 60])
    clock.step(999)
    expect([wheel.size, clock.pending, told()]).toEqual([0, 0, []])
    const without = watching(Number.POSITIVE_INFINITY)
    without.lateness.attend(0)
    expect(without.wheel.size).toBe(0)
  })

  test("is watched for no longer where calls are lived through again", () => {
    const { lateness, clock, wheel } = watching()
    wheel.arm(new Alarm(() => {}), 90_000)
    clock.step(5000)
    lateness.enter(0)
    lateness.catchUp(1000)
    clock.step(41)
    expect(clock.nextAt).toBe(90_000)
    // By the present clock alone: what was long ago is no stall.
    expect(lateness.stoodMs(0, 5041)).toBe(0)
  })

  test.each([
    [1, 10],
    [160, 40],
    [600_000, 1000],
  ])("looks at its clock for a line of %d ms each %d", (lineMs, everyMs) => {
    const { lateness, clock } = watching(lineMs)
    lateness.enter(0)
    expect(clock.nextAt).toBe(Math.min(everyMs, lineMs + lineMs / 16))
  })
})

test("for calls that are lived through again what was due by then is done, at the times when it was due", () => {
  const { clock, lateness, told } = watching()
  clock.step(5000)
  lateness.enter(0)
  lateness.enter(50)
  lateness.catchUp(169)
  expect(told()).toEqual([])
  lateness.catchUp(170)
  expect(told()).toEqual([[1, 170]])
  lateness.catchUp(1000)
  expect(told()).toEqual([[1, 220]])
})
