/** A receipt by itself: what it says of a call, and to whom it reports. */
import { describe, expect, test } from "vitest"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { ProbePlace, Receipt, type Settler } from "../../src/data-plane/receipt.ts"

function settlerOf() {
  const told: unknown[] = []
  const settler: Settler = {
    settle: (receipt, kind, details) => {
      told.push([receipt, kind, details])
      return kind === "success"
    },
    settleAt: () => true,
    expire: (place, now) => void told.push([place, now]),
  }
  return { settler, told }
}

class OfCell extends Receipt {
  override get probesCell(): boolean {
    return true
  }
}

describe("a receipt", () => {
  const { settler, told } = settlerOf()
  const place = new ProbePlace(3, settler)
  const of = (counted = true, probe = false) => new Receipt(settler, 3, 70, probe ? place : undefined, counted)

  test("begins as an ordinary call that holds nothing", () => {
    const one = of()
    expect({ ...one }).toEqual({
      ...{ epoch: 3, startedAt: 70, place: undefined, counted: true, leased: false, settled: false, isPlain: false },
      ...{ serial: 0, spent: undefined, site: undefined, slot: 0, rank: 0, tenant: undefined, feature: undefined },
      ...{ tests: false },
      // What settles it has no name.
      ...Object.fromEntries(Object.getOwnPropertySymbols(one).map((symbol) => [symbol, settler.settle])),
    })
    const { admitted, probe, isApart, isOrdinary, probesCell, endpoint } = one
    expect([admitted, probe, isApart, isOrdinary, probesCell, endpoint]).toEqual([
      true,
      false,
      false,
      true,
      false,
      undefined,
    ])
  })

  test("of a probe decides by itself, and so does one of a cell's probe or a feature's test: none is ordinary", () => {
    const probe = of(true, true)
    expect([probe.probe, probe.isApart, probe.isOrdinary]).toEqual([true, false, false])
    const cell = new OfCell(settler, 3, 70, undefined, true)
    expect([cell.probe, cell.isApart, cell.isOrdinary]).toEqual([false, true, false])
    const trial = of()
    trial.tests = true
    expect([trial.isApart, trial.isOrdinary]).toEqual([true, false])
    expect(of(false).isOrdinary).toBe(false)
  })

  test("is settled by its holder, who may say more, or forget to: then it counts as ignored", () => {
    const one = of()
    const details = { error: new Error("bad") }
    expect((["success", "failure"] as OutcomeKind[]).map((kind) => one.settle(kind, details))).toEqual([true, false])
    one[Symbol.dispose]()
    expect(told.splice(0)).toEqual([
      [one, "success", details],
      [one, "failure", details],
      [one, "ignored", undefined],
    ])
  })

  test("is listed, logged as JSON and cloned without what it reports to", () => {
    const one = of()
    const names = Object.keys(one)
    expect(names).toContain("startedAt")
    expect(names.filter((name) => typeof Reflect.get(one, name) === "function")).toEqual([])
    expect(Object.keys(structuredClone(one))).toEqual(names)
    expect(JSON.parse(JSON.stringify(one))).not.toHaveProperty("settledBy")
  })

  test("says where the call goes", () => {
    const one = of()
    const facts = { id: "a" }
    Object.assign(one, { site: { facts } })
    expect(one.endpoint).toBe(facts)
  })

  test("loses its probe's place when the lease ends, and the place says so", () => {
    expect([place.epoch, place.expired, place.holder]).toEqual([3, false, undefined])
    place.fire(99)
    expect([place.expired, told.splice(0)]).toEqual([true, [[place, 99]]])
  })
})
