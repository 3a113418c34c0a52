import * as Effect from "effect/Effect"
import {
  type Breaker,
  type BreakerConfig,
  type BreakerEvents,
  type BreakerOptions,
  createBreaker,
  createBreakers,
  eventLoopDelay,
  InvalidConfig,
  type SavedBreaker,
} from "recloser"
import * as EffectDoor from "recloser/effect"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test, vi } from "vitest"
import { heapLimit, leaking } from "../support/foretold.ts"

type Told = BreakerEvents["finding"]

/** A service that answers in 5 ms, called five times a second, whose memory leaks after 260 seconds. */
function world(options: object = heapLimit, config: BreakerConfig = {}, more: BreakerOptions = {}) {
  const clock = createVirtualClock()
  const breaker = createBreaker("cards", { prediction: options, timeout: false, ...config }, { ...more, clock })
  const told: Told[] = []
  breaker.on("finding", (event) => told.push(event))
  const second = async (used: number) => {
    breaker.observe("heapUsed", used)
    for (let call = 0; call < 5; call++) {
      const done = breaker.tryExecute(() => new Promise<void>((resolve) => clock.setTimeout(resolve, 5)))
      await clock.advance(200)
      await done
    }
  }
  return { clock, breaker, told, second, report: () => breaker.metrics().components.prediction }
}

const heapAt = (second: number): number => leaking(second).gauges?.["heapUsed"] ?? 0

async function untilWarned(options: object = heapLimit, config: BreakerConfig = {}) {
  const all = world(options, config)
  for (let second = 1; second < 420 && all.report()?.state !== "warned"; second++) await all.second(heapAt(second))
  expect(all.report()?.state).toBe("warned")
  return all
}

describe("breakers that look ahead", () => {
  test("tell a warning as a finding, hold it in metrics, and let it expire", async () => {
    const { clock, told, report, breaker } = await untilWarned()
    const last = told.at(-1)
    expect(last).toMatchObject({ type: "finding", part: "prediction", finding: { state: "warned", horizonMs: 60_000 } })
    expect(report()).toMatchObject({ state: "warned", warnings: 1, confirmed: 0, refuted: 0 })
    expect(report()?.reasons[0]).toContain("heapUsed")
    await clock.advance("61 seconds")
    expect(report()).toMatchObject({ state: "calm", refuted: 1, precision: 0 })
    await breaker.stop()
  })

  test("with trips: refuse calls in the layer prediction, with the reason and for how long", async () => {
    const { breaker, clock } = await untilWarned({ ...heapLimit, trips: true })
    const rejection = breaker.wouldReject()
    expect(rejection).toMatchObject({ layer: "prediction", heldBy: ["prediction"], rule: "prediction" })
    expect(rejection?.retryAfterMs).toBeGreaterThan(50_000)
    expect(rejection?.reason).toContain("heapUsed")
    expect(breaker.circuit).toBe("closed")
    await clock.advance("61 seconds")
    expect(breaker.wouldReject()).toBeUndefined()
    await breaker.stop()
  })

  test("repeat nothing and hedge nothing while they warn, and do again when it is over", async () => {
    const { breaker, clock } = await untilWarned(heapLimit, { retry: { attempts: 3 } })
    const attempts = async () => {
      let made = 0
      const done = breaker.tryExecute(
        () => {
          made++
          throw Object.assign(new Error("busy"), { status: 503 })
        },
        { idempotent: true },
      )
      await clock.advance("1 second")
      await done
      return made
    }
    expect(await attempts()).toBe(1)
    await clock.advance("61 seconds")
    expect(await attempts()).toBe(3)
    await breaker.stop()
  })

  test("reach priority: while they warn the least class gives way, and says why; then it is let in again", async () => {
    const { breaker, clock } = await untilWarned()
    expect(breaker.metrics().components.priority).toMatchObject({ pressure: "foretold" })
    expect(breaker.wouldReject({ priority: "bulk" })).toMatchObject({
      layer: "priority",
      heldBy: ["priority"],
      reason: "failure is foretold: low calls and above may enter",
    })
    for (const priority of ["low", "normal", "critical"] as const)
      expect(breaker.wouldReject({ priority }), priority).toBeUndefined()
    await clock.advance("61 seconds")
    expect(breaker.metrics().components.priority).toMatchObject({ pressure: "relaxed" })
    expect(breaker.wouldReject({ priority: "bulk" })).toBeUndefined()
    await breaker.stop()
  })

  test("raise no floor where pressure was told to raise none", async () => {
    const { breaker } = await untilWarned(heapLimit, { priority: { pressure: false } })
    expect(breaker.wouldReject({ priority: "bulk" })).toBeUndefined()
    await breaker.stop()
  })

  test("reach retry: it says that it is barred as long as they warn, and pays again when it is over", async () => {
    const { breaker, clock } = await untilWarned(heapLimit, { retry: { attempts: 3 } })
    const state = () => breaker.metrics().components.retry?.state
    expect(state()).toBe("barred")
    await clock.advance("61 seconds")
    expect(state()).toBe("funded")
    await breaker.stop()
  })

  test("reach parts that came while they warned, and are taken back when nobody looks ahead any more", async () => {
    const { breaker } = await untilWarned()
    const states = () => {
      const { retry, priority } = breaker.metrics().components
      return [retry?.state, priority?.pressure]
    }
    const prediction = heapLimit
    breaker.reconfigure({ prediction, timeout: false, retry: true, priority: { queue: 7 } })
    expect(states()).toEqual(["barred", "foretold"])
    breaker.reconfigure({ timeout: false, retry: true, priority: { queue: 7 } })
    expect(states()).toEqual(["funded", "relaxed"])
    await breaker.stop()
  })

  test("keep account of recall, the failures that were foretold, beside precision, the warnings that came true", async () => {
    // Nothing opens: each failure is one second in which every call fails.
    const window = { type: "count", calls: 1000, minimumCalls: 1000 } as const
    const { breaker, clock, second, report } = await untilWarned(heapLimit, { strategy: { type: "basic", window } })
    const failing = async () => {
      for (let call = 0; call < 6; call++) await breaker.tryExecute(() => Promise.reject(new Error("down")))
      await clock.advance("2 seconds")
      await breaker.execute(() => 1)
    }
    const account = () => {
      const { warnings, confirmed, refuted, failures, recall, precision } = report() ?? {}
      return { warnings, confirmed, refuted, failures, recall, precision }
    }
    expect(account()).toMatchObject({ warnings: 1, failures: 0, recall: null, precision: null })
    await failing()
    expect(account()).toMatchObject({ confirmed: 1, failures: 1, recall: 1, precision: 1 })
    for (const failures of [2, 3]) {
      await clock.advance("3 minutes")
      await failing()
      expect(account()).toMatchObject({ warnings: 1, confirmed: 1, failures, recall: 1 / failures, precision: 1 })
    }
    await clock.advance("3 minutes")
    for (let more = 0; more < 200 && report()?.state !== "warned"; more++) await second(0.4 + more * 0.005)
    expect(account()).toMatchObject({ warnings: 2, recall: 1 / 3, precision: 1 })
    await clock.advance("61 seconds")
    expect(account()).toMatchObject({ refuted: 1, failures: 3, recall: 1 / 3, precision: 1 / 2 })
    await breaker.stop()
  })

  test("know after a restart what is usual, as JSON that another process can read", async () => {
    const before = world()
    for (let second = 1; second <= 258; second++) await before.second(heapAt(second))
    const saved: unknown = JSON.parse(JSON.stringify(before.breaker.save()))
    const samples = before.report()?.samples
    await before.breaker.stop()
    const after = world(heapLimit, {}, { restore: saved as SavedBreaker })
    expect(after.report()).toMatchObject({ state: "calm", samples })
    for (let second = 261; second < 380 && after.report()?.state !== "warned"; second++)
      await after.second(heapAt(second))
    expect(after.report()?.state).toBe("warned")
    await after.breaker.stop()
  })

  test("begin afresh, and say so, where what was saved of them is nonsense", async () => {
    const before = world()
    for (let second = 1; second <= 20; second++) await before.second(heapAt(second))
    const saved = before.breaker.save()
    await before.breaker.stop()
    const parts = { ...saved.parts, prediction: { ...(saved.parts["prediction"] as object), version: 2 } }
    const after = world(heapLimit, {}, { restore: { ...saved, parts } })
    expect(after.report()).toMatchObject({ state: "cold", samples: 0 })
    await after.breaker.stop()
  })

  test("make no samples while they are idle, however much is observed", async () => {
    const { breaker, clock, report } = world()
    for (let second = 0; second < 50; second++) {
      breaker.observe("heapUsed", second)
      await clock.advance("1 second")
    }
    expect(report()).toMatchObject({ state: "cold", samples: 0 })
    await breaker.stop()
  })

  test("do not look ahead unless they are told to", async () => {
    const breaker = createBreaker("cards", {}, { clock: createVirtualClock() })
    breaker.observe("heapUsed", 1)
    expect(breaker.metrics().components.prediction).toBeUndefined()
    await breaker.stop()
  })
})

describe("observe", () => {
  const use = async (run: (breaker: Breaker) => unknown) => {
    const breaker = createBreaker("cards", { prediction: true }, { clock: createVirtualClock() })
    try {
      return await run(breaker)
    } finally {
      await breaker.stop()
    }
  }

  test.each([
    ["", 1, "gauge"],
    ["latency", 1, "gauge"],
    ["x".repeat(101), 1, "gauge"],
    [7, 1, "gauge"],
    ["queue", "7", "value"],
    ["queue", null, "value"],
    ["queue", 7n, "value"],
  ])("refuses the gauge %j showing %s", async (gauge, value, path) => {
    await use((breaker) => {
      expect(() => breaker.observe(gauge as string, value as number)).toThrow(InvalidConfig)
      expect(() => breaker.observe(gauge as string, value as number)).toThrow(new RegExp(`^${path}: must be`))
    })
  })

  test("refuses a 17th gauge, and takes it when another is forgotten", async () => {
    await use((breaker) => {
      for (let gauge = 0; gauge < 16; gauge++) breaker.observe(`gauge ${gauge}`, gauge)
      expect(() => breaker.observe("one more", 1)).toThrow("gauge: must be one of 16 gauges")
      breaker.observe("gauge 3", undefined)
      breaker.observe("one more", 1)
    })
  })

  test("takes what is no finite number for a gauge that says nothing now", async () => {
    await use((breaker) => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
        expect(() => breaker.observe("queue", value)).not.toThrow()
    })
  })

  test("of a function that returns NaN, or nothing of use, changes no forecast of the other gauges, and is no trouble", async () => {
    const troubles: unknown[] = []
    const shown = [Number.NaN, Number.POSITIVE_INFINITY, "7", null, undefined, {}]
    const told = async (hasNoise: boolean) => {
      const { breaker, second, report } = world(heapLimit)
      breaker.on("trouble", (event) => troubles.push(event))
      if (hasNoise) for (const [at, value] of shown.entries()) breaker.observe(`gauge ${at}`, () => value as number)
      for (let at = 1; at < 420 && report()?.state !== "warned"; at++) await second(heapAt(at))
      const { state, probability, reasons, samples } = report() ?? {}
      await breaker.stop()
      return { state, probability, reasons, samples }
    }
    const plain = await told(false)
    expect(plain.state).toBe("warned")
    expect(await told(true)).toEqual(plain)
    expect(troubles).toEqual([])
  })

  test("asks a function once a slice, and tells what it throws, isolated", async () => {
    const { breaker, clock } = world(heapLimit)
    let asked = 0
    const troubles: unknown[] = []
    breaker.on("trouble", ({ part, error }) => troubles.push([part, error]))
    breaker.observe("queue", () => ++asked)
    breaker.observe("broken", () => {
      throw new Error("no gauge")
    })
    for (let call = 0; call < 30; call++) {
      await breaker.execute(() => 1)
      await clock.advance(100)
    }
    expect(asked).toBe(2)
    expect(troubles).toEqual(Array(2).fill(["observe", new Error("no gauge")]))
    await breaker.stop()
  })

  test.each([
    [{ gauges: { queue: { limit: Number.NaN } } }, "config.prediction.gauges.queue.limit"],
    [{ gauges: { queue: { most: 3 } } }, "config.prediction.gauges.queue.most"],
    [{ gauges: { latency: { limit: 3 } } }, "config.prediction.gauges"],
    [{ gauges: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`g${at}`, {}])) }, "config.prediction.gauges"],
    [{ horizon: "1 hour" }, "config.prediction.horizon"],
    [{ trips: "yes" }, "config.prediction.trips"],
  ])("and a config with %j is refused before anything starts", (prediction, path) => {
    expect(() => createBreaker("cards", { prediction: prediction as never })).toThrow(
      `${path}: must`.replace("most: must", "most: is"),
    )
  })

  test("is there for breakers by key, and for effects", async () => {
    const clock = createVirtualClock()
    const hosts = createBreakers({ max: 10, config: () => ({ prediction: true }) }, { clock })
    expect(() => hosts.get("a").observe("queue", 3)).not.toThrow()
    expect(() => hosts.get("a").observe("latency", 3)).toThrow(InvalidConfig)
    await hosts.stop()
    const observed = Effect.scoped(
      Effect.flatMap(EffectDoor.Breaker.make("cards", { prediction: true }, { log: false }), (breaker) =>
        Effect.flip(Effect.andThen(breaker.observe("queue", 3), breaker.observe("latency", 3))),
      ),
    )
    expect(await Effect.runPromise(observed)).toBeInstanceOf(InvalidConfig)
  })
})

describe("the delay of the event loop", () => {
  test("is a gauge: a number of milliseconds from 0 up", () => {
    const delay = eventLoopDelay()
    expect(delay()).toBeGreaterThanOrEqual(0)
    delay.stop()
  })

  test("shows the longest delay since it was asked last, beyond the time between two looks", () => {
    const histogram = { max: 250e6, enable: vi.fn(), disable: vi.fn(), reset: vi.fn(() => void (histogram.max = 21e6)) }
    const measured = vi.spyOn(process, "getBuiltinModule")
    measured.mockReturnValue({
      monitorEventLoopDelay: (options: object) => Object.assign(histogram, options),
    })
    const delay = eventLoopDelay()
    measured.mockRestore()
    expect(histogram).toHaveProperty("resolution", 20)
    expect(histogram.enable).toHaveBeenCalledOnce()
    expect([delay(), delay()]).toEqual([230, 1])
    histogram.max = 0
    expect(delay()).toBe(0)
    delay.stop()
    expect(histogram.disable).toHaveBeenCalledOnce()
  })
})
