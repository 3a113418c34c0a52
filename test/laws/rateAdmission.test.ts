/** Rates at the gate: the data plane does what the total function says, and a refusal of whatever kind has spent nothing. */

import { expect, it } from "vitest"
import { decideAdmission, freshAdmission } from "../../machines/vocabulary/admission.ts"
import { type Enforcement, type Gate, idleGate, type RateLine, unrestricted } from "../../machines/vocabulary/gate.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import { Rates } from "../../src/data-plane/rates.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import fc from "../support/property.ts"
import { stepClock } from "../support/stepClock.ts"

const line: fc.Arbitrary<RateLine> = fc.record({
  limit: fc.constantFrom(0.5, 3, 10, 100),
  intervalMs: fc.constantFrom(100, 1000, 60_000),
  burst: fc.constantFrom(1, 2, 10),
  keys: fc.constantFrom(undefined, undefined, 100),
})
const tightened = fc.option(fc.record({ rate: fc.constantFrom(1, 7.5, 50), burst: fc.constantFrom(1, 5) }), { nil: {} })

const step = fc.oneof(
  fc.record({
    share: fc.constantFrom(1, 1, 0.5, 0),
    probes: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 2),
    limit: fc.constantFrom(Number.POSITIVE_INFINITY, 3),
    enforcement: fc.constantFrom<Enforcement>("on", "on", "on", "observe", "off"),
    newEpoch: fc.boolean(),
  }),
  fc.record({
    calls: fc.integer({ min: 1, max: 8 }),
    cost: fc.constantFrom(undefined, 1, 0.25, 3, 12),
    key: fc.constantFrom(undefined, "a", "b"),
  }),
  fc.record({ waitMs: fc.constantFrom(0.5, 10, 100, 333, 5000) }),
)

const plane = (clock: ReturnType<typeof stepClock>) =>
  new Plane("law", new Wheel(clock), { signal: () => {}, refused: () => {}, classify: () => "failure", idle: () => {} })

it("the data plane counts against rates exactly what the total function does, whatever gates come", () => {
  const seen = { admitted: 0, byRate: 0, byOthers: 0 }
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 3 }),
      tightened,
      fc.array(step, { maxLength: 60 }),
      (rates, demand, steps) => {
        const clock = stepClock()
        const subject = plane(clock)
        const restriction = { ...unrestricted, ...demand }
        let gate: Gate = { ...idleGate, phase: "active", restriction, lines: { rates }, holders: [] }
        subject.swap(gate)
        let state = freshAdmission(0)
        for (const next of steps) {
          if ("waitMs" in next) clock.step(next.waitMs)
          else if ("share" in next) {
            const { share, probes, limit, enforcement, newEpoch } = next
            const epoch = gate.epoch + (newEpoch ? 1 : 0)
            gate = { ...gate, epoch, enforcement, restriction: { ...restriction, share, probes, limit } }
            subject.swap(gate)
          } else {
            const { cost, key } = next
            for (let call = 0; call < next.calls; call++) {
              const facts = { cost, key }
              const foreseen = subject.wouldReject(clock.now(), facts)
              const ticket = subject.admit(clock.now(), facts)
              const verdict = decideAdmission(gate, state, { ...facts, at: clock.now() })
              state = verdict.state
              expect(ticket.admitted).toBe(verdict.admitted)
              expect(foreseen === undefined).toBe(ticket.admitted)
              if (ticket.admitted) seen.admitted++
              else if (ticket.layer === "rateLimit") seen.byRate++
              else seen.byOthers++
              if (!verdict.admitted)
                expect(verdict.by === "rate").toBe(!ticket.admitted && ticket.layer === "rateLimit")
            }
          }
        }
      },
    ),
    { numRuns: 400 },
  )
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(200)
})

it("a call of which nothing is said counts by the short way as by the whole, also when the clock goes back", () => {
  const time = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(-7), fc.double({ min: 0, max: 3, noNaN: true }))
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 2 }), fc.array(time, { maxLength: 80 }), (rates, waits) => {
      const [short, whole] = [new Rates(() => 1), new Rates(() => 1)]
      for (const each of [short, whole]) each.adopt({ ...idleGate, lines: { rates } })
      let now = 100
      for (const wait of waits) {
        now += wait
        const lets = short.lets(now)
        expect(lets).toBe(whole.look(1, undefined, now) === undefined)
        if (lets) {
          short.takeOne(now)
          whole.take({ cost: 1, key: undefined }, now)
        }
        expect(short.save(now)).toEqual(whole.save(now))
        expect(short.look(1, undefined, now)).toEqual(whole.look(1, undefined, now))
      }
    }),
  )
})
