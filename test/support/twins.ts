/** The two twins of the differential law: the breaker as shipped, and a naive one that tells the actors everything. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { createActor } from "xstate"
import { breakerLogic } from "../../machines/breaker.ts"
import type { PartsConfig } from "../../machines/registry.ts"
import { type AdmissionState, decideAdmission, freshAdmission, leaseOf } from "../../machines/vocabulary/admission.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { assemble, readAll } from "../../src/assemble.ts"
import type { Permit } from "../../src/index.ts"
import { type StepClock, stepClock } from "./stepClock.ts"
import type { Act } from "./steps.ts"

/** What both twins can do, and how each answers: `undefined` for a refusal. */
export interface Twin {
  admit(): { readonly probe: boolean; settle(kind: OutcomeKind): void } | undefined
  act(act: Act): void
  step(ms: number): void
  gate(): Gate
  close(): void
}

export function fastTwin(config: PartsConfig): Twin {
  const clock = stepClock()
  const scope = Scope.makeUnsafe()
  const { plane, conductor } = Effect.runSync(
    Scope.provide(assemble(readAll("twin", config, undefined), { clock }), scope),
  )
  return {
    admit: () => {
      const ticket: Permit | { admitted: false } = plane.admit(clock.now())
      return ticket.admitted ? { probe: ticket.probe, settle: (kind) => void ticket.settle(kind) } : undefined
    },
    act: (act) => conductor.send({ type: `operator.${act}`, at: clock.now(), why: "law" }),
    step: (ms) => clock.step(ms),
    gate: () => plane.gate,
    close: () => Effect.runSync(Scope.close(scope, Exit.void)),
  }
}

interface NaiveCall {
  readonly startedAt: number
  readonly epoch: number
  readonly probe: boolean
  readonly shadowed: boolean
  overdue: boolean
  expired: boolean
}

/** Every outcome goes to the actors; leases and overdue calls are watched call by call. */
class NaiveTwin implements Twin {
  readonly #clock: StepClock = stepClock()
  readonly #actor
  readonly #calls = new Set<NaiveCall>()
  readonly #armed = new Set<string>()
  #state: AdmissionState = freshAdmission(0)

  constructor(config: PartsConfig) {
    const clock = this.#clock
    this.#actor = createActor(breakerLogic, {
      input: { name: "twin", seed: clock.seed(), ...config },
      clock: clock as never,
    })
    this.#actor.start()
  }

  gate(): Gate {
    return this.#actor.getSnapshot().context.gate
  }

  admit() {
    const gate = this.gate()
    const verdict = decideAdmission(gate, this.#state)
    this.#state = verdict.state
    if (!verdict.admitted) return undefined
    const { probe, shadowed } = verdict
    const call: NaiveCall = {
      startedAt: this.#clock.now(),
      epoch: gate.epoch,
      probe,
      shadowed,
      overdue: false,
      expired: false,
    }
    this.#calls.add(call)
    if (probe) this.#clock.arm(leaseOf(gate), () => this.#expire(call), false)
    else if (!shadowed && gate.enforcement !== "off") this.#watch(call, gate)
    return { probe, settle: (kind: OutcomeKind) => this.#settle(call, kind) }
  }

  #settle(call: NaiveCall, kind: OutcomeKind): void {
    if (!this.#calls.delete(call)) return
    const at = this.#clock.now()
    if (call.expired || call.shadowed) return
    if (call.probe) this.#free(call)
    const { startedAt, epoch, overdue } = call
    this.#actor.send({ type: "outcome.settled", at, kind, durationMs: at - startedAt, epoch, overdue })
  }

  #free(call: NaiveCall): void {
    if (call.epoch === this.#state.epoch) this.#state = { ...this.#state, probesTaken: this.#state.probesTaken - 1 }
  }

  #expire(call: NaiveCall): void {
    if (!this.#calls.has(call)) return
    call.expired = true
    this.#free(call)
    this.#actor.send({ type: "probe.expired", at: this.#clock.now(), epoch: call.epoch })
  }

  /** Overdue calls are reported in steps of a sixteenth of the line, as the data plane counts them. */
  #watch(call: NaiveCall, gate: Gate): void {
    const line = gate.lines.slowAfterMs
    if (line === undefined || gate.lines.circuit === undefined) return
    const width = line / 16
    const batch = this.#batch(call, width, gate.epoch)
    if (this.#armed.has(batch)) return
    this.#armed.add(batch)
    const passesAt = (Math.floor(call.startedAt / width) + 1) * width + line
    this.#clock.arm(passesAt - call.startedAt, () => this.#report(batch, width, gate.epoch), false)
  }

  #batch(call: NaiveCall, width: number, epoch: number): string {
    return call.epoch === epoch && !call.probe && !call.shadowed ? `${epoch}/${Math.floor(call.startedAt / width)}` : ""
  }

  #report(batch: string, width: number, epoch: number): void {
    const late = [...this.#calls].filter((call) => !call.overdue && this.#batch(call, width, epoch) === batch)
    for (const call of late) call.overdue = true
    if (late.length > 0) this.#actor.send({ type: "call.overdue", at: this.#clock.now(), epoch, calls: late.length })
  }

  act(act: Act): void {
    this.#actor.send({ type: `operator.${act}`, at: this.#clock.now(), why: "law" })
  }
  step(ms: number): void {
    this.#clock.step(ms)
  }
  close(): void {
    this.#actor.stop()
  }
}

export const naiveTwin = (config: PartsConfig): Twin => new NaiveTwin(config)
