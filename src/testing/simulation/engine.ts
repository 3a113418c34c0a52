/** Runs one world under one policy, event by event, in virtual time. */
import { runClock } from "./clock.ts"
import { type Offered, type Policy, type PolicyMaker, type Port, type Settled, type Token, waiting } from "./policy.ts"
import { EventQueue, type Happening } from "./queue.ts"
import { type Random, stream } from "./random.ts"
import { Recording } from "./record.ts"
import { Attempt, type Call, type Stage, type World } from "./world.ts"

/** Chains of promises inside the libraries are shorter than this; a test doubles it and sees the same run. */
export const standardTurns = 12

/** So many events take a few hundredths of a second. */
const eventsBetweenPauses = 50_000

export interface RunOptions {
  /** How many turns promises are given after each event that touched them. */
  readonly turns?: number
  /** Awaited now and then, so that the process can hear what else happens; a rejection ends the run. */
  readonly pause?: (() => Promise<void>) | undefined
}

const never = Number.POSITIVE_INFINITY

class Run implements Stage {
  readonly queue: EventQueue
  readonly recording: Recording
  readonly #world: World
  readonly #policy: Policy
  readonly #spread: Random
  #stirred = false
  #failure: Error | undefined
  #running = 0
  #undecided = 0

  constructor(queue: EventQueue, world: World, maker: PolicyMaker, seed: number) {
    this.queue = queue
    this.#world = world
    this.#spread = stream(seed, "spread")
    this.recording = new Recording(world.horizonMs, world.faults, world.groups?.count)
    this.#policy = maker.make(this.#port(seed))
  }

  get now(): number {
    return this.queue.now
  }

  plan(happening: Happening, at: number): void {
    this.queue.plan(happening, at)
  }

  cancel(happening: Happening): void {
    this.queue.cancel(happening)
  }

  offer(call: Call): void {
    this.recording.offered(this.now)
    this.#groupOf(call)?.offered(this.now)
    this.#undecided++
    if (this.#world.tellsDeadline) call.deadlineMs = this.#world.patienceMs
    const token = this.#policy.admit(call, this.now)
    if (token === undefined) this.#refuse(call)
    else if (token !== waiting) this.#begin(call, token)
    else if (call.fate === "pending" && this.#policy.giveUp !== undefined) this.#wait(call)
  }

  answer(call: Call, good: boolean, workMs: number): void {
    if (call.fate !== "running") {
      this.recording.wastedMs += workMs
      return
    }
    this.queue.cancel(call)
    call.good = good
    call.workMs = workMs
    call.answersAt = this.now
    this.#end(call, good ? "success" : "failure")
  }

  /** An answer, or the end of somebody's patience. */
  over(call: Call): void {
    if (call.fate === "waiting") {
      this.#policy.giveUp?.(call, this.now)
      return this.#refuse(call)
    }
    if (call.answersAt > this.now) this.#end(call, "timedOut")
    else this.#end(call, call.good ? "success" : "failure")
  }

  async toEnd(turns: number, pause?: () => Promise<void>): Promise<Recording> {
    this.#world.load.start(this)
    const end = this.#world.horizonMs
    let events = 0
    if (pause !== undefined) await pause()
    for (let event = this.queue.next(end); event !== undefined; event = this.queue.next(end)) {
      event.fire(this.now)
      if (this.#failure !== undefined) throw this.#failure
      // What hangs on a promise may settle the next one.
      while (this.#stirred) {
        this.#stirred = false
        for (let turn = 0; turn < turns; turn++) await undefined
      }
      if (pause !== undefined && ++events % eventsBetweenPauses === 0) await pause()
    }
    this.recording.running = this.#running
    this.recording.undecided = this.#undecided
    return this.recording
  }

  /** Its caller waits no longer for it to begin than for its answer. */
  #wait(call: Call): void {
    call.fate = "waiting"
    const end = call.offeredAt + this.#world.patienceMs
    if (end < never) this.queue.plan(call, end)
  }

  #begin(call: Call, token: Token): void {
    this.queue.cancel(call)
    this.#undecided--
    this.#running++
    call.fate = "running"
    call.token = token
    this.#route(call, token)
    this.recording.sent(call.offeredAt)
    this.#send(call)
  }

  #route(call: Call, token: Token | undefined): void {
    const { endpoints = 0 } = this.#world
    if (endpoints === 0) return
    const chosen = token === undefined ? undefined : this.#policy.endpointOf?.(token, call)
    const before = this.#groupOf(call)
    call.endpoint = chosen ?? this.#spread.below(endpoints)
    if (before === undefined) this.#groupOf(call)?.offered(call.offeredAt)
  }

  /** One attempt of a call whose policy makes them one by one. */
  #attempt(call: Call, ended: (kind: Settled) => void): void {
    const attempt = new Attempt(this, call, ended)
    attempt.fate = "running"
    this.#route(attempt, undefined)
    this.recording.sent(call.offeredAt)
    this.#send(attempt)
  }

  #send(call: Call): void {
    const { now } = this
    call.startedAt = now
    this.#world.server.take(call, now, this)
    if (call.fate !== "running") return
    const limit = Math.min(call.offeredAt + this.#world.patienceMs, now + (this.#policy.timeoutMs?.(call) ?? never))
    const end = Math.min(call.answersAt, limit)
    if (end < never) this.queue.plan(call, end)
  }

  #end(call: Call, kind: Settled): void {
    if (call instanceof Attempt) return this.#endAttempt(call, kind)
    const { now } = this
    this.#running--
    call.fate = kind
    this.recording.settled(kind, call.offeredAt, now - call.offeredAt)
    this.#groupOf(call)?.settled(kind, call.offeredAt, now - call.offeredAt)
    if (kind !== "success") this.recording.wastedMs += call.workMs
    const { token } = call
    call.token = undefined
    if (token !== undefined) this.#policy.settle(token, kind, now, call)
    this.#world.load.ended?.(call, this)
  }

  #endAttempt(attempt: Attempt, kind: Settled): void {
    attempt.fate = kind
    if (kind !== "success") this.recording.wastedMs += attempt.workMs
    attempt.ended(kind)
  }

  #conclude(call: Call, kind: Settled): void {
    const { now } = this
    this.#undecided--
    call.fate = kind
    this.recording.settled(kind, call.offeredAt, now - call.offeredAt)
    this.#groupOf(call)?.settled(kind, call.offeredAt, now - call.offeredAt)
    this.#world.load.ended?.(call, this)
  }

  #refuse(call: Call): void {
    this.queue.cancel(call)
    this.#undecided--
    call.fate = "refused"
    this.recording.refused(call.offeredAt, this.now)
    this.#groupOf(call)?.refused(call.offeredAt, this.now)
    this.#world.load.ended?.(call, this)
  }

  #groupOf(call: Call): Recording | undefined {
    const { groups, endpoints } = this.#world
    if (groups === undefined) return undefined
    // Where endpoints are chosen, a call is of none until it is let in.
    if (groups.by === "endpoint" && endpoints !== undefined && call.endpoint < 0) return undefined
    return this.recording.groups[groups.of(call)]
  }

  #port(seed: number): Port {
    const mine = (call: Offered) => call as Call
    return {
      clock: runClock(this.queue, stream(seed, "breakers")),
      random: stream(seed, "policy"),
      keysTold: this.#world.keysTold ?? false,
      endpoints: this.#world.endpoints ?? 0,
      moved: (circuit) => this.recording.moved(this.now, circuit),
      begin: (call, token) => this.#begin(mine(call), token),
      refuse: (call) => this.#refuse(mine(call)),
      attempt: (call, ended) => this.#attempt(mine(call), ended),
      conclude: (call, kind) => this.#conclude(mine(call), kind),
      abandon: (call) => {
        this.queue.cancel(mine(call))
        mine(call).token = undefined
        this.#end(mine(call), "timedOut")
      },
      fail: (error) => {
        this.#failure ??= error
      },
      stir: () => {
        this.#stirred = true
      },
    }
  }
}

/** The rest of a job, and what Node does between two. */
const nextJob = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The recording of one seed's world under one policy. The same three give the same recording. */
export async function runWorld(
  world: World,
  maker: PolicyMaker,
  seed: number,
  { turns = standardTurns, pause }: RunOptions = {},
): Promise<Recording> {
  const queue = new EventQueue()
  const run = () => new Run(queue, world, maker, seed).toEnd(turns, pause)
  const recording = await (maker.around === undefined ? run() : maker.around(run, queue, seed))
  // A breaker is pointed to weakly, and that keeps it, with its run, until the job ends. Promises alone never end one: a thousand
  // runs in a row would all stay in memory.
  await nextJob()
  return recording
}
