/** Admission at its edges: what each part of a gate refuses, what is taken of a call that enters, and what comes back when it ends. */
import { describe, expect, test, vi } from "vitest"
import { type Facts, noFacts } from "../../machines/vocabulary/facts.ts"
import { type Gate, type Restriction, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import type { SlotsLine } from "../../machines/vocabulary/priority.ts"
import { Plane } from "../../src/data-plane/plane.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { barePlane, openGate } from "../support/barePlane.ts"
import { endpointsOf, lineOf } from "../support/endpointPlane.ts"
import { cellLine } from "../support/keyedPlane.ts"
import { stepClock } from "../support/stepClock.ts"

const slots: SlotsLine = {
  ...{
    adaptive: false,
    least: 1,
    most: 2,
    first: 2,
    reserve: [0, 0, 0, 0, 0],
    waitMs: 1000,
    quota: 1,
    pressure: false,
  },
}
const gateOf = (lines: Gate["lines"], restriction: Partial<Restriction> = {}, more: Partial<Gate> = {}): Gate =>
  openGate(lines, { restriction: { ...unrestricted, ...restriction }, ...more })

function admissionOf(lines: Gate["lines"] = {}, restriction: Partial<Restriction> = {}) {
  const bare = barePlane(7)
  const { plane, clock } = bare
  const { admission } = plane
  plane.swap(gateOf(lines, restriction))
  const take = (facts: Facts = noFacts, now = clock.now()) => admission.take(facts, now)
  const enter = (facts: Facts = noFacts, now = clock.now()): Receipt => {
    const ticket = take(facts, now)
    if (!ticket.admitted) throw new Error(`refused by ${ticket.layer}: ${ticket.reason}`)
    return ticket as Receipt
  }
  const refusedBy = (facts: Facts = noFacts, now = clock.now()): string | undefined => {
    const ticket = take(facts, now)
    return ticket.admitted ? undefined : ticket.layer
  }
  const swap = (next: Gate["lines"], less: Partial<Restriction> = {}, more: Partial<Gate> = {}) =>
    plane.swap(gateOf(next, less, { version: 2, ...more }))
  return { ...bare, admission, take, enter, refusedBy, swap }
}

describe("what is said of a call matters", () => {
  const minds = (lines: Gate["lines"], facts: Facts) => admissionOf(lines).admission.minds(facts)
  const rated = { rates: [{ limit: 10, intervalMs: 1000, burst: 5 }] }
  const featured = { features: { pay: { since: 0 } } }

  test("where its class is named", () => {
    expect([minds({}, { priority: "normal" }), minds({}, {})]).toEqual([true, false])
  })

  test("by its feature, its key and its cost only where they are watched", () => {
    expect([minds({}, { feature: "pay" }), minds(featured, { feature: "pay" }), minds(featured, {})]).toEqual([
      ...[false, true, false],
    ])
    expect([minds({}, { key: "a" }), minds({ cells: cellLine }, { key: "a" }), minds({ cells: cellLine }, {})]).toEqual(
      [...[false, true, false]],
    )
    expect([minds(rated, { key: "a" }), minds(rated, { cost: 2 }), minds(rated, {}), minds({}, { cost: 2 })]).toEqual([
      ...[true, true, false, false],
    ])
  })
})

test("chance is drawn once, when it matters for the first time", () => {
  const seed = vi.fn(() => 5)
  const hooks = { signal: () => {}, refused: () => {}, classify: () => "failure" as const, idle: () => {}, seed }
  const { admission } = new Plane("service", new Wheel(stepClock()), hooks)
  expect(seed).not.toHaveBeenCalled()
  expect([admission.seedOfKeys(), admission.seedOfKeys(), seed.mock.calls.length]).toEqual([5, 5, 1])
})

describe("calls are told apart", () => {
  test("once the first key has been named, or while they are handed endpoints", () => {
    const { admission, enter } = admissionOf({ cells: cellLine })
    expect(admission.isParted).toBe(false)
    enter({ key: "a" })
    expect(admission.isParted).toBe(true)
    expect(admissionOf({ endpoints: lineOf(endpointsOf("a")) }).admission.isParted).toBe(true)
  })

  test("each goes to its endpoint, and one that matters much to one that is well", () => {
    const { enter, admission } = admissionOf({ endpoints: lineOf(endpointsOf("a", "b")) })
    const where = [enter(), enter({ priority: "high" })].map(({ endpoint }) => endpoint?.id)
    for (const id of where) expect(["a", "b"]).toContain(id)
    const routed = vi.spyOn(admission.endpoints as NonNullable<typeof admission.endpoints>, "enter")
    for (const priority of ["bulk", "normal", "high", "critical", undefined] as const)
      enter({ ...(priority && { priority }) })
    expect(routed.mock.calls.map(([, matters]) => matters)).toEqual([false, false, true, true, false])
  })
})

describe("a call is refused", () => {
  test("by a share of nothing, a floor above its class, and a limit that is reached", () => {
    expect(admissionOf({}, { share: 0, retryAt: 9 }).refusedBy()).toBe("lifecycle")
    const floored = admissionOf({}, { floor: 2 })
    expect([
      floored.refusedBy({ priority: "low" }),
      floored.refusedBy(),
      floored.refusedBy({ priority: "high" }),
    ]).toEqual([...["priority", undefined, undefined]])
    const limited = admissionOf({}, { limit: 2 })
    expect([limited.refusedBy(), limited.refusedBy(), limited.refusedBy()]).toEqual([undefined, undefined, "limit"])
  })

  test("by a limit for which calls older than the slow line do not count any more", () => {
    const circuit = {
      kind: "sequential",
      watch: "usual",
      threshold: 20,
      rate: 0.8,
      cohort: 16,
      tells: "never",
    } as const
    const { clock, refusedBy, plane } = admissionOf({ circuit, slowAfterMs: 160 }, { limit: 1 })
    plane.admit(clock.now())
    expect(refusedBy()).toBe("limit")
    clock.step(200)
    expect([refusedBy(), refusedBy()]).toEqual([undefined, "limit"])
  })

  test("by a feature that is held back, which counts it, and by no other", () => {
    const bound = { share: 0, retryAt: 9, reason: "pay has failed" }
    const { refusedBy, admission } = admissionOf({ features: { pay: { since: 0 } } }, { features: { pay: bound } })
    const counted = vi.spyOn(admission.features as NonNullable<typeof admission.features>, "refuse")
    expect([refusedBy({ feature: "pay" }), refusedBy({ feature: "search" }), refusedBy()]).toEqual([
      ...["feature", undefined, undefined],
    ])
    expect(counted.mock.calls).toEqual([["pay"]])
  })

  test("by a rate, which it then has not spent", () => {
    const { refusedBy } = admissionOf({ rates: [{ limit: 1, intervalMs: 1000, burst: 2 }] })
    expect([refusedBy({ cost: 3 }), refusedBy({ cost: 2 }), refusedBy()]).toEqual(["rateLimit", undefined, "rateLimit"])
  })

  test("by a partial share, of which it has earned its part", () => {
    const { refusedBy } = admissionOf({}, { share: 0.5 })
    expect([refusedBy(), refusedBy(), refusedBy(), refusedBy()]).toEqual([
      undefined,
      "lifecycle",
      undefined,
      "lifecycle",
    ])
  })

  test("by slots that are all taken; what enters holds one until it ends", () => {
    const { refusedBy, enter, admission } = admissionOf({ slots }, { slots: 2 })
    const one = enter()
    expect([one.slot > 0, refusedBy(), refusedBy()]).toEqual([true, undefined, "limit"])
    admission.settle(one, "success", 5)
    expect([one.slot, refusedBy()]).toEqual([0, undefined])
  })

  test("by places for probes that are all taken, and takes one that is free", () => {
    const { refusedBy, enter, admission } = admissionOf({ leaseMs: 1000 }, { probes: 1 })
    const probe = enter()
    expect([probe.probe, admission.running, refusedBy()]).toEqual([true, 0, "probe"])
  })
})

describe("asked beforehand", () => {
  const asks = ({ admission }: ReturnType<typeof admissionOf>, facts: Facts = noFacts) =>
    admission.wouldReject(facts, 0)?.layer

  test("it says what it would do, and takes nothing", () => {
    const shared = admissionOf({}, { share: 0.5 })
    expect([asks(shared), asks(shared), shared.refusedBy(), asks(shared), shared.refusedBy(), asks(shared)]).toEqual([
      ...[undefined, undefined, undefined, "lifecycle", "lifecycle", undefined],
    ])
    expect(asks(admissionOf({}, { probes: 1, share: 0.5 }))).toBeUndefined()
    expect(asks(admissionOf({}, { probes: 0 }))).toBe("probe")
  })

  test("of slots that are taken it says so, unless a call may wait for one", () => {
    const full = (queue: number) => {
      const one = admissionOf({ slots }, { slots: 1, queue })
      one.enter()
      return one
    }
    expect([asks(full(0)), asks(full(3))]).toEqual(["limit", undefined])
    const [none, some] = [full(0), full(3)]
    expect([none.admission.mustWait(noFacts, 0), some.admission.mustWait(noFacts, 0)]).toEqual([false, true])
    expect(admissionOf().admission.mustWait(noFacts, 0)).toBe(false)
    expect(admissionOf({ slots }, { slots: 1, queue: 3 }).admission.mustWait(noFacts, 0)).toBe(false)
  })

  test("nobody waits where the gate itself refuses, or lets in probes alone", () => {
    const one = admissionOf({ slots }, { slots: 1, queue: 3, floor: 3 })
    one.enter({ priority: "high" })
    expect([one.admission.mustWait(noFacts, 0), one.admission.mustWait({ priority: "high" }, 0)]).toEqual([false, true])
    one.swap({ slots, leaseMs: 1000 }, { slots: 1, queue: 3, probes: 5 })
    expect(one.admission.mustWait({ priority: "high" }, 0)).toBe(false)
  })
})

describe("a call that has ended", () => {
  test("runs no more, unless it was a probe, was not counted, or entered before the epoch", () => {
    const { admission, enter, swap, plane, clock } = admissionOf()
    const [one, two] = [enter(), enter()]
    expect(admission.running).toBe(2)
    admission.settle(one, "success", 5)
    expect(admission.running).toBe(1)
    swap({}, {}, { epoch: 2 })
    expect(admission.running).toBe(0)
    enter()
    admission.settle(two, "success", 5)
    expect(admission.running).toBe(1)
    swap({}, {}, { epoch: 2, enforcement: "off" })
    const unseen = plane.admit(clock.now())
    if (unseen.admitted) admission.settle(unseen, "success", 5)
    expect(admission.running).toBe(1)
  })

  test("gives back what it has spent only if it was never sent", () => {
    const left = (judged: Judged) => {
      const { admission, enter } = admissionOf({ rates: [{ limit: 1, intervalMs: 1e6, burst: 5 }] })
      const one = enter({ cost: 3 })
      expect(one.spent).toEqual({ cost: 3, key: undefined })
      admission.settle(one, judged, 0)
      return admission.rates?.left(0)[0]?.left
    }
    const asking = { kind: "ignored", trip: false, retryAfterMs: undefined } as const
    expect([left("ignored"), left(asking), left({ ...asking, unsent: true })]).toEqual([2, 2, 5])
    const { admission, enter } = admissionOf()
    expect(admission.settle(enter(), { ...asking, unsent: true }, 0)).toBe(false)
  })

  test("is its cell's business alone, or its feature's test's, or the circuit's", () => {
    const plain = admissionOf()
    const one = plain.enter()
    expect(plain.admission.settle(one, "failure", 5)).toBe(false)
    const tested = plain.enter()
    tested.tests = true
    expect(plain.admission.settle(tested, "failure", 5)).toBe(true)
    const keyed = admissionOf({ cells: cellLine })
    expect(keyed.admission.settle(keyed.enter({ key: "a" }), "success", 5)).toBe(false)
    const keyedTest = keyed.enter({ key: "a" })
    keyedTest.tests = true
    expect(keyed.admission.settle(keyedTest, "success", 5)).toBe(true)
    const keyless = keyed.enter()
    expect(keyed.admission.settle(keyless, "success", 5)).toBe(false)
  })

  test("tells its endpoint, as far as it is counted and nobody else's business", () => {
    const { admission, enter } = admissionOf({ endpoints: lineOf(endpointsOf("a")), cells: cellLine })
    const left = vi.spyOn(admission.endpoints as NonNullable<typeof admission.endpoints>, "leave")
    const told = [false, true]
    left.mockImplementation(() => told.shift() ?? false)
    expect([admission.settle(enter(), "failure", 5), admission.settle(enter(), "failure", 5)]).toEqual([false, true])
    const tested = enter()
    tested.tests = true
    expect(admission.settle(tested, "failure", 5)).toBe(true)
    expect(left.mock.calls.map(([, , judged, counts]) => [judged, counts])).toEqual([
      ["failure", true],
      ["failure", true],
      ["failure", false],
    ])
  })
})

describe("a cell that is held back", () => {
  test("refuses its calls, counts them, and no others", () => {
    const { admission, enter, refusedBy } = admissionOf({ cells: cellLine })
    enter({ key: "a" })
    const cells = admission.cells as NonNullable<typeof admission.cells>
    vi.spyOn(cells, "holds").mockImplementation((key) => (key === "a" ? 3 : undefined))
    const counted = vi.spyOn(cells, "refuse")
    expect([refusedBy({ key: "a" }), refusedBy({ key: "b" }), refusedBy()]).toEqual(["cell", undefined, undefined])
    expect(counted.mock.calls).toEqual([["a", 0]])
  })
})

describe("a new epoch", () => {
  test("begins with the credit of none", () => {
    const one = admissionOf({}, { share: 0.5 })
    const asked = () => Array.from({ length: 4 }, () => one.refusedBy() ?? "in")
    const first = asked()
    expect(one.refusedBy()).toBe(first[0] === "in" ? undefined : first[0])
    one.swap({}, { share: 0.5 }, { epoch: 2 })
    expect(asked()).toEqual(first)
  })

  test("has places of its own for probes", () => {
    const one = admissionOf({ leaseMs: 1000 }, { probes: 1 })
    one.enter()
    expect(one.refusedBy()).toBe("probe")
    one.swap({ leaseMs: 1000 }, { probes: 1 }, { epoch: 2 })
    expect([one.refusedBy(), one.refusedBy()]).toEqual([undefined, "probe"])
  })
})

describe("the first probes", () => {
  const half = { slots, leaseMs: 1000 }

  test("are left to calls that matter less, where slots are watched and others have come", () => {
    const one = admissionOf({ slots }, { slots: 2 })
    one.admission.settle(one.enter({}, 10), "success", 20)
    one.swap(half, { slots: 2, probes: 1 }, { epoch: 2 })
    expect([one.refusedBy({ priority: "high" }, 100), one.refusedBy({ priority: "high" }, 250)]).toEqual([
      "probe",
      undefined,
    ])
    const quick = admissionOf({ slots }, { slots: 2 })
    quick.plane.admit(0)
    quick.swap(half, { slots: 2, probes: 1 }, { epoch: 2 })
    expect(quick.refusedBy({ priority: "high" }, 100)).toBe("probe")
    const alone = admissionOf({ slots }, { slots: 2 })
    alone.swap(half, { slots: 2, probes: 1 }, { epoch: 2 })
    expect(alone.refusedBy({ priority: "high" }, 100)).toBeUndefined()
  })

  test("are left to them for as long from each epoch on", () => {
    const one = admissionOf({ slots }, { slots: 2 })
    one.clock.step(5000)
    one.admission.settle(one.enter(), "success", 5000)
    one.swap(half, { slots: 2, probes: 1 }, { epoch: 2 })
    expect([one.refusedBy({ priority: "high" }, 5249), one.refusedBy({ priority: "high" }, 5250)]).toEqual([
      "probe",
      undefined,
    ])
  })

  test("are anybody's where nobody watches slots", () => {
    const one = admissionOf()
    one.enter({}, 10)
    one.swap({ leaseMs: 1000 }, { probes: 1 }, { epoch: 2 })
    expect(one.refusedBy({ priority: "high" }, 100)).toBeUndefined()
  })
})

describe("what comes and goes while calls run", () => {
  const unsent = { kind: "ignored", trip: false, retryAfterMs: undefined, unsent: true } as const

  test("takes nothing of calls that entered before it came", () => {
    const one = admissionOf()
    const [first, second, third] = [one.enter(), one.enter(), one.enter()]
    one.swap({ rates: [{ limit: 1, intervalMs: 1000, burst: 5 }] })
    one.admission.settle(first, unsent, 5)
    expect(one.admission.rates?.left(5)[0]?.left).toBe(5)
    one.swap({ endpoints: lineOf(endpointsOf("a")) })
    const endpoints = one.admission.endpoints as NonNullable<typeof one.admission.endpoints>
    const left = vi.spyOn(endpoints, "leave")
    expect([one.admission.settle(second, "failure", 5), left.mock.calls]).toEqual([false, []])
    one.swap({ slots }, { slots: 2 })
    const gone = vi.spyOn(one.admission.bulkhead as NonNullable<typeof one.admission.bulkhead>, "leave")
    one.admission.settle(third, "failure", 5)
    expect(gone).not.toHaveBeenCalled()
  })

  test("is missed by no call that was handed an endpoint", () => {
    const one = admissionOf({ endpoints: lineOf(endpointsOf("a")) })
    const call = one.enter()
    one.swap({})
    expect(one.admission.settle(call, "failure", 5)).toBe(false)
    const keyed = admissionOf({ endpoints: lineOf(endpointsOf("a")), cells: cellLine })
    const other = keyed.enter({ key: "k" })
    keyed.swap({ cells: cellLine })
    expect([other.site === undefined, keyed.admission.settle(other, "failure", 5)]).toEqual([false, false])
  })

  test("a probe that ends was none of the calls that ran", () => {
    const { admission, enter } = admissionOf({ leaseMs: 1000 }, { probes: 1 })
    admission.settle(enter(), "success", 5)
    expect(admission.running).toBe(0)
  })

  test("calls that came before slots were watched have not come of late", () => {
    const one = admissionOf()
    one.enter({}, 10)
    one.swap({ slots, leaseMs: 1000 }, { slots: 2, probes: 1 }, { epoch: 2 })
    expect(one.refusedBy({ priority: "high" }, 100)).toBeUndefined()
  })
})

describe("what is not there is not asked", () => {
  test("features by no call without one, and none by a call with one", () => {
    expect(admissionOf().refusedBy({ feature: "pay" })).toBeUndefined()
    const { admission, enter } = admissionOf({ features: { pay: { since: 0 } } })
    const entered = vi.spyOn(admission.features as NonNullable<typeof admission.features>, "enter")
    enter()
    enter({ feature: "pay" })
    expect(entered.mock.calls.map(([, feature]) => feature)).toEqual(["pay"])
  })

  test("cells by no call without a key; what they hold back says until when", () => {
    const { admission, enter, refusedBy } = admissionOf({ cells: cellLine })
    enter({ key: "a" })
    const cells = admission.cells as NonNullable<typeof admission.cells>
    const convict = { since: 0, calls: 3, failures: 3, slow: 0 } as unknown as NonNullable<
      ReturnType<typeof cells.holds>
    >
    const holds = vi
      .spyOn(cells, "holds")
      .mockImplementation((key) => (key === "a" ? convict : key === "b" ? 3 : undefined))
    const until = vi.spyOn(cells.condemned, "retryAt").mockImplementation(() => 9)
    expect([refusedBy(), refusedBy({ key: "a" }), refusedBy({ key: "b" })]).toEqual([undefined, "cell", "cell"])
    expect(holds.mock.calls.map(([key]) => key)).toEqual(["a", "b"])
    expect(until.mock.calls.map(([one]) => one)).toEqual([convict, undefined])
  })
})

test("a limit that has no ground makes room for a call that finds no slot", () => {
  const { admission, enter, refusedBy } = admissionOf({ slots }, { slots: 1 })
  enter()
  const missed = vi.spyOn(admission.bulkhead as NonNullable<typeof admission.bulkhead>, "miss")
  missed.mockReturnValueOnce(false).mockReturnValueOnce(true)
  expect([refusedBy(), refusedBy()]).toEqual(["limit", undefined])
})
