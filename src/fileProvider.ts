/** Endpoints in a file. */
import { constants, watch } from "node:fs"
import { open } from "node:fs/promises"
import { basename, dirname } from "node:path"
import { parseBounded } from "../machines/boundedJson.ts"
import type { EndpointProvider, EndpointSet } from "../machines/endpointOptions.ts"
import { type DurationInput, readDuration } from "../machines/options.ts"
import { invalid, refuseStrangers } from "./knownOptions.ts"

export interface FileOptions {
  /** A file of JSON: a list of endpoints, or `{ "endpoints": [...] }`. */
  readonly path: string
  /** How often it is read although nobody said that it has changed. Default: 30 seconds. */
  readonly interval?: DurationInput | undefined
}

/** After a change so long passes before the file is read. */
const pauseMs = 50
/** Longer than this is no list of endpoints. */
const longestBytes = 32 * 1024 * 1024

async function textIn(path: string): Promise<string> {
  // To open a pipe takes until somebody writes to it, unless it is said that nobody waits; a device need not end at all.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new TypeError(`${path} is no file`)
    if (stat.size > longestBytes) throw new RangeError(`${path} is longer than ${longestBytes} bytes`)
    return await file.readFile("utf8")
  } finally {
    await file.close()
  }
}

/** The list that a file holds; what is in it is checked by who takes it. */
export function listIn(text: string): EndpointSet {
  const read = parseBounded(text)
  const list: unknown = Array.isArray(read) ? read : (read as { readonly endpoints?: unknown } | null)?.endpoints
  return list as EndpointSet
}

/** Hears of changes in the file's folder: a file that is replaced, as careful writers do, is another file. */
function changesOf(path: string, signal: AbortSignal): () => Promise<void> {
  let hasChanged = false
  let wake = () => {}
  const change = () => {
    hasChanged = true
    wake()
  }
  try {
    const watcher = watch(dirname(path), { signal, persistent: false }, (_, name) => {
      // A link among the files may lead elsewhere now (as with mounted volumes): any change may be one of ours.
      if (name === null || name === basename(path) || name.startsWith("..")) change()
    })
    watcher.on("error", () => {})
  } catch {
    // Where the host cannot watch, the file is read now and then.
  }
  return async () => {
    if (!hasChanged) await new Promise<void>((resolve) => (wake = resolve))
    hasChanged = false
  }
}

/**
 * Reads endpoints from a file of JSON, and again when it changes. One that cannot be read keeps the endpoints that it had.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { fromFile } from "recloser/discovery"
 * import assert from "node:assert/strict"
 *
 * const discovery = { endpoints: ["10.0.0.7:8080"], provider: fromFile({ path: "/etc/search/endpoints.json" }) }
 * const breaker = createBreaker("search", { discovery })
 * assert.equal(breaker.metrics().components.discovery?.endpoints, 1)
 * await breaker.stop()
 */
export function fromFile(options: FileOptions): EndpointProvider {
  refuseStrangers(options, ["path", "interval"])
  const { path, interval = "30 seconds" } = options
  if (typeof path !== "string" || path === "") throw invalid("options.path", path, "must be the path of a file")
  const ms = readDuration(interval, "options.interval")
  return async function* ({ signal, sleep }) {
    const changed = changesOf(path, signal)
    let before: string | undefined
    while (!signal.aborted) {
      const text = await textIn(path)
      if (text !== before) yield listIn(text)
      before = text
      const turn = new AbortController()
      await Promise.race([sleep(ms, turn.signal), changed()])
      turn.abort()
      // Who writes often, or bit by bit, is not read after each stroke.
      await sleep(pauseMs)
    }
  }
}
