/**
 * Races: calls of both doors, permits, probes, aborts, interrupted fibers, other configs, the operator and a stop, in whatever order the scheduler picks. Whatever the order,
 * each call is answered once, and what was taken is given back.
 *
 * To start a breaker costs ten times what a race does, so many races run one after the other on the same one, each an interleaving that fast-check's scheduler draws, and each
 * is held to account when it is over; the last may contain the stop.
 */
import assert from "node:assert/strict"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scheduler from "effect/Scheduler"
import fc from "fast-check"
import type { AssembledBreaker } from "../../src/assembledBreaker.ts"
import { timekeeperOf, wheelOf } from "../../src/Clock.ts"
import { onTime } from "../../src/control-plane/clock.ts"
import { AssembledEffectBreaker } from "../../src/EffectBreaker.ts"
import { type Breaker, type BreakerConfig, createBreaker, type OutcomeKind, type Ticket } from "../../src/index.ts"
import { type StepClock, stepClock } from "./stepClock.ts"

const slots = 2
const places = 2
const basic = {
  type: "basic",
  window: { type: "consecutive", failures: 3 },
  openFor: "1 second",
  probes: { atOnce: places, needed: 2, lease: "1 minute" },
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
const end = fc.constantFrom<OutcomeKind>("success", "success", "failure", "ignored")
const call = fc.record({
  do: fc.constant("call" as const),
  end,
  aborts: fc.boolean(),
  /** Through the Effect door: a fiber that yields after so many steps, and may be interrupted wherever it yields. */
  steps: fc.constantFrom(undefined, undefined, undefined, undefined, 8, 20, 2048),
  idempotent: fc.boolean(),
  priority: fc.constantFrom("bulk", "normal", "critical"),
  key: fc.constantFrom(undefined, undefined, "a", "b"),
})
const permit = fc.record({ do: fc.constant("permit" as const), end, twice: fc.boolean() })
const usual = [
  { weight: 32, arbitrary: call },
  { weight: 16, arbitrary: permit },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 60, 1500, 90_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("forceOpen", "release", "shadow", "bypass") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("config" as const), config }) },
] as const
const stop = fc.record({ do: fc.constant("stop" as const), graceMs: fc.constantFrom(0, 100) })
const act = fc.oneof(...usual)
const lastAct = fc.oneof(...usual, { weight: 8, arbitrary: stop })
type Act = typeof lastAct extends fc.Arbitrary<infer A> ? A : never

const race = fc.record({
  acts: fc.array(act, { minLength: 2, maxLength: 6, size: "max" }),
  /** Each race has its own, so that a failing one keeps its order while the others are left out. */
  scheduler: fc.scheduler(),
  /** How long nothing happens afterwards. */
  restMs: fc.constantFrom(0, 1500, 1500),
})

/** What was seen in all races: those that never met anything would prove nothing. */
export const seen = {
  breakers: 0,
  races: 0,
  turns: 0,
  calls: 0,
  waited: 0,
  failed: 0,
  probes: 0,
  aborted: 0,
  timedOut: 0,
  stopped: 0,
  fibers: 0,
  interrupted: 0,
  full: 0,
  probed: 0,
}

class Races {
  readonly clock: StepClock = stepClock()
  readonly breaker: Breaker
  readonly #effectBreaker: AssembledEffectBreaker
  readonly #timed: ReturnType<typeof onTime>
  #scheduler: fc.Scheduler | undefined
  #running: Promise<unknown>[] = []
  #stopped: Promise<void> | undefined
  #config: number
  #calls = 0
  #answers = 0
  readonly #unanswered = new Set<number>()
  /** Unanswered calls whose fibers have been interrupted. */
  readonly #gone = new Set<number>()

  constructor(first: number, isProbing: boolean) {
    this.#config = first
    this.breaker = createBreaker("service", configs[first], { clock: this.clock })
    this.#effectBreaker = new AssembledEffectBreaker((this.breaker as AssembledBreaker).assembly)
    this.#timed = onTime(timekeeperOf(this.clock))
    seen.breakers++
    if (!isProbing) return
    this.breaker.forceOpen("a race")
    this.breaker.release("a race")
  }

  /** Its turn comes when the scheduler picks it. */
  #turn(label: string): Promise<void> {
    seen.turns++
    assert.ok(this.#scheduler)
    return this.#scheduler.schedule(Promise.resolve(), label)
  }

  #begin(next: Act, at: number): void {
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
    this.#running.push(run())
  }

  #reconfigure(config: number): void {
    if (this.#stopped !== undefined) return
    this.#config = config
    this.breaker.reconfigure(configs[config] ?? {})
  }

  #stop(grace: number): void {
    this.#stopped ??= this.breaker.stop({ grace })
    seen.stopped++
  }

  async #call({ end, aborts, idempotent, priority, key }: Extract<Act, { do: "call" }>, at: number): Promise<void> {
    const gone = aborts ? new AbortController() : undefined
    const abort = gone && this.#turn(`abort ${at}`).then(() => this.#abort(gone, at))
    this.#calls++
    this.#unanswered.add(at)
    const work = async () => {
      await this.#turn(`end ${at}`)
      if (end !== "success") throw end
    }
    const { ok } = await this.breaker.tryExecute(work, {
      ...{ idempotent, priority, ...(key && { key }), ...(gone && { signal: gone.signal }) },
      classify: () => (end === "ignored" ? "ignored" : end === "success" ? "success" : "failure"),
    })
    this.#answer(at)
    if (!ok) seen.failed++
    await abort
  }

  /** Wherever the call is, in line, in a backoff or under way: its caller hears at once. */
  async #abort(gone: AbortController, at: number): Promise<void> {
    seen.aborted++
    gone.abort("gone")
    for (let turn = 0; turn < 10 && this.#unanswered.has(at); turn++) await Promise.resolve()
    assert.ok(!this.#unanswered.has(at), "who gives up is answered at once")
  }

  #giveUp(at: number): void {
    if (this.#unanswered.has(at)) this.#gone.add(at)
  }

  #answer(at: number): void {
    this.#answers++
    this.#unanswered.delete(at)
    this.#gone.delete(at)
  }

  async #fiber({ end, aborts, idempotent, priority, key }: Extract<Act, { do: "call" }>, steps: number, at: number) {
    seen.fibers++
    this.#calls++
    this.#unanswered.add(at)
    const work = Effect.andThen(
      Effect.promise(() => this.#turn(`end ${at}`)),
      end === "success" ? Effect.void : Effect.fail(end),
    )
    const call = this.#effectBreaker.guard(work, {
      ...{ idempotent, priority, ...(key && { key }) },
      classify: () => (end === "ignored" ? "ignored" : end === "success" ? "success" : "failure"),
    })
    const yielding = Effect.provideService(this.#timed(call), Scheduler.MaxOpsBeforeYield, steps)
    const fiber = Effect.runFork(yielding, { scheduler: this.#turns(at) })
    const ended = new Promise<Exit.Exit<unknown, unknown>>((resolve) => void fiber.addObserver(resolve))
    if (aborts)
      void this.#turn(`interrupt ${at}`).then(() => {
        this.#giveUp(at)
        fiber.interruptUnsafe()
      })
    const exit = await ended
    this.#answer(at)
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
    // A lease that has run out, and a stop, settle it before its owner does.
    if (twice || first) assert.equal(ticket.settle("failure"), false, "a permit is settled once")
  }

  /** One interleaving, and what must be true when it is over. */
  async run(acts: readonly Act[], scheduler: fc.Scheduler): Promise<void> {
    this.#scheduler = scheduler
    for (const [at, next] of acts.entries()) this.#begin(next, at)
    let isOver = false
    let trouble: unknown
    void Promise.all(this.#running)
      .catch((error: unknown) => {
        trouble = error
      })
      .then(() => {
        isOver = true
      })
    this.#running = []
    await scheduler.waitIdle()
    assert.ok(this.#gone.size === 0, "a fiber that is interrupted waits for no timer")
    // Whatever still waits waits for time: in the line, in a backoff.
    for (let round = 0; round < 100 && !isOver; round++) {
      this.clock.step(1000)
      await scheduler.waitIdle()
    }
    assert.ok(isOver, "nobody waits for ever")
    if (trouble !== undefined) throw trouble
    assert.equal(this.#answers, this.#calls, "every call is answered once")
    // Hedges that lost and calls that timed out give their places back when their work has ended.
    await scheduler.waitIdle()
    seen.races++
    if (this.#stopped === undefined) this.#expectFree()
  }

  /** Nothing is left taken: as many may enter as the limit says, or as there are places of probes, and no more. */
  #expectFree(): void {
    const { breaker } = this
    const { plane } = (breaker as AssembledBreaker).assembly
    assert.equal(plane.inFlight, 0, "nobody is in flight")
    assert.equal(plane.queue.size, 0, "nobody waits")
    if (breaker.mode !== "auto") breaker.release("the race is over")
    if (breaker.circuit === "closed") this.#expectEntries(slots, "limit")
    // How many probes `gradual` lets in at once is its own business.
    else if (breaker.circuit === "halfOpen" && this.#config !== 2) this.#expectEntries(places, "probe")
  }

  /** Whom nothing else refuses (the rate, the floor of priorities) enters until what is counted here is all taken. */
  #expectEntries(most: number, layer: "limit" | "probe"): void {
    const tickets: Ticket[] = []
    // The most important may take the reserved places; the least important are those that may probe.
    const priority = layer === "limit" ? "critical" : "bulk"
    for (let next = 0; next <= most; next++) tickets.push(this.breaker.acquire({ priority }))
    const admitted = tickets.filter((ticket) => ticket.admitted)
    assert.ok(admitted.length <= most, `no more than ${most} enter (${layer})`)
    for (const ticket of tickets)
      if (!ticket.admitted && ticket.layer === layer)
        assert.equal(admitted.length, most, `all of ${most} may enter again (${layer})`)
    for (const ticket of admitted) ticket.settle("ignored")
    if (admitted.length === most) seen[layer === "limit" ? "full" : "probed"]++
  }

  async end(): Promise<void> {
    const { breaker } = this
    seen.calls += this.#calls
    seen.timedOut += breaker.metrics().calls.timedOut
    seen.waited += breaker.metrics().calls.gaveUp
    if (this.#stopped === undefined) this.#expectWhole()
    await this.#expectStop()
    const { calls, refusals } = breaker.metrics()
    const ended = calls.success + calls.failure + calls.timedOut + calls.ignored
    assert.equal(ended, calls.admitted, "whoever was admitted ended once")
    assert.equal(calls.inFlight, 0)
    assert.equal(calls.waiting, 0)
    assert.equal(
      Object.values(refusals).reduce((sum, one) => sum + one, 0),
      calls.rejected,
    )
  }

  /** With nobody in flight it waits for no grace, and leaves no timer behind, not even one that would do nothing. */
  async #expectStop(): Promise<void> {
    let isStopped = false
    const stopped = Promise.all([this.#stopped, this.breaker.stop({ grace: 0 })]).then(() => {
      isStopped = true
    })
    for (let round = 0; round < 100 && !isStopped; round++) await new Promise<void>(setImmediate)
    assert.ok(isStopped, "the stop ends")
    await stopped
    assert.equal(wheelOf(this.clock).size, 0, "no timer is left")
  }

  /** It can be closed again, and is then whole. */
  #expectWhole(): void {
    const { breaker, clock } = this
    breaker.release("the races are over")
    breaker.reconfigure({ strategy: basic, timeout: false, priority: { ...priority, queue: false } })
    for (let round = 0; round < 20 && breaker.circuit !== "closed"; round++) {
      clock.step(120_000)
      const probes = Array.from({ length: 2 }, () => breaker.acquire())
      for (const probe of probes) if (probe.admitted) probe.settle("success")
    }
    assert.equal(breaker.circuit, "closed")
    this.#expectEntries(slots, "limit")
  }
}

/** How many races one run has, on the average. */
export const racesPerRun = 24

/** Holds for every interleaving. */
export const nothingLeaks = fc.asyncProperty(
  config,
  fc.boolean(),
  fc.array(race, { maxLength: 2 * racesPerRun, size: "max" }),
  fc.array(lastAct, { minLength: 2, maxLength: 10, size: "max" }),
  fc.scheduler(),
  async (first, isProbing, races, last, scheduler) => {
    const all = new Races(first, isProbing)
    for (const { acts, scheduler, restMs } of races) {
      await all.run(acts, scheduler)
      all.clock.step(restMs)
    }
    await all.run(last, scheduler)
    await all.end()
  },
)
