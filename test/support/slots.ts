/** A data plane with slots, on a clock that a law moves; calls that wait note how they were answered. */
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { type Gate, idleGate, unrestricted } from "../../machines/vocabulary/gate.ts"
import { ranks, type SlotsLine } from "../../machines/vocabulary/priority.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import { Waiter } from "../../src/data-plane/limiter/waiter.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { stepClock } from "./stepClock.ts"

export class NotedWaiter extends Waiter {
  answer: Receipt | Rejection | undefined = undefined
  onAnswer: (answer: Receipt | Rejection) => void = () => {}
  granted(receipt: Receipt): void {
    this.#note(receipt)
  }
  refused(rejection: Rejection): void {
    this.#note(rejection)
  }
  #note(answer: Receipt | Rejection): void {
    if (this.answer !== undefined) throw new Error("answered twice")
    this.answer = answer
    this.onAnswer(answer)
  }
}

export interface SlotOptions extends Partial<SlotsLine> {
  readonly limit: number
  readonly queue?: number
  readonly floor?: number
}

const even: readonly number[] = new Array(ranks).fill(0)

/** The gate of a closed circuit with a bulkhead. */
export const gateWith = ({ limit, queue = 1000, floor = 0, ...line }: SlotOptions, before: Gate = idleGate): Gate => ({
  ...before,
  version: before.version + 1,
  phase: "active",
  restriction: { ...unrestricted, slots: limit, queue, floor },
  lines: {
    slots: {
      adaptive: false,
      least: limit,
      most: limit,
      first: limit,
      reserve: even,
      waitMs: 1000,
      quota: 1,
      pressure: false,
      ...line,
    },
  },
  holders: [],
})

export function slotted(options: SlotOptions) {
  const clock = stepClock()
  const wheel = new Wheel(clock)
  const refused: Rejection[] = []
  const plane = new Plane("law", wheel, {
    signal: () => {},
    refused: (rejection) => refused.push(rejection),
    classify: () => "failure",
    idle: () => {},
  })
  plane.swap(gateWith(options))
  /** A call: it enters, waits, or is refused. */
  const call = (facts: Facts = {}, deadlineMs = Number.POSITIVE_INFINITY): NotedWaiter => {
    const now = clock.now()
    const waiter = new NotedWaiter(facts, now, now + deadlineMs)
    const ticket = plane.request(now, facts)
    if (ticket === undefined) plane.queue.hold(waiter, now)
    else waiter.answer = ticket
    return waiter
  }
  const end = ({ answer }: NotedWaiter) => answer?.admitted && plane.settleAt(answer, "success", clock.now())
  return { clock, wheel, plane, refused, call, end }
}

export const isIn = ({ answer }: NotedWaiter): boolean => answer?.admitted === true
export const layerOf = ({ answer }: NotedWaiter): string | undefined =>
  answer === undefined ? "waits" : answer.admitted ? undefined : answer.layer
