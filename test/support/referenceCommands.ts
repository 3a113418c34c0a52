/** Commands for the reference and the real breaker at once: after each of them both must say the same. */
import fc from "fast-check"
import { expect } from "vitest"
import { type Breaker, type BreakerConfig, createBreaker, type Permit } from "../../src/index.ts"
import { expectEqual } from "./expectEqual.ts"
import { Reference, type ReferenceConfig, type ReferencePermit } from "./reference.ts"
import { type StepClock, stepClock } from "./stepClock.ts"
import { worldCommands } from "./worldCommands.ts"

interface Real {
  readonly breaker: Breaker
  readonly clock: StepClock
  readonly permits: Map<ReferencePermit, Permit>
}

type Command = fc.Command<Reference, Real>

/** What came up in all sequences: commands that never met a limit would prove nothing. */
export const met = { sequences: 0, commands: 0, admitted: 0, closed: 0, open: 0, halfOpen: 0 } as Record<string, number>
const note = (what: string) => {
  met[what] = (met[what] ?? 0) + 1
}

function expectSame(model: Reference, { breaker, clock }: Real): void {
  met.commands = (met.commands ?? 0) + 1
  note(model.circuit)
  expectEqual(clock.now(), model.now)
  expectEqual(breaker.circuit, model.circuit)
  expectEqual(breaker.mode, model.isForced ? "forcedOpen" : "auto")
  expectEqual(breaker.metrics().calls.inFlight, model.out.length)
  const rejection = breaker.wouldReject()
  expectEqual(rejection === undefined, model.forbidden.size === 0)
  if (rejection === undefined) return
  note(rejection.layer)
  const forbidden: ReadonlySet<string> = model.forbidden
  if (!forbidden.has(rejection.layer)) expect([...forbidden]).toContain(rejection.layer)
  const offMs = (rejection.retryAfterMs ?? Number.NaN) - (model.retryAt - model.now)
  if (rejection.layer === "circuit" && !(Math.abs(offMs) < 5e-7))
    expect(rejection.retryAfterMs).toBe(model.retryAt - model.now)
}

class Admit implements Command {
  check = () => true
  run(model: Reference, real: Real): void {
    const ticket = real.breaker.acquire()
    const permit = model.admit()
    expectEqual(ticket.admitted, permit !== undefined)
    if (ticket.admitted && permit !== undefined) {
      note("admitted")
      expectEqual(ticket.probe, permit.probe)
      real.permits.set(permit, ticket)
    }
    expectSame(model, real)
  }
  toString = () => "admit"
}

class Settle implements Command {
  readonly which: number
  readonly end: "success" | "failure" | "ignored"
  constructor(which: number, end: "success" | "failure" | "ignored") {
    this.which = which
    this.end = end
  }
  check = ({ permits }: Readonly<Reference>) => permits.length > 0
  run(model: Reference, real: Real): void {
    // Mostly one that is out, now and then one that has ended.
    const among = this.which % 8 === 0 || model.out.length === 0 ? model.permits : model.out
    const permit = among[this.which % among.length] as ReferencePermit
    expectEqual(real.permits.get(permit)?.settle(this.end), model.settle(permit, this.end))
    expectSame(model, real)
  }
  toString = () => `settle(${this.which}, ${this.end})`
}

const { pass, operate } = worldCommands(expectSame)

const end = fc.constantFrom("success" as const, "failure" as const, "failure" as const, "ignored" as const)

export const commands = fc.commands(
  [
    fc.constant(new Admit()),
    fc.constant(new Admit()),
    fc.constant(new Admit()),
    fc.tuple(fc.nat(100), end).map(([which, how]) => new Settle(which, how)),
    fc.tuple(fc.nat(100), end).map(([which, how]) => new Settle(which, how)),
    // Not in step with any wait or lease: what ends at the same instant may end in any order.
    fc.constantFrom(1, 7, 97, 331, 1009, 30_011, 90_017).map((ms) => pass(ms)),
    fc.constantFrom(...(["force", "release", "release"] as const)).map((act) => operate(act)),
  ],
  { maxCommands: 40, size: "max" },
)

export const configs: fc.Arbitrary<ReferenceConfig> = fc.record({
  window: fc.oneof(
    fc.record({ row: fc.constantFrom(1, 1, 2, 4) }),
    fc.record({
      calls: fc.constantFrom(4, 7),
      ratio: fc.constantFrom(0.3, 0.5, 1),
      least: fc.integer({ min: 1, max: 4 }),
    }),
  ),
  wait: fc.record({
    base: fc.constantFrom(50, 1000),
    factor: fc.constantFrom(1, 2, 3),
    max: fc.constantFrom(1000, 4000),
    memory: fc.constantFrom(5, 500, 60_000),
  }),
  probes: fc.record({
    atOnce: fc.integer({ min: 1, max: 3 }),
    needed: fc.constantFrom(1, 1, 2, 3),
    leaseMs: fc.constantFrom(800, 20_000),
  }),
  slots: fc.integer({ min: 1, max: 4 }),
  rate: fc.option(fc.record({ limit: fc.constantFrom(2, 4, 8), intervalMs: fc.constantFrom(1000, 8000) }), {
    nil: undefined,
  }),
})

const configOf = ({ window, wait, probes, slots, rate }: ReferenceConfig): BreakerConfig => ({
  strategy: {
    type: "basic",
    window:
      "row" in window
        ? { type: "consecutive", failures: window.row, maxAge: "1 day" }
        : {
            type: "count",
            calls: window.calls,
            failureRatio: window.ratio,
            minimumCalls: window.least,
            maxAge: "1 day",
          },
    openFor: { ...wait, jitter: 0 },
    probes: { atOnce: probes.atOnce, needed: probes.needed, lease: probes.leaseMs },
  },
  timeout: false,
  metrics: false,
  priority: { limit: slots, queue: false },
  rateLimit: rate === undefined ? false : { limit: rate.limit, interval: rate.intervalMs, adaptive: false },
})

/** Holds for every sequence of commands. */
export const agrees = fc.property(configs, commands, (config, sequence) => {
  const clock = stepClock()
  const breaker = createBreaker("service", configOf(config), { clock })
  note("sequences")
  try {
    fc.modelRun(() => ({ model: new Reference(config), real: { breaker, clock, permits: new Map() } }), sequence)
  } finally {
    void breaker.stop({ grace: 0 })
    clock.step(1)
  }
})
