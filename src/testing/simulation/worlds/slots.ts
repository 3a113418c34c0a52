/**
 * A service with a number of slots that may change. A call holds a slot for its service time. What finds none waits in a queue
 * and is worked off in order, even if its caller has gone; or, where there is no queue, is told so at once.
 */
import { Happening } from "../queue.ts"
import type { Call, Server, Stage } from "../world.ts"

export interface SlotsOptions {
  /** How long a call holds its slot: always, or this one. */
  readonly serviceMs: number | ((call: Call, now: number) => number)
  /** How many slots there are now. */
  readonly slots: (now: number) => number
  /** The service is down now: it refuses every call at once. */
  readonly isDown: (now: number) => boolean
  /** Whether calls that find no slot wait; otherwise they are told that there is none. */
  readonly queues: boolean
  /** The work of a call is done, whether or not its caller still waits. */
  readonly answered?: (call: Call, now: number) => void
}

/** How long it takes to say no. */
const noMs = 5

class Job extends Happening {
  readonly #server: SlotsServer
  readonly #call: Call
  readonly #workMs: number
  readonly #stage: Stage
  constructor(server: SlotsServer, call: Call, workMs: number, stage: Stage) {
    super()
    this.#server = server
    this.#call = call
    this.#workMs = workMs
    this.#stage = stage
  }
  fire(now: number): void {
    this.#server.done(this.#call, this.#workMs, now, this.#stage)
  }
}

export class SlotsServer implements Server {
  readonly #options: SlotsOptions
  readonly #queue: Call[] = []
  #head = 0
  #busy = 0

  constructor(options: SlotsOptions) {
    this.#options = options
  }

  take(call: Call, now: number, stage: Stage): void {
    const { isDown, slots, queues } = this.#options
    if (isDown(now) || (!queues && this.#busy >= slots(now))) {
      call.answersAt = now + noMs
      return
    }
    this.#queue.push(call)
    this.#work(now, stage)
  }

  done(call: Call, workMs: number, now: number, stage: Stage): void {
    this.#busy--
    this.#options.answered?.(call, now)
    stage.answer(call, true, workMs)
    this.#work(now, stage)
  }

  /** Begins what may begin. Slots that are added meanwhile are taken up by the next call or answer. */
  #work(now: number, stage: Stage): void {
    const { slots, serviceMs } = this.#options
    while (this.#busy < slots(now)) {
      const call = this.#queue[this.#head]
      if (call === undefined) break
      this.#head++
      this.#busy++
      const workMs = typeof serviceMs === "number" ? serviceMs : serviceMs(call, now)
      stage.plan(new Job(this, call, workMs, stage), now + workMs)
    }
    if (this.#head < 1000) return
    this.#queue.splice(0, this.#head)
    this.#head = 0
  }
}
