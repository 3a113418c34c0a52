/** Endpoints by DNS. */
import { promises as dns } from "node:dns"
import type { EndpointProvider, EndpointSet, ProviderContext } from "../machines/endpointOptions.ts"
import { type DurationInput, readDuration } from "../machines/options.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"
import { addressAt, scaleOf } from "./registryHttp.ts"

export interface DnsOptions {
  readonly name: string
  /** Which records: addresses, or `SRV`, which name hosts with ports, priorities and weights. Default: `"A"`. */
  readonly type?: "A" | "AAAA" | "SRV" | undefined
  /** The port of addresses; those of `SRV` have their own. */
  readonly port?: number | undefined
  /** Name servers, as `"10.0.0.2"` or `"10.0.0.2:53"`. Default: those of the host. */
  readonly servers?: readonly string[] | undefined
  /** How often it is asked at most, whatever the records' time to live. Default: 5 seconds. */
  readonly least?: DurationInput | undefined
  /** How often at least. Default: 30 seconds. */
  readonly interval?: DurationInput | undefined
  /** How long an answer is waited for, questions asked again included. Default: 5 seconds. */
  readonly timeout?: DurationInput | undefined
}

const known = ["name", "type", "port", "servers", "least", "interval", "timeout"]

/** The name is there and has no such records, or is not there: both are answers. */
const isNone = (error: unknown): boolean => /^(?:ENODATA|ENOTFOUND)$/.test(String((error as { code?: unknown }).code))

interface Answer {
  readonly endpoints: EndpointSet
  /** Seconds for which it holds, if it says so. */
  readonly ttl: number | undefined
}

/** A lost question is asked once more: the resolver waits up to twice its own timeout for each, so both fit. */
function readResolver(servers: readonly string[] | undefined, timeoutMs: number): dns.Resolver {
  const resolver = new dns.Resolver({ timeout: Math.ceil(timeoutMs / 4), tries: 2 })
  try {
    if (servers !== undefined) resolver.setServers(servers)
    return resolver
  } catch {
    throw invalid("options.servers", servers, "must be a list of addresses of name servers")
  }
}

/** Of services only those of the first priority: the others are for when none of these answers. */
async function services(resolver: dns.Resolver, name: string): Promise<Answer> {
  const records = await resolver.resolveSrv(name)
  const first = Math.min(...records.map(({ priority }) => priority))
  // A single dot, which is read as no host, says that the service is decidedly not there (RFC 2782).
  const wanted = records.filter(({ name: host, priority }) => priority === first && host !== "" && host !== ".")
  const scale = scaleOf(wanted.map(({ weight }) => weight))
  return {
    endpoints: wanted.map(({ name: host, port, weight }) => ({
      address: addressAt(host, port),
      weight: scale * Math.max(1, weight),
    })),
    ttl: undefined,
  }
}

async function addresses(resolver: dns.Resolver, { name, type, port }: DnsOptions): Promise<Answer> {
  const records = await (type === "AAAA"
    ? resolver.resolve6(name, { ttl: true })
    : resolver.resolve4(name, { ttl: true }))
  return {
    endpoints: [...new Set(records.map(({ address }) => addressAt(address, port)))],
    ttl: Math.min(...records.map(({ ttl }) => ttl)),
  }
}

/** The answer, if it comes in time: with several name servers the resolver by itself would ask each of them as long. */
async function inTime<T>(
  ask: () => Promise<T>,
  resolver: dns.Resolver,
  timeoutMs: number,
  sleep: ProviderContext["sleep"],
): Promise<T> {
  const silence = new Error(`no name server answered within ${timeoutMs} ms`)
  const answered = new AbortController()
  const late = sleep(timeoutMs, answered.signal).then(() => {
    if (!answered.signal.aborted) resolver.cancel()
    throw silence
  })
  try {
    return await Promise.race([ask(), late])
  } catch (error) {
    throw (error as { code?: unknown }).code === "ETIMEOUT" ? silence : error
  } finally {
    answered.abort()
  }
}

/**
 * Asks DNS for the endpoints of a name, again when the records' time is over. A name without records keeps the endpoints that it had.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { fromDns } from "recloser/discovery"
 * import assert from "node:assert/strict"
 *
 * const breaker = createBreaker("search", { discovery: { provider: fromDns({ name: "search.internal", port: 8080 }) } })
 * assert.equal(breaker.metrics().components.discovery?.state, "empty")
 * await breaker.stop()
 */
export function fromDns(options: DnsOptions): EndpointProvider {
  refuseStrangers(options, known)
  const {
    name,
    type = "A",
    port,
    servers,
    least = "5 seconds",
    interval = "30 seconds",
    timeout = "5 seconds",
  } = options
  if (typeof name !== "string" || name === "" || name.length > 253)
    throw invalid("options.name", name, "must be a name")
  if (!["A", "AAAA", "SRV"].includes(type)) throw invalid("options.type", type, "must be one of A, AAAA, SRV")
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw invalid("options.port", port, "must be a port")
  const leastMs = readDuration(least, "options.least")
  const mostMs = Math.max(leastMs, readDuration(interval, "options.interval"))
  const timeoutMs = readDuration(timeout, "options.timeout")
  readResolver(servers, timeoutMs)
  return async function* ({ signal, sleep }) {
    const resolver = readResolver(servers, timeoutMs)
    const ask = () => (type === "SRV" ? services(resolver, name) : addresses(resolver, { name, type, port }))
    signal.addEventListener("abort", () => resolver.cancel())
    while (!signal.aborted) {
      let answer: Answer = { endpoints: [], ttl: undefined }
      try {
        answer = await inTime(ask, resolver, timeoutMs, sleep)
      } catch (error) {
        if (!isNone(error)) throw error
      }
      yield answer.endpoints
      await sleep(Math.min(mostMs, Math.max(leastMs, 1000 * (answer.ttl ?? Number.POSITIVE_INFINITY))))
    }
  }
}
