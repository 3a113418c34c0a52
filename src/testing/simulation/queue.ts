/** What happens in virtual time: a binary heap of happenings, first by time, then in the order in which they were planned. */

export abstract class Happening {
  at = 0
  serial = 0
  /** Its place in the heap; −1 while it is not planned. */
  place = -1
  abstract fire(now: number): void
}

/** A happening that runs a function. */
export class Errand extends Happening {
  readonly run: (now: number) => void
  constructor(run: (now: number) => void) {
    super()
    this.run = run
  }
  fire(now: number): void {
    this.run(now)
  }
}

const isBefore = (one: Happening, other: Happening): boolean =>
  one.at < other.at || (one.at === other.at && one.serial < other.serial)

export class EventQueue {
  /** Virtual milliseconds since the start of the run. */
  now = 0
  readonly #heap: Happening[] = []
  #serial = 0

  get size(): number {
    return this.#heap.length
  }

  /** What happens next. */
  get first(): Happening | undefined {
    return this.#heap[0]
  }

  /** Plans `happening` for `at`, or for now if that is past. It must not be planned yet. */
  plan(happening: Happening, at: number): void {
    happening.at = Math.max(at, this.now)
    happening.serial = this.#serial++
    happening.place = this.#heap.length
    this.#heap.push(happening)
    this.#rise(happening.place)
  }

  /** Takes a planned happening out; nothing happens when it is not planned. */
  cancel(happening: Happening): void {
    const { place } = happening
    if (place < 0) return
    happening.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === happening) return
    this.#put(last, place)
    this.#rise(place)
    this.#sink(last.place)
  }

  /** Takes out what happens next, if that is at `end` or before, and moves time there. */
  next(end: number): Happening | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > end) return undefined
    this.cancel(first)
    this.now = first.at
    return first
  }

  #put(happening: Happening, place: number): void {
    this.#heap[place] = happening
    happening.place = place
  }

  #rise(start: number): void {
    const heap = this.#heap
    const risen = heap[start] as Happening
    let place = start
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent] as Happening
      if (!isBefore(risen, above)) break
      this.#put(above, place)
      place = parent
    }
    this.#put(risen, place)
  }

  #sink(start: number): void {
    const heap = this.#heap
    const sunk = heap[start] as Happening
    let place = start
    for (;;) {
      const left = 2 * place + 1
      if (left >= heap.length) break
      const right = left + 1
      const least = right < heap.length && isBefore(heap[right] as Happening, heap[left] as Happening) ? right : left
      const below = heap[least] as Happening
      if (!isBefore(below, sunk)) break
      this.#put(below, place)
      place = least
    }
    this.#put(sunk, place)
  }
}
