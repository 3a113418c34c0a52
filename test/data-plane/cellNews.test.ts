/** What is told of cells and endpoints, once, and to whom an outcome belongs. */
import { describe, expect, test } from "vitest"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { AlarmRang, Report } from "../../machines/vocabulary/signal.ts"
import type { Admission } from "../../src/data-plane/admission.ts"
import { hearCells, settleCell, settleSite, tellCells, tellReport, tidings } from "../../src/data-plane/cellNews.ts"
import type { CellChange, Cells } from "../../src/data-plane/cells.ts"
import type { PlaneHooks } from "../../src/data-plane/planeHooks.ts"
import { Receipt, type Settler } from "../../src/data-plane/receipt.ts"
import { Visit } from "../../src/data-plane/visits.ts"

const statistics = { calls: 3, failures: 3, slow: 0 }
const change = (key: string): CellChange => ({ to: "condemned", key, cells: 1, condemned: 1, statistics })
const alarm: AlarmRang = { type: "alarm.rang", at: 7, epoch: 2, rule: "row", statistics }
const settler = {} as Settler

/** Stands in for what an admission has: only what is given is there. */
const having = (parts: object): Admission => parts as Admission

function listener() {
  const told: unknown[] = []
  const hooks = {
    signal: (report: Report) => told.push(report),
    cell: (one: CellChange, now: number) => told.push([one.key, now]),
  } as unknown as PlaneHooks
  return { told, hooks }
}

describe("news of cells and endpoints", () => {
  test("are told once, those of cells first, and only where there are any", () => {
    const { told, hooks } = listener()
    const cells = { news: change("card 7") as CellChange | undefined }
    const endpoints = { news: change("a") as CellChange | undefined }
    const admission = having({ cells, endpoints })
    tellCells(admission, hooks, 5)
    tellCells(admission, hooks, 6)
    endpoints.news = change("b")
    tellCells(admission, hooks, 8)
    tellCells(having({}), hooks, 9)
    expect(told).toEqual([
      ["card 7", 5],
      ["a", 5],
      ["b", 8],
    ])
    expect([cells.news, endpoints.news]).toEqual([undefined, undefined])
  })

  test("are lost on a plane that nobody listens to, and are no error", () => {
    const cells = { news: change("card 7") as CellChange | undefined }
    tellCells(having({ cells }), {} as PlaneHooks, 5)
    expect(cells.news).toBeUndefined()
  })

  test("after a refusal say that all are silent, where they are", () => {
    const { told, hooks } = listener()
    const cells = { news: change("card 7"), takeSilence: () => undefined as object | undefined }
    hearCells(having({ cells }), hooks, 4, 5)
    expect(told.splice(0)).toEqual([["card 7", 5]])
    cells.takeSilence = () => statistics
    hearCells(having({ cells }), hooks, 4, 6)
    expect(told.splice(0)).toEqual([{ type: "alarm.rang", at: 6, epoch: 4, rule: "run", statistics }])
    hearCells(having({}), hooks, 4, 7)
    expect(told).toEqual([])
  })
})

describe("an alarm", () => {
  /** What is told of a report, and since when the meter doubts. */
  const toldOf = (parts: object, report: Report) => {
    const { told, hooks } = listener()
    const doubts: number[] = []
    const meter = { doubt: (at: number) => doubts.push(at) }
    tellReport(having(parts), hooks, meter as never, report)
    return { told, doubts }
  }

  test("says where the trouble sits: in cells, else in an endpoint; the meter then doubts its own", () => {
    const asked: number[] = []
    const endpoints = {
      within: (at: number) => {
        asked.push(at)
        return "oneCell" as const
      },
    }
    expect(toldOf({ cells: { within: "cells" }, endpoints }, alarm)).toEqual({
      told: [{ ...alarm, within: "cells" }],
      doubts: [7],
    })
    expect(asked).toEqual([])
    expect(toldOf({ cells: { within: undefined }, endpoints }, alarm)).toEqual({
      told: [{ ...alarm, within: "oneCell" }],
      doubts: [7],
    })
    expect(toldOf({ endpoints }, alarm).doubts).toEqual([7])
    expect(asked).toEqual([7, 7])
  })

  test("of the service as a whole goes on as it is, and so does every other report", () => {
    const whole = toldOf({ cells: { within: undefined }, endpoints: { within: () => undefined } }, alarm)
    expect([whole.told[0] === alarm, "within" in (whole.told[0] as object), whole.doubts]).toEqual([true, false, []])
    expect(toldOf({}, alarm)).toEqual({ told: [alarm], doubts: [] })
    const moved: Report = { type: "limit.moved", at: 1, state: "holding", limit: 9, independent: false }
    expect(toldOf({ cells: { within: "cells" } }, moved)).toEqual({ told: [moved], doubts: [] })
  })
})

test("of gauges the machines hear one thing at a time: of endpoints first, then of the limit", () => {
  const [shifted, limit] = [{ type: "endpoints.shifted" }, { type: "limit.moved" }]
  const endpoints = { shifted: (now: number) => (now === 1 ? shifted : undefined) }
  const bulkhead = { news: (now: number) => (now < 3 ? limit : undefined) }
  expect([1, 2, 3].map((now) => tidings(having({ endpoints, bulkhead }), now))).toEqual([shifted, limit, undefined])
  expect([tidings(having({ bulkhead }), 1), tidings(having({}), 1)]).toEqual([limit, undefined])
})

describe("an outcome", () => {
  test("of a cell's call is for its cell to judge; of other calls only a success that counts is heard", () => {
    let good = 0
    const settled: unknown[] = []
    const cells = {
      hearGood: () => good++,
      settle: (...told: readonly unknown[]) => settled.push(told) === 1,
    } as unknown as Cells
    const visit = new Visit(settler, 1, 0, "card 7", 0, -1)
    const receipt = (counted: boolean) => new Receipt(settler, 1, 0, undefined, counted)
    expect(settleCell(undefined, visit, "failure", 9)).toBe(false)
    expect([settleCell(cells, visit, "failure", 9), settleCell(cells, visit, "success", 10)]).toEqual([true, false])
    expect(settled).toEqual([
      [visit, "failure", 9],
      [visit, "success", 10],
    ])
    expect(good).toBe(0)
    const others = [
      [receipt(true), "failure"],
      [receipt(false), "success"],
      [receipt(true), "success"],
    ] as const
    expect(others.map(([one, kind]) => [settleCell(cells, one, kind, 11), good])).toEqual([
      [false, 0],
      [false, 0],
      [false, 1],
    ])
  })

  test("of an ordinary call is its endpoint's alone where that says so, and nobody's who was sent nowhere", () => {
    const asked: unknown[] = []
    const site = {}
    const endpoints = {
      leave: (...told: readonly unknown[]) => {
        asked.push(told)
        return told[2] === "failure"
      },
    }
    const sent = new Receipt(settler, 1, 0)
    sent.site = site as never
    const settle = (parts: object, one: Receipt, kind: OutcomeKind) => settleSite(having(parts), one, kind, 9)
    expect([settle({ endpoints }, sent, "failure"), settle({ endpoints }, sent, "success")]).toEqual([true, false])
    expect(asked).toEqual([
      [site, sent, "failure", true, 9],
      [site, sent, "success", true, 9],
    ])
    expect([settle({ endpoints }, new Receipt(settler, 1, 0), "failure"), asked.length]).toEqual([false, 2])
    expect(settle({}, sent, "failure")).toBe(false)
  })
})
