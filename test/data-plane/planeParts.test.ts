/** What a plane does for each of its parts when a call enters and ends, the short way and the whole one. */
import { describe, expect, test } from "vitest"
import { type Gate, type Lines, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { CellChange } from "../../src/data-plane/cells.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import type { Tape } from "../../src/data-plane/tape.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { openGate } from "../support/barePlane.ts"
import { endpointsOf, lineOf } from "../support/endpointPlane.ts"
import { cellLine } from "../support/keyedPlane.ts"
import { gateWith, isIn, slotted } from "../support/slots.ts"
import { stepClock } from "../support/stepClock.ts"

function planeUnder(lines: Lines, more: Partial<Gate> = {}) {
  const clock = stepClock()
  const wheel = new Wheel(clock)
  const told: string[] = []
  const plane = new Plane("law", wheel, {
    signal: ({ type }) => told.push(type),
    refused: () => {},
    classify: () => "failure",
    idle: () => {},
    cell: ({ to, key }: CellChange) => told.push(`${to} ${key}`),
  })
  plane.swap(openGate(lines, more))
  const admit = (facts?: object): Receipt => {
    const ticket = plane.admit(clock.now(), facts as never)
    if (!ticket.admitted) throw new Error(`refused by ${ticket.layer}`)
    return ticket
  }
  return { clock, wheel, plane, told, admit }
}

function notes() {
  const heard: string[] = []
  let [calls, waits] = [0, 0]
  const tape: Tape = {
    entered: (entry, now) => {
      heard.push(`${now}: ${++calls} ${entry}`)
      return calls
    },
    lent: (leaseMs) => void heard.push(`lent for ${leaseMs}`),
    waits: () => ++waits,
    waited: (number) => void heard.push(`${number} has waited`),
    gaveUp: (number) => void heard.push(`${number} gave up`),
    turn: () => {},
    refused: (layer, now) => void heard.push(`${now}: ${layer}`),
    settled: (serial, judged, now) => void heard.push(`${now}: ${serial} ${String(judged)}`),
  }
  return { heard, tape }
}

describe("a tape", () => {
  test("hears of each call, whichever way it goes, from when it is there until it is not", () => {
    const { plane, clock, admit } = planeUnder({ leaseMs: 1000 })
    const { heard, tape } = notes()
    expect(plane.untimed).toBe(true)
    plane.record(tape)
    expect(plane.untimed).toBe(false)
    admit().settle("success")
    const probing = openGate({ leaseMs: 1000 }, { version: 2, restriction: { ...unrestricted, probes: 1 } })
    plane.swap(probing)
    const probe = admit()
    plane.lease(probe, 5000)
    plane.admit(0)
    clock.step(1000)
    plane.record(undefined)
    admit()
    expect(heard).toEqual([
      "0: 1 ordinary",
      "0: 1 success",
      "0: 2 probe",
      "lent for 5000",
      "0: probe",
      "1000: 2 ignored",
    ])
  })

  test("is told of nobody who waits under a number of another", () => {
    const { plane, call, end } = slotted({ limit: 1 })
    plane.record(notes().tape)
    const [first, second] = [call(), call()]
    const { heard, tape } = notes()
    plane.record(tape)
    end(first)
    expect([isIn(second), heard.some((one) => one.includes("waited"))]).toEqual([true, false])
  })
})

describe("an endpoint", () => {
  const lines = { endpoints: lineOf(endpointsOf("a", "b")), slowAfterMs: 1000 }

  /** The one is left out, with a call of its under way; what was told of that, and what the meter was. */
  function leftOut(more: Lines = {}) {
    const it = planeUnder({ ...lines, ...more })
    const { plane, clock } = it
    for (let call = 0; call < 100; call++) it.admit().settle("success")
    clock.step(5)
    let late = it.admit()
    while (late.endpoint?.id !== "a") late = it.admit()
    for (let call = 0; call < 200 && plane.admission.endpoints?.ejected === 0; call++) {
      const one = it.admit()
      one.settle(one.endpoint?.id === "a" ? "failure" : "success")
    }
    const passed: unknown[] = []
    plane.meter.pass = (...told) => void passed.push(told)
    plane.meter.settle = () => void passed.push("settled")
    return { ...it, late, passed }
  }

  test("is handed to each call, and to a further attempt one that it has not been to", () => {
    const { admit } = planeUnder(lines)
    const went = Array.from({ length: 40 }, () => admit().endpoint?.id)
    expect([went.includes("a"), went.includes("b"), went.includes(undefined)]).toEqual([true, true, false])
    for (let call = 0; call < 40; call++) expect(admit({ tried: ["a"] }).endpoint?.id).toBe("b")
  })

  test("that is left out is told of at once, is tried by an ordinary call, and answers alone for what still fails there", () => {
    for (const more of [{}, { toldMs: 100, cells: cellLine }] as const) {
      const { plane, told, clock, admit, late, passed } = leftOut(more)
      expect(told).toContain("condemned a")
      clock.step(1)
      admit().settle("success")
      passed.length = 0
      plane.settleAt(late, "failure", clock.now())
      expect(passed).toEqual([["failure", 5, clock.now(), true]])
      clock.step(50_000)
      expect(admit().endpoint?.id).toBe("a")
    }
  })

  test("that is left out while cells are watched is told of, too", () => {
    const { plane, admit, told } = planeUnder({ ...lines, cells: cellLine })
    admit({ key: "card 7" }).settle("success")
    expect(plane.admission.cells).toBeDefined()
    for (let call = 0; call < 100; call++) admit().settle("success")
    for (let call = 0; call < 200 && plane.admission.endpoints?.ejected === 0; call++) {
      const one = admit()
      one.settle(one.endpoint?.id === "a" ? "failure" : "success")
    }
    expect(told).toContain("condemned a")
  })
})

describe("a cell that is condemned", () => {
  test("answers alone for its calls: those that entered before count as entered, its probes do not", () => {
    const { plane, clock, admit } = planeUnder({ cells: cellLine })
    const call = (key: string, kind: OutcomeKind = "success") => {
      const ticket = plane.admit(clock.now(), { key })
      if (ticket.admitted) ticket.settle(kind)
      return ticket.admitted
    }
    for (let turn = 0; turn < 600; turn++) call(`key ${turn % 30}`)
    const late = admit({ key: "dead" })
    while (call("dead", "failure")) for (let turn = 0; turn < 30; turn++) call(`key ${turn}`)
    const passed: unknown[] = []
    plane.meter.pass = (kind, _startedAt, _now, entered) => void passed.push([kind, entered])
    late.settle("failure")
    clock.step(5000)
    admit({ key: "dead" }).settle("failure")
    expect(passed).toEqual([
      ["failure", true],
      ["failure", false],
    ])
  })

  test("is not suspected any more once a call of no cell went well", () => {
    const { plane, admit } = planeUnder({ cells: cellLine })
    admit({ key: "a" }).settle("success")
    admit({ key: "b" }).settle("failure")
    expect(plane.admission.cells?.within).toBe("oneCell")
    admit().settle("success")
    expect(plane.admission.cells?.within).toBeUndefined()
  })
})

describe("a slot", () => {
  test("is held by no call under a gate that has none, and comes back from none that entered without", () => {
    const { plane, admit } = planeUnder({})
    const early = admit()
    plane.swap(gateWith({ limit: 3 }, { ...plane.gate, epoch: 1 }))
    expect([early.settle("success"), plane.admission.bulkhead?.slots.inUse]).toEqual([true, 0])
    const held = admit()
    expect([held.slot, plane.admission.bulkhead?.slots.inUse]).toEqual([1, 1])
    plane.swap(openGate({}, { version: 9 }))
    expect([admit().slot, plane.admission.bulkhead?.slots.inUse]).toEqual([0, 1])
    held.settle("success")
    expect(plane.admission.bulkhead?.slots.inUse).toBe(0)
  })
})

describe("a rate", () => {
  test("is spent by a call where there is one, and by none where there is none", () => {
    expect(planeUnder({}).admit().spent).toBeUndefined()
    const { plane, admit } = planeUnder({ rates: [{ limit: 1, intervalMs: 1000, burst: 2 }] } as never)
    expect([admit().spent?.cost, admit().spent?.cost, plane.admit(0).admitted]).toEqual([1, 1, false])
  })
})

describe("features that are watched", () => {
  test("hear of each call that ends, the short way as well, and what they find is told", () => {
    const { plane, told, admit } = planeUnder({})
    const ended: unknown[] = []
    const features = {
      settle: (_receipt: Receipt, kind: unknown) => (ended.push(kind) > 1 ? { type: "feature.x" } : undefined),
    }
    plane.admission.features = features as never
    for (const kind of ["success", "failure"] as const) admit().settle(kind)
    expect([ended, told]).toEqual([["success", "failure"], ["feature.x"]])
  })
})

test("what the meter finds is told: that a service asked to be left alone", () => {
  const { plane, told, admit } = planeUnder({ slowAfterMs: 100 })
  plane.settleAt(admit(), { kind: "failure", trip: true, retryAfterMs: 500 }, 0)
  expect(told).toEqual(["alarm.rang"])
})

describe("timers of a plane", () => {
  test("free the place of a probe whose lease has ended, also where nobody leased its call", () => {
    const { plane, clock, admit } = planeUnder({ leaseMs: 1000 }, { restriction: { ...unrestricted, probes: 1 } })
    admit()
    clock.step(999)
    expect([plane.admit(999).admitted, plane.admission.leases.places.size]).toEqual([false, 1])
    clock.step(1)
    expect([plane.admission.leases.places.size, plane.admit(1000).admitted]).toEqual([0, true])
  })

  test("are none when it has stopped, though calls are under way; those are of no epoch any more", () => {
    const { plane, wheel, clock, admit } = planeUnder({ slowAfterMs: 100, sliceMs: 1000 })
    admit()
    clock.step(50)
    plane.stop()
    expect([wheel.size, plane.admission.running, plane.inFlight]).toEqual([0, 0, 1])
    const other = planeUnder({ leaseMs: 1000 })
    const leased = other.admit()
    other.plane.lease(leased, 5000)
    leased.settle("success")
    expect(other.wheel.lengths).toBeGreaterThan(0)
    other.plane.stop()
    expect(other.wheel.lengths).toBe(0)
  })
})
