/** Breakers under virtual time, and the few moves that most tests make. */
import { type Breaker, type BreakerConfig, type BreakerEvents, type BreakerOptions, createBreaker } from "recloser"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { expect } from "vitest"

export interface World {
  readonly clock: VirtualClock
  readonly breaker: Breaker
  /** Every transition so far, as `from → to`. */
  readonly moves: readonly string[]
  readonly transitions: readonly BreakerEvents["transition"][]
  readonly troubles: readonly BreakerEvents["trouble"][]
}

/** One breaker on a clock of its own. */
export function world(
  config: BreakerConfig = {},
  { clock = createVirtualClock(), ...options }: BreakerOptions & { readonly clock?: VirtualClock } = {},
): World {
  const breaker = createBreaker("service", config, { ...options, clock })
  const moves: string[] = []
  const transitions: BreakerEvents["transition"][] = []
  const troubles: BreakerEvents["trouble"][] = []
  breaker.on("transition", (event) => {
    moves.push(`${event.from} → ${event.to}`)
    transitions.push(event)
  })
  breaker.on("trouble", (event) => troubles.push(event))
  return { clock, breaker, moves, transitions, troubles }
}

export const down = new Error("down")
export const failing = (): Promise<never> => Promise.reject(down)
export const working = (): Promise<string> => Promise.resolve("up")
export const hanging = (): Promise<never> => new Promise(() => {})

export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** A promise that a test settles by hand. */
export function deferred<T = string>(): Deferred<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((take, refuse) => {
    resolve = take
    reject = refuse
  })
  return { promise, resolve, reject }
}

export async function times(count: number, run: () => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < count; turn++) await run()
}

export const fail = (breaker: Breaker, count = 1) => times(count, () => breaker.tryExecute(failing))
export const succeed = (breaker: Breaker, count = 1) => times(count, () => breaker.tryExecute(working))

/** Fails until the circuit is open. */
export async function trip(breaker: Breaker): Promise<void> {
  for (let call = 0; call < 1000 && breaker.circuit !== "open"; call++) await breaker.tryExecute(failing)
  expect(breaker.circuit).toBe("open")
}

/** Trips it and waits until it probes. */
export async function tripAndWait({ breaker, clock }: World): Promise<void> {
  await trip(breaker)
  await clock.advance(breaker.wouldReject()?.retryAfterMs ?? 0)
  expect(breaker.circuit).toBe("halfOpen")
}

/** Every admitted call ended in one way, or is still in flight. */
export function expectConsistent(breaker: Breaker): void {
  const { calls, refusals } = breaker.metrics()
  const { admitted, success, failure, timedOut, ignored, inFlight, rejected } = calls
  expect(success + failure + timedOut + ignored + inFlight).toBe(admitted)
  expect(Object.values(refusals).reduce((sum, count) => sum + count, 0)).toBe(rejected)
}
