/**
 * Races: calls of both doors, permits, probes, aborts, interrupted fibers, other configs, the operator and a stop, in whatever order the scheduler picks. Whatever the order,
 * each call is answered once, and what was taken is given back.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scheduler from "effect/Scheduler"
import fc from "fast-check"
import { expect } from "vitest"
import type { AssembledBreaker } from "../../src/assembledBreaker.ts"
import { timekeeperOf, wheelOf } from "../../src/Clock.ts"
import { onTime } from "../../src/control-plane/clock.ts"
import { AssembledEffectBreaker } from "../../src/EffectBreaker.ts"
import { type Breaker, type BreakerConfig, createBreaker, type OutcomeKind, type Ticket } from "../../src/index.ts"
import { type StepClock, stepClock } from "./stepClock.ts"

const slots = 2
const basic = {
  type: "basic",
  window: { type: "consecutive", failures: 3 },
  openFor: "1 second",
  probes: { atOnce: 2, needed: 2, lease: "1 minute" },
} as const
const priority = { limit: slots, queue: { max: 3, deadline: "1 minute" } } as const

const configs: readonly BreakerConfig[] = [
  { strategy: basic, timeout: false, priority },
  { strategy: basic, timeout: "50 millis", priority, retry: { attempts: 2, hedge: { after: "10 millis" } } },
  { strategy: "gradual", timeout: "50 millis", priority: { limit: slots, reserve: { critical: 0.5 } } },
  { strategy: basic, timeout: false, priority, rateLimit: { limit: 5, interval: "1 second", perKey: true } },
  { strategy: { type: "dependency", own: basic }, timeout: "50 millis", priority, candidate: "gradual" },
]

const config = fc.nat(configs.length - 1)
const end = fc.constantFrom<OutcomeKind>("success", "failure", "failure", "ignored")
const call = fc.record({
  do: fc.constant("call" as const),
  end,
  aborts: fc.boolean(),
  /** Through the Effect door: a fiber that yields after so many steps, and may be interrupted wherever it yields. */
  steps: fc.constantFrom(undefined, undefined, 8, 20, 2048),
  idempotent: fc.boolean(),
  priority: fc.constantFrom("bulk", "normal", "critical"),
  key: fc.constantFrom(undefined, undefined, "a", "b"),
})
const permit = fc.record({ do: fc.constant("permit" as const), end, twice: fc.boolean() })
const act = fc.oneof(
  { weight: 8, arbitrary: call },
  { weight: 4, arbitrary: permit },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 60, 1500, 90_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("forceOpen", "release", "shadow", "bypass") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("config" as const), config }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stop" as const), graceMs: fc.constantFrom(0, 100) }) },
)
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never

/** What was seen in all runs: races that never met anything would prove nothing. */
export const seen = {
  runs: 0,
  calls: 0,
  waited: 0,
  failed: 0,
  probes: 0,
  aborted: 0,
  timedOut: 0,
  stopped: 0,
  fibers: 0,
  interrupted: 0,
}

class Race {
  readonly clock: StepClock = stepClock()
  readonly breaker: Breaker
  readonly #scheduler: fc.Scheduler
  readonly #all: Promise<unknown>[] = []
  #stopped: Promise<void> | undefined
  #calls = 0
  #answers = 0

  constructor(scheduler: fc.Scheduler, first: number, isProbing: boolean) {
    this.#scheduler = scheduler
    this.breaker = createBreaker("service", configs[first], { clock: this.clock })
    if (!isProbing) return
    this.breaker.forceOpen("a race")
    this.breaker.release("a race")
  }

  /** Its turn comes when the scheduler picks it. */
  #turn(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label)
  }

  begin(next: Act, at: number): void {
    const run = async () => {
      await this.#turn(`${next.do} ${at}`)
      if (next.do === "call")
        await (next.steps === undefined ? this.#call(next, at) : this.#fiber(next, next.steps, at))
      else if (next.do === "permit") await this.#permit(next, at)
      else if (next.do === "wait") this.clock.step(next.ms)
      else if (next.do === "config") this.#reconfigure(next.config)
      else if (next.do === "stop") this.#stop(next.graceMs)
      else this.breaker[next.do]("a race")
    }
    this.#all.push(run())
  }

  #reconfigure(config: number): void {
    if (this.#stopped === undefined) this.breaker.reconfigure(configs[config] ?? {})
  }

  #stop(grace: number): void {
    this.#stopped ??= this.breaker.stop({ grace })
    seen.stopped++
  }

  async #call({ end, aborts, idempotent, priority, key }: Extract<Act, { do: "call" }>, at: number): Promise<void> {
    const gone = new AbortController()
    if (aborts) {
      seen.aborted++
      void this.#turn(`abort ${at}`).then(() => gone.abort(new Error("gone")))
    }
    this.#calls++
    const work = async () => {
      await this.#turn(`end ${at}`)
      if (end !== "success") throw new Error(end)
    }
    const options = { idempotent, priority, ...(key && { key }), ...(aborts && { signal: gone.signal }) } as const
    const { ok } = await this.breaker.tryExecute(work, {
      ...options,
      classify: () => (end === "ignored" ? "ignored" : end === "success" ? "success" : "failure"),
    })
    this.#answers++
    if (!ok) seen.failed++
  }

  async #fiber({ end, aborts, idempotent, priority, key }: Extract<Act, { do: "call" }>, steps: number, at: number) {
    const { breaker, clock } = this
    seen.fibers++
    this.#calls++
    const work = Effect.andThen(
      Effect.promise(() => this.#turn(`end ${at}`)),
      end === "success" ? Effect.void : Effect.fail(new Error(end)),
    )
    const call = new AssembledEffectBreaker((breaker as AssembledBreaker).assembly).guard(work, {
      ...{ idempotent, priority, ...(key && { key }) },
      classify: () => (end === "ignored" ? "ignored" : end === "success" ? "success" : "failure"),
    })
    const yielding = Effect.provideService(onTime(timekeeperOf(clock))(call), Scheduler.MaxOpsBeforeYield, steps)
    const fiber = Effect.runFork(yielding, { scheduler: this.#turns(at) })
    const ended = new Promise<Exit.Exit<unknown, unknown>>((resolve) => void fiber.addObserver(resolve))
    if (aborts) void this.#turn(`interrupt ${at}`).then(() => fiber.interruptUnsafe())
    const exit = await ended
    this.#answers++
    if (Exit.isFailure(exit)) Cause.hasInterruptsOnly(exit.cause) ? seen.interrupted++ : seen.failed++
  }

  /** A fiber goes on when the scheduler picks it. */
  #turns(at: number): Scheduler.Scheduler {
    return new Scheduler.MixedScheduler("async", (run) => {
      let isOff = false
      void this.#turn(`fiber ${at}`).then(() => isOff || run())
      return () => {
        isOff = true
      }
    })
  }

  async #permit({ end, twice }: Extract<Act, { do: "permit" }>, at: number): Promise<void> {
    const ticket: Ticket = this.breaker.acquire()
    if (!ticket.admitted) return
    if (ticket.probe) seen.probes++
    await this.#turn(`settle ${at}`)
    const first = ticket.settle(end)
    if (twice) expect(ticket.settle("failure"), "a permit is settled once").toBe(false)
    // A lease that has run out, and a stop, settle it before its owner does.
    if (first) expect(ticket.settle("success")).toBe(false)
  }

  async finish(): Promise<void> {
    const { breaker, clock } = this
    let isOver = false
    const over = Promise.all(this.#all).then(() => (isOver = true))
    await this.#scheduler.waitIdle()
    // Whatever still waits waits for time: in the line, in a backoff.
    for (let round = 0; round < 100 && !isOver; round++) {
      clock.step(1000)
      await this.#scheduler.waitIdle()
    }
    expect(isOver, "nobody waits for ever").toBe(true)
    await over
    expect(this.#answers, "every call is answered once").toBe(this.#calls)
    // Hedges that lost and calls that timed out give their places back when their work has ended.
    await this.#scheduler.waitIdle()
    seen.runs++
    seen.calls += this.#calls
    seen.timedOut += breaker.metrics().calls.timedOut
    seen.waited += breaker.metrics().calls.gaveUp
    if (this.#stopped === undefined) this.#expectWhole()
    await this.#end()
  }

  /** Nothing is left taken: as many may enter as the limit says, and no more. */
  #expectWhole(): void {
    const { breaker, clock } = this
    expect(breaker.metrics().calls).toMatchObject({ inFlight: 0, waiting: 0 })
    breaker.release("the race is over")
    breaker.reconfigure({ strategy: basic, timeout: false, priority: { ...priority, queue: false } })
    for (let round = 0; round < 20 && breaker.circuit !== "closed"; round++) {
      clock.step(120_000)
      const probes = Array.from({ length: 2 }, () => breaker.acquire())
      for (const probe of probes) if (probe.admitted) probe.settle("success")
    }
    expect(breaker.circuit).toBe("closed")
    const tickets = Array.from({ length: slots + 1 }, () => breaker.acquire())
    expect(tickets.map(({ admitted }) => admitted)).toEqual([...Array.from({ length: slots }, () => true), false])
    for (const ticket of tickets) if (ticket.admitted) ticket.settle("success")
  }

  async #end(): Promise<void> {
    const stopped = this.breaker.stop({ grace: 0 })
    this.clock.step(200_000)
    await stopped
    await this.#stopped
    const { calls, refusals } = this.breaker.metrics()
    const ended = calls.success + calls.failure + calls.timedOut + calls.ignored
    expect({ ended, inFlight: calls.inFlight, waiting: calls.waiting }).toEqual({
      ended: calls.admitted,
      inFlight: 0,
      waiting: 0,
    })
    expect(Object.values(refusals).reduce((sum, one) => sum + one, 0)).toBe(calls.rejected)
    expect(wheelOf(this.clock).size).toBe(0)
  }
}

/** Holds for every interleaving. */
export const nothingLeaks = fc.asyncProperty(
  fc.scheduler(),
  config,
  fc.boolean(),
  fc.array(act, { minLength: 4, maxLength: 14 }),
  async (scheduler, first, isProbing, acts) => {
    const race = new Race(scheduler, first, isProbing)
    for (const [at, next] of acts.entries()) race.begin(next, at)
    await race.finish()
  },
)
