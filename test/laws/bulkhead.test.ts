/** The bulkhead: what holds of slots and of those who wait for one, whatever happens in whatever order. */

import { describe, expect, it, test } from "vitest"
import { priorities, rankOf } from "../../machines/vocabulary/priority.ts"
import fc from "../support/property.ts"
import { gateWith, isIn, layerOf, type NotedWaiter, slotted } from "../support/slots.ts"

const priority = fc.constantFrom(...priorities)
const facts = fc.record({ priority, tenant: fc.constantFrom("one", "two", "three") }, { requiredKeys: [] })
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant("call" as const), facts, deadlineMs: fc.constantFrom(50, 5000, 1e9) }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat(50) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("giveUp" as const), which: fc.nat(50) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 40, 700, 3000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("limit" as const), limit: fc.integer({ min: 1, max: 6 }) }) },
)
const options = fc.record({
  limit: fc.integer({ min: 1, max: 5 }),
  queue: fc.integer({ min: 0, max: 8 }),
  quota: fc.constantFrom(1, 0.4),
  reserve: fc.constantFrom([0, 0, 0, 0, 0], [0, 0, 0, 0.2, 0.3]),
})

describe("slots", () => {
  it("are conserved: each call is in flight, waits, has ended, was refused or was given up, and none leaks", () => {
    fc.assert(
      fc.property(options, fc.array(step, { minLength: 20, maxLength: 120 }), (settings, steps) => {
        const { plane, clock, call, end } = slotted(settings)
        const calls: NotedWaiter[] = []
        let limit = settings.limit
        for (const next of steps) {
          const before = plane.inFlight
          if (next.do === "call") calls.push(call(next.facts, next.deadlineMs))
          else if (next.do === "wait") clock.step(next.ms)
          else if (next.do === "limit") {
            limit = next.limit
            plane.swap(gateWith({ ...settings, limit }, plane.gate))
          } else {
            const some = calls[next.which % Math.max(1, calls.length)]
            if (some !== undefined && next.do === "end") end(some)
            else if (some !== undefined) plane.queue.giveUp(some)
          }
          expect(plane.inFlight).toBeLessThanOrEqual(Math.max(limit, before))
          const { admitted, rejected, gaveUp } = plane.tally
          expect(admitted + rejected + gaveUp + plane.queue.size).toBe(calls.length)
          expect(plane.queue.size).toBe(
            calls.filter(({ answer, lane }) => answer === undefined && lane !== undefined).length,
          )
        }
        for (let left = plane.inFlight; left > 0; left = plane.inFlight) for (const one of calls) end(one)
        clock.step(10_000)
        expect([plane.inFlight, plane.queue.size]).toEqual([0, 0])
        const after = Array.from({ length: limit }, () => call({ priority: "critical" }))
        expect(after.every(isIn)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  }, 60_000)

  it("one that is released wakes one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 20 }), (limit, waiting) => {
        const { plane, call, end } = slotted({ limit })
        const running = Array.from({ length: limit }, () => call())
        const others = Array.from({ length: waiting }, () => call())
        expect(others.filter(isIn)).toHaveLength(0)
        end(running[0] as NotedWaiter)
        expect(others.map(isIn)).toEqual(others.map((_, index) => index === 0))
        expect(plane.inFlight).toBe(limit)
      }),
    )
  })

  it("goes to the highest class that waits, and in a class to whoever came first", () => {
    fc.assert(
      fc.property(fc.array(priority, { minLength: 1, maxLength: 20 }), (classes) => {
        const { call, end } = slotted({ limit: 1 })
        let running = call()
        const waiting = classes.map((one) => call({ priority: one }))
        const order: number[] = []
        for (let turn = 0; turn < classes.length; turn++) {
          end(running)
          const next = waiting.findIndex((one, index) => isIn(one) && !order.includes(index))
          order.push(next)
          running = waiting[next] as NotedWaiter
        }
        const expected = classes
          .map((one, index) => ({ rank: rankOf(one), index }))
          .sort((one, other) => other.rank - one.rank || one.index - other.index)
        expect(order).toEqual(expected.map(({ index }) => index))
      }),
    )
  })

  it("is refused to nobody for whom a lower class could have given way", () => {
    fc.assert(
      fc.property(
        fc.array(priority, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (classes, queue) => {
          const { call, refused } = slotted({ limit: 1, queue })
          call({ priority: "critical" })
          const waiting = classes.map((one) => ({ one, waiter: call({ priority: one }) }))
          const kept = waiting.filter(({ waiter }) => layerOf(waiter) === "waits").map(({ one }) => rankOf(one))
          const gone = waiting.filter(({ waiter }) => layerOf(waiter) === "queue").map(({ one }) => rankOf(one))
          expect(kept).toHaveLength(Math.min(queue, classes.length))
          expect(Math.max(-1, ...gone)).toBeLessThanOrEqual(Math.min(...kept))
          expect(refused).toHaveLength(gone.length)
        },
      ),
    )
  })
})

describe("those who wait", () => {
  test("a class that has not been served for long has a turn, whatever waits above it", () => {
    const { clock, call, end } = slotted({ limit: 1, waitMs: 60_000 })
    let running = call({ priority: "critical" })
    const bulk = call({ priority: "bulk" })
    let served = 0
    for (; !isIn(bulk) && served < 1000; served++) {
      const next = call({ priority: "critical" })
      clock.step(10)
      end(running)
      running = isIn(next) ? next : bulk
    }
    expect(served).toBeGreaterThan(50)
    expect(served).toBeLessThan(150)
  })

  test("of several tenants take turns, however many calls one of them has", () => {
    const { call, end } = slotted({ limit: 1 })
    let running = call()
    const many = Array.from({ length: 50 }, () => call({ tenant: "many" }))
    const few = Array.from({ length: 5 }, () => call({ tenant: "few" }))
    const all = [...many, ...few]
    for (let turn = 0; turn < 10; turn++) {
      end(running)
      running = all.find(
        (one) => isIn(one) && one.answer !== undefined && !(one.answer as { settled: boolean }).settled,
      ) as NotedWaiter
    }
    expect(few.filter(isIn)).toHaveLength(5)
    expect(many.filter(isIn)).toHaveLength(5)
  })

  test("a tenant that always calls everything critical holds its part of the slots as critical, and no more", () => {
    const { clock, call, end } = slotted({ limit: 10, quota: 0.3, waitMs: 100 })
    let [running, waiting]: [NotedWaiter[], NotedWaiter[]] = [[], []]
    const isCritical = ({ answer }: NotedWaiter) => answer?.admitted && answer.rank === rankOf("critical")
    // Alone it has every slot, and its calls count as critical: nobody else is kept waiting.
    for (let round = 0; round < 100; round++) {
      const calls = Array.from({ length: 20 }, () => call({ priority: "critical", tenant: "greedy" }))
      clock.step(50)
      for (const one of running) end(one)
      running = [...waiting, ...calls].filter((one) => isIn(one))
      waiting = calls.filter((one) => one.answer === undefined)
    }
    expect(running.length).toBeGreaterThan(0)
    expect(running.filter(isCritical).length).toBeLessThanOrEqual(4)
    // Whoever else has something critical goes before what it has in the line.
    const honest = call({ priority: "critical", tenant: "honest" })
    end(running[0] as NotedWaiter)
    expect(isIn(honest)).toBe(true)
  })

  test("a burst of critical calls is no habit: all of it counts as critical", () => {
    const { call } = slotted({ limit: 10, quota: 0.3 })
    const burst = Array.from({ length: 10 }, () => call({ priority: "critical", tenant: "hasty" }))
    expect(burst.every(({ answer }) => answer?.admitted && answer.rank === rankOf("critical"))).toBe(true)
  })

  test("are bounded: of 100 000 no more than the queue holds are kept, and all are answered", () => {
    const { clock, plane, call } = slotted({ limit: 5, queue: 500 })
    const calls = Array.from({ length: 100_000 }, (_, index) => call({ priority: priorities[index % 5] as "low" }))
    expect(plane.inFlight).toBe(5)
    expect(plane.queue.size).toBe(500)
    clock.step(2000)
    expect(plane.queue.size).toBe(0)
    expect(calls.filter(({ answer }) => answer === undefined)).toEqual([])
    expect(plane.tally.refusals).toEqual({ queue: 99_995 })
  })

  test("are told when their time in the line, or all of their time, is over", () => {
    const { clock, call } = slotted({ limit: 1, waitMs: 300 })
    call()
    const [patient, hasty] = [call(), call({}, 100)]
    clock.step(100)
    expect([patient, hasty].map(layerOf)).toEqual(["waits", "queue"])
    clock.step(200)
    expect(layerOf(patient)).toBe("queue")
    expect(patient.answer).toMatchObject({ reason: "no slot became free in time", rule: "waited" })
  })

  test("wait less in a line that never empties, and the newest goes first", () => {
    const { clock, call, end } = slotted({ limit: 1, waitMs: 1000 })
    let running = call()
    for (let at = 0; at < 1100; at += 100) {
      call()
      clock.step(100)
    }
    const [one, other] = [call(), call()]
    end(running)
    expect([one, other].map(layerOf)).toEqual(["waits", undefined])
    running = other
    clock.step(200)
    expect(layerOf(one)).toBe("queue")
  })

  test("are let in at once when there are more slots, and turned away when the gate shuts", () => {
    const { clock, plane, call } = slotted({ limit: 1 })
    call()
    const waiting = Array.from({ length: 5 }, () => call())
    plane.swap(gateWith({ limit: 3 }, plane.gate))
    expect(waiting.filter(isIn)).toHaveLength(0)
    clock.step(0)
    expect(waiting.filter(isIn)).toHaveLength(2)
    const shut = gateWith({ limit: 3 }, plane.gate)
    plane.swap({ ...shut, restriction: { ...shut.restriction, share: 0 } })
    clock.step(0)
    expect(waiting.map(layerOf)).toEqual([undefined, undefined, "lifecycle", "lifecycle", "lifecycle"])
    expect(plane.queue.size).toBe(0)
  })

  test("bring others when they are let in: no stack grows with the line", () => {
    const { plane, call, end } = slotted({ limit: 1, queue: 20_000 })
    const first = call()
    const waiting = Array.from({ length: 20_000 }, () => call())
    for (const one of waiting) one.onAnswer = () => end(one)
    end(first)
    expect(waiting.every(isIn)).toBe(true)
    expect([plane.inFlight, plane.queue.size]).toEqual([0, 0])
  })
})

describe("a reserved share", () => {
  const reserve = [0, 0, 0, 0, 0.4]

  test("is lent out while nobody needs it, save for one slot", () => {
    const { call } = slotted({ limit: 10, reserve })
    const normal = Array.from({ length: 12 }, () => call())
    expect(normal.filter(isIn)).toHaveLength(9)
    expect(isIn(call({ priority: "critical" }))).toBe(true)
  })

  test("comes back as calls end, once its class shows what it needs", () => {
    const { call, end } = slotted({ limit: 10, reserve })
    const normal = Array.from({ length: 30 }, () => call())
    const critical = Array.from({ length: 4 }, () => call({ priority: "critical" }))
    for (const one of normal.filter(isIn).slice(0, 5)) end(one)
    expect(critical.filter(isIn)).toHaveLength(4)
    // A critical call that ends leaves its slot to its class: nobody below has it.
    const before = normal.filter(isIn).length
    end(critical[0] as NotedWaiter)
    expect(normal.filter(isIn)).toHaveLength(before)
    expect(isIn(call({ priority: "critical" }))).toBe(true)
  })
})

test("a floor refuses what lies below it, and says so", () => {
  const { plane, call } = slotted({ limit: 10, floor: 1 })
  expect(layerOf(call({ priority: "bulk" }))).toBe("priority")
  expect(plane.wouldReject(0, { priority: "bulk" })?.rule).toBe("floor")
  for (const one of ["low", "normal", "high", "critical"] as const) expect(isIn(call({ priority: one }))).toBe(true)
})

test("without a queue whoever finds no slot is told so, and `acquire` never waits", () => {
  const { plane, call } = slotted({ limit: 1, queue: 0 })
  call()
  expect(layerOf(call())).toBe("limit")
  expect(plane.admit(0)).toMatchObject({ admitted: false, reason: "every slot is taken", rule: "slots" })
  const other = slotted({ limit: 1 })
  other.call()
  expect(other.plane.admit(0)).toMatchObject({ admitted: false, layer: "limit" })
  // Who can wait would not be rejected.
  expect(other.plane.wouldReject(0)).toBeUndefined()
})
