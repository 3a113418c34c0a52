/** Addresses without what opens them: who logs in there, and what is asked for with which token. Nobody who looks on is shown that. */

const scheme = /^[a-z][a-z\d+.-]*:\/\//i
/** Where one address ends and another begins, in a list without spaces. */
const nextScheme = /(?<=[,;|(=])(?=[a-z][a-z\d+.-]{0,20}:\/\/)/i
/** What no address holds. Quotes too, so that JSON can be read over as a whole. */
const word = /[^\s"<>\\`]+/g

function withoutLogin(text: string): string {
  const end = text.search(/[/?#]/)
  const authority = end < 0 ? text : text.slice(0, end)
  const at = authority.lastIndexOf("@")
  if (at >= 0) return text.slice(at + 1)
  // A password may hold a slash that nobody has escaped: what looks like a port is then none.
  const [, port] = authority.split(/:(?=[^:\]]*$)/)
  const isPort = port === undefined || /^\d*\W*$/.test(port)
  return isPort ? text : text.slice(text.lastIndexOf("@") + 1)
}

/** Where the query begins of what says no scheme: `/pay?token=…`. */
function queryIn(text: string): number {
  const at = text.search(/\?[^?=]*=/)
  const fragment = text.indexOf("#")
  return fragment >= 0 && fragment < at ? -1 : at
}

function bare(text: string): string {
  const [begin = ""] = scheme.exec(text) ?? /^[^a-z\d]{0,3}[a-z][a-z\d+.-]*:\/\//i.exec(text) ?? []
  const rest = text.slice(begin.length)
  const query = begin === "" ? queryIn(rest) : rest.search(/[?#]/)
  const told = query < 0 ? rest : `${rest.slice(0, query)}${rest[query]}…`
  if (begin !== "") return begin + withoutLogin(told)
  // `user:password@host`, as databases are addressed.
  const login = /^[^@/]*:[^@/]*@(?=[\w[])/.exec(told)
  return login === null ? told : told.slice(login[0].length)
}

/** `user:password@host/path?token=abc` after a scheme becomes `host/path?…`. Texts without anything of the kind are the same text. */
export function withoutSecrets(text: string): string {
  if (!text.includes("@") && !text.includes("?") && !text.includes("#")) return text
  return text.replace(word, (one) => (/[@?#]/.test(one) ? one.split(nextScheme).map(bare).join("") : one))
}
