/** Addresses without what opens them: who logs in there, and what is asked for with which token. Nobody who looks on is shown that. */

/** What no address holds ends it. Quotes too, also those that JSON has escaped, so that JSON can be read over as a whole. */
const word = /(?:[^\s"<>\\`]|\\[^\s"<>`])+/g
/**
 * Where a login without a scheme leads, as databases are addressed: a name with a port, the number of a host, a protocol. Mail goes to none of
 * those: `acme:anna@example.com` may be a caller's key.
 */
const place = /^(?:(?:\[[^\]]*\]|[\w.-]+):\d{1,5}(?!\w)|(?:\d+\.){3}\d+(?![\w.])|\[|\w+\()/

/** A host, with a port or without. A password may hold what ends a host, and then what looks like a port is none. */
function isHost(authority: string): boolean {
  const name = authority.replace(/^\[[^\]]*\]|(?<=[,;|(=])[a-z][a-z\d+.-]{0,20}:$/gi, "")
  const colon = name.indexOf(":")
  return colon < 0 || /^\d{0,5}\W*$/.test(name.slice(colon + 1))
}

/** What follows a scheme, without what stands before the host. `after`: how much stands behind the last `@`. */
function withoutLogin(text: string, after: number): string {
  const [authority = ""] = /^[^/?#]*/.exec(text) ?? []
  const at = authority.lastIndexOf("@")
  if (at >= 0) return text.slice(at + 1)
  return after >= text.length || isHost(authority) ? text : text.slice(text.length - after)
}

/** `user:password@host`, without a scheme. */
function withoutBareLogin(text: string): string {
  const host = text.slice(text.lastIndexOf("@") + 1)
  return /^[^@/:]*:[^@/]*@/.test(text) && place.test(host) ? host : text
}

/** Where the query begins of what says no scheme: `/pay?token=…`. */
function queryIn(text: string): number {
  const at = text.search(/\?[^?=]*=/)
  const fragment = text.indexOf("#")
  return fragment >= 0 && fragment < at ? -1 : at
}

function bare(text: string): string {
  const first = text.indexOf("://")
  const after = text.length - 1 - text.lastIndexOf("@")
  let [told, left] = ["", first < 0 ? withoutBareLogin(text) : text]
  for (let at = first; at >= 0; at = left.indexOf("://")) {
    told += left.slice(0, at + 3)
    left = withoutLogin(left.slice(at + 3), after)
  }
  told += left
  const open = first < 0 ? -1 : told.slice(first).search(/[?#]/)
  const query =
    open < 0 ? queryIn(told) : queryIn(told.slice(0, first)) < 0 ? first + open : queryIn(told.slice(0, first))
  return query < 0 ? told : `${told.slice(0, query + 1)}…`
}

/** More addresses within addresses than this are none. */
const nested = 4

/** What is left may look like another address, with a login of its own: until nothing does. */
function whollyBare(text: string): string {
  let shown = text
  for (let turn = 0; turn < nested; turn++) {
    const barer = bare(shown)
    if (barer === shown) return shown
    shown = barer
  }
  return "…"
}

/** `user:password@host/path?token=abc` after a scheme becomes `host/path?…`. Texts without anything of the kind are the same text. */
export function withoutSecrets(text: string): string {
  if (!text.includes("@") && !text.includes("?") && !text.includes("#")) return text
  return text.replace(word, (one) => (/[@?#]/.test(one) ? whollyBare(one) : one))
}
