/** Verdicts on counts, by the formulas worked out by hand, and what is told of them. */
import { describe, expect, test } from "vitest"
import { type Evidence, type EvidenceRule, freshEvidence } from "../../machines/vocabulary/evidence.ts"
import type { SequentialLine } from "../../machines/vocabulary/gate.ts"
import { dies, isHopeless, isKnown, statisticsOf } from "../../machines/vocabulary/verdict.ts"

const line: SequentialLine = {
  kind: "sequential",
  watch: "usual",
  threshold: 10,
  rate: 0.5,
  cohort: 20,
  tells: "known",
}

describe("a service is gone", () => {
  test("at odds of e^3.2, to which a failure adds 0.64, a success -2.3 and a call that runs -0.8", () => {
    expect([dies(4, 0, 0), dies(5, 0, 0)]).toEqual([false, true])
    expect([dies(8, 1, 0), dies(9, 1, 0)]).toEqual([false, true])
    expect([dies(6, 0, 1), dies(7, 0, 1)]).toEqual([false, true])
    expect([dies(0, 0, 0), dies(9, 3, 0)]).toEqual([false, false])
  })
})

test("a cohort is known when one call runs, or one in ten", () => {
  expect([isKnown(20, 17), isKnown(20, 18), isKnown(5, 4), isKnown(5, 3), isKnown(1, 0), isKnown(40, 36)]).toEqual([
    ...[false, true, true, false, true, true],
  ])
})

/** The lower bound of Wilson's interval, by its formula in full. */
function wilson(bad: number, calls: number): number {
  const [share, z] = [bad / calls, 4]
  const centre = share + z ** 2 / (2 * calls)
  const spread = z * Math.sqrt((share * (1 - share)) / calls + z ** 2 / (4 * calls ** 2))
  return (centre - spread) / (1 + z ** 2 / calls)
}
const recent = (recentBad: number, recentCalls: number): Evidence => ({ ...freshEvidence(), recentBad, recentCalls })

describe("the recent past is hopeless", () => {
  test("where its share is at the rate, of twenty calls at least, and for certain no more than 0.3 below it", () => {
    expect([isHopeless(recent(20, 20), line), isHopeless(recent(19.9, 19.9), line)]).toEqual([true, false])
    expect([isHopeless(recent(50, 100), line), isHopeless(recent(49.9, 100), line)]).toEqual([true, false])
    const [few, many] = [0.8, 0.9].map((rate) => ({ ...line, rate }))
    for (let calls = 20; calls < 60; calls++) {
      const bad = calls * 0.8
      expect(isHopeless(recent(bad, calls), few as SequentialLine)).toBe(wilson(bad, calls) > 0.5)
      expect(isHopeless(recent(calls, calls), many as SequentialLine)).toBe(wilson(calls, calls) > 0.9 - 0.3)
    }
  })
})

describe("what is told of a rule that rang", () => {
  const evidence: Evidence = {
    ...freshEvidence(),
    ...{ calls: 30, failures: 7, slow: 2, score: 11, badStep: 1.5, row: 6, rowSlow: 1, rowStep: 2 },
    ...{ entered: 20, settled: 18, bad: 15, late: 4, recentCalls: 40.4, recentBad: 20.6, recentSlow: 3.4 },
    ...{ relief: 13, accepted: 0.3, usual: 0.2 },
  }
  const told = (rule: EvidenceRule, more: Partial<Evidence> = {}, watch: SequentialLine["watch"] = "usual") =>
    statisticsOf({ ...evidence, ...more }, rule, { ...line, watch })

  test("an excursion: what it is made of, against the line, and what was usual when its steps were worked out", () => {
    const usual = 0.4 / (Math.exp(1.5) - 0.5)
    expect(told("excursion")).toEqual({
      ...{ calls: 30, failures: 7, slow: 2 },
      bound: { of: "evidence", value: 11, line: 10, usual },
    })
  })

  test("a row: itself, and its evidence, or its length where the circuit is degraded", () => {
    const counts = { calls: 6, failures: 5, slow: 1 }
    const bound = { of: "evidence", value: 12, line: 10, usual: Math.exp(-2) }
    expect(told("run")).toEqual({ ...counts, bound })
    expect(told("run", {}, "partial")).toEqual({ ...counts, bound: { of: "row", value: 6, line: 24 } })
  })

  test("the recent past: its calls, rounded, and the bound on its share", () => {
    const bound = { of: "lowerBound", value: expect.closeTo(wilson(20.6, 40.4), 9), line: 0.2 }
    expect(told("rate")).toEqual({ calls: 40, failures: 18, slow: 3, bound })
  })

  test("a cohort: all that entered; and how certain it is that the service is gone", () => {
    const counts = { calls: 20, failures: 11, slow: 4 }
    expect(told("cohort")).toEqual(counts)
    const value = 15 * Math.log(0.95 / 0.5) + 3 * Math.log(0.1) - 1.6
    expect(told("dead")).toEqual({ ...counts, bound: { of: "evidence", value: expect.closeTo(value, 9), line: 3.2 } })
  })

  test("relief: its evidence, or the share that was accepted beside what is usual", () => {
    const counts = { calls: 30, failures: 7, slow: 2 }
    expect(told("relief")).toEqual({ ...counts, bound: { of: "evidence", value: 13, line: 12 } })
    const bound = { of: "share", value: 0.3, line: 0.25 }
    expect(told("relief", { relief: 12 })).toEqual({ ...counts, bound })
  })
})
