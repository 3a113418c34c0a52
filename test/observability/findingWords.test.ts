/** What is found of endpoints, health and features, as a person on call reads it. The breakers are real, the time is virtual. */
import { type Breaker, type BreakerConfig, type CallContext, createBreaker, type EndpointSet } from "recloser"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { FindingNews, waitOf } from "../../src/observability/findingWords.ts"

let clock: VirtualClock = createVirtualClock()
let told: string[] = []
const stops: (() => unknown)[] = []

beforeEach(() => {
  clock = createVirtualClock({ start: 5000 })
  told = []
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A breaker, whose findings become words. */
function breakerOf(config: BreakerConfig): Breaker {
  const breaker = createBreaker("ledger", { priority: false, ...config }, { clock })
  const news = new FindingNews()
  breaker.on("finding", ({ part, finding, at }) => told.push(...news.of(part, finding, at)))
  stops.push(() => breaker.stop({ grace: 0 }))
  return breaker
}

/** What was told since the last look. */
const heard = () => told.splice(0)

async function calls(breaker: Breaker, count: number, run: (call: CallContext) => unknown, feature?: string) {
  for (let call = 0; call < count; call++) await breaker.tryExecute(async (context) => run(context), { feature })
}

const fail = () => {
  throw new Error("503")
}

describe("endpoints in words", () => {
  const sick = new Set<string>()
  const answer = ({ endpoint }: CallContext) => sick.has(endpoint?.id ?? "") && fail()
  beforeEach(() => sick.clear())

  test("one is left out, on what, and when it is tried; tried in vain; and back", async () => {
    const ledger = breakerOf({ discovery: { endpoints: ["a", "b", "c"] } })
    await calls(ledger, 200, answer)
    sick.add("b")
    await calls(ledger, 50, answer)
    expect(heard()).toEqual([
      expect.stringMatching(/^endpoint b is left out: its last \d calls failed; on trial in (0\.9|1|1\.1) s$/),
    ])
    await clock.advance("1100 millis")
    await calls(ledger, 50, answer)
    expect(heard()).toEqual([
      expect.stringMatching(/^endpoint b failed its trial; again on trial in (1\.[89]|2(\.[12])?) s$/),
    ])
    sick.clear()
    await clock.advance("2200 millis")
    await calls(ledger, 50, answer)
    expect(heard()).toEqual(["endpoint b is back: its trial went well"])
  })

  test("a provider that fails takes no endpoint away, and says so; then the list is another", async () => {
    const lists: (EndpointSet | Error)[] = [["a", "b", "c"], new Error("ECONNREFUSED"), ["a", "b", "d", "e"]]
    const provider = async function* () {
      for (let list = lists.shift(); list !== undefined; list = lists.shift()) {
        if (list instanceof Error) throw list
        yield list
      }
      await new Promise(() => {})
    }
    breakerOf({ discovery: { provider } })
    await clock.advance("10 millis")
    expect(heard()).toEqual([
      "3 endpoints known",
      "discovery: the provider failed: ECONNREFUSED; the last good list of 3 is kept",
    ])
    await clock.advance("5 seconds")
    expect(heard()).toEqual(["discovery: the list is told again: 4 endpoints", "endpoints: d, e came, c went; 4 now"])
  })

  test("too few are well", async () => {
    const check = ({ endpoint }: { readonly endpoint: { readonly id: string } | undefined }) =>
      !sick.has(endpoint?.id ?? "") || { healthy: false, reason: "answered 503" }
    breakerOf({
      discovery: { endpoints: ["a", "b", "c"], panic: 0.5 },
      health: { check, interval: "1 second", jitter: 0, fall: 2, rise: 1, passive: false },
    })
    await clock.advance("3 seconds")
    heard()
    sick.add("a")
    await clock.advance("3 seconds")
    expect(heard()).toEqual([
      "health: healthy → suspect: a: answered 503",
      "endpoint a gets less than its part: a check failed",
      "health: endpoint a is bad: answered 503",
      "endpoint a is left out: its checks fail",
    ])
    sick.add("b")
    await clock.advance("3 seconds")
    expect(heard()).toEqual([
      "endpoint b gets less than its part: a check failed",
      "health: endpoint b is bad: answered 503",
      "endpoint b is left out: its checks fail",
      "2 of 3 endpoints are not well: calls go to all of them",
    ])
    sick.clear()
    await clock.advance("3 seconds")
    expect(heard()).toContain("enough endpoints are well: calls go to those alone")
  })

  test("one whose check fails once gets less, until one passes", async () => {
    const check = ({ endpoint }: { readonly endpoint: { readonly id: string } | undefined }) =>
      !sick.has(endpoint?.id ?? "")
    breakerOf({
      discovery: { endpoints: ["a", "b", "c"] },
      health: { check, interval: "1 second", jitter: 0, passive: false },
    })
    await clock.advance("3 seconds")
    heard()
    sick.add("a")
    await clock.advance("1 second")
    sick.clear()
    await clock.advance("1 second")
    expect(heard().filter((words) => words.startsWith("endpoint"))).toEqual([
      "endpoint a gets less than its part: a check failed",
      "endpoint a gets its part again",
    ])
  })
})

describe("health in words", () => {
  test("is bad, why, and healthy again", async () => {
    let isWell = true
    const check = () => isWell || { healthy: false, reason: "answered 503" }
    breakerOf({ health: { check, interval: "1 second", jitter: 0, fall: 2, rise: 2, passive: false } })
    await clock.advance("2 seconds")
    isWell = false
    await clock.advance("2 seconds")
    isWell = true
    await clock.advance("3 seconds")
    expect(heard()).toEqual([
      "health: unknown → healthy",
      "health: healthy → suspect: check: answered 503",
      "health: suspect → bad: check: answered 503",
      "health: bad → healthy",
    ])
  })
})

describe("features in words", () => {
  const strategy = { type: "basic", openFor: "1 second" } as const
  const recovery = { features: { book: { required: true }, refund: ["book"] }, testShare: 1 } as const

  test("wait for the service, are tested one by one, and are back", async () => {
    const ledger = breakerOf({ strategy, recovery })
    await calls(ledger, 20, fail, "book")
    await clock.advance("1 second")
    await calls(ledger, 2, () => "well")
    expect(heard()).toEqual([
      "features wait for the service: book, refund",
      "feature book is tested with a part of its calls",
    ])
    await calls(ledger, 10, () => "well", "book")
    expect(heard()).toEqual(["feature book is back", "feature refund is tested with a part of its calls"])
    await calls(ledger, 10, () => "well", "refund")
    expect(heard()).toEqual(["feature refund is back", "all features are back"])
  })

  test("one that fails says on what, and what waits for it", async () => {
    const ledger = breakerOf({ recovery })
    await calls(ledger, 200, () => "well", "book")
    for (let round = 0; round < 20; round++) {
      await calls(ledger, 1, fail, "book")
      await calls(ledger, 3, () => "well")
    }
    expect(heard()).toEqual([
      expect.stringMatching(/^feature book is held back: \d+ of \d+ calls failed$/),
      'feature refund waits for "book"',
    ])
  })
})

test("waits are told as precisely as they are known", () => {
  expect([-1, 949, 1000, 9960, 20_400, 300_000].map(waitOf)).toEqual(["0 s", "0.9 s", "1 s", "10 s", "20 s", "5 min"])
})
