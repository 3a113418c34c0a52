/** A quiet breaker is made again from its journal: only what entered under its gate is lived through. */
import { describe, expect, test } from "vitest"
import { idleGate, type RatioLine, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import { callsIn, countsIn, forget, pastOf, quietCalls, RecordingPlane } from "../../src/data-plane/journal.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { openGate } from "../support/barePlane.ts"
import { stepClock } from "../support/stepClock.ts"

function recordingPlane(
  crowded = () => {},
  signal: (report: Report) => void = () => {},
  wheel = new Wheel(stepClock()),
) {
  const hooks = { signal, refused: () => {}, classify: () => "failure" as const, idle: () => {} }
  return new RecordingPlane("law", wheel, hooks, 60_000, crowded)
}
const [success, failure] = [0, 1]

describe("a journal", () => {
  test("is lived through again: calls overlap as they did, and those without an entry enter when they end", () => {
    const plane = recordingPlane()
    let most = 0
    const admit = plane.admit.bind(plane)
    plane.admit = (now, facts) => {
      const ticket = admit(now, facts)
      most = Math.max(most, plane.inFlight)
      return ticket
    }
    plane.replay(openGate({}), 0, [10, 30, success, 20, 40, failure, Number.NaN, 60, success])
    expect([most, plane.inFlight]).toEqual([2, 0])
    expect(plane.tally).toMatchObject({ admitted: 3, success: 2, failure: 1, stragglers: 0 })
    expect(pastOf(plane)).toBeUndefined()
    // Of what happened at one instant entries come first.
    most = 0
    plane.replay(openGate({}), 0, [70, 70, success, 70, 70, success])
    expect([most, plane.inFlight]).toEqual([2, 0])
  })

  test("of calls that its gate would refuse counts none, and leaves nothing in flight", () => {
    const plane = recordingPlane()
    plane.replay({ ...idleGate, restriction: { ...unrestricted, share: 0 } }, 0, [10, 30, success, 20, 40, failure])
    expect(plane.inFlight).toBe(0)
    expect(plane.tally).toMatchObject({ admitted: 0, success: 0, failure: 0 })
  })
})

describe("a call of a journal that ran too long", () => {
  const circuit: RatioLine = {
    ...{ kind: "ratio", window: { type: "consecutive", maxAgeMs: 60_000 } },
    ...{ failureRatio: 1, slowRatio: 1, minimumCalls: 2, row: 2 },
  }
  const gate = openGate({ circuit, slowAfterMs: 100 })

  test("is bad when it became too old, and not once more when it ends", () => {
    const told: string[] = []
    const plane = recordingPlane(
      () => {},
      ({ type }) => told.push(type),
    )
    // The second one, which was good, ended after the first was too old, and before it ended.
    plane.replay(gate, 0, [140, 150, success, 0, 200, success])
    const ticket = plane.admit(300)
    if (ticket.admitted) plane.settleAt(ticket, "failure", 300)
    expect(told).toEqual([])
  })

  test("is watched over no more when all of them are lived through", () => {
    const wheel = new Wheel(stepClock())
    const plane = recordingPlane(() => {}, undefined, wheel)
    plane.replay(gate, 0, [0, 10, success])
    expect(wheel.size).toBe(0)
  })
})

describe("calls in a journal", () => {
  test("are three numbers each, are counted by kind, and go when they ended before", () => {
    const journal = [1, 10, success, 5, 20, failure, 6, 30, success]
    expect([callsIn(journal), countsIn(journal), countsIn([])]).toEqual([3, [2, 1, 0, 0], [0, 0, 0, 0]])
    const left = (oldest: number) => {
      const some = [...journal]
      forget(some, oldest)
      return callsIn(some)
    }
    expect([left(10), left(11), left(20), left(21), left(31)]).toEqual([3, 2, 2, 1, 0])
    const rest = [...journal]
    forget(rest, 21)
    expect(rest).toEqual([6, 30, success])
  })

  /** A plane that keeps a journal, and a call of it at a time, that took so long. */
  function keeping(crowded = () => {}) {
    const plane = recordingPlane(crowded)
    plane.swap(openGate({ slowAfterMs: 500 }))
    plane.journal = []
    const call = (at: number, ms: number, kind: "success" | "failure" | "ignored" = "success") => {
      const ticket = plane.admit(at)
      if (!ticket.admitted) throw new Error("it was to enter")
      plane.settleAt(ticket, kind, at + ms)
      return ticket
    }
    return { plane, call }
  }

  test("are written down as they end, once", () => {
    const { plane, call } = keeping()
    const one = call(10, 5)
    plane.settleAt(one, "failure", 90)
    call(20, 7, "failure")
    call(40, 1, "ignored")
    expect(plane.journal).toEqual([10, 15, success, 20, 27, failure, 40, 41, 3])
    expect(pastOf(plane)).toBeUndefined()
    plane.journal?.splice(0, 3)
    expect(pastOf(plane)).toEqual([1, 0, 0, 0])
    const untold = keeping()
    untold.plane.journal = undefined
    untold.call(10, 5)
    expect([untold.plane.journal, untold.plane.isQuietAt(10)]).toEqual([undefined, false])
    expect(pastOf(untold.plane)).toEqual([1, 0, 0, 0])
  })

  test("are twelve for a minute at most, or it is crowded, which is said once; so many are kept that it is not quiet before they are old", () => {
    let crowds = 0
    const { plane, call } = keeping(() => crowds++)
    for (let at = 1; at <= quietCalls; at++) call(1000 * at, 5)
    expect([quietCalls, crowds, plane.isQuietAt(12_005)]).toEqual([12, 0, true])
    // The first is a minute old, to the millisecond, and one later it is forgotten.
    call(61_000, 5)
    expect([crowds, plane.isQuietAt(61_005)]).toEqual([1, false])
    expect([plane.isQuietAt(61_006), callsIn(plane.journal ?? [])]).toEqual([true, 12])
    for (let at = 0; at < 12; at++) call(61_010 + at, 0)
    expect([crowds, callsIn(plane.journal ?? [])]).toEqual([1, 24])
    call(61_030, 0)
    expect([crowds, callsIn(plane.journal ?? []), plane.journal?.slice(-3)]).toEqual([1, 13, [61_030, 61_030, success]])
    expect([plane.isQuietAt(61_031), plane.isQuietAt(121_010), plane.isQuietAt(121_011)]).toEqual([false, false, true])
  })

  test("are no crowd when the oldest is forgotten as one more ends", () => {
    let crowds = 0
    const { plane, call } = keeping(() => crowds++)
    for (let at = 1; at <= quietCalls; at++) call(1000 * at, 5)
    call(61_006, 0)
    expect([crowds, callsIn(plane.journal ?? [])]).toEqual([0, 12])
  })

  test("are not quiet, and no crowd either, while what they have taken of a rate has not come back", () => {
    let crowds = 0
    const { plane, call } = keeping(() => crowds++)
    plane.swap(openGate({ slowAfterMs: 500, rates: [{ limit: 1, intervalMs: 1000, burst: 50 }] }))
    for (let at = 1; at <= quietCalls; at++) call(10 * at, 5)
    expect([crowds, plane.isQuietAt(5000), plane.isQuietAt(13_000)]).toEqual([0, false, true])
  })

  test("are lived through without being written down again, and the plane is then as it was", () => {
    const plane = recordingPlane()
    const seen: unknown[] = []
    const own = { adaptive: false, least: 1, most: 5, first: 5, reserve: [], waitMs: 0, quota: 1, pressure: false }
    const gate = openGate({ leaseMs: 7, slots: own })
    const admit = plane.admit.bind(plane)
    plane.admit = (now, facts) => {
      const { leaseMs, slots } = plane.gate.lines
      seen.push([plane.isReplaying, leaseMs, slots])
      return admit(now, facts)
    }
    const journal = [10, 30, success, 20, 40, failure]
    expect(plane.isReplaying).toBe(false)
    plane.replay(gate, 0, journal)
    expect(seen).toEqual([
      [true, 7, undefined],
      [true, 7, undefined],
    ])
    expect([plane.isReplaying, plane.journal, journal.length, plane.gate]).toEqual([false, journal, 6, gate])
  })
})
