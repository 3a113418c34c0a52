/**
 * What callers say of their calls in headers. None of it is believed unless somebody vouches for the caller: who may shorten the time of
 * a call may also make it fail, and who may name its class goes before everybody else.
 */
import { invalid, refuseStrangers } from "./knownOptions.ts"

/** `text`: with the blanks around it. */
const longest = { name: 100, text: 200 }

/** A request that came in: of the Fetch standard, or of Node. */
export interface IncomingRequest {
  readonly headers: object
}

export interface TrustOptions<R extends IncomingRequest> {
  /** Whether this caller is believed: by its address, its certificate, its token. It has no default. */
  readonly trust: (request: R) => boolean
  /** The header that is read. */
  readonly header?: string | undefined
}

/** The name of a header as RFC 9110 has it. */
const isName = (name: unknown): name is string =>
  typeof name === "string" && name.length <= longest.name && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)

/** Which header something travels in. Throws `InvalidConfig` for what is none. */
export function readHeaderName(name: unknown, standard: string, path: string): string {
  if (name === undefined) return standard
  if (isName(name)) return name.toLowerCase()
  throw invalid(path, name, "must be the name of a header")
}

function headerOf(headers: object, name: string): unknown {
  const { get } = headers as { readonly get?: unknown }
  if (typeof get === "function") return (get as (name: string) => unknown).call(headers, name)
  return Object.hasOwn(headers, name) ? (headers as { readonly [name: string]: unknown })[name] : undefined
}

/** Whoever cannot be vouched for, because the question itself failed, is not trusted. */
function isTrusted<R>(request: R, trust: (request: R) => boolean): boolean {
  try {
    return trust(request) === true
  } catch {
    return false
  }
}

/**
 * How one header of a trusted caller is read, without the blanks around it; nothing of any other's, nor of one that is said twice or
 * is too long. Throws `InvalidConfig` for options that are none; `others`: what may stand beside those of trust.
 */
export function incomingHeader<R extends IncomingRequest>(
  options: TrustOptions<R>,
  standard: string,
  others: readonly string[] = [],
): { readonly name: string; valueOf(request: R): string | undefined } {
  refuseStrangers(options, ["trust", "header", ...others])
  const { trust } = options
  if (typeof trust !== "function") throw invalid("options.trust", trust, "must be a function that says whom to believe")
  const name = readHeaderName(options.header, standard, "options.header")
  return {
    name,
    valueOf: (request) => {
      const value = isTrusted(request, trust) ? headerOf(request.headers, name) : undefined
      return typeof value === "string" && value.length <= longest.text ? value.trim() : undefined
    },
  }
}
