/** A breaker in a replay: the production planes on a clock of the replay's, which nobody else sees. */
import type { ChosenPart } from "../../../machines/registry.ts"
import type { Facts } from "../../../machines/vocabulary/facts.ts"
import type { Judged } from "../../../machines/vocabulary/outcome.ts"
import type { Rejection } from "../../../machines/vocabulary/rejection.ts"
import type { Clock } from "../../Clock.ts"
import type { Conductor } from "../../control-plane/conductor.ts"
import { Waiter } from "../../data-plane/limiter/waiter.ts"
import type { Plane } from "../../data-plane/plane.ts"
import type { Receipt } from "../../data-plane/receipt.ts"
import {
  type BreakerLine,
  type EventLine,
  gaugesShown,
  type RecordedPart,
} from "../../observability/recording/format.ts"
import { plugOf } from "../../observability/recording/read.ts"
import { type ActorStates, statesOf } from "../../subject.ts"
import { FittedKeys } from "./fittedKeys.ts"
import { PlayedMember } from "./playedMember.ts"
import { type PlayedPlanes, playAlone, type Watch } from "./playedPlanes.ts"
import { type Shown, ShownGauges } from "./shownGauges.ts"

/** The recorded parts, with their charts. */
export const chosen = (parts: readonly RecordedPart[]): readonly ChosenPart[] =>
  parts.flatMap(({ key, settings }) => {
    const plug = plugOf(key)
    return plug === undefined ? [] : [{ plug, settings }]
  })

/** A call that waits in the replay, until it is asked for. */
class PlayedWaiter extends Waiter {
  answer: Receipt | Rejection | undefined = undefined
  readonly #heard: (answer: Receipt | Rejection, now: number) => void
  constructor(
    facts: Facts,
    now: number,
    deadlineAt: number,
    heard: (answer: Receipt | Rejection, now: number) => void,
  ) {
    super(facts, now, deadlineAt)
    this.#heard = heard
  }
  granted(receipt: Receipt, now: number): void {
    this.answer = receipt
    this.#heard(receipt, now)
  }
  refused(rejection: Rejection, now: number): void {
    this.answer = rejection
    this.#heard(rejection, now)
  }
}

const nobody = () => {}

/** How a call entered. */
export type Entered = "ordinary" | "probe" | "uncounted" | "refused"

export class PlayedBreaker {
  readonly #planes: PlayedPlanes
  readonly #keys: readonly string[]
  readonly #receipts = new Map<number, Receipt>()
  readonly #waiting = new Map<number, PlayedWaiter>()
  readonly #fitted: FittedKeys

  constructor(
    line: BreakerLine,
    parts: readonly ChosenPart[],
    clock: Clock,
    watch: Watch,
    shown: readonly Shown[] = [],
  ) {
    this.#keys = parts.map(({ plug: { key } }) => key)
    const { member } = line
    this.#fitted = new FittedKeys(line.seed)
    const gauges = shown.length > 0 ? new ShownGauges(shown, () => clock.now()) : undefined
    this.#planes =
      member === undefined
        ? playAlone({ ...line, saved: this.#fitted.saved(line.saved) }, parts, clock, watch, gauges)
        : new PlayedMember(line, member, parts, clock, watch, gauges, this.#fitted)
    for (const event of line.told ?? []) this.send(event)
  }

  get plane(): Plane {
    return this.#planes.plane
  }

  /** It lets go of what it has, and remembers its last calls. */
  rest(now: number): void {
    this.#planes.rest(now)
  }

  /** Whether the call enters, or the one that has waited; if so it is kept under this number until it ends. */
  enter(serial: number, now: number, facts: Facts, waited = 0): Entered {
    return this.#keep(serial, this.#askedOf(waited) ?? this.plane.admit(now, this.#fitted.of(facts)))
  }

  /** A call comes, and waits if it has to; `answered` hears what became of it. */
  come(
    serial: number,
    now: number,
    told: Facts,
    deadlineAt: number,
    answered: (entered: Entered, now: number) => void,
  ) {
    const facts = this.#fitted.of(told)
    const heard = (answer: Receipt | Rejection, at: number) => answered(this.#keep(serial, answer), at)
    const ticket = this.plane.request(now, facts)
    if (ticket !== undefined) heard(ticket, now)
    else this.plane.queue.hold(new PlayedWaiter(facts, now, deadlineAt, heard), now)
  }

  /** A call waits, as it did; answers whether it has to. */
  wait(number: number, now: number, told: Facts, deadlineAt: number): boolean {
    const facts = this.#fitted.of(told)
    const mustWait = this.plane.admission.mustWait(facts, now)
    const waiter = new PlayedWaiter(facts, now, deadlineAt, nobody)
    this.#waiting.set(number, waiter)
    this.plane.queue.hold(waiter, now)
    return mustWait
  }

  /** The caller of a call that waits has gone. */
  giveUp(number: number, now: number): void {
    const answer = this.#askedOf(number)
    if (answer?.admitted) this.plane.settleAt(answer, "ignored", now)
  }

  /** What became of a call that waited. One that waits still has not been let in when it was recorded to be: it is asked anew. */
  #askedOf(number: number): Receipt | Rejection | undefined {
    const waiter = this.#waiting.get(number)
    if (waiter === undefined) return undefined
    this.#waiting.delete(number)
    if (waiter.answer === undefined) this.plane.queue.giveUp(waiter)
    return waiter.answer
  }

  #keep(serial: number, ticket: Receipt | Rejection): Entered {
    if (!ticket.admitted) return "refused"
    this.#receipts.set(serial, ticket)
    return ticket.probe ? "probe" : ticket.counted ? "ordinary" : "uncounted"
  }

  /** A call that has just entered is lent for so long; then it ends by itself. */
  lend(serial: number, leaseMs: number): void {
    const receipt = this.#receipts.get(serial)
    if (receipt !== undefined) this.plane.lease(receipt, leaseMs)
  }

  /** A call has ended; one that did not enter here says nothing. */
  settle(serial: number, judged: Judged, now: number): void {
    const receipt = this.#receipts.get(serial)
    if (receipt === undefined) return
    this.#receipts.delete(serial)
    this.plane.settleAt(receipt, judged, now)
  }

  /** The active states of each of its actors; none while it has no actors. */
  get actors(): readonly ActorStates[] {
    const { conductor } = this.#planes
    return conductor.isStarted ? statesOf(conductor.root, this.#keys) : []
  }

  /** Where a call goes that has entered under this number. */
  endpointOf(serial: number): string | undefined {
    return this.#receipts.get(serial)?.endpoint?.id
  }

  /** Calls that have entered and not ended. */
  get inFlight(): number {
    return this.#receipts.size
  }

  send(event: EventLine["event"]): void {
    if (event.type === gaugesShown) return
    const parts =
      event.type === "breaker.reconfigured" ? { parts: chosen(event["parts"] as readonly RecordedPart[]) } : {}
    this.#planes.conductor.send({ ...event, ...parts } as Parameters<Conductor["send"]>[0])
  }

  end(): void {
    this.#planes.end()
  }
}
