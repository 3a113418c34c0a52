import { describe, expect, test } from "vitest"
import { type AnyStateMachine, createActor } from "xstate"
import { retry } from "../../machines/components/retry.ts"
import { adviceOf } from "../../machines/plug.ts"
import { backoffMs, type RetrySettings } from "../../machines/repeating.ts"
import { type Chart, problemsOf, settingsOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { adviserSteps, take } from "../support/walks.ts"

const start = (options?: unknown): Chart => startChart(retry, { options })
const demandOf = (chart: Chart) => chart.advice().demand
const nothing = { retries: 0, hedges: 0 }

const move = (chart: Chart, to: "closed" | "degraded" | "open" | "halfOpen" | "ramping") =>
  chart.send({
    type: "circuit.moved",
    breaker: "service",
    from: "closed",
    to,
    epoch: 1,
    reason: "",
    rule: "",
    statistics: undefined,
  })

describe("retry", () => {
  test("retry law 1: nothing is repeated while the circuit is not closed", () => {
    const chart = start({ hedge: true })
    expect(demandOf(chart)).toEqual({ retries: 2, hedges: 1 })
    for (const circuit of ["degraded", "open", "halfOpen", "ramping"] as const) {
      move(chart, circuit)
      expect(demandOf(chart), circuit).toEqual(nothing)
    }
    move(chart, "closed")
    expect(demandOf(chart)).toEqual({ retries: 2, hedges: 1 })
  })

  test("retry law 1: one that starts while the circuit is open is barred, and allowed when it closes", () => {
    const input = { settings: settingsOf(retry), seed: 1, at: 0, circuit: "open" }
    const actor = createActor(retry.chart as AnyStateMachine, { input }).start()
    expect(adviceOf(actor.getSnapshot()).demand).toEqual(nothing)
    actor.send({ type: "circuit.moved", from: "ramping", to: "closed" })
    expect(adviceOf(actor.getSnapshot()).demand).toEqual({ retries: 2, hedges: 0 })
  })

  test("retry law 1: nothing is repeated while failure is foretold, whatever circuit and budget do meanwhile", () => {
    const chart = start({ hedge: true })
    const foretell = (state: "warned" | "calm" | "frozen") => chart.send({ type: "forecast.changed", state })
    foretell("warned")
    expect(demandOf(chart)).toEqual(nothing)
    move(chart, "open")
    move(chart, "closed")
    chart.send({ type: "budget.spent" })
    chart.send({ type: "budget.funded" })
    expect(demandOf(chart)).toEqual(nothing)
    expect(retry.reason?.(chart.snapshot())).toBe("nothing is repeated: failure is foretold")
    move(chart, "open")
    foretell("frozen")
    expect(demandOf(chart)).toEqual(nothing)
    expect(retry.reason?.(chart.snapshot())).toBe("nothing is repeated: the circuit is not closed")
    move(chart, "closed")
    expect(demandOf(chart)).toEqual({ retries: 2, hedges: 1 })
    foretell("warned")
    chart.send({ type: "budget.spent" })
    foretell("calm")
    expect(retry.reason?.(chart.snapshot())).toBe("nothing is repeated: the budget is spent")
    expect(demandOf(chart)).toEqual(nothing)
  })

  test("retry law 3: a spent budget pays again when it has been funded; that a circuit closes funds nothing", () => {
    const chart = start()
    chart.send({ type: "budget.spent" })
    expect(demandOf(chart)).toEqual(nothing)
    move(chart, "open")
    move(chart, "closed")
    expect(demandOf(chart)).toEqual(nothing)
    chart.send({ type: "budget.funded" })
    expect(demandOf(chart)).toEqual({ retries: 2, hedges: 0 })
  })

  test("retry law 3: what happened to the budget while the circuit was open is known when it closes", () => {
    const chart = start()
    move(chart, "open")
    chart.send({ type: "budget.spent" })
    move(chart, "closed")
    expect(demandOf(chart)).toEqual(nothing)
    move(chart, "open")
    chart.send({ type: "budget.funded" })
    expect(demandOf(chart)).toEqual(nothing)
    move(chart, "closed")
    expect(demandOf(chart)).toEqual({ retries: 2, hedges: 0 })
  })

  test("retry laws 1 and 3: the report says which it is: the circuit or a forecast before the budget, and the budget when they are over", () => {
    const chart = start()
    const stateOf = () => (retry.report?.(chart.snapshot(), 0) as { readonly state: string } | undefined)?.state
    expect(stateOf()).toBe("funded")
    chart.send({ type: "budget.spent" })
    expect(stateOf()).toBe("spent")
    for (const bar of ["circuit", "forecast"] as const) {
      const tell = (isOn: boolean) =>
        bar === "circuit"
          ? move(chart, isOn ? "open" : "closed")
          : chart.send({ type: "forecast.changed", state: isOn ? "warned" : "calm" })
      tell(true)
      expect(stateOf(), bar).toBe("barred")
      tell(false)
      expect(stateOf(), bar).toBe("spent")
    }
    chart.send({ type: "budget.funded" })
    expect(stateOf()).toBe("funded")
  })

  test.each([
    [undefined, undefined],
    [{ after: 20 }, undefined],
    [{ after: "p95" }, 1000],
    [true, 1000],
  ])(
    "asks for a slice a second, of which it takes a quantile, only where it hedges after one: %j",
    (hedge, sliceMs) => {
      const chart = start({ hedge })
      const watched = () => [chart.advice().lines.sliceMs, chart.advice().lines.budget?.share]
      expect(watched()).toEqual([sliceMs, 0.15])
      chart.send({ type: "budget.spent" })
      expect(watched()).toEqual([sliceMs, 0.15])
      move(chart, "open")
      expect(watched()).toEqual([sliceMs, 0.15])
    },
  )

  test("retry law 2: on every walk it demands at most `attempts` less one, and restricts no first attempt", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 10 }),
        fc.array(adviserSteps, { maxLength: 20 }),
        async (attempts, walk) => {
          const chart = start({ attempts })
          for (const step of walk) {
            await take(chart, step)
            const { retries, hedges, ...others } = demandOf(chart)
            expect(retries).toBeLessThanOrEqual(attempts - 1)
            expect(hedges).toBe(0)
            expect(others).toEqual({})
          }
        },
      ),
    ))
})

describe("retry options", () => {
  test("have these defaults", () => {
    expect(settingsOf(retry)).toEqual({
      attempts: 3,
      backoff: { initial: 100, factor: 2, max: 5000 },
      longestAsked: 30_000,
      budget: { share: 0.15, reserve: 10, most: 100 },
      hedge: undefined,
      retryOn: undefined,
    })
  })

  test.each([
    [{ hedge: true }, { quantile: 0.95 }],
    [{ hedge: { after: "p99" } }, { quantile: 0.99 }],
    [{ hedge: { after: "p75.5" } }, { quantile: 0.755 }],
    [{ hedge: { after: "50 millis" } }, { ms: 50 }],
    [{ hedge: { after: 20 } }, { ms: 20 }],
  ])("%j hedges after %j", (options, after) => {
    const { hedge } = settingsOf(retry, options) as RetrySettings
    expect(hedge).toEqual({ after })
  })

  test.each([
    [{ attempts: 0 }, "options.attempts"],
    [{ attempts: 11 }, "options.attempts"],
    [{ attempts: 2.5 }, "options.attempts"],
    [{ attempts: Number.POSITIVE_INFINITY }, "options.attempts"],
    [{ backoff: { initial: "2 seconds", max: "1 second" } }, "options.backoff.max"],
    [{ backoff: { factor: 0.5 } }, "options.backoff.factor"],
    [{ backoff: { initial: Number.NaN } }, "options.backoff.initial"],
    [{ budget: { share: 1.5 } }, "options.budget.share"],
    [{ budget: { share: -1 } }, "options.budget.share"],
    [{ budget: { reserve: 50, most: 20 } }, "options.budget.most"],
    [{ budget: { reserve: 1.5 } }, "options.budget.reserve"],
    [{ budget: { most: 20.5 } }, "options.budget.most"],
    [{ hedge: { after: "p49" } }, "options.hedge.after"],
    [{ hedge: { after: "p100" } }, "options.hedge.after"],
    [{ hedge: { after: 0 } }, "options.hedge.after"],
    [{ hedge: true, attempts: 1 }, "options.hedge"],
    [{ retryOn: "always" }, "options.retryOn"],
    [{ longestAsked: "1 day" }, "options.longestAsked"],
    [{ times: 3 }, "options.times"],
  ])("%j is refused at %s", (options, path) => {
    expect(problemsOf(retry, options).map((problem) => problem.path)).toEqual([path])
  })

  test("a first wait that is longer than the standard cap raises it; a reserve does the same for what is saved", () => {
    expect(settingsOf(retry, { backoff: { initial: "1 minute" } })).toMatchObject({ backoff: { max: 60_000 } })
    expect(settingsOf(retry, { budget: { reserve: 500 } })).toMatchObject({ budget: { most: 500 } })
  })
})

describe("backoff", () => {
  const backoffs = fc
    .record({
      initial: fc.double({ min: 1, max: 1e6, noNaN: true }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      over: fc.double({ min: 1, max: 1e3, noNaN: true }),
    })
    .map(({ initial, factor, over }) => ({ initial, factor, max: initial * over }))

  test("retry law 5: no wait is longer than `max`, whatever was drawn and however many attempts there were", () => {
    fc.assert(
      fc.property(
        backoffs,
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (backoff, ended, draw) => {
          const ms = backoffMs(backoff, ended, draw)
          expect(ms).toBeGreaterThanOrEqual(0)
          expect(ms).toBeLessThanOrEqual(backoff.max)
        },
      ),
    )
  })

  test("is drawn from all between nothing and the longest wait, also at the cap", () => {
    const backoff = { initial: 100, factor: 2, max: 400 }
    expect([1, 2, 3, 4, 10].map((ended) => backoffMs(backoff, ended, 0.5))).toEqual([50, 100, 200, 200, 200])
    expect(backoffMs(backoff, 3, 0)).toBe(0)
  })
})
