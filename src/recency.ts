/** Members in order of use. The links are in the members, so that using one costs a few pointer writes and no memory. */
export interface Linked<M> {
  older: M | undefined
  newer: M | undefined
}

export class Recency<M extends Linked<M>> {
  size = 0
  oldest: M | undefined = undefined
  #newest: M | undefined = undefined
  /** The next one to be looked at. */
  #hand: M | undefined = undefined

  add(member: M): void {
    this.size++
    member.older = this.#newest
    if (this.#newest === undefined) this.oldest = member
    else this.#newest.newer = member
    this.#newest = member
  }

  remove(member: M): void {
    const { older, newer } = member
    this.size--
    if (this.#hand === member) this.#hand = newer
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    member.older = undefined
    member.newer = undefined
  }

  /** It is used now. */
  renew(member: M): void {
    if (member === this.#newest) return
    this.remove(member)
    this.add(member)
  }

  /** Goes round: each call answers another one, until all have been answered that were not used meanwhile. */
  next(): M | undefined {
    const member = this.#hand ?? this.oldest
    this.#hand = member?.newer
    return member
  }
}
