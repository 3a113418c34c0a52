/** The meter by itself: what each outcome is weighed as, when it rings again, and what calls that run too long are. */
import { describe, expect, test } from "vitest"
import { enter, leave, withdraw } from "../../machines/vocabulary/cohort.ts"
import { accrue, beginEpoch, type Evidence, freshEvidence } from "../../machines/vocabulary/evidence.ts"
import type { Lines, RatioLine, SequentialLine } from "../../machines/vocabulary/gate.ts"
import type { Report } from "../../machines/vocabulary/signal.ts"
import { statisticsOf } from "../../machines/vocabulary/verdict.ts"
import { Meter } from "../../src/data-plane/meter.ts"
import type { Tape } from "../../src/data-plane/tape.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { openGate } from "../support/barePlane.ts"
import { haltingClock } from "../support/haltingClock.ts"
import { stepClock } from "../support/stepClock.ts"

const ratio: RatioLine = {
  ...{ kind: "ratio", window: { type: "time", durationMs: 1000, slices: 10 } },
  ...{ failureRatio: 0.5, slowRatio: 0.5, minimumCalls: 4, row: 3 },
}
const row: RatioLine = { ...ratio, window: { type: "consecutive", maxAgeMs: 10_000 } }
const sequential: SequentialLine = {
  ...{ kind: "sequential", watch: "usual", threshold: 10, rate: 0.8, cohort: 4, tells: "never" },
}

function meterOf(lines: Lines) {
  const clock = stepClock()
  const reports: Report[] = []
  const meter = new Meter(new Wheel(clock), { tape: undefined }, (report) => reports.push(report))
  const adopt = (next: Lines, epoch = 1) => meter.adopt(openGate(next, { epoch }), clock.now())
  adopt(lines)
  return { meter, clock, adopt, told: () => reports.splice(0) }
}
const types = (reports: readonly Report[]) => reports.map(({ type }) => type)

describe("an alarm that was put down to a part of the service", () => {
  test("rings again after a quarter of a second, should the line be reached still", () => {
    const { meter, told } = meterOf({ circuit: ratio })
    for (let call = 0; call < 4; call++) meter.settle("failure", 1, 1)
    expect(told()).toStrictEqual([
      {
        ...{ type: "alarm.rang", at: 1, epoch: 1, rule: "failureRatio" },
        statistics: { calls: 4, failures: 4, slow: 0, bound: { of: "share", value: 1, line: 0.5 } },
      },
    ])
    meter.doubt(1)
    meter.doubt(200)
    meter.settle("failure", 250, 250)
    expect(told()).toEqual([])
    meter.settle("failure", 251, 251)
    expect(told()).toMatchObject([{ at: 251, statistics: { calls: 6 } }])
  })

  test("does not ring earlier for having been quiet meanwhile", () => {
    const { meter, told } = meterOf({ circuit: ratio })
    for (let call = 0; call < 4; call++) meter.settle("failure", 1, 1)
    meter.doubt(1)
    for (let call = 0; call < 20; call++) meter.settle("success", 2, 2)
    for (let call = 0; call < 30; call++) meter.settle("failure", 3, 3)
    expect(told()).toHaveLength(1)
    meter.settle("failure", 251, 251)
    expect(told()).toHaveLength(1)
  })

  test("rings again on evidence as well", () => {
    const { meter, told } = meterOf({ circuit: sequential })
    for (let call = 0; call < 4; call++) meter.settle("success", 0, 0)
    for (let call = 0; call < 20; call++) meter.settle("failure", 1, 1)
    expect(told()).toHaveLength(1)
    meter.doubt(1)
    for (const at of [1, 250]) meter.settle("failure", at, at)
    expect(told()).toEqual([])
    meter.settle("failure", 251, 251)
    expect(told()).toHaveLength(1)
  })

  test("is none while none has rung", () => {
    const { meter, told } = meterOf({ circuit: ratio })
    meter.doubt(0)
    for (let call = 0; call < 4; call++) meter.settle("failure", 1, 1)
    expect(told()).toHaveLength(1)
  })
})

describe("calls that grow older than the slow line while they run", () => {
  test("are slow in a window of time, and not again when they end", () => {
    const { meter, clock, told } = meterOf({ circuit: ratio, slowAfterMs: 100 })
    for (let call = 0; call < 4; call++) meter.enter(0)
    clock.step(150)
    const slow = { calls: 4, failures: 0, slow: 4, bound: { of: "share", value: 1, line: 0.5 } }
    expect(told()).toMatchObject([{ type: "alarm.rang", rule: "slowRatio", statistics: slow }])
    for (const kind of ["success", "failure", "failure", "success"] as const) meter.settle(kind, 0, 150)
    meter.adopt(openGate({ circuit: ratio, slowAfterMs: 100 }), 150)
    meter.settle("success", 149, 150)
    // Four of five are slow: each was counted once, and as what it was in the end.
    expect(told()).toMatchObject([{ statistics: { calls: 5, failures: 2, slow: 4 } }])
  })

  test("are held against what is in the window then, not before", () => {
    const { meter, clock, told } = meterOf({ circuit: ratio, slowAfterMs: 100 })
    for (let call = 0; call < 10; call++) {
      meter.enter(0)
      meter.settle("success", 0, 0)
    }
    clock.step(950)
    for (let call = 0; call < 4; call++) meter.enter(950)
    clock.step(200)
    expect(told()).toMatchObject([{ rule: "slowRatio", statistics: { calls: 4, slow: 4 } }])
  })

  test("are an occasion to judge only where there are any", () => {
    const { meter, clock, told } = meterOf({ circuit: ratio, slowAfterMs: 100 })
    for (let call = 0; call < 10; call++) {
      meter.enter(0)
      meter.settle("success", 0, 0)
    }
    for (let call = 0; call < 4; call++) {
      meter.enter(200)
      meter.settle("failure", 200, 200)
    }
    clock.step(1050)
    meter.enter(1050)
    meter.settle("ignored", 1050, 1060)
    // The successes are forgotten by then: a call that ends would ring.
    clock.step(200)
    expect(told()).toEqual([])
  })

  test("lengthen a row when they become bad, and not when they end", () => {
    const { meter, clock, told } = meterOf({ circuit: row, slowAfterMs: 100 })
    for (let call = 0; call < 2; call++) meter.enter(0)
    clock.step(150)
    expect(told()).toEqual([])
    for (let call = 0; call < 2; call++) meter.settle("failure", 0, 150)
    expect(told()).toEqual([])
    meter.settle("failure", 150, 150)
    expect(told()).toMatchObject([{ rule: "row", statistics: { calls: 3, failures: 1, slow: 2 } }])
  })

  test("are nothing once they have ended in time", () => {
    const { meter, clock, told } = meterOf({ circuit: { ...ratio, minimumCalls: 1 }, slowAfterMs: 100 })
    meter.enter(0)
    meter.settle("success", 0, 50)
    meter.settle("ignored", 50, 50)
    clock.step(500)
    expect(told()).toEqual([])
  })

  test("are evidence at once, and only once", () => {
    const { meter, clock, told } = meterOf({ circuit: sequential, slowAfterMs: 100 })
    for (let call = 0; call < 4; call++) {
      meter.enter(0)
      meter.settle("success", 0, 0)
    }
    for (let call = 0; call < 3; call++) meter.enter(1)
    clock.step(200)
    expect(meter.baseline(200)?.learned).toBe(7)
    for (const kind of ["failure", "success", "ignored"] as const) meter.settle(kind, 1, 200)
    expect([meter.baseline(200)?.learned, told()]).toEqual([7, []])
    const mirror = freshEvidence()
    beginEpoch(mirror, sequential)
    for (const at of [0, 0, 0, 0]) accrue(mirror, sequential, false, false, at, at)
    for (let call = 0; call < 3; call++) accrue(mirror, sequential, true, true, 1, 107)
    expect(meter.baseline(200)?.usual).toBeCloseTo(mirror.usual, 12)
  })

  test("ring once, however many there are", () => {
    const { meter, clock, told } = meterOf({ circuit: sequential, slowAfterMs: 100 })
    for (let call = 0; call < 4; call++) {
      meter.enter(0)
      meter.settle("success", 0, 0)
    }
    for (let call = 0; call < 50; call++) meter.enter(1)
    clock.step(200)
    const reports = told()
    expect(reports).toHaveLength(1)
    // Those after it are not weighed: what they say has been said.
    expect(reports).toMatchObject([
      {
        rule: "run",
        seen: meter.baseline(200)?.learned,
        statistics: { failures: 0, slow: expect.any(Number) as number },
      },
    ])
    expect(meter.baseline(200)?.learned).toBeLessThan(54)
  })
})

describe("calls that have become too old one after the other, and are found together", () => {
  /** A line of 80 ms has sixteenths of five: the timer that is due at 85 comes at 92. */
  function found(calls: number, ring: (meter: Meter) => void = () => {}) {
    const clock = haltingClock()
    const reports: Report[] = []
    const host = { tape: undefined }
    const meter: Meter = new Meter(new Wheel(clock), host, (report) => {
      reports.push(report)
      ring(meter)
    })
    meter.adopt(openGate({ circuit: sequential, slowAfterMs: 80 }), 0)
    for (let call = 0; call < 4; call++) {
      meter.enter(0)
      meter.settle("success", 0, 0)
    }
    for (let call = 0; call < calls; call++) meter.enter(1)
    clock.step(6)
    for (let call = 0; call < 2; call++) meter.enter(6)
    clock.step(78)
    clock.halt(8)
    return { learned: meter.baseline(92)?.learned, seen: types(reports), reports }
  }

  test("are evidence at once, all of them", () => {
    const { learned, seen } = found(1)
    expect([learned, seen]).toEqual([7, []])
  })

  test("are none under a gate that has come for the first of them", () => {
    const gate = openGate({ circuit: sequential, slowAfterMs: 80 }, { epoch: 2, version: 2 })
    const { learned, seen, reports } = found(50, (meter) => meter.adopt(gate, 92))
    expect([seen, reports]).toMatchObject([["alarm.rang"], [{ seen: learned }]])
  })
})

test("a call that was long because the host stood still is not slow", () => {
  const clock = haltingClock()
  const reports: Report[] = []
  const meter = new Meter(new Wheel(clock), { tape: undefined }, (report) => reports.push(report))
  meter.adopt(openGate({ circuit: ratio, slowAfterMs: 100, sliceMs: 100 }), 0)
  for (let call = 0; call < 3; call++) meter.enter(0)
  clock.halt(150)
  meter.settle("failure", 0, 150)
  meter.settle("success", 0, 150)
  // The host is asked for the time each 25 ms: it is known to have stood still for 125.
  clock.step(100)
  meter.settle("success", 0, 250)
  expect(reports).toMatchObject([{ type: "slice.closed", slice: { failure: 1, success: 2, slow: 1 } }])
})

test("that a timer has found calls too old is written down before anything comes of it", () => {
  const clock = stepClock()
  const did: string[] = []
  const tape = { turn: () => void did.push("written down") } as unknown as Tape
  const meter = new Meter(new Wheel(clock), { tape }, ({ type }) => did.push(type))
  meter.adopt(openGate({ circuit: { ...ratio, minimumCalls: 1 }, slowAfterMs: 100 }), 0)
  meter.enter(0)
  clock.step(150)
  expect(did).toEqual(["written down", "alarm.rang"])
})

describe("a sequence", () => {
  const ends = (["success", "failure", "timedOut", "ignored", "success", "success"] as const).flatMap((kind) =>
    [10, 120].map((ms) => [kind, ms] as const),
  )

  test("weighs each outcome once: as failed, as slow, or as well", () => {
    const { meter, told } = meterOf({ circuit: sequential, slowAfterMs: 100 })
    const mirror = freshEvidence()
    beginEpoch(mirror, sequential)
    let isArmed = true
    const expected: object[] = []
    for (let at = 0; at < 4000; at++) {
      const [kind, ms] =
        at < 1500 ? (["success", 10] as const) : (ends[(at * 7) % ends.length] as (typeof ends)[number])
      const startedAt = at * 300
      const now = startedAt + ms
      meter.enter(startedAt)
      meter.settle(kind, startedAt, now)
      enter(mirror, sequential, startedAt)
      leave(mirror)
      if (kind === "ignored") {
        withdraw(mirror, startedAt)
        continue
      }
      const failed = kind !== "success"
      const rule = accrue(mirror, sequential, failed || ms >= 100, ms >= 100 && !failed, startedAt, now)
      if (rule !== undefined && isArmed)
        expected.push({
          ...{ type: "alarm.rang", at: now, epoch: 1, rule, seen: mirror.learned },
          statistics: statisticsOf(mirror, rule, sequential),
        })
      isArmed = rule === undefined
    }
    expect(expected.length).toBeGreaterThan(0)
    expect(told()).toEqual(expected)
    expect(meter.baseline(1_300_000)).toMatchObject({ learned: mirror.learned })
    expect(meter.baseline(1_300_000)?.usual).toBeCloseTo(mirror.usual, 12)
  })

  const running = (evidence: Partial<Evidence>, lines: Lines = { circuit: sequential, sliceMs: 100 }) => {
    const one = meterOf(lines)
    one.meter.resume({ usual: 0.05, worst: 0, accepted: 0, learned: 0, ageMs: 0, ...evidence }, 0)
    return one
  }

  test("rings again after a success that went the short way", () => {
    const { meter, told } = running({ learned: 2000, usual: 0.4 }, { circuit: { ...sequential, rate: 0.25 } })
    const settle = (kind: "success" | "failure", calls: number) => {
      for (let call = 0; call < calls; call++) meter.settle(kind, 1, 1)
      return told().length
    }
    // Five of twenty are a quarter.
    expect([settle("success", 4), settle("failure", 5), settle("success", 10)]).toEqual([0, 0, 0])
    expect([settle("success", 1), settle("success", 2), settle("failure", 1)]).toEqual([1, 0, 1])
  })

  test("is not served by what was learned while none is watched", () => {
    const { meter, adopt } = running({ learned: 2000 })
    adopt({ circuit: ratio }, 2)
    meter.settle("success", 1, 1)
    expect([meter.baseline(1)?.learned, meter.orders]).toEqual([2000, false])
    adopt({ circuit: sequential }, 3)
    expect(meter.orders).toBe(true)
  })

  test.each([0, 2000])("closes slices with those that still run, where %d outcomes are known", (learned) => {
    const { meter, told } = running({ learned })
    for (const at of [0, 1, 2, 3]) {
      meter.enter(at)
      meter.settle("success", at, at)
    }
    for (const at of [4, 5, 6]) meter.enter(at)
    meter.settle("success", 4, 99)
    expect(told()).toEqual([])
    meter.settle("success", 5, 100)
    expect(told()).toMatchObject([{ type: "slice.closed", at: 100, epoch: 1, running: 1, slice: { success: 6 } }])
    meter.settle("failure", 6, 101)
    expect(told()).toEqual([])
    meter.settle("failure", 102, 201)
    expect(told()).toMatchObject([{ type: "slice.closed", at: 201, running: 0, slice: { failure: 2 } }])
  })

  test("hears of what is a part's alone that it has ended, and nothing else", () => {
    const { meter, told } = running({})
    for (const at of [0, 1, 2]) meter.enter(at)
    meter.pass("failure", 0, 5, true)
    meter.pass("failure", 1, 5, false)
    expect([meter.baseline(5), told(), meter.orders]).toEqual([undefined, [], true])
    meter.pass("timedOut", 2, 105, true)
    expect(told()).toMatchObject([
      { type: "slice.closed", at: 105, running: 1, slice: { failure: 2, timedOut: 1, success: 0, slow: 0 } },
    ])
    // Two were withdrawn from the cohort, whose one is left: three more make four.
    for (const at of [110, 111]) meter.enter(at)
    expect(meter.orders).toBe(true)
    meter.enter(112)
    expect(meter.orders).toBe(false)
  })

  test("counts as slow what is a part's and was slow, and withdraws nothing that was weighed", () => {
    const { meter, clock, told } = meterOf({ circuit: sequential, sliceMs: 100, slowAfterMs: 100 })
    for (let call = 0; call < 4; call++) meter.enter(10)
    clock.step(200)
    meter.pass("failure", 10, 200, true)
    expect(meter.orders).toBe(false)
    meter.pass("failure", 150, 260, false)
    meter.pass("failure", 250, 300, false)
    expect(told()).toMatchObject([{ type: "slice.closed", at: 300, running: 3, slice: { failure: 3, slow: 2 } }])
  })
})

describe("a window", () => {
  test("closes slices, unless it rings at the same call", () => {
    const { meter, told } = meterOf({ circuit: ratio, sliceMs: 100 })
    meter.settle("success", 0, 0)
    for (let call = 0; call < 2; call++) meter.settle("failure", 1, 1)
    meter.settle("failure", 100, 100)
    expect(types(told())).toEqual(["alarm.rang"])
    meter.settle("failure", 101, 101)
    expect(told()).toMatchObject([{ type: "slice.closed", slice: { success: 1, failure: 4 } }])
  })

  test("is not needed for slices", () => {
    const { meter, told } = meterOf({ sliceMs: 100 })
    meter.settle("failure", 0, 0)
    meter.pass("success", 40, 50, true)
    meter.settle("success", 90, 105)
    const reports = told()
    expect(reports).toMatchObject([{ type: "slice.closed", slice: { success: 2, failure: 1, busyMs: 25 } }])
    expect(reports[0]).toHaveProperty("running", undefined)
  })

  test("says nothing of a service that asks to be left alone: that is told at once", () => {
    const { meter, told } = meterOf({ circuit: ratio })
    const asking = { kind: "failure", trip: true, retryAfterMs: 700 } as const
    meter.settle(asking, 0, 5)
    expect(told()).toEqual([
      {
        ...{ type: "alarm.rang", at: 5, epoch: 1, rule: "asked", retryAfterMs: 700 },
        statistics: { calls: 1, failures: 1, slow: 0 },
      },
    ])
    for (let call = 0; call < 3; call++) meter.settle({ ...asking, trip: false }, 5, 5)
    expect(told()).toEqual([])
    meter.settle({ ...asking, trip: false }, 5, 5)
    expect(told()).toMatchObject([{ rule: "failureRatio", statistics: { calls: 4 } }])
  })
})
