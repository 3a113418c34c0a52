/** What need not be looked at on each call under one gate: each thing that somebody could mind, by itself. */
import { describe, expect, test } from "vitest"
import { noFacts } from "../../machines/vocabulary/facts.ts"
import { type Gate, idleGate, unrestricted } from "../../machines/vocabulary/gate.ts"
import { probesOnly, ShortWays } from "../../src/data-plane/shortWays.ts"

type Looks = ConstructorParameters<typeof ShortWays>[1]
type Others = ConstructorParameters<typeof ShortWays>[2]

const open: Gate = { ...idleGate, phase: "active", restriction: unrestricted }
const restricted = (more: Partial<Gate["restriction"]>): Gate => ({
  ...open,
  restriction: { ...unrestricted, ...more },
})
const nothing: Looks = {
  bulkhead: undefined,
  rates: undefined,
  endpoints: undefined,
  features: undefined,
  minds: () => false,
}
const nobody: Others = { ghost: undefined, tape: undefined, retryBudget: undefined }
const waysOf = (gate: Gate = open, looks: Partial<Looks> = {}, others: Partial<Others> = {}) =>
  new ShortWays(gate, { ...nothing, ...looks }, { ...nobody, ...others })

const slots = (hasRoom: boolean, isOn = true) => ({ bulkhead: { isOn, hasRoom: () => hasRoom } })
const rates = (lets: boolean, isFree = false) => ({ rates: { isFree, lets: () => lets } })

test("a gate that holds nothing back, and of which nobody wants to know anything, is clear and not measured", () => {
  const ways = waysOf()
  expect({ ...ways }).toEqual({
    ...{ isOpen: true, isSlotted: false, isRated: false, isRouted: false, isUnmeasured: true },
    ...{ isShut: false, timeoutMs: Number.POSITIVE_INFINITY },
  })
  expect(ways.isClear(0)).toBe(true)
})

test.each([
  ["a share", restricted({ share: 0.99 })],
  ["a share of the cohort", restricted({ cohortShare: 0.99 })],
  ["probes", restricted({ probes: 1 })],
  ["a limit", restricted({ limit: 1000 })],
  ["a floor above ordinary calls", restricted({ floor: 3 })],
  ["another phase", { ...open, phase: "draining" } as Gate],
  ["a shadow", { ...open, enforcement: "observe" } as Gate],
  ["a bypass", { ...open, enforcement: "off" } as Gate],
])("%s closes the short way", (_, gate) => {
  const ways = waysOf(gate)
  expect([ways.isOpen, ways.isUnmeasured, ways.isClear(0)]).toEqual([false, false, false])
})

test("a floor at ordinary calls, or below, leaves them their way", () => {
  expect([1, 2].map((floor) => waysOf(restricted({ floor })).isOpen)).toEqual([true, true])
})

test("who decides beside the breaker closes the short way; who writes calls down wants them measured", () => {
  const haunted = waysOf(open, {}, { ghost: {} })
  expect([haunted.isOpen, haunted.isUnmeasured]).toEqual([false, false])
  const taped = waysOf(open, {}, { tape: {} })
  expect([taped.isOpen, taped.isUnmeasured]).toEqual([true, false])
})

test.each([
  ["a slow line", { ...open, lines: { slowAfterMs: 100 } }, {}, {}],
  ["slices", { ...open, lines: { sliceMs: 1000 } }, {}, {}],
  ["a timeout", restricted({ timeoutMs: 1000 }), {}, {}],
  ["a budget", open, {}, { retryBudget: {} }],
  ["features", open, { features: {} }, {}],
  ["slots", open, slots(true), {}],
  ["rates", open, rates(true), {}],
  ["endpoints", open, { endpoints: {} }, {}],
] as const)("%s: calls are measured, and their way is clear", (_, gate, looks, others) => {
  const ways = waysOf(gate as Gate, looks, others)
  expect([ways.isOpen, ways.isUnmeasured, ways.isClear(0)]).toEqual([true, false, true])
})

test("slots and rates that are there are asked; those that are off, or free, are not", () => {
  expect([waysOf(open, slots(false)).isClear(0), waysOf(open, slots(false, false)).isClear(0)]).toEqual([false, true])
  expect([waysOf(open, rates(false)).isClear(0), waysOf(open, rates(false, true)).isClear(0)]).toEqual([false, true])
  const flags = ({ isSlotted, isRated, isRouted }: ShortWays) => [isSlotted, isRated, isRouted]
  expect(flags(waysOf(open, { ...slots(true), ...rates(true) }))).toEqual([true, true, false])
  expect(flags(waysOf(open, { ...slots(true, false), ...rates(true, true) }))).toEqual([false, false, false])
  expect(flags(waysOf(open, { endpoints: {} }))).toEqual([false, false, true])
  expect(waysOf(open, { ...slots(false), ...rates(true) }).isClear(0)).toBe(false)
  expect(waysOf(open, { ...slots(true), ...rates(false) }).isClear(0)).toBe(false)
})

describe("facts", () => {
  test("are looked at only where somebody minds them", () => {
    const minding = waysOf(open, { minds: ({ key }) => key === "a" })
    expect([{ key: "a" }, { key: "b" }, noFacts].map((facts) => minding.isClearFor(facts, 0))).toEqual([
      ...[false, true, true],
    ])
    expect(waysOf(open, { minds: () => true }).isClearFor(noFacts, 0)).toBe(true)
    expect(waysOf(restricted({ limit: 1 })).isClearFor(noFacts, 0)).toBe(false)
  })
})

test("a gate that lets nobody in is shut, unless it is only observed, or others decide or write beside it", () => {
  const none = restricted({ share: 0 })
  expect(waysOf(none).isShut).toBe(true)
  expect(waysOf({ ...none, enforcement: "observe" }).isShut).toBe(false)
  expect([waysOf(none, {}, { ghost: {} }).isShut, waysOf(none, {}, { tape: {} }).isShut]).toEqual([false, false])
  expect(waysOf(restricted({ share: 0.1 })).isShut).toBe(false)
})

test("a timeout is kept to where the gate is obeyed", () => {
  const bounded = restricted({ timeoutMs: 700 })
  expect(waysOf(bounded).timeoutMs).toBe(700)
  expect(waysOf({ ...bounded, enforcement: "observe" }).timeoutMs).toBe(Number.POSITIVE_INFINITY)
})

test("calls enter only as probes where probes are counted and some share is let in", () => {
  expect(
    [{ probes: 1 }, { probes: 1, share: 0 }, { probes: Number.POSITIVE_INFINITY }].map((one) =>
      probesOnly(restricted(one)),
    ),
  ).toEqual([...[true, false, false]])
})
