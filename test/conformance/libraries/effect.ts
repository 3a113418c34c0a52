/** Effect's own breaker, with its memory store, under TestClock; calls run in fibers, and giving up is interruption. */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { CircuitBreaker } from "effect/persistence"
import * as Schedule from "effect/Schedule"
import {
  type Ending,
  Inexpressible,
  type Keyed,
  type Library,
  type Settings,
  type State,
  type Subject,
} from "../adapter.ts"
import { type EffectWorld, effectWorld } from "../effectTime.ts"
import { remember } from "../given.ts"

type World = EffectWorld<CircuitBreaker.CircuitBreakerStore>

const worldWith = (idleMs: number | undefined, virtual: boolean): Promise<World> =>
  effectWorld(CircuitBreaker.layerStoreMemory({ idleTimeToLive: idleMs }), virtual)

function optionsOf({ line, openForMs, windowMs, idleMs }: Settings) {
  if (windowMs !== undefined && idleMs === undefined) {
    throw new Inexpressible("its windows count calls, and have no age")
  }
  const rate = line && { threshold: line.ratio, size: line.calls, minimumCalls: line.minimumCalls }
  return { tripPolicy: CircuitBreaker.rate(rate ?? {}), openDuration: openForMs }
}

function endingOf(error: unknown): Ending {
  if (error instanceof CircuitBreaker.CircuitBreakerError) {
    const { reason } = error
    const retryAfterMs = reason._tag === "CircuitOpen" ? Duration.toMillis(reason.retryAfter) : undefined
    return { kind: "rejected", retryAfterMs }
  }
  if (Cause.isTimeoutError(error)) return { kind: "timedOut" }
  return { kind: error instanceof DOMException && error.name === "AbortError" ? "aborted" : "failed" }
}

const states: { readonly [Tag in CircuitBreaker.State["_tag"]]: State } = {
  Closed: "closed",
  Open: "open",
  HalfOpen: "halfOpen",
}

const classifyBy = (ignores: (error: unknown) => boolean) => (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  return ignores(Cause.squash(exit.cause)) ? CircuitBreaker.ignored : CircuitBreaker.failure()
}

/** Timeouts and retries go inside the breaker, as its documentation says. */
function inside(call: Effect.Effect<unknown, unknown>, { timeoutMs, retry }: Settings) {
  const timed = timeoutMs === undefined ? call : Effect.timeout(call, timeoutMs)
  if (retry === undefined) return timed
  return Effect.retry(timed, { schedule: Schedule.spaced(retry.waitMs), times: retry.times })
}

async function make(settings: Settings, virtual: boolean): Promise<Subject> {
  const options = optionsOf(settings)
  const given = remember(options)
  const world = await worldWith(settings.idleMs, virtual)
  const breaker = await world.run(CircuitBreaker.make(options))
  const classify = settings.ignores && classifyBy(settings.ignores)
  return {
    probesAtOnce: 1,
    given,
    run: (work, caller) => {
      const call = Effect.tryPromise({ try: (signal) => work(signal), catch: (error) => error })
      return world.run(breaker.execute(inside(call, settings), { key: "service", classify }), caller)
    },
    ending: endingOf,
    state: async () => states[(await world.run(breaker.state("service")))._tag],
    advance: world.advance,
    stepWallBack: world.stepWallBack,
    dispose: world.close,
  }
}

async function keyed(): Promise<Keyed> {
  const world = await worldWith(undefined, true)
  const options = { tripPolicy: CircuitBreaker.consecutive(2), openDuration: "1 hour" } as const
  const breaker = await world.run(CircuitBreaker.make(options))
  const down = Effect.fail("down")
  return {
    failEach: (keys) =>
      world.run(Effect.forEach(keys, (key) => Effect.ignore(breaker.execute(down, { key })), { discard: true })),
    countOpen: async (keys) => {
      const found = await world.run(Effect.forEach(keys, (key) => breaker.state(key)))
      return found.filter(({ _tag }) => _tag === "Open").length
    },
    dispose: world.close,
  }
}

export const effect: Library = {
  key: "effect",
  title: "Effect",
  time: "own",
  lacks: {
    hold: "nothing forces a circuit open",
    lateProbe: "one probe at a time, and its round ends only with it",
    ramp: "no ramp: the first success lets everything in",
    retryTime: "the cap holds, but `CircuitHalfOpen` has no place for a time",
    save: "its memory store ends with the process; its Redis store, which would keep the time, is not run here",
    slow: "no slow calls",
  },
  remarks: { 20: "no cap on its keys; `idleTimeToLive`, an hour by default, forgets them by time only" },
  make: (settings, clock) => make(settings, clock !== undefined),
  keyed,
}
