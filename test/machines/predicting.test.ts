/** What a slice teaches `prediction`, and how its warnings are kept account of: figures worked out by hand. */
import { describe, expect, test } from "vitest"
import { isRising } from "../../machines/forecasting.ts"
import {
  badIn,
  callsIn,
  expired,
  failed,
  failureShare,
  freshLedger,
  freshOutlook,
  gaugeNameRule,
  gauges,
  isFailing,
  isFailure,
  isFollowable,
  isGaugeName,
  mostFollowed,
  mostGauges,
  type Outlook,
  type PredictionSettings,
  seen,
  warned,
} from "../../machines/predicting.ts"
import { readPrediction, restoredOutlook, savedPrediction } from "../../machines/predictionMemory.ts"
import type { BreakerRestored, SliceClosed } from "../../machines/vocabulary/signal.ts"
import { readBy } from "../support/optionRules.ts"

const settings: PredictionSettings = { horizonMs: 60_000, trips: false, gauges: { pool: { limit: 100 } } }

const slice = (at: number, more: Partial<SliceClosed["slice"]> = {}, event: Partial<SliceClosed> = {}): SliceClosed =>
  ({
    ...{ type: "slice.closed", at, ...event },
    slice: {
      ...{ startedAt: at - 1000, success: 100, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0, busyMs: 1000 },
      ...{ latency: { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }, ...more },
    },
  }) as unknown as SliceClosed

describe("a gauge", () => {
  test("has a name of its own, of up to a hundred characters", () => {
    const long = "g".repeat(100)
    expect(isGaugeName(["pool"])).toBe(false)
    expect(["pool", long, "", `${long}g`, 7, "errorRate", "latency", "inFlight"].map(isGaugeName)).toEqual([
      ...[true, true, false, false, false, false, false, false],
    ])
    expect(["errorRate", "latency", "inFlight", "pool", ""].map(isFollowable)).toEqual([true, true, true, true, false])
    expect([mostGauges, mostFollowed]).toEqual([16, 19])
  })

  test("may have a finite limit, and there are no more than sixteen", () => {
    const read = (value: unknown) => readBy(gauges, value)
    expect(read(undefined)).toEqual({ settings: {}, wrong: [] })
    expect(read({ pool: {}, heap: { limit: -7 } })).toEqual({
      settings: { pool: { limit: undefined }, heap: { limit: -7 } },
      wrong: [],
    })
    expect(Object.isFrozen(read({}).settings)).toBe(true)
    for (const limit of [Number.NaN, Number.POSITIVE_INFINITY, "7"])
      expect(read({ pool: { limit } }).wrong).toEqual(["it.pool.limit: must be a finite number"])
    expect(read({ latency: {} }).wrong).toEqual([`it: ${gaugeNameRule}`])
    expect(gaugeNameRule).toBe("must be a name of 1 to 100 characters, and none of errorRate, latency, inFlight")
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`g${index}`, {}]))
    expect([read(many(16)).wrong, read(many(17)).wrong]).toEqual([[], ["it: must not be more than 16"]])
    expect(read(7).wrong).toEqual(["it: must be a plain object"])
  })
})

describe("a slice", () => {
  /** What was seen of each measure: at first it is added up, to find its unit. */
  const sums = (outlook: Outlook) =>
    Object.fromEntries([...outlook.followed].map(([name, { measure }]) => [name, measure.known.sum]))

  test("counts its calls, and the bad ones among them; without any it teaches nothing", () => {
    const some = slice(5, { success: 7, failure: 2, timedOut: 3, ignored: 50 })
    expect([badIn(some), callsIn(some)]).toEqual([5, 12])
    expect(seen(freshOutlook, slice(5000, { success: 0, ignored: 50 }), settings)).toBe(freshOutlook)
  })

  test("has an error rate, a mean latency, and calls in flight for each that ends in a second", () => {
    const one = seen(
      freshOutlook,
      slice(5000, { success: 60, failure: 30, timedOut: 10, busyMs: 1200 }, { running: 50 }),
      settings,
    )
    expect(sums(one)).toEqual({ errorRate: 0.4, latency: 20, inFlight: 0.5 })
    expect([one.load.known.sum, one.samples, one.mostRunning]).toEqual([100, 1, 50])
    const long = seen(freshOutlook, slice(5000, { startedAt: 1000 }, { running: 50 }), settings)
    expect([sums(long).inFlight, long.load.known.sum]).toEqual([2, 25])
    // A slice of no time is one of a millisecond.
    const short = seen(freshOutlook, slice(5000, { startedAt: 5000 }, { running: 50 }), settings)
    expect([sums(short).inFlight, short.load.known.sum]).toEqual([0.0005, 100_000])
  })

  test("has no latency without a success, and the median's where nobody adds up what calls take", () => {
    expect(sums(seen(freshOutlook, slice(5000, { success: 0, failure: 5 }), settings))).toEqual({ errorRate: 1 })
    const sketched = (samples: number) =>
      sums(
        seen(
          freshOutlook,
          slice(5000, { busyMs: undefined as never, latency: { samples, p50: 7 } as never }),
          settings,
        ),
      )
    expect([sketched(3).latency, sketched(0).latency]).toEqual([7, undefined])
    const failures = { success: 0, failure: 5, busyMs: undefined as never, latency: { samples: 3, p50: 7 } as never }
    expect(sums(seen(freshOutlook, slice(5000, failures), settings))).toEqual({ errorRate: 1 })
  })

  test("may tell of gauges, of which as many are followed as there is room for", () => {
    const one = seen(freshOutlook, slice(5000, {}, { gauges: { pool: 40, heap: 7, broken: Number.NaN } }), settings)
    expect(sums(one)).toEqual({ errorRate: 0, latency: 10, pool: 40, heap: 7 })
    const limits = [...one.followed].map(([name, { measure }]) => [name, measure.limit])
    expect(limits).toEqual([
      ...[
        ["errorRate", failureShare],
        ["latency", undefined],
        ["pool", 100],
        ["heap", undefined],
      ],
    ])
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`g${index}`, index]))
    const full = seen(freshOutlook, slice(5000, {}, { gauges: many }), settings)
    expect(full.followed.size).toBe(mostFollowed)
    // Those that are known are followed on, and the breaker's own always are.
    const next = seen(full, slice(6000, {}, { gauges: { g0: 99, g39: 1 }, running: 5 }), settings)
    expect([next.followed.size, next.followed.has("g39"), next.followed.has("inFlight")]).toEqual([20, false, true])
    expect(next.followed.get("g0")?.measure.known.sum).toBe(99)
    expect(full.followed.get("g0")?.measure.known.sum).toBe(0)
    expect(
      [...next.followed].map(([name, { measure }]) => [name, measure.leeway]).filter(([, leeway]) => leeway !== 1),
    ).toEqual([["inFlight", 2]])
    // What was known before is not written to.
    expect([full, next].map(({ followed }) => followed.get("g0")?.stream[0])).toEqual([1, 2])
    expect([next.reasons === full.reasons, next.unusual === full.unusual]).toEqual([true, true])
  })

  test("forgets half of the most in flight in six hundred", () => {
    let one = seen(freshOutlook, slice(1000, {}, { running: 64 }), settings)
    for (let at = 2000; at <= 601_000; at += 1000) one = seen(one, slice(at), settings)
    expect([one.mostRunning, one.samples]).toEqual([expect.closeTo(32, 9), 601])
    expect(seen(one, slice(602_000, {}, { running: 40 }), settings).mostRunning).toBe(40)
  })
})

describe("what climbs towards its limit", () => {
  /** Four minutes of calm, and then a pool that fills by so much a second. */
  const climbing = (perSecond: number, more: (second: number) => Partial<SliceClosed["slice"]> = () => ({})) => {
    let one = freshOutlook
    let value = 20
    const told: Outlook[] = []
    for (let second = 1; second <= 360 && value < 120; second++) {
      if (second > 240) value += perSecond
      one = seen(one, slice(1000 * second, more(second), { gauges: { pool: value + (second % 2) * 0.1 } }), settings)
      if (one.probability > 0) told.push(one)
    }
    return { one, told }
  }

  test("is foretold, in words that say what it is, where it goes and when it is there", () => {
    const { told } = climbing(1)
    const last = told.at(-1)
    expect(last?.reasons[0]).toBe("pool is 120, on its way to 100, and is there now")
    const [first] = told
    expect(first?.reasons[0]).toMatch(
      /^pool is \d\d(?:\.\d)?, on its way to 100, and is there in [1-6]\d s if it goes on so$/,
    )
    expect(first?.strain).toBe(first?.probability)
    expect(first?.probability).toBeGreaterThan(0)
    expect(first?.probability).toBeLessThanOrEqual(1)
  })

  test("is not while it stands still", () => {
    const { one, told } = climbing(0)
    expect([told.length, one.reasons, one.unusual, one.probability, one.strain]).toEqual([0, [], [], 0, 0])
  })

  test("is no strain where it is the error rate, and two causes together are likelier than either", () => {
    const failing = (second: number) => {
      const failure = 2 + (second % 3) + Math.max(0, (second - 240) * 0.5)
      return { success: 1000 - failure, failure }
    }
    const errors = climbing(0, failing).told.at(-1)
    expect(errors?.reasons[0]).toMatch(/^errorRate is 0\.0/)
    expect([errors?.strain, (errors?.probability ?? 0) > 0]).toEqual([0, true])
    const both = climbing(1, failing).told.find(({ reasons }) => reasons.length === 2)
    expect(both?.reasons.map((reason) => reason.split(" ")[0])).toEqual(["errorRate", "pool"])
    expect(both?.strain).toBeLessThanOrEqual(both?.probability ?? 0)
  })
})

test("a leap of what was steady for long is unusual, and is named", () => {
  let one = freshOutlook
  for (let second = 1; second <= 400; second++)
    one = seen(one, slice(1000 * second, {}, { gauges: { heap: 50 + (second % 5) } }), settings)
  expect(one.unusual).toEqual([])
  expect(seen(one, slice(401_000, {}, { gauges: { heap: 500 } }), settings).unusual).toEqual(["heap"])
})

test("a load that leaps is not rising, and one that climbs is", () => {
  const rising = (extra: (second: number) => number): boolean => {
    let one = freshOutlook
    for (let second = 1; second <= 320; second++)
      one = seen(one, slice(1000 * second, { success: 100 + (second % 5) + extra(second) }), settings)
    return isRising(one.load)
  }
  expect([rising((second) => (second > 300 ? 12 : 0)), rising((second) => Math.max(0, second - 280))]).toEqual([
    ...[false, true],
  ])
})

describe("the account of warnings", () => {
  const horizon = 60_000

  test("confirms one when the service fails, with how long before it was given", () => {
    const one = warned(freshLedger, 1000)
    expect(one).toEqual({ ...freshLedger, warnings: 1, warnedAt: 1000 })
    const two = failed(one, 31_000, horizon)
    expect(two).toEqual({
      ...{ warnings: 1, confirmed: 1, refuted: 0, failures: 1, leadMs: 30_000, failedAt: 31_000, warnedAt: undefined },
    })
    expect(failed(warned(two, 200_000), 210_000, horizon)).toMatchObject({ confirmed: 2, failures: 2, leadMs: 40_000 })
    expect(failed(one, 500, horizon).leadMs).toBe(0)
  })

  test("counts a failure of which nobody has warned, and none that is still the same", () => {
    const one = failed(freshLedger, 1000, horizon)
    expect(one).toEqual({ ...freshLedger, failures: 1, failedAt: 1000 })
    expect(failed(warned(one, 2000), 60_999, horizon)).toEqual({ ...one, warnings: 1, failedAt: 60_999 })
    expect(failed(one, 61_000, horizon).failures).toBe(2)
    expect(failed(one, 900, horizon).failedAt).toBe(1000)
    expect([
      isFailing(one, 60_999, horizon),
      isFailing(one, 61_000, horizon),
      isFailing(freshLedger, 0, horizon),
    ]).toEqual([...[true, false, false]])
  })

  test("refutes one whose time is over", () => {
    const one = warned(freshLedger, 1000)
    expect(expired(one)).toEqual({ ...freshLedger, warnings: 1, refuted: 1 })
    expect(expired(expired(one))).toEqual(expired(one))
    expect(expired(freshLedger)).toBe(freshLedger)
  })

  test("takes for a failure what chance does not explain: five bad calls, and well more than one in twenty", () => {
    const of = (failure: number, all: number) => isFailure(slice(5, { success: all - failure, failure }))
    expect([of(4, 4), of(5, 5), of(5, 10), of(5, 11)]).toEqual([false, true, true, false])
    // Sixteen less two times four are eight: one in twenty of 160.
    expect([of(16, 159), of(16, 160)]).toEqual([true, false])
  })
})

describe("what was learned is saved", () => {
  const learned = (() => {
    let one = freshOutlook
    for (let second = 1; second <= 60; second++)
      one = seen(one, slice(1000 * second, {}, { gauges: { pool: 20 + (second % 3) }, running: 7 }), settings)
    return one
  })()
  const saved = savedPrediction(learned)
  const restored = (parts: object, given = settings) =>
    restoredOutlook(freshOutlook, given, {
      type: "breaker.restored",
      at: 90_000,
      elapsedMs: 0,
      parts,
    } as BreakerRestored)

  test("as ten numbers for each measure, and not while there is nothing", () => {
    expect(savedPrediction(freshOutlook)).toBeUndefined()
    expect(saved).toMatchObject({ version: 1, samples: 60, mostRunning: 7 })
    expect(Object.keys(saved?.followed ?? {})).toEqual(["errorRate", "latency", "inFlight", "pool"])
    expect([saved?.load.length, saved?.load[0], saved?.followed["pool"]?.[2], saved?.load[2]]).toEqual([
      10,
      expect.closeTo(Math.asinh(1), 9),
      1,
      0,
    ])
  })

  test("and taken up again, level from then on", () => {
    const again = restored({ prediction: JSON.parse(JSON.stringify(saved)) })
    expect([again.samples, again.mostRunning, again.load.at]).toEqual([60, 7, 90_000])
    expect(savedPrediction(again)).toEqual(saved)
    const [before, after] = [learned, again].map(({ followed }) => followed.get("pool")?.measure)
    expect(
      after?.scales.every(({ quick, slow, lasted }) => quick === after.level && slow === after.level && lasted === 0),
    ).toBe(true)
    expect(after?.brisk).toEqual({ quick: after?.level, slow: after?.level })
    expect([after?.known, after?.samples, after?.limit, after?.at]).toEqual([
      before?.known,
      before?.samples,
      100,
      90_000,
    ])
  })

  test("but not of a measure that has a limit now and had none, or the other way", () => {
    const other = restored({ prediction: saved }, { ...settings, gauges: {} })
    expect(other.followed.get("pool")?.measure.samples).toBe(0)
    expect(other.followed.get("latency")?.measure.samples).toBe(30)
  })

  test("and read only if it can be that", () => {
    expect(readPrediction(saved)).toBe(saved)
    const good = saved as NonNullable<typeof saved>
    const numbers = good.load
    const at = (index: number, value: unknown) => numbers.map((one, each) => (each === index ? value : one))
    const broken: readonly object[] = [
      { version: 2 },
      { samples: -1 },
      { samples: "30" },
      { mostRunning: Number.NaN },
      { load: numbers.slice(1) },
      { load: { length: 10 } },
      { load: at(2, -1) },
      { load: at(9, 1e301) },
      { load: at(0, "7") },
      { followed: { "": numbers } },
      { followed: { pool: numbers.slice(1) } },
      { followed: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`g${index}`, numbers])) },
    ]
    for (const one of broken) expect(readPrediction({ ...good, ...one })).toBeUndefined()
    const fine: readonly object[] = [
      { load: at(0, -1e300) },
      { load: at(1, -1) },
      { followed: undefined },
      { followed: Object.fromEntries(Array.from({ length: 19 }, (_, index) => [`g${index}`, numbers])) },
    ]
    for (const one of fine) expect(readPrediction({ ...good, ...one })).toEqual({ ...good, ...one })
    for (const none of [undefined, null, 7, "saved"]) expect(readPrediction(none)).toBeUndefined()
    expect(restored({})).toBe(freshOutlook)
    expect(restored({ prediction: { ...good, version: 2 } })).toBe(freshOutlook)
  })
})
