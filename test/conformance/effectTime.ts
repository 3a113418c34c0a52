/** Effects under TestClock: a runtime whose time a case moves. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"

/** A time of today: some libraries take the time stamp 0 for none. */
export const startOfTime = Date.UTC(2026, 10, 1)

/** Fibers continue in macrotasks of the host. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

export interface EffectWorld<R> {
  /** Runs in a fiber of its own, which the signal interrupts. Rejects with the error itself. */
  run<A, E>(effect: Effect.Effect<A, E, R | Scope.Scope>, signal?: AbortSignal): Promise<A>
  advance(ms: number): Promise<void>
  stepWallBack(ms: number): Promise<void>
  close(): Promise<void>
}

function valueIn<A, E>(exit: Exit.Exit<A, E>): A {
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.hasInterruptsOnly(exit.cause)) throw new DOMException("interrupted", "AbortError")
  throw Cause.squash(exit.cause)
}

/** With `virtual` time stands still until `advance` moves it; else it is the host's. */
export async function effectWorld<R>(services: Layer.Layer<R>, virtual: boolean): Promise<EffectWorld<R>> {
  const scope = Scope.makeUnsafe()
  const own = Layer.merge(services, Layer.succeed(Scope.Scope, scope))
  const timed = virtual ? Layer.merge(own, TestClock.layer()) : own
  const context = await Effect.runPromise(Layer.buildWithScope(timed, scope))
  const runExit = Effect.runPromiseExitWith(context)
  const run: EffectWorld<R>["run"] = async (effect, signal) => valueIn(await runExit(effect, signal && { signal }))
  if (virtual) await run(TestClock.setTime(startOfTime))
  return {
    run,
    advance: async (ms) => {
      await settle()
      if (ms > 0) await run(TestClock.adjust(ms))
      await settle()
    },
    stepWallBack: (ms) => run(TestClock.testClockWith((clock) => clock.setTime(clock.currentTimeMillisUnsafe() - ms))),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
