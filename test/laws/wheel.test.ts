import { describe, expect, it } from "vitest"
import { Alarm } from "../../src/data-plane/timers.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import fc from "../support/property.ts"
import { stepClock } from "../support/stepClock.ts"

type Op =
  | { readonly op: "arm"; readonly ms: number; readonly holds: boolean }
  | { readonly op: "disarm"; readonly which: number }
  | { readonly op: "step"; readonly ms: number }

const ms = fc.oneof(
  fc.constantFrom(0, 10, 10, 250, 250),
  fc.integer({ min: 0, max: 4000 }).map((quarter) => quarter / 4),
)
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ op: fc.constant("arm" as const), ms, holds: fc.boolean() }),
  fc.record({ op: fc.constant("disarm" as const), which: fc.nat(50) }),
  fc.record({ op: fc.constant("step" as const), ms }),
)

describe("wheel", () => {
  it.each([
    { timers: "few lengths", ops: 200, runs: 300, stepWeight: 1 },
    { timers: "lengths of their own, so that lists are let go", ops: 900, runs: 40, stepWeight: 0.02 },
  ])(
    "fires every armed timer exactly at its end, in order of ends, and no other: $timers",
    ({ ops: maxLength, runs, stepWeight }) => {
      const weighed = op.filter(
        ({ op: name, ...rest }) => name !== "step" || ("ms" in rest && rest.ms <= 4000 * stepWeight),
      )
      fc.assert(
        fc.property(fc.array(weighed, { maxLength }), (ops) => {
          const clock = stepClock()
          const wheel = new Wheel(clock)
          const armed = new Map<Alarm, number>()
          const fired: number[] = []
          for (const next of ops) {
            if (next.op === "arm") {
              const alarm = new Alarm((now) => {
                expect(now).toBe(armed.get(alarm))
                armed.delete(alarm)
                fired.push(now)
              })
              alarm.holds = next.holds
              armed.set(alarm, clock.now() + next.ms)
              wheel.arm(alarm, next.ms)
            } else if (next.op === "disarm") {
              const alarm = [...armed.keys()][next.which]
              if (alarm === undefined) continue
              wheel.disarm(alarm)
              wheel.disarm(alarm)
              armed.delete(alarm)
            } else clock.step(next.ms)
            if (next.op === "step") for (const due of armed.values()) expect(due).toBeGreaterThan(clock.now())
            expect(wheel.size).toBe(armed.size)
            expect(wheel.lengths).toBeLessThanOrEqual(66 + 2 * armed.size)
          }
          expect(fired).toEqual([...fired].sort((a, b) => a - b))
        }),
        { numRuns: runs },
      )
    },
  )

  it("fires in the order of ends, and at one instant in the order in which they were armed, however late the host, and whoever else's timers there are", () => {
    const others = fc.record({ op: fc.constantFrom("other", "undo"), ms: fc.constantFrom(0, 10, 20, 30, 40) })
    const own = fc.record({ op: fc.constantFrom("own", "pass", "turn"), ms: fc.constantFrom(0, 10, 20, 30, 40) })
    fc.assert(
      fc.property(fc.array(fc.oneof(own, others), { maxLength: 60 }), (ops) => {
        let now = 0
        const wheel = new Wheel({ now: () => now, arm: () => ({ disarm: () => {}, hold: () => {} }) })
        const fired: (readonly [due: number, serial: number])[] = []
        const undone: Alarm[] = []
        for (const [serial, { op, ms }] of ops.entries()) {
          if (op === "undo") {
            for (const alarm of undone.splice(0)) wheel.disarm(alarm)
          } else if (op === "pass") now += ms
          else if (op === "turn") {
            now += ms
            const from = fired.length
            wheel.turn(now)
            const together = fired.slice(from)
            expect(together).toEqual(together.toSorted(([a, first], [b, second]) => a - b || first - second))
          } else {
            const alarm: Alarm = new Alarm(() => void (op === "own" && fired.push([alarm.due, serial])))
            if (op === "other") undone.push(alarm)
            wheel.arm(alarm, ms)
          }
        }
      }),
      { seed: 20261129, numRuns: 3000 },
    )
  })

  it("keeps one host timer, and lets go of the process soon after the last holding timer", () => {
    const host = { pending: 0, holding: false, now: 0 }
    const wheel = new Wheel({
      now: () => host.now,
      arm: (_delayMs, _wake, holds) => {
        host.pending++
        host.holding = holds
        return {
          disarm: () => {
            host.pending--
          },
          hold: (stays) => {
            host.holding = stays
          },
        }
      },
    })
    const timers = Array.from({ length: 1000 }, () => new Alarm(() => {}))
    timers.forEach((timer, index) => {
      timer.holds = index === 500
      wheel.arm(timer, 1000 + (index % 7))
    })
    expect(host).toMatchObject({ pending: 1, holding: true })
    wheel.disarm(timers[500] as Alarm)
    host.now = 50
    wheel.turn(host.now)
    expect(host).toMatchObject({ pending: 1, holding: false })
    for (const timer of timers) wheel.disarm(timer)
    wheel.rest()
    expect(host).toMatchObject({ pending: 0 })
  })

  it("a timer that throws neither stops the others nor is lost silently", () => {
    const clock = stepClock()
    const wheel = new Wheel(clock)
    const fired: string[] = []
    wheel.arm(new Alarm(() => fired.push("before")), 5)
    wheel.arm(
      new Alarm(() => {
        throw new Error("broken timer")
      }),
      10,
    )
    wheel.arm(new Alarm(() => fired.push("after")), 10)
    expect(() => clock.step(20)).toThrow("broken timer")
    clock.step(1)
    expect(fired).toEqual(["before", "after"])
  })
})

describe("a clock that a test sets back", () => {
  it("lets timers of one length end in the order in which they began", () => {
    let now = 1000
    const wheel = new Wheel({ now: () => now, arm: () => ({ disarm: () => {}, hold: () => {} }) })
    const fired: string[] = []
    wheel.arm(new Alarm(() => void fired.push("first")), 100)
    now = 500
    const second = new Alarm(() => void fired.push("second"))
    wheel.arm(second, 100)
    expect(second.due).toBe(1100)
    for (now of [600, 1099, 1100]) wheel.turn(now)
    expect(fired).toEqual(["first", "second"])
  })
})

describe("a timer that turns the wheel itself", () => {
  it("ends before the next one begins, and each fires once, in its order", () => {
    const clock = stepClock()
    const wheel = new Wheel(clock)
    const fired: string[] = []
    for (const ms of [10, 20, 30])
      wheel.arm(
        new Alarm((now) => {
          fired.push(`${ms} begins`)
          wheel.turn(now + 1000)
          fired.push(`${ms} ends`)
        }),
        ms,
      )
    clock.step(25)
    expect(fired).toEqual(["10 begins", "10 ends", "20 begins", "20 ends"])
    clock.step(5)
    expect(fired.slice(4)).toEqual(["30 begins", "30 ends"])
  })
})
