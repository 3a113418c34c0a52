import { expect, test } from "vitest"
import { Alarm, Wheel } from "../../src/data-plane/wheel.ts"
import { stepClock } from "../support/stepClock.ts"

test("one breaker's stop disarmed the deadlines of another whose timer list had been made anew", () => {
  const clock = stepClock()
  const wheel = new Wheel(clock)
  const kept = wheel.listOf(2000)
  wheel.armIn(kept, new Alarm(() => {}), clock.now())
  clock.step(3000)
  const fired: number[] = []
  wheel.armIn(wheel.listOf(2000), new Alarm((now) => fired.push(now)), clock.now())
  const brief = new Alarm(() => {})
  wheel.armIn(kept, brief, clock.now())
  wheel.disarm(brief)
  wheel.rest()
  clock.step(3000)
  expect(fired).toEqual([5000])
})
