/** Providers of endpoints that a test plays by hand. */
import type { EndpointSet } from "recloser"

export interface HandProvider {
  readonly provider: (context: { readonly signal: AbortSignal }) => AsyncIterable<EndpointSet>
  /** How often it was asked. */
  readonly asked: number
  /** How many of those who asked listen still. */
  readonly listening: number
  tell(list: unknown): void
  fail(error: unknown): void
  end(): void
}

type Next = { readonly list: unknown } | { readonly error: unknown } | "end"

export function handProvider(): HandProvider {
  let asked = 0
  let listening = 0
  let queue: Next[] = []
  let wake = () => {}
  const give = (next: Next) => {
    queue.push(next)
    wake()
  }
  async function* listen(signal: AbortSignal): AsyncGenerator<EndpointSet> {
    asked++
    listening++
    queue = []
    try {
      while (!signal.aborted) {
        const next = queue.shift()
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve
            signal.addEventListener("abort", () => resolve())
          })
        } else if (next === "end") return
        else if ("error" in next) throw next.error
        else yield next.list as EndpointSet
      }
    } finally {
      listening--
    }
  }
  return {
    provider: ({ signal }) => listen(signal),
    get asked() {
      return asked
    },
    get listening() {
      return listening
    },
    tell: (list) => give({ list }),
    fail: (error) => give({ error }),
    end: () => give("end"),
  }
}
