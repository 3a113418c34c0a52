/** What a service says about its limits in its headers: every dialect, and every kind of nonsense. */

import { createBreaker, createBreakers } from "recloser"
import { protectFetch } from "recloser/fetch"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { quotaIn } from "../../src/quotaHeaders.ts"
import fc from "../support/property.ts"

const date = "Tue, 20 Aug 2024 12:00:00 GMT"
const epoch = Date.parse(date) / 1000

describe("headers", () => {
  test.each<[string, Record<string, string>, object | undefined]>([
    ["structured, as in the draft", { ratelimit: '"default";r=50;t=30' }, { remaining: 50, reset: 30_000 }],
    [
      "structured, of several the scarcest",
      { ratelimit: '"day";r=900;t=5000, "burst";r=3;t=2' },
      { remaining: 3, reset: 2000 },
    ],
    [
      "with a name that holds the signs of the grammar",
      { ratelimit: '"a, b;r=0";r=7;t=1' },
      { remaining: 7, reset: 1000 },
    ],
    [
      "without an end, beside the policy's window",
      { ratelimit: '"d";r=5', "ratelimit-policy": '"d";q=100;w=60' },
      { remaining: 5, reset: 60_000 },
    ],
    [
      "a dictionary, as in draft 7",
      { ratelimit: "limit=100, remaining=50, reset=30" },
      { remaining: 50, reset: 30_000 },
    ],
    [
      "three of them, as before",
      { "ratelimit-limit": "100", "ratelimit-remaining": "5", "ratelimit-reset": "20" },
      { remaining: 5, reset: 20_000 },
    ],
    ["with X-", { "x-ratelimit-remaining": "5", "x-ratelimit-reset": "20" }, { remaining: 5, reset: 20_000 }],
    [
      "with a window behind the number",
      { "x-ratelimit-remaining": "5, 5;w=60", "x-ratelimit-reset": "20" },
      { remaining: 5, reset: 20_000 },
    ],
    [
      "with a time stamp in seconds",
      { "x-ratelimit-remaining": "5", "x-ratelimit-reset": String(epoch + 90), date },
      { remaining: 5, reset: 90_000 },
    ],
    [
      "with a time stamp in milliseconds",
      { "x-ratelimit-remaining": "5", "x-ratelimit-reset": String((epoch + 90) * 1000), date },
      { remaining: 5, reset: 90_000 },
    ],
    [
      "with a time stamp in the past",
      { "x-ratelimit-remaining": "5", "x-ratelimit-reset": String(epoch - 90), date },
      { remaining: 5, reset: undefined },
    ],
    [
      "with a time stamp and no date",
      { "x-ratelimit-remaining": "5", "x-ratelimit-reset": String(epoch + 90) },
      { remaining: 5, reset: undefined },
    ],
    ["for ages", { "ratelimit-remaining": "5", "ratelimit-reset": "99999999" }, { remaining: 5, reset: 86_400_000 }],
    [
      "structured before all others",
      { ratelimit: '"d";r=1;t=2', "x-ratelimit-remaining": "9" },
      { remaining: 1, reset: 2000 },
    ],
    ["none", {}, undefined],
    ["a limit alone", { "x-ratelimit-limit": "100" }, undefined],
    ["negative", { ratelimit: '"d";r=-5;t=30' }, undefined],
    ["words", { "x-ratelimit-remaining": "plenty" }, undefined],
    ["hexadecimal, or to the power", { "x-ratelimit-remaining": "0x10", "ratelimit-remaining": "1e3" }, undefined],
    ["a megabyte of nonsense", { ratelimit: '";r=1,'.repeat(180_000) }, undefined],
  ])("are read: %s", (_what, headers, expected) => {
    expect(quotaIn(new Headers(headers))).toEqual(expected)
  })

  test("never throw, and never say what is no number", () => {
    const text = fc.oneof(fc.string({ maxLength: 300 }), fc.stringMatching(/^[";=,rtw 0-9a-z-]{0,200}$/))
    const names = [
      "ratelimit",
      "ratelimit-policy",
      "ratelimit-remaining",
      "x-ratelimit-reset",
      "x-ratelimit-remaining",
      "date",
    ]
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), text), (said) => {
        const { remaining = 0, reset = 0 } = quotaIn({ get: (name) => said[name] ?? null }) ?? {}
        for (const value of [remaining, reset]) {
          expect(Number.isFinite(value)).toBe(true)
          expect(value).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test("are read in time that grows with their length, at most", () => {
    const nasty = ['"'.repeat(2048), '\\"'.repeat(1024), `"${"\\".repeat(2046)}`, ";=".repeat(1024), ",".repeat(2048)]
    for (const ratelimit of nasty) expect(quotaIn({ get: () => ratelimit })).toBeUndefined()
  })
})

describe("protectFetch with rateLimit", () => {
  const url = "http://service.test/"
  const answering =
    (status: number, headers: Record<string, string> = {}) =>
    async () =>
      new Response(null, { status, headers })

  function limited(rateLimit: object | boolean = true) {
    const clock = createVirtualClock()
    const breaker = createBreaker("service", { rateLimit: rateLimit as never }, { clock })
    return { clock, breaker, through: (fetch: () => Promise<Response>) => protectFetch(breaker, { fetch })(url) }
  }

  test("leaves a service alone that answers 429 with Retry-After, and does not open for it", async () => {
    const { clock, breaker, through } = limited()
    expect((await through(answering(429, { "retry-after": "7" }))).status).toBe(429)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.wouldReject()).toMatchObject({ layer: "rateLimit", retryAfterMs: 7000 })
    await clock.advance(7000)
    expect(breaker.wouldReject()).toBeUndefined()
    await breaker.stop()
  })

  test.each([
    ["of ages, is cut", { "retry-after": "99999999" }, 300_000],
    ["of more digits than a number has, is none", { "retry-after": "9".repeat(400) }, undefined],
    ["that is negative, is none", { "retry-after": "-5" }, undefined],
    ["that is a word, is none", { "retry-after": "soon" }, undefined],
    ["of a date, is told from the answer's own", { "retry-after": "Tue, 20 Aug 2024 12:00:09 GMT", date }, 9000],
    ["of a date in the past, is none", { "retry-after": "Tue, 20 Aug 2024 11:00:00 GMT", date }, undefined],
    ["of a date without one to tell it from, is none", { "retry-after": "Tue, 20 Aug 2999 11:00:00 GMT" }, undefined],
    [
      "left out, is until there is something left again",
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "12" },
      12_000,
    ],
  ])("a wait %s", async (_what, headers, waitMs) => {
    const { breaker, through } = limited()
    await through(answering(429, headers))
    expect(breaker.wouldReject()?.retryAfterMs).toBe(waitMs)
    await breaker.stop()
  })

  test("a 503 with Retry-After still opens the circuit: that is no limit, but trouble", async () => {
    const { breaker, through } = limited()
    await through(answering(503, { "retry-after": "7" }))
    expect(breaker.circuit).toBe("open")
    await breaker.stop()
  })

  test("paces itself by what is left, on answers that are well", async () => {
    const { clock, breaker, through } = limited()
    for (let call = 0; call < 20; call++) {
      await through(answering(200, { ratelimit: `"default";r=${30 - call};t=20` })).catch(() => {})
      await clock.advance(100)
    }
    const { rateLimit } = breaker.metrics().components
    expect(rateLimit?.state).toBe("throttled")
    expect(rateLimit?.rate).toBeCloseTo(1, 0)
    await breaker.stop()
  })

  test("reads no header where nobody wants to know", async () => {
    let asked = 0
    const response = new Response(null, { status: 200 })
    const get = response.headers.get.bind(response.headers)
    response.headers.get = (name) => {
      asked++
      return get(name)
    }
    for (const rateLimit of [false, { limit: 5, adaptive: false }]) {
      const { breaker, through } = limited(rateLimit)
      await through(async () => response)
      await breaker.stop()
    }
    expect(asked).toBe(0)
  })

  test("works for the breaker of a key, also one that rested", async () => {
    const clock = createVirtualClock()
    const breakers = createBreakers({ config: () => ({ rateLimit: true }) }, { clock })
    await protectFetch(breakers.get("a"), { fetch: answering(429, { "retry-after": "7" }) })(url)
    expect(breakers.get("a").wouldReject()?.retryAfterMs).toBe(7000)
    expect(breakers.get("b").wouldReject()).toBeUndefined()
    await breakers.stop()
  })
})
