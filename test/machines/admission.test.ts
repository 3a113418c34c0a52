/** Admission as a total function: of each call why it enters or does not, and what is remembered of it afterwards. */
import { describe, expect, test } from "vitest"
import {
  type AdmissionState,
  creditPerCall,
  decideAdmission,
  freshAdmission,
  leaseOf,
  type OfferedCall,
  shareAfter,
} from "../../machines/vocabulary/admission.ts"
import { type Gate, idleGate, type Lines, type Restriction, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { SlotsLine } from "../../machines/vocabulary/priority.ts"

const gateOf = (restriction: Partial<Restriction> = {}, lines: Lines = {}, more: Partial<Gate> = {}): Gate => ({
  ...idleGate,
  phase: "active",
  restriction: { ...unrestricted, ...restriction },
  lines,
  ...more,
})

/** Calls one after the other; of each by what it was refused, or how it entered. */
function decide(gate: Gate, calls: readonly OfferedCall[], from: AdmissionState = freshAdmission(gate.epoch)) {
  let state = from
  const said = calls.map((call) => {
    const verdict = decideAdmission(gate, state, call)
    state = verdict.state
    if (!verdict.admitted) return verdict.by
    return verdict.shadowed ? "shadowed" : verdict.tests ? "test" : verdict.probe ? "probe" : "in"
  })
  return { said, state }
}
const times = (count: number, call: OfferedCall = {}) => Array.from({ length: count }, () => call)
const slots = { reserve: [] } as unknown as SlotsLine
const half = creditPerCall / 2

describe("a call", () => {
  test("enters an open gate, and is counted", () => {
    const { said, state } = decide(gateOf(), times(2))
    expect(said).toEqual(["in", "in"])
    expect(state).toMatchObject({ epoch: 0, entered: 2, running: 2, probesTaken: 0, held: 0, credit: half })
  })

  test("is refused by a share of nothing before all else, and spends nothing", () => {
    const before = freshAdmission(0)
    const shut = gateOf({ share: 0, floor: 4, limit: 0 })
    expect(decideAdmission(shut, before)).toEqual({ admitted: false, by: "share", state: before })
  })

  test("earns its share of a call, also when it is refused for it", () => {
    const { said, state } = decide(gateOf({ share: 0.25 }), times(8))
    // From half a call on: 0.75, 1.0, and in the second round the same again.
    expect(said).toEqual(["share", "in", "share", "share", "share", "in", "share", "share"])
    expect(state.credit).toBe(half)
  })

  test("is refused by the floor if its class lies below it", () => {
    const gate = gateOf({ floor: 3 })
    expect(decide(gate, [{ priority: "normal" }, { priority: "high" }, {}]).said).toEqual(["floor", "in", "floor"])
  })

  test("is a probe where probes are counted, up to as many as may be at once, and no limit is asked then", () => {
    const { said, state } = decide(gateOf({ probes: 2, limit: 0 }), times(3))
    expect(said).toEqual(["probe", "probe", "probes"])
    expect(state).toMatchObject({ probesTaken: 2, running: 0, entered: 2, credit: half })
  })

  test("is refused by the limit when as many run, and by slots when all are taken; alone it always has one", () => {
    expect(decide(gateOf({ limit: 2 }), times(3)).said).toEqual(["in", "in", "limit"])
    const { said, state } = decide(gateOf({ slots: 2 }, { slots }), times(3))
    expect([said, state.held]).toEqual([["in", "in", "slots"], 2])
    expect(decide(gateOf({ slots: 0 }, { slots }), times(2)).said).toEqual(["in", "slots"])
    expect(decide(gateOf({ slots: 0 }), times(2), { ...freshAdmission(0), held: 5 }).said).toEqual(["in", "in"])
    const probing = decide(gateOf({ probes: 1, slots: 2 }, { slots }), times(1))
    expect([probing.said, probing.state.held]).toEqual([["probe"], 1])
  })

  test("enters uncounted where the gate is off, and is seen to be refused where it is only observed", () => {
    const off = decide(gateOf({ share: 0 }, {}, { enforcement: "off" }), times(2))
    expect([off.said, off.state.entered, off.state.running]).toEqual([["in", "in"], 2, 0])
    const observed = gateOf({ probes: 1 }, {}, { enforcement: "observe" })
    const { said, state } = decide(observed, times(2))
    expect([said, state.entered, state.probesTaken]).toEqual([["probe", "shadowed"], 2, 1])
    const verdict = decideAdmission(observed, state)
    expect(verdict).toMatchObject({ admitted: true, probe: false, shadowed: true, tests: false })
    expect(decideAdmission(gateOf({ share: 0 }, {}, { enforcement: "off" }), state)).toMatchObject({
      ...{ admitted: true, probe: false, shadowed: false, tests: false },
    })
    expect(decideAdmission(gateOf(), freshAdmission(0))).toMatchObject({ probe: false, shadowed: false, tests: false })
  })
})

describe("rates", () => {
  const rates = (...all: NonNullable<Lines["rates"]>): Gate => gateOf({}, { rates: all })
  const perSecond = { limit: 2, intervalMs: 1000, burst: 2 }

  test("let in a burst, and then a call for each that has been earned", () => {
    const at = (ms: number) => ({ at: ms })
    const { said } = decide(rates(perSecond), [at(0), at(0), at(0), at(499), at(500), at(500), at(1500), at(1500)])
    expect(said).toEqual(["in", "in", "rate", "rate", "in", "rate", "in", "in"])
    // Without a word of the time it is the beginning.
    expect(decide(rates(perSecond), times(3)).said).toEqual(["in", "in", "rate"])
  })

  test("take what a call costs, from each limit or from none", () => {
    const gate = rates({ limit: 10, intervalMs: 1000, burst: 10 }, perSecond)
    const { said, state } = decide(gate, [{ cost: 1.5 }, { cost: 1 }, { cost: 0.5 }, {}])
    expect(said).toEqual(["in", "rate", "in", "rate"])
    expect(Object.keys(state.buckets ?? {})).toEqual(["0", "1"])
    // Of the wide limit two are gone, not three: what the narrow one refused was not taken.
    expect(decide(rates({ limit: 10, intervalMs: 1000, burst: 10 }), times(9), state).said).toEqual([
      ...[...times(8).map(() => "in"), "rate"],
    ])
  })

  test("are each key's own where they are set so, and one that is not named is a key of its own", () => {
    const gate = rates({ ...perSecond, keys: 10 })
    const calls = [{ key: "a" }, { key: "a" }, { key: "a" }, { key: "b" }, {}, {}, {}, { key: "" }]
    const { said, state } = decide(gate, calls)
    expect(said).toEqual(["in", "in", "rate", "in", "in", "in", "rate", "rate"])
    expect(Object.keys(state.buckets ?? {}).sort()).toEqual(["0 of ", "0 of a", "0 of b"])
  })

  test("that actors have tightened are held beside those that were set, in a bucket of their own", () => {
    const gate = gateOf({ rate: 1, burst: 1 }, { rates: [perSecond] })
    const { said, state } = decide(gate, [{ at: 0 }, { at: 999 }, { at: 1000 }])
    expect(said).toEqual(["in", "rate", "in"])
    expect(Object.keys(state.buckets ?? {})).toEqual(["0", "tightened"])
  })

  test("and slots and features outlive an epoch; credit, probes and what runs begin anew", () => {
    const features = { pay: { since: 0, test: 5 } }
    const lines = { slots, rates: [perSecond], features }
    const bounds = { pay: { share: 0.5, retryAt: 0, reason: "is tested" } }
    const one = decide(gateOf({ slots: 9, features: bounds }, lines), [{ feature: "pay" }, {}])
    const next = decideAdmission(gateOf({ share: 0.25, slots: 9 }, lines, { epoch: 7 }), one.state, { at: 0 })
    expect(next).toMatchObject({ admitted: false, by: "rate" })
    const { buckets, turns, held } = one.state
    expect(held).toBe(2)
    expect(next.state).toEqual({ ...freshAdmission(7), buckets, turns, held })
  })

  test("remember of no limit where there is none", () => {
    const before = freshAdmission(0)
    expect(decideAdmission(gateOf(), before).state).toEqual({ ...before, entered: 1, running: 1, turns: undefined })
  })
})

describe("a feature", () => {
  const gate = (share: number | undefined, line: object | undefined = { since: 0 }) =>
    gateOf(
      { features: share === undefined ? {} : { pay: { share, retryAt: 0, reason: "it failed" } } },
      { features: line === undefined ? {} : { pay: line as { since: number } } },
    )
  const pay = { feature: "pay" }

  test("that is blocked lets nothing in, earns nothing, and is nobody else's business", () => {
    const { said, state } = decide(gate(0), [pay, {}, { feature: "search" }, pay])
    expect(said).toEqual(["feature", "in", "in", "feature"])
    expect(state.turns ?? {}).toEqual({})
  })

  test("that is held back in part lets one in at once, and then its share", () => {
    const { said, state } = decide(gate(0.25), times(9, pay))
    expect(said).toEqual(["in", ...["feature", "feature", "in"], ...["feature", "feature", "feature", "in", "feature"]])
    expect(state.turns?.["pay"]).toEqual({ since: 0, entered: 3, credit: half / 2 })
  })

  test("saves no more than a call of credit, and is asked before the floor", () => {
    const { said } = decide(gate(0.5, { since: 0, test: 2 }), times(4, pay))
    expect(said).toEqual(["test", "test", "feature", "feature"])
    const turns = { pay: { since: 0, entered: 5, credit: creditPerCall } }
    const full = decide(gate(0.5, { since: 0, test: 2 }), times(3, pay), { ...freshAdmission(0), turns })
    expect(full.state.turns).toEqual(turns)
  })

  test("begins a turn anew when its line does, and has one where no line is", () => {
    const first = decide(gate(0.25), times(2, pay))
    expect(first.said).toEqual(["in", "feature"])
    expect(decide(gate(0.25, { since: 9 }), times(2, pay), first.state).said).toEqual(["in", "feature"])
    const none = decide(gate(0.25, undefined), times(4, pay))
    expect([none.said, none.state.turns?.["pay"]?.since]).toEqual([["in", "feature", "feature", "in"], 0])
  })

  test("that is tested marks its calls, probes too, and one that is not does not", () => {
    expect(decide(gate(undefined, { since: 0, test: 3 }), [pay, {}]).said).toEqual(["test", "in"])
    const probing = gateOf({ probes: 9 }, { features: { pay: { since: 0, test: 3 } } })
    expect(decideAdmission(probing, freshAdmission(0), pay)).toMatchObject({ probe: true, tests: true })
    expect(decideAdmission(probing, freshAdmission(0), {})).toMatchObject({ probe: true, tests: false })
  })

  test("called like what every object has is as good as another", () => {
    const state = { ...freshAdmission(0), turns: {} }
    const bounds = JSON.parse('{"__proto__": {"share": 0.5, "retryAt": 0, "reason": "it failed"}}')
    const { said } = decide(gateOf({ features: bounds }), [{ feature: "toString" }, { feature: "__proto__" }], state)
    expect(said).toEqual(["in", "in"])
  })
})

test("the share of a gate is the cohort's until as many have entered", () => {
  const circuit = { kind: "sequential", cohort: 3 } as NonNullable<Lines["circuit"]>
  const gate = gateOf({ share: 0.5, cohortShare: 0.2 }, { circuit })
  expect([0, 2, 3, 4].map((entered) => shareAfter(entered, gate))).toEqual([0.2, 0.2, 0.5, 0.5])
  expect(shareAfter(0, gateOf({ share: 0.1, cohortShare: 0.2 }, { circuit }))).toBe(0.1)
  const ratio = { kind: "ratio" } as NonNullable<Lines["circuit"]>
  expect([
    shareAfter(0, gateOf({ share: 0.5, cohortShare: 0.2 }, { circuit: ratio })),
    shareAfter(0, gateOf()),
  ]).toEqual([...[0.5, 1]])
  // The first three of an epoch enter by the cohort's share, and the fourth by its own.
  expect(decide(gateOf({ share: 1, cohortShare: 0.5 }, { circuit }), times(9)).said).toEqual([
    ...["in", "share", "in", "share", "in", "in", "in", "in", "in"],
  ])
})

test("a probe holds its place for the strategy's lease, longer than a call is given, but no longer than there is patience", () => {
  const lease = (lines: Lines, timeoutMs?: number) =>
    leaseOf(gateOf(timeoutMs === undefined ? {} : { timeoutMs }, lines))
  expect(lease({ leaseMs: 500 })).toBe(500)
  expect(lease({ leaseMs: 500 }, 400)).toBe(500)
  expect(lease({ leaseMs: 500 }, 500)).toBe(501)
  expect(lease({ leaseMs: 500, patienceMs: 450 }, 500)).toBe(450)
  expect(lease({ leaseMs: 500, patienceMs: 450 })).toBe(450)
  expect(lease({})).toBe(Number.MAX_SAFE_INTEGER)
  expect(lease({ patienceMs: 7 })).toBe(7)
})
