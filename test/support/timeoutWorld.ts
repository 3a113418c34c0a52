/** A world for the adaptive timeout: seeded calls of many lengths through the breaker as shipped, in virtual time; `basic`, where a world says nothing else. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { PartsConfig } from "../../machines/registry.ts"
import { assemble, readAll } from "../../src/assemble.ts"
import type { Permit } from "../../src/index.ts"
import { type Random, stream } from "../../src/testing/simulation/random.ts"
import { stepClock } from "./stepClock.ts"

/** What the service would do with a call: answer after `ms` (never: `Infinity`), well or not. */
export interface Answer {
  readonly ms: number
  readonly fails?: boolean
}

export interface World {
  /** Calls a second; may change from minute to minute. */
  readonly rps: number | ((minute: number) => number)
  readonly minutes: number
  readonly answer: (random: Random, minute: number) => Answer
  readonly config?: PartsConfig
  readonly seed?: number
}

/** One minute of calls as it turned out. */
export interface Minute {
  /** Calls that were admitted and would have succeeded in the longest time that is allowed. */
  readonly good: number
  /** Those of them that were timed out. */
  readonly cut: number
  readonly rejected: number
  /** Calls that were admitted, and those of them that were so by a degraded circuit. */
  readonly admitted: number
  readonly degraded: number
  /** How long calls occupied their callers. */
  readonly workMs: number
  /** What calls that hang waited longer than the learned timeout, because of a trial. */
  readonly trialMs: number
  /** The learned timeout when the minute was over. */
  readonly timeoutMs: number
}

interface Running {
  readonly endsAt: number
  readonly end: () => void
}

/** Calls in flight, soonest end first. */
class Flight {
  readonly #heap: Running[] = []

  get soonest(): number {
    return this.#heap[0]?.endsAt ?? Number.POSITIVE_INFINITY
  }

  add(call: Running): void {
    const heap = this.#heap
    let at = heap.push(call) - 1
    for (let up = (at - 1) >> 1; at > 0 && (heap[up] as Running).endsAt > call.endsAt; up = (at - 1) >> 1) {
      heap[at] = heap[up] as Running
      at = up
    }
    heap[at] = call
  }

  take(): Running {
    const heap = this.#heap
    const first = heap[0] as Running
    const last = heap.pop() as Running
    if (heap.length === 0) return first
    let at = 0
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      const other = down + 1
      if (other < heap.length && (heap[other] as Running).endsAt < (heap[down] as Running).endsAt) down = other
      if ((heap[down] as Running).endsAt >= last.endsAt) break
      heap[at] = heap[down] as Running
      at = down
    }
    heap[at] = last
    return first
  }
}

const longestMs = 30_000

export function play({ rps, minutes, answer, config = { strategy: "basic" }, seed = 1 }: World): readonly Minute[] {
  const clock = stepClock()
  const scope = Scope.makeUnsafe()
  const { plane, conductor } = Effect.runSync(
    Scope.provide(assemble(readAll("world", config, undefined), { clock }), scope),
  )
  const learned = () => {
    const snapshot = conductor.root.getSnapshot().children["timeout"]?.getSnapshot()
    if (snapshot === undefined) throw new Error("there is no adaptive timeout")
    return (snapshot as { context: { timeoutMs: number } }).context.timeoutMs
  }
  const random = stream(seed, "timeout world")
  const flight = new Flight()
  const told: Minute[] = []
  const nothing = { good: 0, cut: 0, rejected: 0, admitted: 0, degraded: 0, workMs: 0, trialMs: 0 }
  let sums = { ...nothing }

  const enter = () => {
    const { ms, fails = false } = answer(random, told.length)
    const at = clock.now()
    const ticket: Permit | { admitted: false } = plane.admit(at)
    if (!ticket.admitted) {
      sums.rejected++
      return
    }
    sums.admitted++
    if (plane.gate.circuit === "degraded") sums.degraded++
    const allowedMs = plane.ways.timeoutMs
    const cut = ms > allowedMs
    const good = !fails && ms <= longestMs
    sums.good += good ? 1 : 0
    sums.cut += good && cut ? 1 : 0
    const lastsMs = Math.min(ms, allowedMs)
    sums.workMs += lastsMs
    if (cut && !good) sums.trialMs += Math.max(0, allowedMs - learned())
    const kind = cut ? "timedOut" : fails ? "failure" : "success"
    flight.add({ endsAt: at + lastsMs, end: () => ticket.settle(kind) })
  }

  const gapMs = () => 1000 / (typeof rps === "number" ? rps : rps(told.length))
  for (let next = random.exponential(gapMs()); told.length < minutes; ) {
    const minuteEnds = 60_000 * (told.length + 1)
    const until = Math.min(next, flight.soonest, minuteEnds)
    clock.step(until - clock.now())
    if (until === minuteEnds) {
      told.push({ ...sums, timeoutMs: learned() })
      sums = { ...nothing }
    } else if (until === next) {
      enter()
      next += random.exponential(gapMs())
    } else flight.take().end()
  }
  Effect.runSync(Scope.close(scope, Exit.void))
  return told
}
