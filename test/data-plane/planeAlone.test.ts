/** The data plane of one breaker by itself: what it counts, whom it tells, and when, for calls that go the short way and the whole one. */
import { describe, expect, test } from "vitest"
import { type Gate, type Lines, type RatioLine, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { Judged, OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import type { CellChange } from "../../src/data-plane/cells.ts"
import { Ghost } from "../../src/data-plane/ghost.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { barePlane, openGate } from "../support/barePlane.ts"
import { cellLine } from "../support/keyedPlane.ts"
import { stepClock } from "../support/stepClock.ts"

const ratioLine: RatioLine = {
  ...{ kind: "ratio", window: { type: "count", calls: 20 } },
  ...{ failureRatio: 0.9, slowRatio: 0.9, minimumCalls: 20, row: 20 },
} as RatioLine

/** A plane under this gate; what it tells, in order. */
function planeUnder(lines: Lines = {}, more: Partial<Gate> = {}, meaning: Judged = "ignored") {
  const clock = stepClock()
  const wheel = new Wheel(clock)
  const told: string[] = []
  const errors: unknown[] = []
  const plane = new Plane("law", wheel, {
    signal: (report: Report) => told.push(report.type),
    refused: ({ layer }: Rejection, now) => told.push(`${now}: ${layer}`),
    classify: (error) => {
      errors.push(error)
      return meaning
    },
    idle: () => told.push("idle"),
    cell: ({ to, key }: CellChange) => told.push(`${to} ${key}`),
  })
  plane.swap(openGate(lines, more))
  const admit = (facts?: object) => {
    const ticket = plane.admit(clock.now(), facts as never)
    if (!ticket.admitted) throw new Error(`refused by ${ticket.layer}`)
    return ticket
  }
  const swap = (next: Lines, change: Partial<Gate> = {}) =>
    plane.swap(openGate(next, { version: plane.gate.version + 1, ...change }))
  return { clock, wheel, plane, told, errors, admit, swap }
}

const under = (part: object, more: Partial<Gate> = {}): Partial<Gate> => ({
  ...more,
  restriction: { ...unrestricted, ...part },
})

describe("a call that has ended", () => {
  test("ends once, whichever way it went, and leaves its breaker idle when it was the last", () => {
    for (const more of [{}, { enforcement: "off" }] as const) {
      const { plane, told, admit } = planeUnder({}, more)
      const [one, other] = [admit(), admit()]
      expect([plane.inFlight, plane.tally.admitted]).toEqual([2, 2])
      expect([one.settle("success"), one.settle("failure"), plane.settleAt(one, "failure", 5)]).toEqual([
        ...[true, false, false],
      ])
      expect([plane.inFlight, plane.tally.success, plane.tally.failure, told]).toEqual([1, 1, 0, []])
      other.settle("timedOut")
      expect([plane.inFlight, plane.tally.timedOut, told]).toEqual([0, 1, ["idle"]])
    }
  })

  test("may be said to have ended in four ways, and no other", () => {
    const { plane, admit } = planeUnder()
    expect(() => admit().settle("done" as OutcomeKind)).toThrow(
      new TypeError("settle takes one of success, failure, timedOut, ignored"),
    )
    expect(plane.inFlight).toBe(1)
  })

  test("means what its error means, where it has failed and one is given", () => {
    const { plane, errors, admit } = planeUnder()
    admit().settle("failure", { error: "no" })
    admit().settle("failure", {})
    admit().settle("failure")
    admit().settle("success", { error: "no" })
    expect([errors, plane.tally.ignored, plane.tally.failure, plane.tally.success]).toEqual([["no"], 1, 2, 1])
  })

  test("counts no more where another epoch has begun, or where it was let in unseen", () => {
    const { plane, swap, admit } = planeUnder()
    const early = admit()
    swap({}, { epoch: 2 })
    expect([early.settle("failure"), plane.tally.stragglers, plane.tally.uncounted]).toEqual([true, 1, 0])
    const { plane: other, admit: letIn } = planeUnder({}, { enforcement: "off" })
    letIn().settle("failure")
    expect([other.tally.stragglers, other.tally.uncounted]).toEqual([0, 1])
  })

  test("lets a limit of calls in flight take in the next", () => {
    for (const lines of [{}, { cells: cellLine }] as const) {
      const { plane, admit } = planeUnder(lines, under({ limit: 1 }))
      const facts = { key: "a" }
      const one = admit(facts)
      expect(plane.admit(0, facts)).toMatchObject({ admitted: false, layer: "limit" })
      one.settle("success")
      expect(plane.admission.running).toBe(0)
      expect(plane.admit(0, facts).admitted).toBe(true)
    }
  })
})

describe("a call that is refused", () => {
  test("is counted by its layer, and told of; where the gate is observed it runs unseen, and nobody is told", () => {
    const { plane, told, clock } = planeUnder({}, under({ limit: 0 }))
    clock.step(7)
    expect(plane.admit(7)).toMatchObject({ admitted: false, layer: "limit" })
    expect([plane.tally.rejected, plane.tally.refusals, plane.tally.shadowed, told, plane.inFlight]).toEqual([
      ...[1, { limit: 1 }, 0, ["7: limit"], 0],
    ])
    const shadow = planeUnder({}, under({ limit: 0 }, { enforcement: "observe" }))
    const ticket = shadow.admit()
    expect([ticket.counted, shadow.plane.tally.shadowed, shadow.plane.tally.rejected, shadow.told]).toEqual([
      ...[false, 1, 0, []],
    ])
    expect([shadow.plane.inFlight, shadow.plane.tally.admitted]).toEqual([1, 1])
  })

  test("would be refused, and is not counted, where it is only asked; nobody would be where the gate is not obeyed", () => {
    const { plane, told } = planeUnder({}, under({ limit: 0 }))
    expect([plane.wouldReject(3)?.layer, plane.tally.rejected, told]).toEqual(["limit", 0, []])
    for (const enforcement of ["off", "observe"] as const)
      expect(planeUnder({}, under({ limit: 0 }, { enforcement })).plane.wouldReject(3)).toBeUndefined()
    expect(planeUnder().plane.wouldReject(3)).toBeUndefined()
  })

  test("because of its cell has that told, and an alarm rings once all are silent for long", () => {
    const { plane, told } = planeUnder({ cells: cellLine })
    const call = (key: string, kind: OutcomeKind = "success") => {
      const ticket = plane.admit(0, { key })
      if (ticket.admitted) ticket.settle(kind)
      return ticket.admitted
    }
    for (let turn = 0; turn < 600; turn++) call(`key ${turn % 30}`)
    told.length = 0
    for (const dead of ["a", "b"])
      while (call(dead, "failure")) for (let turn = 0; turn < 30; turn++) call(`key ${turn}`)
    const seen = told.filter((one) => one !== "idle")
    expect(seen).toEqual(["0: cell", "condemned a", "0: cell", "condemned b"])
    expect(plane.meter.isParted).toBe(false)
    plane.swap({ ...plane.gate, version: 9 })
    expect(plane.meter.isParted).toBe(true)
    told.length = 0
    for (let turn = 0; turn < 300; turn++) call(turn % 2 === 0 ? "a" : "b", "failure")
    expect(told.filter((one) => one === "alarm.rang")).toEqual(["alarm.rang"])
  })
})

describe("a cell that is held back", () => {
  const lines: Lines = { cells: cellLine, circuit: ratioLine, slowAfterMs: 100 }
  function condemning(more: Lines = lines) {
    const all = planeUnder(more)
    const call = (key: string, kind: OutcomeKind = "success") => {
      const ticket = all.plane.admit(all.clock.now(), { key })
      if (ticket.admitted) ticket.settle(kind)
      return ticket.admitted
    }
    for (let turn = 0; turn < 600; turn++) call(`key ${turn % 30}`)
    while (call("dead", "failure")) for (let turn = 0; turn < 30; turn++) call(`key ${turn}`)
    return { ...all, call }
  }

  test("is probed by calls that nobody counts as the service's own, however long they run", () => {
    const { plane, clock, admit } = condemning()
    clock.step(5000)
    expect([admit({ key: "dead" }).isApart, plane.admission.running]).toEqual([true, 1])
    clock.step(200)
    expect(plane.meter.lateness.total).toBe(0)
    admit({ key: "key 1" })
    clock.step(200)
    expect(plane.meter.lateness.total).toBe(1)
  })

  test("has it watched whether the host stands still while a probe of it may be in time", () => {
    const { wheel, clock, admit } = condemning()
    clock.step(5000)
    const before = wheel.size
    const probe = admit({ key: "dead" })
    expect([probe.isApart, wheel.size - before]).toEqual([true, 1])
    clock.step(1000)
    expect(wheel.size).toBe(before)
  })

  test("has the circuit hear that all are silent when it is asked for, and not where another call is refused", () => {
    const { plane, told, admit, call } = condemning({ cells: cellLine })
    const all = Array.from({ length: 220 }, (_, at) => admit({ key: `key ${at % 30}` }))
    for (const one of all) one.settle("failure")
    plane.swap({ ...plane.gate, version: 9, restriction: { ...unrestricted, limit: 0 } })
    told.length = 0
    expect(plane.admit(0)).toMatchObject({ admitted: false, layer: "limit" })
    expect(told).toEqual(["0: limit"])
    expect(call("dead")).toBe(false)
    expect(told).toEqual(["0: limit", "0: cell", "alarm.rang"])
  })
})

test("a call that entered while nothing was limited has spent nothing: that it was never made gives nothing back", () => {
  const rates = [{ limit: 2, intervalMs: 60_000, burst: 2 }]
  const { plane, admit, swap } = planeUnder({ rates })
  const left = () => plane.admission.rates?.left(0).map((one) => one.left)
  swap({})
  const early = admit()
  swap({ rates })
  admit()
  expect([early.spent, left()]).toEqual([undefined, [1]])
  plane.settleAt(early, { kind: "ignored", trip: false, unsent: true } as never, 0)
  expect(left()).toEqual([1])
})

describe("the clock", () => {
  test("need not be read for a call that nobody measures, or whose order matters to nobody", () => {
    expect([planeUnder().plane.untimed, planeUnder({ slowAfterMs: 100 }).plane.untimed]).toEqual([true, false])
    const { plane } = planeUnder()
    Object.defineProperty(plane.meter, "orders", { value: true })
    expect(plane.untimed).toBe(false)
  })
})

describe("who decides beside a breaker", () => {
  test("follows from when it is there until it is not, and not what an operator lets through", () => {
    const { plane, admit, swap } = planeUnder()
    const other = barePlane()
    other.plane.swap(openGate({}))
    const ghost = new Ghost(other.plane)
    const seen = () => ghost.tally.admitted
    admit()
    plane.haunt(ghost)
    admit().settle("failure")
    expect([seen(), other.plane.tally.failure]).toEqual([1, 1])
    swap({}, { enforcement: "off" })
    admit().settle("failure")
    expect([seen(), other.plane.tally.failure]).toEqual([1, 1])
    swap({})
    plane.haunt(undefined)
    admit()
    expect([seen(), plane.tally.admitted]).toEqual([1, 4])
  })
})

describe("a class that a call names", () => {
  test("is counted with it, whether it is let in or refused", () => {
    const { plane, admit, swap } = planeUnder()
    admit({ priority: "low" })
    admit()
    swap({}, under({ limit: 0 }))
    plane.admit(0, { priority: "low" })
    expect(plane.tally.classes).toEqual({ low: { admitted: 1, rejected: 1 } })
  })
})

describe("a probe", () => {
  const halfOpen = under({ probes: 1 }, { circuit: "halfOpen" })

  test("is counted as one, and is told of when it ends; its place is free again", () => {
    const { plane, told, admit } = planeUnder({ leaseMs: 1000 }, halfOpen)
    const probe = admit()
    expect([probe.probe, plane.tally.probes, plane.tally.admitted, plane.admit(0).admitted]).toEqual([
      ...[true, 1, 1, false],
    ])
    told.length = 0
    probe.settle("failure")
    expect([told, plane.admission.leases.places.size]).toEqual([["probe.failed", "idle"], 0])
    admit().settle("success")
    expect(told.slice(2)).toEqual(["probe.succeeded", "idle"])
  })

  test("whose lease ends is told of as expired, its holder's end says nothing more, and its place is free", () => {
    const { plane, told, admit, clock } = planeUnder({ leaseMs: 1000 }, halfOpen)
    const probe = admit()
    plane.lease(probe, 5000)
    clock.step(999)
    expect(told).toEqual([])
    clock.step(1)
    expect(told).toEqual(["idle", "probe.expired"])
    expect([probe.settled, probe.settle("success"), plane.tally.ignored, plane.inFlight]).toEqual([true, false, 1, 0])
    expect(plane.admit(1000).admitted).toBe(true)
    const { plane: other, told: heard, admit: letIn, clock: time } = planeUnder({ leaseMs: 1000 }, halfOpen)
    const unleased = letIn()
    time.step(1000)
    // It is not over: when it ends it is late.
    expect([[...heard], unleased.settled, unleased.settle("success"), other.tally.stragglers]).toEqual([
      ...[["probe.expired"], false, false, 1],
    ])
    expect(heard.slice(1)).toEqual(["probe.answered", "idle"])
  })
})

describe("a lease", () => {
  test("ends a call that its holder forgets, as ignored; one that ends before has none any more", () => {
    const { plane, wheel, admit, clock } = planeUnder()
    const [forgotten, other] = [admit(), admit()] as [Receipt, Receipt]
    plane.lease(forgotten, 5000)
    plane.lease(other, 5000)
    clock.step(100)
    other.settle("success")
    clock.step(4900)
    expect([forgotten.settled, plane.tally.ignored, plane.tally.success, plane.inFlight, wheel.size]).toEqual([
      ...[true, 1, 1, 0, 0],
    ])
  })
})

describe("a budget for further attempts", () => {
  const budget = { share: 0.5, reserve: 1, most: 4 }

  test("is made and kept by the gate; successes that count fund it, which is told when the call is over", () => {
    for (const lines of [{ budget }, { budget, cells: cellLine }]) {
      const { plane, told, admit, swap } = planeUnder(lines)
      const made = plane.retryBudget
      expect([made?.take(0), made?.take(0), told]).toEqual([true, false, ["budget.spent"]])
      swap({ ...lines, budget: { ...budget } })
      expect(plane.retryBudget).toBe(made)
      for (const kind of ["failure", "success", "success"] as const) admit({ key: "a" }).settle(kind)
      expect(told).toEqual(["budget.spent", "idle", "idle", "idle", "budget.funded"])
      swap({})
      expect(plane.retryBudget).toBeUndefined()
    }
  })

  test("is not funded by what nobody counts", () => {
    const { plane, told, admit } = planeUnder({ budget }, { enforcement: "off" })
    for (let turn = 0; turn < 2; turn++) plane.retryBudget?.take(0)
    for (let turn = 0; turn < 4; turn++) admit().settle("success")
    expect([told.includes("budget.funded"), plane.retryBudget?.left]).toEqual([false, 0])
  })
})

describe("what a service says of its own limits", () => {
  const exceeded = { kind: "failure", trip: true, quota: { exceeded: true } } as never

  test("is heard where an actor wants to: a refusal by them is no failure, whichever way the call goes", () => {
    for (const lines of [{}, { cells: cellLine }]) {
      const { plane, told, admit, clock } = planeUnder({ ...lines, toldMs: 1000 })
      plane.settleAt(admit({ key: "a" }), exceeded, 0)
      expect([plane.tally.ignored, plane.tally.failure, told]).toEqual([1, 0, ["idle"]])
      clock.step(1000)
      admit({ key: "a" }).settle("success")
      expect(told).toEqual(["idle", "throttle.told", "idle"])
    }
    const deaf = planeUnder()
    deaf.plane.settleAt(deaf.admit(), exceeded, 0)
    expect([deaf.plane.tally.failure, deaf.told.includes("throttle.told")]).toEqual([1, false])
  })
})

describe("a plane that stops", () => {
  test("leaves no timer behind, and what still ends is a straggler of no epoch", () => {
    const { plane, wheel, admit, clock } = planeUnder({ slowAfterMs: 100, sliceMs: 1000, circuit: ratioLine })
    const leased = admit()
    plane.lease(leased, 5000)
    plane.stop()
    expect([wheel.size, leased.settled, plane.tally.ignored, plane.admission.running]).toEqual([0, true, 1, 0])
    clock.step(10_000)
  })
})
