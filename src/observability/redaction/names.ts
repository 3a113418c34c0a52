/**
 * Names that are found in texts, the longest first, where they stand as words. Looked up by how they begin: a pattern of all names would be
 * made anew for each that comes, and a great number of them come at once when many keys fail together.
 */

const wordly = /[\p{L}\p{N}_]/u
const ascii = Array.from({ length: 128 }, (_, code) => wordly.test(String.fromCharCode(code)))

/** Whether what stands there is of a word. */
const isWordAt = (text: string, at: number): boolean =>
  ascii[text.charCodeAt(at)] ?? wordly.test(String.fromCodePoint(text.codePointAt(at) ?? 0))

/** Where the next character stands: some are two units long. */
const after = (text: string, at: number): number => at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1)

function isWordBefore(text: string, at: number): boolean {
  const isPair = at > 1 && (text.codePointAt(at - 2) as number) > 0xffff
  return isWordAt(text, isPair ? at - 2 : at - 1)
}

/** Names are kept apart by so many of their first characters. */
const beginning = 2

export class Names {
  /** How long names are that begin so, the longest first. */
  readonly #lengths = new Map<string, number[]>()

  add(name: string): void {
    const prefix = name.slice(0, beginning)
    const lengths = this.#lengths.get(prefix)
    if (lengths === undefined) this.#lengths.set(prefix, [name.length])
    else if (!lengths.includes(name.length)) {
      lengths.push(name.length)
      lengths.sort((one, other) => other - one)
    }
  }

  /** The text with what `standIn` has for the names in it; what it does not know is none. */
  replace(text: string, standIn: (name: string) => string | undefined): string {
    let told = ""
    let [at, from] = [0, 0]
    while (at < text.length) {
      const name = this.#nameAt(text, at, standIn)
      if (name !== undefined) {
        told += text.slice(from, at) + standIn(name)
        from = at + name.length
      }
      at = name === undefined ? after(text, at) : from
      // Within a word no name begins.
      while (at < text.length && at > 0 && isWordBefore(text, at)) at = after(text, at)
    }
    return told + text.slice(from)
  }

  #nameAt(text: string, at: number, standIn: (name: string) => string | undefined): string | undefined {
    // One of a single character begins as it is.
    for (let first = beginning; first > 0; first--) {
      for (const length of this.#lengths.get(text.slice(at, at + first)) ?? []) {
        const [name, end] = [text.slice(at, at + length), at + length]
        if (end <= text.length && standIn(name) !== undefined && !(end < text.length && isWordAt(text, end)))
          return name
      }
    }
    return undefined
  }
}
