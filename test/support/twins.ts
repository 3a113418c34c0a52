/** The two twins of the differential law: the breaker as shipped, and a naive one that tells the actors everything. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { createActor } from "xstate"
import { breakerLogic } from "../../machines/breaker.ts"
import type { PartsConfig } from "../../machines/registry.ts"
import { type AdmissionState, decideAdmission, freshAdmission, leaseOf } from "../../machines/vocabulary/admission.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import type { Judged, OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Quota } from "../../machines/vocabulary/quota.ts"
import type { DependencyMoved } from "../../machines/vocabulary/signal.ts"
import { assemble, readAll } from "../../src/assemble.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import type { Permit } from "../../src/index.ts"
import { type StepClock, stepClock } from "./stepClock.ts"
import type { Act } from "./steps.ts"

/** What both twins can do, and how each answers: `undefined` for a refusal. */
export interface Twin {
  admit(
    feature?: string,
  ): { readonly probe: boolean; settle(kind: OutcomeKind, retryAfterMs?: number, quota?: Quota): void } | undefined
  act(act: Act): void
  /** Dependencies are said to have moved. */
  move(moves: DependencyMoved["moves"]): void
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
    admit: (feature) => {
      const ticket: Permit | { admitted: false } = plane.admit(clock.now(), feature === undefined ? {} : { feature })
      return ticket.admitted
        ? {
            probe: ticket.probe,
            settle: (kind, ms, quota) => void plane.settleAt(ticket as Receipt, judged(kind, ms, quota), clock.now()),
          }
        : undefined
    },
    act: (act) => conductor.send({ type: `operator.${act}`, at: clock.now(), why: "law" }),
    move: (moves) => conductor.send({ type: "dependency.moved", at: clock.now(), moves }),
    step: (ms) => clock.step(ms),
    gate: () => plane.gate,
    close: () => Effect.runSync(Scope.close(scope, Exit.void)),
  }
}

/** With a time to be left alone, a failure asks for it. */
function judged(kind: OutcomeKind, retryAfterMs: number | undefined, quota: Quota | undefined): Judged {
  if (quota !== undefined) return { kind, trip: false, retryAfterMs: undefined, quota }
  return kind === "failure" && retryAfterMs !== undefined ? { kind, trip: true, retryAfterMs } : kind
}

interface NaiveCall {
  readonly startedAt: number
  readonly epoch: number
  readonly probe: boolean
  readonly shadowed: boolean
  readonly ordinary: boolean
  readonly holds: boolean
  readonly feature: string | undefined
  readonly tests: boolean
  overdue: boolean
  expired: boolean
}

/** Every outcome goes to the actors; leases and overdue calls are watched call by call. */
class NaiveTwin implements Twin {
  readonly #clock: StepClock = stepClock()
  readonly #actor
  readonly #calls = new Set<NaiveCall>()
  readonly #armed = new Set<string>()
  /** In an epoch whose slow line has changed, calls that entered before belong to no line. */
  #line: { readonly epoch: number; readonly slowAfterMs: number | undefined; readonly since: number }
  #state: AdmissionState = freshAdmission(0)

  constructor(config: PartsConfig) {
    const clock = this.#clock
    this.#actor = createActor(breakerLogic, {
      input: { name: "twin", seed: clock.seed(), ...config },
      clock: clock as never,
    })
    this.#actor.start()
    this.#line = { epoch: -1, slowAfterMs: undefined, since: Number.NEGATIVE_INFINITY }
    const look = () => {
      const { epoch, lines } = this.gate()
      const { slowAfterMs } = lines
      if (epoch !== this.#line.epoch) this.#line = { epoch, slowAfterMs, since: Number.NEGATIVE_INFINITY }
      else if (slowAfterMs !== this.#line.slowAfterMs) this.#line = { epoch, slowAfterMs, since: clock.now() }
    }
    look()
    this.#actor.subscribe(look)
  }

  gate(): Gate {
    return this.#actor.getSnapshot().context.gate
  }

  admit(feature?: string) {
    const gate = this.gate()
    const verdict = decideAdmission(gate, this.#state, { at: this.#clock.now(), feature })
    this.#state = verdict.state
    if (!verdict.admitted) return undefined
    const { probe, shadowed, tests } = verdict
    const ordinary = !probe && !shadowed && gate.enforcement !== "off"
    const call: NaiveCall = {
      startedAt: this.#clock.now(),
      epoch: gate.epoch,
      probe,
      shadowed,
      ordinary,
      holds: (ordinary || probe) && gate.lines.slots !== undefined,
      feature: ordinary ? feature : undefined,
      tests,
      overdue: false,
      expired: false,
    }
    this.#calls.add(call)
    if (probe) this.#clock.arm(leaseOf(gate), () => this.#expire(call), false)
    else if (ordinary) {
      this.#actor.send({ type: "call.entered", at: call.startedAt, epoch: call.epoch, feature })
      if (!tests) this.#watch(call, gate)
    }
    return { probe, settle: (kind: OutcomeKind, ms?: number, quota?: Quota) => this.#settle(call, kind, ms, quota) }
  }

  #settle(call: NaiveCall, kind: OutcomeKind, retryAfterMs?: number, quota?: Quota): void {
    if (!this.#calls.delete(call)) return
    const at = this.#clock.now()
    if (!call.overdue) this.#giveUp(call)
    if (call.holds) this.#state = { ...this.#state, held: this.#state.held - 1 }
    if (call.expired || call.shadowed) return
    if (call.probe) this.#free(call)
    const { startedAt, epoch, probe } = call
    const asks = kind === "failure" && retryAfterMs !== undefined ? { trip: true, retryAfterMs } : {}
    const { overdue } = call
    if (!call.ordinary && !probe) return
    const named = call.feature === undefined ? {} : { feature: call.feature, test: call.tests }
    const settled = { kind, durationMs: at - startedAt, epoch, overdue, probe, quota, ...asks, ...named }
    if (call.tests && kind === "ignored") this.#takeBack(call)
    this.#actor.send({ type: "outcome.settled", at, ...settled })
  }

  /** A call that has ended, or is overdue, holds no place. */
  #giveUp(call: NaiveCall): void {
    if (call.ordinary && call.epoch === this.#state.epoch)
      this.#state = { ...this.#state, running: this.#state.running - 1 }
  }

  /** A test that said nothing leaves room for another. */
  #takeBack({ feature = "", startedAt }: NaiveCall): void {
    const turn = this.#state.turns?.[feature]
    const line = this.gate().lines.features?.[feature]
    if (turn === undefined || line?.test === undefined || startedAt < line.since || turn.since !== line.since) return
    this.#state = { ...this.#state, turns: { ...this.#state.turns, [feature]: { ...turn, entered: turn.entered - 1 } } }
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
    if (line === undefined || gate.lines.circuit === undefined || call.startedAt <= this.#line.since) return
    const width = line / 16
    const batch = `${this.#line.since}/${this.#batch(call, width, gate.epoch)}`
    if (this.#armed.has(batch)) return
    this.#armed.add(batch)
    const passesAt = (Math.floor(call.startedAt / width) + 1) * width + line
    const bucket = this.#batch(call, width, gate.epoch)
    const { since } = this.#line
    this.#clock.arm(passesAt - call.startedAt, () => this.#report(bucket, width, gate.epoch, since), false)
  }

  #batch(call: NaiveCall, width: number, epoch: number): string {
    return call.epoch === epoch && !call.probe && !call.shadowed ? `${epoch}/${Math.floor(call.startedAt / width)}` : ""
  }

  #report(batch: string, width: number, epoch: number, since: number): void {
    if (since !== this.#line.since) return
    const late = [...this.#calls].filter(
      (call) => !call.overdue && !call.tests && call.startedAt > since && this.#batch(call, width, epoch) === batch,
    )
    for (const call of late) {
      call.overdue = true
      this.#giveUp(call)
    }
    const [first] = late
    if (first === undefined) return
    const startedAt = Math.floor(first.startedAt / width) * width
    this.#actor.send({ type: "call.overdue", at: this.#clock.now(), epoch, calls: late.length, startedAt })
  }

  act(act: Act): void {
    this.#actor.send({ type: `operator.${act}`, at: this.#clock.now(), why: "law" })
  }
  move(moves: DependencyMoved["moves"]): void {
    this.#actor.send({ type: "dependency.moved", at: this.#clock.now(), moves })
  }
  step(ms: number): void {
    this.#clock.step(ms)
  }
  close(): void {
    this.#actor.stop()
  }
}

export const naiveTwin = (config: PartsConfig): Twin => new NaiveTwin(config)
