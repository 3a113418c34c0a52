/** What is told of calls while somebody records: each of them once, however it entered, waited or ended. */
import { describe, expect, test } from "vitest"
import { type Tape, writeEnd } from "../../src/data-plane/tape.ts"
import { Alarm } from "../../src/data-plane/timers.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { barePlane, openGate } from "../support/barePlane.ts"
import { haltingClock } from "../support/haltingClock.ts"
import { isIn, slotted } from "../support/slots.ts"

function notes() {
  const told: string[] = []
  let [calls, waits] = [0, 0]
  const tape: Tape = {
    entered: (entry, now) => {
      told.push(`${now}: ${++calls} entered, ${entry}`)
      return calls
    },
    lent: (leaseMs) => void told.push(`${calls} lent for ${leaseMs}`),
    waits: (now, _facts, deadlineAt) => {
      told.push(`${now}: ${++waits} waits until ${deadlineAt}`)
      return waits
    },
    waited: (number, now) => void told.push(`${now}: ${number} has waited`),
    gaveUp: (number, now) => void told.push(`${now}: ${number} gave up`),
    turn: () => void told.push("timers"),
    refused: (layer, now) => void told.push(`${now}: refused, ${layer}`),
    settled: (serial, judged, now) => void told.push(`${now}: ${serial} settled, ${String(judged)}`),
  }
  return { told, tape }
}

describe("a tape", () => {
  test("hears of a call that finds its way clear, and of its end", () => {
    const { plane, clock } = barePlane()
    const { told, tape } = notes()
    plane.swap(openGate({}))
    plane.record(tape)
    const ticket = plane.admit(clock.now())
    clock.step(5)
    if (ticket.admitted) ticket.settle("timedOut")
    plane.record(undefined)
    plane.admit(clock.now())
    expect(told).toEqual(["0: 1 entered, ordinary", "5: 1 settled, timedOut"])
  })

  test("hears for how long a call is lent, once it has entered, and not of one whose entry it did not hear", () => {
    const { plane, clock } = barePlane()
    const { told, tape } = notes()
    const lend = (leaseMs: number) => {
      const ticket = plane.admit(clock.now())
      if (ticket.admitted) plane.lease(ticket, leaseMs)
    }
    plane.swap(openGate({}))
    lend(10)
    plane.record(tape)
    lend(300.5)
    clock.step(400)
    expect(told).toEqual([
      "0: 1 entered, ordinary",
      "1 lent for 300.5",
      "10: 0 settled, ignored",
      "300.5: 1 settled, ignored",
    ])
  })

  test("hears that a call has ended when it is known whether the host stood still until then", () => {
    const clock = haltingClock()
    const wheel = new Wheel(clock)
    const told: string[] = []
    const tape: Tape = { ...notes().tape, settled: () => void told.push(`${wheel.turns.stalls.count} stalls`) }
    const receipt = slotted({ limit: 1 }).call().answer
    if (!receipt?.admitted) throw new Error("was refused")
    wheel.arm(new Alarm(() => {}), 40)
    clock.sleep(100)
    writeEnd(tape, wheel.alarm, receipt, "success", 100)
    expect(told).toEqual(["1 stalls"])
  })

  test("hears how each call entered, or by what it was refused", () => {
    const { plane } = barePlane()
    const { told, tape } = notes()
    const gate = openGate({})
    const under = (part: object, more: object = {}) =>
      plane.swap({ ...gate, ...more, restriction: { ...gate.restriction, ...part } })
    plane.record(tape)
    under({ probes: 1 })
    for (let call = 0; call < 2; call++) plane.admit(1)
    under({ limit: 0 })
    plane.admit(2)
    under({ share: 0 }, { enforcement: "observe" })
    plane.admit(3)
    under({}, { enforcement: "off" })
    plane.admit(4)
    expect(told).toEqual([
      "1: 1 entered, probe",
      "1: refused, probe",
      "2: refused, limit",
      "3: 2 entered, uncounted",
      "4: 3 entered, uncounted",
    ])
  })

  test("knows those who wait by number: who was let in, who gave up, who waited in vain", () => {
    const { plane, clock, call, end } = slotted({ limit: 1 })
    const { told, tape } = notes()
    plane.record(tape)
    const [first, second, third] = [call(), call(), call()]
    call({}, 700)
    clock.step(100)
    end(first)
    plane.queue.giveUp(third)
    clock.step(650)
    expect(isIn(second)).toBe(true)
    expect(told.filter((line) => line !== "timers")).toEqual([
      "0: 1 entered, ordinary",
      "0: 1 waits until Infinity",
      "0: 2 waits until Infinity",
      "0: 3 waits until 700",
      "100: 1 settled, success",
      "100: 1 has waited",
      "100: 2 entered, ordinary",
      "100: 2 gave up",
      "700: 3 has waited",
      "700: refused, queue",
    ])
  })

  test("does not know those by another tape's numbers who wait already", () => {
    const { plane, call, end } = slotted({ limit: 1 })
    plane.record(notes().tape)
    const [first, second, third] = [call(), call(), call()]
    const { told, tape } = notes()
    plane.record(tape)
    end(first)
    plane.queue.giveUp(third)
    expect(isIn(second)).toBe(true)
    expect(told.map((line) => line.slice(3))).toEqual(["1 settled, success", "1 entered, ordinary"])
  })
})
