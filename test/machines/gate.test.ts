/** Gates that nobody's demand makes: the one before anything has started, and the one of a breaker that leaves. */
import { describe, expect, test } from "vitest"
import { enforcementOf, type Gate, idleGate, leave, unrestricted } from "../../machines/vocabulary/gate.ts"

const lifecycle = (reason: string, since: number) => ({
  by: "lifecycle",
  layer: "lifecycle",
  since,
  reason,
  rule: "phase",
  statistics: undefined,
  demand: { share: 0 },
})

test("modes of the operator are enforced, but for two: a shadow is observed, and a bypass is no gate", () => {
  expect(enforcementOf).toEqual({ auto: "on", forcedOpen: "on", shadow: "observe", bypassed: "off" })
})

describe("the gate", () => {
  test("before anything has started lets nobody in, and lifecycle holds it", () => {
    expect(idleGate).toEqual({
      version: 0,
      epoch: 0,
      phase: "idle",
      mode: "auto",
      enforcement: "on",
      circuit: "closed",
      restriction: { ...unrestricted, share: 0 },
      lines: {},
      holders: [lifecycle("the breaker is idle", 0)],
    })
  })

  test("of a breaker that leaves is the last one, closed by lifecycle before all others, and obeyed whatever the operator said", () => {
    const holder = { ...lifecycle("too many", 3), by: "rateLimit", layer: "rateLimit" as const, demand: { rate: 2 } }
    const restriction = { ...unrestricted, rate: 2 }
    const before: Gate = { ...idleGate, version: 7, epoch: 4, phase: "active", mode: "bypassed", enforcement: "off" }
    const after = leave({ ...before, circuit: "open", restriction, holders: [holder] }, "draining", 9)
    expect(after).toEqual({
      ...before,
      version: 8,
      phase: "draining",
      enforcement: "on",
      circuit: "open",
      restriction: { ...restriction, share: 0 },
      holders: [lifecycle("the breaker is draining", 9), holder],
    })
    expect([after, after.restriction, after.holders].every(Object.isFrozen)).toBe(true)
  })
})
