/** What stands before the service: as people use it, around a function that makes the request. */
import * as cockatiel from "cockatiel"
import CircuitBreaker from "opossum"
import { CallRejected, CallTimedOut, createBreaker } from "recloser"
import type { Circuit } from "../../../src/testing/simulation/policy.ts"
import type { Call, World } from "../../../src/testing/simulation/world.ts"

/** How a call ended for its caller. */
export type End = "success" | "failure" | "timedOut" | "refused"

/** Makes the request; rejects when it fails, or when its caller has waited long enough (`Impatient`). */
export type Request = (signal: AbortSignal | undefined) => Promise<void>

export class Impatient extends Error {}

export interface Protector {
  execute(call: Call, request: Request): Promise<void>
  /** What an error means for the caller. */
  endOf(error: unknown): End
  stop(): Promise<void>
}

export type MakeProtector = (world: World, moved: (circuit: Circuit) => void) => Protector

const plainEnd = (error: unknown): End => (error instanceof Impatient ? "timedOut" : "failure")

const none: MakeProtector = () => ({
  execute: (_call, request) => request(undefined),
  endOf: plainEnd,
  stop: async () => {},
})

const recloser: MakeProtector = ({ keysTold, tellsDeadline, patienceMs }, moved) => {
  const breaker = createBreaker("service")
  breaker.on("transition", ({ to }) => moved(to))
  const deadline = tellsDeadline === true ? patienceMs : undefined
  return {
    execute: ({ key, priority, tenant }, request) =>
      breaker.execute(({ signal }) => request(signal), {
        priority,
        tenant,
        deadline,
        key: keysTold === true ? `key ${key}` : undefined,
      }),
    endOf: (error) => {
      if (error instanceof CallRejected) return "refused"
      return error instanceof CallTimedOut ? "timedOut" : plainEnd(error)
    },
    stop: () => breaker.stop({ grace: 0 }),
  }
}

const opossum: MakeProtector = (_world, moved) => {
  const breaker = new CircuitBreaker((request: Request) => request(undefined))
  breaker.on("open", () => moved("open"))
  breaker.on("halfOpen", () => moved("halfOpen"))
  breaker.on("close", () => moved("closed"))
  const codes: Readonly<Record<string, End>> = { EOPENBREAKER: "refused", ETIMEDOUT: "timedOut" }
  return {
    execute: (_call, request) => breaker.fire(request),
    endOf: (error) => codes[String((error as { readonly code?: unknown }).code)] ?? plainEnd(error),
    stop: async () => breaker.shutdown(),
  }
}

const circuits = {
  [cockatiel.CircuitState.Closed]: "closed",
  [cockatiel.CircuitState.Open]: "open",
  [cockatiel.CircuitState.HalfOpen]: "halfOpen",
  [cockatiel.CircuitState.Isolated]: "open",
} as const

/** It has no defaults; these are the settings of the first example in its documentation. */
const documentedCockatiel: MakeProtector = (_world, moved) => {
  const breaker = new cockatiel.ConsecutiveBreaker(5)
  const policy = cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: 10_000, breaker })
  policy.onStateChange((state) => moved(circuits[state]))
  return {
    execute: (_call, request) => policy.execute(() => request(undefined)),
    endOf: (error) => (error instanceof cockatiel.BrokenCircuitError ? "refused" : plainEnd(error)),
    stop: async () => {},
  }
}

export const protectors: Readonly<Record<string, MakeProtector>> = {
  recloser,
  none,
  opossum,
  cockatiel: documentedCockatiel,
}
