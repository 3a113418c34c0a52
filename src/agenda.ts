/** What is to be done when: a binary heap, the earliest first, and of what is due at one instant that which was planned first. */
export interface Planned {
  due: number
  serial: number
}

const order = (one: Planned, other: Planned): number => one.due - other.due || one.serial - other.serial

export class Agenda<T extends Planned> {
  #planned: T[] = []
  #serial = 0

  get first(): T | undefined {
    return this.#planned[0]
  }

  add(one: T, due: number): void {
    one.due = due
    one.serial = this.#serial++
    const heap = this.#planned
    let at = heap.push(one) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as T
      if (order(parent, one) <= 0) break
      heap[at] = parent
      at = above
    }
    heap[at] = one
  }

  /** Takes the first off, if there is one. */
  take(): T | undefined {
    const heap = this.#planned
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || last === first) return first
    let at = 0
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      const [left, right] = [heap[below] as T, heap[below + 1]]
      const lesser = right !== undefined && order(right, left) < 0 ? right : left
      if (order(last, lesser) <= 0) break
      heap[at] = lesser
      at = lesser === left ? below : below + 1
    }
    heap[at] = last
    return first
  }

  /** Strikes out what is not wanted any more. */
  keep(isWanted: (one: T) => boolean): void {
    this.#planned = this.#planned.filter(isWanted).sort(order)
  }

  /** All of it is due by then. */
  hasten(due: number): void {
    for (const one of this.#planned) one.due = Math.min(one.due, due)
    this.#planned.sort(order)
  }
}
