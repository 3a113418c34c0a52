/** A ghost: a second data plane that decides about the same calls, and is not obeyed. */
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { type Judged, kindOf, type OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Rejection } from "../../machines/vocabulary/rejection.ts"
import type { Plane } from "./plane.ts"
import type { Receipt } from "./receipt.ts"

/** A call as the ghost sees it. */
interface Shade {
  end(judged: Judged, now: number): void
}

/** Calls by what the breaker did and what its ghost would have done. */
export class GhostTally {
  /** Both let it enter. */
  admitted = 0
  /** Both refused it. */
  rejected = 0
  /** The breaker refused it and the ghost would not have. */
  wouldAdmit = 0
  /** It ran although the ghost would have refused it: what came of it. */
  readonly wouldReject: { [Kind in OutcomeKind]: number } = { success: 0, failure: 0, timedOut: 0, ignored: 0 }
}

class Entered implements Shade {
  readonly #plane: Plane
  readonly #receipt: Receipt
  constructor(plane: Plane, receipt: Receipt) {
    this.#plane = plane
    this.#receipt = receipt
  }
  end(judged: Judged, now: number): void {
    this.#plane.settleAt(this.#receipt, judged, now)
  }
}

class TurnedAway implements Shade {
  readonly #tally: GhostTally
  constructor(tally: GhostTally) {
    this.#tally = tally
  }
  end(judged: Judged): void {
    this.#tally.wouldReject[kindOf(judged)]++
  }
}

export class Ghost {
  readonly plane: Plane
  readonly tally = new GhostTally()
  /** Calls in flight: kept here, so that calls of which no ghost hears pay nothing for it. */
  readonly #shades = new Map<Receipt, Shade>()
  constructor(plane: Plane) {
    this.plane = plane
  }

  /** Decides about a call after the breaker has. */
  follow(ticket: Receipt | Rejection, now: number, facts: Facts): void {
    if (ticket.admitted) this.enter(ticket, now, facts)
    else this.miss(now, facts)
  }

  /** Decides about a call that the breaker has let enter. */
  enter(call: Receipt, now: number, facts: Facts): void {
    const ticket = this.plane.admit(now, facts)
    if (ticket.admitted) this.tally.admitted++
    this.#shades.set(call, ticket.admitted ? new Entered(this.plane, ticket) : new TurnedAway(this.tally))
  }

  /** A call has ended. One that entered before the trial began says nothing to it. */
  leave(call: Receipt, judged: Judged, now: number): void {
    this.#shades.get(call)?.end(judged, now)
    this.#shades.delete(call)
  }

  /** Decides about a call that the breaker has refused: what would have come of it nobody can know. */
  miss(now: number, facts: Facts): void {
    const ticket = this.plane.admit(now, facts)
    if (!ticket.admitted) this.tally.rejected++
    else {
      this.tally.wouldAdmit++
      this.plane.settleAt(ticket, "ignored", now)
    }
  }
}
