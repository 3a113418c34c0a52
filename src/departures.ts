/** What those counted who have left the table. Who leaves with calls in flight is counted on until they have ended. */
import type { Layer } from "../machines/vocabulary/rejection.ts"
import { Totals } from "./groupMetrics.ts"
import type { Member } from "./member.ts"

export class Departures<Face> {
  readonly #gone = new Totals()
  readonly #leaving = new Set<Member<Face>>()

  add(member: Member<Face>): void {
    if (member.inFlight > 0) this.#leaving.add(member)
    else this.#count(member)
  }

  #count(member: Member<Face>): void {
    this.#gone.add(member)
    member.isGone = true
  }

  /** The last call in flight of somebody has ended. */
  settled(member: Member<Face>): void {
    if (this.#leaving.delete(member)) this.#count(member)
  }

  /** A call was refused on behalf of nobody who is known. */
  refused(layer: Layer): void {
    this.#gone.calls.rejected++
    this.#gone.refusals[layer] = (this.#gone.refusals[layer] ?? 0) + 1
  }

  addTo(totals: Totals): void {
    totals.addTally(this.#gone.calls, this.#gone, 0, 0)
    for (const member of this.#leaving) totals.add(member)
  }
}
