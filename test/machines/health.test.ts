import { describe, expect, test } from "vitest"
import { health } from "../../machines/components/health.ts"
import type { HealthFinding } from "../../machines/vocabulary/health.ts"
import { type Chart, problemsOf, settingsOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"
import { adviserSteps, take } from "../support/walks.ts"

const start = (options: unknown = {}): Chart => startChart(health, { options })
const findingOf = (chart: Chart) => health.finding?.(chart.snapshot()) as HealthFinding
const stateOf = (chart: Chart) => findingOf(chart).health
const check = (ok: boolean, { endpoint, epoch = 0 }: { endpoint?: string; epoch?: number } = {}) =>
  ({ type: "check.settled", epoch, endpoint, ok, reason: ok ? "" : "status 503" }) as const
const latency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
const calls = (success: number, failure: number) =>
  ({
    type: "slice.closed",
    epoch: 0,
    slice: { startedAt: 0, success, failure, timedOut: 0, ignored: 0, slow: 0, late: 0, latency },
  }) as const
const moved = (to: "closed" | "open" | "halfOpen" | "ramping", epoch: number) =>
  ({
    type: "circuit.moved",
    breaker: "service",
    from: "closed",
    to,
    epoch,
    reason: "",
    rule: "",
    statistics: undefined,
  }) as const
const times = (count: number, run: () => void) => Array.from({ length: count }).forEach(run)

describe("health", () => {
  test("health law 1: it is bad only after `fall` failures in a row, and healthy after `rise` that passed", () => {
    const chart = start({ rise: 2, fall: 3 })
    expect(stateOf(chart)).toBe("unknown")
    const seen = [true, false, true, false, false, true, false, false, false, true, false, true, true].map((ok) => {
      chart.send(check(ok))
      return stateOf(chart)
    })
    expect(seen).toEqual([
      ...["healthy", "suspect", "healthy", "suspect", "suspect", "healthy", "suspect", "suspect", "bad"],
      ...["bad", "bad", "bad", "healthy"],
    ])
  })

  test("health laws 1 and 3: checks that are told together find what they find one after the other", () => {
    const one = fc.record({ endpoint: fc.constantFrom("a", "b", "c", "__proto__"), ok: fc.boolean() })
    fc.assert(
      fc.property(fc.array(fc.array(one, { minLength: 1, maxLength: 12 }), { maxLength: 12 }), (rounds) => {
        const [together, apart] = [start({ rise: 2, fall: 2 }), start({ rise: 2, fall: 2 })]
        for (const round of rounds) {
          const [first, ...more] = round.map(({ endpoint, ok }) => ({ ...check(ok, { endpoint }), endpoint }))
          if (first === undefined) continue
          for (const each of round) apart.send(check(each.ok, each))
          together.send({ ...first, more: more.map(({ endpoint, ok, reason }) => ({ endpoint, ok, reason })) })
          expect(findingOf(together)).toEqual(findingOf(apart))
        }
        expect(health.report?.(together.snapshot(), 0)).toEqual(health.report?.(apart.snapshot(), 0))
      }),
    )
  })

  test("health law 1: an endpoint that flaps at every check is never bad", () => {
    const chart = start()
    for (let turn = 0; turn < 1000; turn++) {
      chart.send(check(turn % 2 === 0))
      expect(stateOf(chart)).not.toBe("bad")
    }
  })

  test("health law 1: seconds in which calls failed count as checks that did; those with few calls say nothing", () => {
    const chart = start({ fall: 2, rise: 1 })
    chart.send(calls(1, 8))
    expect(stateOf(chart)).toBe("unknown")
    chart.send(calls(2, 18))
    chart.send(calls(2, 18))
    expect(findingOf(chart)).toMatchObject({ health: "bad", reasons: ["calls: 90 % of 20 calls in a second were bad"] })
    chart.send(calls(20, 1))
    expect(stateOf(chart)).toBe("healthy")
    expect(startChart(health, { options: { passive: false } }).advice().lines).toEqual({})
  })

  test("health law 2: while bad a trickle enters, and a verdict that nothing confirms expires", async () => {
    const chart = start({ trickle: 0.1 })
    times(3, () => chart.send(check(false)))
    expect(chart.advice().demand).toEqual({ share: 0.1, retries: 0, hedges: 0 })
    await chart.clock.advance("50 seconds")
    chart.send(check(false))
    await chart.clock.advance("50 seconds")
    expect(stateOf(chart)).toBe("bad")
    await chart.clock.advance("1 minute")
    expect(stateOf(chart)).toBe("unknown")
    expect(chart.advice().demand).toEqual({})
  })

  test("health law 3: one endpoint that is bad is stated and demands nothing; all of them together are the service", () => {
    const chart = start({ fall: 1 })
    chart.send(check(true, { endpoint: "a" }))
    chart.send(check(false, { endpoint: "b" }))
    expect(findingOf(chart)).toMatchObject({ health: "suspect", endpoints: { b: "bad" }, reasons: ["b: status 503"] })
    expect(chart.advice().demand).toEqual({})
    expect(health.tells?.(chart.snapshot(), 5)).toEqual([{ type: "health.found", at: 5, verdicts: { b: "bad" } }])
    chart.send(check(false, { endpoint: "a" }))
    expect(stateOf(chart)).toBe("bad")
  })

  test("health law 4: only a check that was well and has fallen ill since stands for a probe", () => {
    const probesOf = (chart: Chart) => health.tells?.(chart.snapshot(), 0).slice(1)
    const blind = start()
    blind.send(check(true))
    blind.send(moved("halfOpen", 7))
    blind.send(check(true, { epoch: 7 }))
    expect(probesOf(blind)).toEqual([])
    const broken = start()
    broken.send(check(false))
    broken.send(moved("halfOpen", 7))
    broken.send(check(false, { epoch: 7 }))
    expect(probesOf(broken)).toEqual([])
    const witness = start()
    witness.send(check(true))
    witness.send(moved("open", 6))
    witness.send(check(false))
    witness.send(moved("halfOpen", 7))
    witness.send(check(true, { epoch: 6 }))
    expect(probesOf(witness)).toEqual([])
    witness.send(check(false, { epoch: 7 }))
    expect(probesOf(witness)).toEqual([{ type: "probe.failed", at: 0, epoch: 7 }])
    witness.send(check(true, { epoch: 7 }))
    expect(probesOf(witness)).toEqual([{ type: "probe.succeeded", at: 0, epoch: 7 }])
    const before = findingOf(witness)
    witness.send(check(true, { epoch: 7 }))
    expect(probesOf(witness)).toEqual([{ type: "probe.succeeded", at: 0, epoch: 7 }])
    expect(findingOf(witness)).not.toBe(before)
    witness.send(moved("closed", 9))
    witness.send(moved("halfOpen", 11))
    witness.send(check(true, { epoch: 11 }))
    expect(probesOf(witness)).toEqual([])
  })

  test("health law 5: what is known of endpoints that are checked no longer is forgotten", () => {
    const chart = start({ fall: 1 })
    for (const endpoint of ["a", "b", "__proto__"]) chart.send(check(false, { endpoint }))
    chart.send({ type: "checks.changed", endpoints: ["b"] })
    expect(Object.keys(findingOf(chart).endpoints)).toEqual(["b"])
  })

  test("health laws 1 and 2: on every walk it refuses nobody, but for a part of the calls while it is bad", () =>
    fc.assert(
      fc.asyncProperty(fc.array(adviserSteps, { maxLength: 40 }), async (walk) => {
        const chart = start({ trickle: 0.1 })
        for (const step of walk) {
          await take(chart, step)
          const { share = 1 } = chart.advice().demand
          expect(share).toBe(stateOf(chart) === "bad" ? 0.1 : 1)
          expect(findingOf(chart).reasons.length).toBeLessThanOrEqual(11)
        }
      }),
    ))
})

describe("health options", () => {
  test("a timeout is never longer than the interval", () => {
    expect(settingsOf(health, { interval: "1 second" })).toMatchObject({ interval: 1000, timeout: 1000 })
  })

  test.each([
    [{ check: "http://a.test" }, "options.check"],
    [{ interval: "1 second", timeout: "2 seconds" }, "options.timeout"],
    [{ jitter: 2 }, "options.jitter"],
    [{ rise: 0 }, "options.rise"],
    [{ fall: 1.5 }, "options.fall"],
    [{ trickle: 0 }, "options.trickle"],
    [{ passive: { ratio: Number.NaN } }, "options.passive.ratio"],
  ])("%j is refused at %s", (options, path) => {
    expect(problemsOf(health, options).map((problem) => problem.path)).toEqual([path])
  })
})

describe("health without the word of its own calls", () => {
  test("health law 2: slices that others asked for say nothing, and keep no verdict alive", async () => {
    const chart = start({ passive: false, fall: 1, interval: "1 second", timeout: "1 second" })
    times(10, () => chart.send(calls(0, 50)))
    expect(stateOf(chart)).toBe("unknown")
    chart.send(check(false))
    expect(stateOf(chart)).toBe("bad")
    for (let second = 0; second < 59; second++) {
      await chart.clock.advance("1 second")
      chart.send(calls(50, 0))
    }
    expect(findingOf(chart)).toMatchObject({ health: "bad", reasons: ["check: status 503"] })
    await chart.clock.advance("1 second")
    expect(stateOf(chart)).toBe("unknown")
  })
})

test("of many reasons the first ten are named, and how many more there are", () => {
  const chart = start({ fall: 1 })
  const named = (count: number) => Array.from({ length: count }, (_, at) => `${at}: status 503`)
  for (let endpoint = 0; endpoint < 10; endpoint++) chart.send(check(false, { endpoint: `${endpoint}` }))
  expect(findingOf(chart).reasons).toEqual(named(10))
  for (let endpoint = 10; endpoint < 13; endpoint++) chart.send(check(false, { endpoint: `${endpoint}` }))
  expect(findingOf(chart).reasons).toEqual([...named(10), "3 more"])
})

describe("how health stands", () => {
  /** One failure makes bad, one that passed makes healthy again; verdicts expire after a minute. */
  const strict = { rise: 1, fall: 1, interval: "1 second", timeout: "1 second" } as const
  const passive = { minimumCalls: 10, ratio: 0.5 } as const
  const placeOf = (chart: Chart) => (chart.snapshot() as { readonly value?: unknown }).value

  const ways: { readonly [State in HealthFinding["health"]]: (chart: Chart) => void } = {
    unknown: (chart) => chart.send({ type: "checks.changed", endpoints: [] }),
    healthy: (chart) => {
      chart.send(check(true, { endpoint: "a" }))
      chart.send(check(true, { endpoint: "b" }))
    },
    suspect: (chart) => {
      chart.send(check(false, { endpoint: "a" }))
      chart.send(check(true, { endpoint: "b" }))
    },
    bad: (chart) => {
      chart.send({ type: "checks.changed", endpoints: ["b"] })
      chart.send(check(false, { endpoint: "b" }))
    },
  }
  const states = ["unknown", "healthy", "suspect", "bad"] as const

  test.each(states.flatMap((from) => states.filter((to) => to !== from).map((to) => [from, to] as const)))(
    "health law 3: from %s it becomes %s as soon as it is, and watches its own calls in both",
    (from, to) => {
      const chart = start(strict)
      for (const state of [from, to]) {
        ways[state](chart)
        expect([placeOf(chart), stateOf(chart), chart.advice().lines.sliceMs]).toEqual([state, state, 1000])
      }
    },
  )

  test.each(["suspect", "bad"] as const)(
    "health law 2: while %s each word renews the verdict: a check, and a second with calls enough, but none with fewer",
    async (state) => {
      const settings = { ...strict, fall: state === "bad" ? 1 : 9, passive }
      const word = { check: check(false), enough: calls(0, 10), few: calls(0, 9) } as const
      for (const [first, again, lasts] of [
        ["check", "check", true],
        ["enough", "enough", true],
        ["check", "enough", true],
        ["check", "few", false],
      ] as const) {
        const chart = start(settings)
        chart.send(word[first])
        await chart.clock.advance(59_999)
        expect(placeOf(chart), `${first}, ${again}`).toBe(state)
        chart.send(word[again])
        await chart.clock.advance(59_999)
        expect(placeOf(chart), `${first}, ${again}`).toBe(lasts ? state : "unknown")
        await chart.clock.advance(1)
        expect([placeOf(chart), stateOf(chart)], `${first}, ${again}`).toEqual(["unknown", "unknown"])
        expect(findingOf(chart).reasons).toEqual([])
      }
    },
  )

  test.each(["suspect", "bad"] as const)(
    "health law 2: while checks say %s, calls too few to say anything still end what calls said a minute ago",
    async (state) => {
      const chart = start({ ...strict, fall: state === "bad" ? 1 : 9, passive })
      chart.send(calls(0, 10))
      await chart.clock.advance("50 seconds")
      chart.send(check(false))
      expect(findingOf(chart).reasons).toHaveLength(2)
      await chart.clock.advance("10 seconds")
      chart.send(calls(1, 0))
      expect(findingOf(chart)).toMatchObject({ health: state, reasons: ["check: status 503"] })
    },
  )

  test("health law 2: what a trickle lets in is added up over seconds until it says something", () => {
    const chart = start({ ...strict, passive })
    chart.send(calls(0, 10))
    expect(placeOf(chart)).toBe("bad")
    for (let second = 0; second < 3; second++) chart.send(calls(3, 0))
    expect(placeOf(chart)).toBe("bad")
    chart.send(calls(1, 0))
    expect(placeOf(chart)).toBe("healthy")
  })

  test("is told with its reasons, counted in the report, and taken back when health is gone for good", () => {
    const chart = start({ ...strict, passive })
    const reason = () => health.reason?.(chart.snapshot())
    const report = () => health.report?.(chart.snapshot(), 0)
    expect(report()).toEqual({ state: "unknown", reasons: [], endpoints: 0, bad: 0 })
    chart.send({ ...check(false), reason: "" })
    expect([stateOf(chart), reason()]).toEqual(["bad", "the service is not well"])
    chart.send(check(false))
    chart.send(calls(0, 10))
    expect(reason()).toBe("check: status 503; calls: 100 % of 10 calls in a second were bad")
    for (const [endpoint, ok] of [
      ["a", true],
      ["b", false],
      ["c", true],
      ["d", false],
    ] as const)
      chart.send(check(ok, { endpoint }))
    expect(report()).toMatchObject({ state: "bad", endpoints: 4, bad: 2 })
    const patient = start({ fall: 2 })
    for (const endpoint of ["a", "b", "b"]) patient.send(check(false, { endpoint }))
    expect(health.report?.(patient.snapshot(), 0)).toMatchObject({ state: "suspect", endpoints: 2, bad: 1 })
    expect(health.retracts?.(7)).toEqual([{ type: "health.found", at: 7, verdicts: {} }])
    expect(health.layer).toBe("health")
  })
})
