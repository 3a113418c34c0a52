/** Mistakes about services that are slow and well. */
import { scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { trip, world } from "../support/breakers.ts"

describe("a slow service", () => {
  test("was locked out for ever when its timeout was longer than the lease of a probe", async () => {
    const { breaker, clock } = world({
      strategy: { type: "basic", openFor: "5 seconds", probes: { needed: 1, lease: "2 seconds" } },
      timeout: "30 seconds",
    })
    const backend = scriptedBackend(clock, { answer: "value", after: "10 seconds" })
    await trip(breaker)
    await clock.advance("5 seconds")
    const probe = breaker.tryExecute(backend.call)
    await clock.advance("10 seconds")
    expect((await probe).ok).toBe(true)
    expect(breaker.circuit).toBe("closed")
  })
})
