/** What each name is called outside: no two names alike, and the same name always the same as long as it is remembered. */

export class Naming {
  readonly #wanted: (name: string) => string
  readonly #shown = new Map<string, string>()
  readonly #meant = new Map<string, string>()
  /** How many have wanted to be called this: were all of them called alike, each would else be counted up to anew. */
  readonly #serials = new Map<string, number>()

  constructor(wanted: (name: string) => string) {
    this.#wanted = wanted
  }

  get size(): number {
    return this.#shown.size
  }

  /** `wantedOf`: what it would be called if it were called so for the first time. */
  of(name: string, wantedOf: (name: string) => string = this.#wanted): string {
    const known = this.#shown.get(name)
    if (known !== undefined) return known
    const wanted = wantedOf(name)
    // A name that is told as it is stays what it is.
    const shown = wanted === name ? name : this.#free(wanted)
    this.#shown.set(name, shown)
    this.#meant.set(shown, name)
    return shown
  }

  /** Whose it is; `undefined` when nobody has been called this. */
  meant(shown: string): string | undefined {
    return this.#meant.get(shown)
  }

  forget(): void {
    this.#shown.clear()
    this.#meant.clear()
    this.#serials.clear()
  }

  /** Forgets the others. */
  keep(isKept: (name: string) => boolean): void {
    for (const [name, shown] of this.#shown) {
      if (isKept(name)) continue
      this.#shown.delete(name)
      if (this.#meant.get(shown) === name) this.#meant.delete(shown)
    }
  }

  #free(wanted: string): string {
    if (!this.#meant.has(wanted)) return wanted
    let serial = this.#serials.get(wanted) ?? 1
    let shown: string
    do shown = `${wanted} ${++serial}`
    while (this.#meant.has(shown))
    this.#serials.set(wanted, serial)
    return shown
  }
}
