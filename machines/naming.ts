/** Reading endpoints: what a provider, a file or a user's list names. */
import { describeError, type Problem, show } from "./options.ts"
import type { Endpoint } from "./vocabulary/endpoint.ts"

/** Longer than this is no address. */
const longest = 500
const most = 1000
/** So many problems of one list are told. */
const mostProblems = 5

const isName = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= longest

const isWeight = (weight: unknown): weight is number =>
  typeof weight === "number" && Number.isFinite(weight) && weight >= 0 && weight <= most

/** Metadata is for people and filters: what is no text is written as text, and what is too much is left out. */
function readMetadata(value: unknown): Endpoint["metadata"] {
  if (typeof value !== "object" || value === null) return {}
  const entries = Object.entries(value).slice(0, 64)
  const short = entries.filter(
    ([key, text]) => key.length <= longest && /^(?:string|number|boolean)$/.test(typeof text),
  )
  return Object.freeze(Object.fromEntries(short.map(([key, text]) => [key, String(text).slice(0, longest)])))
}

/** Reads one endpoint, noting a problem; `undefined` for what is none. */
export function readEndpoint(value: unknown, path: string, problems: Problem[]): Endpoint | undefined {
  const bad = (what: unknown, at: string, rule: string) => {
    problems.push({ path: `${path}${at}`, value: show(what), rule })
    return undefined
  }
  try {
    const given = typeof value === "string" ? { address: value } : value
    if (typeof given !== "object" || given === null) return bad(value, "", "must be an address, or { address, … }")
    const { address, id = address, zone, weight = 1, metadata } = given as { readonly [key: string]: unknown }
    const named = `must be a string of 1 to ${longest} characters`
    if (!isName(address)) return bad(address, ".address", named)
    if (!isName(id)) return bad(id, ".id", named)
    if (zone !== undefined && !isName(zone)) return bad(zone, ".zone", named)
    if (!isWeight(weight)) return bad(weight, ".weight", `must be a number from 0 to ${most}`)
    return Object.freeze({ id, address, zone, weight, metadata: readMetadata(metadata) })
  } catch (error) {
    return bad(describeError(error), "", "could not be read")
  }
}

export interface ReadSet {
  /** In the order of their ids: a list in another order is the same list. */
  readonly endpoints: readonly Endpoint[]
  /** What is wrong with the list, in words; what can be used of it is used. */
  readonly problems: readonly string[]
}

/** A rank that is its own in each process: which endpoints of too many are kept. */
function rankOf(id: string, seed: number): number {
  let hash = seed | 0
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** The same endpoints are kept from one list to the next, as long as they are there (rendezvous hashing). */
function subset(endpoints: readonly Endpoint[], max: number, seed: number): readonly Endpoint[] {
  if (endpoints.length <= max) return endpoints
  const ranked = endpoints.map((endpoint) => ({ endpoint, rank: rankOf(endpoint.id, seed) }))
  return ranked
    .sort((one, other) => one.rank - other.rank)
    .slice(0, max)
    .map(({ endpoint }) => endpoint)
}

export const byId = ({ id: one }: Endpoint, { id: other }: Endpoint): number => (one < other ? -1 : one > other ? 1 : 0)

/** Reads a list of endpoints. Nothing that it holds can do harm: what is no endpoint is left out, and told. */
export function readEndpoints(value: unknown, max: number, seed = 0): ReadSet {
  try {
    return readList(value, max, seed)
  } catch (error) {
    return { endpoints: [], problems: [`a list of endpoints could not be read: ${describeError(error)}`] }
  }
}

function readList(value: unknown, max: number, seed: number): ReadSet {
  if (!Array.isArray(value))
    return { endpoints: [], problems: [`a list of endpoints must be an array (got ${show(value)})`] }
  const problems: Problem[] = []
  const byName = new Map<string, Endpoint>()
  let twice = 0
  for (let index = 0; index < value.length; index++) {
    const endpoint = readEndpoint(value[index], `[${index}]`, problems)
    if (endpoint === undefined) continue
    if (byName.has(endpoint.id)) twice++
    else byName.set(endpoint.id, endpoint)
  }
  const kept = subset([...byName.values()], max, seed)
  const told = problems.slice(0, mostProblems).map(({ path, value: got, rule }) => `${path} ${rule} (got ${got})`)
  if (problems.length > mostProblems) told.push(`${problems.length - mostProblems} more are none`)
  if (twice > 0) told.push(twice === 1 ? "1 is named twice" : `${twice} are named more than once`)
  if (kept.length < byName.size) told.push(`${byName.size} are named, of which ${kept.length} are kept`)
  return { endpoints: Object.freeze([...kept].sort(byId)), problems: told }
}
