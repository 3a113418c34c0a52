/** Logs on the console: transitions and the operator's acts once, refusals sampled, never a line per refusal. */
import { createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test, vi } from "vitest"
import { failing, succeed, times, trip, working, world } from "../support/breakers.ts"

afterEach(() => vi.restoreAllMocks())

function spied(log: "human" | "json" | false) {
  const lines: string[] = []
  /** What went to stderr: a part of the lines. */
  const warnings: string[] = []
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)))
  vi.spyOn(console, "error").mockImplementation((line) => {
    lines.push(String(line))
    warnings.push(String(line))
  })
  const others = (["warn", "info", "debug", "trace"] as const).map((name) => vi.spyOn(console, name))
  const state = world(
    { strategy: { type: "basic", openFor: "5 minutes" } },
    { log, clock: createVirtualClock({ wall: 0 }) },
  )
  return { ...state, lines, warnings, others }
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
      level: "INFO",
      message: "service: started",
      breaker: "service",
      lifecycle: "started",
      circuit: "closed",
      mode: "auto",
    })
    expect(entries[1]).toEqual({
      timestamp: "1970-01-01T00:00:00.000Z",
      level: "WARN",
      message: "service: closed → open: 20 of 20 calls failed, 100 % over the line of 50 %; next probe in 5 min",
      breaker: "service",
      from: "closed",
      to: "open",
      rule: "failureRatio",
      epoch: expect.any(Number),
      calls: 20,
      failures: 20,
      slow: 0,
      bound: 1,
      line: 0.5,
      retryInMs: 300_000,
    })
    for (const other of state.others) expect(other).not.toHaveBeenCalled()
  })

  test("tell each transition and each act of the operator once, and 1 200 refusals in a few lines that add up", async () => {
    const state = spied("json")
    await incident(state)
    await state.breaker.stop()
    const entries = state.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const moves = entries
      .filter(({ rule }) => rule !== undefined)
      .map(({ from, to }) => `${String(from)} → ${String(to)}`)
    expect(moves).toEqual(["closed → open", "open → halfOpen", "halfOpen → closed"])
    expect(entries.at(-1)).toMatchObject({ level: "INFO", message: "service: stopped", lifecycle: "stopped" })
    const acts = entries.filter(({ why }) => why !== undefined)
    expect(acts).toMatchObject([
      { from: "auto", to: "forcedOpen", why: "maintenance", level: "WARN" },
      { from: "forcedOpen", to: "auto", why: "done" },
    ])
    const refusals = entries.filter(({ refused }) => refused !== undefined)
    expect(refusals.length).toBeGreaterThanOrEqual(2)
    // One every ten seconds, and what was left at the stop.
    expect(refusals.length).toBeLessThanOrEqual(8)
    const told = refusals.reduce((sum, { refused }) => sum + Number(refused), 0)
    expect(told).toBe(1200)
    expect(entries).toHaveLength(2 + moves.length + acts.length + refusals.length)
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
  expect(state.lines.slice(0, 2)).toEqual([
    "1970-01-01T00:00:00.000Z INFO  service: started",
    "1970-01-01T00:00:00.000Z WARN  service: closed → open: 20 of 20 calls failed, 100 % over the line of 50 %; next probe in 5 min",
  ])
  expect(state.lines[2]).toMatch(/INFO {2}service: refused 1 call: 100 % of 20 calls failed$/)
  expect(state.lines.length).toBeLessThan(15)
  const text = state.lines.join("\n")
  expect(text).toContain("service: open → half-open: ")
  expect(text).toContain("service: operator: auto → forced-open: maintenance")
  expect(text).not.toMatch(/halfOpen|forcedOpen/)
})

test("warnings and errors go to stderr, the rest to stdout", async () => {
  const state = spied("json")
  state.breaker.on("transition", () => {
    throw new Error("boom")
  })
  await incident(state)
  await state.breaker.stop()
  const levels = (lines: readonly string[]) => lines.map((line) => (JSON.parse(line) as { level: string }).level)
  expect(new Set(levels(state.warnings))).toEqual(new Set(["WARN", "ERROR"]))
  const onStdout = state.lines.filter((line) => !state.warnings.includes(line))
  expect(new Set(levels(onStdout))).toEqual(new Set(["INFO"]))
})

test("a classifier that throws on every call wrote a line for every call", async () => {
  const lines: string[] = []
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)))
  vi.spyOn(console, "error").mockImplementation((line) => void lines.push(String(line)))
  const classify = () => {
    throw new Error("boom")
  }
  const { breaker, clock } = world({ classify }, { log: "human", clock: createVirtualClock({ wall: 0 }) })
  for (let second = 0; second < 3; second++) {
    await times(1000, () => breaker.tryExecute(working))
    await clock.advance("1 second")
  }
  expect(lines.map((line) => line.slice(25))).toEqual([
    "INFO  service: started",
    "ERROR service: classify threw: boom",
    "ERROR service: classify threw 1000 times, the last time: boom",
    "ERROR service: classify threw 1000 times, the last time: boom",
  ])
})

test("the refusals that a stop found untold were told never", async () => {
  const state = spied("human")
  await trip(state.breaker)
  await times(5, () => state.breaker.tryExecute(working))
  await state.breaker.stop()
  expect(state.lines.slice(-2).map((line) => line.slice(25))).toEqual([
    expect.stringContaining("INFO  service: refused"),
    "INFO  service: stopped",
  ])
})

test("what dependencies do to a breaker is a line per change, and names the breaker in which it began", async () => {
  const { clock } = spied(false)
  const lines: string[] = []
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)))
  vi.spyOn(console, "error").mockImplementation((line) => void lines.push(`stderr ${line}`))
  const db = createBreaker("db", {}, { clock })
  const strategy = { type: "dependency", dependencies: { db: { type: "critical" } } } as const
  const shop = createBreaker("shop", { strategy }, { clock, log: "human" })
  db.forceOpen("test")
  db.release("test")
  db.bypass("test")
  expect(lines.slice(1).map((line) => line.replace(/\d{4}-\S+ /, ""))).toEqual([
    "stderr WARN  shop: dependencies: blocked: db is open",
    "stderr WARN  shop: dependencies: blocked: db is half-open",
    "INFO  shop: dependencies: clear",
  ])
  await Promise.all([shop, db].map((breaker) => breaker.stop()))
})

test("a breaker that is not asked to log writes nothing", async () => {
  const state = spied(false)
  await incident(state)
  expect(state.lines).toEqual([])
  for (const other of state.others) expect(other).not.toHaveBeenCalled()
})

test("what becomes of features has a line for each change, with flat facts", async () => {
  const lines: string[] = []
  for (const level of ["log", "error"] as const)
    vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line)))
  const { breaker, clock } = world(
    { strategy: { type: "basic", openFor: "1 second" }, recovery: { features: { pay: true, refund: ["pay"] } } },
    { log: "json", clock: createVirtualClock({ wall: 0 }) },
  )
  await trip(breaker)
  await clock.advance("1 second")
  await succeed(breaker, 2)
  await clock.advance("20 seconds")
  const told = lines.map((line) => JSON.parse(line) as { message: string }).filter((line) => "features" in line)
  expect(told.map(({ message }) => message)).toEqual([
    "service: features: refund blocked; pay tested",
    "service: features: refund tested",
    "service: features: all are back",
  ])
  expect(told[0]).toMatchObject({ level: "WARN", features: "partial", blocked: "refund", testing: "pay" })
  await breaker.stop()
})

test.each(["human", "json"] as const)("%s logs never hold a login or a query of an address", async (log) => {
  const lines: string[] = []
  for (const method of ["log", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line) => void lines.push(String(line)))
  }
  const secret = `https://${"user:hunter2"}@api.example/pay?token=tok-4711`
  const breaker = createBreaker(secret, { strategy: "basic" }, { clock: createVirtualClock({ wall: 0 }), log })
  breaker.on("mode", () => {
    throw new Error(`503 from ${secret}`)
  })
  breaker.forceOpen(`the bank moved to ${secret}`)
  await breaker.stop()
  const text = lines.join("\n")
  expect(text).not.toMatch(/hunter2|tok-4711/)
  expect(text).toContain("listener threw: 503 from https://api.example/pay?…")
  expect(text).toContain("the bank moved to https://api.example/pay?…")
})
