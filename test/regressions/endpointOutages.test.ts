/** Outages of services with endpoints, one of which was left out before. */
import { createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

describe("a service with endpoints", () => {
  test.each(seeds)(
    "a service that died while one endpoint was left out was called on for ever, with seed %i",
    async (seed) => {
      const clock = createVirtualClock({ start: 5000, seed })
      const ledger = createBreaker("ledger", { discovery: { endpoints: ["a", "b", "c"] } }, { clock })
      let down: readonly string[] = []
      const call = async (count: number) => {
        for (let n = 0; n < count; n++) {
          await ledger.tryExecute(async ({ endpoint }) => {
            if (down.includes(endpoint?.id ?? "")) throw new Error("503")
          })
          await clock.advance(10)
        }
      }
      await call(500)
      down = ["b"]
      await call(300)
      expect([ledger.circuit, ledger.metrics().components.discovery?.away]).toEqual(["closed", 1])
      const before = ledger.metrics().calls.failure
      down = ["a", "b", "c"]
      await call(300)
      expect(ledger.circuit).not.toMatch(/closed|degraded/)
      expect(ledger.metrics().calls.failure - before).toBeLessThan(40)
      down = []
      await call(600)
      expect(ledger.circuit).toBe("closed")
      await ledger.stop()
    },
  )

  test.each(seeds)(
    "a probe of the circuit was spent on the endpoint that was left out, and the outage went on, with seed %i",
    async (seed) => {
      const clock = createVirtualClock({ start: 5000, seed })
      const strategy = { type: "basic", openFor: { base: "2 seconds", jitter: 0 } } as const
      const ledger = createBreaker("ledger", { strategy, discovery: { endpoints: ["a", "b", "c"] } }, { clock })
      const moves: string[] = []
      ledger.on("transition", ({ to }) => moves.push(to))
      let down: readonly string[] = ["b"]
      const ends: string[] = []
      const call = async (count: number) => {
        for (let n = 0; n < count; n++) {
          await ledger.tryExecute(async ({ endpoint }) => {
            const isWell = !down.includes(endpoint?.id ?? "")
            ends.push(`${endpoint?.id} ${isWell}`)
            if (!isWell) throw new Error("503")
          })
          await clock.advance(10)
        }
      }
      await call(300)
      down = ["a", "b", "c"]
      while (ledger.circuit === "closed") await call(1)
      down = ["b"]
      // Its trial is due by then: whichever call makes it, the circuit hears of the others.
      await clock.advance("2 seconds")
      ends.length = 0
      await call(4)
      expect(moves).toEqual(["open", "halfOpen", "closed"])
      expect(ends).toContain("b false")
      down = []
      await clock.advance("30 seconds")
      await call(100)
      expect(ledger.metrics().components.discovery?.away).toBe(0)
      await ledger.stop()
    },
  )
})
