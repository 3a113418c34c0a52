/** Mistakes about requests that are no fault of the service, and answers of other libraries. */
import { type BreakerConfig, createBreaker } from "recloser"
import { protectFetch } from "recloser/fetch"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"

const url = "http://service.example/"
const made = (config: BreakerConfig = {}) => {
  const clock = createVirtualClock()
  return { clock, breaker: createBreaker("service", config, { clock }) }
}

describe("a request that cannot be made", () => {
  test.each([
    ["a header of characters that none may hold", url, { headers: { "x-user": "Zoë 你" } }],
    ["an address with a password", Object.assign(new URL(url), { password: "secret" }).href, {}],
    ["a method that is none", url, { method: "G T" }],
  ])("for %s was taken for a failure of the service", async (_, address, init) => {
    const { breaker } = made()
    const fetch = protectFetch(breaker)
    for (let call = 0; call < 20; call++) await expect(fetch(address, init)).rejects.toThrow(TypeError)
    expect(breaker.circuit).toBe("closed")
    expect(breaker.metrics().calls).toMatchObject({ failure: 0, inFlight: 0 })
  })
})

test("a signal of another library was taken for a failure of the service", async () => {
  const { breaker } = made()
  const own = { aborted: false, reason: undefined, addEventListener: () => {}, removeEventListener: () => {} }
  const fetch = protectFetch(breaker, { fetch: async () => new Response("up") })
  expect((await fetch(url, { signal: own as unknown as AbortSignal })).status).toBe(200)
  expect(breaker.metrics().calls).toMatchObject({ success: 1, failure: 0 })
})

test("an answer whose body is a stream of another library made the next attempt fail", async () => {
  const { breaker, clock } = made({ retry: true })
  const answers = [{ status: 500, body: { destroy: () => {} } }, new Response("up")]
  const fetch = protectFetch(breaker, { fetch: async () => answers.shift() as Response })
  const answer = fetch(url)
  await clock.advance("1 minute")
  expect((await answer).status).toBe(200)
})
