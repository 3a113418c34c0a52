/** What listens to the world outside for as long as the breaker is active: what it does there is no business of a chart. */
import { fromPromise } from "xstate"
import type { Phase } from "./vocabulary/gate.ts"

export interface LoopInput {
  /** Runs until the signal is aborted. */
  readonly run: (signal: AbortSignal) => Promise<unknown>
}

/** Another loop under this id from now on, or none. */
export interface LoopChanged {
  readonly type: "loop.changed"
  readonly at: number
  readonly id: string
  readonly run: LoopInput["run"] | undefined
}

/** XState aborts the signal when the actor is stopped. */
export const loop = /* @__PURE__ */ fromPromise<unknown, LoopInput>(({ input, signal }) => input.run(signal))

/** How it is started: also anew, when it has fallen. */
export interface Loop {
  readonly id: string
  readonly input: LoopInput
}

interface Looping {
  readonly loops: readonly Loop[]
  readonly phase: Phase
}

/** Which loops there are after an event; whatever else than a change of one ends them all. What is over begins nothing. */
export function loopsAfter({ loops, phase }: Looping, event: { readonly type: string } | LoopChanged) {
  if (!("run" in event)) return { loops: [], stop: loops, spawn: undefined }
  const { id, run } = event
  const others = loops.filter((other) => other.id !== id)
  const spawn: Loop | undefined =
    run && (phase === "starting" || phase === "active") ? { id, input: { run } } : undefined
  return { loops: spawn ? [...others, spawn] : others, stop: [event], spawn }
}
