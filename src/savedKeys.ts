/** What was saved of many breakers: handed out key by key as they become known, and what is to be saved of those that are. */
import { saveAssembly } from "./assemble.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import type { Member } from "./member.ts"

export class SavedKeys<Face> {
  /** Of keys that nobody has asked for yet: no more of them than may be known, or they would add up from life to life. */
  readonly #waiting: Map<string, SavedBreaker>
  /** All that there was to be saved when they stopped. */
  #last: readonly SavedBreaker[] | undefined = undefined

  constructor(saved: ReadonlyMap<string, SavedBreaker>, max: number) {
    // Whom the operator holds, then in the order in which they were saved: those that nobody has asked for longest are the last.
    const isFree = ({ mode }: SavedBreaker) => Number(mode === "auto")
    this.#waiting = new Map([...saved].sort(([, one], [, other]) => isFree(one) - isFree(other)).slice(0, max))
  }

  /** Once: what it does after that, and is forgotten with it, must not be undone by what was saved long ago. */
  recall(member: Member<Face>): void {
    const saved = this.#waiting.get(member.name)
    if (saved === undefined) return
    this.#waiting.delete(member.name)
    member.wake().restore(saved)
  }

  /** What is more than their calls of those that are known, and what was saved of the others. */
  save(members: Iterable<Member<Face>>): readonly SavedBreaker[] {
    if (this.#last !== undefined) return this.#last
    const saved = [...members].flatMap(({ awake }) => (awake?.isWorthSaving ? awake.read(saveAssembly) : []))
    return [...saved, ...this.#waiting.values()]
  }

  end(members: Iterable<Member<Face>>): void {
    this.#last = this.save(members)
  }
}
