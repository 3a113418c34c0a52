/** Decisions in words: how many calls were bad, the figure that decided beside its line, and what comes next. */
import type { BreakerConfig } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test, vi } from "vitest"
import { moveWords } from "../../src/observability/decisionWords.ts"
import { wordsOf } from "../../src/observability/inspector/decisions.ts"
import { deferred, fail, failing, succeed, times, type World, working, world } from "../support/breakers.ts"

const basic = (options: object): BreakerConfig => ({ strategy: { type: "basic", ...options }, timeout: false })
const gradual = (options: object = {}): BreakerConfig => ({ strategy: { type: "gradual", ...options } })

const told = ({ transitions }: World): readonly string[] => transitions.map((move) => `${move.to}: ${moveWords(move)}`)
const last = (state: World): string | undefined => told(state).at(-1)

/** So many calls that each take so long. */
async function slow({ breaker, clock }: World, calls: number, ms: number): Promise<void> {
  for (let call = 0; call < calls; call++) {
    const { promise, resolve } = deferred()
    const answer = breaker.tryExecute(() => promise)
    await clock.advance(ms)
    resolve("late")
    await answer
  }
}

/** Calls of which one in so many fails. */
const mixed = ({ breaker }: World, calls: number, every: number) => {
  let call = 0
  return times(calls, () => breaker.tryExecute(++call % every === 0 ? failing : working))
}

describe("an opening says which figure crossed which line", () => {
  test("a part of the calls", async () => {
    const state = world(basic({ window: { type: "count", calls: 60, minimumCalls: 60 }, openFor: "3200 millis" }))
    await succeed(state.breaker, 19)
    await fail(state.breaker, 41)
    expect(told(state)).toEqual(["open: 41 of 60 calls failed, 68 % over the line of 50 %; next probe in 3.2 s"])
  })

  test("slow calls", async () => {
    const slowCalls = { after: "100 millis", ratio: 0.5 }
    const state = world(basic({ window: { type: "count", calls: 20 }, slowCalls, openFor: "1 minute" }))
    await succeed(state.breaker, 10)
    await slow(state, 10, 150)
    expect(last(state)).toBe("open: 10 of 20 calls were slow, 50 % at the line of 50 %; next probe in 60 s")
  })

  test("a row", async () => {
    const state = world(basic({ window: { type: "consecutive", failures: 5 }, openFor: "1 second" }))
    await fail(state.breaker, 5)
    expect(last(state)).toBe("open: 5 calls in a row failed, at the line of 5; next probe in 1 s")
  })

  test("a row that the usual service would not show", async () => {
    const state = world(gradual())
    await succeed(state.breaker, 2000)
    await fail(state.breaker, 5)
    expect(last(state)).toMatch(
      /^open: 5 calls in a row failed where 1 % is usual, evidence 23 where 20 is enough; next probe in 0\.\d s$/,
    )
  })

  test("the first calls, all of them bad", async () => {
    const state = world(gradual())
    await fail(state.breaker, 16)
    expect(last(state)).toMatch(
      /^open: 16 of 16 calls failed, evidence 10\.3 that it is gone where 3\.2 is enough; next probe in/,
    )
  })

  test("a share that is bad whatever was usual: its lower bound", async () => {
    const state = world(gradual({ brokenAt: 0.5 }))
    await mixed(state, 16, 2)
    let call = 0
    await times(400, () => state.breaker.tryExecute(++call % 5 < 2 ? working : failing))
    const words = told(state).find((one) => one.startsWith("open"))
    expect(words).toMatch(/^open: \d+ of \d+ calls failed, lower bound 0\.\d+ over 0\.2; next probe in/)
    const [, value] = /lower bound (0\.\d+)/.exec(words ?? "") ?? []
    expect(Number(value)).toBeGreaterThan(0.2)
  })

  test("the service asked for it, and an operator: in their own words", async () => {
    const state = world(gradual())
    const error = Object.assign(new Error("busy"), { status: 503 })
    const asked = world({ ...gradual(), classify: () => ({ kind: "failure", trip: true, retryAfter: "5 seconds" }) })
    await asked.breaker.tryExecute(() => Promise.reject(error))
    expect(last(asked)).toBe("open: the service asked to be left alone; next probe in 5 s")
    state.breaker.forceOpen("the bank asked")
    expect(last(state)).toBe("open: operator: the bank asked")
  })
})

describe("what is not an opening says it too", () => {
  test("a degraded circuit is away from what is usual, and is told when that is over", async () => {
    const state = world(gradual({ trial: false }))
    await succeed(state.breaker, 2000)
    await mixed(state, 60, 2)
    expect(told(state)[0]).toMatch(
      /^degraded: \d+ of \d+ calls failed where 1 % is usual, evidence 2\d(\.\d)? where 20 is enough$/,
    )
    await succeed(state.breaker, 200)
    expect(last(state)).toMatch(
      /^closed: \d+ of \d+ calls failed, evidence 1[2-9](\.\d)? that it is better than before where 12 is enough$/,
    )
  })

  test("probes that are weighed against each other, and steps of the ramp", async () => {
    const state = world(gradual({ probes: { wrong: 0.001 } }))
    await fail(state.breaker, 16)
    await state.clock.advance("4 seconds")
    await fail(state.breaker, 1)
    await succeed(state.breaker, 3)
    expect(state.breaker.circuit).toBe("halfOpen")
    await succeed(state.breaker, 1)
    expect(last(state)).toBe(
      "ramping: 3 more probes succeeded than failed, as many as it takes, evidence 8.83 where 6.91 is enough",
    )
    await succeed(state.breaker, 100)
    expect(last(state)).toBe("closed: 0 of 5 calls failed, 0 % below the line of 50 %")
  })

  test("probes of which more failed", async () => {
    const state = world(gradual({ probes: { wrong: 0.001 } }))
    await fail(state.breaker, 16)
    await state.clock.advance("4 seconds")
    await succeed(state.breaker, 1)
    await fail(state.breaker, 4)
    expect(last(state)).toMatch(
      /^open: 3 more probes failed than succeeded, as many as it takes, evidence 8\.83 where 6\.91 is enough; next probe in/,
    )
  })
})

test("the page, the log and whoever listens are told the same", async () => {
  const lines: string[] = []
  vi.spyOn(console, "error").mockImplementation((line) => void lines.push(String(line)))
  vi.spyOn(console, "log").mockImplementation(() => {})
  const state = world(basic({ openFor: "5 seconds" }), { log: "human", clock: createVirtualClock({ wall: 0 }) })
  await fail(state.breaker, 20)
  vi.restoreAllMocks()
  const [move] = state.transitions
  const words = "20 of 20 calls failed, 100 % over the line of 50 %; next probe in 5 s"
  expect(lines).toEqual([`1970-01-01T00:00:00.000Z WARN  service: closed → open: ${words}`])
  expect(move && wordsOf(move)).toEqual({ kind: "moved", to: "open", words: `opened: ${words}` })
})

test("the figures stand in the log as flat facts", async () => {
  const lines: string[] = []
  vi.spyOn(console, "error").mockImplementation((line) => void lines.push(String(line)))
  vi.spyOn(console, "log").mockImplementation(() => {})
  const state = world(basic({ openFor: "5 seconds" }), { log: "json", clock: createVirtualClock({ wall: 0 }) })
  await fail(state.breaker, 20)
  vi.restoreAllMocks()
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ calls: 20, failures: 20, slow: 0, bound: 1, line: 0.5 })
})
