/** What comes from outside, made up at random: it is refused by an error of its own, or taken, and then the laws hold. */
import { InvalidArgumentError } from "commander"
import { type Breaker, type BreakerConfig, createBreaker, InvalidConfig, type Rejection, type Ticket } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { beforeAll, describe, expect, test } from "vitest"
import { toMs } from "../../machines/durations.ts"
import { show } from "../../machines/options.ts"
import { layers } from "../../machines/vocabulary/rejection.ts"
import { baseUrl, numberBetween, wholeBetween } from "../../src/cli/demo/options.ts"
import { LineTooLong } from "../../src/cli/detect/lines.ts"
import type { RecordedLine } from "../../src/observability/recording/format.ts"
import { formatVersion, Seal } from "../../src/observability/recording/format.ts"
import { readRecording, UnusableRecording } from "../../src/observability/recording/read.ts"
import { quotaIn } from "../../src/quotaHeaders.ts"
import { retryAfterOf } from "../../src/retryAfter.ts"
import { readScript } from "../../src/testing/script.ts"
import { seedsOf } from "../../src/testing/simulation/seeds.ts"
import { disguised, type HostileReader, hostileReaders, hostileTexts } from "../support/hostileReaders.ts"
import { incident } from "../support/incident.ts"
import fc from "../support/property.ts"
import { type StepClock, stepClock } from "../support/stepClock.ts"

/** Every strategy alone, every component beside the default one, and all at once; what is asked outside answers well. */
const strategies: readonly BreakerConfig["strategy"][] = [
  "basic",
  "gradual",
  { type: "basic", window: { type: "time", duration: "10 seconds" }, slowCalls: { after: "1 second" } },
  { type: "dependency", own: "basic", dependencies: { cards: { type: "optional" } } },
  { type: "dependency", own: "gradual" },
]
const parts: { readonly [name: string]: BreakerConfig } = {
  rateLimit: { rateLimit: { limit: 50, interval: "1 second", perKey: { limit: 20, interval: "1 second" } } },
  "adaptive rateLimit": { rateLimit: { limit: 50, interval: "1 second", adaptive: true } },
  priority: { priority: { limit: { min: 2, max: 20 }, queue: { max: 5 } } },
  timeout: { timeout: { min: "10 millis", max: "5 seconds" } },
  retry: { retry: { attempts: 3, hedge: true } },
  prediction: { prediction: { gauges: { load: { limit: 1 } } } },
  recovery: { recovery: { features: { login: { required: true }, pay: ["login"], search: true } } },
  discovery: { discovery: { endpoints: ["10.0.0.1:80", "10.0.0.2:80", { address: "10.0.0.3:80", weight: 2 }] } },
  health: { health: { interval: "1 second", passive: true } },
  metrics: { metrics: true },
  candidate: { candidate: "basic" },
}
const configs: readonly (readonly [string, BreakerConfig])[] = [
  ...strategies.map((strategy) => [JSON.stringify(strategy), { strategy }] as const),
  ...Object.entries(parts),
  ["all at once", Object.assign({}, ...Object.values(parts)) as BreakerConfig],
]

const keys = ["a", "b", "c"]

/** One that has something to save: it has been well, and is not now. */
async function savedOf(config: BreakerConfig) {
  const clock = createVirtualClock({ wall: 1_700_000_000_000 })
  const breaker = createBreaker("service", config, { clock })
  for (let call = 0; call < 90; call++) {
    const ticket = breaker.acquire({ key: keys[call % 3] })
    if (ticket.admitted) ticket.settle(call < 30 ? "success" : "failure")
    await clock.advance(10)
  }
  const saved = breaker.save()
  await breaker.stop()
  return saved as unknown as { readonly [key: string]: unknown }
}

const strange = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300, "", "open", null, [], {}, "__proto__"),
)

/** The same with one thing in it replaced, wherever that lies. */
function replaced(value: unknown, path: readonly number[], by: unknown): unknown {
  const [next, ...rest] = path
  if (next === undefined || typeof value !== "object" || value === null) return by
  const entries = Object.entries(value)
  if (entries.length === 0) return by
  const [key] = entries[next % entries.length] as [string, unknown]
  const inner = replaced((value as { readonly [key: string]: unknown })[key], rest, by)
  return Array.isArray(value) ? Object.assign([...value], { [key]: inner }) : { ...value, [key]: inner }
}

/** Calls that go well, for an hour. Whoever refuses them then has no reason to. */
function expectServing(breaker: Breaker, clock: StepClock, troubles: readonly string[]): void {
  breaker.release("fuzz")
  let refusal: Rejection | undefined
  for (let call = 0; call < 400; call++) {
    const ticket = breaker.acquire({ key: keys[call % 3] })
    refusal = ticket.admitted ? undefined : ticket
    if (ticket.admitted) ticket.settle("success")
    clock.step(call < 300 ? 250 : 36_000)
  }
  expect(troubles).toEqual([])
  expect(refusal).toBeUndefined()
  expect(["closed", "degraded", "ramping"]).toContain(breaker.circuit)
  expect(JSON.parse(JSON.stringify(breaker.save()))).toEqual(breaker.save())
}

/** What was made of it, or nothing where it was refused by an error of its own. */
function madeOf(config: BreakerConfig, clock: StepClock, restore?: unknown): Breaker | undefined {
  try {
    return createBreaker("service", config, { clock, restore: restore as never })
  } catch (error) {
    if (error instanceof InvalidConfig) return undefined
    throw error
  }
}

/** What a breaker reports from now on, but for what it could not take up. */
function troublesOf(breaker: Breaker): readonly string[] {
  const troubles: string[] = []
  breaker.on("trouble", ({ part, error }) => part === "restore" || troubles.push(`${part}: ${String(error)}`))
  return troubles
}

const path = fc.array(fc.nat(20), { minLength: 1, maxLength: 6 })
const tampering = fc.record({ path, by: strange })
/** What an option may well be, though perhaps not this one: most of what is strange is refused. */
const plausible = fc.constantFrom(true, false, undefined, 0.5, 1, 3, 1000, "10 millis", "5 minutes", "basic", "gradual")
const otherwise = fc.record({ path, by: fc.oneof(strange, plausible, plausible) })
const seed = 7

describe("a saved state that was tampered with", () => {
  test.each(configs)(
    "is refused, or comes back to serve: %s",
    async (_name, config) => {
      const saved = await savedOf(config)
      let served = 0
      fc.assert(
        fc.property(tampering, ({ path, by }) => {
          const clock = { ...stepClock(), wallNow: () => 1_700_000_060_000 }
          const breaker = madeOf(config, clock, replaced(saved, path, by))
          if (breaker === undefined) return
          expectServing(breaker, clock, troublesOf(breaker))
          served++
          void breaker.stop()
        }),
        { numRuns: 50, seed },
      )
      // Were all refused, nothing would be known of those that are taken.
      expect(served).toBeGreaterThan(3)
    },
    60_000,
  )
})

describe("a config that was tampered with", () => {
  test.each(configs)("is refused by an error of its own, or decides by the rules: %s", (_name, config) => {
    let made = 0
    fc.assert(
      fc.property(otherwise, fc.infiniteStream(fc.nat(9)), ({ path, by }, luck) => {
        const clock = stepClock()
        const breaker = madeOf(replaced(config, path, by) as BreakerConfig, clock)
        if (breaker === undefined) return
        made++
        const troubles = troublesOf(breaker)
        const held: Ticket[] = []
        const chances = luck[Symbol.iterator]()
        for (let call = 0; call < 60; call++) {
          const chance = chances.next().value
          const ticket = breaker.acquire({ key: keys[call % 3], priority: call % 7 === 0 ? "critical" : "normal" })
          if (ticket.admitted) held.push(ticket)
          else expect(layers, ticket.reason).toContain(ticket.layer)
          const done = chance < 8 ? held.shift() : undefined
          if (done?.admitted) done.settle(chance < 4 ? "failure" : "success")
          clock.step(50 * chance)
        }
        for (const left of held) if (left.admitted) left.settle("ignored")
        const { calls, refusals } = breaker.metrics()
        expect(troubles).toEqual([])
        expect(calls.admitted).toBe(calls.success + calls.failure + calls.timedOut + calls.ignored)
        expect(Object.values(refusals).reduce((sum, one) => sum + one, 0)).toBe(calls.rejected)
        expect(calls).toMatchObject({ inFlight: 0, waiting: 0 })
        expect(JSON.parse(JSON.stringify(breaker.save()))).toEqual(breaker.save())
        void breaker.stop({ grace: 0 })
      }),
      { numRuns: 60, seed },
    )
    expect(made).toBeGreaterThan(0)
  })
})

describe("a recording that was tampered with", () => {
  let whole: Buffer = Buffer.alloc(0)
  beforeAll(async () => {
    whole = (await incident({ seconds: 3 })).content()
  })

  const read = (content: Buffer) => {
    for (const partial of [false, true]) {
      try {
        readRecording("x.ndjson", content, { partial })
      } catch (error) {
        expect(error).toBeInstanceOf(UnusableRecording)
      }
    }
  }

  test("is refused by the line that is wrong, whatever bytes it holds", () => {
    const place = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat() })
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 4 }), (places) => {
        const content = Buffer.from(whole)
        for (const { at, byte } of places) content[at % content.length] = byte
        read(content.subarray(0, (places[0]?.cut ?? 0) % 3 === 0 ? (places[0]?.cut ?? 0) % content.length : undefined))
      }),
      { numRuns: 300 },
    )
  })

  test("is refused by the line that is wrong, also where its checksums are right", () => {
    const line = fc.oneof(
      strange,
      fc.record({
        t: fc.constantFrom("recloser", "recipe", "breaker", "calls", "facts", "event", "moved", "gone", "end"),
      }),
      fc.record({ t: fc.constant("breaker"), b: fc.nat(3), name: fc.string(), parts: fc.array(strange) }),
      fc.record({ t: fc.constant("breaker"), b: fc.nat(3), name: fc.string(), recipe: fc.nat(3), member: strange }),
      fc.record({ t: fc.constant("recipe"), r: fc.nat(3), parts: fc.array(strange) }),
      fc.record({ t: fc.constant("calls"), from: strange, serial: strange, bytes: strange }),
      fc.record({
        t: fc.constant("calls"),
        from: fc.integer(),
        serial: fc.nat(),
        bytes: fc.base64String(),
      }),
    )
    const header = { t: "recloser", format: formatVersion, library: "0.1.0", startedAt: 0, part: 1 }
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (rest) => {
        const seal = new Seal()
        const jsonable = rest.filter((one) => {
          try {
            return typeof one === "object" && one !== null && JSON.stringify(one).length > 2
          } catch {
            return false
          }
        })
        read(Buffer.from([header, ...jsonable].map((one) => seal.line(one as RecordedLine)).join("")))
      }),
      { numRuns: 500 },
    )
  })
})

const headersOf = (names: { readonly [name: string]: string }) => ({ get: (name: string) => names[name] ?? null })
const isTime = (ms: unknown) => ms === undefined || (typeof ms === "number" && ms >= 0)

function expectHeadersRead(text: string): void {
  const names = [
    "ratelimit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-remaining",
    "date",
  ]
  const quota = quotaIn(headersOf(Object.fromEntries(names.map((name) => [name, text]))))
  expect(isTime(quota?.remaining) && isTime(quota?.reset)).toBe(true)
  expect(quota?.reset ?? 0).toBeLessThanOrEqual(86_400_000)
  const error = { headers: { "retry-after": text, date: text } }
  expect(isTime(retryAfterOf({ ok: false, error }))).toBe(true)
}

const pieces = fc.constantFrom(
  "r=",
  "t=",
  ";",
  ",",
  '"default"',
  "5",
  "1e9",
  "-1",
  "remaining=",
  "reset=",
  " ",
  "w=",
  "\\",
)

describe("a header", () => {
  test("of any text says a time and a number, or nothing", () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 20 }).map((all) => all.join("")),
    )
    fc.assert(fc.property(text, expectHeadersRead), { numRuns: 2000 })
  })
})

/** What comes of a text: an answer in short, or an error by its name and words. */
async function outcomeOf({ given }: HostileReader, text: string) {
  try {
    const answer = await given(text)()
    return { isKnown: true, says: answer instanceof InvalidConfig ? answer.message : show(answer) }
  } catch (error) {
    return {
      isKnown: known.some((kind) => error instanceof kind),
      says: `${(error as Error).name}: ${(error as Error).message}`,
    }
  }
}

/** What readers of texts, files and answers say no with. `SyntaxError` is what a provider ends with whose answer is no JSON. */
const known = [InvalidConfig, InvalidArgumentError, UnusableRecording, LineTooLong, SyntaxError, RangeError]

const brief = 12_000

describe("a million characters of a stranger's", () => {
  const texts = [...hostileTexts, ...disguised]

  test.each(hostileReaders.map((reader) => [reader.name, reader] as const))(
    "are read, or refused by an error of its own in few words: %s",
    async (_name, reader) => {
      for (const [label, text] of texts) {
        const { isKnown, says } = await outcomeOf(reader, text)
        expect(isKnown, `${label}: ${says.slice(0, 500)}`).toBe(true)
        expect(says.length, label).toBeLessThan(2000)
      }
    },
  )

  // What is short by its nature is turned away by its length: else a million characters would have to be gone through to refuse them.
  const short = hostileReaders.filter(({ json, isWord }) => json === undefined && isWord === undefined)
  test.each(short.map((reader) => [reader.name, reader] as const))(
    "are not looked at beyond their beginning: %s",
    async (_name, reader) => {
      for (const [label, text] of texts) {
        const other = text.slice(0, brief) + "~".repeat(text.length - brief)
        expect(await outcomeOf(reader, other), label).toEqual(await outcomeOf(reader, text))
      }
    },
  )
})

describe("a word from a command line or a test", () => {
  const readers: readonly (readonly [string, (text: string) => unknown])[] = [
    ["a number", numberBetween(1, 3600)],
    ["a whole number", wholeBetween(0, 65_535)],
    ["an address", baseUrl],
    ["seeds", seedsOf],
    ["a duration", toMs],
    ["a script", readScript],
  ]

  const isKnown = (error: unknown) => error instanceof InvalidConfig || error instanceof InvalidArgumentError

  const refusedOrRead = (read: (text: string) => unknown, text: string) => {
    try {
      const value = read(text)
      expect(typeof value === "number" ? Number.isFinite(value) : true).toBe(true)
    } catch (error) {
      expect(isKnown(error), String(error)).toBe(true)
    }
  }

  test.each(readers)("is read as %s, or refused by an error of its own", (_name, read) => {
    fc.assert(
      fc.property(fc.string(), (text) => refusedOrRead(read, text)),
      { numRuns: 1000 },
    )
  })
})
