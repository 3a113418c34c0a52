/** What `discovery` makes of lists, verdicts and ejections, step by step. */
import { describe, expect, test } from "vitest"
import {
  type DiscoveryContext,
  filtered,
  freshDiscovery,
  inState,
  isRestorable,
  isUseful,
  lost,
  noted,
  panics,
  readSaved,
  resettled,
  restoredEndpoints,
  taken,
  watchedEndpoints,
} from "../../machines/discovering.ts"
import { type DiscoverySettings, discoveryOptions } from "../../machines/endpointOptions.ts"
import type { Ejection, Endpoint } from "../../machines/vocabulary/endpoint.ts"
import type { EndpointsShifted, HealthFound, ProviderTold } from "../../machines/vocabulary/knowledge.ts"
import type { BreakerRestored } from "../../machines/vocabulary/signal.ts"

const settingsOf = (options: object = {}): DiscoverySettings => discoveryOptions.read(options, "discovery", [])
const begin = (options: object = {}): DiscoveryContext =>
  freshDiscovery({ settings: settingsOf(options), seed: 7, at: 10 } as never)
const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint => ({
  id,
  address: id,
  zone: undefined,
  weight: 1,
  metadata: {},
  ...more,
})
const told = (...ids: readonly (string | Endpoint)[]): ProviderTold =>
  ({
    type: "provider.told",
    at: 20,
    endpoints: ids.map((id) => (typeof id === "string" ? endpoint(id) : id)),
  }) as ProviderTold
const found = (verdicts: HealthFound["verdicts"]): HealthFound => ({ type: "health.found", at: 30, verdicts })
const ejection = (id: string): Ejection => ({ id, at: 5, until: 9, failedTrials: 0 }) as Ejection
const shifted = (...ids: readonly string[]): EndpointsShifted => ({
  type: "endpoints.shifted",
  at: 30,
  ejected: ids.map(ejection),
})
/** One step after the other, in the state that it comes to. */
const go = (
  context: DiscoveryContext,
  state: DiscoveryContext["finding"]["state"],
  ...steps: readonly Partial<DiscoveryContext>[]
) => inState(Object.assign({}, context, ...steps), state, 40)
const idsOf = ({ endpoints }: { readonly endpoints: readonly Endpoint[] }) => endpoints.map(({ id }) => id)
const provider = async function* () {}
const restored = (parts: object) => ({ type: "breaker.restored", parts }) as unknown as BreakerRestored

describe("it begins", () => {
  test("with what the config names, or with nothing", () => {
    const none = begin()
    expect(none.finding).toEqual({
      ...{
        state: "empty",
        endpoints: [],
        away: [],
        suspect: [],
        ejections: [],
        reason: "no endpoint is known yet",
        since: 10,
      },
    })
    expect(none).toMatchObject({ isStale: false, bad: [], suspect: [], ejected: [], told: [] })
    const some = begin({
      endpoints: ["b", "a"],
      zone: "here",
      slowStart: 500,
      ejection: { share: 0.2, first: 20, longest: 50 },
    })
    expect(some.line).toEqual({
      ...{ bad: [], suspect: [], zone: "here", seed: 7, panic: false, slowStartMs: 500 },
      endpoints: [endpoint("a"), endpoint("b")],
      ejection: { share: 0.2, firstMs: 20, longestMs: 50 },
    })
    expect(begin({ ejection: false }).line.ejection).toBeUndefined()
    expect(watchedEndpoints(some)).toEqual({ endpoints: some.line })
  })

  test("with those alone that have a weight and the metadata that is asked for", () => {
    const all = [
      endpoint("a", { metadata: { v: "1" } }),
      endpoint("b", { metadata: { v: "2" } }),
      endpoint("c"),
      endpoint("d", { weight: 0, metadata: { v: "1" } }),
    ]
    const ids = (where: object) => filtered(settingsOf({ where }), all).map(({ id }) => id)
    expect([ids({}), ids({ v: "1" }), ids({ v: ["1", "2"] }), ids({ v: "1", w: "1" }), ids({ toString: "1" })]).toEqual(
      [...[["a", "b", "c"], ["a"], ["a", "b"], [], []]],
    )
  })
})

describe("a list that is told", () => {
  test("takes the place of the last one, in the order of ids, and what was held against those that are gone goes", () => {
    const before = go(begin({ provider }), "fresh", taken(begin(), told("a", "b", "c")), {
      ...{
        bad: ["a", "b"],
        suspect: ["c", "b"],
        ejected: [ejection("a"), ejection("b"), ejection("c")],
        isStale: true,
        reason: "gone",
      },
    })
    const next = taken(before, told("c", "a", endpoint("z", { weight: 0 })))
    expect(next).toMatchObject({
      isStale: false,
      reason: "",
      bad: ["a"],
      suspect: ["c"],
      ejected: [{ id: "a" }, { id: "c" }],
    })
    expect([next.told?.map(({ id }) => id), next.endpoints?.map(({ id }) => id)]).toEqual([
      ["a", "c", "z"],
      ["a", "c"],
    ])
  })

  test("is of use if it names one that may be called; else the last one is kept, and it is said why", () => {
    const context = begin({ where: { v: "1" } })
    const fits = endpoint("a", { metadata: { v: "1" } })
    expect([isUseful(context, told(fits)), isUseful(context, told("a")), isUseful(context, told())]).toEqual([
      true,
      false,
      false,
    ])
    expect(lost(context, told())).toEqual({ isStale: true, reason: "the last list names no endpoint" })
    expect(lost(context, told("a"))).toEqual({
      isStale: true,
      reason: "the last list names no endpoint that may be called",
    })
    expect(lost(context, { type: "provider.lost", at: 5, reason: "it has ended" })).toEqual({
      isStale: true,
      reason: "it has ended",
    })
  })
})

describe("what is held against endpoints", () => {
  const three = () => go(begin({ provider, panic: 0.5 }), "fresh", taken(begin(), told("a", "b", "c", "d")))

  test("is what checks say of those that are known, and what their calls have said", () => {
    expect(noted(three(), found({ b: "bad", a: "suspect", x: "bad" }))).toEqual({ bad: ["b"], suspect: ["a"] })
    expect(noted(three(), shifted("c"))).toEqual({ ejected: [ejection("c")] })
  })

  test("keeps calls away, once each, or makes them fewer; where so few are well that all are tried neither", () => {
    const held = go(
      three(),
      "fresh",
      noted(three(), found({ b: "bad", a: "suspect", c: "suspect" })),
      noted(three(), shifted("c", "b")),
    )
    expect([held.finding.away, held.finding.suspect, held.finding.ejections]).toEqual([
      ["b", "c"],
      ["a"],
      [ejection("c"), ejection("b")],
    ])
    expect([held.line.bad, held.line.suspect, held.line.panic]).toEqual([["b"], ["a"], false])
    const panicking = go(held, "panicking")
    expect([panicking.line.panic, panicking.line.suspect, panicking.finding.away]).toEqual([true, [], ["b", "c"]])
  })

  test("makes it panic when fewer than so many are well, and until a tenth more are", () => {
    const away = (...ids: readonly string[]) => ({ ...three(), bad: ids })
    expect([panics(away("a", "b"), false), panics(away("a", "b", "c"), false)]).toEqual([false, true])
    expect([panics(away("a", "b"), true), panics(away("a"), true)]).toEqual([true, false])
    const always = { ...three(), settings: settingsOf({ panic: 1 }) }
    expect([panics(always, true), panics({ ...always, bad: ["a"] }, false)]).toEqual([false, true])
  })
})

describe("what it says", () => {
  test("stays the same object while it says the same", () => {
    const one = go(begin({ endpoints: ["a", "b"] }), "fresh")
    const two = inState({ ...one, seed: 7 }, "fresh", 99)
    expect([two.line === one.line, two.finding === one.finding, two.finding.since]).toEqual([true, true, 40])
    const other = inState({ ...one, bad: ["a"] }, "fresh", 99)
    expect([other.line === one.line, other.finding === one.finding, Object.isFrozen(other.line)]).toEqual([
      false,
      false,
      true,
    ])
    const again = inState({ ...one, endpoints: [...one.endpoints] }, "fresh", 99)
    expect([again.line === one.line, again.finding === one.finding]).toEqual([false, false])
  })

  test("has a reason unless it is fresh, and counts from when its state began", () => {
    const gone = { reason: "it has ended" }
    const stale = go(begin({ endpoints: ["a"] }), "stale", gone)
    expect([stale.finding.reason, stale.finding.since]).toEqual(["it has ended", 40])
    const fresh = inState(stale, "fresh", 70)
    expect([fresh.reason, fresh.finding.reason, fresh.finding.since]).toEqual(["", "", 70])
    expect(inState(begin(), "stale", undefined).finding.since).toBe(10)
  })
})

describe("other settings", () => {
  test("that name endpoints take those where nobody tells of others, or nobody has yet", () => {
    const context = go(begin({ endpoints: ["a"] }), "stale", { isStale: true, reason: "gone" })
    expect(resettled(context, settingsOf({ endpoints: ["b"] }))).toMatchObject({
      ...{ told: [endpoint("b")], endpoints: [endpoint("b")], isStale: false, reason: "" },
    })
    expect(resettled(begin({ provider }), settingsOf({ provider, endpoints: ["b"] }))).toMatchObject({
      told: [endpoint("b")],
      isStale: false,
    })
    const list = go(begin({ provider }), "stale", taken(begin(), told("c")), { isStale: true, reason: "gone" })
    const kept = resettled(list, settingsOf({ provider, endpoints: ["b"] }))
    expect([kept.told, "isStale" in kept]).toEqual([[endpoint("c")], false])
    const nobody = resettled(list, settingsOf({}))
    expect([nobody.told, "isStale" in nobody]).toEqual([[endpoint("c")], false])
  })

  test("that leave none change the settings alone", () => {
    const context = begin({ endpoints: ["a"] })
    const settings = settingsOf({ endpoints: ["a"], where: { v: "1" } })
    expect(resettled(context, settings)).toEqual({ settings })
  })
})

describe("what was known before", () => {
  test("is read if it is a list, of ten thousand at most", () => {
    expect(readSaved({ endpoints: ["b", "a"] }).map(({ id }) => id)).toEqual(["a", "b"])
    for (const none of [null, undefined, 7, {}, { endpoints: 7 }]) expect(readSaved(none)).toEqual([])
    const many = Array.from({ length: 10_001 }, (_, index) => `e${index}`)
    expect([readSaved({ endpoints: many.slice(1) }).length, readSaved({ endpoints: many }).length]).toEqual([
      10_000, 10_000,
    ])
  })

  test("is begun with where somebody tells of endpoints, or nothing else is known; and it is old", () => {
    const parts = restored({ discovery: { endpoints: ["b", { address: "z", weight: 0 }] } })
    const some = restoredEndpoints(begin(), parts)
    expect(some).toMatchObject({
      endpoints: [endpoint("b")],
      isStale: true,
      reason: "known from before; not told again yet",
    })
    expect(idsOf({ endpoints: some.told ?? [] })).toEqual(["b", "z"])
    expect(isRestorable(begin(), parts)).toBe(true)
    expect(isRestorable(begin({ endpoints: ["a"], provider }), parts)).toBe(true)
    expect(isRestorable(begin({ endpoints: ["a"] }), parts)).toBe(false)
    expect(isRestorable(begin(), restored({}))).toBe(false)
    expect(isRestorable(begin(), restored({ discovery: { endpoints: [{ address: "z", weight: 0 }] } }))).toBe(false)
  })
})
