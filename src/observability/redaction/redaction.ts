/** What is said in place of names that say who somebody is. The same for recordings, the page, and inspectors of actors. */
import { createHmac, randomBytes } from "node:crypto"
import { InvalidConfig } from "../../../machines/options.ts"
import { Naming } from "./naming.ts"
import { withoutSecrets } from "./secrets.ts"

export type Redact = (text: string) => string

/** As long as the name of a breaker may be. */
const longest = 200
/** Things that are remembered; when there are more, what stands for one is worked out anew. */
const mostThings = 20_000

/**
 * Marks for `redact`: the same text is the same mark in every place and process that knows the secret, and cannot be guessed from it. The
 * mark is `#` and 12 hexadecimal digits of HMAC-SHA-256. Default: a secret that nobody knows. Throws `InvalidConfig`.
 *
 * @example
 * import { createMarks } from "recloser/inspect"
 * import assert from "node:assert/strict"
 *
 * const redact = createMarks("a secret of at least 16 characters") // for startInspector, startRecorder, and your own log
 * assert.match(redact("alice@example.com"), /^#[0-9a-f]{12}$/)
 * assert.equal(redact("alice@example.com"), createMarks("a secret of at least 16 characters")("alice@example.com"))
 */
export function createMarks(secret: string = randomBytes(16).toString("hex")): Redact {
  if (typeof secret !== "string" || secret.length < 16)
    throw new InvalidConfig([{ path: "secret", value: "(hidden)", rule: "must be a text of 16 characters or more" }])
  return (text) => `#${createHmac("sha256", secret).update(text).digest("hex").slice(0, 12)}`
}

/** What it is given by whoever hides it; never the text itself, should they fail. */
export const hiding =
  (redact: Redact): Redact =>
  (text) => {
    try {
      return withoutSecrets(String(redact(text))).slice(0, longest)
    } catch {
      return "(hidden)"
    }
  }

/** What one who looks on is shown. Without `redact` only what no one may see is hidden: see `withoutSecrets`. */
export class Redaction {
  readonly hides: boolean
  readonly hide: Redact
  /** Keys of breakers, of which callers are the authors. */
  readonly keys: Naming
  readonly #things: Naming
  readonly #isOwn: (name: string) => boolean

  /** `isOwn`: the program itself has chosen the name of a breaker. */
  constructor(redact: Redact | undefined, isOwn: (name: string) => boolean) {
    this.hides = redact !== undefined
    this.hide = redact === undefined ? withoutSecrets : hiding(redact)
    this.#isOwn = isOwn
    this.keys = new Naming(this.hide)
    this.#things = new Naming(this.hide)
  }

  /** Another breaker, by its name. */
  breaker(name: string): string {
    return this.#isOwn(name) ? withoutSecrets(name) : this.keys.of(name)
  }

  /** An endpoint, by its id or address, or a feature. */
  thing(name: string): string {
    if (this.#things.size >= mostThings) this.#things.forget()
    return this.#things.of(name)
  }
}
