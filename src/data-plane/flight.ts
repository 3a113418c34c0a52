/**
 * Calls of one breaker in flight that have the same time: they run out of it in the order in which they began. So that a call costs one
 * write when it begins and one when it ends, they stand in a row, which waits in the wheel as a whole.
 */
import { type Ending, EndingList } from "./timers.ts"

/** A call in flight. */
export interface Flying extends Ending {
  /** Its seat in the row; -1: it is in none. */
  seat: number
}

/** A row so long is made anew when it is empty, and not kept for ever. */
const longRow = 1024
/** The gaps of a row that is not so long are not worth closing. */
const shortRow = 128

export class Flight<C extends Flying> extends EndingList {
  /** From `#head` to `#tail`, oldest first, with gaps where calls have ended. */
  #row: (C | undefined)[] = []
  #head = 0
  #tail = 0
  count = 0

  /** The one whose time is over first. */
  get first(): C | undefined {
    if (this.count === 0) return undefined
    while (this.#row[this.#head] === undefined) this.#head++
    return this.#row[this.#head]
  }

  add(call: C): void {
    const row = this.#row
    const seat = this.#tail
    if (seat === row.length && seat >= shortRow && this.count < seat >> 1) return this.#makeRoom(call)
    call.seat = seat
    row[seat] = call
    this.#tail = seat + 1
    this.count++
  }

  /** Takes out a call that is in the row. */
  remove(call: C): void {
    this.#row[call.seat] = undefined
    call.seat = -1
    if (--this.count > 0) return
    this.#head = 0
    this.#tail = 0
    if (this.#row.length > longRow) this.#row = []
  }

  takeFirst(waiting: { leave(flight: Flight<C>, call: C): void }): void {
    if (this.first !== undefined) waiting.leave(this, this.first)
  }

  /** Seats in the row, whether anybody sits there or not. */
  get seats(): number {
    return this.#row.length
  }

  /** All of them, oldest first. */
  get calls(): readonly C[] {
    return this.#row.slice(this.#head, this.#tail).filter((call) => call !== undefined)
  }

  /** Closes the gaps. */
  #makeRoom(call: C): void {
    const { calls } = this
    this.#row.fill(undefined)
    this.#head = 0
    this.#tail = 0
    this.count = 0
    for (const each of calls) this.add(each)
    this.add(call)
  }
}
