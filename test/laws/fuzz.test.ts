/** What comes from outside, made up at random: it is refused by an error of its own, or taken, and then the laws hold. */
import { InvalidArgumentError } from "commander"
import fc from "fast-check"
import { type BreakerConfig, createBreaker, InvalidConfig } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { beforeAll, describe, expect, test } from "vitest"
import { toMs } from "../../machines/durations.ts"
import { baseUrl, numberBetween, wholeBetween } from "../../src/cli/demo/options.ts"
import type { RecordedLine } from "../../src/observability/recording/format.ts"
import { Seal } from "../../src/observability/recording/format.ts"
import { readRecording, UnusableRecording } from "../../src/observability/recording/read.ts"
import { quotaIn } from "../../src/quotaHeaders.ts"
import { retryAfterOf } from "../../src/retryAfter.ts"
import { readScript } from "../../src/testing/script.ts"
import { seedsOf } from "../../src/testing/simulation/seeds.ts"
import { incident } from "../support/incident.ts"
import { stepClock } from "../support/stepClock.ts"

const configs: readonly BreakerConfig[] = [
  { strategy: "basic" },
  { strategy: "gradual", rateLimit: { limit: 5, interval: "1 second" }, retry: true, prediction: true },
]

/** One that has something to save. */
async function savedOf(config: BreakerConfig) {
  const clock = createVirtualClock({ wall: 1_700_000_000_000 })
  const breaker = createBreaker("service", config, { clock })
  for (let call = 0; call < 60; call++) {
    const ticket = breaker.acquire()
    if (ticket.admitted) ticket.settle("failure")
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

describe("a saved state that was tampered with", () => {
  test.each(configs)(
    "is refused, or comes back to serve: %j",
    async (config) => {
      const saved = await savedOf(config)
      const tampered = fc.record({ path: fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), by: strange })
      await fc.assert(
        fc.asyncProperty(tampered, async ({ path, by }) => {
          const clock = { ...stepClock(), wallNow: () => 1_700_000_060_000 }
          const restore = replaced(saved, path, by) as never
          try {
            const breaker = createBreaker("service", config, { clock, restore })
            const parts: string[] = []
            breaker.on("trouble", ({ part }) => parts.push(part))
            breaker.release("fuzz")
            for (let call = 0; call < 400; call++) {
              const ticket = breaker.acquire()
              if (ticket.admitted) ticket.settle("success")
              clock.step(call < 300 ? 250 : 10_000)
            }
            expect(parts.filter((part) => part !== "restore")).toEqual([])
            expect(["closed", "degraded", "ramping"]).toContain(breaker.circuit)
            expect(breaker.acquire().admitted || breaker.circuit === "ramping").toBe(true)
            expect(JSON.parse(JSON.stringify(breaker.save()))).toEqual(breaker.save())
            void breaker.stop()
          } catch (error) {
            if (!(error instanceof InvalidConfig)) throw error
          }
        }),
        { numRuns: 150, seed: 7 },
      )
    },
    60_000,
  )
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
    const header = { t: "recloser", format: 2, library: "0.1.0", startedAt: 0, part: 1 }
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

const huge = 1_000_000
/** A million characters of each kind that a reader might go over more than once. */
const hostile = ["9", '"', '\\"', " ", ",", ";=", "(", "-", "a=1;", "up,", "1-2,", "é"].map((piece) =>
  piece.repeat(Math.ceil(huge / piece.length)),
)

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

  test("of a million characters says nothing", () => {
    for (const text of hostile) expectHeadersRead(text)
  })
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

  test.each(readers)(
    "of a million characters is read as %s, or refused in a message of bounded length",
    (_name, read) => {
      for (const text of hostile) {
        refusedOrRead(read, text)
        try {
          read(text)
        } catch (error) {
          expect((error as Error).message.length).toBeLessThan(2000)
        }
      }
    },
  )
})
