/** A health check by HTTP. */
import { request as requestPlain } from "node:http"
import { request as requestSecure } from "node:https"
import { isIP } from "node:net"
import type { CheckContext, HealthCheck } from "../machines/healthOptions.ts"
import { describeError, show } from "../machines/options.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"
import { lookupWithin, NotReachable, type Reach, refuseHost } from "./reachable.ts"

export interface HttpCheckOptions {
  /** What is asked for: an address, or what makes one of the endpoint that is checked. */
  readonly url: string | URL | ((context: Pick<CheckContext, "endpoint">) => string | URL)
  readonly method?: "GET" | "HEAD" | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Certificates that vouch for the service, in PEM, where it is reached by https. Default: those of the host. */
  readonly ca?: string | undefined
  /**
   * The name of the service, where `url` holds the address of one of its endpoints: its certificate is checked against this name, which is
   * also what the request says it wants (SNI, and `Host` unless `headers` say another). Default: the host of `url`. By http it is `Host` alone.
   */
  readonly servername?: string | undefined
  /** Statuses that pass. Default: 200 to 299. Redirects are not followed. */
  readonly status?: ((status: number) => boolean) | undefined
  /** Whether the body passes; it is read up to `maxBody`. Without it nothing of the body is read. */
  readonly body?: ((text: string) => boolean) | undefined
  /** Most bytes that are read of a body; one that is longer fails. Default: 65 536. */
  readonly maxBody?: number | undefined
  /** Whether this host itself may be checked. Default: `false`. */
  readonly loopback?: boolean | undefined
}

const known = ["url", "method", "headers", "ca", "servername", "status", "body", "maxBody", "loopback"]

function read(options: HttpCheckOptions): HttpCheckOptions {
  refuseStrangers(options, known)
  const { url, maxBody = 65_536, servername } = options
  if (typeof url !== "function") addressOf(url, "options.url")
  if (!Number.isInteger(maxBody) || maxBody < 0)
    throw invalid("options.maxBody", maxBody, "must be a whole number of bytes")
  if (servername !== undefined && !isName(servername))
    throw invalid(
      "options.servername",
      servername,
      "must be the name of a host, such as search.example: an address has none",
    )
  return options
}

function addressOf(url: unknown, path: string): URL {
  const parsed = URL.parse(String(url))
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed
  throw invalid(path, url, "must be an address that begins with http: or https:")
}

/** A name that a certificate can be for: neither an address, nor what would end the header that it stands in. */
const isName = (text: unknown): boolean =>
  typeof text === "string" && text.length <= 253 && /^[\w*-]+(?:\.[\w-]+)*\.?$/.test(text) && isIP(text) === 0

/** What a request says of whom it wants. */
function wanted({ servername, headers = {} }: HttpCheckOptions, { port }: URL) {
  if (servername === undefined) return { headers }
  const saysHost = Object.keys(headers).some((name) => name.toLowerCase() === "host")
  const host = port === "" ? servername : `${servername}:${port}`
  return { servername, headers: saysHost ? headers : { ...headers, host } }
}

const isFine = (status: number): boolean => status >= 200 && status < 300

/**
 * Checks by HTTP. A redirect is not followed, a body is not read unless `body` is to judge it, and what does not answer in time is cut.
 * It reaches neither link-local addresses nor, unless it is told to, this host itself.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { httpCheck } from "recloser/health"
 * import assert from "node:assert/strict"
 *
 * const breaker = createBreaker("search", {
 *   discovery: { endpoints: ["10.0.0.7:8080", "10.0.0.8:8080"] },
 *   health: { check: httpCheck({ url: ({ endpoint }) => `http://${endpoint?.address}/healthz` }), interval: "5 seconds" },
 * })
 * assert.equal(breaker.metrics().components.health?.state, "unknown")
 * await breaker.stop()
 */
export function httpCheck(options: HttpCheckOptions): HealthCheck {
  const { url, method = "GET", ca, status = isFine, body, maxBody = 65_536, loopback = false } = read(options)
  const reach: Reach = { loopback }
  const lookup = lookupWithin(reach)
  return ({ endpoint, signal, timeoutMs }) => {
    const target = addressOf(typeof url === "function" ? url({ endpoint }) : url, "url")
    refuseHost(target.hostname, reach)
    return new Promise<void>((resolve, reject) => {
      const send = target.protocol === "https:" ? requestSecure : requestPlain
      const sent = send(target, {
        method,
        ...wanted(options, target),
        agent: false,
        ...(ca !== undefined && { ca }),
        lookup,
        signal,
        timeout: timeoutMs,
        maxHeaderSize: 16_384,
      })
      const end = (failure?: string) => {
        if (failure === undefined) resolve()
        else reject(new Error(failure))
        sent.destroy()
      }
      // What a user's function throws here would be nobody's to catch.
      const judge = (run: () => void) => {
        try {
          run()
        } catch (error) {
          end(describeError(error))
        }
      }
      sent.on("error", (error) => reject(error instanceof NotReachable ? error : new Error(words(error))))
      sent.on("timeout", () => end(`no answer within ${timeoutMs} ms`))
      sent.on("response", (response) => {
        const code = response.statusCode ?? 0
        judge(() => {
          if (status(code)) return body === undefined ? end() : undefined
          end(code >= 300 && code < 400 ? `status ${code}: redirects are not followed` : `status ${code}`)
        })
        if (body === undefined) return
        let text = ""
        let bytes = 0
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > maxBody) return end(`the body is longer than ${maxBody} bytes`)
          text += chunk.toString("latin1")
        })
        response.on("end", () =>
          judge(() =>
            end(
              body(Buffer.from(text, "latin1").toString("utf8")) ? undefined : `the body does not pass: ${show(text)}`,
            ),
          ),
        )
        response.on("error", (error) => end(words(error)))
      })
      sent.end()
    })
  }
}

/** `connect ECONNREFUSED 10.0.0.7:80`, or its code where that says nothing (several addresses were tried). */
export function words(error: Error): string {
  const { code } = error as { readonly code?: unknown }
  return error.message === "" && typeof code === "string" ? code : error.message
}
