import { priority, tighten, unrestricted } from "recloser/machines"
import { describe, expect, it, test } from "vitest"
import { priorities, rankOf } from "../../machines/vocabulary/priority.ts"
import { problemsOf, restored, saveOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { limitSteps, take } from "../support/walks.ts"

const pressed = (memory: number) => ({ type: "pressure.changed", utilisation: 0, memory, queue: 0 }) as const
const told = (limit: number) => ({ type: "limit.moved", state: "holding", limit, independent: false }) as const
const demandOf = (chart: ReturnType<typeof startChart>) => tighten(unrestricted, chart.advice().demand)
const reportOf = (chart: ReturnType<typeof startChart>) => priority.report?.(chart.snapshot(), chart.clock.now())

it("priority law 1: nobody of normal priority or above is refused by class, whatever is told", () =>
  fc.assert(
    fc.asyncProperty(fc.array(limitSteps, { maxLength: 30 }), async (walk) => {
      const chart = startChart(priority)
      for (const step of walk) {
        await take(chart, step)
        expect(demandOf(chart).floor).toBeLessThanOrEqual(rankOf("normal"))
      }
    }),
  ))

it("priority law 2: the floor rises at its lines and falls only clearly below them", () => {
  const chart = startChart(priority)
  const floors = [0.89, 0.9, 0.86, 0.85, 0.84, 0.98, 0.94, 0.92, 0.1].map((level) => {
    chart.send(pressed(level))
    return demandOf(chart).floor
  })
  expect(floors).toEqual([0, 1, 1, 1, 0, 2, 2, 1, 0])
  expect(reportOf(chart)).toMatchObject({ pressure: "relaxed", level: 0.1 })
})

it("priority law 2: the gauge that is fullest decides, and one that cannot be read does not", () => {
  const chart = startChart(priority)
  chart.send({ type: "pressure.changed", utilisation: Number.NaN, memory: 0.2, queue: 0.99 })
  expect(demandOf(chart).floor).toBe(2)
  expect(priority.reason?.(chart.snapshot())).toBe("the queue is 99 % full")
})

it("priority law 2: without pressure nothing raises it", () => {
  const chart = startChart(priority, { options: { pressure: false } })
  chart.send(pressed(1))
  expect(demandOf(chart).floor).toBe(0)
})

it("priority law 3: a floor of which nothing is heard for five seconds is lowered, and one that is told again stays", async () => {
  for (const level of [0.92, 0.99]) {
    const chart = startChart(priority)
    for (let second = 0; second < 20; second++) {
      chart.send(pressed(level))
      await chart.clock.advance("1 second")
      expect(demandOf(chart).floor).toBe(level < 0.98 ? 1 : 2)
    }
    await chart.clock.advance("4 seconds")
    expect(demandOf(chart).floor).toBe(0)
    expect(reportOf(chart)).toMatchObject({ pressure: "relaxed", level: 0 })
  }
})

it("priority law 4: the bounds stay what they were, and the report says what was told", () => {
  const chart = startChart(priority, { options: { limit: { min: 2, max: 50 } } })
  const before = chart.advice()
  chart.send(told(17))
  expect(chart.advice()).toEqual(before)
  expect(reportOf(chart)).toMatchObject({ state: "holding", limit: 17 })
})

it("priority law 5: a fixed limit is what was set, and nothing of it is saved", () => {
  const chart = startChart(priority, { options: { limit: 5, queue: false } })
  for (const signal of [told(17), restored({ priority: { limit: 9 } })]) chart.send(signal)
  expect(reportOf(chart)).toMatchObject({ state: "fixed", limit: 5 })
  expect(demandOf(chart)).toMatchObject({ slots: 5, queue: 0 })
  expect(saveOf(priority, chart)).toBeUndefined()
})

it("priority law 6: a learned limit begins where it was, within the bounds of today", () => {
  const before = startChart(priority)
  before.send(told(42))
  for (const [max, begins] of [
    [100, 42],
    [30, 30],
  ] as const) {
    const after = startChart(priority, { options: { limit: { max } } })
    after.send(restored({ priority: saveOf(priority, before) }))
    expect(after.advice().lines.slots).toMatchObject({ first: begins, most: max })
  }
})

it("priority law 7: while failure is foretold bulk calls alone give way; pressure may say more", () => {
  const chart = startChart(priority)
  const foretell = (state: "warned" | "calm" | "cold" | "frozen") => chart.send({ type: "forecast.changed", state })
  foretell("warned")
  expect(demandOf(chart).floor).toBe(rankOf("low"))
  chart.send(pressed(0.99))
  expect(demandOf(chart).floor).toBe(rankOf("normal"))
  chart.send(pressed(0.1))
  expect(demandOf(chart).floor).toBe(rankOf("low"))
  for (const state of ["calm", "cold", "frozen"] as const) {
    foretell("warned")
    expect(reportOf(chart)).toMatchObject({ pressure: "foretold" })
    foretell(state)
    expect(demandOf(chart).floor).toBe(0)
  }
})

describe("options", () => {
  test("may be short", () => {
    const short = startChart(priority, { options: { limit: 8, queue: 3, reserve: { critical: 0.25 } } })
    expect(short.advice()).toMatchObject({
      demand: { slots: 8, queue: 3 },
      lines: { slots: { adaptive: false, least: 8, most: 8, first: 8, reserve: [0, 0, 0, 0, 0.25], waitMs: 1000 } },
    })
    expect(startChart(priority, { options: { limit: "adaptive" } }).advice().lines.slots?.adaptive).toBe(true)
  })

  test.each([
    [{ limit: 0 }, "options.limit"],
    [{ limit: 2.5 }, "options.limit"],
    [{ limit: "many" }, "options.limit"],
    [{ limit: { min: 5, max: 4 } }, "options.limit.max"],
    [{ limit: { min: 5, initial: 4 } }, "options.limit.initial"],
    [{ reserve: { critical: 0.6, high: 0.5 } }, "options.reserve.critical"],
    [{ reserve: { bulk: 0.1 } }, "options.reserve.bulk"],
    [{ queue: -1 }, "options.queue"],
    [{ queue: { deadline: "soon" } }, "options.queue.deadline"],
    [{ tenants: { quota: 0 } }, "options.tenants.quota"],
    [{ pressure: { pressed: 0.9, saturated: 0.5 } }, "options.pressure.saturated"],
  ])("%j is refused at %s", (options, path) => {
    expect(problemsOf(priority, options).map((problem) => problem.path)).toEqual([path])
  })
})

test("classes are ranked in the order of their names; what says nothing is normal", () => {
  expect(priorities.map(rankOf)).toEqual([4, 3, 2, 1, 0])
  expect(rankOf(undefined)).toBe(2)
})
