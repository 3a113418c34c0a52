/** What a breaker is worth to those that depend on it: how its own gate and its own dependencies come together in one word. */
import { describe, expect, test } from "vitest"
import { type Gate, idleGate, type Restriction, unrestricted } from "../../machines/vocabulary/gate.ts"
import { type GraphFinding, type Standing, sameStanding, standingOf } from "../../machines/vocabulary/standing.ts"

const gateOf = (restriction: Partial<Restriction> = {}, more: Partial<Gate> = {}): Gate => ({
  ...idleGate,
  phase: "active",
  restriction: { ...unrestricted, ...restriction },
  ...more,
})

const graph = (more: Partial<GraphFinding>): GraphFinding => ({
  state: "impaired",
  at: 5,
  health: 0.5,
  share: 0.5,
  cause: "deep",
  reason: "deep is open",
  ...more,
})

describe("a breaker's standing", () => {
  test("is whole while nothing holds it back, whatever its circuit is called", () => {
    expect(standingOf("db", gateOf(), undefined)).toEqual({ circuit: "closed", health: 1, reason: "db is closed" })
    const degraded = gateOf({}, { circuit: "degraded" })
    expect(standingOf("db", degraded, undefined)).toEqual({
      circuit: "degraded",
      health: 1,
      reason: "db is degraded",
    })
  })

  test("is the share that its gate lets in, with its name as the cause and the time when it probes", () => {
    expect(standingOf("db", gateOf({ share: 0, retryAt: 700 }, { circuit: "open" }), undefined)).toEqual({
      circuit: "open",
      health: 0,
      cause: "db",
      reason: "db is open",
      retryAt: 700,
    })
  })

  test("is nothing while it lets in probes alone, and says how many", () => {
    const probing = gateOf({ probes: 3 }, { circuit: "halfOpen" })
    expect(standingOf("db", probing, undefined)).toEqual({
      circuit: "halfOpen",
      health: 0,
      cause: "db",
      reason: "db is half-open",
      probes: 3,
    })
    // A shut gate probes nothing, whatever bound of probes stands in it.
    expect(standingOf("db", gateOf({ share: 0, probes: 3 }, { circuit: "open" }), undefined)).not.toHaveProperty(
      "probes",
    )
  })

  test("names whoever holds a closed circuit back, of those that demand the share in force", () => {
    const holders = [
      { by: "health", reason: "checks fail", since: 0, demand: { share: 0.2 } },
      { by: "prediction", reason: "it will fail", since: 0, demand: { share: 0.2, hedges: 0 } },
      { by: "retry", reason: "nothing is left", since: 0, demand: { retries: 0 } },
    ] as unknown as Gate["holders"]
    expect(standingOf("db", gateOf({ share: 0.2 }, { holders }), undefined).reason).toBe(
      "db is held back: checks fail; it will fail",
    )
  })

  test("is that of its dependencies where they are worse, and with their cause and their reason", () => {
    expect(standingOf("shop", gateOf(), graph({}))).toEqual({
      circuit: "closed",
      health: 0.5,
      cause: "deep",
      reason: "deep is open",
    })
    const own = gateOf({ share: 0.25 }, { circuit: "ramping" })
    expect(standingOf("shop", own, graph({}))).toEqual({
      circuit: "ramping",
      health: 0.25,
      cause: "shop",
      reason: "shop is ramping",
    })
    expect(standingOf("shop", gateOf(), graph({ state: "clear", health: 1, share: 1 }))).toEqual({
      circuit: "closed",
      health: 1,
      reason: "shop is closed",
    })
  })

  test("is unknown before it runs and after, and whole where the operator has it obeyed by nobody", () => {
    for (const phase of ["idle", "draining", "stopped"] as const)
      expect(standingOf("db", gateOf({ share: 0 }, { phase }), undefined)).toEqual({
        circuit: "unknown",
        health: 1,
        reason: "no breaker is called db",
      })
    const bypassed = gateOf({ share: 0 }, { circuit: "open", enforcement: "off", mode: "bypassed" })
    expect(standingOf("db", bypassed, graph({ health: 0 }))).toEqual({
      circuit: "open",
      health: 1,
      reason: "db is not obeyed: bypassed",
    })
  })
})

test("two standings are the same when all that they say is", () => {
  const one: Standing = { circuit: "open", health: 0, probes: 1, cause: "db", reason: "db is open", retryAt: 7 }
  expect(sameStanding(one, { ...one })).toBe(true)
  const others: readonly Partial<Standing>[] = [
    { circuit: "halfOpen" },
    { health: 0.5 },
    { probes: 2 },
    { cause: "disk" },
    { reason: "disk is open" },
    { retryAt: 8 },
  ]
  expect(others.map((other) => sameStanding(one, { ...one, ...other }))).toEqual(others.map(() => false))
})
