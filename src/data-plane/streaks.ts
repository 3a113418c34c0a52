/**
 * Streaks: calls in a row that nobody answered well, and whether all of them were one cell's. They tell a service that is gone from one
 * busy part of it that is.
 */

/** So many bad outcomes in a row may be the end of the whole service. */
const ominous = 3
/** So many calls without a success, refused ones included, are its end. */
const silent = 200
/** Another cell that was well so many outcomes ago still is, as far as anybody knows. */
const lately = 64

/** Calls in a row, and whose. */
class Streak {
  calls = 0
  isOne = true
  of = 0

  add(hash: number): void {
    this.isOne = this.calls === 0 || (this.isOne && this.of === hash)
    this.of = hash
    this.calls++
  }
}

export class Streaks {
  readonly #bad = new Streak()
  /** Bad or refused. */
  readonly #silence = new Streak()
  #outcomes = 0
  /** Whose success was the last one, when it was, and when the last of anybody else was. */
  #goodOf = 0
  #goodAt = -lately
  #otherAt = -lately

  /** The last bad outcomes were all one cell's, and another was well just before. */
  get isOneCell(): boolean {
    const { calls, isOne, of } = this.#bad
    if (calls === 0 || !isOne) return false
    const at = this.#goodOf === of ? this.#otherAt : this.#goodAt
    return this.#outcomes - at < lately
  }

  /** Whether too many in a row have failed to blame any one cell. */
  get isOminous(): boolean {
    return this.#bad.calls >= ominous && !this.isOneCell
  }

  /** Whether nobody has answered for long, whoever was called. */
  get isSilent(): boolean {
    return this.#silence.calls >= silent && !this.#silence.isOne
  }

  bad(hash: number): void {
    this.#outcomes++
    this.#bad.add(hash)
    this.#silence.add(hash)
  }

  refused(hash: number): void {
    this.#silence.add(hash)
  }

  /** `hash` 0: a call of no cell. */
  good(hash: number): void {
    this.#outcomes++
    this.#bad.calls = 0
    this.#silence.calls = 0
    if (this.#goodOf !== hash) {
      this.#otherAt = this.#goodAt
      this.#goodOf = hash
    }
    this.#goodAt = this.#outcomes
  }

  /** Nobody has answered, and the circuit is told: how many calls it were. */
  breakSilence(): number {
    const { calls } = this.#silence
    this.#silence.calls = 0
    return calls
  }

  clear(): void {
    this.#bad.calls = 0
    this.#silence.calls = 0
    this.#goodAt = this.#outcomes - lately
    this.#otherAt = this.#goodAt
  }
}
