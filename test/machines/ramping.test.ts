/** What `gradual` makes of an alarm, of probes and of what was saved: figures at their edges. */
import { describe, expect, test } from "vitest"
import {
  canPay,
  changed,
  freshGradual,
  type GradualContext,
  type GradualSettings,
  hasHelped,
  isBlameless,
  isLate,
  rungAs,
} from "../../machines/ramping.ts"
import { gradual } from "../../machines/strategies/gradual.ts"
import type { AlarmRang, Signal } from "../../machines/vocabulary/signal.ts"
import { restored, saveOf, settingsOf, startChart } from "../support/charts.ts"

const settingsFor = (options?: unknown) => settingsOf(gradual, options) as GradualSettings
const contextOf = (more: Partial<GradualContext> = {}): GradualContext => ({
  ...freshGradual({ settings: settingsFor(), seed: 1, at: 0 } as Parameters<typeof freshGradual>[0]),
  ...more,
})
const alarm = (rule: AlarmRang["rule"], calls: number, failures: number, slow = 0, more: Partial<AlarmRang> = {}) =>
  ({ type: "alarm.rang", at: 0, epoch: 0, rule, statistics: { calls, failures, slow }, ...more }) as AlarmRang

test("bad calls are late when more were slow than failed, of a cohort or of one that is dead", () => {
  expect([isLate(alarm("cohort", 5, 1, 2)), isLate(alarm("dead", 5, 1, 2)), isLate(alarm("cohort", 5, 2, 2))]).toEqual([
    ...[true, true, false],
  ])
  expect((["run", "rate", "excursion", "asked"] as const).map((rule) => isLate(alarm(rule, 5, 0, 5)))).toEqual(
    Array(4).fill(false),
  )
})

describe("a trial", () => {
  test("is worth while from a quarter of bad calls on, unless keys explain them", () => {
    const may = (...of: Parameters<typeof alarm>) => canPay(contextOf(), alarm(...of))
    expect([may("cohort", 16, 4), may("cohort", 100, 24), may("run", 16, 8)]).toEqual([true, false, false])
    expect(may("cohort", 16, 8, 0, { within: "cells" as never })).toBe(false)
  })

  test("costs six calls of a budget of eight, and one in 20 000 of those that were judged", () => {
    const may = (spent: number, seen?: number) =>
      canPay(contextOf({ spent }), alarm("cohort", 16, 8, 0, seen === undefined ? {} : { seen }))
    expect([may(2), may(2.1), may(3, 19_999), may(3, 20_000)]).toEqual([true, false, false, true])
    const none = contextOf({ settings: settingsFor({ trial: false }) })
    expect(canPay(none, alarm("cohort", 16, 8, 0, { seen: 1e12 }))).toBe(false)
  })

  test("has helped when less than half of what was bad is, and a twentieth less than that", () => {
    const helped = (bad: number) => hasHelped(contextOf({ blame: 0.5 }), alarm("cohort", 20, bad))
    expect([helped(3), helped(4)]).toEqual([true, false])
    expect(hasHelped(contextOf({ blame: 0.5 }), alarm("relief", 20, 0))).toBe(false)
  })
})

test("load is not to blame when on the lowest step as many fail as 0.6 of what it was blamed for, and three in ten at the least", () => {
  const blameless = (bad: number, more: Partial<GradualContext>) =>
    isBlameless(contextOf({ step: -1, ...more }), alarm("cohort", 10, bad))
  expect([blameless(3, {}), blameless(2, {})]).toEqual([true, false])
  expect([blameless(5, { blame: 0.8 }), blameless(4, { blame: 0.8 })]).toEqual([true, false])
  expect(blameless(9, { step: 0 })).toBe(false)
  expect(isBlameless(contextOf({ step: -1 }), alarm("rate", 10, 9))).toBe(false)
})

test("probes that are weighed are told by what they lead by, in words and in figures", () => {
  const of = contextOf({ settings: settingsFor({ probes: { wrong: 0.0005 } }), successes: -2, failed: 2 })
  const line = expect.closeTo(Math.log(1999), 9)
  const value = (lead: number) => ({ of: "evidence", value: expect.closeTo(lead * Math.log(19), 9), line })
  expect(rungAs.probe({ type: "probe.failed", at: 7, epoch: 0 } as Signal, of)).toMatchObject({
    reason: "3 more probes failed than succeeded, as many as it takes",
    statistics: { calls: 3, failures: 3, bound: value(3) },
  })
  const good = { ...of, successes: 2, failed: 0 }
  expect(rungAs.probe({ type: "probe.succeeded", at: 7, epoch: 0 } as Signal, good)).toMatchObject({
    reason: "3 more probes succeeded than failed, as many as it takes",
    statistics: { calls: 3, failures: 0, bound: value(3) },
  })
})

describe("the slow line", () => {
  const learned = { circuit: "closed", slowAfterMs: 700 }
  const learning = () => {
    const chart = startChart(gradual)
    chart.send(restored({ gradual: learned }))
    return chart
  }

  test("that was learned is saved with the circuit; one that was set is not", () => {
    expect(saveOf(gradual, learning())).toMatchObject({ slowAfterMs: 700 })
    expect(saveOf(gradual, startChart(gradual))).not.toHaveProperty("slowAfterMs")
    const set = startChart(gradual, { options: { slowCalls: { after: "1 second" } } })
    expect(saveOf(gradual, set)).not.toHaveProperty("slowAfterMs")
  })

  test("that was learned goes on under settings that learn it, too; else it is as they say", () => {
    const lineUnder = (options: unknown) =>
      changed(contextOf({ slowAfterMs: 700 }), {
        type: "settings.changed",
        at: 0,
        settings: settingsFor(options),
      } as unknown as Signal).slowAfterMs
    expect([
      lineUnder({ brokenAt: 0.9 }),
      lineUnder({ slowCalls: { after: 50 } }),
      lineUnder({ slowCalls: false }),
    ]).toEqual([...[700, 50, undefined]])
  })

  test("that cannot be one is no saved circuit's", () => {
    const can = (saved: object) => gradual.canRestore?.(saved, settingsFor())
    expect([
      can(learned),
      can({ circuit: "open" }),
      can({ ...learned, slowAfterMs: -1 }),
      can({ slowAfterMs: 700 }),
    ]).toEqual([...[true, true, false, false]])
  })
})
