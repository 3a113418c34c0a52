import { attach } from "recloser"
import { basic, discovery, timeout } from "recloser/machines"
import { describe, expect, test } from "vitest"
import { type AnyActorRef, createMachine } from "xstate"
import type { AnyComponent, AnyPlug } from "../../machines/plug.ts"
import {
  type Alone,
  advising,
  alone,
  boom,
  brittle,
  brittleBasic,
  chosen,
  gateOf,
  noted,
  phaseOf,
} from "../support/parts.ts"

const trip = (breaker: Alone) => {
  breaker.settle("failure", 20)
  expect(gateOf(breaker).circuit).toBe("open")
}
const quiet = { circuit: "closed", entries: 1, at: 0, reason: "", rule: "", statistics: undefined } as const
const noSlice = { startedAt: 0, success: 0, failure: 0, timedOut: 0, ignored: 0, slow: 0, late: 0 }
const noLatency = { samples: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
const found = { health: "suspect", reasons: [], endpoints: { a: "bad" }, probe: undefined } as const
const closeSlice = (breaker: Alone) =>
  breaker.send({ type: "slice.closed", at: breaker.clock.now(), epoch: 0, slice: { ...noSlice, latency: noLatency } })
const troublesOf = ({ emitted }: Alone) => emitted.filter(({ type }) => type === "trouble")
const childOf = ({ actor }: Alone, key: string) =>
  (actor.getSnapshot().children as { readonly [id: string]: AnyActorRef | undefined })[key]

describe("a part that crashes", () => {
  test("breaker law 5: is replaced and reported; the others go on", () => {
    const breaker = alone({ parts: [chosen(basic), chosen(timeout, "2 seconds"), chosen(brittle("frail", 1))] })
    const [one, other] = [childOf(breaker, "frail"), childOf(breaker, "basic")]
    closeSlice(breaker)
    expect(troublesOf(breaker)).toEqual([
      { type: "trouble", breaker: "service", part: "frail", error: boom, gaveUp: false },
    ])
    expect(childOf(breaker, "frail")).toBeDefined()
    expect(childOf(breaker, "frail")).not.toBe(one)
    expect(childOf(breaker, "basic")).toBe(other)
    closeSlice(breaker)
    expect(troublesOf(breaker)).toHaveLength(1)
    trip(breaker)
  })

  test("breaker law 5: is left out when it crashes for the sixth time", () => {
    const breaker = alone({ parts: [chosen(basic), chosen(brittle("frail", 100))] })
    for (let round = 0; round < 20; round++) closeSlice(breaker)
    expect(troublesOf(breaker).map(({ gaveUp }) => gaveUp)).toEqual([false, false, false, false, false, true])
    expect(childOf(breaker, "frail")).toBeUndefined()
    trip(breaker)
  })

  test("breaker law 5: its demand goes with it", () => {
    const frail = { ...brittle("frail", 100), layer: "limit" as const }
    const steadyMeta = advising("held", { timeoutMs: 5 })
    const breaker = alone({ parts: [chosen(basic), chosen(frail), chosen(steadyMeta)] })
    for (let round = 0; round < 6; round++) closeSlice(breaker)
    expect(gateOf(breaker).holders.map(({ by }) => by)).toEqual(["held"])
  })

  test("breaker law 5: a strategy that crashes while closed starts again closed", () => {
    const breaker = alone({ parts: [chosen(brittleBasic("guards", "alarmed"))] })
    breaker.settle("failure", 20)
    expect(troublesOf(breaker)).toMatchObject([{ part: "basic", gaveUp: false }])
    expect(gateOf(breaker)).toMatchObject({ circuit: "closed", restriction: { share: 1 } })
    trip(breaker)
  })

  test("breaker law 5: a strategy that crashes while open resumes half-open", async () => {
    const breaker = alone({ parts: [chosen(brittleBasic("actions", "noteWaited"), { openFor: "1 second" })] })
    trip(breaker)
    await breaker.clock.advance("1 second")
    expect(troublesOf(breaker)).toMatchObject([{ part: "basic", gaveUp: false }])
    expect(gateOf(breaker)).toMatchObject({ circuit: "halfOpen", restriction: { probes: 1 } })
    breaker.settle("success", 2)
    expect(gateOf(breaker).circuit).toBe("closed")
  })

  test("breaker law 5: a strategy that crashes while probing probes on: traffic is never let loose", async () => {
    const breaker = alone({ parts: [chosen(brittleBasic("guards", "enough"), { openFor: "1 second" })] })
    const gates: string[] = []
    trip(breaker)
    breaker.actor.subscribe(({ context: { gate } }) => {
      gates.push(gate.circuit)
    })
    await breaker.clock.advance("1 second")
    breaker.settle("success")
    expect(troublesOf(breaker)).toHaveLength(1)
    expect(gateOf(breaker)).toMatchObject({ circuit: "halfOpen", restriction: { probes: 1 } })
    expect(gates).not.toContain("closed")
  })

  test("does not throw at whoever sent the event", () => {
    const breaker = alone({ parts: [chosen(basic), chosen(brittle("frail", 1))] })
    expect(() => closeSlice(breaker)).not.toThrow()
  })

  test("breaker law 5: a replacement that crashes at once is left out, and ends nothing else", () => {
    const bad = noted("frail", [], true)
    const first = brittle("frail", 1)
    let isGood = true
    const plug: AnyComponent = {
      ...first,
      get chart() {
        return isGood ? first.chart : bad.chart
      },
    }
    const breaker = alone({ parts: [chosen(basic), { plug, settings: {} }] })
    isGood = false
    closeSlice(breaker)
    expect(troublesOf(breaker).at(-1)).toMatchObject({ part: "frail", gaveUp: true })
    expect(phaseOf(breaker)).toBe("active")
    trip(breaker)
  })

  test("breaker law 5: what a part has said is taken back when it is left out", () => {
    const frail: AnyComponent = {
      ...brittle("frail", 100),
      retracts: (at) => [{ type: "health.found", at, verdicts: {} }],
    }
    const breaker = alone({ parts: [chosen(basic), chosen(frail), chosen(discovery, { endpoints: ["a", "b"] })] })
    breaker.send({ type: "health.found", at: 1, verdicts: { a: "bad" } })
    for (let crash = 0; crash < 5; crash++) closeSlice(breaker)
    expect(gateOf(breaker).lines.endpoints?.bad).toEqual(["a"])
    closeSlice(breaker)
    expect(troublesOf(breaker).at(-1)).toMatchObject({ part: "frail", gaveUp: true })
    expect(gateOf(breaker).lines.endpoints?.bad).toEqual([])
  })

  test("breaker law 7: a part that was replaced hears what the others have found, and no verdict on a probe again", () => {
    const heard: string[] = []
    const frail = brittle("frail", 1)
    const listening = createMachine({ on: { "*": { actions: ({ event }) => heard.push(event.type) } } })
    const plug: AnyComponent = {
      ...frail,
      hears: ["slice.closed", "health.found", "probe.failed"],
      get chart() {
        return isFirst ? frail.chart : listening
      },
    }
    let isFirst = true
    const teller: AnyComponent = {
      ...advising("teller", {}),
      finding: () => found,
      tells: (_snapshot, at) => [
        { type: "health.found", at, verdicts: { a: "bad" } },
        { type: "probe.failed", at, epoch: 0 },
      ],
    }
    const parts = [chosen(basic), chosen(teller), { plug, settings: {} }]
    const breaker = alone({ parts })
    isFirst = false
    closeSlice(breaker)
    expect(troublesOf(breaker)).toMatchObject([{ part: "frail", gaveUp: false }])
    expect(heard).toEqual(["health.found"])
  })

  test.each(["strategy", "component"] as const)(
    "breaker law 5: while the operator holds the circuit open only a strategy that is replaced is told so: %s",
    (kind) => {
      const heard: unknown[] = []
      const frail = brittle("frail", 1)
      const listening = createMachine({ on: { "*": { actions: ({ event }) => heard.push(event) } } })
      let isFirst = true
      const plug = {
        ...frail,
        kind,
        hears: ["slice.closed", "operator.forcedOpen"],
        finding: () => quiet,
        get chart() {
          return isFirst ? frail.chart : listening
        },
      } as unknown as AnyPlug
      const breaker = alone({ parts: [{ plug, settings: {} }] })
      breaker.send({ type: "operator.forceOpen", at: 3, why: "it burns" })
      isFirst = false
      closeSlice(breaker)
      expect(troublesOf(breaker)).toMatchObject([{ part: "frail", gaveUp: false }])
      expect(heard).toEqual(kind === "strategy" ? [{ type: "operator.forcedOpen", at: 3, why: "it burns" }] : [])
    },
  )

  test("breaker law 5: a strategy that crashes too often is left out; calls go on, unprotected", () => {
    const breaker = alone({ parts: [chosen(brittleBasic("guards", "alarmed", 100))] })
    for (let round = 0; round < 6; round++) breaker.settle("failure", 20)
    expect(troublesOf(breaker).at(-1)).toMatchObject({ part: "basic", gaveUp: true })
    breaker.settle("failure", 50)
    expect(gateOf(breaker)).toMatchObject({ phase: "active", restriction: { share: 1 } })
  })

  test("breaker law 5: a strategy that is left out leaves no name of a circuit that holds nothing", async () => {
    const strategy = brittleBasic("actions", "noteWaited", 100)
    const breaker = alone({ parts: [chosen(strategy, { openFor: "1 second" })] })
    for (let round = 0; round < 8; round++) {
      breaker.settle("failure", 20)
      await breaker.clock.advance("1 second")
    }
    expect(troublesOf(breaker).at(-1)).toMatchObject({ part: "basic", gaveUp: true })
    expect(gateOf(breaker)).toMatchObject({ circuit: "closed", restriction: { share: 1 }, holders: [] })
    const last = breaker.emitted.filter(({ type }) => type === "circuit.moved").at(-1)
    expect(last).toMatchObject({ from: "open", to: "closed", rule: "leftOut" })
  })

  test("breaker laws 3 and 5: a strategy that was replaced begins a new epoch, without the evidence of the old one", () => {
    const breaker = alone({ parts: [chosen(brittleBasic("guards", "alarmed"))] })
    const { epoch } = gateOf(breaker)
    breaker.settle("failure", 20)
    expect(troublesOf(breaker)).toHaveLength(1)
    expect(gateOf(breaker).epoch).toBeGreaterThan(epoch)
    breaker.settle("failure", 19)
    expect(gateOf(breaker).circuit).toBe("closed")
  })

  test("breaker law 5: crashes of long ago are forgotten", async () => {
    const breaker = alone({ parts: [chosen(basic), chosen(brittle("frail", 100))] })
    for (let round = 0; round < 12; round++) {
      closeSlice(breaker)
      await breaker.clock.advance("5 minutes")
    }
    expect(troublesOf(breaker).map(({ gaveUp }) => gaveUp)).not.toContain(true)
  })

  test.each(["demand", "lines"] as const)(
    "breaker law 5: a part whose %s throws is isolated like one that crashes",
    (word) => {
      const breaker = alone({ parts: [chosen(basic), chosen(advisingBadly(word))] })
      closeSlice(breaker)
      expect(breaker.actor.getSnapshot().status).toBe("active")
      expect(troublesOf(breaker)).toMatchObject([{ part: "bad" }])
      trip(breaker)
    },
  )

  test("breaker law 5: a strategy that cannot say what it finds is isolated like one that crashes", () => {
    let isBroken = false
    const finding: typeof basic.finding = (snapshot) => {
      const breaks = isBroken
      isBroken = false
      if (breaks) throw boom
      return basic.finding(snapshot)
    }
    const breaker = alone({ parts: [chosen({ ...basic, finding })] })
    isBroken = true
    breaker.settle("failure", 20)
    expect(breaker.actor.getSnapshot().status).toBe("active")
    expect(troublesOf(breaker)).toMatchObject([{ part: "basic" }])
  })

  test.each(["report", "save"] as const)(
    "breaker law 5: a part whose %s throws does not take the others' away",
    async (word) => {
      const throwing = () => {
        throw boom
      }
      const silent = { ...advising("silent", {}), [word]: throwing }
      const breaker = alone({ parts: [chosen(basic), chosen(timeout), chosen(silent)] })
      const attached = attach(breaker.actor, { clock: breaker.clock })
      expect(attached.metrics().components).toMatchObject({ timeout: { state: "cold" } })
      expect(attached.save().parts).toHaveProperty("basic")
      expect(await attached.execute(() => 1)).toBe(1)
    },
  )
})

/** Advises well until it has heard of a slice. */
function advisingBadly(word: "demand" | "lines"): AnyComponent {
  const throwing = () => {
    throw boom
  }
  const chart = createMachine({
    initial: "well",
    states: { well: { on: { "slice.closed": "badly" } }, badly: { meta: { [word]: throwing } } },
  })
  return { ...advising("bad", {}), chart, hears: ["slice.closed"] }
}

describe("a loop that falls", () => {
  /** A loop that falls whenever it is told to, and what became of it. */
  function falling() {
    const begun: AbortSignal[] = []
    let fall = () => {}
    const run = (signal: AbortSignal) => {
      begun.push(signal)
      return new Promise<never>((_, reject) => {
        fall = () => reject(boom)
      })
    }
    return { begun, run, fall: () => fall() }
  }
  const start = ({ run }: { run: (signal: AbortSignal) => Promise<unknown> }) => {
    const breaker = alone({ parts: [chosen(basic)] })
    const change = (next: typeof run | undefined) =>
      breaker.send({ type: "loop.changed", at: breaker.clock.now(), id: "a.loop", run: next })
    change(run)
    return { breaker, change }
  }

  test("breaker laws 5 and 8: begins again, and is reported; the others go on", async () => {
    const loop = falling()
    const { breaker } = start(loop)
    const [one, basic] = [childOf(breaker, "a.loop"), childOf(breaker, "basic")]
    loop.fall()
    await breaker.clock.advance(0)
    expect(troublesOf(breaker)).toEqual([
      { type: "trouble", breaker: "service", part: "a.loop", error: boom, gaveUp: false },
    ])
    expect(loop.begun).toHaveLength(2)
    expect(childOf(breaker, "a.loop")?.getSnapshot().status).toBe("active")
    expect(childOf(breaker, "a.loop")).not.toBe(one)
    expect(childOf(breaker, "basic")).toBe(basic)
    expect(gateOf(breaker)).toMatchObject({ phase: "active", restriction: { share: 1 } })
    breaker.send({ type: "breaker.stop", at: 0 })
    expect(loop.begun[1]?.aborted).toBe(true)
  })

  test("breaker laws 5 and 8: is left out when it falls for the sixth time within ten minutes", async () => {
    const loop = falling()
    const { breaker } = start(loop)
    for (let round = 0; round < 10; round++) {
      loop.fall()
      await breaker.clock.advance("1 second")
    }
    expect(troublesOf(breaker).map(({ gaveUp }) => gaveUp)).toEqual([false, false, false, false, false, true])
    expect([loop.begun.length, childOf(breaker, "a.loop")]).toEqual([6, undefined])
    trip(breaker)
  })

  test("breaker laws 5 and 8: goes on for ever where it falls seldom", async () => {
    const loop = falling()
    const { breaker } = start(loop)
    for (let round = 0; round < 20; round++) {
      await breaker.clock.advance("3 minutes")
      breaker.send({ type: "call.entered", at: breaker.clock.now() } as never)
      breaker.settle("success")
      closeSlice(breaker)
      loop.fall()
      await breaker.clock.advance(0)
    }
    expect(troublesOf(breaker).map(({ gaveUp }) => gaveUp)).toEqual(Array(20).fill(false))
    expect(loop.begun).toHaveLength(21)
  })

  test("breaker law 8: is not begun again where it was replaced, taken away or stopped before", async () => {
    const [loop, other] = [falling(), falling()]
    const { breaker, change } = start(loop)
    change(other.run)
    loop.fall()
    await breaker.clock.advance(0)
    change(undefined)
    other.fall()
    await breaker.clock.advance(0)
    change(loop.run)
    breaker.send({ type: "breaker.stop", at: 0 })
    loop.fall()
    await breaker.clock.advance(0)
    expect([loop.begun.length, other.begun.length]).toEqual([2, 1])
    expect(troublesOf(breaker)).toEqual([])
  })
})
