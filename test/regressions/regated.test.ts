/** Dependents hear of a gate once all that was told beside it has been; what they do about it may change the same breaker again. */
import { createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { failing } from "../support/breakers.ts"

test("what a listener of a dependent did to the breaker below was told to nobody until something else happened there", async () => {
  const clock = createVirtualClock()
  const ledger = createBreaker("ledger", { rateLimit: { adaptive: true } }, { clock })
  const payments = createBreaker(
    "payments",
    { strategy: { type: "dependency", dependencies: { ledger: { type: "critical" } } } },
    { clock },
  )
  const told: string[] = []
  ledger.on("mode", ({ from, to }) => told.push(`${from} → ${to}`))
  payments.on("dependency", ({ to }) => {
    if (to === "blocked") ledger.shadow("payments must go on")
  })
  const throttled = { kind: "failure", retryAfter: "5 seconds", quota: { exceeded: true } } as const
  await ledger.tryExecute(failing, { classify: () => throttled })
  expect(ledger.mode).toBe("shadow")
  expect(told).toEqual(["auto → shadow"])
  expect(payments.wouldReject()).toBeUndefined()
  await Promise.all([ledger.stop(), payments.stop()])
})
