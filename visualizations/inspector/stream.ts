/** Talks to the server: asks with the token, and listens to events, coming back by itself when the server does. */
import type { About, Act, ServerMessage } from "../../src/observability/inspector/protocol.ts"

const kept = "recloser-token"

/** The token comes in the part of the address that no browser sends; it is kept for this tab alone. */
export function takeToken(): string {
  const given = location.hash.slice(1)
  if (/^[\w-]{16,200}$/.test(given)) {
    sessionStorage.setItem(kept, given)
    history.replaceState(null, "", location.pathname)
  }
  return sessionStorage.getItem(kept) ?? ""
}

const headers = (): { readonly authorization: string } => ({
  authorization: `Bearer ${sessionStorage.getItem(kept) ?? ""}`,
})

export class Unauthorised extends Error {}

async function answered(response: Response): Promise<unknown> {
  if (response.status === 401) throw new Unauthorised("the token is missing or wrong")
  const value: unknown = await response.json()
  if (!response.ok) throw new Error(String((value as { readonly error?: unknown }).error ?? response.status))
  return value
}

export const ask = async (path: string): Promise<unknown> =>
  answered(await fetch(`/api/${path}`, { headers: headers() }))

export const tell = async (path: string, body: unknown): Promise<unknown> =>
  answered(
    await fetch(`/api/${path}`, {
      method: "POST",
      headers: { ...headers(), "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  )

export const about = async (): Promise<About> => (await ask("about")) as About

export const act = (id: string, what: Act, why: string): Promise<unknown> => tell("act", { id, act: what, why })

/** A chart, read as an image is read: as a document of its own, never as markup of this page. */
export function chart(key: string): Promise<SVGElement | undefined> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest()
    request.open("GET", `/api/charts/${encodeURIComponent(key)}`)
    request.responseType = "document"
    request.setRequestHeader("authorization", headers().authorization)
    request.onloadend = () => {
      const root = request.status === 200 ? request.responseXML?.documentElement : undefined
      resolve(
        root === undefined || root === null ? undefined : (document.importNode(root, true) as unknown as SVGElement),
      )
    }
    request.send()
  })
}

export type Link = "connecting" | "live" | "lost" | "unauthorised"

export interface Listening {
  stop(): void
}

const firstWaitMs = 300
const longestWaitMs = 5000
/** The server says something at least every second. */
const silenceMs = 8000

/** Hears what the server tells of all breakers, or of one. */
export function listen(
  breaker: string | undefined,
  hear: (message: ServerMessage) => void,
  link: (state: Link) => void,
): Listening {
  let stopped = false
  let waitMs = firstWaitMs
  let current: AbortController | undefined
  const path = breaker === undefined ? "/api/events" : `/api/events?breaker=${encodeURIComponent(breaker)}`

  const once = async (): Promise<void> => {
    current = new AbortController()
    let silence = setTimeout(() => current?.abort(), silenceMs)
    try {
      const response = await fetch(path, { headers: headers(), signal: current.signal })
      if (response.status === 401) throw new Unauthorised()
      if (!response.ok || response.body === null) throw new Error(String(response.status))
      for await (const message of messagesOf(response.body)) {
        clearTimeout(silence)
        silence = setTimeout(() => current?.abort(), silenceMs)
        waitMs = firstWaitMs
        link("live")
        hear(message)
      }
    } finally {
      clearTimeout(silence)
    }
  }
  const go = async (): Promise<void> => {
    while (!stopped) {
      let state: Link = "lost"
      try {
        await once()
      } catch (error) {
        if (error instanceof Unauthorised) state = "unauthorised"
      }
      if (stopped) return
      link(state)
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      waitMs = Math.min(longestWaitMs, waitMs * 1.6)
    }
  }
  link("connecting")
  void go()
  return {
    stop: () => {
      stopped = true
      current?.abort()
    },
  }
}

/** Each event is one line of JSON after `data: `, and an empty line. */
async function* messagesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<ServerMessage> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = text.slice(0, end)
      text = text.slice(end + 2)
      if (event.startsWith("data: ")) yield JSON.parse(event.slice(6)) as ServerMessage
    }
  }
}
