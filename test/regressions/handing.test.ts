/** Mistakes about what one circuit hands to the next: over a save, a change of strategy, the operator's hand, or a trial. */
import type { BreakerConfig } from "recloser"
import { describe, expect, test } from "vitest"
import { fail, world } from "../support/breakers.ts"

/** The service asks to be left alone for two minutes, whenever it fails. */
const asking: BreakerConfig = {
  classify: (exit) => (exit.ok ? "success" : { kind: "failure", trip: true, retryAfter: "2 minutes" }),
}
const waitOf = ({ breaker }: Pick<ReturnType<typeof world>, "breaker">) => breaker.wouldReject()?.retryAfterMs

describe("a wait for which the service had asked", () => {
  test("was cut to the circuit's own longest by a save and a restore", async () => {
    const before = world(asking)
    await fail(before.breaker)
    await before.clock.advance("10 seconds")
    const after = world({}, { restore: JSON.parse(JSON.stringify(before.breaker.save())), clock: before.clock })
    expect(waitOf(after)).toBe(110_000)
  })

  test("was cut by another strategy", async () => {
    const state = world({ ...asking, strategy: "basic" })
    await fail(state.breaker)
    state.breaker.reconfigure({ strategy: "gradual" })
    expect(waitOf(state)).toBe(120_000)
  })

  test("is still cut to what the config of now heeds", async () => {
    const state = world(asking)
    await fail(state.breaker)
    state.breaker.reconfigure({ strategy: { type: "basic", openFor: { longestAsked: "80 seconds" } } })
    expect(waitOf(state)).toBe(80_000)
  })
})
