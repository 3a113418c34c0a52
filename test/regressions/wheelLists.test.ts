import { expect, test } from "vitest"
import { Alarm } from "../../src/data-plane/timers.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
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

test("deadlines of their own kept a list each until their end, although the calls were long over", () => {
  const wheel = new Wheel(stepClock())
  const deadlines = Array.from({ length: 10_000 }, (_, index) => ({ alarm: new Alarm(() => {}), ms: 600_000 + index }))
  for (const { alarm, ms } of deadlines) {
    wheel.arm(alarm, ms)
    wheel.disarm(alarm)
  }
  expect(wheel.lengths).toBeLessThan(100)
})
