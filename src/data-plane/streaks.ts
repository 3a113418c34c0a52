/**
 * Streaks: calls in a row that nobody answered well, and whether all of them were one cell's. They tell a service that is gone from one
 * busy part of it that is.
 */

/** So many bad outcomes in a row may be the end of the whole service. */
const ominous = 3
/** So many calls without a success, refused ones included, are the end of the service. */
const silent = 200
/** The keys of so many successes are remembered. */
const remembered = 32

/** Calls in a row, and whose. */
class Streak {
  calls = 0
  isOne = true
  of = ""

  add(key: string): void {
    this.isOne = this.calls === 0 || (this.isOne && this.of === key)
    this.of = key
    this.calls++
  }
}

export class Streaks {
  readonly #bad = new Streak()
  /** Bad or refused. */
  readonly #silence = new Streak()
  /** Whose the last successes were: compared when it matters, and only noted on each. */
  readonly #good: string[] = Array.from({ length: remembered }, () => "")
  #next = 0

  /** The last bad outcomes were all one cell's, and another was well not long before. */
  get isOneCell(): boolean {
    const { calls, isOne, of } = this.#bad
    return calls > 0 && isOne && this.#good.some((key) => key !== "" && key !== of)
  }

  /** Whether too many in a row have failed to blame any one cell. */
  get isOminous(): boolean {
    return this.#bad.calls >= ominous && !this.isOneCell
  }

  /** Whether nobody has answered for long, whoever was called. */
  get isSilent(): boolean {
    return this.#silence.calls >= silent && !this.#silence.isOne
  }

  bad(key: string): void {
    this.#bad.add(key)
    this.#silence.add(key)
  }

  refused(key: string): void {
    this.#silence.add(key)
  }

  good(key: string): void {
    this.#good[this.#next] = key
    this.#next = (this.#next + 1) % remembered
    this.hearGood()
  }

  /** A call of no cell was good: the service is not gone. */
  hearGood(): void {
    this.#bad.calls = 0
    this.#silence.calls = 0
  }

  /** Nobody has answered, and the circuit is told: how many calls it were. */
  breakSilence(): number {
    const { calls } = this.#silence
    this.#silence.calls = 0
    return calls
  }

  clear(): void {
    this.hearGood()
    this.#good.fill("")
  }
}
