/** What a table of breakers may forget, whatever is done to it. */

import { type BreakerConfig, createBreakers, type Permit } from "recloser"
import { describe, expect, it } from "vitest"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import fc from "../support/property.ts"
import { stepClock } from "../support/stepClock.ts"

const max = 5
const key = fc.integer({ min: 0, max: 14 }).map((index) => `key ${index}`)

type Step =
  | { readonly do: "call"; readonly key: string }
  | { readonly do: "settle"; readonly which: number; readonly kind: OutcomeKind }
  | { readonly do: "act"; readonly key: string; readonly act: "forceOpen" | "bypass" | "release" }
  | { readonly do: "listen"; readonly key: string }
  | { readonly do: "unlisten"; readonly which: number }
  | { readonly do: "wait"; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("call" as const), key }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      which: fc.nat(20),
      kind: fc.constantFrom<OutcomeKind>("success", "failure", "failure", "ignored"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("act" as const),
      key,
      act: fc.constantFrom<"forceOpen" | "bypass" | "release">("forceOpen", "bypass", "release", "release"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("listen" as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("unlisten" as const), which: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 5000 }) }) },
)

const config = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 second", probes: { needed: 1 } },
  timeout: false,
} as const satisfies BreakerConfig

/** A table, and a plain account of what was done to it. */
class Account {
  readonly clock = stepClock()
  readonly breakers = createBreakers({ max, idle: "10 seconds", config: () => config }, { clock: this.clock })
  readonly running: { readonly key: string; readonly permit: Permit }[] = []
  readonly listening: { readonly key: string; readonly unlisten: () => void }[] = []
  admitted = 0
  refused = 0

  /** Whoever may not be forgotten, of those who are known. */
  needed(): readonly string[] {
    return Array.from({ length: 15 }, (_, index) => `key ${index}`).filter((key) => {
      if (!this.breakers.has(key)) return false
      const { circuit, mode } = this.breakers.get(key)
      const inUse = [...this.running, ...this.listening].some((one) => one.key === key)
      return circuit !== "closed" || mode !== "auto" || inUse
    })
  }

  take(step: Step): void {
    if (step.do === "call") this.#call(step.key)
    if (step.do === "wait") this.clock.step(step.ms)
    if (step.do === "settle") {
      for (const { permit } of this.running.splice(step.which, 1)) permit.settle(step.kind)
    }
    if (step.do === "unlisten") for (const { unlisten } of this.listening.splice(step.which, 1)) unlisten()
    try {
      if (step.do === "act") this.breakers.get(step.key)[step.act]("law")
      if (step.do === "listen") {
        this.listening.push({ key: step.key, unlisten: this.breakers.get(step.key).on("mode", () => {}) })
      }
    } catch (error) {
      // Refused in full, and aloud: the table is full of those who may not go.
      expect(error).toBeInstanceOf(RangeError)
      expect(this.needed()).toHaveLength(max)
    }
  }

  #call(key: string): void {
    const before = this.breakers.metrics().unprotected
    const wasFull = this.needed().length === max && !this.breakers.has(key)
    const ticket = this.breakers.get(key).acquire({ lease: "1 day" })
    expect(this.breakers.metrics().unprotected - before).toBe(wasFull ? 1 : 0)
    if (wasFull) return
    if (!ticket.admitted) {
      this.refused++
      return
    }
    this.admitted++
    this.running.push({ key, permit: ticket })
  }
}

describe("a table of breakers", () => {
  it("stays under its cap, forgets nobody who is open, held, in use or heard, and loses no call", () => {
    let [full, gone] = [0, 0]
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 300 }), (steps) => {
        const account = new Account()
        for (const step of steps) {
          const needed = account.needed()
          account.take(step)
          expect(account.breakers.size).toBeLessThanOrEqual(max)
          expect(needed.filter((key) => !account.breakers.has(key))).toEqual([])
        }
        const { calls, unprotected, evicted } = account.breakers.metrics()
        expect(calls).toMatchObject({
          admitted: account.admitted,
          rejected: account.refused,
          inFlight: account.running.length,
        })
        full += unprotected
        gone += evicted
      }),
      { numRuns: 300, seed: 20_262 },
    )
    // Tables that never were full, or never forgot anybody, would prove nothing.
    expect(full).toBeGreaterThan(100)
    expect(gone).toBeGreaterThan(1000)
  }, 120_000)
})
