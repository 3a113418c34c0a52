/** What one breaker tells of itself, as it may be shown: every name that is hidden is found in its words, too. */
import { byName, foundIn, isPlain } from "./found.ts"
import { Names } from "./names.ts"
import type { Redaction } from "./redaction.ts"
import { withoutSecrets } from "./secrets.ts"

/** Words of the house, not of its users: a feature may be called like a state. */
const ours = new Set(
  "type state circuit mode rule layer by part to from phase enforcement status value kind strategy own key need health".split(
    " ",
  ),
)
/** Texts of registries, in whatever words. */
const foreign = new Set(["metadata", "where"])
/** So many names are remembered for certain, and as many again of those before them. */
const mostKnown = 20_000

/** An address names a host, which error messages name alone. */
function hostsIn(address: string): readonly string[] {
  const [, host = "", name = ""] =
    /^(?:[a-z][a-z\d+.-]*:\/\/)?(?:[^@/]*@)?(([^/?#:[\]]+|\[[^\]]*\])(?::\d+)?)/i.exec(address) ?? []
  return [host, name].filter((part) => /[.:]/.test(part) && part !== address)
}

export class Mask {
  readonly #redaction: Redaction
  /** What stands for each name, and for those that have not been met since there were too many. */
  #known = new Map<string, string>()
  #before: ReadonlyMap<string, string> = new Map()
  #names = new Names()
  #done = new WeakMap<object, unknown>()
  /** Whose names are known. What actors tell is never changed afterwards, and told again and again. */
  #learned = new WeakSet<object>()
  readonly #other: (value: object) => unknown

  /** `other` is what is shown of what is no plain data. */
  constructor(redaction: Redaction, other: (value: object) => unknown = (value) => value) {
    this.#redaction = redaction
    this.#other = other
  }

  /** Takes note of the names in it. */
  learn(value: unknown): void {
    // Only here: all that is told together is known together, however many names that are.
    if (this.#known.size >= mostKnown) this.#forget()
    for (const { name, isBreaker } of foundIn(value, this.#learned)) this.know(name, isBreaker)
  }

  know(name: string, isBreaker: boolean): void {
    if (name === "" || this.#known.has(name)) return
    const before = this.#before.get(name)
    const shown = before ?? (isBreaker ? this.#redaction.breaker(name) : this.#redaction.thing(name))
    if (shown === name) return
    this.#take(name, shown)
    if (!isBreaker) for (const host of hostsIn(name)) if (!this.#known.has(host)) this.#take(host, shown)
    if (before === undefined) this.#done = new WeakMap()
  }

  #take(name: string, shown: string): void {
    this.#known.set(name, shown)
    this.#names.add(name)
  }

  #forget(): void {
    this.#before = this.#known
    this.#known = new Map()
    this.#learned = new WeakSet()
    this.#done = new WeakMap()
    this.#names = new Names()
    for (const name of this.#before.keys()) this.#names.add(name)
  }

  #standIn(name: string): string | undefined {
    return this.#known.get(name) ?? this.#before.get(name)
  }

  /** Words in which names may stand. */
  text(text: string): string {
    const known = this.#standIn(text)
    if (known !== undefined) return known
    return withoutSecrets(this.#names.replace(text, (name) => this.#standIn(name)))
  }

  /** What was thrown: its message is in somebody else's words, and may say anything. */
  error(error: unknown): unknown {
    const { hides, hide } = this.#redaction
    if (hides && typeof error === "string") return hide(error)
    if (!(error instanceof Error)) return this.value(error)
    const message = hides ? `${error.name} ${hide(error.message)}` : withoutSecrets(error.message)
    return message === error.message ? error : Object.assign(new Error(message), { name: error.name, stack: message })
  }

  /** The same, with all names in it hidden; the very same if there are none. */
  value<V>(value: V): V {
    this.learn(value)
    return this.#masked(value) as V
  }

  #masked(value: unknown): unknown {
    if (typeof value === "string") return this.text(value)
    if (typeof value !== "object" || value === null) return value
    if (this.#done.has(value)) return this.#done.get(value)
    // What refers to itself is met again as it is.
    this.#done.set(value, value)
    const masked = this.#within(value)
    this.#done.set(value, masked)
    return masked
  }

  #within(value: object): unknown {
    if (value instanceof Error) return this.error(value)
    if (Array.isArray(value)) {
      const all = value.map((one) => this.#masked(one))
      return all.some((one, index) => one !== value[index]) ? all : value
    }
    if (value instanceof Map) return new Map([...value].map(([key, one]) => [this.#masked(key), this.#masked(one)]))
    return isPlain(value) ? this.#fields(value) : this.#other(value)
  }

  /** `isNamed`: its fields are called by names. */
  #fields(value: { readonly [key: string]: unknown }, isNamed = false): unknown {
    let isSame = true
    const fields = Object.entries(value).map(([key, one]) => {
      const shown = isNamed ? (this.#standIn(key) ?? key) : key
      const masked = this.#field(key, one)
      isSame &&= shown === key && masked === one
      return [shown, masked] as const
    })
    if (isSame) return value
    const shown = Object.fromEntries(fields)
    // Which part it is stays known to the machine, and is written down by nobody.
    return "plug" in value ? Object.defineProperty(shown, "plug", { value: value["plug"] }) : shown
  }

  #field(key: string, value: unknown): unknown {
    if (ours.has(key) && (typeof value === "string" || key === "value")) return value
    const { hides, hide } = this.#redaction
    if (isPlain(value) && byName.has(key)) return this.#fields(value, true)
    if (!hides || !foreign.has(key) || !isPlain(value)) return this.#masked(value)
    const hidden = (one: unknown) => (typeof one === "string" ? hide(one) : this.#masked(one))
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, Array.isArray(one) ? one.map(hidden) : hidden(one)]),
    )
  }
}
