/** Deadlines between services: what is told of the time that is left, and who is believed. */

import { type Breaker, createBreaker, InvalidConfig } from "recloser"
import { protectFetch, readDeadline } from "recloser/fetch"
import { createVirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test } from "vitest"
import fc from "../support/property.ts"
import { distrust, sayingIn, trust, unanswered, unsaid } from "../support/saidByRequests.ts"

const open: Breaker[] = []
const breakerWith = (config: object, clock = createVirtualClock()): Breaker => {
  const breaker = createBreaker("service", config, { clock })
  open.push(breaker)
  return breaker
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((breaker) => breaker.stop({ grace: 0 })))
})

const url = "http://service.test/"

/** What a service hears, as the headers of each request. */
function listening(breaker: Breaker, propagateDeadline: boolean | string | undefined) {
  const heard: Record<string, string>[] = []
  const fetch = protectFetch(breaker, {
    fetch: async (input, init) => {
      heard.push(Object.fromEntries(new Request(input, init).headers))
      return new Response("up")
    },
    propagateDeadline,
  })
  return { fetch, heard }
}

describe("protectFetch", () => {
  test("tells the service how much time is left, when it is asked to, and not else", async () => {
    const breaker = breakerWith({ timeout: "2 seconds" })
    for (const [propagate, said] of [
      [true, { "x-request-timeout-ms": "2000" }],
      ["X-Time-Left", { "x-time-left": "2000" }],
      ["grpc-timeout", { "grpc-timeout": "2000m" }],
      [false, {}],
      [undefined, {}],
    ] as const) {
      const { fetch, heard } = listening(breaker, propagate)
      await fetch(url)
      expect(heard).toEqual([said])
    }
  })

  test("keeps the headers of the request, of whatever kind they are", async () => {
    const { fetch, heard } = listening(breakerWith({ timeout: 500 }), true)
    const own = { "x-own": "kept" }
    await fetch(url, { headers: own })
    await fetch(url, { headers: Object.entries(own) as [string, string][] })
    await fetch(new Request(url, { headers: own }))
    await fetch(new Request(url, { headers: { "x-other": "replaced" } }), { headers: own })
    expect(heard).toEqual(Array(4).fill({ ...own, "x-request-timeout-ms": "500" }))
  })

  test("leaves what the request says itself, and says nothing where there is no end", async () => {
    const timed = listening(breakerWith({ timeout: 500 }), true)
    await timed.fetch(url, { headers: { "X-Request-Timeout-Ms": "70" } })
    const endless = listening(breakerWith({ timeout: false }), true)
    await endless.fetch(url)
    expect([timed.heard, endless.heard]).toEqual([[{ "x-request-timeout-ms": "70" }], [{}]])
  })

  test.each([1, "", "a b", "x\r\ny", "x".repeat(200), {}, null])("refuses %o as a header", (propagateDeadline) => {
    expect(() => protectFetch(breakerWith({}), { propagateDeadline } as never)).toThrow(InvalidConfig)
  })
})

describe("what a request says of its deadline", () => {
  const saying = sayingIn("x-request-timeout-ms")

  test("is read for callers that are trusted, and for nobody else", () => {
    const request = saying("800")
    expect(readDeadline(request, { trust })).toBe(800)
    const { refuse, asked } = distrust()
    expect(readDeadline(request, { trust: refuse })).toBeUndefined()
    expect(asked).toEqual([request])
  })

  test.each(unanswered)("is not believed when the question %s", (_what, question) => {
    expect(readDeadline(saying("800"), { trust: question as never })).toBeUndefined()
  })

  test.each(["", "soon", "-5", "1.5", "1e3", "0x10", "800, 900", " ", "9".repeat(21), "∞", "NaN", "٣"])(
    "is nothing when it is %o",
    (value) => {
      expect(readDeadline(saying(value), { trust })).toBeUndefined()
    },
  )

  test("is nothing when it is left out, said twice, or hidden in a prototype", () => {
    for (const headers of unsaid("x-request-timeout-ms", "5", "6"))
      expect(readDeadline({ headers }, { trust })).toBeUndefined()
  })

  test("is believed up to `max`", () => {
    expect(readDeadline(saying("99999999999"), { trust })).toBe(300_000)
    expect(readDeadline(saying("5000"), { trust, max: "1 second" })).toBe(1000)
    expect(readDeadline(saying("0"), { trust })).toBe(0)
  })

  test.each([
    ["100m", 100],
    ["5S", 5000],
    ["2M", 120_000],
    ["1H", 300_000],
    ["1500u", 1.5],
    ["99999999n", 99.999999],
    ["100", undefined],
    ["123456789m", undefined],
    ["5s", undefined],
  ])("is read in gRPC's notation: %s", (value, ms) => {
    expect(readDeadline(saying(value, "grpc-timeout"), { trust, header: "grpc-timeout" })).toBe(ms)
  })

  test("is read from a Request of the Fetch standard", () => {
    const request = new Request(url, { headers: { "x-request-timeout-ms": " 250 " } })
    expect(readDeadline(request, { trust: ({ url: asked }) => asked === url })).toBe(250)
  })

  test("is never more than what was said on the other side", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 1, max: 86_000_000, noNaN: true }),
        fc.constantFrom("x-request-timeout-ms", "grpc-timeout"),
        async (timeoutMs, header) => {
          const { fetch, heard } = listening(breakerWith({ timeout: timeoutMs }), header)
          await fetch(url)
          const ms = readDeadline({ headers: heard[0] ?? {} }, { trust, header, max: "2 days" }) ?? Number.NaN
          expect(ms).toBeLessThanOrEqual(timeoutMs)
          expect(ms).toBeGreaterThan(timeoutMs - 1)
        },
      ),
      { numRuns: 50 },
    )
  })

  test.each([
    [{}, "options.trust: must be a function that says whom to believe"],
    [{ trust: true }, "options.trust: must be a function that says whom to believe"],
    [{ trust, header: "a b" }, "options.header: must be the name of a header"],
    [{ trust, max: "long" }, "options.max: must be a duration"],
    [{ trust, maximum: 5 }, "options.maximum: is not an option here"],
  ])("is not read with %o", (options, rule) => {
    expect(() => readDeadline(saying("5"), options as never)).toThrow(rule)
  })

  test("bounds the call that is made on the caller's behalf", async () => {
    const clock = createVirtualClock()
    const breaker = breakerWith({ timeout: "10 seconds" }, clock)
    const deadline = readDeadline(saying("800"), { trust })
    const call = breaker.tryExecute(({ remainingMs }) => new Promise(() => expect(remainingMs).toBe(800)), { deadline })
    await clock.advance(800)
    expect(await call).toMatchObject({ ok: false, error: { _tag: "CallTimedOut", timeoutMs: 800 } })
  })
})
