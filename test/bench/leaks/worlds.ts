/** What might leak: each world makes calls of one kind, many times over, and then stops. */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { fromFile } from "../../../src/discovery.ts"
import { Breaker as EffectBreaker } from "../../../src/effect.ts"
import { httpCheck } from "../../../src/health.ts"
import { createBreaker, createBreakers } from "../../../src/index.ts"
import { startInspector, startRecorder } from "../../../src/inspect.ts"
import { createVirtualClock } from "../../../src/testing/index.ts"

export interface World {
  readonly name: string
  /** Of a round's calls, the part that is made here. */
  readonly part: number
  run(calls: number): Promise<void>
  stop(): Promise<void>
}

const down = new Error("down")
const well = async () => 1
const ill = () => Promise.reject(down)
const hanging = () => new Promise<never>(() => {})

/** Listened to by calls of many worlds, and never aborted: each call must take its listener away. */
export const callerSignal = new AbortController().signal

const plain = (): World => {
  const breaker = createBreaker("plain", { strategy: { type: "basic", window: { type: "count" } } })
  const run = async (calls: number) => {
    for (let n = 0; n < calls; n++) {
      if (n % 64 === 0) await breaker.execute(well, { signal: callerSignal })
      else if (n % 100 === 1) await breaker.tryExecute(ill)
      else await breaker.execute(well)
    }
  }
  return { name: "promise door", part: 0.42, run, stop: () => breaker.stop() }
}

const everything = (): World => {
  const breaker = createBreaker("everything", {
    retry: { attempts: 2, hedge: true },
    rateLimit: { limit: 1_000_000, perKey: true },
    prediction: true,
    health: true,
    recovery: { features: ["pay"] },
  })
  const run = async (calls: number) => {
    for (let n = 0; n < calls; n++)
      await breaker.tryExecute(n % 100 === 1 ? ill : well, {
        key: `key ${n % 20_000}`,
        feature: "pay",
        idempotent: true,
        signal: callerSignal,
      })
  }
  return { name: "every component, keys", part: 0.05, run, stop: () => breaker.stop() }
}

const twoSteps = (): World => {
  const breaker = createBreaker("two steps", { timeout: "1 second" })
  const run = async (calls: number) => {
    for (let n = 0; n < calls; n++) {
      const ticket = breaker.acquire()
      if (ticket.admitted) ticket.settle(n % 100 === 1 ? "failure" : "success")
    }
  }
  return { name: "acquire and settle", part: 0.4, run, stop: () => breaker.stop() }
}

const inFibers = (): World => {
  const scope = Effect.runSync(Scope.make())
  const breaker = Effect.runSync(Scope.provide(EffectBreaker.make("fiber", {}, { log: false }), scope))
  const call = (n: number) => Effect.ignore(breaker.guard(n % 100 === 1 ? Effect.fail(down) : Effect.succeed(1)))
  const run = (calls: number) =>
    Effect.runPromise(
      Effect.gen(function* () {
        for (let n = 0; n < calls; n++) yield* call(n)
      }),
    )
  return { name: "Effect door", part: 0.05, run, stop: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

const keyed = (): World => {
  const clock = createVirtualClock()
  const breakers = createBreakers({ max: 2000, idle: "1 minute" }, { clock })
  let key = 0
  const run = async (calls: number) => {
    for (let n = 0; n < calls; n++) {
      await breakers.get(`key ${key++ % 1_000_000}`).tryExecute(key % 50 < 3 ? ill : well)
      if (n % 1000 === 0) await clock.advance("1 second")
    }
    await clock.advance("2 minutes")
  }
  return { name: "breakers by key", part: 0.03, run, stop: () => breakers.stop() }
}

const late = (): World => {
  const clock = createVirtualClock()
  const config = { strategy: "basic", timeout: "100 millis", retry: { attempts: 3 } } as const
  const breaker = createBreaker("late", config, { clock })
  const run = async (calls: number) => {
    for (let n = 0; n < calls; n += 10) {
      const ends = Array.from({ length: 10 }, (_, one) =>
        breaker.tryExecute([hanging, ill, well][one % 3] as typeof well, { idempotent: true, signal: callerSignal }),
      )
      await clock.advance("20 seconds")
      await Promise.all(ends)
    }
  }
  return { name: "timeouts and retries", part: 0.01, run, stop: () => breaker.stop({ grace: 0 }) }
}

const crowded = (): World => {
  const clock = createVirtualClock()
  const priority = { limit: 4, queue: { max: 30 } } as const
  const breaker = createBreaker("crowded", { strategy: "basic", priority }, { clock })
  const run = async (calls: number) => {
    for (let n = 0; n < calls; n += 50) {
      const gone = new AbortController()
      const ends = Array.from({ length: 50 }, (_, one) =>
        breaker.tryExecute(
          () => new Promise<void>((done) => clock.arm(5, done, false)),
          one % 5 === 0 ? { signal: gone.signal } : { priority: one % 2 === 0 ? "high" : "low", signal: callerSignal },
        ),
      )
      await clock.advance(7)
      gone.abort(down)
      await clock.advance("2 seconds")
      await Promise.all(ends)
    }
  }
  return { name: "waiters, some of which give up", part: 0.03, run, stop: () => breaker.stop() }
}

/** Lives and stops over and over: what a breaker takes up it gives back. */
const brief = (files: { readonly endpoints: string; readonly recording: string }): World => {
  let server: Server | undefined
  const origin = async () => {
    server ??= createServer((_, response) => response.end("well"))
    if (!server.listening) await new Promise<void>((done) => server?.listen(0, "127.0.0.1", done))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const live = async (url: string) => {
    const discovery = { endpoints: ["10.0.0.1:80", "10.0.0.2:80"], provider: fromFile({ path: files.endpoints }) }
    const health = { check: httpCheck({ url, loopback: true }), interval: "50 millis", timeout: "50 millis" } as const
    const breaker = createBreaker("brief", { discovery, health })
    const inspector = await startInspector()
    const recorder = startRecorder({ file: files.recording })
    breaker.on("transition", () => {})
    await (await fetch(inspector.url.replace(/#.*/, ""))).text()
    for (let n = 0; n < 10; n++) await breaker.tryExecute(n % 5 === 0 ? ill : well)
    recorder.stop()
    await breaker.stop()
    await inspector.stop()
  }
  return {
    name: "lives with a watched file, checks, an inspector and a recorder",
    part: 0.000_01,
    run: async (calls) => {
      const url = await origin()
      for (let n = 0; n < Math.max(10, calls); n += 10) await live(url)
    },
    stop: async () => {
      server?.closeAllConnections()
      await new Promise<void>((done) => (server === undefined ? done() : void server.close(() => done())))
    },
  }
}

export const worlds = (files: Parameters<typeof brief>[0]): readonly World[] => [
  plain(),
  everything(),
  twoSteps(),
  inFibers(),
  keyed(),
  late(),
  crowded(),
  brief(files),
]
