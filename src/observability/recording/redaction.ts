/** What a recording says in place of what callers gave: their keys may name a customer. */
import { Mask } from "../redaction/mask.ts"
import { createMarks, hiding, type Redact, Redaction } from "../redaction/redaction.ts"
import type { EventLine, RecordedLine, RecordedPart, RecordedRate } from "./format.ts"
import { NamedBreakers } from "./namedBreakers.ts"

/** Facts whose words are the program's own; every other text may name somebody. */
const impersonal: readonly string[] = ["priority"]
/** Endpoints and features, which are told as they are where nobody says what stands for them: a replay with another config names them. */
const things: readonly string[] = ["feature", "tried"]

interface Owed {
  readonly rates?: readonly RecordedRate[] | undefined
}

type BucketOf = (key: string) => number | undefined
type Told = readonly (readonly [name: string, value: unknown])[]

export class RecordedNames {
  readonly hide: Redact
  /** What is said of other breakers. */
  readonly #names: NamedBreakers
  /** What is said of endpoints and features. */
  readonly #mask: Mask

  constructor(redact: Redact | undefined, isOwn: (name: string, isSaid: boolean) => boolean) {
    this.hide = hiding(redact ?? createMarks())
    this.#names = new NamedBreakers(this.hide, isOwn)
    this.#mask = new Mask(new Redaction(redact, () => true))
  }

  /** Another file begins. */
  forget(): void {
    this.#names.forget()
  }

  /** What a breaker is made of. */
  parts(parts: readonly RecordedPart[], isOneOfMany: boolean): readonly RecordedPart[] {
    return this.#mask.value(this.#names.parts(parts, isOneOfMany))
  }

  line(line: RecordedLine, isOneOfMany: boolean): RecordedLine {
    return this.#mask.value(this.#names.line(line, isOneOfMany))
  }

  /** What a breaker had been told of its dependencies before. */
  told(events: readonly EventLine["event"][]): readonly EventLine["event"][] {
    return this.#mask.value(this.#names.told(events))
  }

  /** What is said of a call, by name. */
  facts(told: Told): { readonly [name: string]: unknown } {
    const hidden = told.map(([name, value]) => {
      if (things.includes(name)) return [name, this.#mask.value({ [name]: value })[name]]
      const isPersonal = typeof value === "string" && !impersonal.includes(name)
      return [name, isPersonal ? this.hide(value) : value]
    })
    return Object.fromEntries(hidden)
  }

  /** What was saved of a breaker of this name: limits by key say whose they are. */
  saved(given: unknown, breaker: string, bucketOf: BucketOf): unknown {
    return { ...this.owed(this.#mask.value(given) as Owed, bucketOf), breaker }
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
