/** Evidence by itself: what each outcome adds to it, by the formulas of its sources worked out by hand, and what rings. */
import { describe, expect, test } from "vitest"
import {
  accrue,
  accrueGood,
  beginEpoch,
  type Evidence,
  freshEvidence,
  resume,
} from "../../machines/vocabulary/evidence.ts"
import type { SequentialLine } from "../../machines/vocabulary/gate.ts"

const usual: SequentialLine = {
  kind: "sequential",
  watch: "usual",
  threshold: 10,
  rate: 0.5,
  cohort: 20,
  tells: "known",
}
const partial: SequentialLine = { ...usual, watch: "partial" }
const step: SequentialLine = { ...usual, watch: "step" }

/** Past its cohort: outcomes are judged one by one. */
const judged = (more: Partial<Evidence> = {}): Evidence => ({ ...freshEvidence(), judged: true, ...more })

/** Outcomes of calls that end a millisecond after each other, as letters: g(ood), b(ad), s(low). Answers what each rang. */
function play(evidence: Evidence, line: SequentialLine, ends: string, from = 0) {
  return [...ends].map((end, at) => accrue(evidence, line, end !== "g", end === "s", from + at, from + at))
}
/** The place of the first that rang, counted from 1, and the rule. */
function ring(evidence: Evidence, line: SequentialLine, ends: string, from = 0) {
  const rung = play(evidence, line, ends, from)
  const at = rung.findIndex((rule) => rule !== undefined)
  return at < 0 ? undefined : [at + 1, rung[at]]
}

// One call in twenty is bad at first, known from as many as twenty: one standard deviation more is usual, and from there 0.4 + half of it broken.
const usually = 0.05 + Math.sqrt((0.05 * 0.95) / 20)
const broken = 0.4 + usually / 2

test("a success goes the short way from the thousandth outcome on", () => {
  const goes = (learned: number) => accrueGood(judged({ learned, stale: 0, recentCalls: 9 }), usual, 1)
  expect([999, 1000].map(goes)).toEqual([false, true])
})

describe("what is known before anything has ended", () => {
  test("is that one call in twenty is bad, and nothing else", () => {
    const { usual: share, stale, lastEntered, judged: isJudged, parted, ...rest } = freshEvidence()
    expect([share, stale, lastEntered, isJudged, parted]).toEqual([0.05, 16, Number.NEGATIVE_INFINITY, false, false])
    expect(Object.values(rest).every((value) => value === 0)).toBe(true)
  })

  test("is what was learned before, if anything was, as long ago as it was", () => {
    const evidence = freshEvidence()
    evidence.stale = 0
    resume(evidence, { usual: 0.2, learned: 50, worst: 0.3, accepted: 0.4, ageMs: 100 }, 1000)
    expect(evidence).toMatchObject({ usual: 0.2, learned: 50, worst: 0.3, accepted: 0.4, learnedAt: 900, stale: 16 })
    expect(evidence).not.toHaveProperty("ageMs")
  })
})

describe("a step of the evidence", () => {
  test("is how much likelier an outcome is where the service is broken, as a logarithm", () => {
    const evidence = judged()
    play(evidence, usual, "b")
    expect(evidence.badStep).toBeCloseTo(Math.log(broken / usually), 12)
    expect(evidence.goodStep).toBeCloseTo(Math.log((1 - broken) / (1 - usually)), 12)
    expect(evidence.rowStep).toBeCloseTo(-Math.log(usually), 12)
    expect(evidence.score).toBeCloseTo(evidence.badStep, 12)
    play(evidence, usual, "g")
    expect(evidence.score).toBeCloseTo(evidence.badStep + evidence.goodStep, 12)
    expect(evidence).toMatchObject({ calls: 2, failures: 1, slow: 0 })
  })

  test("of a row is that of the worst burst that came back by itself, where it was worse than usual", () => {
    const evidence = judged({ worst: 0.4 })
    play(evidence, usual, "b")
    expect(evidence.rowStep).toBeCloseTo(-Math.log(0.4), 5)
  })

  test("is worked out anew after sixteen outcomes, and of what was learned by then", () => {
    const evidence = judged()
    play(evidence, usual, "g")
    const { badStep } = evidence
    play(evidence, usual, "g".repeat(16))
    expect(evidence.badStep).toBe(badStep)
    const { usual: before, learned } = evidence
    play(evidence, usual, "g")
    const share = before + Math.sqrt((before * (1 - before)) / (learned + 20))
    expect(evidence.badStep).toBeCloseTo(Math.log((0.4 + share / 2) / share), 12)
    expect(evidence.stale).toBe(0)
  })

  test("of a degraded circuit says how much likelier an outcome is at half of what is accepted, or at what is usual", () => {
    const worse = judged({ accepted: 0.1 })
    play(worse, partial, "g")
    expect(worse.badStep).toBeCloseTo(Math.log(0.05 / 0.1), 12)
    expect(worse.goodStep).toBeCloseTo(Math.log(0.95 / 0.9), 12)
    const bad = judged({ accepted: 0.6 })
    play(bad, partial, "g")
    expect(bad.badStep).toBeCloseTo(Math.log(usually / 0.6), 12)
    expect(bad.goodStep).toBeCloseTo(Math.log((1 - usually) / 0.4), 12)
    expect([bad.relief, bad.accepted]).toEqual([bad.goodStep, 0.6 - 0.006])
  })
})

describe("an excursion from what is usual", () => {
  test("rings where its evidence reaches the line, and is told of five bad outcomes at the least", () => {
    // 1.52 for each failure, and 0.49 less for each success.
    expect(ring(judged(), usual, "bbbbgbbbb")).toEqual([8, "excursion"])
    expect(ring(judged(), usual, "bbg".repeat(9))).toEqual([11, "excursion"])
    expect(ring(judged(), { ...usual, threshold: 0.1 }, "bbgbbbb")).toEqual([6, "excursion"])
    expect(ring(judged(), { ...usual, threshold: 0.1 }, "sbgsbs")).toEqual([6, "excursion"])
  })

  test("rings where its evidence is just the line's, and is over where it is just gone", () => {
    const evidence = judged()
    play(evidence, usual, "b")
    const threshold = evidence.score + evidence.badStep
    Object.assign(evidence, { failures: 4, row: 0 })
    expect(play(evidence, { ...usual, threshold }, "b")).toEqual(["excursion"])
    evidence.score = -evidence.goodStep
    play(evidence, usual, "g")
    expect(evidence).toMatchObject({ score: 0, calls: 0, failures: 0 })
  })

  test("is over, and nothing is counted any more, when its evidence is gone", () => {
    const evidence = judged()
    play(evidence, usual, "sgggg")
    expect(evidence).toMatchObject({ score: 0, calls: 0, failures: 0, slow: 0, row: 0, rowSlow: 0 })
    play(evidence, usual, "bss")
    expect(evidence).toMatchObject({ calls: 3, failures: 1, slow: 2, row: 3, rowSlow: 2 })
    play(evidence, usual, "g")
    expect(evidence).toMatchObject({ calls: 4, failures: 1, slow: 2, row: 0, rowSlow: 0 })
  })

  test("begins with a bad outcome: a good one before any ends only a row", () => {
    const evidence = judged({ row: 2, rowSlow: 1 })
    expect(play(evidence, usual, "g")).toEqual([undefined])
    expect(evidence).toMatchObject({ score: 0, calls: 0, row: 0, rowSlow: 0 })
  })

  test("is no end of the service; a row that hardly any other service shows is", () => {
    // e^-10 at one in two takes fifteen in a row; that it is dead takes five.
    const noisy = judged({ worst: 0.5, learned: 900, usual: 0.38 })
    expect(ring(noisy, { ...usual, threshold: 3, rate: 2 }, "b".repeat(30))?.[1]).toBe("run")
    expect(ring(judged(), { ...usual, threshold: 1, rate: 2 }, "b".repeat(30))).toEqual([5, "run"])
    // At one in ten as usual it takes nine for e^20, or just as many as make the line.
    expect(ring(judged(), { ...usual, threshold: 20, rate: 2 }, "b".repeat(30))).toEqual([9, "run"])
    expect(ring(judged(), { ...usual, threshold: 5 * -Math.log(usually), rate: 2 }, "b".repeat(30))).toEqual([5, "run"])
  })
})

describe("a degraded circuit", () => {
  test("is told that the service is gone by twenty-four bad outcomes in a row", () => {
    const evidence = judged({ accepted: 0.5 })
    expect(ring(evidence, { ...partial, rate: 2 }, `${"b".repeat(23)}g${"b".repeat(30)}`)).toEqual([48, "run"])
  })

  test("is told that it is over by evidence of e^12, which never falls below nothing", () => {
    const evidence = judged({ accepted: 0.5 })
    play(evidence, partial, "bb")
    expect(evidence.relief).toBe(0)
    // 0.59 for each success, and a little less once the steps are worked out anew, since less is accepted by then.
    expect(12 / Math.log((1 - usually) / 0.5)).toBeCloseTo(20.4, 1)
    expect(ring(judged({ accepted: 0.5 }), partial, "g".repeat(40))).toEqual([22, "relief"])
  })

  test("is told so, too, when a hundred outcomes have come and what is usual is no better than four fifths of what it accepted", () => {
    const evidence = judged({ accepted: 0.3, usual: 0.3, learned: 5000, learnedAt: 0 })
    expect(ring(evidence, { ...partial, rate: 2 }, "bgggggb".repeat(30))).toEqual([100, "relief"])
    const better = judged({ accepted: 0.3, usual: 0.2, learned: 5000, learnedAt: 0 })
    expect(ring(better, { ...partial, rate: 2 }, "bggbggg".repeat(30))).toBeUndefined()
  })
})

describe("the recent past", () => {
  test("fades by e in five seconds, be it at once or bit by bit", () => {
    const evidence = judged()
    accrue(evidence, step, true, true, 0, 0)
    accrue(evidence, step, false, false, 5000, 5000)
    expect(evidence.recentCalls).toBeCloseTo(1 + Math.exp(-1), 6)
    expect(evidence.recentBad).toBeCloseTo(Math.exp(-1), 6)
    expect(evidence.recentSlow).toBeCloseTo(Math.exp(-1), 6)
    const often = judged()
    for (let at = 0; at <= 5000; at++) accrue(often, step, at === 0, at === 0, at, at)
    expect(often.recentBad).toBeCloseTo(Math.exp(-1), 3)
    expect(often.recentSlow).toBeCloseTo(Math.exp(-1), 3)
  })

  test("rings whatever was learned, where it is at the rate and not far below it for certain", () => {
    const used = (): Evidence => judged({ usual: 0.4, learned: 5000, worst: 0.9, accepted: 0.9 })
    // 30 % below: with nothing but failures that is certain after twenty.
    expect(ring(used(), { ...step, rate: 0.5 }, "b".repeat(60))).toEqual([21, "rate"])
    expect(ring(used(), { ...step, rate: 0.5 }, "bg".repeat(200))?.[1]).toBe("rate")
    expect(ring(used(), { ...step, rate: 0.53 }, "bg".repeat(200))).toBeUndefined()
  })

  test("is no matter of a step's: nothing is learned of it, and nothing else rings", () => {
    const evidence = judged()
    expect(ring(evidence, { ...step, rate: 2 }, "b".repeat(200))).toBeUndefined()
    expect(evidence).toMatchObject({ learned: 0, usual: 0.05, score: 0, calls: 0, row: 0 })
    play(judged(), usual, "b")
    const learning = judged()
    play(learning, usual, "b")
    expect(learning).toMatchObject({ learned: 1, usual: 0.05 + 0.95 / 20 })
  })
})

describe("the cohort", () => {
  test("comes before all else: nothing is judged one by one until it is", () => {
    const evidence = freshEvidence()
    expect(ring(evidence, usual, "b".repeat(20))).toEqual([20, "dead"])
    expect(evidence).toMatchObject({ judged: true, score: 0, calls: 0, entered: 20, bad: 20 })
    const well = freshEvidence()
    expect(ring(well, { ...usual, tells: "never" }, `${"g".repeat(20)}${"b".repeat(30)}`)).toEqual([25, "run"])
  })
})

describe("a new epoch", () => {
  const used = (): Evidence => {
    const evidence = freshEvidence()
    for (const key of Object.keys(evidence) as (keyof Evidence)[])
      if (typeof evidence[key] === "number") Object.assign(evidence, { [key]: 0.25 })
    return Object.assign(evidence, { judged: true, calls: 10, failures: 2, slow: 1 })
  }
  const counts = [
    "score",
    "calls",
    "failures",
    "slow",
    "row",
    "rowSlow",
    "relief",
    "running",
    "entered",
    "settled",
  ] as const
  const others = ["bad", "late", "overtaken", "longestMs"] as const

  test.each([
    ["usual", usual],
    ["step", step],
    ["no line", undefined],
  ] as const)("counts from nothing, and keeps what was learned: %s", (_, line) => {
    const evidence = used()
    beginEpoch(evidence, line)
    for (const key of [...counts, ...others]) expect(evidence[key], key).toBe(0)
    expect(evidence).toMatchObject({ stale: 16, judged: false, lastEntered: Number.NEGATIVE_INFINITY })
    expect(evidence).toMatchObject({ usual: 0.25, learned: 0.25, worst: 0.25, accepted: 0.25, learnedAt: 0.25 })
    const recent = line === undefined ? 0 : 0.25
    expect(evidence).toMatchObject({ recentCalls: recent, recentBad: recent, recentSlow: recent })
  })

  test("of a circuit that degrades accepts what rang, within bounds, and what it accepted before if nothing did", () => {
    const accepted = (calls: number, failures: number, slow: number): number => {
      const evidence = Object.assign(used(), { calls, failures, slow })
      beginEpoch(evidence, partial)
      return evidence.accepted
    }
    expect([accepted(10, 2, 1), accepted(10, 10, 0), accepted(100, 1, 0), accepted(0, 0, 0)]).toEqual([
      0.3, 0.9, 0.05, 0.25,
    ])
  })

  test("after a degraded time that was over by itself remembers how bad a burst may be: at most one in two", () => {
    const worst = (more: Partial<Evidence>): number => {
      const evidence = Object.assign(used(), { relief: 13, ...more })
      beginEpoch(evidence, usual)
      return evidence.worst
    }
    expect([worst({}), worst({ failures: 9 }), worst({ failures: 0 })]).toEqual([0.3, 0.5, 0.25])
    expect([worst({ relief: 12 }), worst({ calls: 0 }), worst({ parted: true })]).toEqual([0.25, 0.25, 0.25])
    const other = Object.assign(used(), { relief: 13 })
    beginEpoch(other, step)
    expect(other.worst).toBe(0.25)
  })
})
