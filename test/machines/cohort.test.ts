/** The cohort by itself: which calls are of it, and what it says of a service. */
import { describe, expect, test } from "vitest"
import { enter, judgeCohort, leave, takeIntoCohort, withdraw } from "../../machines/vocabulary/cohort.ts"
import { type Evidence, freshEvidence } from "../../machines/vocabulary/evidence.ts"
import type { SequentialLine } from "../../machines/vocabulary/gate.ts"

const known: SequentialLine = {
  kind: "sequential",
  watch: "usual",
  threshold: 10,
  rate: 0.5,
  cohort: 20,
  tells: "known",
}

const evidenceOf = (more: Partial<Evidence> = {}): Evidence => ({ ...freshEvidence(), ...more })
/** What a cohort says, and that nothing else is judged by it. */
function saidOf(more: Partial<Evidence>, line: Partial<SequentialLine> = {}, at = 0) {
  const evidence = evidenceOf({ entered: 20, lastEntered: 0, ...more })
  return [judgeCohort(evidence, { ...known, ...line }, at), evidence.judged]
}
const waiting = [undefined, false]

describe("calls of the cohort", () => {
  test("are the first that enter, and those that enter at the same instant as the last of them", () => {
    const evidence = evidenceOf()
    for (let at = 1; at <= 20; at++) enter(evidence, known, at)
    const later = { ...evidence }
    enter(later, known, 21)
    expect(later).toMatchObject({ entered: 20, lastEntered: 20, running: 21 })
    enter(evidence, known, 20)
    enter(evidence, known, 21)
    expect(evidence).toMatchObject({ entered: 21, lastEntered: 20, running: 22 })
  })

  test("that end run no more, also where nobody said that they entered", () => {
    const evidence = evidenceOf({ running: 1 })
    leave(evidence)
    leave(evidence)
    expect(evidence.running).toBe(0)
  })

  test("that come back without an outcome were never of it; others never were", () => {
    const evidence = evidenceOf({ entered: 2, lastEntered: 5, settled: 1 })
    withdraw(evidence, 6)
    expect(evidence.entered).toBe(2)
    withdraw(evidence, 5)
    expect(evidence.entered).toBe(1)
    withdraw(evidence, 4)
    expect(evidence.entered).toBe(1)
  })

  test("are counted as they end: bad ones, and of those the slow ones; the longest that went well is remembered", () => {
    const evidence = evidenceOf({ entered: 5, lastEntered: 3 })
    takeIntoCohort(evidence, known, false, false, 1, 4)
    takeIntoCohort(evidence, known, false, true, 2, 4)
    takeIntoCohort(evidence, known, true, false, 3, 9)
    takeIntoCohort(evidence, known, true, true, 3, 9)
    expect(evidence).toMatchObject({ entered: 5, lastEntered: 3, settled: 4, bad: 2, late: 1, longestMs: 3 })
  })

  test("of which nobody said that they entered make it by their outcomes, until it is complete", () => {
    const evidence = evidenceOf({ entered: 18, settled: 18, lastEntered: 7 })
    takeIntoCohort(evidence, known, true, false, 5, 8)
    takeIntoCohort(evidence, known, false, false, 9, 9)
    expect(evidence).toMatchObject({ entered: 20, settled: 20, bad: 1, lastEntered: 9, overtaken: 0 })
    takeIntoCohort(evidence, known, false, false, 8, 10)
    takeIntoCohort(evidence, known, true, true, 10, 11)
    expect(evidence).toMatchObject({ entered: 20, settled: 20, bad: 1, late: 0, lastEntered: 9, overtaken: 1 })
  })

  test("that enter after it do not stand for those that still run", () => {
    const evidence = evidenceOf({ entered: 20, settled: 3, lastEntered: 7 })
    takeIntoCohort(evidence, known, false, false, 8, 30)
    expect(evidence).toMatchObject({ entered: 20, settled: 3, overtaken: 1, longestMs: 22 })
  })
})

describe("a cohort", () => {
  test("says nothing before it is complete, and tells once all but one call, or one in ten, are known", () => {
    expect(saidOf({ entered: 19, settled: 19 })).toEqual(waiting)
    expect(saidOf({ settled: 17 })).toEqual(waiting)
    expect(saidOf({ settled: 18 })).toEqual(["cohort", true])
    expect(saidOf({ settled: 20, bad: 10 })).toEqual(["cohort", true])
  })

  test("that is never told is judged all the same, unless it says that the service is gone", () => {
    expect(saidOf({ settled: 20, bad: 2 }, { tells: "never" })).toEqual([undefined, true])
    expect(saidOf({ settled: 20, bad: 20 }, { tells: "never" })).toEqual(["dead", true])
  })

  test("says that the service is gone as soon as that is certain, with four in five of it bad and few still running", () => {
    expect(saidOf({ settled: 17, bad: 16 })).toEqual(["dead", true])
    expect(saidOf({ settled: 16, bad: 16 })).toEqual(["dead", true])
    expect(saidOf({ settled: 15, bad: 15 })).toEqual(waiting)
    expect(saidOf({ settled: 18, bad: 14 })).toEqual(["cohort", true])
    // Certain by its few calls, but they are not four in five of it.
    expect(saidOf({ entered: 20, settled: 20, bad: 20 }, { cohort: 26 })).toEqual(waiting)
  })

  test("tells at its first bad call that was late only where it is to, and where all that was bad was late", () => {
    expect(saidOf({ entered: 1, settled: 1, bad: 1, late: 1 }, { tells: "late" })).toEqual(["cohort", true])
    expect(saidOf({ entered: 2, settled: 2, bad: 2, late: 1 }, { tells: "late" })).toEqual(waiting)
    expect(saidOf({ entered: 1, settled: 1 }, { tells: "late" })).toEqual(waiting)
    expect(saidOf({ entered: 1, settled: 1, bad: 1, late: 1 })).toEqual(waiting)
  })

  test("that is spoilt tells before it is complete, by the share of all that entered, and of the whole at the least", () => {
    expect(saidOf({ entered: 2, settled: 2, bad: 2 }, { spoiltAt: 0.1 })).toEqual(["cohort", true])
    expect(saidOf({ entered: 2, settled: 2, bad: 1 }, { spoiltAt: 0.1 })).toEqual(waiting)
    expect(saidOf({ entered: 30, settled: 3, bad: 2 }, { spoiltAt: 0.1 })).toEqual(waiting)
    expect(saidOf({ entered: 30, settled: 3, bad: 3 }, { spoiltAt: 0.1 })).toEqual(["cohort", true])
    expect(saidOf({ entered: 2, settled: 2, bad: 2 })).toEqual(waiting)
  })

  test("is not waited for once as many later calls went well, all in less than half of the time that it has run", () => {
    const hanging = { settled: 5, overtaken: 20, longestMs: 100 }
    expect(saidOf(hanging, {}, 200)).toEqual(waiting)
    expect(saidOf(hanging, {}, 201)).toEqual(["cohort", true])
    expect(saidOf({ ...hanging, overtaken: 19 }, {}, 201)).toEqual(waiting)
    expect(saidOf({ ...hanging, lastEntered: 50 }, {}, 250)).toEqual(waiting)
  })

  test("is waited for no longer than a minute, however rare the calls", () => {
    expect(saidOf({ settled: 5, lastEntered: 7 }, {}, 60_006)).toEqual(waiting)
    expect(saidOf({ settled: 5, lastEntered: 7 }, {}, 60_007)).toEqual(["cohort", true])
  })
})
