/** Whoever reads what strangers write, and what strangers might write: for the test that it does no harm, and for the bench that says how long it takes. */
import { createBreaker, type SavedBreaker } from "recloser"
import { readDeadline, readPriority } from "recloser/fetch"
import { toMs } from "../../machines/durations.ts"
import { readEndpoints } from "../../machines/naming.ts"
import { baseUrl, numberBetween, wholeBetween } from "../../src/cli/demo/options.ts"
import { linesOf } from "../../src/cli/detect/lines.ts"
import { readHeader, readRow, standardColumns } from "../../src/cli/detect/rows.ts"
import { endpointsIn } from "../../src/consulProvider.ts"
import { listIn } from "../../src/fileProvider.ts"
import { allIn } from "../../src/kubernetesProvider.ts"
import { formatVersion, Seal } from "../../src/observability/recording/format.ts"
import { readRecording } from "../../src/observability/recording/read.ts"
import { quotaIn } from "../../src/quotaHeaders.ts"
import { parsed } from "../../src/registryHttp.ts"
import { retryAfterOf } from "../../src/retryAfter.ts"
import { stateIn } from "../../src/savedState.ts"
import { readScript } from "../../src/testing/script.ts"
import { seedsOf } from "../../src/testing/simulation/seeds.ts"

export const million = 1_000_000

const repeated = (piece: string): string => piece.repeat(Math.ceil(million / piece.length))

/** A million characters of each kind that a reader might go over more than once. */
export const hostileTexts: readonly (readonly [string, string])[] = [
  "9",
  '"',
  '\\"',
  " ",
  ",",
  ";=",
  "(",
  "-",
  "a=1;",
  "up,",
  "1-2,",
  "é",
  "[",
  "{",
  ":",
  "/",
].map((piece) => [JSON.stringify(piece), repeated(piece)])

/** The same as texts that begin as what is wanted, so that nobody can turn away at the first character. */
export const disguised: readonly (readonly [string, string])[] = [
  ["a number that goes on", `1${repeated("0")}`],
  ["a number, and blanks", `5${repeated(" ")}seconds`],
  ["a quote that never ends", `"${repeated('\\"')}`],
  ["a date that goes on", `Wed, 21 Oct 2015 07:28:00 GMT${repeated(" ")}`],
  ["an address that goes on", `http://127.0.0.1:80/${repeated("a/")}`],
]

export interface HostileReader {
  readonly name: string
  /** Puts the text where strangers put theirs; answers the reading alone. */
  readonly given: (text: string) => () => unknown
  /** A whole file or answer is read to its end, this JSON of it first; of everything else the beginning at most is looked at. */
  readonly json?: (text: string) => string
  /** A word of a command line, of which the host takes no more than 128 kB. */
  readonly isWord?: true
}

const simple = (name: string, read: (text: string) => unknown): HostileReader => ({
  name,
  given: (text) => () => read(text),
})

/** What a file or an answer holds, and who reads it. */
const whole = (name: string, json: (text: string) => string, read: (content: string) => unknown): HostileReader => ({
  name,
  json,
  given: (text) => {
    const content = json(text)
    return () => read(content)
  },
})

const structured = ["ratelimit", "ratelimit-policy"]
const separate = ["ratelimit-remaining", "ratelimit-reset", "x-ratelimit-remaining", "x-ratelimit-reset", "date"]
const quota = (names: readonly string[]) => (text: string) =>
  quotaIn({ get: (name) => (names.includes(name) ? text : null) })

const retryAfter = (names: readonly string[]) => (text: string) =>
  retryAfterOf({ ok: false, error: { headers: Object.fromEntries(names.map((name) => [name, text])) } })

const deadline = (header: string) => (text: string) =>
  readDeadline({ headers: { [header]: text } }, { header, trust: () => true })

const priority = (text: string) => readPriority({ headers: { "x-request-priority": text } }, { trust: () => true })

const service = createBreaker("service", { rateLimit: true, recovery: { features: ["search"] } })
const saved = JSON.parse(JSON.stringify(service.save())) as { readonly parts: object }

/** With the text wherever a question mark stands. */
const filled = (value: unknown) => (text: string) => JSON.stringify(value, (_, it) => (it === "?" ? text : it))

const restore = (content: string) =>
  createBreaker("service", {}, { restore: stateIn(content, "saved.json") as SavedBreaker })

const header = { t: "recloser", format: formatVersion, library: "0.1.0", startedAt: 0, part: 1 }
const recorded = (name: string, line: object): HostileReader => ({
  name,
  json: filled(line),
  given: (text) => {
    const seal = new Seal()
    const lines = [header, JSON.parse(filled(line)(text))].map((one) => seal.line(one))
    const content = Buffer.from(lines.join(""))
    return () => readRecording("x.ndjson", content)
  },
})

/** An answer names the text six times. */
const short = (text: string): string => text.slice(0, million / 6)
const instance = (text: string) => ({
  Service: { ID: text, Address: text, Port: 80, Meta: { [text]: text } },
  Node: { Node: text, Datacenter: text },
})
const slice = (text: string) => ({
  addressType: text,
  ports: [{ port: text }],
  endpoints: [{ addresses: [text], zone: text, targetRef: { name: text, uid: text } }],
})

/** What cannot be a row ends the reading; rows are as many as a file has. */
async function rows(text: string): Promise<unknown> {
  async function* chunks() {
    yield text
  }
  const found: unknown[] = []
  for await (const line of linesOf(chunks())) found.push(readHeader(line.text), readRow(line.text, standardColumns))
  return found
}

export const hostileReaders: readonly HostileReader[] = [
  simple("Retry-After", retryAfter(["retry-after"])),
  simple("Retry-After and Date", retryAfter(["retry-after", "date"])),
  simple("RateLimit, RateLimit-Policy", quota(structured)),
  simple("RateLimit-Remaining, -Reset, and those with X-", quota(separate)),
  simple("X-Request-Timeout-Ms", deadline("x-request-timeout-ms")),
  simple("grpc-timeout", deadline("grpc-timeout")),
  simple("X-Request-Priority", priority),
  simple("the key of a call", (key) => service.acquire({ key })),
  simple("the priority of a call", (priority) => service.acquire({ priority: priority as never })),
  simple("the tenant of a call", (tenant) => service.acquire({ tenant })),
  simple("the feature of a call", (feature) => service.acquire({ feature })),
  simple("the deadline of a call", (text) =>
    service.execute(() => 1, { deadline: text as never }).catch((error) => error),
  ),
  simple("the name of a breaker", (name) => createBreaker(name)),
  simple("an option of a config", (strategy) => createBreaker("service", { strategy: strategy as never })),
  simple("a duration of a config", (timeout) => createBreaker("service", { timeout: timeout as never })),
  simple("a duration", toMs),
  simple("a script of a service", readScript),
  { ...simple("a number on the command line", numberBetween(1, 3600)), isWord: true },
  { ...simple("a whole number on the command line", wholeBetween(0, 65_535)), isWord: true },
  { ...simple("an address on the command line", baseUrl), isWord: true },
  simple("seeds on the command line", seedsOf),
  whole("a saved state that is none", String, restore),
  whole("a saved state: whose it is", filled({ ...saved, breaker: "?" }), restore),
  whole("a saved state: the operator's words", filled({ ...saved, mode: "forcedOpen", why: "?" }), restore),
  whole("a saved state: a part", filled({ ...saved, parts: { ...saved.parts, gradual: "?" } }), restore),
  whole("a saved state: a key of a rate", filled({ ...saved, rates: [{ ms: 1, keys: [["?", 5]] }] }), restore),
  {
    name: "a recording that is none",
    json: String,
    given: (text) => {
      const content = Buffer.from(text)
      return () => readRecording("x.ndjson", content)
    },
  },
  recorded("a recording: the name of a breaker", { t: "breaker", b: 1, name: "?", at: 0, wall: 0, parts: [] }),
  recorded("a recording: its calls", { t: "calls", from: 0, serial: 0, bytes: "?" }),
  whole("an answer of Consul that is none", String, parsed),
  whole(
    "an answer of Consul",
    (text) => JSON.stringify([instance(short(text))]),
    (content) => readEndpoints(endpointsIn(parsed(content) as unknown[]), 1000),
  ),
  whole(
    "an answer of Kubernetes",
    (text) => JSON.stringify(slice(short(text))),
    (content) => {
      const slices = new Map([["slice", parsed(content) as { readonly [key: string]: unknown }]])
      return readEndpoints(allIn({ slices, version: "" }, { service: "search" }), 1000)
    },
  ),
  whole("a file of endpoints", filled([{ address: "?" }]), (content) => readEndpoints(listIn(content), 1000)),
  simple("a line of a file of measurements", rows),
]
