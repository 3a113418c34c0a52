import {
  type BreakerEvent,
  basic,
  breakerLogic,
  discovery,
  metrics,
  type OperatorCommand,
  tighten,
  unrestricted,
} from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { type AnyActorRef, createActor, createMachine, fromCallback } from "xstate"
import type { MeterState } from "../../machines/meter.ts"
import type { AnyComponent } from "../../machines/plug.ts"
import type { ChosenPart } from "../../machines/registry.ts"
import type { Demand, RatioLine } from "../../machines/vocabulary/gate.ts"
import { type Alone, advising, alone, boom, chosen, gateOf, noted, phaseOf } from "../support/parts.ts"
import fc from "../support/property.ts"

const trip = (breaker: Alone) => {
  breaker.settle("failure", 20)
  expect(gateOf(breaker).circuit).toBe("open")
}
const ratio: RatioLine = {
  ...{ kind: "ratio", window: { type: "count", calls: 100, maxAgeMs: 1e6 }, row: Number.POSITIVE_INFINITY },
  ...{ failureRatio: 0.5, slowRatio: 2, minimumCalls: 4 },
}
const childOf = ({ actor }: Alone, key: string) =>
  (actor.getSnapshot().children as { readonly [id: string]: AnyActorRef | undefined })[key]

/** A part that writes down what it is sent. */
const listening = (types: readonly string[], heard: unknown[]) => {
  const chart = fromCallback(({ receive }) => receive((event) => void heard.push(event)))
  return { ...advising("listening", {}), chart, hears: types as typeof basic.hears }
}

describe("life of a breaker", () => {
  test("breaker law 1: start and stop are idempotent", () => {
    const breaker = alone()
    expect(phaseOf(breaker)).toBe("active")
    const gate = gateOf(breaker)
    breaker.send({ type: "breaker.start" })
    expect(gateOf(breaker)).toBe(gate)
    breaker.send({ type: "breaker.stop" })
    expect(phaseOf(breaker)).toBe("stopped")
    const stopped = gateOf(breaker)
    for (const type of ["breaker.stop", "breaker.drained", "breaker.start"] as const) breaker.send({ type })
    expect(gateOf(breaker)).toBe(stopped)
    expect(gateOf(breaker)).toMatchObject({ phase: "stopped", restriction: { share: 0 } })
    expect(Object.keys(breaker.actor.getSnapshot().children)).toEqual([])
  })

  test("breaker law 1: parts start in their order and stop in reverse", () => {
    const log: string[] = []
    const parts = [
      chosen(basic),
      chosen(noted("first", log)),
      chosen(noted("second", log)),
      chosen(noted("third", log)),
    ]
    const breaker = alone({ parts })
    expect(phaseOf(breaker)).toBe("active")
    breaker.send({ type: "breaker.stop" })
    expect(log).toEqual([
      "first started",
      "second started",
      "third started",
      "third stopped",
      "second stopped",
      "first stopped",
    ])
  })

  test("breaker law 1: a failing start stops in reverse what had started and names the part", () => {
    const log: string[] = []
    const parts = [
      chosen(basic),
      chosen(noted("first", log)),
      chosen(noted("second", log)),
      chosen(noted("bad", log, true)),
    ]
    const breaker = alone({ parts })
    expect(breaker.actor.getSnapshot().context.failure).toEqual({ part: "bad", error: boom })
    expect(phaseOf(breaker)).toBe("idle")
    expect(log).toEqual(["first started", "second started", "second stopped", "first stopped"])
    expect(Object.keys(breaker.actor.getSnapshot().children)).toEqual([])
    expect(gateOf(breaker).phase).toBe("idle")
  })

  test("breaker law 1: after a failing start another start may succeed", () => {
    let isBroken = true
    const log: string[] = []
    const sometimes = noted("sometimes", log)
    const { chart } = noted("sometimes", log, true)
    const part = {
      settings: {},
      plug: {
        ...sometimes,
        get chart() {
          return isBroken ? chart : sometimes.chart
        },
      },
    }
    const breaker = alone({ parts: [chosen(basic), part] })
    expect(phaseOf(breaker)).toBe("idle")
    isBroken = false
    breaker.send({ type: "breaker.start" })
    expect(phaseOf(breaker)).toBe("active")
    expect(breaker.actor.getSnapshot().context.failure).toBeUndefined()
  })

  test("with a data plane it drains until it is told that nothing is in flight", () => {
    const breaker = alone({ metered: true })
    breaker.send({ type: "breaker.stop" })
    expect(gateOf(breaker)).toMatchObject({ phase: "draining", restriction: { share: 0 } })
    breaker.send({ type: "breaker.drained" })
    expect(phaseOf(breaker)).toBe("stopped")
  })

  test("a stopped breaker leaves no timer behind", async () => {
    const breaker = alone()
    trip(breaker)
    expect(breaker.clock.pending).toBe(1)
    breaker.send({ type: "breaker.stop" })
    expect(breaker.clock.pending).toBe(0)
  })
})

describe("the gate of a breaker", () => {
  const demand: fc.Arbitrary<Demand> = fc.record(
    {
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      probes: fc.integer({ min: 1, max: 9 }),
      timeoutMs: fc.integer({ min: 1, max: 9999 }),
      retryAt: fc.nat(9999),
    },
    { requiredKeys: [] },
  )

  test("breaker law 2: it is the meet of all demands, whatever the order in which they were made", () => {
    const orders = fc.array(demand, { minLength: 1, maxLength: 6 }).chain((demands) =>
      fc.tuple(
        fc.constant(demands),
        fc.shuffledSubarray(
          demands.map((_, index) => index),
          { minLength: demands.length },
        ),
      ),
    )
    fc.assert(
      fc.property(orders, ([demands, order]) => {
        const plugs = demands.map((each, index) => chosen(advising(`part${index}`, each)))
        const breaker = alone({ parts: [chosen(basic), ...order.map((index) => plugs[index] ?? chosen(basic))] })
        expect(gateOf(breaker).restriction).toEqual(demands.reduce(tighten, unrestricted))
      }),
    )
  })

  test("breaker law 2: lines are the union of what the parts want to hear about", () => {
    const parts = [
      chosen(basic, { slowCalls: { after: 900 } }),
      chosen(advising("one", {}, { sliceMs: 5000, slowAfterMs: 700 })),
      chosen(metrics),
    ]
    expect(gateOf(alone({ parts })).lines).toMatchObject({ sliceMs: 1000, slowAfterMs: 700 })
  })

  test("the gate is frozen, and says who holds it and why", () => {
    const breaker = alone({ seed: 1, strategy: "basic" })
    trip(breaker)
    const gate = gateOf(breaker)
    for (const part of [gate, gate.restriction, gate.lines, gate.holders]) expect(Object.isFrozen(part)).toBe(true)
    const holder = gate.holders.find(({ by }) => by === "basic")
    expect(holder).toMatchObject({
      layer: "circuit",
      since: 0,
      reason: "100 % of 20 calls failed",
      rule: "failureRatio",
    })
    expect(holder?.statistics).toEqual({
      calls: 20,
      failures: 20,
      slow: 0,
      bound: { of: "share", value: 1, line: 0.5 },
    })
  })

  const commands = ["operator.forceOpen", "operator.bypass", "operator.shadow", "operator.release"] as const
  const walkSteps = fc.oneof(
    fc.record({ type: fc.constant("settle" as const), kind: fc.constantFrom("success" as const, "failure" as const) }),
    fc.record({ type: fc.constant("wait" as const), ms: fc.nat(20_000) }),
    fc.record({ type: fc.constantFrom(...commands) }),
  )

  test("breaker law 3: the epoch rises with every state the strategy enters and every act of the operator", () => {
    const strategy = { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 second" } as const
    return fc.assert(
      fc.asyncProperty(fc.array(walkSteps, { maxLength: 30 }), async (walk) => {
        const breaker = alone({ strategy })
        const entries = () => childOf(breaker, "basic")?.getSnapshot().context.entries as number
        let acts = 0
        for (const step of walk) {
          const { mode } = breaker.actor.getSnapshot().context
          const at = breaker.clock.now()
          if (step.type === "wait") await breaker.clock.advance(step.ms)
          else if (step.type === "settle") breaker.settle(step.kind)
          else breaker.send({ type: step.type, at, why: "a test" } satisfies OperatorCommand)
          if (breaker.actor.getSnapshot().context.mode !== mode) acts++
          expect(gateOf(breaker).epoch).toBe(entries() + acts)
        }
      }),
      { numRuns: 60 },
    )
  })

  test("breaker law 4: a report of an older epoch moves nothing", () => {
    const breaker = alone({ metered: true })
    const rung = {
      type: "alarm.rang",
      at: 1,
      rule: "failureRatio",
      statistics: { calls: 99, failures: 99, slow: 0 },
    } as const
    const { epoch } = gateOf(breaker)
    breaker.send({ ...rung, epoch })
    const gate = gateOf(breaker)
    expect(gate.circuit).toBe("open")
    for (const old of [epoch, epoch - 1, gate.epoch + 1]) {
      breaker.send({ ...rung, epoch: old })
      for (const type of ["probe.succeeded", "probe.failed", "probe.expired"] as const)
        breaker.send({ type, at: 2, epoch: old })
    }
    expect(gateOf(breaker)).toBe(gate)
  })

  test("breaker law 4: alone, an outcome of an older epoch moves nothing either", async () => {
    const breaker = alone({ strategy: { type: "basic", openFor: "1 second", probes: { needed: 1 } } })
    const { epoch } = gateOf(breaker)
    trip(breaker)
    await breaker.clock.advance("1 second")
    expect(gateOf(breaker).circuit).toBe("halfOpen")
    const late = { type: "outcome.settled", at: 1000, durationMs: 1, epoch } as const
    breaker.send({ ...late, kind: "success" })
    breaker.send({ ...late, kind: "failure" })
    expect(gateOf(breaker).circuit).toBe("halfOpen")
    breaker.settle("success")
    expect(gateOf(breaker).circuit).toBe("closed")
  })

  test("breaker law 4: a slice of an older epoch is counted, and moves no circuit", () => {
    const breaker = alone({ metered: true })
    const { epoch, circuit } = gateOf(breaker)
    const latency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
    const slice = { startedAt: 0, success: 1, failure: 99, timedOut: 0, ignored: 0, slow: 0, late: 0, latency }
    breaker.send({ type: "operator.shadow", at: 1, why: "a test" })
    expect(gateOf(breaker).epoch).toBeGreaterThan(epoch)
    breaker.send({ type: "slice.closed", at: 2, epoch, slice })
    const kept = breaker.actor.getSnapshot().children["metrics"]?.getSnapshot() as { context: { slices: unknown[] } }
    expect(kept.context.slices).toEqual([slice])
    expect(gateOf(breaker).circuit).toBe(circuit)
  })

  test("breaker law 6: alone, slow calls that are still in flight open the circuit", () => {
    const breaker = alone({ strategy: { type: "basic", slowCalls: { after: 100, ratio: 0.5 } } })
    for (let call = 0; call < 20; call++) breaker.send({ type: "call.overdue", at: 100 })
    expect(gateOf(breaker).circuit).toBe("open")
  })
})

test("a bad config is refused when the actor is made, with its problems", () => {
  const input = { name: "service", strategy: { type: "basic", openFor: "-1 second" } } as const
  const actor = createActor(breakerLogic, { input })
  const errors: unknown[] = []
  actor.subscribe({ error: (error) => errors.push(error) })
  actor.start()
  expect(errors).toMatchObject([{ _tag: "InvalidConfig", problems: [{ path: "config.strategy.openFor" }] }])
})

describe("what is told to a breaker alone", () => {
  const consecutive = { type: "basic", window: { type: "consecutive", failures: 3 } } as const
  const failures = (breaker: Alone, epochs: readonly (number | undefined)[]) => {
    for (const epoch of epochs)
      breaker.send({ type: "outcome.settled", at: breaker.clock.now(), kind: "failure", durationMs: 1, epoch })
  }

  test("breaker law 4: counts for the present epoch where none is named, though the word is there", () => {
    const breaker = alone({ strategy: consecutive })
    failures(breaker, [undefined, gateOf(breaker).epoch, undefined])
    expect(gateOf(breaker).circuit).toBe("open")
    const stale = alone({ strategy: consecutive })
    failures(stale, [gateOf(stale).epoch - 1, gateOf(stale).epoch - 1, gateOf(stale).epoch - 1])
    expect(gateOf(stale).circuit).toBe("closed")
  })

  test("is not heard while a data plane measures: neither what counts now, nor a probe of an earlier round", () => {
    const breaker = alone({ strategy: { type: "gradual" } })
    breaker.send({ type: "breaker.attached" })
    const before = breaker.actor.getSnapshot().context
    failures(breaker, [undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined])
    const late = { kind: "success", durationMs: 5000, probe: true, epoch: gateOf(breaker).epoch - 1 } as const
    breaker.send({ type: "outcome.settled", at: 0, ...late })
    expect(gateOf(breaker)).toBe(before.gate)
  })

  test("a call of which nothing is known enters as a probe while only probes may: it is none of the circuit's first", () => {
    const dependencies = { ledger: { type: "critical" } } as const
    const breaker = alone({ strategy: { type: "dependency", own: "gradual", dependencies } })
    const standing = { circuit: "halfOpen", health: 0, probes: 2, cause: "ledger", reason: "is half-open" } as const
    breaker.send({ type: "dependency.moved", at: 0, moves: { ledger: { standing } } })
    expect(gateOf(breaker)).toMatchObject({ circuit: "closed", restriction: { probes: 2 } })
    const running = () => {
      const snapshot = childOf(breaker, "meter")?.getSnapshot() as { context: { evidence: { running: number } } }
      return snapshot.context.evidence.running
    }
    breaker.send({ type: "call.entered", at: 0 })
    expect(running()).toBe(0)
    breaker.send({ type: "call.entered", at: 0, epoch: gateOf(breaker).epoch })
    expect(running()).toBe(1)
  })

  test("a part that has ended says nothing any more: what it said last stands", () => {
    const chart = createMachine({
      initial: "steady",
      states: {
        steady: { meta: { demand: () => ({ timeoutMs: 5 }) }, on: { "slice.closed": "over" } },
        over: { type: "final" },
      },
    })
    const ending = { ...advising("ending", {}), chart, hears: ["slice.closed"] as const }
    const breaker = alone({ parts: [chosen(basic), chosen(ending)] })
    const slice = { startedAt: 0, success: 0, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0 }
    const latency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
    const gate = gateOf(breaker)
    expect(gate.restriction.timeoutMs).toBe(5)
    breaker.send({ type: "slice.closed", at: 0, epoch: 0, slice: { ...slice, latency } })
    expect(gateOf(breaker)).toBe(gate)
    trip(breaker)
    expect(gateOf(breaker).restriction.timeoutMs).toBe(5)
  })

  test("nor does one that is a part no longer: what it has left on the way is not heard", () => {
    const breaker = alone({ parts: [chosen(basic), chosen(advising("held", { timeoutMs: 5 }))] })
    const snapshot = childOf(breaker, "held")?.getSnapshot()
    breaker.send({ type: "breaker.reconfigured", at: 0, parts: [chosen(basic)], saved: {} })
    const gate = gateOf(breaker)
    expect(gate.restriction.timeoutMs).toBe(Number.POSITIVE_INFINITY)
    breaker.send({ type: "xstate.snapshot.held", snapshot } as never)
    expect(gateOf(breaker)).toBe(gate)
    expect(breaker.emitted.filter(({ type }) => type === "trouble")).toEqual([])
  })

  test("a refusal by the service's own limits is no failure of the feature that was called, where somebody heeds it", () => {
    const exceeded = { exceeded: true } as const
    for (const rateLimit of [{ adaptive: true }, false] as const) {
      const breaker = alone({ strategy: { type: "gradual" }, recovery: { features: ["pay", "search"] }, rateLimit })
      const settle = (feature: string, kind: "success" | "failure", quota?: { readonly exceeded: boolean }) =>
        breaker.send({ type: "outcome.settled", at: 9, kind, durationMs: 1, feature, quota })
      for (let call = 0; call < 100; call++) settle("search", "success")
      for (let call = 0; call < 40; call++) {
        settle("pay", "failure", exceeded)
        settle("search", "success")
      }
      const { features } = gateOf(breaker).restriction
      expect(Object.keys(features)).toEqual(rateLimit === false ? ["pay"] : [])
    }
  })
})

describe("what the root keeps and tells", () => {
  const row = { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "1 second" } as const
  const childrenOf = ({ actor }: Alone) => Object.keys(actor.getSnapshot().children)

  test("breaker law 1: it is active once all parts have begun; the first gate that is told is in force then", () => {
    const breaker = alone({ parts: [chosen(basic), chosen(metrics)] })
    expect(breaker.actor.getSnapshot().context.ready).toEqual(["basic", "metrics"])
    const [gate, ...others] = breaker.emitted.filter(({ type }) => type === "gate.published")
    expect([gate, others]).toEqual([{ type: "gate.published", breaker: "service", gate: gateOf(breaker) }, []])
    expect(gateOf(breaker)).toMatchObject({ version: 1, phase: "active", epoch: 1 })
    expect(breakerLogic.id).toBe("breaker")
  })

  test("breaker law 6: it has a meter while it is alone, which begins with nothing in a new epoch", async () => {
    const breaker = alone({ parts: [chosen(basic, { window: row.window, openFor: row.openFor })] })
    expect(childrenOf(breaker)).toEqual(["basic", "meter"])
    const failThrice = () => breaker.settle("failure", 3)
    failThrice()
    await breaker.clock.advance("1 second")
    breaker.settle("success", 2)
    expect(gateOf(breaker).circuit).toBe("closed")
    breaker.settle("failure", 2)
    breaker.send({ type: "breaker.attached" })
    expect([childrenOf(breaker), breaker.actor.getSnapshot().context.metered]).toEqual([["basic"], true])
    const { epoch, version } = gateOf(breaker)
    breaker.send({ type: "breaker.detached" })
    expect([childrenOf(breaker), breaker.actor.getSnapshot().context.metered]).toEqual([["basic", "meter"], false])
    expect([gateOf(breaker).epoch, gateOf(breaker).version > version]).toEqual([epoch + 1, true])
    breaker.settle("failure", 2)
    expect(gateOf(breaker).circuit).toBe("closed")
    breaker.settle("failure")
    expect(gateOf(breaker).circuit).toBe("open")
    expect(childrenOf(alone({ metered: true, parts: [chosen(basic)] }))).toEqual(["basic"])
  })

  test("a data plane that goes twice, or where there was none, leaves all as it was: a second meter lived on beside the first, deaf and for ever", () => {
    const clock = createVirtualClock()
    for (const metered of [false, true]) {
      const begun: unknown[] = []
      const actor = createActor(breakerLogic, {
        input: { name: "service", metered, parts: [chosen(basic, { window: row.window })] },
        clock,
        inspect: (event) => {
          if (event.type === "@xstate.actor" && (event.actorRef as AnyActorRef).id === "meter") begun.push(event)
        },
      }).start()
      if (metered) actor.send({ type: "breaker.detached", at: 1 })
      for (const kind of ["failure", "failure"] as const)
        actor.send({ type: "outcome.settled", at: 1, kind, durationMs: 1 })
      const { context } = actor.getSnapshot()
      actor.send({ type: "breaker.detached", at: 2 })
      expect([begun.length, actor.getSnapshot().context]).toEqual([1, context])
      // What the one that there is has counted still counts.
      actor.send({ type: "outcome.settled", at: 3, kind: "failure", durationMs: 1 })
      expect(actor.getSnapshot().context.gate.circuit).toBe("open")
      actor.stop()
    }
  })

  test("an alarm is heard once, though its meter says it again with each outcome", () => {
    const heard: unknown[] = []
    const parts = [chosen(advising("watching", {}, { circuit: ratio })), chosen(listening(["alarm.rang"], heard))]
    const breaker = alone({ parts })
    breaker.settle("failure", 9)
    expect(heard).toMatchObject([{ type: "alarm.rang", rule: "failureRatio", statistics: { calls: 4 } }])
  })

  test("the time of a phase is that of its event, and lifecycle holds the gate since then", () => {
    const breaker = alone({ metered: true, at: 5 })
    breaker.send({ type: "breaker.stop", at: 77 })
    expect(gateOf(breaker).holders[0]).toMatchObject({ by: "lifecycle", since: 77, reason: "the breaker is draining" })
    breaker.send({ type: "breaker.drained", at: 99 })
    expect(gateOf(breaker).holders[0]).toMatchObject({ since: 99, reason: "the breaker is stopped" })
  })

  test("a move is told to the parts that hear it, to whoever listens, and to the one that it reports to: under the new gate", () => {
    const heard: unknown[] = []
    const reported: unknown[] = []
    const report = createActor(fromCallback(({ receive }) => receive((event) => void reported.push(event)))).start()
    const parts = [chosen(basic), chosen(listening(["circuit.moved"], heard))]
    const breaker = alone({ parts, report })
    const seen: unknown[] = []
    breaker.actor.on("circuit.moved", () => seen.push(gateOf(breaker).circuit))
    trip(breaker)
    const moved = { type: "circuit.moved", breaker: "service", from: "closed", to: "open", epoch: 2 }
    for (const told of [heard, reported, breaker.emitted.filter(({ type }) => type === "circuit.moved")])
      expect(told).toMatchObject([moved])
    const types = breaker.emitted.map(({ type }) => type)
    expect(types.indexOf("circuit.moved")).toBeGreaterThan(types.lastIndexOf("gate.published"))
    expect(breaker.emitted.filter(({ type }) => type === "finding.changed")).toMatchObject([
      { breaker: "service", part: "basic", finding: { circuit: "closed", rule: "start" } },
      { breaker: "service", part: "basic", finding: { circuit: "open", rule: "failureRatio" } },
    ])
  })

  test("breaker law 3: an act of the operator is told with its reason, to the parts too where it holds the circuit open", () => {
    const heard: unknown[] = []
    const types = ["operator.forcedOpen", "operator.released"]
    const breaker = alone({ parts: [chosen(basic), chosen(listening(types, heard))] })
    const act = (type: OperatorCommand["type"], at: number) => breaker.send({ type, at, why: "it burns" })
    act("operator.bypass", 1)
    expect([gateOf(breaker).mode, gateOf(breaker).enforcement, heard]).toEqual(["bypassed", "off", []])
    act("operator.forceOpen", 2)
    act("operator.forceOpen", 3)
    act("operator.shadow", 4)
    expect([gateOf(breaker).mode, gateOf(breaker).enforcement]).toEqual(["shadow", "observe"])
    act("operator.release", 5)
    expect(gateOf(breaker).mode).toBe("auto")
    expect(heard).toEqual([
      { type: "operator.forcedOpen", at: 2, why: "it burns" },
      { type: "operator.released", at: 4, why: "it burns" },
    ])
    const changes = breaker.emitted.filter(({ type }) => type === "mode.changed")
    expect(changes.map(({ at, from, to, why, breaker: name }) => [at, from, to, why, name])).toEqual([
      [1, "auto", "bypassed", "it burns", "service"],
      [2, "bypassed", "forcedOpen", "it burns", "service"],
      [4, "forcedOpen", "shadow", "it burns", "service"],
      [5, "shadow", "auto", "it burns", "service"],
    ])
  })

  test("is not sent its own moves where it reports to nobody", () => {
    const clock = createVirtualClock()
    const sent: string[] = []
    const input = { name: "service", parts: [chosen(basic)] }
    const actor = createActor(breakerLogic, {
      ...{ input, clock },
      inspect: (event) => {
        if (event.type === "@xstate.event" && event.actorRef === actor) sent.push(event.event.type)
      },
    })
    actor.start()
    for (let call = 0; call < 20; call++) actor.send({ type: "outcome.settled", at: 0, kind: "failure", durationMs: 1 })
    expect(actor.getSnapshot().context.gate.circuit).toBe("open")
    expect(sent).not.toContain("circuit.moved")
  })
})

describe("a running breaker that is given another config", () => {
  const reconfigure = (breaker: Alone, ...parts: readonly ChosenPart[]) =>
    breaker.send({ type: "breaker.reconfigured", at: 9, parts, saved: {} })

  test("stops who is gone, takes back what it had said of others, and tells what has changed", () => {
    const teller: AnyComponent = {
      ...advising("teller", {}),
      retracts: (at) => [{ type: "health.found", at, verdicts: {} }],
    }
    const staying = [chosen(basic), chosen(discovery, { endpoints: ["a", "b"] })]
    const breaker = alone({ parts: [...staying, chosen(teller)] })
    breaker.send({ type: "health.found", at: 1, verdicts: { a: "bad" } })
    expect(gateOf(breaker).lines.endpoints?.bad).toEqual(["a"])
    const gone = childOf(breaker, "teller")
    reconfigure(breaker, ...staying)
    expect(gateOf(breaker).lines.endpoints?.bad).toEqual([])
    expect([childOf(breaker, "teller"), gone?.getSnapshot().status]).toEqual([undefined, "stopped"])
    expect(breaker.emitted.filter(({ type }) => type === "config.changed")).toEqual([
      { type: "config.changed", at: 9, breaker: "service", changed: ["teller"] },
    ])
  })

  test("and finds it the same has its gate as it was", () => {
    const parts = [chosen(basic), chosen(metrics)]
    const breaker = alone({ parts })
    const gate = gateOf(breaker)
    reconfigure(breaker, ...parts)
    expect(gateOf(breaker)).toBe(gate)
    expect(breaker.emitted.at(-1)).toEqual({ type: "config.changed", at: 9, breaker: "service", changed: [] })
  })
})

describe("features of a breaker that runs alone", () => {
  const lines = {
    sliceMs: 1000,
    circuit: { kind: "sequential", watch: "usual", threshold: 9, rate: 0.8, cohort: 4, tells: "never" },
    features: { pay: { since: 0, test: 5 } },
  } as const
  const begin = () => {
    const heard: unknown[] = []
    const types = ["feature.entered", "feature.settled"]
    const breaker = alone({ parts: [chosen(advising("watching", {}, lines)), chosen(listening(types, heard))] })
    const seen = () => {
      const snapshot = childOf(breaker, "meter")?.getSnapshot() as { context: MeterState }
      return snapshot.context
    }
    return { breaker, heard, seen }
  }

  test("a call that tests one enters for that alone; how it ends is told, and is no evidence, but counted in its slice", () => {
    const { breaker, heard, seen } = begin()
    breaker.send({ type: "call.entered", at: 2, feature: "pay" })
    expect(heard).toEqual([{ type: "feature.entered", at: 2, feature: "pay", since: 0 }])
    expect([seen().evidence?.running, seen().slice]).toEqual([0, undefined])
    breaker.send({ type: "outcome.settled", at: 9, kind: "failure", durationMs: 7, feature: "pay" })
    expect(heard.slice(1)).toEqual([{ type: "feature.settled", at: 9, feature: "pay", since: 0, end: "bad" }])
    expect([seen().evidence?.learned, seen().slice?.failure]).toEqual([0, 1])
  })
})

describe("a breaker that has not begun yet", () => {
  /** A part that sends these to its breaker while it starts. */
  const saying = (...events: readonly BreakerEvent[]) => {
    const chart = fromCallback(({ sendBack }) => {
      for (const event of events) sendBack(event)
    })
    return chosen({ ...advising("saying", {}), chart })
  }
  function looping() {
    const signals: AbortSignal[] = []
    const run = (signal: AbortSignal) => {
      signals.push(signal)
      return new Promise(() => {})
    }
    return { signals, change: { type: "loop.changed", at: 1, id: "a.loop", run } as const }
  }

  test("breaker law 8: begins the loops that it is told of, and goes on with them when it is active", () => {
    const { signals, change } = looping()
    const breaker = alone({ parts: [saying(change), chosen(basic)] })
    expect([phaseOf(breaker), signals.map(({ aborted }) => aborted)]).toEqual(["active", [false]])
  })

  test("breaker laws 1 and 8: ends them when a part fails to start", () => {
    const { signals, change } = looping()
    const breaker = alone({ parts: [saying(change), chosen(noted("bad", [], true))] })
    expect([phaseOf(breaker), signals.map(({ aborted }) => aborted)]).toEqual(["idle", [true]])
    expect(breaker.actor.getSnapshot().context).toMatchObject({ loops: [], failure: { part: "bad" } })
    expect(breaker.emitted.filter(({ type }) => type === "gate.published")).toEqual([])
  })

  test("breaker laws 1 and 8: is stopped when it is told so, with all that had begun", () => {
    const { signals, change } = looping()
    const log: string[] = []
    const breaker = alone({ parts: [saying(change, { type: "breaker.stop" }), chosen(noted("other", log))] })
    expect([phaseOf(breaker), signals.map(({ aborted }) => aborted)]).toEqual(["stopped", [true]])
    expect(log).toEqual(["other started", "other stopped"])
    expect([breaker.actor.getSnapshot().context.loops, Object.keys(breaker.actor.getSnapshot().children)]).toEqual([
      ...[[], []],
    ])
  })
})

test("a breaker that drains is stopped when the data plane goes that would tell it of the last call", () => {
  const breaker = alone({ metered: true, parts: [chosen(basic)] })
  breaker.send({ type: "breaker.stop" })
  expect(phaseOf(breaker)).toBe("draining")
  breaker.send({ type: "breaker.detached" })
  expect(phaseOf(breaker)).toBe("stopped")
})

describe("the loops of a breaker", () => {
  /** A breaker that was told of loops, and their signals. */
  function looping(...ids: readonly string[]) {
    const breaker = alone()
    const signals: { readonly id: string; readonly signal: AbortSignal }[] = []
    const change = (id: string, isWanted = true) => {
      const run = (signal: AbortSignal) => {
        signals.push({ id, signal })
        return new Promise(() => {})
      }
      breaker.send({ type: "loop.changed", at: 1, id, run: isWanted ? run : undefined })
    }
    for (const id of ids) change(id)
    const running = () => signals.filter(({ signal }) => !signal.aborted).map(({ id }) => id)
    return { breaker, change, running, signals }
  }

  test("breaker law 8: a loop lives while the breaker is active, beside the others, until it is replaced or called off", () => {
    const { breaker, change, running, signals } = looping("a.loop", "b.loop")
    expect(running()).toEqual(["a.loop", "b.loop"])
    change("a.loop")
    expect(signals.map(({ signal }) => signal.aborted)).toEqual([true, false, false])
    change("b.loop", false)
    expect(running()).toEqual(["a.loop"])
    expect(breaker.actor.getSnapshot().context.loops).toMatchObject([{ id: "a.loop" }])
    breaker.send({ type: "breaker.stop" })
    expect(running()).toEqual([])
    change("c.loop")
    expect(signals).toHaveLength(3)
    expect(Object.keys(breaker.actor.getSnapshot().children)).toEqual([])
  })

  test("breaker law 8: they are interrupted when the state is left, though the breaker drains", () => {
    const breaker = alone({ metered: true })
    const signals: AbortSignal[] = []
    const run = (signal: AbortSignal) => {
      signals.push(signal)
      return new Promise(() => {})
    }
    breaker.send({ type: "loop.changed", at: 1, id: "a.loop", run })
    breaker.send({ type: "breaker.stop" })
    expect(phaseOf(breaker)).toBe("draining")
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })

  test("breaker laws 5 and 8: one that falls again and again is told as trouble, left out in the end, and takes nobody with it", async () => {
    const { breaker, change, running } = looping("a.loop")
    breaker.send({ type: "loop.changed", at: 1, id: "b.loop", run: () => Promise.reject(boom) })
    await new Promise((resolve) => setImmediate(resolve))
    const troubles = breaker.emitted.filter(({ type }) => type === "trouble")
    const told = (gaveUp: boolean) => ({ part: "b.loop", error: boom, gaveUp })
    expect(troubles).toMatchObject([...Array(5).fill(told(false)), told(true)])
    expect([phaseOf(breaker), running()]).toEqual(["active", ["a.loop"]])
    change("b.loop")
    expect(running()).toEqual(["a.loop", "b.loop"])
  })
})
