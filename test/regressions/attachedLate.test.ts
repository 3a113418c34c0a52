/** A data plane that was attached to a breaker which had run alone opened its circuit: the meter took its own end for a slow call. */
import { attach } from "recloser"
import { describe, expect, test } from "vitest"
import { freshMeter, type MeterEvent, meterStep } from "../../machines/meter.ts"
import { idleGate } from "../../machines/vocabulary/gate.ts"
import { alone, gateOf } from "../support/parts.ts"

describe("a breaker that ran alone", () => {
  test.each([
    ["a row", { type: "consecutive", failures: 3 }, ["failure", "failure"]],
    ["a share of slow calls", { type: "count", calls: 10, minimumCalls: 1 }, ["success"]],
  ] as const)(
    "keeps its circuit closed when a data plane comes one call before the line of %s",
    (_what, window, ends) => {
      const slowCalls = { after: "1 second", ratio: 0.25 } as const
      const breaker = alone({ strategy: { type: "basic", window, slowCalls } })
      for (const kind of ends) breaker.settle(kind)
      const attached = attach(breaker.actor, { clock: breaker.clock })
      expect(attached.circuit).toBe("closed")
      expect(breaker.emitted.filter(({ type }) => type === "circuit.moved")).toEqual([])
    },
  )

  test("counts no call when it is stopped", () => {
    const breaker = alone({ strategy: { type: "basic", window: { type: "consecutive", failures: 3 } } })
    breaker.settle("failure", 2)
    breaker.send({ type: "breaker.stop" })
    expect(gateOf(breaker)).toMatchObject({ phase: "stopped", circuit: "closed" })
  })

  test("has a meter that takes nothing but what it knows for a call", () => {
    const lines = {
      circuit: { kind: "sequential", watch: "usual", threshold: 9, rate: 0.8, cohort: 4, tells: "never" },
    } as const
    for (const circuit of [lines.circuit, undefined]) {
      const gate = { ...idleGate, epoch: 1, lines: { circuit } }
      const state = meterStep(freshMeter, { type: "gate.published", breaker: "service", gate })
      expect(meterStep(state, { type: "xstate.stop" } as unknown as MeterEvent)).toBe(state)
    }
  })
})
