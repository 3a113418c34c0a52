/** How features stand, who is held back with whom, who comes next, and what each fact makes of it: step by step. */
import { describe, expect, test } from "vitest"
import { type RecoverySettings, recoveryOptions } from "../../machines/featuring.ts"
import {
  adopted,
  begun,
  decides,
  due,
  entered,
  fallen,
  lost,
  nextDue,
  type RecoveryContext,
  settled,
} from "../../machines/recovering.ts"
import { readRecovery, reportOf, restoredRecovery, savedRecovery } from "../../machines/recoveryMemory.ts"
import { areAllFull, findingOf, freshStandings, full, named, watched } from "../../machines/returning.ts"
import { type FeatureFailed, type FeatureSettled, unbounded } from "../../machines/vocabulary/feature.ts"
import type { BreakerRestored } from "../../machines/vocabulary/signal.ts"

const settingsOf = (features: unknown, more: object = {}): RecoverySettings =>
  recoveryOptions.read({ features, retry: { base: 1000, factor: 2, max: 8000, jitter: 0 }, ...more }, "recovery", [])
const begin = (
  features: unknown = { pay: ["basket"], basket: true, search: true },
  more: object = {},
): RecoveryContext => {
  const settings = settingsOf(features, more)
  const standings = freshStandings(settings, 0)
  return {
    settings,
    seed: 7,
    at: 0,
    standings,
    draws: 0,
    bounds: unbounded,
    finding: findingOf(settings, standings, "full"),
  }
}
const step = (context: RecoveryContext, next: Partial<RecoveryContext> | undefined): RecoveryContext => ({
  ...context,
  ...next,
})
const statesOf = ({ standings }: RecoveryContext) =>
  Object.fromEntries(Object.entries(standings).map(([name, { state }]) => [name, state]))
const fails = (feature: string, at: number, counts: object = { calls: 9, failures: 5, slow: 2 }) =>
  ({ type: "feature.failed", at, feature, statistics: counts }) as FeatureFailed
const fall = (context: RecoveryContext, feature: string, at: number) =>
  step(context, fallen(context, fails(feature, at)))
const ends = (feature: string, since: number, end: FeatureSettled["end"], at = since + 1): FeatureSettled => ({
  ...{ type: "feature.settled", at, feature, since, end },
})
const end = (context: RecoveryContext, ...told: readonly FeatureSettled[]) =>
  told.reduce((one, each) => step(one, settled(one, each)), context)
const times = <A>(count: number, one: A): readonly A[] => Array.from({ length: count }, () => one)
const later = (context: RecoveryContext) => step(context, due(context))

describe("a feature that fails", () => {
  test("is held back with what needs it, for a time, and it is said why", () => {
    const down = fall(begin(), "basket", 100)
    expect(statesOf(down)).toEqual({ basket: "blocked", pay: "blocked", search: "full" })
    expect(down.bounds).toEqual({
      basket: { share: 0, retryAt: 1100, reason: 'feature "basket" is held back: 7 of 9 calls failed' },
      pay: { share: 0, retryAt: Number.NEGATIVE_INFINITY, reason: 'feature "pay" waits for "basket"' },
    })
    expect(down.finding).toEqual({
      state: "partial",
      features: { basket: "blocked", pay: "blocked", search: "full" },
      reasons: ["basket is held back: 7 of 9 calls failed", 'pay waits for "basket"'],
    })
    expect([nextDue(down), down.draws, down.at, areAllFull(down), areAllFull(begin())]).toEqual([
      1100,
      1,
      100,
      false,
      true,
    ])
  })

  test("is none where there is no such, or it is held back already", () => {
    const down = fall(begin(), "basket", 100)
    expect([fallen(down, fails("basket", 200)), fallen(down, fails("other", 200))]).toEqual([undefined, undefined])
  })

  test("is held back for longer with each time in a row, up to the longest, and as at first when the last is forgotten", () => {
    const wait = (...at: readonly number[]) => {
      let one = begin(["search"], { retry: { base: 1000, factor: 2, max: 3000, jitter: 0, memory: "1 minute" } })
      for (const when of at) {
        one = fall(one, "search", when)
        const { dueAt = 0, failures } = one.standings["search"] ?? full(0)
        if (when === at.at(-1)) return [dueAt - when, failures]
        one = later(one)
        const since = one.standings["search"]?.since ?? 0
        one = end(one, ...times(10, ends("search", since, "good")))
      }
      return []
    }
    expect([wait(100), wait(100, 5000), wait(100, 5000, 9000), wait(100, 61_101), wait(100, 61_102)]).toEqual([
      ...[
        [1000, 1],
        [2000, 2],
        [3000, 3],
        [2000, 2],
        [1000, 1],
      ],
    ])
  })

  test("and is required casts doubt on what it needs, once", () => {
    const features = { db: true, basket: ["db"], pay: { needs: ["basket"], required: true }, search: true }
    const down = fall(begin(features), "pay", 100)
    expect(statesOf(down)).toMatchObject({ db: "testing", basket: "blocked", pay: "blocked", search: "full" })
    expect(down.standings["pay"]).toMatchObject({ isDoubted: true, failures: 1, dueAt: 1100 })
    expect(down.finding.reasons).toEqual(['basket waits for "db"', "pay is held back: 7 of 9 calls failed"])
    const up = end(down, ...times(10, ends("db", 100, "good", 150)))
    expect(statesOf(up)).toMatchObject({ db: "full", basket: "testing" })
    const both = end(up, ...times(10, ends("basket", 150, "good", 200)))
    const tested = later(both)
    expect([statesOf(tested)["pay"], tested.at]).toEqual(["testing", 1100])
    const again = end(tested, ...times(10, ends("pay", 1100, "bad", 1200)))
    expect(statesOf(again)).toMatchObject({ db: "full", basket: "full", pay: "blocked" })
    expect(again.standings["pay"]).toMatchObject({ failures: 2, dueAt: 3200, isDoubted: true })
  })

  test("and is required casts doubt on what its needs need, however far, and says so of who waits for room", () => {
    const chain = { a: true, b: ["a"], c: ["b"], pay: { needs: ["c"], required: true } }
    expect(statesOf(fall(begin(chain), "pay", 100))).toEqual({
      a: "testing",
      b: "blocked",
      c: "blocked",
      pay: "blocked",
    })
    const features = { db: true, pay: { needs: ["db"], required: true }, search: true }
    const busy = fall(later(fall(begin(features), "search", 100)), "pay", 1500)
    expect(statesOf(busy)).toEqual({ db: "blocked", pay: "blocked", search: "testing" })
    expect(busy.bounds["db"]?.reason).toBe('feature "db" is needed by "pay", which failed')
  })
})

describe("a test", () => {
  const testing = () => later(fall(begin(["search"]), "search", 100))

  test("begins when the wait is over, lets a part in, and is decided in time", () => {
    const one = testing()
    expect(one.standings["search"]).toMatchObject({
      state: "testing",
      since: 1100,
      dueAt: 11_100,
      failures: 1,
      entered: 0,
    })
    expect(one.bounds["search"]).toEqual({
      ...{
        share: 0.2,
        retryAt: Number.NEGATIVE_INFINITY,
        reason: 'feature "search" is tested: 20 % of its calls enter',
      },
    })
    expect([one.finding.reasons, nextDue(one)]).toEqual([[], 11_100])
  })

  test("counts calls of its own alone, and not those that say nothing", () => {
    const one = step(testing(), entered(testing(), { feature: "search", since: 1100 }))
    expect(one.standings["search"]?.entered).toBe(1)
    expect([entered(one, { feature: "search", since: 1 }), entered(one, { feature: "toString", since: 1100 })]).toEqual(
      [{}, {}],
    )
    expect(entered(begin(["search"]), { feature: "search", since: 0 })).toEqual({})
    expect(end(one, ends("search", 1100, "ignored")).standings["search"]).toMatchObject({
      entered: 0,
      settled: 0,
      bad: 0,
    })
    expect(end(testing(), ends("search", 1100, "ignored")).standings["search"]?.entered).toBe(0)
    expect(end(one, ends("search", 1100, "bad"), ends("search", 1100, "good")).standings["search"]).toMatchObject({
      entered: 1,
      settled: 2,
      bad: 1,
    })
    expect([settled(one, ends("search", 1, "bad")), settled(one, ends("other", 1100, "bad"))]).toEqual([{}, {}])
  })

  test("is lost from half of the bad calls on that it asks for, and won when so many cannot be bad any more", () => {
    const stateAfter = (bad: number, good: number) => {
      const told = [
        ...times(bad, ends("search", 1100, "bad", 1500)),
        ...times(good, ends("search", 1100, "good", 1500)),
      ]
      return statesOf(end(testing(), ...told))["search"]
    }
    expect([
      stateAfter(4, 0),
      stateAfter(5, 0),
      stateAfter(0, 5),
      stateAfter(0, 6),
      stateAfter(4, 5),
      stateAfter(4, 6),
    ]).toEqual([...["testing", "blocked", "testing", "full", "testing", "full"]])
    const four = end(testing(), ...times(4, ends("search", 1100, "bad")))
    expect([decides(four, ends("search", 1100, "good")), decides(four, ends("search", 1100, "bad"))]).toEqual([
      false,
      true,
    ])
    const lostOne = end(four, ends("search", 1100, "bad", 1500))
    expect(lostOne.standings["search"]).toMatchObject({
      reason: "is held back: 5 of 5 calls failed",
      failures: 2,
      dueAt: 3500,
    })
    const won = end(testing(), ...times(6, ends("search", 1100, "good", 1500)))
    expect([won.standings["search"], won.finding.state]).toEqual([{ ...full(1500), failures: 1 }, "full"])
    // Whoever watches compares by reference.
    expect(won.bounds).toBe(unbounded)
  })

  test("is decided when its time is over on what there is: none were bad, or so many that still run count as bad", () => {
    const enter = (count: number) => {
      let one = testing()
      for (let call = 0; call < count; call++) one = step(one, entered(one, { feature: "search", since: 1100 }))
      return one
    }
    expect(statesOf(later(testing()))).toEqual({ search: "full" })
    const two = end(enter(3), ends("search", 1100, "good"), ends("search", 1100, "bad"))
    // One still runs: it is waited for, once, as long again.
    const overtime = later(two)
    expect([overtime.at, overtime.standings["search"]?.dueAt, overtime.standings["search"]?.isOvertime]).toEqual([
      11_100,
      21_100,
      true,
    ])
    const lostOne = later(overtime)
    expect([statesOf(lostOne)["search"], lostOne.standings["search"]?.reason]).toEqual([
      "blocked",
      "is held back: 2 of 3 calls failed",
    ])
    expect(
      statesOf(
        later(end(enter(3), ends("search", 1100, "good"), ends("search", 1100, "good"), ends("search", 1100, "bad"))),
      ),
    ).toEqual({ search: "full" })
    expect(statesOf(later(end(enter(2), ends("search", 1100, "good"), ends("search", 1100, "bad"))))).toEqual({
      search: "blocked",
    })
  })

  test("that fails after longer than failures are remembered is one more in a row", () => {
    const retry = { base: 1000, factor: 2, max: 8000, jitter: 0, memory: "1 minute" }
    const one = later(fall(begin(["search"], { testFor: "2 minutes", retry }), "search", 100))
    const late = later(later(step(one, entered(one, { feature: "search", since: 1100 }))))
    expect([late.at, late.standings["search"]?.failures, late.standings["search"]?.dueAt]).toEqual([
      ...[241_100, 2, 243_100],
    ])
  })

  test("begins when there is room: whose wait is over waits for the test of another", () => {
    const both = later(fall(fall(begin({ a: true, b: true }), "a", 100), "b", 100))
    expect([statesOf(both), nextDue(both)]).toEqual([{ a: "testing", b: "blocked" }, 11_100])
    expect(statesOf(later(both))).toEqual({ a: "full", b: "testing" })
  })

  test("whose time was over before something else came is due at once", () => {
    const late = fall(later(fall(begin({ a: true, b: true }), "a", 100)), "b", 12_000)
    expect([statesOf(late), nextDue(late)]).toEqual([{ a: "testing", b: "blocked" }, 11_100])
  })
})

describe("a service that was out", () => {
  const features = { a: true, b: ["a"], c: true, d: true }

  test("has lost all of its features, which the circuit speaks for", () => {
    const out = step(begin(features), lost(begin(features), 500))
    expect([out.bounds, out.finding.state, out.finding.reasons]).toEqual([unbounded, "outage", []])
    expect(out.standings["a"]).toEqual({ ...full(500), state: "blocked", reason: "has not come back yet" })
    expect(named(out)).toEqual({ a: { since: 500 }, b: { since: 500 }, c: { since: 500 }, d: { since: 500 } })
  })

  test("gets them back one by one, or as many at once as may be, those that others need first", () => {
    const back = (atOnce: number) => {
      const out = step(begin(features, { atOnce }), lost(begin(features, { atOnce }), 500))
      return step(out, begun(out, 600))
    }
    expect(statesOf(back(1))).toEqual({ a: "testing", b: "blocked", c: "blocked", d: "blocked" })
    expect(statesOf(back(2))).toEqual({ a: "testing", b: "blocked", c: "testing", d: "blocked" })
    const one = back(1)
    expect([one.finding.state, one.standings["c"]?.since, nextDue(one)]).toEqual(["partial", 600, 10_600])
    expect(one.finding.reasons).toEqual(['b waits for "a"', "c has not come back yet", "d has not come back yet"])
    const next = end(one, ...times(10, ends("a", 600, "good", 700)))
    expect(statesOf(next)).toEqual({ a: "full", b: "testing", c: "blocked", d: "blocked" })
  })

  test("knows nothing of other features that come meanwhile; else what stays is known still", () => {
    const out = step(begin(features), lost(begin(features), 500))
    const other = step(out, adopted(out, settingsOf({ a: true, e: true }), 800))
    expect([statesOf(other), other.finding.state, other.standings["e"]?.since]).toEqual([
      { a: "blocked", e: "blocked" },
      "outage",
      800,
    ])
    const down = fall(begin(features), "c", 100)
    const kept = step(down, adopted(down, settingsOf({ c: true, e: true }), 800))
    expect([
      statesOf(kept),
      kept.standings["c"]?.dueAt,
      kept.standings["e"]?.since,
      kept.settings.features.length,
    ]).toEqual([...[{ c: "blocked", e: "full" }, 1100, 800, 2]])
    expect(statesOf(step(down, adopted(down, settingsOf(["toString"]), 800)))).toEqual({ toString: "full" })
  })
})

test("what is watched of a feature is its failure while it is full, its test while it is tested, and nothing while it is held back", () => {
  const testing = later(fall(begin({ a: true, b: true, c: ["b"] }), "b", 100))
  const { a, b, c } = watched(testing)
  expect(a).toEqual({
    since: 0,
    watch: { kind: "sequential", watch: "usual", threshold: 20, rate: 0.5, cohort: 10, tells: "never" },
  })
  expect([b, c]).toEqual([{ since: 1100, test: 10 }, { since: 100 }])
})

test("what says the same stays the same finding", () => {
  const one = fall(begin(), "basket", 100)
  const again = findingOf(one.settings, one.standings, "partial", one.finding)
  expect(again).toBe(one.finding)
  expect(findingOf(one.settings, one.standings, "partial")).toEqual(one.finding)
  expect(findingOf(one.settings, one.standings, "outage", one.finding)).toEqual({
    ...one.finding,
    state: "outage",
    reasons: [],
  })
})

describe("how features stand is told, and saved", () => {
  const mixed = () => later(fall(fall(begin({ a: true, b: true, c: ["b"], d: true }), "b", 100), "d", 700))

  test("each with why it is not full and when that is over", () => {
    expect(reportOf(mixed(), 1500)).toEqual({
      state: "partial",
      features: {
        a: { state: "full", failures: 0 },
        b: { state: "testing", failures: 1, reason: "is tested: 20 % of its calls enter", dueInMs: 9600 },
        c: { state: "blocked", failures: 0, reason: 'waits for "b"' },
        d: { state: "blocked", failures: 1, reason: "is held back: 7 of 9 calls failed", dueInMs: 200 },
      },
    })
    expect(reportOf(mixed(), 9999).features["d"]?.dueInMs).toBe(0)
  })

  test("those that are not full, with what is left of their wait, unless all are or none", () => {
    expect(savedRecovery(mixed(), 1500)).toEqual({
      features: {
        b: { state: "testing", reason: "is tested: 20 % of its calls enter", failures: 1, isDoubted: false },
        c: { state: "blocked", reason: 'waits for "b"', failures: 0, isDoubted: false },
        d: {
          state: "blocked",
          reason: "is held back: 7 of 9 calls failed",
          failures: 1,
          isDoubted: false,
          remainingMs: 200,
        },
      },
    })
    expect(savedRecovery(mixed(), 9999)?.features["d"]?.remainingMs).toBe(0)
    expect(savedRecovery(begin(), 0)).toBeUndefined()
    expect(savedRecovery(step(begin(), lost(begin(), 5)), 9)).toBeUndefined()
  })

  test("and is taken up again some time later", () => {
    const saved = savedRecovery(mixed(), 1500)
    const fresh = begin({ a: true, b: true, c: ["b"], d: true, e: true })
    const take = (elapsedMs: number, recovery: unknown = saved) =>
      step(fresh, restoredRecovery(fresh, { parts: { recovery }, at: 50_000, elapsedMs } as unknown as BreakerRestored))
    const again = take(150)
    expect(statesOf(again)).toEqual({ a: "full", b: "testing", c: "blocked", d: "blocked", e: "full" })
    expect(again.standings["b"]).toMatchObject({ since: 50_000, dueAt: 60_000, failures: 1, isDoubted: false })
    expect([again.standings["d"]?.dueAt, again.standings["c"]?.dueAt, again.standings["a"]?.since]).toEqual([
      50_050,
      undefined,
      50_000,
    ])
    expect([take(900).standings["d"]?.dueAt, again.finding.state, again.at]).toEqual([50_000, "partial", 50_000])
    // Who was tested goes on before whose wait is over now.
    const two = { a: { priority: "high" }, b: true }
    const held = fall(later(fall(begin(two), "b", 100)), "a", 700)
    const parts = { recovery: savedRecovery(held, 1500) }
    const told = { parts, at: 50_000, elapsedMs: 900 } as unknown as BreakerRestored
    expect(statesOf(step(begin(two), restoredRecovery(begin(two), told)))).toEqual({ a: "blocked", b: "testing" })
  })

  test("and is read only if it can be that", () => {
    const one = { state: "blocked", reason: "it failed", failures: 1, remainingMs: 5, isDoubted: false }
    const read = (feature: object) => readRecovery({ features: { pay: { ...one, ...feature } } })
    expect(read({})).toEqual({ features: { pay: one } })
    for (const fine of [
      { state: "testing" },
      { remainingMs: undefined },
      { remainingMs: 86_400_000 },
      { failures: 1_000_000 },
      { reason: "r".repeat(1000) },
    ])
      expect(read(fine)).toBeDefined()
    const wrong: readonly object[] = [
      ...[
        { state: "full" },
        { reason: 7 },
        { reason: ["it failed"] },
        { reason: "r".repeat(1001) },
        { failures: -1 },
        { failures: 1_000_001 },
        { failures: "1" },
      ],
      ...[
        { remainingMs: 86_400_001 },
        { remainingMs: -1 },
        { remainingMs: "5" },
        { isDoubted: undefined },
        { isDoubted: 1 },
      ],
    ]
    for (const each of wrong) expect(read(each)).toBeUndefined()
    expect(readRecovery({ features: {} })).toEqual({ features: {} })
    for (const none of [
      null,
      undefined,
      7,
      {},
      { features: null },
      { features: [] },
      { features: 7 },
      { features: { pay: null } },
      { features: { pay: 7 } },
      { features: { pay: undefined } },
    ])
      expect(readRecovery(none)).toBeUndefined()
  })
})
