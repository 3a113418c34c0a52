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

  test("are waited for also where nothing is in flight: whoever gives up last leaves an idle breaker", () => {
    let idle = 0
    const hooks = { signal: () => {}, refused: () => {}, classify: () => "failure" as const, idle: () => void idle++ }
    const plane = new Plane("law", new Wheel(stepClock()), hooks)
    plane.swap(gateWith({ limit: 1 }))
    const waiter = new NotedWaiter({}, 0, 1000)
    plane.queue.hold(waiter, 0)
    expect([plane.queue.giveUp(waiter), idle]).toEqual([true, 1])
  })

  test("are answered by whoever comes first: one whose caller gives up because of another's refusal is not refused", () => {
    const { plane, clock, call, refused } = slotted({ limit: 1 })
    call()
    const [one, other, third] = [call(), call(), call()]
    one.onAnswer = () => void plane.queue.giveUp(other)
    const { gate } = plane
    plane.swap({ ...gate, restriction: { ...gate.restriction, share: 0 } })
    clock.step(1)
    expect([one, other, third].map(layerOf)).toEqual(["lifecycle", "waits", "lifecycle"])
    expect([refused.length, plane.queue.size, plane.tally.gaveUp]).toEqual([2, 0, 1])
  })

  test("wait on while only probes may enter: they are no probes, and the circuit may close in time", () => {
    const { plane, clock, call } = slotted({ limit: 1 })
    const running = call()
    const waiting = call()
    const { gate } = plane
    const restriction = { ...gate.restriction, probes: 1, features: {}, floor: 4 }
    plane.swap({ ...gate, epoch: 1, circuit: "halfOpen", restriction })
    clock.step(100)
    expect([isIn(running), layerOf(waiting)]).toEqual([true, "waits"])
    plane.swap({ ...gate, epoch: 2 })
    const { answer } = running
    if (answer?.admitted) answer.settle("success")
    expect(isIn(waiting)).toBe(true)
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
