import { type About, type Act, acts, type OverviewMessage, type Row } from "../../observability/inspector/protocol.ts"
import { onOneLine } from "../../observability/logging.ts"

export interface OperateOptions {
  /** As it is written on a command line. */
  readonly act: string
  readonly breaker: string
  readonly why: string
  /** What the program printed, token included. */
  readonly inspector: string
}

type Refuse = (why: string) => never

/** `force-open` for `forceOpen`. */
const spelt = (act: Act): string => act.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

export const actNames: readonly string[] = acts.map(spelt)

/** The operator's hand, from a terminal: acts on a breaker of a running program. `refuse` ends the command: what was asked cannot be done. */
export async function operate(options: OperateOptions, refuse: Refuse): Promise<void> {
  const act = acts.find((one) => spelt(one) === options.act)
  if (act === undefined) return refuse(`${options.act} is no act: it must be one of ${actNames.join(", ")}`)
  const inspector = inspectorAt(options.inspector, refuse)
  const about = (await inspector.ask("about")) as About
  if (!about.control) refuse(`${about.program} lets nobody act: its inspector must be started with control: true`)
  const row = chosen(await inspector.rows(), options.breaker, refuse)
  await inspector.ask("act", { id: row.id, act, why: options.why })
  process.stdout.write(`${onOneLine(row.name)}: ${options.act}, done\n`)
}

/** By its name; where several have it, by the id that the page has in its address. */
function chosen(rows: readonly Row[], wanted: string, refuse: Refuse): Row {
  const found = rows.filter(({ id, name }) => name === wanted || id === wanted)
  const [first] = found
  if (first === undefined)
    return refuse(`there is no breaker ${wanted}; there are ${someOf(rows.map(({ name }) => name))}`)
  if (found.length > 1)
    refuse(`several breakers are called ${wanted}: name one of ${someOf(found.map(({ id }) => id))}`)
  return first
}

const mostNamed = 8

const someOf = (names: readonly string[]): string =>
  names.length === 0
    ? "none"
    : onOneLine(names.slice(0, mostNamed).join(", ")) + (names.length > mostNamed ? ", …" : "")

/** A program that has stopped, or whose loop is blocked, takes connections and answers nothing. */
const patienceMs = 10_000

/** Whoever asks with a token asks on this machine: nobody is talked into handing it to another. */
const loopback: readonly string[] = ["127.0.0.1", "localhost", "[::1]"]

function inspectorAt(address: string, refuse: Refuse) {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const token = url?.hash.slice(1) ?? ""
  if (url?.protocol !== "http:" || !loopback.includes(url.hostname) || !/^[\w-]{16,200}$/.test(token))
    return refuse("--inspector must be the whole address that the program printed: http://127.0.0.1:…/#…")
  const authorization = `Bearer ${token}`
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { authorization, ...init.headers }
    const signal = AbortSignal.timeout(patienceMs)
    const response = await fetch(new URL(path, url.origin), { ...init, headers, signal }).catch(() =>
      refuse(`nobody answers at ${url.host}: has the program ended?`),
    )
    if (response.ok) return response
    const { error } = (await response.json().catch(() => ({}))) as { readonly error?: string }
    return refuse(typeof error === "string" ? error : `${url.host} answered with status ${response.status}`)
  }
  const strange = () => refuse(`what answers at ${url.host} is no inspector of recloser`)
  const ask = async (question: string, body?: unknown): Promise<unknown> => {
    const asked = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
    return (await request(`/api/${question}`, body === undefined ? {} : asked)).json().catch(strange)
  }
  const rows = async () => firstIn(await request("/api/events")).catch(strange)
  return { ask, rows }
}

/** All breakers, as a page is told of them first. */
async function firstIn(response: Response): Promise<readonly Row[]> {
  const decoder = new TextDecoder()
  let text = ""
  for await (const bytes of response.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true })
    const end = text.indexOf("\n\n")
    if (end >= 0) return (JSON.parse(text.slice("data: ".length, end)) as OverviewMessage).rows
  }
  return []
}
