/** Who may ask: pages of this very server, with the token; nobody from elsewhere, whatever a browser was talked into. */
import { createHash, timingSafeEqual } from "node:crypto"
import type { IncomingMessage } from "node:http"

export interface Refusal {
  readonly status: number
  readonly why: string
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Whether it is the token, in a time that says nothing of how much of it was right. */
export const isToken = (given: string, token: string): boolean => timingSafeEqual(digest(given), digest(token))

const names: readonly string[] = ["127.0.0.1", "localhost", "[::1]"]

/** The names under which this server answers. One that only resolves to it is somebody else's: a rebound name. Browsers do not say port 80. */
const namesOf = (port: number): readonly string[] => [
  ...names.map((name) => `${name}:${port}`),
  ...(port === 80 ? names : []),
]

/** Why a request is refused before anything of it is read; `undefined` when it is not. */
export function refusalOf({ headers, method }: IncomingMessage, port: number): Refusal | undefined {
  const { host = "", origin } = headers
  const site = headers["sec-fetch-site"]
  if (!namesOf(port).includes(host))
    return { status: 421, why: `this server does not answer for ${host.slice(0, 100)}` }
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, why: "requests of other origins are refused" }
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return { status: 403, why: "requests of other sites are refused" }
  }
  return method === "GET" || method === "POST" ? undefined : { status: 405, why: "only GET and POST are answered" }
}

/** Why a request for data is refused: it must bring the token, which is in no address that a browser would remember. */
export function refusalWithout(token: string, { headers }: IncomingMessage): Refusal | undefined {
  const given = /^Bearer (\S{1,200})$/.exec(headers.authorization ?? "")?.[1]
  if (given !== undefined && isToken(given, token)) return undefined
  return { status: 401, why: "the token is missing or wrong: open the address that the program printed" }
}

/** What every answer says to a browser: nothing is loaded from elsewhere, framed, remembered or guessed. */
export const safeHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const
