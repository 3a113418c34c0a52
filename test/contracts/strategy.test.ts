/** What every strategy of the registry owes, whichever it is. A new strategy is under this contract by being registered. */

import { registry } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { type AnyMachineSnapshot, type AnyStateMachine, createActor, type Snapshot } from "xstate"
import { InvalidConfig } from "../../machines/options.ts"
import { type AnyStrategy, adviceOf } from "../../machines/plug.ts"
import { chooseParts } from "../../machines/registry.ts"
import type { Circuit } from "../../machines/vocabulary/circuit.ts"
import type { Gate } from "../../machines/vocabulary/gate.ts"
import {
  alarm,
  type Chart,
  findingOf,
  forcedOpen,
  probe,
  released,
  restored,
  saveOf,
  settingsOf,
  startChart,
} from "../support/charts.ts"
import { heardBy, hostileOptions, leafStates, numbersIn } from "../support/hostile.ts"
import { owesOptions } from "../support/optionContract.ts"
import { alone, gateOf } from "../support/parts.ts"
import fc from "../support/property.ts"
import { describeStep, moves, type Step, steps, take } from "../support/walks.ts"

const strategies: readonly AnyStrategy[] = Object.values(registry.strategies)

const circuits: readonly Circuit[] = ["closed", "degraded", "open", "halfOpen", "ramping"]

/** Succeeds probe after probe, up to the most that any option allows, until the strategy has made up its mind. */
function succeedProbes(plug: AnyStrategy, chart: Chart): void {
  for (let sent = 0; sent < 1000 && findingOf(plug, chart).circuit === "halfOpen"; sent++)
    chart.send(probe("succeeded"))
}

async function waitOut(plug: AnyStrategy, chart: Chart): Promise<void> {
  const { retryAt = chart.clock.now() } = chart.advice().demand
  await chart.clock.advance(retryAt - chart.clock.now())
  expect(findingOf(plug, chart).circuit).toBe("halfOpen")
}

describe.each(strategies.map((plug) => [plug.key, plug] as const))("strategy %s", (_key, plug) => {
  const start = (options?: unknown, seed = 1) => startChart(plug, { options, seed })
  const circuitOf = (chart: Chart) => findingOf(plug, chart).circuit

  test("has defaults, all of them finite numbers", () => {
    const settings = settingsOf(plug)
    expect(settingsOf(plug, {})).toEqual(settings)
    expect(numbersIn(settings).length).toBeGreaterThan(0)
    expect(numbersIn(settings).every(Number.isFinite)).toBe(true)
  })

  owesOptions(plug)

  test("starts closed and demands nothing of traffic", () => {
    const chart = start()
    expect(circuitOf(chart)).toBe("closed")
    expect(chart.advice().demand).toEqual({})
    expect(findingOf(plug, chart)).toMatchObject({ at: 0, statistics: undefined })
  })

  test("declares a circuit in every state that it draws", () => {
    const undeclared = leafStates(plug).filter(({ metas }) => !metas.some((meta) => meta?.circuit !== undefined))
    expect(undeclared.map(({ id }) => id)).toEqual([])
    expect(leafStates(plug).length).toBeGreaterThan(1)
    expect(leafStates(plug).length).toBeLessThanOrEqual(12)
  })

  test("hears exactly the signals that its chart handles", () => {
    expect([...heardBy(plug)].sort()).toEqual([...plug.hears].sort())
  })

  test("opens on an alarm, refuses until a stated time, then probes", async () => {
    const chart = start()
    chart.send(alarm)
    expect(circuitOf(chart)).toBe("open")
    expect(chart.advice().demand.share).toBe(0)
    expect(chart.advice().demand.retryAt).toBeGreaterThan(chart.clock.now())
    expect(findingOf(plug, chart)).toMatchObject({ rule: "failureRatio", statistics: alarm.statistics })
    await waitOut(plug, chart)
    const { share, probes } = chart.advice().demand
    expect(share ?? 1).toBeGreaterThan(0)
    expect(probes).toBeGreaterThanOrEqual(1)
    expect(Number.isInteger(probes)).toBe(true)
    expect(chart.advice().lines.leaseMs).toBeGreaterThan(0)
  })

  test("closes, or begins to close, when its probes succeed", async () => {
    const chart = start()
    chart.send(alarm)
    await waitOut(plug, chart)
    succeedProbes(plug, chart)
    expect(["closed", "ramping"]).toContain(circuitOf(chart))
    expect(chart.advice().demand.share ?? 1).toBeGreaterThan(0)
  })

  test.each(["failed", "expired"] as const)("opens again when a probe %s", async (end) => {
    const chart = start()
    chart.send(alarm)
    await waitOut(plug, chart)
    chart.send(probe(end))
    expect(circuitOf(chart)).toBe("open")
    expect(chart.advice().demand.retryAt).toBeGreaterThan(chart.clock.now())
  })

  test("stays forced open whatever it hears, and is half-open when released", () => {
    return fc.assert(
      fc.asyncProperty(
        fc.array(steps, { maxLength: 8 }),
        fc.array(steps, { maxLength: 12 }),
        async (before, during) => {
          const chart = start()
          for (const step of before) await take(chart, step)
          chart.send(forcedOpen)
          for (const step of during.filter(({ type }) => !/^(operator|breaker)\./.test(type))) {
            await take(chart, step)
            expect(circuitOf(chart)).toBe("open")
            expect(chart.advice().demand.share).toBe(0)
          }
          chart.send(released)
          expect(circuitOf(chart)).toBe("halfOpen")
        },
      ),
      { numRuns: 60 },
    )
  })

  test("restored, waits for exactly what remained of its wait", () => {
    return fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(200_000),
        fc.nat(1e9),
        async (part, elapsed, start) => {
          const before = startChart(plug)
          before.send(alarm)
          const waitMs = (before.advice().demand.retryAt ?? 0) - before.clock.now()
          await before.clock.advance(waitMs * part * 0.99)
          const remaining = (before.advice().demand.retryAt ?? 0) - before.clock.now()
          const saved: unknown = JSON.parse(JSON.stringify(saveOf(plug, before)))

          const after = startChart(plug, { clock: createVirtualClock({ start }) })
          after.send(restored({ [plug.key]: saved }, elapsed))
          expect(circuitOf(after)).toBe("open")
          expect((after.advice().demand.retryAt ?? 0) - start).toBeCloseTo(Math.max(0, remaining - elapsed), 3)
          await after.clock.advance(Math.max(0, remaining - elapsed - 1))
          if (remaining - elapsed > 1) expect(circuitOf(after)).toBe("open")
          await after.clock.advance(2)
          expect(circuitOf(after)).toBe("halfOpen")
        },
      ),
      { numRuns: 40 },
    )
  })

  test("restored while probing, probes; restored while closed, stays closed", async () => {
    const probing = start()
    probing.send(alarm)
    await waitOut(plug, probing)
    const again = start()
    again.send(restored({ [plug.key]: saveOf(plug, probing) }))
    expect(circuitOf(again)).toBe("halfOpen")

    const closed = start()
    closed.send(restored({ [plug.key]: saveOf(plug, start()) }))
    expect(circuitOf(closed)).toBe("closed")
  })

  test("has a snapshot that XState itself persists as JSON and brings back with the same demands", async () => {
    const chart = start()
    const expectSame = () => {
      const snapshot = JSON.parse(JSON.stringify(chart.actor.getPersistedSnapshot())) as Snapshot<unknown>
      const again = createActor(plug.chart as AnyStateMachine, { snapshot, clock: createVirtualClock(), input: {} })
      expect(adviceOf(again.getSnapshot()).demand).toEqual(chart.advice().demand)
      expect(plug.finding(again.getSnapshot())).toEqual({ ...findingOf(plug, chart) })
    }
    expectSame()
    chart.send(alarm)
    expectSame()
    await waitOut(plug, chart)
    expectSame()
    chart.send(forcedOpen)
    expectSame()
  })

  test("survives any saved part: junk neither throws nor moves it", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (junk) => {
        const chart = start()
        chart.send(restored({ [plug.key]: junk }))
        expect(chart.snapshot().status).toBe("active")
        expect(circuits).toContain(circuitOf(chart))
      }),
    )
  })

  test("never waits longer than its longest wait", () => {
    const openFor = fc
      .record({
        base: fc.integer({ min: 1, max: 60_000 }),
        factor: fc.double({ min: 1, max: 10, noNaN: true }),
        more: fc.nat(600_000),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        memory: fc.nat(600_000),
      })
      .map(({ more, ...waits }) => ({ ...waits, max: waits.base + more }))
    return fc.assert(
      fc.asyncProperty(openFor, fc.integer(), fc.array(steps, { maxLength: 15 }), async (waits, seed, walk) => {
        const chart = start({ openFor: waits }, seed)
        for (const step of walk) {
          await take(chart, step)
          const { retryAt } = chart.advice().demand
          if (retryAt !== undefined) expect(retryAt - chart.clock.now()).toBeLessThanOrEqual(waits.max + 1e-6)
        }
      }),
      { numRuns: 60 },
    )
  })

  test("obeys its own words on every walk: what it says of itself and what it demands agree", () => {
    return fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async (walk) => {
        const chart = start()
        let previous = findingOf(plug, chart)
        for (const step of walk) {
          const value = JSON.stringify((chart.snapshot() as AnyMachineSnapshot).value)
          await take(chart, step)
          previous = expectStep(chart, step, previous, value)
        }
      }),
      { numRuns: 100 },
    )
  })

  function expectStep(chart: Chart, step: Step, previous: ReturnType<typeof findingOf>, valueBefore: string) {
    const said = `after ${describeStep(step)}`
    const finding = findingOf(plug, chart)
    const { demand, lines } = chart.advice()
    expect(chart.snapshot().status, said).toBe("active")
    expect(circuits, said).toContain(finding.circuit)
    for (const value of Object.values(demand)) expect(Number.isNaN(value), said).toBe(false)
    expect(demand.share === 0, said).toBe(finding.circuit === "open")
    expect(Number.isFinite(demand.probes ?? Number.POSITIVE_INFINITY), said).toBe(finding.circuit === "halfOpen")
    if (finding.circuit === "closed") expect(lines.circuit, said).toBeDefined()

    const entered = finding.entries - previous.entries
    expect(entered, said).toBeGreaterThanOrEqual(0)
    const moved = JSON.stringify((chart.snapshot() as AnyMachineSnapshot).value) !== valueBefore
    if (moved) expect(entered, said).toBeGreaterThanOrEqual(1)
    if (finding.circuit !== previous.circuit && entered === 1 && step.type !== "breaker.restored") {
      expect(moves, said).toContain(`${previous.circuit} → ${finding.circuit}`)
    }
    const saved = saveOf(plug, chart)
    expect(JSON.parse(JSON.stringify(saved)), said).toEqual(saved)
    expect(() => JSON.stringify(chart.snapshot()), said).not.toThrow()
    return finding
  }
})

/** Strategies of two actors: what they owe is owed by the circuit of their own, whichever it is, and nothing is lost on the way to it. */
const pairs = Object.keys(registry.companions).flatMap((type) => strategies.map((own) => [type, own.key, own] as const))

describe.each(pairs)("strategy %s, with a circuit of its own that is %s", (type, key, own) => {
  const strategyOf = (options: unknown = {}) => ({ strategy: { type, own: { type: key, ...(options as object) } } })
  const partOf = (config: unknown) => chooseParts(config).find(({ plug }) => plug.kind === "strategy")
  const decisionOf = ({ version: _, ...gate }: Gate) => gate

  test("runs that very circuit, with the options that were given for it", () => {
    const openFor = { openFor: "7 seconds" }
    expect(partOf(strategyOf(openFor))?.plug).toBe(own)
    expect(partOf(strategyOf(openFor))?.settings).toEqual(settingsOf(own, openFor))
    expect(partOf({ strategy: { type, own: key } })?.settings).toEqual(settingsOf(own))
    expect(partOf({ strategy: type })?.plug.key).toBe(registry.standard)
  })

  test.each(hostileOptions)("refuses %s as its own circuit, and says where", (_what, make) => {
    const read = () => chooseParts({ strategy: { type, own: make() } })
    expect(read).toThrow(InvalidConfig)
    expect(read).toThrow(/config\.strategy\.own/)
  })

  test("decides as that circuit does alone, while it knows of no dependency that is ill", () => {
    const kind = fc.constantFrom("success" as const, "failure" as const, "failure" as const, "ignored" as const)
    const step = fc.record({
      kind,
      calls: fc.integer({ min: 1, max: 30 }),
      waitMs: fc.constantFrom(0, 50, 2000, 20_000),
    })
    return fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const dependencies = { ledger: { type: "critical" } } as const
        const [pair, single] = [
          alone({ strategy: { type, own: { type: key }, dependencies } as never }),
          alone({ strategy: { type: key } as never }),
        ]
        for (const { kind, calls, waitMs } of steps) {
          for (const one of [pair, single]) {
            one.settle(kind, calls)
            await one.clock.advance(waitMs)
          }
          expect(decisionOf(gateOf(pair))).toEqual(decisionOf({ ...gateOf(single), lines: gateOf(pair).lines }))
        }
      }),
      { numRuns: 60 },
    )
  })
})
