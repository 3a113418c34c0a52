import { describe, expect, test } from "vitest"
import { type AnyStateMachine, createActor } from "xstate"
import { recovery } from "../../machines/components/recovery.ts"
import type { RecoveryContext } from "../../machines/recovering.ts"
import type { FeatureStanding } from "../../machines/returning.ts"
import { boundOf, lineOfFeature } from "../../machines/vocabulary/feature.ts"
import { type Chart, problemsOf, restored, saveOf, settingsOf, startChart } from "../support/charts.ts"
import fc from "../support/property.ts"

const shop = {
  features: {
    checkout: { required: true, needs: ["payments"] },
    payments: true,
    refund: ["payments"],
    search: { priority: "high" },
    tips: { needs: ["search"], priority: "bulk" },
  },
  retry: { base: "5 seconds", factor: 2, max: "20 seconds", jitter: 0 },
} as const

const start = (options: unknown = shop): Chart => startChart(recovery, { options })
const contextOf = (chart: Chart) => chart.context<RecoveryContext>()
const standing = (chart: Chart, name: string) => contextOf(chart).standings[name] as FeatureStanding
const states = (chart: Chart) =>
  Object.fromEntries(Object.entries(contextOf(chart).standings).map(([name, { state }]) => [name, state]))
const stateOf = (chart: Chart) => (chart.snapshot() as { readonly value?: unknown }).value
const shareOf = (chart: Chart, name: string) => boundOf(chart.advice().demand.features ?? {}, name)?.share ?? 1

const move = (chart: Chart, to: "closed" | "degraded" | "open" | "halfOpen" | "ramping") =>
  chart.send({
    type: "circuit.moved",
    breaker: "shop",
    from: "closed",
    to,
    epoch: 1,
    reason: "",
    rule: "",
    statistics: undefined,
  })

/** An outage, and the service back. */
function comeBack(chart: Chart): void {
  move(chart, "open")
  move(chart, "halfOpen")
  move(chart, "closed")
}

function end(chart: Chart, feature: string, how: "good" | "bad" | "ignored", calls = 1): void {
  for (let call = 0; call < calls; call++) {
    const { since } = standing(chart, feature)
    chart.send({ type: "feature.entered", feature, since })
    chart.send({ type: "feature.settled", feature, since, end: how })
  }
}
const fail = (chart: Chart, feature: string) =>
  chart.send({ type: "feature.failed", feature, statistics: { calls: 9, failures: 9, slow: 0 } })

const returned = (options: unknown): string[] =>
  (settingsOf(recovery, options) as { features: { name: string }[] }).features.map(({ name }) => name)

describe("recovery", () => {
  test("recovery law 1: what is needed comes back first, then what is required, then what matters most", () => {
    expect(returned(shop)).toEqual(["payments", "checkout", "search", "refund", "tips"])
    const chart = start()
    comeBack(chart)
    const order: string[] = []
    for (let round = 0; round < 5; round++) {
      const tested = Object.entries(states(chart)).filter(([, state]) => state === "testing")
      expect(tested).toHaveLength(1)
      const name = tested[0]?.[0] ?? ""
      order.push(name)
      end(chart, name, "good", 10)
    }
    expect(order).toEqual(["payments", "checkout", "search", "refund", "tips"])
    expect(stateOf(chart)).toBe("full")
    expect(chart.advice().demand).toEqual({})
  })

  test("recovery law 2: decided on its own calls alone, and on no fewer than asked for unless they could change nothing", () => {
    const chart = start({ features: ["pay"], minimumSamples: 10, failureRatio: 0.5 })
    comeBack(chart)
    end(chart, "pay", "bad", 4)
    end(chart, "pay", "ignored", 100)
    end(chart, "pay", "good", 5)
    expect(standing(chart, "pay")).toMatchObject({ state: "testing", entered: 9, settled: 9, bad: 4 })
    end(chart, "pay", "good")
    expect(standing(chart, "pay").state).toBe("full")

    comeBack(chart)
    end(chart, "pay", "bad", 4)
    expect(standing(chart, "pay").state).toBe("testing")
    end(chart, "pay", "bad")
    expect(standing(chart, "pay")).toMatchObject({ state: "blocked", reason: "is held back: 5 of 5 calls failed" })
  })

  test("recovery law 2: what is told of an earlier test decides nothing", () => {
    const chart = start({ features: ["pay"], minimumSamples: 2 })
    comeBack(chart)
    const { since } = standing(chart, "pay")
    chart.clock.advance(1000)
    comeBack(chart)
    for (let call = 0; call < 9; call++)
      chart.send({ type: "feature.settled", feature: "pay", since: since - 1, end: "bad" })
    chart.send({ type: "feature.settled", feature: "nobody's", since, end: "bad" })
    expect(standing(chart, "pay")).toMatchObject({ state: "testing", settled: 0 })
  })

  test("recovery law 2: when the time is over it is decided on what there is; calls that run are waited for, once", async () => {
    const chart = start({ features: ["pay"], testFor: "10 seconds" })
    comeBack(chart)
    const { since } = standing(chart, "pay")
    chart.send({ type: "feature.entered", feature: "pay", since })
    await chart.clock.advance("10 seconds")
    expect(standing(chart, "pay").state).toBe("testing")
    await chart.clock.advance("9999 millis")
    expect(standing(chart, "pay").state).toBe("testing")
    await chart.clock.advance("1 millis")
    expect(standing(chart, "pay")).toMatchObject({ state: "blocked", reason: "is held back: 1 of 1 calls failed" })
  })

  test("recovery law 3: without any traffic every feature comes back, one test after the other", async () => {
    const chart = start()
    comeBack(chart)
    await chart.clock.advance("50 seconds")
    expect(stateOf(chart)).toBe("full")
  })

  test("recovery law 4: waits grow with each failure in a row, up to the longest, and are forgotten", async () => {
    const chart = start()
    const waits: number[] = []
    fail(chart, "search")
    for (let failure = 0; failure < 4; failure++) {
      const { dueAt = 0, since } = standing(chart, "search")
      waits.push(dueAt - since)
      expect(states(chart)).toMatchObject({ search: "blocked", tips: "blocked", checkout: "full" })
      await chart.clock.advance(dueAt - chart.clock.now())
      expect(states(chart)).toMatchObject({ search: "testing", tips: "blocked" })
      end(chart, "search", "bad", 5)
    }
    expect(waits).toEqual([5000, 10_000, 20_000, 20_000])
    await chart.clock.advance("30 seconds")
    end(chart, "search", "good", 10)
    await chart.clock.advance("61 seconds")
    fail(chart, "search")
    expect(standing(chart, "search")).toMatchObject({ failures: 1 })
  })

  test("recovery law 5: a required feature that fails has what it needs tested again, with what needs that, and once", async () => {
    const chart = start()
    fail(chart, "checkout")
    expect(states(chart)).toEqual({
      payments: "testing",
      checkout: "blocked",
      search: "full",
      refund: "blocked",
      tips: "full",
    })
    end(chart, "payments", "good", 10)
    expect(states(chart)).toMatchObject({ payments: "full", refund: "testing", checkout: "blocked" })
    end(chart, "refund", "good", 10)
    await chart.clock.advance("5 seconds")
    expect(states(chart)).toMatchObject({ checkout: "testing" })
    end(chart, "checkout", "bad", 5)
    // What it needs has just gone well: it is to blame itself.
    expect(states(chart)).toMatchObject({ payments: "full", refund: "full", checkout: "blocked" })
  })

  test("recovery law 6: while the circuit is open or half-open nothing is held back here", () => {
    const chart = start()
    fail(chart, "search")
    for (const circuit of ["open", "halfOpen"] as const) {
      move(chart, circuit)
      expect(stateOf(chart)).toBe("outage")
      expect(chart.advice().demand).toEqual({})
      expect(Object.keys(chart.advice().lines.features ?? {}).sort()).toEqual(Object.keys(shop.features).sort())
    }
    move(chart, "ramping")
    expect(states(chart)).toMatchObject({ payments: "testing", search: "blocked" })
    move(chart, "closed")
    expect(states(chart)).toMatchObject({ payments: "testing", search: "blocked" })
  })

  test("recovery law 6: started in an outage it waits for its end", () => {
    const settings = settingsOf(recovery, { features: ["pay"] })
    const actor = createActor(recovery.chart as AnyStateMachine, {
      input: { settings, seed: 1, at: 5, circuit: "open" },
    })
    expect(actor.start().getSnapshot()).toMatchObject({ value: "outage" })
    actor.send({ type: "circuit.moved", at: 9, from: "halfOpen", to: "closed" })
    const { value, context } = actor.getSnapshot() as { value: unknown; context: RecoveryContext }
    expect([value, context.standings["pay"]?.state]).toEqual(["partial", "testing"])
    actor.stop()
  })

  test("recovery law 7: restored, features stand as they did, and waits are shorter by the time that has passed", async () => {
    const before = start()
    fail(before, "search")
    fail(before, "refund")
    await before.clock.advance("2 seconds")
    const saved: unknown = JSON.parse(JSON.stringify(saveOf(recovery, before)))

    const after = start()
    after.send(restored({ recovery: saved }, 1000))
    expect(states(after)).toEqual(states(before))
    expect(standing(after, "search").dueAt).toBe(after.clock.now() + 2000)
    await after.clock.advance("2 seconds")
    expect(states(after)).toMatchObject({ search: "testing", tips: "blocked" })
  })

  test("recovery law 8: other options keep what is known of the features that stay", () => {
    const chart = start()
    fail(chart, "search")
    const { dueAt } = standing(chart, "search")
    const settings = settingsOf(recovery, { features: { search: true, offers: ["search"], refund: true } })
    chart.send({ type: "settings.changed", settings })
    expect(states(chart)).toEqual({ search: "blocked", offers: "blocked", refund: "full" })
    expect(standing(chart, "search").dueAt).toBe(dueAt)
  })

  test.each([
    ["a cycle", { a: ["b"], b: ["c"], c: ["a"] }, /must not form a cycle: a needs b needs c needs a/],
    ["itself", { a: ["a"] }, /must not form a cycle: a needs a/],
    ["what there is not", { a: ["b"] }, /must be a feature; known: a/],
    ["no name", { "": true }, /must be named by 1 to 200 characters/],
    [
      "too many",
      Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`f${n}`, true])),
      /must not be more than 100/,
    ],
    ["a number", { a: 5 }, /must be a plain object/],
    ["needs that are no list", { a: { needs: "b" }, b: true }, /must be a list of names of features/],
    ["needs without a name", { a: [""] }, /must be a list of names of features/],
    ["a priority that is none", { a: { priority: "urgent" } }, /must be one of critical, high, normal, low, bulk/],
    ["what is no list of them", 5, /must be a plain object/],
  ])("refuses %s among features, and says what is wrong", (_what, features, rule) => {
    const problems = problemsOf(recovery, { features })
    expect(problems.map((problem) => problem.rule).join("\n")).toMatch(rule)
  })
})

const names = ["a", "b", "c", "d", "e"] as const
const graphs = fc.tuple(
  fc.array(
    fc.record({
      required: fc.boolean(),
      priority: fc.constantFrom("critical" as const, "normal" as const, "bulk" as const),
      needs: fc.array(fc.nat(4), { maxLength: 3 }),
      minimumSamples: fc.constantFrom(1, 3, 10),
    }),
    { minLength: 5, maxLength: 5 },
  ),
  fc.integer({ min: 1, max: 3 }),
)
/** Whoever stands later may need those before: no cycles. */
const optionsOf = ([features, atOnce]: typeof graphs extends fc.Arbitrary<infer T> ? T : never) => ({
  atOnce,
  features: Object.fromEntries(
    features.map(({ needs, ...one }, index) => [
      names[index],
      { ...one, needs: needs.filter((need) => need < index).map((need) => names[need] as string) },
    ]),
  ),
})
const facts = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant("end" as const),
      fc.constantFrom(...names),
      fc.constantFrom("good" as const, "bad" as const, "ignored" as const),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant("hang" as const), fc.constantFrom(...names), fc.constant("bad" as const)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constant("fall" as const), fc.constantFrom(...names), fc.constant("bad" as const)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constant("wait" as const), fc.constantFrom(100, 6000, 70_000), fc.constant("bad" as const)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant("move" as const),
      fc.constantFrom("open" as const, "halfOpen" as const, "ramping" as const, "closed" as const),
      fc.constant("bad" as const),
    ),
  },
)

/** Of waits that are over it does not matter since when. */
const demanded = (chart: Chart) =>
  Object.entries(chart.advice().demand.features ?? {}).map(([name, bound]) => [
    name,
    { ...bound, retryAt: Math.max(bound.retryAt, chart.clock.now()) },
  ])

describe("recovery, whatever happens", () => {
  const lawful = (chart: Chart) => {
    const { settings, standings } = contextOf(chart)
    const tests = Object.values(standings).filter(({ state }) => state === "testing")
    if (stateOf(chart) === "outage") return expect(chart.advice().demand).toEqual({})
    expect(tests.length).toBeLessThanOrEqual(settings.atOnce)
    for (const { name, needs, testShare, minimumSamples } of settings.features) {
      const { state, dueAt } = standings[name] as FeatureStanding
      const missing = needs.filter((need) => standings[need]?.state !== "full")
      if (missing.length > 0) expect(state, `${name} needs ${missing}`).toBe("blocked")
      expect(shareOf(chart, name)).toBe({ full: 1, testing: testShare, blocked: 0 }[state])
      const line = lineOfFeature(chart.advice().lines.features, name)
      expect(line?.test).toBe(state === "testing" ? minimumSamples : undefined)
      expect(line?.watch !== undefined).toBe(state === "full")
      // Who could be tested now waits only for room.
      const isNext = state === "blocked" && missing.length === 0 && (dueAt ?? 0) <= chart.clock.now()
      if (isNext) expect(tests.length).toBe(settings.atOnce)
    }
  }

  test("recovery laws 1 and 3: no dependent enters before what it needs is back, and without traffic all of them come back", () => {
    let came = 0
    return fc
      .assert(
        fc.asyncProperty(graphs, fc.array(facts, { maxLength: 40 }), async (graph, walk) => {
          const chart = start(optionsOf(graph))
          for (const [what, which, how] of walk) {
            if (what === "wait") await chart.clock.advance(which)
            else if (what === "move") move(chart, which)
            else if (what === "fall") fail(chart, which)
            else if (what === "hang")
              chart.send({ type: "feature.entered", feature: which, since: standing(chart, which).since })
            else end(chart, which, how)
            lawful(chart)
          }
          if (stateOf(chart) === "outage") move(chart, "closed")
          if (stateOf(chart) === "partial") came++
          // Each feature may have a wait, a test and its overtime before it fails or is back; a required one may call for another round.
          await chart.clock.advance(2 * 5 * (60_000 + 20_000) * 4)
          expect(stateOf(chart)).toBe("full")
        }),
        { seed: 41, numRuns: 300 },
      )
      .then(() => expect(came).toBeGreaterThan(50))
  }, 60_000)

  test("recovery law 7: what is saved of any state and restored at once stands, demands and is saved alike", () => {
    return fc.assert(
      fc.asyncProperty(graphs, fc.array(facts, { maxLength: 30 }), async (graph, walk) => {
        const before = start(optionsOf(graph))
        for (const [what, which, how] of walk) {
          if (what === "wait") await before.clock.advance(which)
          else if (what === "fall") fail(before, which)
          else if (what === "end") end(before, which, how)
        }
        const saved: unknown = saveOf(recovery, before)
        if (saved === undefined) return
        const after = startChart(recovery, { options: optionsOf(graph), clock: before.clock })
        after.send(restored({ recovery: JSON.parse(JSON.stringify(saved)) }))
        expect(states(after)).toEqual(states(before))
        expect(demanded(after)).toEqual(demanded(before))
        expect(saveOf(recovery, after)).toEqual(saved)
      }),
      { seed: 43, numRuns: 300 },
    )
  })
})

describe("what was saved of features, and is none of it", () => {
  const held = { state: "blocked", reason: "is held back", failures: 1, isDoubted: false }
  test.each([
    ["what is no object", { pay: null }],
    ["a text", { pay: "blocked" }],
    ["a state that is none", { pay: { ...held, state: "full" } }],
    ["a reason that is none", { pay: { ...held, reason: 5 } }],
    ["failures below none", { pay: { ...held, failures: -1 } }],
    ["a wait of more than a day", { pay: { ...held, remainingMs: 86_400_001 } }],
    ["one that can be, and one that cannot", { pay: held, refund: 5 }],
  ])("cannot be taken up: %s", (_what, features) => {
    const settings = settingsOf(recovery, { features: ["pay", "refund"] }) as never
    expect(
      recovery.canRestore?.({ features: { pay: held, refund: { ...held, remainingMs: 86_400_000 } } }, settings),
    ).toBe(true)
    expect(recovery.canRestore?.({ features }, settings)).toBe(false)
  })
})

describe("recovery and its clock", () => {
  const two = {
    features: { pay: true, search: true },
    ...{ testFor: "10 seconds", retry: { base: "5 seconds", jitter: 0 } },
  } as const

  test("recovery law 2: calls that decide nothing, and failures of what is not full, do not put off the end of a test", async () => {
    const chart = start({ ...two, atOnce: 2 })
    comeBack(chart)
    for (let second = 0; second < 9; second++) {
      await chart.clock.advance("1 second")
      end(chart, "pay", "ignored")
      fail(chart, "pay")
      fail(chart, "nobody's")
      chart.send({ type: "feature.settled", feature: "search", since: -1, end: "bad" })
    }
    await chart.clock.advance(999)
    expect(states(chart)).toEqual({ pay: "testing", search: "testing" })
    await chart.clock.advance(1)
    expect(states(chart)).toEqual({ pay: "full", search: "full" })
    expect(stateOf(chart)).toBe("full")
    fail(chart, "nobody's")
    expect(stateOf(chart)).toBe("full")
  })

  test("recovery law 4: one that fails while another is held back waits for its own time", async () => {
    const chart = start({ ...two, features: { pay: { retry: { base: "20 seconds", jitter: 0 } }, search: true } })
    fail(chart, "pay")
    await chart.clock.advance("1 second")
    fail(chart, "search")
    expect(states(chart)).toEqual({ pay: "blocked", search: "blocked" })
    await chart.clock.advance(4999)
    expect(states(chart)).toEqual({ pay: "blocked", search: "blocked" })
    await chart.clock.advance(1)
    expect(states(chart)).toEqual({ pay: "blocked", search: "testing" })
  })

  test("recovery law 8: of features that are gone nothing is due any more, and of those that stay at their own time", async () => {
    const chart = start(two)
    fail(chart, "pay")
    await chart.clock.advance("1 second")
    fail(chart, "search")
    chart.send({ type: "settings.changed", settings: settingsOf(recovery, { ...two, features: { search: true } }) })
    expect(states(chart)).toEqual({ search: "blocked" })
    await chart.clock.advance(4999)
    expect(states(chart)).toEqual({ search: "blocked" })
    await chart.clock.advance(1)
    expect(states(chart)).toEqual({ search: "testing" })
  })

  test("recovery laws 6 and 8: other features of a service that is out come back with it", () => {
    const chart = start(two)
    move(chart, "open")
    chart.send({ type: "settings.changed", settings: settingsOf(recovery, { ...two, features: { offers: true } }) })
    expect([stateOf(chart), chart.advice().demand, states(chart)]).toEqual(["outage", {}, { offers: "blocked" }])
    move(chart, "closed")
    expect([stateOf(chart), states(chart)]).toEqual(["partial", { offers: "testing" }])
  })

  test("recovery law 7: what is no word of its own restores nothing", () => {
    const chart = start(two)
    fail(chart, "search")
    const before = contextOf(chart)
    for (const parts of [{}, { recovery: null }, { recovery: { features: { pay: 5 } } }]) chart.send(restored(parts))
    expect(contextOf(chart)).toBe(before)
    expect(recovery.canRestore?.(undefined, settingsOf(recovery, two) as never)).toBe(false)
  })
})

describe("what recovery says", () => {
  const says = (chart: Chart) => [
    recovery.reason?.(chart.snapshot()),
    recovery.tells?.(chart.snapshot(), 7),
    recovery.finding?.(chart.snapshot()),
  ]

  test("is how features stand, and of those that are held back why", () => {
    const chart = start({ features: { pay: true, refund: ["pay"] } })
    const features = (pay: string, refund: string) => ({ pay, refund })
    expect(says(chart)).toEqual([
      ...["", [{ type: "features.changed", at: 7, state: "full" }]],
      { state: "full", features: features("full", "full"), reasons: [] },
    ])
    fail(chart, "pay")
    expect(says(chart)).toEqual([
      ...['feature "pay" is held back: 9 of 9 calls failed', [{ type: "features.changed", at: 7, state: "partial" }]],
      {
        ...{ state: "partial", features: features("blocked", "blocked") },
        reasons: ["pay is held back: 9 of 9 calls failed", 'refund waits for "pay"'],
      },
    ])
    move(chart, "open")
    expect(says(chart)).toEqual([
      ...["", [{ type: "features.changed", at: 7, state: "outage" }]],
      { state: "outage", features: features("blocked", "blocked"), reasons: [] },
    ])
  })

  test("is taken back when it is gone for good, and refuses as features do", () => {
    expect(recovery.retracts?.(7)).toEqual([{ type: "features.changed", at: 7, state: "full" }])
    expect(recovery.layer).toBe("feature")
  })
})

test.each(["open", "halfOpen"] as const)(
  "recovery law 6: one that starts while the circuit is %s waits for its end, and is whole after it",
  async (circuit) => {
    const settings = settingsOf(recovery, { features: ["pay"], minimumSamples: 1 })
    const actor = createActor(recovery.chart as AnyStateMachine, { input: { settings, seed: 1, at: 5, circuit } })
    expect(actor.start().getSnapshot()).toMatchObject({ value: "outage" })
    actor.send({ type: "circuit.moved", at: 9, from: circuit, to: "ramping" })
    const { since } = (actor.getSnapshot().context as RecoveryContext).standings["pay"] as FeatureStanding
    actor.send({ type: "feature.entered", at: 10, feature: "pay", since })
    actor.send({ type: "feature.settled", at: 11, feature: "pay", since, end: "good" })
    expect(actor.getSnapshot()).toMatchObject({ value: "full" })
    actor.stop()
  },
)

test("recovery law 3: where nothing is due no timer is set for a time that never comes, which a host's own clock would end at once", async () => {
  const warnings: string[] = []
  const note = (warning: Error) => void warnings.push(warning.name)
  process.on("warning", note)
  const settings = settingsOf(recovery, { features: ["pay"] })
  const actor = createActor(recovery.chart as AnyStateMachine, {
    input: { settings, seed: 1, at: 0, circuit: "closed" },
  })
  actor.start().send({ type: "settings.changed", at: 1, settings })
  expect(actor.getSnapshot()).toMatchObject({ value: "full" })
  actor.stop()
  await new Promise((resolve) => setImmediate(resolve))
  process.off("warning", note)
  expect(warnings).toEqual([])
})
