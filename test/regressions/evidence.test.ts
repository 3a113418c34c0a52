/** Mistakes about evidence: what was counted wrongly, and what made a breaker deaf. */
import { type BreakerConfig, createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { isGone } from "../../machines/judging.ts"
import type { GradualSettings } from "../../machines/ramping.ts"
import { gradual } from "../../machines/strategies/gradual.ts"
import { settingsOf } from "../support/charts.ts"

type Answer = "good" | "bad" | "slow" | "hangs"

/** A breaker whose calls come ten milliseconds apart and take five; a slow one takes 300. */
function service(config: BreakerConfig) {
  const clock = createVirtualClock()
  const breaker = createBreaker("service", config, { clock })
  const moves: { readonly to: string; readonly rule: string; readonly statistics: unknown }[] = []
  breaker.on("transition", ({ to, rule, statistics }) => moves.push({ to, rule, statistics }))
  const call = (answer: Answer) =>
    breaker.tryExecute(
      () =>
        new Promise((resolve, reject) => {
          if (answer === "hangs") return
          const end = answer === "bad" ? () => reject(new Error("bad")) : () => resolve("good")
          clock.setTimeout(end, answer === "slow" ? 300 : 5)
        }),
    )
  const calls = async (count: number, answer: Answer | ((n: number) => Answer)) => {
    for (let n = 0; n < count; n++) {
      void call(typeof answer === "string" ? answer : answer(n))
      await clock.advance(10)
    }
  }
  return { clock, breaker, moves, calls }
}

describe("the counts of a move", () => {
  // Five in a row, each e^4.6 times likelier than where one call in a hundred is bad.
  const bound = { of: "evidence", value: expect.closeTo(5 * Math.log(100)), line: 20, usual: expect.closeTo(0.01) }
  const slowAfter100 = { strategy: { type: "gradual", slowCalls: { after: "100 millis" } } } as const

  test("took the last slow call of a row for a failure", async () => {
    const { calls, moves } = service(slowAfter100)
    await calls(300, "good")
    await calls(16, "slow")
    expect(moves[0]).toEqual({ to: "open", rule: "run", statistics: { calls: 5, failures: 0, slow: 5, bound } })
  })

  test("took a row of failures for slow calls when one had been slow before", async () => {
    const { calls, moves } = service(slowAfter100)
    await calls(300, "good")
    // It is noticed after ten more; five good ones later the excursion is not over.
    await calls(40, (n) => (n === 0 ? "slow" : n < 16 ? "good" : "bad"))
    expect(moves[0]).toEqual({ to: "open", rule: "run", statistics: { calls: 5, failures: 5, slow: 0, bound } })
  })
})

describe("a breaker was deaf", () => {
  const bare = (options: object) => ({
    strategy: { type: "gradual", slowCalls: false, ...options } as const,
    timeout: false,
    metrics: false,
  })

  test.each(["1 minute", "30 minutes", "1 hour"])(
    "to a total outage when one false alarm in %s was allowed: it rang on two bad calls, which nobody heeded, and not again",
    async (every) => {
      const { calls, breaker, moves } = service(bare({ falseAlarms: { every, callsPerSecond: 1 } }))
      await calls(1500, "good")
      await calls(8, "bad")
      expect(breaker.circuit).toBe("open")
      const bound = {
        of: "evidence",
        value: expect.closeTo(5 * Math.log(100)),
        line: expect.any(Number),
        usual: expect.closeTo(0.01),
      }
      expect(moves[0]?.statistics).toEqual({ calls: 5, failures: 5, slow: 0, bound })
    },
  )

  test("to half of the calls failing when few calls may raise a false alarm", async () => {
    const { calls, breaker } = service(bare({ falseAlarms: { every: "1 minute", callsPerSecond: 1 } }))
    await calls(1500, "good")
    await calls(20, (n) => (n % 4 < 2 ? "bad" : "good"))
    expect(breaker.circuit).toBe("degraded")
  })

  test("to a rate of bad calls at the line: its counts are rounded, and spoke of less", () => {
    const judging = settingsOf(gradual, { brokenAt: 0.3 }) as GradualSettings
    const statistics = { calls: 22, failures: 6, slow: 0 }
    expect(isGone({ type: "alarm.rang", at: 1, epoch: 1, rule: "rate", statistics }, judging)).toBe(true)
  })

  const twoHang = (n: number): Answer => (n === 3 || n === 7 ? "hangs" : "good")

  test("for ever when two of its first calls never ended: their cohort was never judged", async () => {
    const { calls, breaker } = service({ timeout: false })
    await calls(40, twoHang)
    await calls(8, "bad")
    expect(breaker.circuit).toBe("open")
  })

  test("for as long as its timeout when two of the first calls hung and the service failed at once", async () => {
    const { calls, breaker } = service({ timeout: false, strategy: { type: "gradual", slowCalls: false } })
    await calls(16, twoHang)
    await calls(5990, "bad")
    expect(breaker.circuit).toBe("closed")
    await calls(30, "bad")
    expect(breaker.circuit).not.toBe("closed")
  })

  test("in a degraded circuit, which calls that last kept from ending", async () => {
    const { calls, moves } = service({ timeout: false, strategy: { type: "gradual", slowCalls: false, trial: false } })
    await calls(1000, "good")
    await calls(24, (n) => (n % 2 ? "bad" : "good"))
    expect(moves.at(-1)?.to).toBe("degraded")
    await calls(32, (n) => (n % 8 === 0 ? "hangs" : "good"))
    await calls(500, "good")
    expect(moves.at(-1)).toMatchObject({ to: "closed", rule: "relief" })
  })
})

test("a trial shed a fifth of all calls for as long as its first ones ran, and not of as many as it may cost", async () => {
  const clock = createVirtualClock()
  const strategy = { type: "gradual", slowCalls: false } as const
  const breaker = createBreaker("service", { strategy, timeout: false, metrics: false }, { clock })
  const calls = async (count: number, isGood: (n: number) => boolean) => {
    for (let n = 0; n < count; n++) {
      const end = isGood(n) ? "success" : "failure"
      const ticket = breaker.acquire()
      if (ticket.admitted) clock.setTimeout(() => ticket.settle(end), 1000)
      await clock.advance(2)
    }
  }
  await calls(2000, () => true)
  await calls(2500, (n) => n % 5 > 1)
  expect(breaker.circuit).toBe("degraded")
  const { refusals } = breaker.metrics()
  expect(refusals.circuit).toBeGreaterThan(0)
  expect(refusals.circuit).toBeLessThanOrEqual(8)
})
