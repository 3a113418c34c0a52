/** The options of `priority`, and what it makes of what it hears. */
import { describe, expect, test } from "vitest"
import {
  bounds,
  freshSlots,
  isFixed,
  longestUnheardMs,
  movedTo,
  noteLimit,
  notePressure,
  type PrioritySettings,
  pressureAt,
  priorityOptions,
  readSlots,
  restoredSlots,
  unpressed,
  watched,
} from "../../machines/slotting.ts"
import type { BreakerRestored, LimitMoved, PressureChanged, Signal } from "../../machines/vocabulary/signal.ts"
import { readBy, rulesOf } from "../support/optionRules.ts"

const read = (options?: unknown) => readBy(priorityOptions, options)
const slotsOf = (options?: unknown) =>
  freshSlots({ settings: read(options).settings } as { settings: PrioritySettings } as never)
const whole = "must be a whole number from 1 to 100000"

test("each option has its bounds, and its standard", () => {
  expect(rulesOf(priorityOptions)).toEqual({
    limit: 'must be a plain object, a number or "adaptive"',
    ...{ "limit.min": whole, "limit.max": whole, "limit.initial": whole },
    reserve: "must be a plain object",
    "reserve.critical": "must be a number from 0 to 0.9",
    "reserve.high": "must be a number from 0 to 0.9",
    "reserve.normal": "must be a number from 0 to 0.9",
    "reserve.low": "must be a number from 0 to 0.9",
    queue: "must be a plain object, a number, true or false",
    "queue.max": whole,
    "queue.deadline": 'must be a duration from 1 millis to 1 hour, such as "1 second"',
    tenants: "must be a plain object",
    "tenants.quota": "must be a number from 0.01 to 1",
    pressure: "must be a plain object, true or false",
    "pressure.pressed": "must be a number from 0.1 to 1",
    "pressure.saturated": "must be a number from 0.1 to 1",
  })
  expect(read()).toEqual({
    settings: {
      limit: { min: 1, max: 100_000, initial: 20 },
      reserve: { critical: 0, high: 0, normal: 0, low: 0 },
      queue: { max: 1000, deadline: 1000 },
      tenants: { quota: 0.25 },
      pressure: { pressed: 0.9, saturated: 0.98 },
    },
    wrong: [],
  })
})

test("a limit is a number, learned between bounds, or learned as far as may be", () => {
  const limit = (value: unknown) => {
    const { settings, wrong } = read({ limit: value })
    return [(settings as PrioritySettings).limit, ...wrong]
  }
  expect(limit(7)).toEqual([{ min: 7, max: 7, initial: 7 }])
  expect(limit("adaptive")).toEqual([{ min: 1, max: 100_000, initial: 20 }])
  expect(limit({ min: 30 })).toEqual([{ min: 30, max: 100_000, initial: 30 }])
  expect(limit({ max: 10 })).toEqual([{ min: 1, max: 10, initial: 10 }])
  expect(limit({ min: 5, max: 5, initial: 5 })).toEqual([{ min: 5, max: 5, initial: 5 }])
  expect(limit({ min: 6, max: 5 }).slice(1)).toEqual(["it.limit.max: must not be less than min"])
  for (const initial of [4, 8])
    expect(limit({ min: 5, max: 7, initial }).slice(1)).toEqual(["it.limit.initial: must lie between min and max"])
  expect(limit(0).slice(1)).toEqual([`it.limit: ${whole}`])
  expect(limit("all").slice(1)).toEqual(['it.limit: must be a plain object, a number or "adaptive"'])
})

test("what is kept for classes leaves a tenth to all, and pressure rises from one line to the other", () => {
  expect(read({ reserve: { critical: 0.5, high: 0.2, normal: 0.1, low: 0.1 } }).wrong).toEqual([])
  expect(read({ reserve: { critical: 0.9 } }).wrong).toEqual([])
  for (const share of ["critical", "high", "normal", "low"])
    expect(read({ reserve: { critical: 0.25, high: 0.25, normal: 0.25, low: 0.125, [share]: 0.5 } }).wrong).toEqual([
      "it.reserve.critical: must with the others leave a tenth to all",
    ])
  expect(read({ pressure: { pressed: 0.5, saturated: 0.5 } }).wrong).toEqual([])
  expect(read({ pressure: { pressed: 0.6, saturated: 0.5 } }).wrong).toEqual([
    "it.pressure.saturated: must not be less than pressed",
  ])
})

test("a queue may be called by its length, and there may be none", () => {
  const queue = (value: unknown) => (read({ queue: value }).settings as PrioritySettings).queue
  expect([queue(7), queue({ deadline: 5 }), queue(true), queue(false)]).toEqual([
    { max: 7, deadline: 1000 },
    { max: 1000, deadline: 5 },
    { max: 1000, deadline: 1000 },
    undefined,
  ])
})

describe("the slots that are asked for", () => {
  test("are as many as the options say, kept by rank from bulk up", () => {
    const slots = slotsOf({
      limit: { min: 3, max: 9, initial: 5 },
      reserve: { critical: 0.4, high: 0.3, normal: 0.1, low: 0.05 },
    })
    expect(slots.line).toEqual({
      ...{ adaptive: true, least: 3, most: 9, first: 5, waitMs: 1000, quota: 0.25, pressure: true },
      reserve: [0, 0.05, 0.1, 0.3, 0.4],
    })
    expect([isFixed(slots), watched(slots), bounds(slots)]).toEqual([
      false,
      { slots: slots.line },
      { slots: 9, queue: 1000 },
    ])
    expect(slots).toMatchObject({ learned: undefined, isForetold: false, pressure: { level: 0, by: "" } })
  })

  test("are fixed, unwatched and waited for by nobody where that is said", () => {
    const slots = slotsOf({ limit: 4, queue: false, pressure: false, tenants: { quota: 0.5 } })
    expect(slots.line).toMatchObject({
      adaptive: false,
      least: 4,
      most: 4,
      first: 4,
      waitMs: 0,
      quota: 0.5,
      pressure: false,
    })
    expect([isFixed(slots), bounds(slots)]).toEqual([true, { slots: 4, queue: 0 }])
  })

  test("begin where a limit was learned before, as far as that lies within the bounds of now", () => {
    const restored = (limit: unknown, options: object = { limit: { min: 3, max: 9 } }) =>
      restoredSlots(slotsOf(options), { parts: { priority: { limit } } } as unknown as BreakerRestored)
    expect(restored(5.7)).toMatchObject({ learned: 5, line: { first: 5, least: 3, most: 9 } })
    expect([restored(1).learned, restored(99).learned]).toEqual([3, 9])
    expect(restored("5")).toEqual({})
    expect(restoredSlots(slotsOf(), { parts: {} } as BreakerRestored)).toEqual({})
  })
})

test("a saved limit is a number from one to a hundred thousand", () => {
  expect([readSlots({ limit: 1 }), readSlots({ limit: 100_000 }), readSlots({ limit: 7.9 })]).toEqual([
    ...[{ limit: 1 }, { limit: 100_000 }, { limit: 7 }],
  ])
  for (const none of [
    null,
    undefined,
    7,
    "7",
    {},
    { limit: 0.9 },
    { limit: 100_001 },
    { limit: "7" },
    { limit: Number.NaN },
  ])
    expect(readSlots(none)).toBeUndefined()
})

test("what is told of the limit is noted", () => {
  const moved: LimitMoved = { type: "limit.moved", at: 5, state: "capped", limit: 7, independent: false }
  expect(noteLimit(moved)).toEqual({ learned: 7 })
  expect([movedTo("capped")({ event: moved }), movedTo("holding")({ event: moved })]).toEqual([true, false])
  expect(() => movedTo("capped")({ event: { type: "pressure.changed" } as Signal })).toThrow()
})

describe("pressure", () => {
  const changed = (utilisation: number, memory: number, queue: number): PressureChanged =>
    ({ type: "pressure.changed", at: 5, utilisation, memory, queue }) as PressureChanged

  test("is that of whatever presses most, by its name; what cannot be read presses nobody", () => {
    const of = (...levels: readonly [number, number, number]) => notePressure(changed(...levels)).pressure
    expect([of(0.9, 0.5, 0.1), of(0.1, 0.5, 0.2), of(0.1, 0.5, 0.7)]).toEqual([
      { level: 0.9, by: "event loop" },
      { level: 0.5, by: "memory" },
      { level: 0.7, by: "queue" },
    ])
    expect(of(Number.NaN, 0.3, Number.POSITIVE_INFINITY)).toEqual({ level: 0.3, by: "memory" })
    expect([unpressed.pressure, longestUnheardMs]).toEqual([{ level: 0, by: "" }, 5000])
  })

  test("rises at its lines, and eases a twentieth below the one at which it rose", () => {
    const slots = slotsOf({ pressure: { pressed: 0.5, saturated: 0.75 } })
    const at = (level: number, from: number) => pressureAt(slots, changed(level, 0, 0), from)
    expect([0.49, 0.5, 0.74, 0.75].map((level) => at(level, 0))).toEqual([0, 1, 1, 2])
    expect([0.449, 0.4501, 0.74, 0.75].map((level) => at(level, 1))).toEqual([0, 1, 1, 2])
    expect([0.449, 0.4501, 0.699, 0.7001].map((level) => at(level, 2))).toEqual([0, 1, 1, 2])
    const deaf = slotsOf({ pressure: false })
    expect([0, 1, 2].map((from) => pressureAt(deaf, changed(1, 1, 1), from))).toEqual([0, 1, 2])
  })
})
