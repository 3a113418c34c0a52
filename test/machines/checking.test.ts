/** What `health` makes of checks and of calls, step by step. */
import { describe, expect, test } from "vitest"
import {
  checked,
  expired,
  expiryOf,
  freshHealth,
  type HealthContext,
  isTelling,
  movedWith,
  observed,
  pruned,
} from "../../machines/checking.ts"
import { type HealthSettings, healthOptions } from "../../machines/healthOptions.ts"
import type { Circuit } from "../../machines/vocabulary/circuit.ts"
import type { CheckSettled } from "../../machines/vocabulary/health.ts"
import type { CircuitMoved, SliceClosed } from "../../machines/vocabulary/signal.ts"

const begin = (options: object = {}): HealthContext =>
  freshHealth({ settings: healthOptions.read(options, "health", []), circuit: "closed" } as never)
const check = (ok: boolean, more: Partial<CheckSettled> = {}): CheckSettled => ({
  ...{ type: "check.settled", at: 5, epoch: 0, ok, reason: ok ? "" : "status 503" },
  ...more,
})
const second = (success: number, more: object = {}, at = 5): SliceClosed =>
  ({
    ...{ type: "slice.closed", at },
    slice: { startedAt: at - 1000, success, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0, ...more },
  }) as unknown as SliceClosed
const moved = (to: Circuit, epoch: number): CircuitMoved => ({ type: "circuit.moved", to, epoch }) as CircuitMoved
const heard = (from: HealthContext, ...checks: readonly CheckSettled[]): HealthContext => checks.reduce(checked, from)
const at = (endpoint: string, ok: boolean, reason?: string) =>
  check(ok, { endpoint, ...(reason !== undefined && { reason }) })

test("nothing is known at first", () => {
  const fresh = begin()
  expect(fresh.finding).toEqual({ health: "unknown", reasons: [], endpoints: {}, probe: undefined })
  expect([fresh.epoch, fresh.hasSeenWell, fresh.isWitness, fresh.circuit]).toEqual([-1, false, false, "closed"])
})

describe("checks of endpoints", () => {
  test("find each as it is, and together the service bad only where all are", () => {
    const all = (...states: readonly ("good" | "suspect" | "bad")[]) =>
      states.reduce((context, state, index) => {
        const fails = { good: 0, suspect: 1, bad: 3 }[state]
        return heard(context, at(`e${index}`, true), ...Array.from({ length: fails }, () => at(`e${index}`, false)))
      }, begin()).finding
    expect([all("good", "good").health, all("bad", "bad").health]).toEqual(["healthy", "bad"])
    expect([all("bad", "good").health, all("suspect", "good").health]).toEqual(["suspect", "suspect"])
    expect(all("bad", "good", "suspect")).toMatchObject({
      endpoints: { e0: "bad", e2: "suspect" },
      reasons: ["e0: status 503", "e2: status 503"],
    })
  })

  test("that say what was said before are no news", () => {
    const well = heard(begin(), at("a", true))
    expect(heard(well, at("a", true))).toBe(well)
    const bad = heard(begin(), at("a", false), at("a", false), at("a", false))
    expect(heard(bad, at("a", false))).toBe(bad)
    // For another reason it is, and so is one that passes, or fails after one has passed.
    const other = heard(bad, at("a", false, "status 500"))
    expect(other.finding.reasons).toEqual(["a: status 500"])
    const passing = heard(bad, at("a", true))
    expect(passing.endpoints["a"]).toMatchObject({ state: "bad", passed: 1, reason: "status 503" })
    expect(heard(passing, at("a", false)).endpoints["a"]).toMatchObject({ state: "bad", passed: 0, failed: 1 })
    const suspect = heard(begin(), at("a", false))
    expect(heard(suspect, at("a", false)).endpoints["a"]?.failed).toBe(2)
    expect(heard(suspect, at("a", true)).endpoints["a"]).toMatchObject({ state: "healthy", failed: 0, reason: "" })
  })

  test("that come together build on each other, and what they find alike stays the same finding", () => {
    const three = check(false, {
      endpoint: "a",
      more: [1, 2].map(() => ({ endpoint: "a", ok: false, reason: "gone" })),
    })
    expect(checked(begin(), three).finding).toMatchObject({ endpoints: { a: "bad" }, reasons: ["a: gone"] })
    const one = heard(begin(), at("a", false))
    const two = heard(one, at("a", false))
    expect(two).not.toBe(one)
    expect(two.finding).toBe(one.finding)
    expect(heard(begin(), at("toString", true)).endpoints).toHaveProperty("toString")
  })

  test("expire what calls have said, once that is old, though they say nothing new themselves", () => {
    const bad = observed(begin({ fall: 1 }), second(0, { failure: 20 }))
    const known = heard(bad, at("a", true))
    expect(known.finding.health).toBe("bad")
    expect(heard(known, { ...at("a", true), at: 5 + 69_999 })).toBe(known)
    expect(heard(known, { ...at("a", true), at: 5 + 70_000 }).finding).toMatchObject({ health: "healthy", reasons: [] })
  })

  test("are forgotten with what is checked no longer", () => {
    const known = heard(begin(), at("a", false), at("b", false), check(false))
    expect(pruned(known, { type: "checks.changed", at: 9, endpoints: ["b", "c"] }).finding).toMatchObject({
      endpoints: { b: "suspect" },
      reasons: ["b: status 503"],
    })
    expect(pruned(known, { type: "checks.changed", at: 9 }).finding).toMatchObject({
      endpoints: {},
      reasons: ["check: status 503"],
    })
    expect(expired(known).finding).toEqual(begin().finding)
  })
})

describe("the worst that is said", () => {
  test("is what holds; what is unknown is no worse than what is well", () => {
    const well = heard(begin(), check(true))
    expect(well.finding.health).toBe("healthy")
    expect(heard(well, at("a", false)).finding.health).toBe("suspect")
    expect(observed(well, second(0, { failure: 20 })).finding).toMatchObject({
      health: "suspect",
      reasons: ["calls: 100 % of 20 calls in a second were bad"],
    })
  })

  test("names ten reasons and how many more there are", () => {
    const many = (count: number) =>
      heard(begin(), ...Array.from({ length: count }, (_, index) => at(`e${index}`, false))).finding.reasons
    expect([many(10).length, many(10).at(-1), many(11).length, many(11).at(-1), many(13).at(-1)]).toEqual([
      ...[10, "e9: status 503", 11, "1 more", "3 more"],
    ])
  })
})

describe("a check that stands for a probe", () => {
  const witness = heard(begin(), check(true), check(false))
  const halfOpen = movedWith(witness, moved("halfOpen", 4))

  test("has seen the service well, and ill since", () => {
    expect(
      [begin(), heard(begin(), check(true)), heard(begin(), check(false)), witness].map(({ isWitness }) => isWitness),
    ).toEqual([...[false, false, false, true]])
    expect(heard(begin(), check(false), check(false)).hasSeenWell).toBe(false)
    expect(heard(witness, check(true)).isWitness).toBe(true)
    const stranger = movedWith(heard(begin(), check(false)), moved("halfOpen", 4))
    expect(heard(stranger, check(true, { epoch: 4 })).finding.probe).toBeUndefined()
  })

  test("is of the epoch in which the circuit is half-open, and each is one", () => {
    expect(heard(halfOpen, check(true, { epoch: 4 })).finding.probe).toEqual({ epoch: 4, ok: true })
    expect(heard(halfOpen, check(false, { epoch: 4 })).finding.probe).toEqual({ epoch: 4, ok: false })
    expect(heard(halfOpen, check(true, { epoch: 3 })).finding.probe).toBeUndefined()
    expect(heard(movedWith(witness, moved("open", 4)), check(true, { epoch: 4 })).finding.probe).toBeUndefined()
    const patient = movedWith(heard(begin({ fall: 9 }), check(true), check(false)), moved("halfOpen", 4))
    const one = heard(patient, check(false, { epoch: 4 }))
    const two = heard(one, check(false, { epoch: 4 }))
    expect([two.finding === one.finding, two.finding]).toEqual([false, one.finding])
  })

  test("is none any more once the circuit has closed", () => {
    expect([movedWith(witness, moved("closed", 5)).isWitness, halfOpen.isWitness, halfOpen.epoch]).toEqual([
      false,
      true,
      4,
    ])
  })
})

describe("a second of calls", () => {
  test("is bad from half of them on, by failures or by slowness, and as many as say something", () => {
    const bad = (success: number, more: object) => observed(begin(), second(success, more)).calls.failed
    expect([bad(11, { failure: 9 }), bad(10, { failure: 10 }), bad(10, { failure: 4, timedOut: 6 })]).toEqual([0, 1, 1])
    expect([
      bad(20, { slow: 9 }),
      bad(20, { slow: 10 }),
      bad(15, { failure: 5, slow: 10 }),
      bad(4, { failure: 6, slow: 50 }),
    ]).toEqual([...[0, 1, 1, 1]])
    expect(observed(begin({ fall: 1 }), second(4, { failure: 6, slow: 50 })).finding.reasons).toEqual([
      "calls: 100 % of 10 calls in a second were bad",
    ])
    expect([bad(0, { failure: 9 }), bad(0, { failure: 10 })]).toEqual([0, 1])
    expect(observed(begin({ passive: { minimumCalls: 3, ratio: 0.1 } }), second(9, { failure: 1 })).calls.failed).toBe(
      1,
    )
    expect(observed(begin(), second(3, { failure: 7, ignored: 50 })).finding.reasons).toEqual([
      "calls: 70 % of 10 calls in a second were bad",
    ])
  })

  test("that is well says nothing against them", () => {
    const well = observed(begin(), second(20))
    expect([well.calls, well.finding.reasons, well.finding.health]).toEqual([
      ...[{ state: "healthy", passed: 1, failed: 0, reason: "", at: 5 }, [], "healthy"],
    ])
  })

  test("is heeded by nobody where that is said", () => {
    const deaf = begin({ passive: false })
    expect([observed(deaf, second(0, { failure: 50 })), isTelling(deaf, second(0, { failure: 50 }))]).toEqual([
      deaf,
      false,
    ])
  })

  test("with few calls adds to the next, but only while calls are what is bad", () => {
    const bad = observed(begin({ fall: 1, rise: 1 }), second(0, { failure: 20 }))
    const some = observed(bad, second(2, { failure: 4 }))
    expect([some.trickle, some.calls, isTelling(some, second(3)), isTelling(some, second(4))]).toEqual([
      ...[{ all: 6, bad: 4 }, bad.calls, false, true],
    ])
    const still = observed(some, second(2, { failure: 2 }))
    expect(still.finding.reasons).toEqual(["calls: 60 % of 10 calls were bad"])
    expect(still.trickle).toEqual({ all: 0, bad: 0 })
    expect(observed(some, second(9)).calls.state).toBe("healthy")
    const suspect = observed(begin(), second(0, { failure: 20 }))
    expect([suspect.calls.state, observed(suspect, second(2, { failure: 4 })).trickle]).toEqual([
      "suspect",
      { all: 0, bad: 0 },
    ])
  })

  test("that says nothing leaves what calls have said to grow old", () => {
    const bad = observed(begin({ fall: 1 }), second(0, { failure: 20 }))
    expect(observed(bad, second(1, {}, 70_004)).finding.health).toBe("bad")
    expect(observed(bad, second(1, {}, 70_005)).finding.health).toBe("unknown")
  })
})

test("what is said expires after five rounds of checks with all that they may take, and not within a minute", () => {
  const of = (options: object) => expiryOf(healthOptions.read(options, "health", []) as HealthSettings)
  expect(of({})).toBe(5 * (10_000 * 1.2 + 2000))
  expect([of({ interval: 1000 }), of({ interval: 20_000, jitter: 0.5, timeout: 3000 })]).toEqual([60_000, 165_000])
})
