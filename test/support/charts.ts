/** Charts of strategies and components, run alone on a clock of the test's. */
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { expect } from "vitest"
import { type AnyActor, type AnyMachineSnapshot, type AnyStateMachine, createActor, type Snapshot } from "xstate"
import type { Problem } from "../../machines/options.ts"
import { type Advice, type AnyPlug, type AnyStrategy, adviceOf } from "../../machines/plug.ts"
import type { CircuitFinding } from "../../machines/vocabulary/circuit.ts"
import type { Signal } from "../../machines/vocabulary/signal.ts"

/** The settings that a plug reads from options; fails the test when they are refused. */
export function settingsOf(plug: AnyPlug, options: unknown = undefined): unknown {
  const problems: Problem[] = []
  const settings = plug.options.read(options, "options", problems)
  expect(problems).toEqual([])
  return settings
}

export function problemsOf(plug: AnyPlug, options: unknown): readonly Problem[] {
  const problems: Problem[] = []
  plug.options.read(options, "options", problems)
  return problems
}

type WithoutAt<S> = S extends Signal ? Omit<S, "at"> : never

export interface Chart {
  readonly clock: VirtualClock
  readonly actor: AnyActor
  /** Sends a signal of the present instant. */
  send(signal: WithoutAt<Signal>): void
  snapshot(): Snapshot<unknown>
  advice(): Advice
  context<Context>(): Context
}

export interface ChartOptions {
  readonly options?: unknown
  readonly seed?: number
  readonly clock?: VirtualClock
}

export function startChart(
  plug: AnyPlug,
  { options, seed = 1, clock = createVirtualClock() }: ChartOptions = {},
): Chart {
  const input = { settings: settingsOf(plug, options), seed, at: clock.now(), circuit: "closed" }
  const actor = createActor(plug.chart as AnyStateMachine, { input, clock }).start()
  const snapshot = () => actor.getSnapshot() as Snapshot<unknown>
  return {
    clock,
    actor,
    send: (signal) => actor.send({ ...signal, at: clock.now() }),
    snapshot,
    advice: () => adviceOf(snapshot()),
    context: <Context>() => (snapshot() as AnyMachineSnapshot).context as Context,
  }
}

export const findingOf = (plug: AnyStrategy, chart: Chart): CircuitFinding => plug.finding(chart.snapshot())

export const saveOf = (plug: AnyPlug, chart: Chart): unknown => plug.save?.(chart.snapshot(), chart.clock.now())

/** An alarm that nobody could doubt. */
export const alarm = {
  type: "alarm.rang",
  epoch: 0,
  rule: "failureRatio",
  statistics: { calls: 1000, failures: 1000, slow: 1000 },
} as const

export const probe = (end: "succeeded" | "failed" | "expired") => ({ type: `probe.${end}`, epoch: 0 }) as const
export const answeredAfter = (tookMs: number) => ({ type: "probe.answered", tookMs }) as const
export const forcedOpen = { type: "operator.forcedOpen", why: "maintenance" } as const
export const released = { type: "operator.released", why: "done" } as const
export const restored = (parts: { readonly [key: string]: unknown }, elapsedMs = 0) =>
  ({ type: "breaker.restored", elapsedMs, parts }) as const
