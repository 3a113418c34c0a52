/** A page without a browser: it listens to the inspector's events, or asks. */
import type { Inspector } from "recloser/inspect"
import type { BreakerMessage, OverviewMessage, ServerMessage } from "../../src/observability/inspector/protocol.ts"

export const tokenOf = ({ url }: Pick<Inspector, "url">): string => new URL(url).hash.slice(1)
export const originOf = ({ url }: Pick<Inspector, "url">): string => new URL(url).origin

export const asking = (inspector: Pick<Inspector, "url">, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${originOf(inspector)}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${tokenOf(inspector)}`, ...init.headers },
  })

export const posting = (
  inspector: Pick<Inspector, "url">,
  path: string,
  body: unknown,
  headers = {},
): Promise<Response> =>
  asking(inspector, path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  })

export interface Page {
  /** The next message that satisfies `wanted`. */
  until<M extends ServerMessage>(wanted: (message: ServerMessage) => message is M): Promise<M>
  /** All that has been read, as it came. */
  readonly text: string
  close(): void
}

export const isOverview = (message: ServerMessage): message is OverviewMessage => message.type === "overview"
export const isBreaker = (message: ServerMessage): message is BreakerMessage => message.type === "breaker"

/** Listens as the page does. */
export async function openPage(inspector: Pick<Inspector, "url">, breaker?: string): Promise<Page> {
  const stop = new AbortController()
  const query = breaker === undefined ? "" : `?breaker=${encodeURIComponent(breaker)}`
  const response = await asking(inspector, `/api/events${query}`, { signal: stop.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  let all = ""
  const next = async (): Promise<ServerMessage> => {
    for (;;) {
      const end = text.indexOf("\n\n")
      if (end >= 0) {
        const event = text.slice(0, end)
        text = text.slice(end + 2)
        return JSON.parse(event.replace("data: ", "")) as ServerMessage
      }
      const read = await reader?.read()
      if (read?.value === undefined) throw new Error("the stream has ended")
      text += read.value
      all += read.value
    }
  }
  return {
    until: async (wanted) => {
      for (;;) {
        const message = await next()
        if (wanted(message)) return message
      }
    },
    get text() {
      return all
    },
    close: () => stop.abort(),
  }
}
