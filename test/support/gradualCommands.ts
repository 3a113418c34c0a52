/** Commands for the reference of `gradual` and the real breaker at once: after each of them both must stand in the same place. */
import fc from "fast-check"
import { expect } from "vitest"
import type { AssembledBreaker } from "../../src/assembledBreaker.ts"
import { type BreakerConfig, createBreaker, type Permit } from "../../src/index.ts"
import { expectEqual } from "./expectEqual.ts"
import { type Call, type GradualConfig, GradualReference, mostOf, type Place, shareOf } from "./gradualReference.ts"
import { type StepClock, stepClock } from "./stepClock.ts"
import { worldCommands } from "./worldCommands.ts"

interface Real {
  readonly breaker: AssembledBreaker
  readonly clock: StepClock
  readonly permits: Map<Call, Permit>
}
type Command = fc.Command<GradualReference, Real>

/** What came up in all sequences: commands that never reached the ramp would prove nothing. */
export const reached = { sequences: 0, commands: 0, admitted: 0, refused: 0 } as { [what: string]: number }
const note = (what: string) => {
  reached[what] = (reached[what] ?? 0) + 1
}

const gateOf = ({ breaker }: Real) => breaker.assembly.plane.gate

/** Where the real breaker stands: a step is known by its share. */
function placeOf(real: Real): Place {
  const { circuit, restriction } = gateOf(real)
  if (circuit !== "ramping") return { circuit }
  const step = [-1, 0, 1, 2, 3, 4, 5].find((one) => Math.abs(shareOf(one) - restriction.share) < 1e-9)
  if (step === undefined) throw new Error(`no step has the share ${restriction.share}`)
  return { circuit, step }
}

function expectSame(model: GradualReference, real: Real): void {
  reached["commands"] = (reached["commands"] ?? 0) + 1
  const { circuit, step } = placeOf(real)
  note(circuit === "ramping" ? `step ${step}` : circuit)
  const { breaker, clock } = real
  expectEqual(clock.now(), model.now)
  const wanted = {
    circuit: model.circuit,
    step: model.circuit === "ramping" ? model.step : undefined,
    mode: model.isForced ? "forcedOpen" : "auto",
  }
  expectEqual({ circuit, step, mode: breaker.mode }, wanted)
  expectEqual(breaker.metrics().calls.inFlight, model.out.length)
  const { restriction } = gateOf(real)
  if (circuit === "ramping") expectEqual(restriction.limit, mostOf(step ?? 0))
  // Nothing is repeated while it comes back; a degraded circuit keeps its full share.
  if (circuit !== "closed" && restriction.share > 0) expectEqual(restriction.retries, 0)
  if (circuit === "degraded") expectEqual([restriction.share, restriction.cohortShare], [1, 1])
  const foretold = breaker.wouldReject() === undefined
  if (model.admits !== "maybe") expectEqual(foretold, model.admits)
}

class Admit implements Command {
  check = () => true
  run(model: GradualReference, real: Real): void {
    const { admits } = model
    const ticket = real.breaker.acquire({ lease: "1 day" })
    if (admits !== "maybe") expectEqual(ticket.admitted, admits)
    note(ticket.admitted ? "admitted" : "refused")
    const call = model.offer(ticket.admitted)
    if (ticket.admitted && call !== undefined) {
      expectEqual(ticket.probe, call.probe)
      real.permits.set(call, ticket)
    }
    expectSame(model, real)
  }
  toString = () => "admit"
}

class Settle implements Command {
  readonly which: number
  readonly luck: number
  readonly mood: Mood
  constructor(which: number, luck: number, mood: Mood) {
    this.which = which
    this.luck = luck
    this.mood = mood
  }
  check = ({ out }: Readonly<GradualReference>) => out.length > 0
  run(model: GradualReference, real: Real): void {
    const { out } = model
    const call = out[this.which % out.length] as Call
    // What a closed or a degraded circuit makes of failures is evidence, and not of this model.
    const isOfRamp = model.circuit === "ramping" || model.circuit === "halfOpen" || call.epoch !== model.epoch
    const isBad = isOfRamp && this.luck < this.mood(model)
    const before = gateOf(real).epoch
    expectEqual(real.permits.get(call)?.settle(isBad ? "failure" : "success"), true)
    const places = model.settle(call, isBad)
    const place = placeOf(real)
    const hasMoved = gateOf(real).epoch !== before
    const isThere = places.some(
      ({ circuit, step }) => circuit === place.circuit && (circuit !== "ramping" || step === place.step),
    )
    if (!isThere) expect(places).toContainEqual(place)
    if (hasMoved) model.went(place)
    expectSame(model, real)
  }
  toString = () => `settle(${this.which}, ${this.luck})`
}

const { pass, operate } = worldCommands(expectSame)

/** The share of calls that go badly: of few, of many, of half; or until it has stepped back once, and then of none. */
type Mood = (model: Readonly<GradualReference>) => number
const moods: readonly Mood[] = [
  () => 0,
  () => 0.1,
  () => 0.5,
  () => 0.65,
  ({ circuit, blame }) => (circuit === "ramping" && blame === 0 ? 0.7 : 0),
]
const settling = (mood: Mood): fc.Arbitrary<Command> =>
  fc.tuple(fc.nat(100), fc.integer({ min: 0, max: 99 })).map(([which, luck]) => new Settle(which, luck / 100, mood))

const commandsIn = (settle: fc.Arbitrary<Command>) =>
  fc.commands(
    [
      ...Array.from({ length: 5 }, () => fc.constant(new Admit())),
      ...Array.from({ length: 5 }, () => settle),
      // Not in step with any wait or lease: what ends at the same instant may end in any order.
      fc.constantFrom(1, 1, 7, 97, 331, 1009, 11_003).map((ms) => pass(ms)),
    ],
    { maxCommands: 70, size: "max" },
  )

const beginning = [operate("force"), operate("release")]

const configs: fc.Arbitrary<GradualConfig> = fc.record({
  needed: fc.constantFrom(1, 2, 3),
  atOnce: fc.integer({ min: 1, max: 3 }),
  leaseMs: fc.constantFrom(2000, 20_000),
  outcomes: fc.constantFrom(5, 5, 8, 20),
  waitMs: fc.constantFrom(50, 3000),
})

/** A service that answers 19 calls in 20, or 1 in 20: so many probes more must succeed for this chance of being wrong. */
const wrongFor: { readonly [needed: number]: number } = { 1: 0.05, 2: 0.01, 3: 0.001 }

const configOf = ({ needed, atOnce, leaseMs, outcomes, waitMs }: GradualConfig): BreakerConfig => ({
  strategy: {
    type: "gradual",
    trial: false,
    slowCalls: false,
    ramp: { outcomes },
    openFor: { base: waitMs, step: 0, factor: 1, max: waitMs, jitter: 0 },
    probes: { atOnce, wrong: wrongFor[needed] ?? 0.05, lease: leaseMs },
  },
  timeout: false,
  metrics: false,
  priority: false,
  retry: false,
})

const sequences = fc.oneof(...moods.map((mood) => commandsIn(settling(mood))))

/** Holds for every sequence of commands, from half-open on. */
export const recoversAlike = fc.property(configs, sequences, (config, commands) => {
  const clock = stepClock()
  const breaker = createBreaker("service", configOf(config), { clock }) as AssembledBreaker
  note("sequences")
  try {
    fc.modelRun(() => {
      const at = { model: new GradualReference(config), real: { breaker, clock, permits: new Map() } }
      for (const command of beginning) command.run(at.model, at.real)
      return at
    }, commands)
  } finally {
    void breaker.stop({ grace: 0 })
    clock.step(1)
  }
})
