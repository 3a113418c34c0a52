import { describe, expect, it } from "vitest"
import { type Advice, adviceOf } from "../../machines/plug.ts"
import { boundOf } from "../../machines/vocabulary/feature.ts"
import {
  type Demand,
  joinLines,
  type Lines,
  sameDemand,
  tighten,
  unrestricted,
} from "../../machines/vocabulary/gate.ts"
import fc from "../support/property.ts"

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const bound = fc.record({
  share: fc.constantFrom(0, 0.2, 1),
  retryAt: fc.constantFrom(Number.NEGATIVE_INFINITY, 5, 9),
  reason: fc.constantFrom("it failed", "it waits"),
})
const demand: fc.Arbitrary<Demand> = fc
  .record({
    share: optional(fc.double({ min: 0, max: 1, noNaN: true })),
    cohortShare: optional(fc.double({ min: 0, max: 1, noNaN: true })),
    probes: optional(fc.integer({ min: 0, max: 10 })),
    timeoutMs: optional(fc.double({ min: 1, max: 1e6, noNaN: true })),
    retryAt: optional(fc.double({ min: 0, max: 1e9, noNaN: true })),
    retries: optional(fc.integer({ min: 0, max: 10 })),
    hedges: optional(fc.integer({ min: 0, max: 1 })),
    features: optional(fc.dictionary(fc.constantFrom("pay", "refund", "__proto__"), bound)),
  })
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)))

const full = (one: Demand) => tighten(unrestricted, one)

describe("tighten", () => {
  it("breaker law 2: is commutative, associative and idempotent, with `unrestricted` as identity", () => {
    fc.assert(
      fc.property(demand, demand, demand, (a, b, c) => {
        const [x, y, z] = [full(a), full(b), full(c)]
        expect(tighten(x, y)).toEqual(tighten(y, x))
        expect(tighten(tighten(x, y), z)).toEqual(tighten(x, tighten(y, z)))
        expect(tighten(x, x)).toEqual(x)
        expect(tighten(x, unrestricted)).toEqual(x)
      }),
    )
  })

  it("never loosens: no field of the meet is laxer than in either demand", () => {
    fc.assert(
      fc.property(demand, demand, (a, b) => {
        const meet = tighten(full(a), b)
        for (const one of [full(a), full(b)]) {
          expect(meet.share).toBeLessThanOrEqual(one.share)
          expect(meet.cohortShare).toBeLessThanOrEqual(one.cohortShare)
          expect(meet.probes).toBeLessThanOrEqual(one.probes)
          expect(meet.timeoutMs).toBeLessThanOrEqual(one.timeoutMs)
          expect(meet.retryAt).toBeGreaterThanOrEqual(one.retryAt)
          expect(meet.retries).toBeLessThanOrEqual(one.retries)
          expect(meet.hedges).toBeLessThanOrEqual(one.hedges)
          for (const [feature, { share }] of Object.entries(one.features))
            expect(boundOf(meet.features, feature)?.share).toBeLessThanOrEqual(share)
        }
      }),
    )
  })

  it("is the same whatever the order in which many demands are folded", () => {
    const shuffled = fc
      .array(demand, { minLength: 2, maxLength: 6 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(one.reduce(tighten, unrestricted)).toEqual(other.reduce(tighten, unrestricted))
      }),
    )
  })
})

describe("sameDemand", () => {
  it("holds exactly when the demands tighten alike", () => {
    fc.assert(
      fc.property(demand, demand, (a, b) => {
        expect(sameDemand(a, { ...a })).toBe(true)
        if (sameDemand(a, b)) expect(full(a)).toEqual(full(b))
      }),
    )
  })
})

describe("joinLines", () => {
  const lines: fc.Arbitrary<Lines> = fc.record({
    slowAfterMs: optional(fc.integer({ min: 1, max: 9 })),
    leaseMs: optional(fc.integer({ min: 1, max: 9 })),
    sliceMs: optional(fc.integer({ min: 1, max: 9 })),
  })

  it("is a union: associative, commutative, and as fine as the finest", () => {
    fc.assert(
      fc.property(lines, lines, lines, (a, b, c) => {
        expect(joinLines(a, b)).toEqual(joinLines(b, a))
        expect(joinLines(joinLines(a, b), c)).toEqual(joinLines(a, joinLines(b, c)))
      }),
    )
  })
})

describe("adviceOf", () => {
  it("meets the demands of all active states of a chart, and states no field that none of them stated", () => {
    fc.assert(
      fc.property(demand, demand, (a, b) => {
        const metas = { one: { demand: () => a }, two: { demand: () => b }, three: undefined }
        const advice: Advice = adviceOf({ status: "active", getMeta: () => metas, context: {} } as never)
        expect(full(advice.demand)).toEqual(tighten(full(a), b))
        expect(Object.keys(advice.demand).sort()).toEqual(Object.keys({ ...a, ...b }).sort())
      }),
    )
  })
})
