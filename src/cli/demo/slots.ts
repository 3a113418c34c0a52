/**
 * A fixed number of workers with a bounded waiting line: what makes a hanging service hurt others.
 * Waiting is first come, first served. `enter` returns undefined when the line is full.
 */
export interface Slots {
  enter(start: (place: Place) => void): Place | undefined
  readonly busy: number
  readonly waiting: number
}

export interface Place {
  /** Gives the worker, or the place in the line, back. Only the first call counts. */
  leave(): void
}

export function createSlots(workers: number, line: number): Slots {
  const waiting = new Set<() => void>()
  let busy = 0

  const free = () => {
    busy -= 1
    const [next] = waiting
    next?.()
  }
  return {
    get busy() {
      return busy
    },
    get waiting() {
      return waiting.size
    },
    enter(start) {
      if (busy >= workers && waiting.size >= line) return undefined
      let state: "waiting" | "working" | "left" = "waiting"
      const place: Place = {
        leave() {
          const before = state
          state = "left"
          waiting.delete(begin)
          if (before === "working") free()
        },
      }
      const begin = () => {
        waiting.delete(begin)
        state = "working"
        busy += 1
        start(place)
      }
      if (busy < workers) begin()
      else waiting.add(begin)
      return place
    },
  }
}
