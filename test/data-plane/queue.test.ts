/** The end of waiting: whoever waits is answered once, whatever ends it, and an empty queue holds nobody up. */
import { describe, expect, test } from "vitest"
import { Bulkhead } from "../../src/data-plane/limiter/bulkhead.ts"
import { Tenants } from "../../src/data-plane/limiter/tenants.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { gateWith, isIn, layerOf, NotedWaiter, slotted } from "../support/slots.ts"
import { stepClock } from "../support/stepClock.ts"

describe("those who wait for a slot", () => {
  test("are turned away when their breaker stops, by its phase or because no slot became free", () => {
    for (const phase of ["active", "draining"] as const) {
      const { plane, call, clock } = slotted({ limit: 1 })
      const waiting = [call(), call({ priority: "high" }), call({ priority: "bulk" })].slice(1)
      const { gate } = plane
      if (phase === "draining") plane.swap({ ...gate, phase, restriction: { ...gate.restriction, share: 0 } })
      plane.stop()
      expect(waiting.map(layerOf)).toEqual(phase === "active" ? ["queue", "queue"] : ["lifecycle", "lifecycle"])
      expect(plane.queue.size).toBe(0)
      clock.step(10_000)
    }
  })

  test("are the last that a breaker waits for, if nothing else is in flight", () => {
    let idle = 0
    const clock = stepClock()
    const plane = new Plane("law", new Wheel(clock), {
      signal: () => {},
      refused: () => {},
      classify: () => "failure",
      idle: () => void idle++,
    })
    plane.swap(gateWith({ limit: 1 }))
    const running = plane.admit(0)
    const [one, other] = [new NotedWaiter({}, 0, 1000), new NotedWaiter({}, 0, 1000)]
    for (const waiter of [one, other]) plane.queue.hold(waiter, 0)
    expect(plane.queue.giveUp(one)).toBe(true)
    expect(plane.queue.giveUp(one)).toBe(false)
    expect(idle).toBe(0)
    // Nobody may be let in: the call that ends leaves one waiting, and the breaker is not idle before that one is gone.
    plane.swap(gateWith({ limit: 1, queue: 1000 }, { ...plane.gate, epoch: 1 }))
    if (running.admitted) running.settle("success")
    expect(isIn(other)).toBe(true)
    const { answer } = other
    if (answer?.admitted) answer.settle("success")
    expect(idle).toBe(1)
    expect(plane.tally.gaveUp).toBe(1)
  })

  test("cannot join where nobody may wait any more: whoever comes is turned away, and nobody else", () => {
    const bulkhead = new Bulkhead(new Wheel(stepClock()))
    bulkhead.adopt(gateWith({ limit: 1, queue: 0 }))
    const waiter = new NotedWaiter({}, 0, 1000)
    expect(bulkhead.join(waiter, 0)).toBe(waiter)
    expect(bulkhead.line.size).toBe(0)
    expect(bulkhead.surplus).toBeUndefined()
  })
})

describe("tenants", () => {
  test("are forgotten by the thousand, but none that holds a slot", () => {
    const tenants = new Tenants()
    tenants.take("busy", 0)
    tenants.take("busy", 0)
    for (let tenant = 0; tenant < 1500; tenant++) {
      tenants.take(`${tenant}`, 0)
      tenants.giveBack(`${tenant}`, 0)
    }
    expect(tenants.exceeds("busy", 1, 60_000)).toBe(true)
    tenants.giveBack("busy", 60_000)
    expect(tenants.exceeds("busy", 1, 120_000)).toBe(true)
    tenants.giveBack("busy", 120_000)
    expect(tenants.exceeds("busy", 1, 120_000)).toBe(false)
  })
})
