/** Logs on the console: transitions and the operator's acts once, refusals sampled, never a line per refusal. */
import { createVirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test, vi } from "vitest"
import { failing, succeed, times, trip, working, world } from "../support/breakers.ts"

afterEach(() => vi.restoreAllMocks())

function spied(log: "human" | "json" | false) {
  const lines: string[] = []
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)))
  const others = (["error", "warn", "info", "debug", "trace"] as const).map((name) => vi.spyOn(console, name))
  const state = world(
    { strategy: { type: "basic", openFor: "5 minutes" } },
    { log, clock: createVirtualClock({ wall: 0 }) },
  )
  return { ...state, lines, others }
}

async function incident({ breaker, clock }: Pick<ReturnType<typeof spied>, "breaker" | "clock">): Promise<void> {
  await trip(breaker)
  for (let second = 0; second < 60; second++) {
    await times(20, () => breaker.tryExecute(working))
    await clock.advance("1 second")
  }
  breaker.forceOpen("maintenance")
  breaker.release("done")
  await succeed(breaker, 2)
}

describe("json logs", () => {
  test("are one object a line, with stable, flat facts", async () => {
    const state = spied("json")
    await incident(state)
    const entries = state.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(
      entries.every((entry) => typeof entry["timestamp"] === "string" && typeof entry["message"] === "string"),
    ).toBe(true)
    expect(entries[0]).toEqual({
      timestamp: "1970-01-01T00:00:00.000Z",
      level: "WARN",
      message: "service: closed → open: 100 % of 20 calls failed",
      breaker: "service",
      from: "closed",
      to: "open",
      rule: "failureRatio",
      epoch: expect.any(Number),
      calls: 20,
      failures: 20,
      slow: 0,
    })
    for (const other of state.others) expect(other).not.toHaveBeenCalled()
  })

  test("tell each transition and each act of the operator once, and 1 200 refusals in a few lines that add up", async () => {
    const state = spied("json")
    await incident(state)
    const entries = state.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const moves = entries
      .filter(({ rule }) => rule !== undefined)
      .map(({ from, to }) => `${String(from)} → ${String(to)}`)
    expect(moves).toEqual(["closed → open", "open → halfOpen", "halfOpen → closed"])
    const acts = entries.filter(({ why }) => why !== undefined)
    expect(acts).toMatchObject([
      { from: "auto", to: "forcedOpen", why: "maintenance", level: "WARN" },
      { from: "forcedOpen", to: "auto", why: "done" },
    ])
    const refusals = entries.filter(({ refused }) => refused !== undefined)
    expect(refusals.length).toBeGreaterThanOrEqual(2)
    expect(refusals.length).toBeLessThanOrEqual(7)
    const told = refusals.reduce((sum, { refused }) => sum + Number(refused), 0)
    expect(told).toBeGreaterThan(950)
    expect(told).toBeLessThanOrEqual(1200)
    expect(entries).toHaveLength(moves.length + acts.length + refusals.length)
  })

  test("tell of what was isolated", async () => {
    const { breaker, lines } = spied("json")
    breaker.on("transition", () => {
      throw new Error("boom")
    })
    await trip(breaker)
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({
        level: "ERROR",
        part: "listener",
        gaveUp: false,
        message: expect.stringContaining("boom"),
      }),
    )
  })

  test("survive an error that cannot be made into text", async () => {
    const { breaker, lines } = spied("json")
    breaker.on("transition", () => {
      throw Object.create(null)
    })
    await trip(breaker)
    await expect(breaker.execute(failing)).rejects.toMatchObject({ _tag: "CallRejected" })
    expect(lines.length).toBeGreaterThan(0)
  })

  test("escape what a name or a reason contains", async () => {
    const { breaker, lines } = spied("json")
    breaker.forceOpen('line one\nline "two"')
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(line).not.toContain("\n")
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ why: 'line one\nline "two"' }),
    )
  })
})

test("human logs are lines with a time, a level and a sentence", async () => {
  const state = spied("human")
  await incident(state)
  expect(state.lines[0]).toBe("1970-01-01T00:00:00.000Z WARN  service: closed → open: 100 % of 20 calls failed")
  expect(state.lines[1]).toMatch(/INFO {2}service: refused 1 call: 100 % of 20 calls failed$/)
  expect(state.lines.length).toBeLessThan(15)
})

test("a breaker that is not asked to log writes nothing", async () => {
  const state = spied(false)
  await incident(state)
  expect(state.lines).toEqual([])
  for (const other of state.others) expect(other).not.toHaveBeenCalled()
})
