/** Calls in flight that have the same time stand in a row. The law: what a plain list of them would do. */
import assert from "node:assert/strict"
import { describe, expect, it } from "vitest"
import { Flight, type Flying } from "../../src/data-plane/flight.ts"
import { Alarm, TimerList } from "../../src/data-plane/timers.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import fc from "../support/property.ts"
import { stepClock } from "../support/stepClock.ts"

type Op =
  | { readonly op: "begin"; readonly which: number }
  | { readonly op: "end"; readonly which: number }
  | { readonly op: "step"; readonly ms: number }

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant("begin" as const), which: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("end" as const), which: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("step" as const), ms: fc.integer({ min: 0, max: 60 }) }) },
)

class Call implements Flying {
  seat = -1
  readonly flight: Flight<Call>
  readonly due: number
  readonly #fired: (call: Call, now: number) => void
  constructor(flight: Flight<Call>, now: number, fired: (call: Call, now: number) => void) {
    this.flight = flight
    this.due = now + flight.durationMs
    this.#fired = fired
  }
  get turnedBy(): number {
    return this.due
  }
  fire(now: number): void {
    this.#fired(this, now)
  }
}

describe("calls in flight", () => {
  it("run out of time exactly at its end, and leave nothing in their row when they end before", () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 1500 }), (ops) => {
        const clock = stepClock()
        const wheel = new Wheel(clock)
        const flights = [100, 250].map((ms) => new Flight<Call>(ms))
        const flying: Call[] = []
        const drop = (call: Call) => flying.splice(flying.indexOf(call), 1)
        const fired = (call: Call, now: number) => {
          assert.equal(now, call.due)
          assert.equal(call.seat, -1)
          drop(call)
        }
        for (const next of ops) {
          if (next.op === "begin") {
            const call = new Call(flights[next.which] as Flight<Call>, clock.now(), fired)
            flying.push(call)
            wheel.join(call.flight, call)
          } else if (next.op === "end" && flying.length > 0) {
            const call = flying[next.which % flying.length] as Call
            wheel.leave(call.flight, call)
            assert.equal(call.seat, -1)
            drop(call)
          } else if (next.op === "step") clock.step(next.ms)
          assert.ok(flying.every(({ due }) => due > clock.now()))
          assert.equal(wheel.size, flying.length)
          for (const flight of flights) {
            const own = flying.filter((call) => call.flight === flight)
            assert.ok(flight.calls.length === own.length && flight.calls.every((call, at) => call === own[at]))
            assert.equal(flight.first, own[0])
            assert.equal(flight.count, own.length)
          }
        }
        clock.step(1000)
        expect(flying).toEqual([])
        expect(wheel.size).toBe(0)
      }),
      { numRuns: 100 },
    )
  })

  it("that have no end are in their row, and nobody waits for them", () => {
    const clock = stepClock()
    const wheel = new Wheel(clock)
    const flight = new Flight<Call>(Number.POSITIVE_INFINITY)
    const call = new Call(flight, 0, () => expect.unreachable())
    wheel.join(flight, call)
    expect([flight.calls, wheel.size]).toEqual([[call], 0])
    wheel.leave(flight, call)
    expect([flight.calls, wheel.size]).toEqual([[], 0])
  })

  it("hold the process as long as there are any", () => {
    const clock = stepClock()
    const told: boolean[] = []
    const wheel = new Wheel({
      now: () => clock.now(),
      arm: (delayMs, wake, holds) => {
        told.push(holds)
        const timer = clock.arm(delayMs, wake, holds)
        return { disarm: () => timer.disarm(), hold: (stays) => void told.push(stays) }
      },
    })
    const flight = new Flight<Call>(100)
    const [one, other] = [new Call(flight, 0, () => {}), new Call(flight, 0, () => {})]
    wheel.join(flight, one)
    wheel.join(flight, other)
    wheel.leave(flight, one)
    clock.step(50)
    expect(told.at(-1)).toBe(true)
    wheel.leave(flight, other)
    clock.step(50)
    expect(told.at(-1)).toBe(false)
  })

  it("count among the lists that wait for nobody only while none of them runs", () => {
    const wheel = new Wheel(stepClock())
    const timers = Array.from({ length: 70 }, () => new Alarm(() => {}))
    for (const [at, timer] of timers.entries()) wheel.arm(timer, 1000 + at, 0)
    const flights = timers.map((_, at) => new Flight<Call>(2000 + at))
    const begin = () =>
      flights.map((flight) => {
        const call = new Call(flight, 0, () => {})
        wheel.join(flight, call)
        return call
      })
    const end = (calls: readonly Call[]) => {
      for (const call of calls) wheel.leave(call.flight, call)
    }
    end(begin())
    const again = begin()
    wheel.disarm(timers[0] as Alarm)
    // Beside those of the timers there is the one that lets go of the process.
    expect(wheel.lengths).toBe(71)
    end(again)
    // More than half of all 141 wait for nobody now: they are let go of, and the timer's with them.
    expect(wheel.lengths).toBe(70)
    expect(flights.some(({ queued }) => queued)).toBe(false)
  })

  it("take the seats of those that have ended: a few that last make no long row", () => {
    const flight = new Flight<Call>(100)
    expect(flight.seats).toBe(0)
    const lasting = Array.from({ length: 3 }, () => new Call(flight, 0, () => {}))
    for (const call of lasting) flight.add(call)
    for (let call = 0; call < 1000; call++) {
      const short = new Call(flight, 0, () => {})
      flight.add(short)
      flight.remove(short)
    }
    expect(flight.calls).toEqual(lasting)
    expect(flight.seats).toBe(128)
  })

  it("close their gaps where more than half of the seats are empty", () => {
    const seatsWith = (lasting: number) => {
      const flight = new Flight<Call>(100)
      const calls = Array.from({ length: 128 }, () => new Call(flight, 0, () => {}))
      for (const call of calls) flight.add(call)
      for (const call of calls.slice(lasting)) flight.remove(call)
      flight.add(new Call(flight, 0, () => {}))
      return flight.seats
    }
    expect([63, 64].map(seatsWith)).toEqual([128, 129])
  })

  it("keep a row that is not long, and none of an empty one is taken", () => {
    const seatsAfter = (count: number) => {
      const flight = new Flight<Call>(100)
      const calls = Array.from({ length: count }, () => new Call(flight, 0, () => {}))
      for (const call of calls) flight.add(call)
      for (const call of calls) flight.remove(call)
      flight.takeFirst({ leave: () => expect.unreachable() })
      return flight.seats
    }
    expect([3, 1024, 1025].map(seatsAfter)).toEqual([3, 1024, 0])
    const nobody = { disarm: () => expect.unreachable(), leave: () => expect.unreachable() }
    new TimerList(100).takeFirst(nobody)
  })

  it("leave a row that was long behind them", () => {
    const flight = new Flight<Call>(100)
    const calls = Array.from({ length: 5000 }, () => new Call(flight, 0, () => {}))
    for (const call of calls) flight.add(call)
    for (const call of calls.slice(0, -1)) flight.remove(call)
    expect(flight.calls).toEqual(calls.slice(-1))
    expect(flight.seats).toBe(5000)
    flight.remove(calls.at(-1) as Call)
    expect(flight.seats).toBe(0)
    const next = new Call(flight, 0, () => {})
    flight.add(next)
    expect(flight.first).toBe(next)
  })
})
