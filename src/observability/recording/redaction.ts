/** What a recording says in place of what callers gave: their keys may name a customer. */
import { createHash, randomBytes } from "node:crypto"
import type { RecordedRate } from "./format.ts"
import { NamedBreakers } from "./namedBreakers.ts"

/** Facts whose words are the program's own; every other text may name somebody. */
const impersonal: readonly string[] = ["priority", "feature"]
/** As long as the name of a breaker may be. */
const longest = 200

/** The same text is the same mark in one recording, and cannot be guessed from it. */
export function marked(): (text: string) => string {
  const salt = randomBytes(16)
  return (text) => `#${createHash("sha256").update(salt).update(text).digest("hex").slice(0, 12)}`
}

interface Owed {
  readonly rates?: readonly RecordedRate[] | undefined
}

type BucketOf = (key: string) => number | undefined

export class Redaction {
  readonly #redact: (text: string) => string
  /** What is said of other breakers. */
  readonly names: NamedBreakers

  constructor(redact: (text: string) => string, isOwn: (name: string, isSaid: boolean) => boolean) {
    this.#redact = redact
    this.names = new NamedBreakers((name) => this.hide(name), isOwn)
  }

  /** What it is given by whoever hides it; never the text itself, should they fail. */
  hide(text: string): string {
    try {
      return String(this.#redact(text)).slice(0, longest)
    } catch {
      return "(hidden)"
    }
  }

  /** What is said of a call, by name. */
  facts(told: readonly (readonly [name: string, value: unknown])[]): { readonly [name: string]: unknown } {
    const hidden = told.map(([name, value]) => {
      const isPersonal = typeof value === "string" && !impersonal.includes(name)
      return [name, isPersonal ? this.hide(value) : value]
    })
    return Object.fromEntries(hidden)
  }

  /** What was saved of a breaker of this name: limits by key say whose they are. */
  saved(given: unknown, breaker: string, bucketOf: BucketOf): unknown {
    return { ...this.owed(given as Owed, bucketOf), breaker }
  }

  /** What limits are owed, beside whatever else is known of a breaker. */
  owed<O extends Owed>(given: O, bucketOf: BucketOf): O {
    if (given.rates === undefined) return given
    type Key = NonNullable<RecordedRate["keys"]>[number]
    // Calls of no key are nobody's.
    const hide = ([key, ms]: Key): Key => (key === "" ? [key, ms] : [this.hide(key), ms, bucketOf(key)])
    const hidden = given.rates.map(({ keys, ...rate }) => ({ ...rate, ...(keys && { keys: keys.map(hide) }) }))
    return { ...given, rates: hidden }
  }
}
