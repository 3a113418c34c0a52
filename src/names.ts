/** Living breakers by name, on one clock: whoever depends on a name follows the breaker that took it last. */
import type { Clock } from "./Clock.ts"

/** Until there are so many names nobody looks for those whose breakers were forgotten without being stopped. */
const fewNames = 256

export class Names<Living extends object, Waiting extends object> {
  readonly #living = new Map<string, WeakRef<Living>>()
  readonly #waiting = new Map<string, Set<Waiting>>()
  #sweepAt = fewNames

  find(name: string): Living | undefined {
    return this.#living.get(name)?.deref()
  }

  take(name: string, living: Living): void {
    this.#living.set(name, new WeakRef(living))
    if (this.#living.size < this.#sweepAt) return
    for (const [known, ref] of this.#living) if (ref.deref() === undefined) this.#living.delete(known)
    this.#sweepAt = Math.max(fewNames, 2 * this.#living.size)
  }

  /** Gives the name back, unless another has taken it meanwhile. */
  leave(name: string, living: Living): void {
    if (this.find(name) === living) this.#living.delete(name)
  }

  wait(name: string, waiting: Waiting): void {
    const all = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, all.add(waiting))
  }

  stopWaiting(name: string, waiting: Waiting): void {
    const all = this.#waiting.get(name)
    all?.delete(waiting)
    if (all?.size === 0) this.#waiting.delete(name)
  }

  waitingFor(name: string): readonly Waiting[] {
    return [...(this.#waiting.get(name) ?? [])]
  }
}

/** One directory for each clock: tests with clocks of their own do not meet. */
export function namesByClock<Living extends object, Waiting extends object>() {
  const known = new WeakMap<Clock, Names<Living, Waiting>>()
  return (clock: Clock): Names<Living, Waiting> => {
    const names = known.get(clock) ?? new Names()
    known.set(clock, names)
    return names
  }
}
