/** Where in what a breaker tells of itself names stand: of endpoints and features, and of other breakers. */

export interface FoundName {
  readonly name: string
  readonly isBreaker: boolean
}

type Fields = Iterable<readonly [key: string, value: unknown]>

/** Lists of endpoints, as such or by their ids, and of features. */
const lists = new Set([
  "features",
  "endpoints",
  "told",
  "away",
  "bad",
  "suspect",
  "ejected",
  "ejections",
  "more",
  "needs",
  "tried",
])
/** Records by the name of an endpoint or a feature, and by that of a breaker. */
const records = new Set(["endpoints", "verdicts", "features", "standings", "bounds"])
const byBreaker = new Set(["dependencies", "moves"])
/** What endpoints and features are counted by, in records that are called like theirs. */
const states = new Set("unknown healthy suspect bad empty fresh stale panicking full testing blocked".split(" "))
/** Records whose fields are called by names. */
export const byName: ReadonlySet<string> = new Set([...records, ...byBreaker])
const fields = new Set(["address", "endpoint", "feature"])
const breakers = new Set(["via", "cause"])

/** Plain data, and the parts of a breaker, which keep their plug to themselves. Charts and actors are neither. */
export const isPlain = (value: unknown): value is { readonly [key: string]: unknown } => {
  if (typeof value !== "object" || value === null) return false
  const above: unknown = Object.getPrototypeOf(value)
  return above === Object.prototype || above === null || ("plug" in value && "settings" in value)
}

const isDependency = (one: { readonly [key: string]: unknown }): boolean =>
  typeof one["type"] === "string" && one["type"].startsWith("dependency.")

const thing = (name: string): FoundName => ({ name, isBreaker: false })
const breaker = (name: string): FoundName => ({ name, isBreaker: true })

/** Names that the fields of a record are called by. */
function* namesAbove(key: string, record: object): Generator<FoundName> {
  if (records.has(key)) for (const name of Object.keys(record)) if (!states.has(name)) yield thing(name)
  if (byBreaker.has(key)) for (const name of Object.keys(record)) yield breaker(name)
}

function* namesIn(list: readonly unknown[]): Generator<FoundName> {
  for (const one of list) {
    const name = isPlain(one) ? (one["id"] ?? one["name"]) : one
    if (typeof name === "string") yield thing(name)
  }
}

/** Every name in it. What is no plain data is not looked into, nor is what has been `seen`. */
export function* foundIn(value: unknown, seen: WeakSet<object>): Generator<FoundName> {
  if (typeof value !== "object" || value === null || seen.has(value)) return
  const isList = Array.isArray(value)
  if (!isList && !isPlain(value)) return
  seen.add(value)
  const all: Fields = Object.entries(value)
  if (!isList && isDependency(value) && typeof value["id"] === "string") yield breaker(value["id"])
  for (const [key, inner] of all) {
    if (typeof inner === "string") {
      if (fields.has(key)) yield thing(inner)
      else if (breakers.has(key)) yield breaker(inner)
    } else if (typeof inner === "object" && inner !== null) {
      if (!Array.isArray(inner)) yield* namesAbove(key, inner)
      else if (lists.has(key)) yield* namesIn(inner)
      yield* foundIn(inner, seen)
    }
  }
}
