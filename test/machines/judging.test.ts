/** What alarms mean to a strategy that judges evidence, and the lines that it has watched: figures worked out by hand. */
import { describe, expect, test } from "vitest"
import * as judging from "../../machines/judging.ts"
import { gradual } from "../../machines/strategies/gradual.ts"
import type { AlarmRang, SliceClosed } from "../../machines/vocabulary/signal.ts"
import { problemsOf, settingsOf } from "../support/charts.ts"

const settingsFor = (options?: unknown) => settingsOf(gradual, options) as judging.Judging
const settings = settingsFor()

const alarm = (rule: AlarmRang["rule"], calls: number, failures: number, slow = 0, more: Partial<AlarmRang> = {}) =>
  ({ type: "alarm.rang", at: 0, epoch: 0, rule, statistics: { calls, failures, slow }, ...more }) as AlarmRang

describe("the options", () => {
  test("have their defaults, in milliseconds", () => {
    expect(settings).toMatchObject({
      falseAlarms: undefined,
      brokenAt: 0.8,
      trial: { share: 0.8, calls: 20 },
      slowCalls: { after: 0, over: 2.1 },
      ramp: { outcomes: 5 },
    })
    expect(settingsFor({ falseAlarms: true }).falseAlarms).toEqual({ every: 30 * 86_400_000, callsPerSecond: 100 })
    expect(settingsFor({ trial: false, slowCalls: false })).toMatchObject({ trial: undefined, slowCalls: undefined })
  })

  test.each([
    ["falseAlarms", { every: "1 minute", callsPerSecond: 0.001 }],
    ["falseAlarms", { every: "36500 days", callsPerSecond: 1_000_000 }],
    ["trial", { share: 0.5, calls: 10 }],
    ["trial", { share: 0.99, calls: 1000 }],
    ["slowCalls", { after: "1 day", over: 1.1 }],
    ["slowCalls", { after: 0, over: 1000 }],
    ["ramp", { outcomes: 5 }],
    ["ramp", { outcomes: 1000 }],
    ["brokenAt", 0.3],
    ["brokenAt", 1],
  ])("go as far as %s: %j", (name, value) => {
    expect(problemsOf(gradual, { [name]: value })).toEqual([])
  })

  test.each([
    ["falseAlarms", { every: "59 seconds" }],
    ["falseAlarms", { every: "36501 days" }],
    ["falseAlarms", { callsPerSecond: 0.0009 }],
    ["falseAlarms", { callsPerSecond: 1_000_001 }],
    ["trial", { share: 0.49 }],
    ["trial", { share: 1 }],
    ["trial", { calls: 9 }],
    ["trial", { calls: 1001 }],
    ["trial", { calls: 10.5 }],
    ["slowCalls", { after: "25 hours" }],
    ["slowCalls", { over: 1 }],
    ["slowCalls", { over: 1001 }],
    ["ramp", { outcomes: 4 }],
    ["ramp", { outcomes: 1001 }],
    ["ramp", { outcomes: 5.5 }],
    ["brokenAt", 0.29],
    ["brokenAt", 1.01],
  ])("go no further than that: %s: %j", (name, value) => {
    expect(problemsOf(gradual, { [name]: value })).toHaveLength(1)
  })
})

describe("the slow line", () => {
  const slice = (samples: number, p99: number, running?: number) =>
    ({ type: "slice.closed", at: 0, slice: { latency: { samples, p99 } }, running }) as unknown as SliceClosed
  const lineAfter = (closed: SliceClosed, present?: number, options: unknown = {}) =>
    judging.slowLine(settingsFor({ slowCalls: options }), closed, present)

  test("is what the user has set, or none where nobody watches", () => {
    expect(lineAfter(slice(1000, 100), 70, { after: "3 seconds" })).toBe(3000)
    expect(lineAfter(slice(1000, 100), 70, false)).toBeUndefined()
  })

  test("is so many times the 99th percentile, and 50 ms at the least", () => {
    expect([lineAfter(slice(1000, 100)), lineAfter(slice(1000, 100), undefined, { over: 5 })]).toEqual([210, 500])
    expect(lineAfter(slice(1000, 3))).toBe(50)
  })

  test("stays while a hundred calls have not been measured, or a hundred for each that still runs", () => {
    expect([lineAfter(slice(99, 100)), lineAfter(slice(100, 100)), lineAfter(slice(99, 100), 7)]).toEqual([
      ...[undefined, 210, 7],
    ])
    expect([lineAfter(slice(299, 100, 3)), lineAfter(slice(300, 100, 3)), lineAfter(slice(100, 100, 0))]).toEqual([
      ...[undefined, 210, 210],
    ])
  })

  test("stays while what is asked for is near: less than a quarter more, and more than four fifths", () => {
    expect([168.1, 200, 261].map((present) => lineAfter(slice(1000, 100), present))).toEqual([168.1, 200, 261])
    expect([168, 262.5, 9000].map((present) => lineAfter(slice(1000, 100), present))).toEqual([210, 210, 210])
  })
})

describe("the lines that are watched", () => {
  const base = { kind: "sequential", threshold: 20, rate: 0.8 }

  test("are what each state asks for", () => {
    expect(judging.usualLine(settings)).toEqual({ ...base, watch: "usual", cohort: 16, tells: "never" })
    expect(judging.confirmingLine(settings)).toEqual({ ...base, watch: "partial", cohort: 16, tells: "known" })
    expect(judging.acceptedLine(settings)).toEqual({ ...base, watch: "partial", cohort: 16, tells: "never" })
    const trial = { ...base, watch: "partial", tells: "known", spoiltAt: 0.2 }
    expect(judging.trialLine(settings, 0.2)).toEqual({ ...trial, cohort: 20 })
    expect(judging.trialLine(settingsFor({ trial: false }), 0.2)).toEqual({ ...trial, cohort: 16 })
    const step = { ...base, watch: "step", cohort: 5 }
    expect(judging.stepLine(settings, 0)).toEqual({ ...step, tells: "late" })
    expect(judging.stepLine(settings, -1)).toEqual({ ...step, tells: "known" })
  })

  test("ring as rarely as is asked for: the logarithm of the calls between two false alarms, and five at the least", () => {
    const thresholdFor = (falseAlarms: unknown) => judging.thresholdOf(settingsFor({ falseAlarms }))
    expect(thresholdFor({ every: "1 day", callsPerSecond: 10 })).toBeCloseTo(Math.log(864_000), 12)
    expect(thresholdFor({ every: "1 minute", callsPerSecond: 1 })).toBe(5)
    expect(thresholdFor(false)).toBe(20)
  })
})

describe("an alarm", () => {
  const isGone = (...[rule, calls, failures, slow, more]: Parameters<typeof alarm>) =>
    judging.isGone(alarm(rule, calls, failures, slow, more), settings)

  test("says that the service is gone by a row, or any counts that say so for certain, failures and slow calls alike", () => {
    expect([isGone("run", 5, 5), isGone("run", 4, 4), isGone("run", 6, 3, 3), isGone("run", 9, 8)]).toEqual([
      ...[true, false, true, false],
    ])
    expect(isGone("run", 5, 5, 5)).toBe(true)
  })

  test("says so by a rate or a cohort that is dead from three quarters on, or from less where less is broken", () => {
    expect([isGone("rate", 100, 68), isGone("rate", 100, 67), isGone("dead", 100, 34, 34)]).toEqual([true, false, true])
    const strict = settingsFor({ brokenAt: 1 })
    expect([75, 74].map((bad) => judging.isGone(alarm("dead", 100, bad), strict))).toEqual([true, false])
  })

  test("says so where the service asks to be left alone, and never of one cell alone, nor by what says less", () => {
    expect(isGone("asked", 1, 1)).toBe(true)
    expect(isGone("asked", 1, 1, 0, { within: "oneCell" })).toBe(true)
    expect(isGone("run", 9, 9, 0, { within: "oneCell" })).toBe(false)
    for (const rule of ["excursion", "cohort", "relief"] as const) expect(isGone(rule, 99, 99)).toBe(false)
  })

  test("is more than chance from three bad outcomes and one in ten on", () => {
    const isPartial = (...of: Parameters<typeof alarm>) => judging.isPartial(alarm(...of))
    expect([isPartial("excursion", 20, 3), isPartial("excursion", 20, 2), isPartial("excursion", 20, 1, 2)]).toEqual([
      ...[true, false, true],
    ])
    expect([isPartial("excursion", 30, 3), isPartial("excursion", 31, 3)]).toEqual([true, false])
    expect([isPartial("cohort", 9, 9), isPartial("relief", 9, 9), isPartial("rate", 9, 9)]).toEqual([
      false,
      false,
      true,
    ])
  })

  test("is told in words", () => {
    const told = (...of: Parameters<typeof alarm>) => judging.describeEvidence(alarm(...of))
    expect(told("asked", 1, 1)).toBe("the service asked to be left alone")
    expect(told("relief", 200, 6, 2)).toBe("4 % of 200 calls were bad: that is better, or usual by now")
    expect(told("run", 9, 5, 4)).toBe("100 % of 9 calls failed")
    expect(told("run", 9, 2, 3)).toBe("56 % of 9 calls were slow")
    expect(told("run", 9, 2, 2)).toBe("44 % of 9 calls failed")
  })

  test("of a cohort is held against a line; of others the counts say enough", () => {
    const statistics = { calls: 20, failures: 4, slow: 1 }
    const bound = { of: "share", value: 0.25, line: 0.3 }
    expect(judging.heldAgainst(0.3, alarm("cohort", 20, 4, 1))).toEqual({ ...statistics, bound })
    expect(judging.heldAgainst(0.3, alarm("run", 20, 4, 1))).toEqual(statistics)
  })
})

test("a share of bad outcomes is at most one, and none where nothing was counted", () => {
  expect(judging.badShare({ calls: 0, failures: 0, slow: 0 })).toBe(0)
  expect(judging.badShare({ calls: 4, failures: 3, slow: 3 })).toBe(1)
  expect([0.49, 0.5].map((share) => judging.isTrouble({ calls: 100, failures: share * 100, slow: 0 }))).toEqual([
    false,
    true,
  ])
})

describe("probes", () => {
  test("are as many as it takes to be wrong no more often than that, each e^2.94 to 1", () => {
    expect([0.4, 0.05, 0.049, 0.01, 0.0001, 0.000_001].map(judging.probesFor)).toEqual([1, 1, 2, 2, 4, 5])
  })

  test("weigh as much as they lead by", () => {
    expect(judging.probesBound(0.01, 2)).toEqual({
      of: "evidence",
      value: 2 * Math.log(0.95 / 0.05),
      line: Math.log(99),
    })
  })
})

test("each step of the ramp doubles the odds, and the calls in flight", () => {
  expect(judging.ramp).toEqual({ lowest: -1, first: 1, highest: 5, stride: 2 })
  expect([-1, 0, 1, 5].map(judging.shareAt)).toEqual([1 / 3, 1 / 2, 2 / 3, 32 / 33])
  expect([-1, 0, 1, 5].map(judging.limitAt)).toEqual([1, 2, 4, 64])
})
