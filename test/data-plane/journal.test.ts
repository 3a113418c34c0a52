/** A quiet breaker is made again from its journal: only what entered under its gate is lived through. */
import { describe, expect, test } from "vitest"
import { idleGate, unrestricted } from "../../machines/vocabulary/gate.ts"
import { pastOf, RecordingPlane } from "../../src/data-plane/journal.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { openGate } from "../support/barePlane.ts"
import { stepClock } from "../support/stepClock.ts"

function recordingPlane() {
  const hooks = { signal: () => {}, refused: () => {}, classify: () => "failure" as const, idle: () => {} }
  return new RecordingPlane("law", new Wheel(stepClock()), hooks, 60_000, () => {})
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
  })

  test("of calls that its gate would refuse counts none, and leaves nothing in flight", () => {
    const plane = recordingPlane()
    plane.replay({ ...idleGate, restriction: { ...unrestricted, share: 0 } }, 0, [10, 30, success, 20, 40, failure])
    expect(plane.inFlight).toBe(0)
    expect(plane.tally).toMatchObject({ admitted: 0, success: 0, failure: 0 })
  })
})
