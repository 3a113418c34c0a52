/** The roster: all breakers that live in this process, so that whoever wants to see them need not be told of each. */
import type { Assembly } from "./assemble.ts"
import type { Clock } from "./Clock.ts"
import type { Listeners } from "./events.ts"
import type { Film } from "./group.ts"
import type { Member } from "./member.ts"

/** Breakers by key, as one entry. */
export interface Group {
  readonly clock: Clock
  readonly listeners: Listeners
  readonly members: Iterable<Member<unknown>>
  readonly size: number
  readonly idleMs: number
  readonly films: Set<Film>
  has(key: string): boolean
  get(key: string): Member<unknown>
}

export interface RosterWatcher {
  entered(id: number, living: Assembly | Group): void
  left(id: number): void
}

/** Until there are so many nobody looks for those that were forgotten without being stopped. */
const few = 256

class Roster {
  readonly #refs = new Map<number, WeakRef<Assembly | Group>>()
  readonly #ids = new WeakMap<object, number>()
  readonly #watchers = new Set<RosterWatcher>()
  #last = 0
  #sweepAt = few

  /** A number that nobody else has or gets. */
  number(): number {
    return ++this.#last
  }

  enter(living: Assembly | Group): void {
    const id = ++this.#last
    this.#ids.set(living, id)
    this.#refs.set(id, new WeakRef(living))
    for (const watcher of this.#watchers) watcher.entered(id, living)
    if (this.#refs.size >= this.#sweepAt) this.#sweep()
  }

  leave(living: Assembly | Group): void {
    const id = this.#ids.get(living)
    if (id === undefined) return
    this.#ids.delete(living)
    this.#drop(id)
  }

  /** Hears of all that live now, and of those that come and go; answers how to stop. */
  watch(watcher: RosterWatcher): () => void {
    this.#watchers.add(watcher)
    for (const [id, ref] of this.#refs) {
      const living = ref.deref()
      if (living !== undefined) watcher.entered(id, living)
    }
    return () => {
      this.#watchers.delete(watcher)
    }
  }

  #sweep(): void {
    for (const [id, ref] of this.#refs) if (ref.deref() === undefined) this.#drop(id)
    this.#sweepAt = Math.max(few, 2 * this.#refs.size)
  }

  #drop(id: number): void {
    this.#refs.delete(id)
    for (const watcher of this.#watchers) watcher.left(id)
  }
}

export const roster = new Roster()
