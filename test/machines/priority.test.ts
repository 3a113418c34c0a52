import { priority, tighten, unrestricted } from "recloser/machines"
import { describe, expect, it, test } from "vitest"
import { type LimitState, priorities, rankOf } from "../../machines/vocabulary/priority.ts"
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

describe("what it says of itself", () => {
  const limitMoved = (state: LimitState, limit: number, independent = false) =>
    ({ type: "limit.moved", state, limit, independent }) as const
  const reasonOf = (chart: ReturnType<typeof startChart>) => priority.reason?.(chart.snapshot())
  const foretell = (chart: ReturnType<typeof startChart>, state: "warned" | "calm") =>
    chart.send({ type: "forecast.changed", state })

  test("priority law 4: is where the limit stands, from any state to any other, and whether failures come of the load", () => {
    const limits = ["following", "climbing", "holding", "capped", "draining"] as const
    for (const from of limits)
      for (const to of limits) {
        const chart = startChart(priority)
        expect(reportOf(chart)).toEqual({
          ...{ state: "following", limit: chart.advice().lines.slots?.first },
          ...{ pressure: "relaxed", level: 0, failures: "suspect" },
        })
        chart.send(limitMoved(from, 7, true))
        expect(reportOf(chart)).toMatchObject({ state: from, limit: 7, failures: "independent" })
        chart.send(limitMoved(to, 8, true))
        expect(reportOf(chart)).toMatchObject({ state: to, limit: 8, failures: "independent" })
        chart.send(limitMoved(from, 9, false))
        expect(reportOf(chart)).toMatchObject({ state: from, limit: 9, failures: "suspect" })
        chart.send(limitMoved(to, 9, false))
        expect(reportOf(chart)).toMatchObject({ state: to, failures: "suspect" })
      }
  })

  test("is why calls are refused", () => {
    const chart = startChart(priority)
    expect(reasonOf(chart)).toBe("bounds the calls in flight")
    foretell(chart, "warned")
    expect(reasonOf(chart)).toBe("failure is foretold")
    chart.send({ type: "pressure.changed", utilisation: 0.912, memory: 0.5, queue: 0 })
    expect(reasonOf(chart)).toBe("the event loop is 91 % full")
    chart.send(pressed(0.99))
    expect(reasonOf(chart)).toBe("the memory is 99 % full")
    chart.send(pressed(0.1))
    expect(reasonOf(chart)).toBe("failure is foretold")
    expect(priority.layer).toBe("limit")
  })

  test("priority law 6: is what it has learned, in whole calls: nothing before, and nothing while the process is pressed", () => {
    const chart = startChart(priority)
    expect(saveOf(priority, chart)).toBeUndefined()
    chart.send(limitMoved("climbing", 42.9))
    expect(saveOf(priority, chart)).toEqual({ limit: 42 })
    for (const level of [0.92, 0.99]) {
      chart.send(pressed(level))
      expect(saveOf(priority, chart)).toBeUndefined()
      chart.send(pressed(0))
      expect(saveOf(priority, chart)).toEqual({ limit: 42 })
    }
    foretell(chart, "warned")
    expect(saveOf(priority, chart)).toBeUndefined()
    const fixed = startChart(priority, { options: { limit: 5 } })
    fixed.send(limitMoved("climbing", 42))
    expect([saveOf(priority, fixed), reportOf(fixed)]).toEqual([undefined, expect.objectContaining({ limit: 5 })])
    expect(fixed.advice().lines.slots?.first).toBe(5)
    expect(priority.canRestore?.({ limit: 42 }, undefined as never)).toBe(true)
    expect(priority.canRestore?.({ limit: 0 }, undefined as never)).toBe(false)
  })

  test("priority laws 2 and 7: is what presses, told anew each time, whether failure is foretold meanwhile or not", () => {
    const chart = startChart(priority)
    const stands = (level: number) => {
      chart.send(pressed(level))
      const { pressure, level: told } = reportOf(chart) as { readonly pressure: string; readonly level: number }
      return [pressure, told, demandOf(chart).floor]
    }
    expect([0.3, 0.95, 0.86, 0.99, 0.95, 0.9, 0.86, 0.2].map(stands)).toEqual([
      ["relaxed", 0.3, 0],
      ["pressed", 0.95, 1],
      ["pressed", 0.86, 1],
      ["saturated", 0.99, 2],
      ["saturated", 0.95, 2],
      ["pressed", 0.9, 1],
      ["pressed", 0.86, 1],
      ["relaxed", 0.2, 0],
    ])
    foretell(chart, "warned")
    expect([0.3, 0.95, 0.2, 0.99, 0.2].map(stands)).toEqual([
      ["foretold", 0.3, 1],
      ["pressed", 0.95, 1],
      ["foretold", 0.2, 1],
      ["saturated", 0.99, 2],
      ["foretold", 0.2, 1],
    ])
    stands(0.99)
    foretell(chart, "calm")
    expect(stands(0.2)).toEqual(["relaxed", 0.2, 0])
  })

  test("priority law 7: where nothing may raise the floor no forecast does", () => {
    const chart = startChart(priority, { options: { pressure: false } })
    foretell(chart, "warned")
    expect([demandOf(chart).floor, reportOf(chart)]).toEqual([0, expect.objectContaining({ pressure: "relaxed" })])
  })
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
