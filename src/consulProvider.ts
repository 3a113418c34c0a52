/** Endpoints by Consul: its HTTP API, with blocking queries. */
import type { EndpointInput, EndpointProvider, ProviderContext } from "../machines/endpointOptions.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"
import { addressAt, ask, jsonIn, limited, objectIn, refuseStatus, scaleOf, textIn } from "./registryHttp.ts"

export interface ConsulOptions {
  readonly service: string
  /** Where Consul's agent is. Default: `"http://127.0.0.1:8500"`. */
  readonly url?: string | undefined
  readonly token?: string | undefined
  /** Certificates that vouch for Consul, in PEM, where it is reached by https. Default: those of the host. */
  readonly ca?: string | undefined
  readonly datacenter?: string | undefined
  /** Only instances with this tag. */
  readonly tag?: string | undefined
  /** Whether instances whose checks fail there are left out. Default: `true`. */
  readonly passing?: boolean | undefined
}

const known = ["service", "url", "token", "ca", "datacenter", "tag", "passing"]
/** How long Consul waits for a change before it answers all the same. */
const wait = "60s"
/** Consul adds up to a sixteenth of it, so that queries do not end together. What takes longer than this will not come. */
const longestMs = 75_000
/** Between two answers at least: a service that changes all the time is not asked all the time. */
const pauseMs = 200
/** Whoever tells of no index cannot say when something changes: it is asked now and then. */
const pollMs = 5000

function urlOf({ service, url = "http://127.0.0.1:8500", datacenter, tag, passing = true }: ConsulOptions): URL {
  const base = URL.parse(url)
  if (base === null || !/^https?:$/.test(base.protocol))
    throw invalid("options.url", url, "must begin with http: or https:")
  const asked = new URL(`${base.pathname.replace(/\/$/, "")}/v1/health/service/${encodeURIComponent(service)}`, base)
  if (passing) asked.searchParams.set("passing", "1")
  if (datacenter !== undefined) asked.searchParams.set("dc", datacenter)
  if (tag !== undefined) asked.searchParams.set("tag", tag)
  return asked
}

type Instance = Exclude<EndpointInput, string> & { readonly weight: number }

/** One instance; an address of its own comes before that of its node. */
function endpointIn(entry: unknown): readonly Instance[] {
  const [service, node] = [objectIn(objectIn(entry)["Service"]), objectIn(objectIn(entry)["Node"])]
  const host = textIn(service["Address"]) ?? textIn(node["Address"])
  if (host === undefined) return []
  const port = Number(service["Port"]) || undefined
  const weight = Number(objectIn(service["Weights"])["Passing"] ?? 1)
  const id = textIn(service["ID"])
  const address = addressAt(host, port)
  const metadata = { ...objectIn(service["Meta"]), node: String(node["Node"] ?? "") } as { [key: string]: string }
  return [
    {
      address,
      id: id === undefined ? address : `${String(node["Node"] ?? "")}/${id}`,
      zone: textIn(objectIn(service["Meta"])["zone"]) ?? textIn(node["Datacenter"]),
      weight: Number.isFinite(weight) ? Math.max(0, weight) : 1,
      metadata,
    },
  ]
}

/** The instances that an answer of Consul names. */
export function endpointsIn(entries: readonly unknown[]): readonly Instance[] {
  const all = entries.flatMap(endpointIn)
  const scale = scaleOf(all.map(({ weight }) => weight))
  return all.map((instance) => ({ ...instance, weight: scale * instance.weight }))
}

async function answerTo(asked: URL, { token, ca }: ConsulOptions, context: ProviderContext) {
  const headers: { [name: string]: string } = token === undefined ? {} : { "x-consul-token": token }
  const limit = limited(context, longestMs, "Consul")
  try {
    const response = await ask(asked, { headers, ca, signal: limit.signal, waits: asked.searchParams.has("index") })
    refuseStatus(response, "Consul")
    return { entries: await jsonIn(response), told: response.headers["x-consul-index"] }
  } catch (error) {
    throw limit.reasonOf(error)
  } finally {
    limit.done()
  }
}

/**
 * Where the next query begins. An index that goes backwards, or is none, means that Consul's state is another: all is asked for anew
 * (developer.hashicorp.com/consul/api-docs/features/blocking).
 */
export function nextIndex(before: number, told: string | undefined): number {
  const index = Number(told)
  return Number.isSafeInteger(index) && index > 0 && index >= before ? index : 0
}

/**
 * Asks Consul for the instances of a service, by blocking queries: it answers when they change.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { fromConsul } from "recloser/discovery"
 * import assert from "node:assert/strict"
 *
 * const provider = fromConsul({ service: "search", url: "http://127.0.0.1:1" })
 * const breaker = createBreaker("search", { discovery: { endpoints: ["10.0.0.7:8080"], provider } })
 * assert.equal(breaker.metrics().components.discovery?.state, "fresh")
 * await breaker.stop()
 */
export function fromConsul(options: ConsulOptions): EndpointProvider {
  refuseStrangers(options, known)
  if (textIn(options.service) === undefined)
    throw invalid("options.service", options.service, "must be the name of a service")
  const url = urlOf(options)
  return async function* (context) {
    const { signal, sleep } = context
    let index = 0
    while (!signal.aborted) {
      const asked = new URL(url)
      if (index > 0) {
        asked.searchParams.set("index", String(index))
        asked.searchParams.set("wait", wait)
      }
      const { entries, told } = await answerTo(asked, options, context)
      if (!Array.isArray(entries)) throw new TypeError("Consul answered something else than a list")
      const next = nextIndex(index, Array.isArray(told) ? told[0] : told)
      // Answered because its time was over: nothing has changed.
      if (next !== index || next === 0) yield endpointsIn(entries)
      const isTold = next > 0 || index > 0
      index = next
      await sleep(isTold ? pauseMs : pollMs)
    }
  }
}
