/** Mistakes about what one circuit hands to the next: over a save, a change of strategy, the operator's hand, or a trial. */
import type { Breaker, BreakerConfig, SavedBreaker } from "recloser"
import { describe, expect, test } from "vitest"
import { fail, succeed, times, tripAndWait, type World, world } from "../support/breakers.ts"
import { alone, brittleBasic, chosen, gateOf } from "../support/parts.ts"

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

describe("trips of long ago", () => {
  /** Six trips in a row, and then it closes. */
  async function tripped(strategy: "basic" | "gradual"): Promise<World> {
    const state = world({ strategy, timeout: false })
    await tripAndWait(state)
    await times(5, async () => {
      await fail(state.breaker)
      await state.clock.advance(waitOf(state) ?? 0)
    })
    while (state.breaker.circuit !== "closed") await succeed(state.breaker)
    return state
  }
  const firstWait = { basic: 5000, gradual: 410 } as const

  test.each(["basic", "gradual"] as const)(
    "lengthened the wait when the operator had opened a circuit that was well for hours: %s",
    async (strategy) => {
      const { breaker, clock } = await tripped(strategy)
      await clock.advance("10 hours")
      breaker.forceOpen("maintenance")
      breaker.release("done")
      await fail(breaker)
      expect(breaker.circuit).toBe("open")
      expect(waitOf({ breaker })).toBeLessThanOrEqual(firstWait[strategy])
    },
  )

  test.each(["basic", "gradual"] as const)("did so after a restore, too: %s", async (strategy) => {
    const before = await tripped(strategy)
    await before.clock.advance("10 hours")
    const saved = before.breaker.save()
    const { breaker } = world({ strategy, timeout: false }, { restore: saved, clock: before.clock })
    breaker.forceOpen("maintenance")
    breaker.release("done")
    await fail(breaker)
    expect(waitOf({ breaker })).toBeLessThanOrEqual(firstWait[strategy])
  })

  test.each(["basic", "gradual"] as const)(
    "still count in a row when the operator acts in the outage: %s",
    async (strategy) => {
      const state = world({ strategy, timeout: false })
      await tripAndWait(state)
      await times(5, async () => {
        await fail(state.breaker)
        await state.clock.advance(waitOf(state) ?? 0)
      })
      state.breaker.forceOpen("maintenance")
      await state.clock.advance("10 hours")
      state.breaker.release("done")
      await fail(state.breaker)
      expect(waitOf(state)).toBeGreaterThan(firstWait[strategy])
    },
  )
})

describe("a circuit that the operator holds open", () => {
  test.each([
    ["another strategy", (breaker: Breaker) => breaker.reconfigure({ strategy: "basic" })],
    ["the promotion of a candidate", (breaker: Breaker) => breaker.promote()],
  ])("was half-open after %s", async (_what, change) => {
    const { breaker, clock, moves } = world({ candidate: "basic" })
    breaker.forceOpen("maintenance")
    change(breaker)
    await clock.advance("1 hour")
    expect([breaker.circuit, breaker.mode, moves]).toEqual(["open", "forcedOpen", ["closed → open"]])
    expect(breaker.wouldReject()).toMatchObject({ layer: "operator", reason: "maintenance", since: 0 })
    breaker.release("done")
    expect(breaker.circuit).toBe("halfOpen")
  })
})

test("a strategy that crashed on the operator's order left the circuit closed in name", () => {
  const breaker = alone({ parts: [chosen(brittleBasic("actions", "noteOperator"))] })
  breaker.send({ type: "operator.forceOpen", at: 1, why: "maintenance" })
  expect(gateOf(breaker)).toMatchObject({ circuit: "open", mode: "forcedOpen", restriction: { share: 0 } })
})

test("a candidate did not hear that the service asks to be left alone", async () => {
  const { breaker } = world({ strategy: "basic", candidate: "gradual", ...asking })
  const would: unknown[] = []
  breaker.on("candidate", ({ to, rule }) => would.push(`${to}: ${rule}`))
  await fail(breaker)
  expect(would).toEqual(["open: asked"])
  expect(breaker.metrics().candidate?.circuit).toBe("open")
})

describe("what was learned of a service", () => {
  const used = "gradual" as const

  /** Two thousand calls that take five milliseconds. */
  async function experienced(config: BreakerConfig): Promise<World> {
    const state = world({ timeout: false, metrics: false, ...config })
    await answered(state, 2000, 5)
    return state
  }
  const answered = async ({ breaker, clock }: World, calls: number, ms: number) => {
    for (let call = 0; call < calls; call++) {
      void breaker.tryExecute(() => new Promise((resolve) => clock.setTimeout(() => resolve("up"), ms)))
      await clock.advance(10)
    }
  }
  /** It knows that one bad call in a hundred is much: five in a row open it, and calls of 300 ms are bad. */
  async function expectExperience(state: World, by: "failures" | "slowness"): Promise<void> {
    await answered(state, 20, 5)
    if (by === "failures") await fail(state.breaker, 5)
    else await answered(state, 16, 300)
    expect(state.transitions.at(-1)).toMatchObject({ to: "open", rule: "run", statistics: { calls: 5 } })
  }

  test.each(["failures", "slowness"] as const)("was lost by a save and a restore: %s", async (by) => {
    const before = await experienced({ strategy: used })
    const restore = JSON.parse(JSON.stringify(before.breaker.save()))
    await expectExperience(world({ timeout: false, metrics: false }, { restore, clock: before.clock }), by)
  })

  test.each(["failures", "slowness"] as const)("on trial was lost by the promotion: %s", async (by) => {
    const state = await experienced({ strategy: "basic", candidate: used })
    state.breaker.promote()
    await expectExperience(state, by)
  })

  test("and is saved again by a strategy that does not use it", async () => {
    const { breaker, clock } = await experienced({ strategy: used })
    const { baseline } = breaker.save()
    expect(baseline).toMatchObject({ learned: 2000, usual: expect.any(Number) })
    const after = world({ strategy: "basic", timeout: false }, { restore: breaker.save(), clock })
    expect(after.breaker.save().baseline).toEqual(baseline)
  })

  test.each([
    ["baseline", (saved: SavedBreaker) => ({ ...saved, baseline: { ...(saved.baseline as object), usual: 2 } })],
    ["baseline", (saved: SavedBreaker) => ({ ...saved, baseline: "well" })],
    ["gradual", (saved: SavedBreaker) => ({ ...saved, parts: { gradual: { circuit: "closed", slowAfterMs: -1 } } })],
  ])("is reported when it cannot be used, and left out: %s", async (part, forge) => {
    const { breaker, clock } = await experienced({ strategy: used })
    const { troubles } = world({ timeout: false }, { restore: forge(breaker.save()), clock })
    await Promise.resolve()
    expect(troubles).toMatchObject([{ part: "restore", error: { message: expect.stringContaining(part) } }])
  })
})
