/** Calls that grow older than the slow line, held against a list of them all: what is told is off by a sixteenth of the line at most. */

import { describe, expect, test } from "vitest"
import { Overdue } from "../../src/data-plane/overdue.ts"
import fc from "../support/property.ts"

const lineMs = 160
const widthMs = 10
/** The host never stands still. */
const never = (): number => 0
/** When a call counts as overdue: with the youngest that could be in its sixteenth of the line. */
const overdueFrom = (startedAt: number): number => Math.floor(startedAt / widthMs) * widthMs + widthMs + lineMs

const step = fc.record({
  afterMs: fc.integer({ min: 0, max: 60 }),
  what: fc.constantFrom("enter", "enter", "leave", "sweep"),
})

test("a call is overdue from the end of its sixteenth on, until it settles", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const overdue = new Overdue(lineMs, 0, never)
      const running: { at: number; isTold: boolean }[] = []
      let [now, news] = [0, 0]
      const sweep = (): void => {
        overdue.sweep(now)
        for (const call of running) {
          if (call.isTold || overdueFrom(call.at) > now) continue
          call.isTold = true
          news++
        }
      }
      for (const { afterMs, what } of steps) {
        now += afterMs
        sweep()
        if (what === "enter") {
          expect(overdue.enter(now)).toBe(true)
          running.push({ at: now, isTold: false })
        } else if (what === "leave") {
          const [call] = running.splice(0, 1)
          if (call !== undefined) expect(overdue.leave(call.at)).toBe(call.isTold)
        }
        expect(overdue.count).toBe(running.filter(({ isTold }) => isTold).length)
        expect(overdue.total).toBe(overdue.count)
        const waiting = running.filter(({ isTold }) => !isTold).map(({ at }) => overdueFrom(at))
        const next = waiting.length === 0 ? undefined : Math.max(1 / 64, Math.min(...waiting) - now)
        expect(overdue.nextIn(now)).toBe(next)
      }
      expect([overdue.takeNews(), overdue.takeNews()]).toEqual([news, 0])
    }),
    { numRuns: 200 },
  )
})

describe("a watch", () => {
  test("makes room for as many as wait, each in its own sixteenth still", () => {
    const overdue = new Overdue(lineMs, 0, never)
    const starts = [5, 15, 309, 310, 330, 999, 5000]
    for (const at of starts) expect(overdue.enter(at)).toBe(true)
    expect([overdue.leave(15), overdue.count]).toEqual([false, 0])
    const passed = starts.filter((at) => at !== 15).map(overdueFrom)
    for (const at of passed) expect([overdue.next(at - 1), overdue.next(at)]).toEqual([0, 1])
    expect([overdue.count, overdue.nextIn(9999)]).toEqual([6, undefined])
  })

  test("takes nobody in where others have waited for a sweep for 256 lines, and leaves them to it", () => {
    const overdue = new Overdue(lineMs, 0, never)
    overdue.enter(5)
    const over = 256 * lineMs
    expect([overdue.enter(over - 11), overdue.enter(over - 10), overdue.enter(over)]).toEqual([true, false, false])
    expect([overdue.count, overdue.next(over), overdue.enter(over)]).toEqual([0, 1, true])
  })

  test("finds the oldest that waits, wherever in the ring it is, and says whether a sweep would find it", () => {
    const overdue = new Overdue(lineMs, 0, never)
    expect(overdue.isDue(9999)).toBe(false)
    overdue.enter(305)
    expect(overdue.nextIn(305)).toBe(165)
    expect([overdue.isDue(469), overdue.isDue(470), overdue.count]).toEqual([false, true, 0])
    overdue.leave(305)
    expect(overdue.isDue(470)).toBe(false)
  })

  test("gives a call the time in which the host stood still, and those after it none", () => {
    // 100 ms, until 150.
    const overdue = new Overdue(lineMs, 0, (since) => (since < 150 ? 100 : 0))
    for (const at of [5, 45, 155]) overdue.enter(at)
    // By the clock alone the first is overdue at 170, and the second at 210.
    expect([overdue.nextIn(160), overdue.nextIn(170), overdue.next(269)]).toEqual([10, 100, 0])
    expect([overdue.next(270), overdue.enteredFrom, overdue.nextIn(270)]).toEqual([1, 0, 40])
    expect([overdue.next(309), overdue.next(310), overdue.enteredFrom]).toEqual([0, 1, 40])
    expect([overdue.next(319), overdue.next(320), overdue.enteredFrom, overdue.count]).toEqual([0, 1, 150, 3])
  })

  test("moves nothing when a call enters for which there is room", () => {
    const overdue = new Overdue(lineMs, 10_000, never)
    overdue.enter(10_005)
    expect([overdue.enter(10_200), overdue.count]).toEqual([true, 0])
    overdue.sweep(10_200)
    expect(overdue.count).toBe(1)
  })

  test("that was not swept takes calls in as long as there is room, and sweeps for the next", () => {
    const overdue = new Overdue(lineMs, 0, never)
    overdue.enter(150)
    expect([overdue.enter(309), overdue.count]).toEqual([true, 0])
    expect([overdue.enter(312), overdue.count, overdue.takeNews()]).toEqual([true, 0, 0])
    overdue.sweep(319)
    expect(overdue.count).toBe(0)
    overdue.sweep(320)
    expect([overdue.count, overdue.takeNews()]).toEqual([1, 1])
  })

  test("takes bucket after bucket, and says from when its calls may be", () => {
    const overdue = new Overdue(lineMs, 0, never)
    for (const at of [3, 7, 31]) overdue.enter(at)
    expect(overdue.next(169)).toBe(0)
    expect([overdue.next(200), overdue.enteredFrom]).toEqual([2, 0])
    expect(overdue.next(199)).toBe(0)
    expect([overdue.next(200), overdue.enteredFrom, overdue.next(500)]).toEqual([1, 30, 0])
    expect([overdue.count, overdue.nextIn(500), overdue.takeNews()]).toEqual([3, undefined, 0])
    const late = new Overdue(lineMs, 0, never)
    late.enter(3)
    expect([late.next(500), late.enteredFrom]).toEqual([1, 0])
    // Silence is skipped in one step.
    expect([overdue.enter(900), overdue.nextIn(900)]).toEqual([true, 170])
  })

  test("of another line leaves calls of before to the one that knew them, while any of them is overdue", () => {
    const first = new Overdue(lineMs, 0, never)
    first.enter(5)
    first.enter(100)
    first.sweep(200)
    const second = new Overdue(320, 200, never, 200, first)
    expect([second.enter(200), second.nextIn(200), second.count, second.total]).toEqual([true, undefined, 0, 1])
    expect([second.leave(100), second.total]).toEqual([false, 1])
    const third = new Overdue(640, 210, never, 210, second)
    expect([third.total, third.leave(5), third.total]).toEqual([1, true, 0])
    expect([third.leave(5), third.leave(Number.NaN)]).toEqual([false, false])
    third.enter(211)
    expect([third.leave(211), third.count]).toEqual([false, 0])
  })
})
