/** What the root of a breaker begins with, and what it makes of the events that it is sent, one by one. */
import { type BreakerEvent, basic, breakerLogic } from "recloser/machines"
import { describe, expect, test } from "vitest"
import { createActor, fromCallback } from "xstate"
import { freshBook } from "../../machines/featureBook.ts"
import type { BreakerContext } from "../../machines/fold.ts"
import type { AnyPlug } from "../../machines/plug.ts"
import { companions, components, strategies } from "../../machines/registry.ts"
import {
  actOf,
  carried,
  charts,
  childKey,
  failureIn,
  freshContext,
  heardAlone,
  isLive,
  passedOn,
  resumption,
  sourceOf,
  spawnOptions,
  timeOf,
} from "../../machines/root.ts"
import { type Gate, idleGate, type Phase, unrestricted } from "../../machines/vocabulary/gate.ts"
import type { OutcomeSettled } from "../../machines/vocabulary/signal.ts"
import { advising, alone, chosen, gateOf, phaseOf } from "../support/parts.ts"

const parts = [chosen(basic)]
const begin = (more: Partial<BreakerContext> = {}): BreakerContext => ({
  ...freshContext({ name: "service", parts }),
  ...more,
})

describe("a breaker's beginning", () => {
  test("is idle, closed, at time 0 and without a data plane, unless its input says otherwise", () => {
    const fresh = freshContext({ name: "service", parts })
    expect(fresh).toEqual({
      ...{ name: "service", seed: 0, parts, report: undefined, metered: false, at: 0, phase: "idle", mode: "auto" },
      ...{ operator: { why: "", since: 0 }, ready: [], voices: {}, epoch: 0, crashes: {}, loops: [], reportsHeard: 0 },
      finding: { circuit: "closed", entries: 0, at: 0, reason: "", rule: "", statistics: undefined },
      ...{ resuming: undefined, failure: undefined, book: freshBook(), gate: idleGate },
    })
    const report = createActor(breakerLogic, { input: { name: "other" } })
    const given = freshContext({ name: "service", parts, seed: 7, at: 900, metered: true, report })
    expect(given).toEqual({ ...fresh, ...{ seed: 7, at: 900, metered: true, report }, finding: given.finding })
    expect(given.finding).toEqual({ ...fresh.finding, at: 900 })
  })

  test("reads the parts from all of its input that is config, and none of the rest is an option", () => {
    const input = { name: "service", seed: 7, at: 900, metered: true, report: undefined, parts: undefined } as const
    const read = freshContext({ ...input, strategy: "basic", metrics: false })
    expect(read.parts.map(({ plug: { key } }) => key)).toEqual(["basic", "timeout", "priority"])
    expect(() => freshContext({ ...input, metricks: false } as never)).toThrow("config.metricks: is not an option here")
  })
})

describe("a part", () => {
  test("is started under its key with its settings, the breaker's seed and time, and where the circuit stands", () => {
    const context = begin({ seed: 7, at: 900, finding: { ...begin().finding, circuit: "open" } })
    const part = chosen(basic)
    expect(spawnOptions(context, part)).toEqual({
      id: "basic",
      input: { settings: part.settings, seed: 7, at: 900, circuit: "open" },
      syncSnapshot: true,
    })
  })

  test("of the registry is known by its name, so that a snapshot can become JSON; any other is its own logic", () => {
    const all = { ...strategies, ...companions, ...components }
    expect(Object.keys(charts).sort()).toEqual(Object.keys(all).sort())
    for (const plug of Object.values(all)) expect(sourceOf({ plug, settings: {} })).toBe(plug.key)
    const stranger = advising("stranger", {})
    expect(sourceOf({ plug: stranger, settings: {} })).toBe(stranger.chart)
    const namesake = { ...stranger, key: "basic" }
    expect(sourceOf({ plug: namesake, settings: {} })).toBe(stranger.chart)
  })

  test("that crashed away from closed is sent back to probing at once", () => {
    expect(resumption(begin({ at: 50 }), "basic")).toEqual({
      ...{ type: "breaker.restored", at: 50, elapsedMs: 0, parts: { basic: { circuit: "halfOpen" } } },
    })
  })

  test("is named by the event that tells of it, and so is what it failed of", () => {
    const error = new Error("boom")
    const event = { type: "xstate.error.actor.basic", error }
    expect([childKey({ type: "xstate.snapshot.basic" }, "xstate.snapshot."), failureIn(event)]).toEqual([
      ...["basic", { part: "basic", error }],
    ])
    expect(carried(event)).toBe(event)
  })

  test("is heard while calls may still be in flight", () => {
    const phases: readonly Phase[] = ["idle", "starting", "active", "draining", "stopped"]
    expect(phases.filter((phase) => isLive(begin({ phase })))).toEqual(["active", "draining"])
  })
})

test("time is the latest stamp: none that is older turns it back, and what has none leaves it", () => {
  const times = [{ at: 9 }, { at: 11 }, {}, { at: undefined }, { at: "12" }].map((event) =>
    timeOf(begin({ at: 10 }), event),
  )
  expect(times).toEqual([10, 11, 10, 10, 10])
})

describe("an act of the operator", () => {
  const burning = { at: 20, why: "it burns" }

  test("changes the mode, begins an epoch, and is told", () => {
    expect(actOf(begin({ at: 30, epoch: 4 }), burning, "bypassed")).toEqual({
      next: { mode: "bypassed", operator: { why: "it burns", since: 20 }, at: 30, epoch: 5 },
      changed: { type: "mode.changed", at: 20, breaker: "service", from: "auto", to: "bypassed", why: "it burns" },
      told: undefined,
    })
  })

  test("that holds the circuit open, or lets it go, is told to the parts", () => {
    const forced = actOf(begin(), burning, "forcedOpen")
    expect(forced?.told).toEqual({ type: "operator.forcedOpen", ...burning })
    const held = begin({ mode: "forcedOpen", operator: { why: "it burns", since: 20 } })
    for (const mode of ["auto", "bypassed", "shadow"] as const)
      expect(actOf(held, { at: 25, why: "over" }, mode)?.told).toEqual({
        ...{ type: "operator.released", at: 25, why: "over" },
      })
    expect(actOf(begin({ mode: "shadow" }), burning, "auto")?.told).toBeUndefined()
  })

  test("for another reason is news, and no new epoch; for the same, or where nothing was done, it is none", () => {
    const held = begin({ epoch: 4, mode: "forcedOpen", operator: { why: "it burns", since: 20 } })
    expect(actOf(held, { at: 25, why: "it smokes" }, "forcedOpen")).toEqual({
      next: { mode: "forcedOpen", operator: { why: "it smokes", since: 20 }, at: 25, epoch: 4 },
      changed: {
        ...{ type: "mode.changed", at: 25, breaker: "service", from: "forcedOpen", to: "forcedOpen" },
        why: "it smokes",
      },
      told: undefined,
    })
    expect(actOf(held, { at: 25, why: "it burns" }, "forcedOpen")).toBeUndefined()
    expect(actOf(begin({ operator: { why: "over", since: 20 } }), { at: 25, why: "again" }, "auto")).toBeUndefined()
  })

  test("is none without a time and a reason: so a mode is entered at the start", () => {
    for (const event of [{ type: "xstate.init" }, { at: 5 }, { why: "it burns" }])
      expect(actOf(begin(), event, "forcedOpen")).toBeUndefined()
  })
})

describe("what is told to a breaker that runs alone", () => {
  const gate = (more: Partial<Gate> = {}, share = 1): Gate => ({
    ...idleGate,
    epoch: 4,
    restriction: { ...unrestricted, share },
    ...more,
  })
  const probing = gate({ restriction: { ...unrestricted, probes: 2 } })
  const at = (one: Gate, more: Partial<BreakerContext> = {}) => begin({ epoch: 4, gate: one, ...more })
  const ended = (more: Partial<OutcomeSettled> = {}): OutcomeSettled => ({
    ...{ type: "outcome.settled", at: 50, kind: "success", durationMs: 8 },
    ...more,
  })
  const entered = { type: "call.entered", at: 50 } as const
  const overdue = { type: "call.overdue", at: 50 } as const

  test("is for its meter; where a data plane measures it is nothing", () => {
    for (const event of [ended(), entered, overdue]) {
      expect(heardAlone(at(gate()), event)).toBe("meter")
      expect(heardAlone(at(gate(), { metered: true }), event)).toBeUndefined()
    }
  })

  test("is nothing of an earlier epoch, but for a probe that has succeeded after all: that is a fact", () => {
    const late = { epoch: 3 }
    for (const event of [ended(late), { ...entered, ...late }, { ...overdue, ...late }])
      expect(heardAlone(at(gate()), event)).toBeUndefined()
    expect(heardAlone(at(gate()), ended({ ...late, probe: true }))).toEqual({
      ...{ type: "probe.answered", at: 50, tookMs: 8 },
    })
    expect(heardAlone(at(gate()), ended({ ...late, probe: true, kind: "failure" }))).toBeUndefined()
    expect(heardAlone(at(gate()), { ...entered, ...late, probe: true, kind: "success" } as never)).toBeUndefined()
    expect(heardAlone(at(gate()), ended({ epoch: undefined }))).toBe("meter")
  })

  test("is nothing under bypass; where no call may enter it is what is known to have entered before", () => {
    expect(heardAlone(at(gate({ enforcement: "off" })), ended({ epoch: 4 }))).toBeUndefined()
    expect(heardAlone(at(gate({ enforcement: "observe" })), ended())).toBe("meter")
    for (const event of [ended(), ended({ epoch: undefined }), entered, overdue]) {
      expect(heardAlone(at(gate({}, 0)), event)).toBeUndefined()
      expect(heardAlone(at(gate({}, 0)), { ...event, epoch: 4 })).toBe("meter")
      expect(heardAlone(at(gate({}, 0.01)), event)).toBe("meter")
    }
  })

  test("is a verdict while it probes, unless it says that it was no probe; who enters is known by its epoch", () => {
    const verdict = (type: string, more: object = {}) => ({ type, at: 50, epoch: 4, retryAfterMs: undefined, ...more })
    expect(heardAlone(at(probing), ended())).toEqual(verdict("probe.succeeded"))
    for (const kind of ["failure", "timedOut"] as const)
      expect(heardAlone(at(probing), ended({ kind, retryAfterMs: 700 }))).toEqual(
        verdict("probe.failed", { retryAfterMs: 700 }),
      )
    expect(heardAlone(at(probing), ended({ kind: "ignored" }))).toBeUndefined()
    expect(heardAlone(at(probing), ended({ probe: false }))).toBe("meter")
    expect(heardAlone(at(gate()), ended({ probe: true }))).toEqual(verdict("probe.succeeded"))
    for (const event of [entered, overdue]) {
      expect(heardAlone(at(probing), event)).toBeUndefined()
      expect(heardAlone(at(probing), { ...event, epoch: undefined })).toBeUndefined()
      expect(heardAlone(at(probing), { ...event, epoch: 4 })).toBe("meter")
    }
  })

  test("is a bad probe from the slow line on", () => {
    const slow = { ...probing, lines: { slowAfterMs: 8 } }
    expect([7, 8].map((durationMs) => heardAlone(at(slow), ended({ durationMs })))).toMatchObject([
      ...[{ type: "probe.succeeded" }, { type: "probe.failed" }],
    ])
    expect(heardAlone(at(probing), ended({ durationMs: 1e9 }))).toMatchObject({ type: "probe.succeeded" })
  })

  test("is no verdict where the service speaks of its own limits, and somebody listens", () => {
    const listening = { ...probing, lines: { toldMs: 1000 } }
    const refused = (exceeded: boolean) => ended({ kind: "failure", quota: { exceeded } })
    expect(heardAlone(at(listening), refused(true))).toBe("meter")
    for (const event of [refused(false), ended({ kind: "failure", quota: undefined })])
      expect(heardAlone(at(listening), event)).toMatchObject({ type: "probe.failed" })
    expect(heardAlone(at(probing), refused(true))).toMatchObject({ type: "probe.failed" })
  })
})

/** What a pattern of the root stands for. */
const named: { readonly [pattern: string]: readonly string[] } = {
  "budget.*": ["budget.spent", "budget.funded"],
  "feature.*": ["feature.failed", "feature.settled"],
  "provider.*": ["provider.told", "provider.lost"],
  "dependency.*": ["dependency.added", "dependency.removed", "dependency.moved"],
}

/** A part that writes down what it is sent. */
function noting(types: readonly string[], heard: string[]): AnyPlug {
  const chart = fromCallback(({ receive }) => receive(({ type }) => void heard.push(type)))
  return { ...advising("noting", {}), chart, hears: types as AnyPlug["hears"] }
}

describe("what parts hear", () => {
  function listening() {
    const heard: string[] = []
    const types = Object.keys(passedOn).flatMap((type) => named[type] ?? [type])
    const breaker = alone({ metered: true, parts: [chosen(basic), chosen(noting(types, heard))] })
    const send = (type: string, more: object = {}) => breaker.send({ type, at: 5, ...more } as BreakerEvent)
    return { breaker, heard, send, types }
  }

  test("breaker laws 4 and 7: facts reach them of any epoch, verdicts of the present one alone, and what nobody hears nobody", () => {
    const { breaker, heard, send, types } = listening()
    const verdicts = ["alarm.rang", "probe.succeeded", "probe.failed", "probe.expired"]
    for (const type of types) send(type, { epoch: gateOf(breaker).epoch + 1 })
    expect(heard.sort()).toEqual(types.filter((type) => !verdicts.includes(type)).sort())
    heard.length = 0
    for (const type of verdicts) send(type, { epoch: gateOf(breaker).epoch })
    expect(heard).toEqual(verdicts)
    expect(breaker.actor.getSnapshot().context.at).toBe(5)
  })

  test("the operator does nothing to a breaker that is not active", () => {
    const { breaker, send } = listening()
    send("breaker.stop")
    expect(phaseOf(breaker)).toBe("draining")
    for (const type of ["operator.forceOpen", "operator.bypass", "operator.shadow", "operator.release"]) {
      send(type, { why: "it burns" })
      expect(gateOf(breaker)).toMatchObject({ mode: "auto", phase: "draining" })
    }
  })
})
