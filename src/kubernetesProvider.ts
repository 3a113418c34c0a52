/** Endpoints by Kubernetes: the EndpointSlices of a service, listed and watched. */
import { readFile } from "node:fs/promises"
import type { IncomingMessage } from "node:http"
import type { EndpointInput, EndpointProvider, ProviderContext } from "../machines/endpointOptions.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"
import {
  addressAt,
  ask,
  type Json,
  jsonIn,
  jsonLinesIn,
  limited,
  listIn,
  objectIn,
  refuseStatus,
  textIn,
} from "./registryHttp.ts"

export interface KubernetesOptions {
  readonly service: string
  /** Default: the namespace of this pod. */
  readonly namespace?: string | undefined
  /**
   * Of a service with two families of addresses each pod has an endpoint in slices of both; it is taken once, at its address of this family
   * if it is ready there. Pods are told apart by `targetRef.uid`; endpoints without one stand for themselves. Default: `"IPv4"`.
   */
  readonly prefer?: "IPv4" | "IPv6" | undefined
  /** Which port of the slices, by name or number. Default: the first. */
  readonly port?: string | number | undefined
  /** The API server. Default: the one of this pod's cluster, `kubernetes.default.svc` by https. */
  readonly url?: string | undefined
  /** Default: the token of this pod's account, read anew for each request, for it changes. */
  readonly token?: string | undefined
  /** Certificates that vouch for the API server, in PEM. Default: those of this pod. */
  readonly ca?: string | undefined
}

const known = ["service", "namespace", "prefer", "port", "url", "token", "ca"]
const inCluster = "kubernetes.default.svc"
const account = "/var/run/secrets/kubernetes.io/serviceaccount"
/** How long a watch lasts; then another begins where it ended. */
const watchSeconds = 300
/** What takes so much longer than it should will not come. */
const graceMs = 60_000
const perPage = 500
/** A list that goes on after so many pages will not end. */
const mostPages = 100
/** Before a list is asked for once more. */
const pauseMs = 1000

/** What was watched is so old that it is forgotten: all has to be listed anew. */
class Gone extends Error {
  constructor() {
    super("Kubernetes answered with status 410: what was asked for is gone")
  }
}

/** Slices by name, and the version of the whole. */
interface Known {
  readonly slices: Map<string, Json>
  version: string
}

const nameOf = (slice: Json): string => String(objectIn(slice["metadata"])["name"] ?? "")
const versionOf = (object: Json): string | undefined => textIn(objectIn(object["metadata"])["resourceVersion"])

/** The port of a slice that is wanted; `undefined` when it has none. */
function portIn(slice: Json, wanted: string | number | undefined): unknown {
  const ports = listIn(slice["ports"]).map(objectIn)
  if (wanted === undefined) return ports[0]?.["port"]
  return ports.find(({ name, port }) => name === wanted || port === wanted)?.["port"]
}

/** What is ready, and not on its way out. Readiness that is not said is readiness. */
const isReady = ({ conditions }: Json): boolean =>
  objectIn(conditions)["ready"] !== false && objectIn(conditions)["terminating"] !== true

/** One endpoint of a slice, and what is behind it: the same pod may be in slices of two families. */
interface Placed {
  readonly address: string
  readonly zone: string | undefined
  readonly metadata: { readonly [key: string]: string }
  readonly family: string | undefined
  readonly uid: string | undefined
}

function endpointsIn(slice: Json, wanted: string | number | undefined): readonly Placed[] {
  const port = portIn(slice, wanted)
  if (wanted !== undefined && port === undefined) return []
  return listIn(slice["endpoints"])
    .map(objectIn)
    .filter(isReady)
    .flatMap((endpoint) => {
      const host = textIn(listIn(endpoint["addresses"])[0])
      if (host === undefined) return []
      const metadata: { [key: string]: string } = {}
      const target = objectIn(endpoint["targetRef"])
      const [node, pod] = [textIn(endpoint["nodeName"]), textIn(target["name"])]
      if (node !== undefined) metadata["node"] = node
      if (pod !== undefined) metadata["pod"] = pod
      const placed = { family: textIn(slice["addressType"]), uid: textIn(target["uid"]) }
      return [{ address: addressAt(host, port), zone: textIn(endpoint["zone"]), metadata, ...placed }]
    })
}

/** The endpoints of all slices, each once: one that moves from slice to slice may be in two for a moment, and a pod in two families. */
export function allIn({ slices }: Known, { port, prefer = "IPv4" }: KubernetesOptions): readonly EndpointInput[] {
  const all = [...slices.values()].flatMap((slice) => endpointsIn(slice, port))
  const preferred = new Set(all.flatMap(({ family, uid }) => (family === prefer && uid !== undefined ? [uid] : [])))
  const wanted = all.filter(({ family, uid }) => family === prefer || uid === undefined || !preferred.has(uid))
  return [...new Map(wanted.map(({ address, zone, metadata }) => [address, { address, zone, metadata }])).values()]
}

/** Takes in one event of a watch; answers whether endpoints may be others now. */
function take(known: Known, event: Json): boolean {
  const object = objectIn(event["object"])
  if (event["type"] === "ERROR") {
    if (object["code"] === 410) throw new Gone()
    throw new Error(`Kubernetes ended the watch: ${String(object["message"] ?? "without a word")}`)
  }
  known.version = versionOf(object) ?? known.version
  if (event["type"] === "DELETED") return known.slices.delete(nameOf(object))
  if (event["type"] !== "ADDED" && event["type"] !== "MODIFIED") return false
  known.slices.set(nameOf(object), object)
  return true
}

class Api {
  readonly #options: KubernetesOptions
  readonly #context: ProviderContext

  constructor(options: KubernetesOptions, context: ProviderContext) {
    this.#options = options
    this.#context = context
  }

  /** All there is now, page by page. */
  async list(): Promise<Known> {
    const slices = new Map<string, Json>()
    let page = ""
    for (let pages = 0; pages < mostPages; pages++) {
      const query: { [name: string]: string } = { limit: String(perPage), ...(page !== "" && { continue: page }) }
      const list = await this.#page(query)
      for (const slice of listIn(list["items"]).map(objectIn)) slices.set(nameOf(slice), slice)
      page = textIn(objectIn(list["metadata"])["continue"]) ?? ""
      if (page === "") return { slices, version: versionOf(list) ?? "" }
    }
    throw new RangeError(`the list of Kubernetes has no end after ${mostPages} pages`)
  }

  async #page(query: { readonly [name: string]: string }): Promise<Json> {
    const limit = limited(this.#context, graceMs, "Kubernetes")
    try {
      return objectIn(await jsonIn(await this.#ask(query, limit.signal)))
    } catch (error) {
      throw limit.reasonOf(error)
    } finally {
      limit.done()
    }
  }

  /** What changes after a version, until the server ends it. */
  async *watch(version: string): AsyncGenerator<Json> {
    const query = {
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion: version,
      timeoutSeconds: String(watchSeconds),
    }
    const limit = limited(this.#context, 1000 * watchSeconds + graceMs, "Kubernetes")
    try {
      for await (const event of jsonLinesIn(await this.#ask(query, limit.signal))) yield objectIn(event)
    } catch (error) {
      throw limit.reasonOf(error)
    } finally {
      limit.done()
    }
  }

  async #ask(query: { readonly [name: string]: string }, signal: AbortSignal): Promise<IncomingMessage> {
    const { service, url = `https://${inCluster}`, token, ca } = this.#options
    const namespace = this.#options.namespace ?? (await readFile(`${account}/namespace`, "utf8")).trim()
    const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`
    const asked = new URL(`${new URL(url).pathname.replace(/\/$/, "")}${path}`, url)
    asked.searchParams.set("labelSelector", `kubernetes.io/service-name=${service}`)
    for (const [name, value] of Object.entries(query)) asked.searchParams.set(name, value)
    const isSecure = asked.protocol === "https:"
    const bearer = token ?? (isSecure ? (await readFile(`${account}/token`, "utf8")).trim() : undefined)
    const headers: { [name: string]: string } = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
    const certificates = ca ?? (isSecure ? await readFile(`${account}/ca.crt`, "utf8") : undefined)
    const response = await ask(asked, { headers, ca: certificates, signal, waits: "watch" in query })
    if (response.statusCode === 410) {
      response.destroy()
      throw new Gone()
    }
    refuseStatus(response, "Kubernetes")
    return response
  }
}

/**
 * Lists and watches the EndpointSlices of a service. When what it watches is too old (410 Gone) it lists anew; a watch that ends goes on
 * where it was. The pod's account needs `list` and `watch` of `endpointslices` in `discovery.k8s.io`.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { fromKubernetes } from "recloser/discovery"
 * import assert from "node:assert/strict"
 *
 * const provider = fromKubernetes({ service: "search", namespace: "shop", url: "http://127.0.0.1:1", port: "http" })
 * const breaker = createBreaker("search", { discovery: { endpoints: ["10.0.0.7:8080"], provider } })
 * assert.equal(breaker.metrics().components.discovery?.state, "fresh")
 * await breaker.stop()
 */
export function fromKubernetes(options: KubernetesOptions): EndpointProvider {
  refuseStrangers(options, known)
  const { service, url, prefer = "IPv4" } = options
  if (textIn(service) === undefined) throw invalid("options.service", service, "must be the name of a service")
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw invalid("options.url", url, "must begin with http: or https:")
  if (prefer !== "IPv4" && prefer !== "IPv6") throw invalid("options.prefer", prefer, 'must be "IPv4" or "IPv6"')
  return async function* (context) {
    const { signal, sleep } = context
    const api = new Api(options, context)
    let slices: Known | undefined
    // Watches that were gone before they told anything, one after the other: each costs the API a whole list.
    let gone = 0
    while (!signal.aborted) {
      try {
        if (slices === undefined) {
          slices = await api.list()
          yield allIn(slices, options)
        }
        for await (const event of api.watch(slices.version)) {
          if (take(slices, event)) yield allIn(slices, options)
          gone = 0
        }
        gone = 0
      } catch (error) {
        // A list that is gone itself is no list: whoever keeps on asking must say so.
        if (!(error instanceof Gone) || slices === undefined) throw error
        slices = undefined
        gone = Math.min(7, gone + 1)
      }
      await sleep(pauseMs * 2 ** Math.max(0, gone - 1))
    }
  }
}
