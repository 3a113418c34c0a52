/**
 * What a service says about its own limits in the headers of an answer. In the order of trust: `RateLimit` and `RateLimit-Policy` as
 * structured fields (draft-ietf-httpapi-ratelimit-headers, from draft 8), the one dictionary of draft 7, and the three headers of
 * before, `RateLimit-Remaining` and `RateLimit-Reset` or the same with `X-`.
 *
 * It is the word of a stranger: what is too long, not a number, negative or in the past says nothing.
 */

/** What is left, and for how long from now. */
export interface HeaderQuota {
  readonly remaining?: number | undefined
  /** Milliseconds. */
  readonly reset?: number | undefined
}

interface Headers {
  get(name: string): string | null
}

/** No honest header is longer. */
const longest = 2048
/** What is larger is no number of seconds from now: a time stamp in seconds, or in milliseconds. */
const stamps = { seconds: 1e9, millis: 1e12 }
const dayMs = 86_400_000

const read = (headers: Headers, name: string): string => {
  const text = headers.get(name) ?? ""
  return text.length > longest ? "" : text.trim()
}

/** A number that is written as one, and is none below 0. */
function amount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}(?:\.\d{1,6})?$/.test(text.trim())) return undefined
  return Number(text)
}

/**
 * A member of a list, its parameters by name. What stands in quotes may hold commas and semicolons of its own; quotes that nobody closes
 * hold all the rest, so that a header of nothing but quotes is not looked through from each of them.
 */
function members(text: string): readonly ReadonlyMap<string, string>[] {
  const bare = text.replace(/"(?:[^"\\]|\\.)*(?:"|\\?$)/gs, "name")
  return bare.split(",").map((member) => {
    const pairs = member.split(";").map((part) => part.split("=").map((word) => word.trim()))
    return new Map(
      pairs.flatMap(([name = "", value]) => (value === undefined ? [] : [[name.toLowerCase(), value] as const])),
    )
  })
}

const quotaOf = (remaining: number | undefined, seconds: number | undefined): HeaderQuota | undefined =>
  remaining === undefined ? undefined : { remaining, reset: seconds === undefined ? undefined : seconds * 1000 }

/** Of several the one that grants least: it will be the first to refuse. */
const scarcest = (quotas: readonly (HeaderQuota | undefined)[]): HeaderQuota | undefined =>
  quotas.reduce((one, other) => {
    if (one === undefined || other === undefined) return one ?? other
    return (other.remaining ?? 0) < (one.remaining ?? 0) ? other : one
  }, undefined)

/** `RateLimit: "default";r=50;t=30`, several of them, or `limit=100, remaining=50, reset=30`. */
function structured(headers: Headers): HeaderQuota | undefined {
  const list = members(read(headers, "ratelimit"))
  const found = scarcest(list.map((member) => quotaOf(amount(member.get("r")), amount(member.get("t")))))
  if (found !== undefined) return found
  const dictionary = new Map(list.flatMap((member) => [...member]))
  return quotaOf(amount(dictionary.get("remaining")), amount(dictionary.get("reset")))
}

/** Seconds from now; what can only be a time stamp is told from the answer's own date. */
function secondsUntil(reset: number | undefined, headers: Headers): number | undefined {
  if (reset === undefined || reset < stamps.seconds) return reset
  const now = Date.parse(read(headers, "date"))
  const ms = (reset < stamps.millis ? reset * 1000 : reset) - now
  return ms >= 0 ? ms / 1000 : undefined
}

/** Some write the window behind the number, as in `50, 50;w=60`: the first is the number. */
const first = (text: string): string | undefined => text.split(/[,;]/)[0]

function separate(headers: Headers, prefix: string): HeaderQuota | undefined {
  const remaining = amount(first(read(headers, `${prefix}ratelimit-remaining`)))
  return quotaOf(remaining, secondsUntil(amount(first(read(headers, `${prefix}ratelimit-reset`))), headers))
}

/** How long the policy's window is, for services that say what is left and not until when. */
function windowMs(headers: Headers): number | undefined {
  const windows = members(read(headers, "ratelimit-policy")).flatMap((member) => amount(member.get("w")) ?? [])
  return windows.length === 0 ? undefined : Math.min(...windows) * 1000
}

/** What the headers say is left; `undefined` when they say nothing that can be used. */
export function quotaIn(headers: Headers): HeaderQuota | undefined {
  const quota = structured(headers) ?? separate(headers, "") ?? separate(headers, "x-")
  if (quota === undefined) return undefined
  const reset = quota.reset ?? windowMs(headers)
  return { remaining: quota.remaining, reset: reset === undefined ? undefined : Math.min(dayMs, reset) }
}
