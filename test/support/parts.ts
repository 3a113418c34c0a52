/** Parts that the registry does not have: made for one test, to advise, to crash, or to say when they start and stop. */
import type { BreakerEvent, BreakerInput } from "recloser/machines"
import { basic, breakerLogic } from "recloser/machines"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { type AnyStateMachine, createActor, createMachine, fromCallback } from "xstate"
import { struct } from "../../machines/options.ts"
import { type AnyComponent, type AnyPlug, component, type StateMeta } from "../../machines/plug.ts"
import type { ChosenPart } from "../../machines/registry.ts"
import type { Demand, Lines } from "../../machines/vocabulary/gate.ts"
import { settingsOf } from "./charts.ts"

export const chosen = (plug: AnyPlug, options: unknown = undefined): ChosenPart => ({
  plug,
  settings: settingsOf(plug, options),
})

const nothing = struct({})

/** Demands the same for ever. */
export function advising(key: string, demand: Demand, lines: Lines = {}): AnyComponent {
  const meta: StateMeta<unknown> = { demand: () => demand, lines: () => lines }
  const chart = createMachine({ initial: "steady", states: { steady: { meta } } })
  return component({ key, layer: "limit", standard: true, options: nothing, chart, hears: [] })
}

export const boom = new Error("boom")

/** Throws the first `crashes` times that it hears of a slice. */
export function brittle(key: string, crashes: number): AnyComponent {
  let left = crashes
  const crash = () => {
    if (left-- > 0) throw boom
  }
  const chart = createMachine({ initial: "steady", states: { steady: { on: { "slice.closed": { actions: crash } } } } })
  return component({ key, layer: "limit", standard: true, options: nothing, chart, hears: ["slice.closed"] })
}

/** `basic`, with an action or guard that throws the first `crashes` times. */
export function brittleBasic(where: "guards" | "actions", name: string, crashes = 1): typeof basic {
  let left = crashes
  const crash = () => {
    if (left-- > 0) throw boom
    return true
  }
  const chart = (basic.chart as AnyStateMachine).provide({ [where]: { [name]: crash } })
  return { ...basic, chart }
}

/** Notes when it starts and stops; throws at its start when it is told to. */
export function noted(key: string, log: string[], startsBadly = false): AnyComponent {
  const chart = fromCallback(() => {
    if (startsBadly) throw boom
    log.push(`${key} started`)
    return () => {
      log.push(`${key} stopped`)
    }
  })
  return component({ key, layer: "limit", standard: true, options: nothing, chart, hears: [] })
}

export interface Alone {
  readonly clock: VirtualClock
  readonly actor: ReturnType<typeof makeActor>
  readonly emitted: Record<string, unknown>[]
  send(event: BreakerEvent): void
  settle(kind: "success" | "failure" | "timedOut" | "ignored", count?: number, durationMs?: number): void
}

const makeActor = (input: BreakerInput, clock: VirtualClock) => createActor(breakerLogic, { input, clock })

/** A breaker actor without a data plane. */
export function alone(input: Partial<BreakerInput> = {}, clock = createVirtualClock()): Alone {
  const actor = makeActor({ name: "service", ...input }, clock)
  const emitted: Record<string, unknown>[] = []
  actor.on("*", (event) => emitted.push({ ...event }))
  actor.start()
  return {
    clock,
    actor,
    emitted,
    send: (event) => actor.send(event),
    settle: (kind, count = 1, durationMs = 1) => {
      for (let sent = 0; sent < count; sent++)
        actor.send({ type: "outcome.settled", at: clock.now(), kind, durationMs })
    },
  }
}

export const gateOf = ({ actor }: Alone) => actor.getSnapshot().context.gate
export const phaseOf = ({ actor }: Alone) => actor.getSnapshot().context.phase

/** Runs something while a part of the registry has a chart that throws at its start. */
export async function whileBroken<T>(plug: AnyPlug, run: () => Promise<T>): Promise<T> {
  const part = plug as { chart: AnyPlug["chart"] }
  const { chart } = part
  part.chart = noted(plug.key, [], true).chart
  try {
    return await run()
  } finally {
    part.chart = chart
  }
}
