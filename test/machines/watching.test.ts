/** Watching: the options of a window, the line that they come to, and what is said of an alarm. */
import { describe, expect, test } from "vitest"
import { struct } from "../../machines/options.ts"
import type { AlarmRang } from "../../machines/vocabulary/signal.ts"
import {
  circuitLine,
  describeAlarm,
  isAlarmed,
  type Watching,
  watchesAlike,
  watching,
} from "../../machines/watching.ts"
import { readBy, rulesOf } from "../support/optionRules.ts"

const reader = struct(watching)
const read = (options?: unknown) => {
  const { settings, wrong } = readBy(reader, options)
  return { ...(settings as Watching), wrong }
}
const ratio = "must be a number from 0.001 to 1"
const whole = "must be a whole number from 1 to 1000000"
const age = 'must be a duration from 100 millis to 1 day, such as "5 minutes"'

test("each option has its bounds, and its standard, in each kind of window", () => {
  const windows = (type: string) => {
    const wrong = (key: string) => read({ window: { type, [key]: Symbol("none") } }).wrong[0]?.replace("it.window.", "")
    return ["duration", "calls", "failures", "failureRatio", "minimumCalls", "maxAge"]
      .map(wrong)
      .filter((rule) => !rule?.includes("not an option"))
  }
  expect(windows("time")).toEqual([
    'duration: must be a duration from 100 millis to 1 day, such as "10 seconds"',
    ...[`failureRatio: ${ratio}`, `minimumCalls: ${whole}`],
  ])
  expect(windows("count")).toEqual([
    `calls: ${whole}`,
    `failureRatio: ${ratio}`,
    `minimumCalls: ${whole}`,
    `maxAge: ${age}`,
  ])
  expect(windows("consecutive")).toEqual([`failures: ${whole}`, `maxAge: ${age}`])
  expect(rulesOf(reader)).toMatchObject({
    slowCalls: "must be a plain object, true or false",
    "slowCalls.after": 'must be a duration from 1 millis to 1 day, such as "1 second"',
    "slowCalls.ratio": ratio,
  })
  expect(read()).toEqual({
    ...{
      window: { type: "time", duration: 10_000, failureRatio: 0.5, minimumCalls: 20 },
      slowCalls: undefined,
      wrong: [],
    },
  })
  expect(read({ window: { type: "count" }, slowCalls: true })).toEqual({
    window: { type: "count", calls: 100, failureRatio: 0.5, minimumCalls: 20, maxAge: 300_000 },
    ...{ slowCalls: { after: 1000, ratio: 0.8 }, wrong: [] },
  })
  expect(read({ window: { type: "consecutive" } }).window).toEqual({
    type: "consecutive",
    failures: 5,
    maxAge: 300_000,
  })
})

test("a window of calls holds as many as it needs to decide, and each gives way to the other", () => {
  const count = (options: object) => {
    const { window, wrong } = read({ window: { type: "count", ...options } })
    return window.type === "count" ? [window.calls, window.minimumCalls, ...wrong] : []
  }
  expect([count({ minimumCalls: 500 }), count({ calls: 7 }), count({ calls: 7, minimumCalls: 7 })]).toEqual([
    ...[
      [500, 500],
      [7, 7],
      [7, 7],
    ],
  ])
  expect(count({ calls: 7, minimumCalls: 8 })).toEqual([
    7,
    8,
    "it.window.minimumCalls: must not be more than calls (7)",
  ])
})

describe("the line", () => {
  const never = Number.POSITIVE_INFINITY

  test("is of the window that was asked for, and what is not watched is never reached", () => {
    expect(circuitLine(read())).toEqual({
      ...{ kind: "ratio", failureRatio: 0.5, slowRatio: never, minimumCalls: 20, row: never },
      window: { type: "time", durationMs: 10_000, slices: 10 },
    })
    expect(
      circuitLine(read({ window: { type: "count", calls: 50, failureRatio: 0.2 }, slowCalls: { ratio: 0.3 } })),
    ).toEqual({
      ...{ kind: "ratio", failureRatio: 0.2, slowRatio: 0.3, minimumCalls: 20, row: never },
      window: { type: "count", calls: 50, maxAgeMs: 300_000 },
    })
    expect(circuitLine(read({ window: { type: "consecutive", failures: 3, maxAge: 500 }, slowCalls: true }))).toEqual({
      ...{ kind: "ratio", failureRatio: never, slowRatio: never, minimumCalls: never, row: 3 },
      window: { type: "consecutive", maxAgeMs: 500 },
    })
  })

  test("watches alike over the same window with the same slow line, wherever it lies", () => {
    const alike = (one: object, other: object) => watchesAlike(read(one), read(other))
    expect(alike({}, { window: { type: "time", failureRatio: 0.1, minimumCalls: 5 } })).toBe(true)
    expect(alike({}, { window: { type: "time", duration: 500 } })).toBe(false)
    expect(alike({ slowCalls: true }, { slowCalls: { ratio: 0.1 } })).toBe(true)
    expect([alike({ slowCalls: true }, {}), alike({ slowCalls: true }, { slowCalls: { after: 5 } })]).toEqual([
      false,
      false,
    ])
  })
})

describe("an alarm", () => {
  const rang = (rule: string, calls: number, failures: number, slow = 0) =>
    ({ rule, statistics: { calls, failures, slow } }) as AlarmRang

  test("is told by what it rang on", () => {
    const all = [rang("asked", 1, 1), rang("row", 5, 5), rang("slowRatio", 30, 2, 20), rang("failureRatio", 30, 20, 2)]
    expect(all.map(describeAlarm)).toEqual([
      ...["the service asked to be left alone", "5 calls in a row were bad"],
      ...["67 % of 30 calls were slow", "67 % of 30 calls failed"],
    ])
  })

  test("counts where its own figures reach the line, or the service has asked", () => {
    const time = read({ slowCalls: true })
    const is = (settings: Watching, alarm: AlarmRang) => isAlarmed(settings, alarm)
    expect([
      is(time, rang("asked", 0, 0)),
      is(time, rang("failureRatio", 20, 10)),
      is(time, rang("failureRatio", 20, 9)),
    ]).toEqual([true, true, false])
    expect([
      is(time, rang("failureRatio", 19, 19)),
      is(time, rang("slowRatio", 20, 0, 16)),
      is(time, rang("slowRatio", 20, 0, 15)),
    ]).toEqual([...[false, true, false]])
    const row = read({ window: { type: "consecutive", failures: 3 } })
    expect([is(row, rang("row", 3, 3)), is(row, rang("row", 2, 2))]).toEqual([true, false])
  })
})
