/** Living breakers by name, on one clock: whoever depends on a name follows the living breaker that took it last. */
import type { Clock } from "./Clock.ts"

/** Until there are so many names nobody looks for those whose breakers were forgotten without being stopped. */
const fewNames = 256

export class Names<Living extends object, Waiting extends object> {
  /** Mostly one of a name; the last one bears it. */
  readonly #living = new Map<string, readonly WeakRef<Living>[]>()
  readonly #waiting = new Map<string, Set<Waiting>>()
  #sweepAt = fewNames

  find(name: string): Living | undefined {
    const all = this.#living.get(name) ?? []
    for (let at = all.length - 1; at >= 0; at--) {
      const living = all[at]?.deref()
      if (living !== undefined) return living
    }
    return undefined
  }

  take(name: string, living: Living): void {
    this.#keep(name, undefined, new WeakRef(living))
    if (this.#living.size < this.#sweepAt) return
    for (const known of [...this.#living.keys()]) this.#keep(known, undefined)
    this.#sweepAt = Math.max(fewNames, 2 * this.#living.size)
  }

  /** Gives the name back, to whom it was taken from, if to anybody. */
  leave(name: string, living: Living): void {
    this.#keep(name, living)
  }

  /** Those of a name but one, and those that were forgotten, and with another. */
  #keep(name: string, but: Living | undefined, ...more: readonly WeakRef<Living>[]): void {
    const before = this.#living.get(name) ?? []
    const kept = before.filter((ref) => ref.deref() !== undefined && ref.deref() !== but)
    if (kept.length + more.length === 0) this.#living.delete(name)
    else this.#living.set(name, [...kept, ...more])
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
