/** The options of `health`: what each may be, what it is if nobody says, and what they must be together. */
import { expect, test } from "vitest"
import { healthOptions } from "../../machines/healthOptions.ts"
import { readBy, rulesOf } from "../support/optionRules.ts"

test("each has its bounds, and its standard", () => {
  expect(rulesOf(healthOptions)).toEqual({
    check: "must be a function, such as httpCheck of recloser/health answers",
    interval: 'must be a duration from 10 millis to 1 day, such as "10 seconds"',
    jitter: "must be a number from 0 to 1",
    timeout: 'must be a duration from 1 millis to 1 hour, such as "2 seconds"',
    rise: "must be a whole number from 1 to 1000",
    fall: "must be a whole number from 1 to 1000",
    passive: "must be a plain object, true or false",
    "passive.ratio": "must be a number from 0.01 to 1",
    "passive.minimumCalls": "must be a whole number from 1 to 1000000",
    trickle: "must be a number from 0.001 to 1",
  })
  const standard = {
    ...{ check: undefined, interval: 10_000, jitter: 0.2, timeout: 2000, rise: 2, fall: 3, trickle: 0.05 },
    passive: { ratio: 0.5, minimumCalls: 10 },
  }
  expect(readBy(healthOptions, undefined)).toEqual({ settings: standard, wrong: [] })
  const check = () => true
  expect(readBy(healthOptions, { check, passive: false })).toEqual({
    settings: { ...standard, check, passive: undefined },
    wrong: [],
  })
})

test("a check that is none is none, and is said to be wrong once", () => {
  expect(readBy(healthOptions, { check: "a check" })).toMatchObject({
    settings: { check: undefined },
    wrong: ["it.check: must be a function, such as httpCheck of recloser/health answers"],
  })
})

test("a check takes no longer than it is long until the next: two seconds, or the interval if that is less", () => {
  const timeout = (options: object) => {
    const { settings, wrong } = readBy(healthOptions, options)
    return [(settings as { timeout: number }).timeout, ...wrong]
  }
  expect(timeout({ interval: 500 })).toEqual([500])
  expect(timeout({ interval: 2000, timeout: 2000 })).toEqual([2000])
  expect(timeout({ interval: 2000, timeout: 2001 })).toEqual([2001, "it.timeout: must not be longer than interval"])
})
