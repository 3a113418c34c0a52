/** HTTP as those who keep registries of endpoints speak it: long answers, read as they come, bounded, ended by a signal. */
import { type IncomingMessage, request as requestPlain } from "node:http"
import { request as requestSecure } from "node:https"
import { parseBounded } from "../machines/boundedJson.ts"
import type { ProviderContext } from "../machines/endpointOptions.ts"
import { show } from "../machines/options.ts"

/** Longer than this no answer, and no line of one, is read. */
const longestBytes = 32 * 1024 * 1024

export interface Asking {
  readonly headers?: { readonly [name: string]: string }
  /** Certificates that vouch for the server, in PEM; left out: those of the host. */
  readonly ca?: string | undefined
  readonly signal: AbortSignal
  /** It is answered when something changes, which nobody stays alive for. */
  readonly waits?: boolean
}

export interface Limit {
  /** Aborted when nobody listens any more, and when the time is over. */
  readonly signal: AbortSignal
  /** It has ended in time. */
  done(): void
  /** Why it has failed: not that it was aborted, but for what. */
  reasonOf(error: unknown): unknown
}

/** Bounds how long an answer takes, on the breaker's clock: who vanishes without a word would be listened to for ever. */
export function limited({ signal, sleep }: ProviderContext, ms: number, who: string): Limit {
  const [cut, over] = [new AbortController(), new AbortController()]
  void sleep(ms, over.signal).then(() => {
    if (!over.signal.aborted) cut.abort(new Error(`${who} has not ended its answer within ${ms / 1000} seconds`))
  })
  return {
    signal: AbortSignal.any([signal, cut.signal]),
    done: () => over.abort(),
    reasonOf: (error) => (cut.signal.aborted && !signal.aborted ? cut.signal.reason : error),
  }
}

/** Asks, and answers when there are headers. */
export const ask = (url: URL, { headers = {}, ca, signal, waits = false }: Asking): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const options = { headers: { accept: "application/json", ...headers }, agent: false, signal, ...(ca && { ca }) }
    const sent = (url.protocol === "https:" ? requestSecure : requestPlain)(url, options)
    if (waits) sent.on("socket", (socket) => socket.unref())
    sent.on("error", reject)
    sent.on("response", resolve)
    sent.end()
  })

/** An answer as JSON. */
export async function jsonIn(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > longestBytes) throw new RangeError(`the answer is longer than ${longestBytes} bytes`)
    chunks.push(chunk)
  }
  return parsed(Buffer.concat(chunks).toString("utf8"))
}

/** The lines of an answer, each as JSON, as they come. */
export async function* jsonLinesIn(response: IncomingMessage): AsyncGenerator<unknown> {
  response.setEncoding("utf8")
  let parts: string[] = []
  let length = 0
  for await (const chunk of response as unknown as AsyncIterable<string>) {
    // A line may come byte by byte: only what is new is looked at.
    const [more = "", ...lines] = chunk.split("\n")
    parts.push(more)
    length += more.length
    for (const next of lines) {
      const line = parts.join("")
      if (line.trim() !== "") yield parsed(line)
      parts = [next]
      length = next.length
    }
    if (length > longestBytes) throw new RangeError(`a line is longer than ${longestBytes} characters`)
  }
  const rest = parts.join("")
  if (rest.trim() !== "") yield parsed(rest)
}

/** A text of somebody else's as JSON; throws `SyntaxError` that shows no more than its beginning. */
export function parsed(text: string): unknown {
  try {
    return parseBounded(text)
  } catch (error) {
    const what = error instanceof RangeError ? error.message : "no JSON"
    throw new SyntaxError(`the answer is ${what}: ${show(text)}`)
  }
}

/** Throws for an answer that is none. */
export function refuseStatus(response: IncomingMessage, of: string): void {
  const { statusCode = 0 } = response
  if (statusCode >= 200 && statusCode < 300) return
  response.destroy()
  throw new Error(`${of} answered with status ${statusCode}`)
}

export type Json = { readonly [key: string]: unknown }

/** An object of somebody else's, or an empty one. */
export const objectIn = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {})
export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const textIn = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined

/** Weights of others reach to 65 535, ours to 1 000: what keeps their proportions. */
export const scaleOf = (weights: readonly number[]): number =>
  1000 / weights.reduce((most, weight) => Math.max(most, weight), 1000)

/** Host and port as one address. */
export const addressAt = (host: string, port: unknown): string =>
  port === undefined ? host : `${host.includes(":") ? `[${host}]` : host}:${port}`
