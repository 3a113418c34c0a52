/** Stopping: no new admissions, calls in flight get a grace period, then what the breaker owns is interrupted. */
import * as Effect from "effect/Effect"
import { refusalByShare, rejectNow } from "../machines/vocabulary/rejection.ts"
import { type Assembly, saveAssembly } from "./assemble.ts"
import { CallRejected } from "./CallRejected.ts"
import { timekeeperOf } from "./Clock.ts"
import { leaveGraph } from "./dependencyGraph.ts"
import type { Runner } from "./execution.ts"

/** Waits until nothing is in flight, at most `graceMs`. */
const whenIdle = ({ plane, whenIdle, clock }: Assembly, graceMs: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (plane.inFlight === 0) {
      resume(Effect.void)
      return
    }
    const done = () => {
      cancel()
      whenIdle.delete(done)
      resume(Effect.void)
    }
    const cancel = timekeeperOf(clock).after(graceMs, done, true)
    whenIdle.add(done)
    return Effect.sync(() => {
      cancel()
      whenIdle.delete(done)
    })
  })

/** Drains for up to `graceMs`, then interrupts. The caller closes the Scope afterwards. */
export const drain = (assembly: Assembly, runner: Runner | undefined, graceMs: number): Effect.Effect<void> => {
  const { name, plane, conductor, clock, listeners } = assembly
  const interrupted = () => new CallRejected(rejectNow(refusalByShare(name, plane.gate), clock.now()))
  return Effect.sync(() => {
    conductor.close(clock.now())
    leaveGraph(assembly)
    for (const end of [...(assembly.repeater?.pauses ?? [])]) end()
  }).pipe(
    Effect.andThen(whenIdle(assembly, graceMs)),
    Effect.andThen(
      Effect.sync(() => {
        runner?.interruptAll(interrupted)
        // One that never had actors is as it was made: none are started only to ask them.
        if (conductor.isStarted) assembly.last = saveAssembly(assembly)
        conductor.finish(clock.now())
        listeners.flush()
      }),
    ),
  )
}
