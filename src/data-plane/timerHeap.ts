/** Lists of timers in the order of their next end: a binary heap. */
import type { EndingList } from "./timers.ts"

/** Of timers that end at one instant the longer was armed first. Whose lists were there first is no reason: others of the clock made some of them. */
const isBefore = (one: EndingList, other: EndingList) =>
  one.wakeAt < other.wakeAt ||
  (one.wakeAt === other.wakeAt &&
    (one.durationMs > other.durationMs || (one.durationMs === other.durationMs && one.serial < other.serial)))

/** Below this many lists, looking for empty ones is not worth it. */
const fewLists = 64

export class TimerHeap {
  readonly #lists: EndingList[] = []
  #serial = 0
  /** Lists whose timers are all gone before their end. */
  #hollow = 0

  get first(): EndingList | undefined {
    return this.#lists[0]
  }

  push(list: EndingList, wakeAt: number): void {
    list.queued = true
    list.wakeAt = wakeAt
    list.serial = this.#serial++
    this.#lists.push(list)
    this.#rise(this.#lists.length - 1)
  }

  /** The first list has a later end now. */
  deferFirst(list: EndingList, wakeAt: number): void {
    list.wakeAt = wakeAt
    this.#sink(0)
  }

  /** There is a first. */
  dropFirst(): void {
    const first = this.#lists[0] as EndingList
    const last = this.#lists.pop() as EndingList
    first.queued = false
    if (first === last) return
    this.#lists[0] = last
    this.#sink(0)
  }

  /** A waiting list has lost its last timer: it stays, since the next of its length may come soon. Answers whether to prune. */
  hollowed(): boolean {
    return ++this.#hollow * 2 > this.#lists.length && this.#lists.length > fewLists
  }

  /** A hollow list has a timer again, or its end has come. */
  filled(): void {
    this.#hollow--
  }

  /** Lets go of the hollow lists, such as calls with deadlines of their own leave; answers which. */
  prune(): readonly EndingList[] {
    const lists = this.#lists
    const gone = lists.filter(({ first }) => first === undefined)
    const kept = lists.filter(({ first }) => first !== undefined)
    for (const list of gone) list.queued = false
    lists.length = 0
    // Sorted is a heap.
    lists.push(...kept.sort((one, other) => (isBefore(one, other) ? -1 : 1)))
    this.#hollow = 0
    return gone
  }

  clear(): void {
    for (const list of this.#lists) list.queued = false
    this.#lists.length = 0
    this.#hollow = 0
  }

  #rise(start: number): void {
    const heap = this.#lists
    for (let at = start; at > 0; ) {
      const parent = (at - 1) >> 1
      const [child, above] = [heap[at] as EndingList, heap[parent] as EndingList]
      if (!isBefore(child, above)) return
      heap[at] = above
      heap[parent] = child
      at = parent
    }
  }

  #sink(start: number): void {
    const heap = this.#lists
    for (let at = start; ; ) {
      const left = 2 * at + 1
      const right = left + 1
      if (left >= heap.length) return
      const least = right < heap.length && isBefore(heap[right] as EndingList, heap[left] as EndingList) ? right : left
      const [above, below] = [heap[at] as EndingList, heap[least] as EndingList]
      if (!isBefore(below, above)) return
      heap[at] = below
      heap[least] = above
      at = least
    }
  }
}
