/** Effect's own breaker, its timeout, and the least a guard inside a fiber can do. */
import * as Effect from "effect/Effect"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as Scope from "effect/Scope"
import type { Subject } from "../measure.ts"
import { isTheFailure, laterWork, mostlyFailing } from "./floor.ts"

const policy = { tripPolicy: CircuitBreaker.rate({ threshold: 0.5, size: 100 }), openDuration: "1 hour" } as const

const make = (options: Parameters<typeof CircuitBreaker.make>[0] = policy): CircuitBreaker.CircuitBreaker => {
  const scope = Effect.runSync(Scope.make())
  return Effect.runSync(
    CircuitBreaker.make(options).pipe(Scope.provide(scope), Effect.provide(CircuitBreaker.layerStoreMemory())),
  )
}

/** `calls` guarded effects, each made anew as an application makes it, one after another in one fiber. */
export const inOneFiber = (name: string, calls: number, guarded: () => Effect.Effect<number, unknown>): Subject => ({
  name,
  calls,
  run: (total) =>
    Effect.runPromise(
      Effect.suspend(() => {
        let started = 0
        let sum = 0
        return Effect.as(
          Effect.whileLoop({
            while: () => started++ < total,
            body: guarded,
            step: (answer) => {
              sum += answer
            },
          }),
          () => sum,
        )
      }),
    ).then((sum) => sum()),
})

export const answer: Effect.Effect<number> = Effect.sync(() => 1)
export const laterAnswer: Effect.Effect<number> = Effect.promise(laterWork)

export const bare = (calls: number): Subject => inOneFiber("bare effect", calls, () => answer)

/** A clock-free guard that counts: what any bookkeeping around an effect costs at least. `finalized` makes it of what counts. */
const counting = (
  name: string,
  calls: number,
  finalized: (count: () => void) => () => Effect.Effect<number>,
): Subject => {
  let settled = 0
  const guarded = finalized(() => {
    settled++
  })
  const subject = inOneFiber(name, calls, () => Effect.suspend(guarded))
  return { ...subject, run: (total) => subject.run(total).then((sum) => (settled > 0 ? sum : -1)) }
}

export const leastGuard = (name: string, calls: number): Subject =>
  counting(name, calls, (count) => {
    const settle = () => {
      count()
      return Effect.void
    }
    return () => Effect.onExit(answer, settle)
  })

/** The same, where nothing is left to be run when it has counted. */
export const leanerGuard = (name: string, calls: number): Subject =>
  counting(name, calls, (count) => {
    const settle = () => {
      count()
      return undefined
    }
    return () => Effect.onExitPrimitive(answer, settle)
  })

export const breaker = (calls: number): Subject => {
  const circuit = make()
  return inOneFiber("Effect CircuitBreaker", calls, () => circuit.execute(answer, { key: "service" }))
}

export const timeout = (name: string, calls: number, effect: Effect.Effect<number>): Subject =>
  inOneFiber(name, calls, () => Effect.timeout(effect, "10 seconds"))

export const breakerWithTimeout = (name: string, calls: number, effect: Effect.Effect<number>): Subject => {
  const circuit = make()
  return inOneFiber(name, calls, () => circuit.execute(Effect.timeout(effect, "10 seconds"), { key: "service" }))
}

export const bareFailure = (calls: number): Subject => {
  const failed = Effect.fail("refused")
  return inOneFiber("bare Effect.fail", calls, () => Effect.catch(failed, () => answer))
}

export const open = async (calls: number): Promise<Subject> => {
  const circuit = make()
  const failed = circuit.execute(Effect.fail("down"), { key: "service" })
  for (let i = 0; i < 200; i++) await Effect.runPromise(Effect.ignore(failed))
  const state = await Effect.runPromise(circuit.state("service"))
  if (state._tag !== "Open") throw new Error("Effect's breaker did not open")
  const refused = (error: CircuitBreaker.CircuitBreakerError) =>
    Effect.succeed(error.reason._tag === "CircuitOpen" ? 1 : 0)
  return inOneFiber("Effect CircuitBreaker", calls, () =>
    Effect.catch(circuit.execute(Effect.succeed(0), { key: "service" }), refused),
  )
}

/** Run from a fiber, as all of Effect's are; the failure is caught inside it. */
export const failing = async (name: string, calls: number, samples: number): Promise<Subject> => {
  const circuit = make({
    tripPolicy: CircuitBreaker.rate({ threshold: 0.95, size: samples, minimumCalls: Math.min(20, samples) }),
    openDuration: "1 hour",
  })
  const subject = inOneFiber(name, samples, () => circuit.execute(answer, { key: "service" }))
  await subject.run(samples)
  const call = mostlyFailing()
  const attempt = Effect.tryPromise({ try: call, catch: (error) => error })
  return inOneFiber(name, calls, () =>
    Effect.catch(circuit.execute(attempt, { key: "service" }), (error) => Effect.succeed(isTheFailure(error) ? 1 : 0)),
  )
}

/** A breaker of many keys, one call for each. */
export const keyed = (keys: number): (() => Promise<number>) => {
  const circuit = make()
  return async () => {
    let sum = 0
    for (let i = 0; i < keys; i++) sum += await Effect.runPromise(circuit.execute(answer, { key: `key-${i}` }))
    return sum
  }
}
