/** One page that listens. It is told no more than it reads: what it misses it gets whole when it reads on. */
import type { ServerResponse } from "node:http"
import { withoutSecrets } from "../redaction/secrets.ts"

/** A page that reads nothing for so long is let go; it comes back by itself. */
export const stalledMs = 20_000

export class Client {
  /** The breaker that it looks at; `undefined` is all of them. */
  readonly breaker: string | undefined
  readonly #response: ServerResponse
  /** Whether it must be told everything, not only what changed. */
  needsAll = true
  /** The last decision that it was told of. */
  heard = 0
  #blockedSince: number | undefined
  isGone = false

  constructor(response: ServerResponse, breaker: string | undefined, gone: () => void) {
    this.breaker = breaker
    this.#response = response
    response.on("drain", () => {
      this.#blockedSince = undefined
    })
    response.on("close", () => {
      this.isGone = true
      gone()
    })
    // A page that goes away in the middle of a word is no error.
    response.on("error", () => {})
  }

  /** Whether it reads what it is told. */
  isReady(now: number): boolean {
    if (this.#blockedSince === undefined) return true
    if (now - this.#blockedSince > stalledMs) this.end()
    this.needsAll = true
    return false
  }

  send(text: string, now: number): void {
    if (this.isGone) return
    if (!this.#response.write(text)) this.#blockedSince ??= now
  }

  end(): void {
    this.isGone = true
    this.#response.destroy()
  }
}

/** A server-sent event. JSON has no line breaks, so it is one line. */
export const eventOf = (message: unknown): string => `data: ${withoutSecrets(JSON.stringify(message))}\n\n`
