/** The table of endpoints: bounds that hold whatever happens, and what it finds in services whose state is known. */

import { describe, expect, test } from "vitest"
import type { EndpointsLine } from "../../machines/vocabulary/endpoint.ts"
import type { EndpointsShifted } from "../../machines/vocabulary/knowledge.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { Dice } from "../../src/data-plane/endpoints/dice.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { endpoint, endpointPlane, endpointsOf, gateOf, lineOf } from "../support/endpointPlane.ts"
import fc from "../support/property.ts"

const seeds = Array.from({ length: 20 }, (_, index) => index + 1)
const ids = ["a", "b", "c", "d", "e", "f"]
const sets = fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1, maxLength: 6 })
const kinds = fc.constantFrom<OutcomeKind>("success", "success", "failure", "timedOut", "ignored")

const acts = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "begin" as const }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("end" as const), kind: kinds, which: fc.nat(1000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(3000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("swap" as const),
      set: sets,
      bad: fc.subarray(ids),
      suspect: fc.subarray(ids),
      panic: fc.boolean(),
      moved: fc.boolean(),
    }),
  },
)

describe("endpoints", () => {
  test("every call that enters has one of the endpoints that the gate names, and gives it back", () => {
    fc.assert(
      fc.property(fc.integer(), sets, fc.array(acts, { maxLength: 200 }), (seed, first, walk) => {
        const it = endpointPlane(lineOf(endpointsOf(...first), { seed }))
        let named: readonly string[] = first
        const inFlight: Receipt[] = []
        for (const act of walk) {
          if (act.do === "wait") it.clock.step(act.ms)
          if (act.do === "swap") {
            named = act.set
            const address = act.moved ? "elsewhere:80" : "here:80"
            it.swap(
              lineOf(
                named.map((id) => endpoint(id, { address })),
                { seed, bad: act.bad, suspect: act.suspect, panic: act.panic },
              ),
            )
          }
          if (act.do === "begin") {
            const receipt = it.begin()
            expect(named).toContain(receipt.endpoint?.id)
            inFlight.push(receipt)
          }
          if (act.do === "end") {
            const [receipt] = inFlight.splice(act.which % Math.max(1, inFlight.length), 1)
            if (receipt !== undefined) it.end(receipt, act.kind)
          }
          const { sites, ejected } = it.endpoints
          expect(sites.every(({ inFlight }) => inFlight >= 0)).toBe(true)
          expect(ejected).toBeLessThan(Math.max(2, named.length))
        }
        for (const receipt of inFlight) it.end(receipt)
        const { sites, leaving } = it.endpoints
        expect(sites.map(({ inFlight }) => inFlight)).toEqual(sites.map(() => 0))
        expect(leaving).toBe(0)
      }),
    )
  })

  test("the same seed and the same outcomes choose the same endpoints", () => {
    const run = () => {
      const it = endpointPlane(lineOf(endpointsOf(...ids), { seed: 5 }))
      return Array.from({ length: 300 }, (_, call) =>
        it.call((id) => (id === "c" && call > 100 ? "failure" : "success")),
      )
    }
    expect(run()).toEqual(run())
  })

  test.each(seeds)("one that fails all its calls is left out after a few of them, and alone, with seed %i", (seed) => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c"), { seed }))
    it.calls(300)
    const counts = it.calls(200, (id) => (id === "b" ? "failure" : "success"))
    expect(counts["b"] ?? 0).toBeLessThanOrEqual(6)
    expect(it.changes.map(({ key }) => key)).toEqual(["b"])
    const told = it.reports.filter((report): report is EndpointsShifted => report.type === "endpoints.shifted")
    const each = told.flatMap(({ at, ejected }) => ejected.map((one) => ({ toldAt: at, ...one })))
    expect(new Set(each.map(({ id }) => id))).toEqual(new Set(["b"]))
    // What spoke against it, and each trial in vain since, after which it is left alone for longer.
    expect(each.map(({ failedTrials }) => failedTrials)).toEqual([...each.keys()])
    const [first] = each
    expect(each.map(({ at, statistics }) => ({ at, statistics }))).toEqual(
      each.map(() => ({ at: first?.at, statistics: first?.statistics })),
    )
    const { calls = 0, failures } = first?.statistics ?? {}
    expect([calls, failures]).toEqual([Math.max(2, Math.min(calls, 6)), calls])
    for (const { until, toldAt, failedTrials } of each) {
      expect(until - toldAt).toBeGreaterThanOrEqual(0.9 * 1000 * 2 ** failedTrials)
      expect(until - toldAt).toBeLessThanOrEqual(1.1 * 1000 * 2 ** failedTrials)
    }
  })

  test("where everything fails nobody is left out, save once in a while whoever failed first", () => {
    const ejected = seeds.map((seed) => {
      const it = endpointPlane(lineOf(endpointsOf(...ids), { seed }))
      it.calls(300)
      it.calls(500, () => "failure")
      return it.endpoints.ejected
    })
    expect(Math.max(...ejected)).toBeLessThanOrEqual(1)
    expect(ejected.filter((count) => count > 0).length).toBeLessThanOrEqual(2)
  })

  test.each([0.01, 0.1, 0.3, 0.6])("where all fail alike, %d of the calls, hardly anybody is left out", (share) => {
    let ejected = 0
    for (const seed of seeds.slice(0, 5)) {
      const luck = new Dice(seed)
      const it = endpointPlane(lineOf(endpointsOf("a", "b", "c"), { seed }))
      it.calls(5000, () => (luck.roll() < share ? "failure" : "success"))
      ejected += it.changes.filter(({ to }) => to === "condemned").length
    }
    expect(ejected).toBeLessThanOrEqual(4)
  })

  test("one that hangs is left out while its calls are still in flight", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c")))
    it.calls(100)
    const calls = Array.from({ length: 12 }, () => it.begin())
    it.clock.step(20)
    for (const call of calls) if (call.endpoint?.id !== "b") it.end(call)
    it.clock.step(1000)
    it.calls(100)
    expect(it.changes).toMatchObject([{ to: "condemned", key: "b" }])
  })

  test.each([
    ["a pause of 1 s", 1000],
    ["a pause of 10 s", 10_000],
  ])(
    "one that was slow for %s has half of its part of the calls again after ten seconds, and all of it after twenty",
    (_what, pauseMs) => {
      for (const seed of seeds) {
        const it = endpointPlane(lineOf(endpointsOf("a", "b", "c"), { seed }))
        const [from, to] = [20_000, 20_000 + pauseMs]
        let running: readonly { readonly receipt: Receipt; readonly until: number }[] = []
        const seen = { after10: 0, after20: 0 }
        for (let now = 0; now < to + 30_000; now += 10) {
          for (const { receipt, until } of running) if (until <= now) it.end(receipt)
          running = running.filter(({ until }) => until > now)
          const receipt = it.begin()
          const isPaused = receipt.endpoint?.id === "a" && now + 10 >= from && now < to
          running = [...running, { receipt, until: isPaused ? to + 10 : now + 10 }]
          if (receipt.endpoint?.id === "a" && now >= to + 10_000) now < to + 20_000 ? seen.after10++ : seen.after20++
          it.clock.step(10)
        }
        // A third of a thousand calls is its part.
        expect({ seed, ...seen, isHalf: seen.after10 > 166, isWhole: seen.after20 > 280 }).toMatchObject({
          isHalf: true,
          isWhole: true,
        })
      }
    },
  )

  test("one that stays ten times as slow is looked for by scouts, ever more rarely, and by one call in fifty at most", () => {
    for (const seed of seeds) {
      const it = endpointPlane(lineOf(endpointsOf("a", "b"), { seed }))
      let running: readonly { readonly receipt: Receipt; readonly until: number }[] = []
      const asked: number[] = []
      for (let now = 0; now < 120_000; now += 10) {
        for (const { receipt, until } of running) if (until <= now) it.end(receipt)
        running = running.filter(({ until }) => until > now)
        const receipt = it.begin()
        running = [...running, { receipt, until: now + (receipt.endpoint?.id === "a" ? 500 : 10) }]
        if (receipt.endpoint?.id === "a" && now >= 20_000) asked.push(now)
        it.clock.step(10)
      }
      expect({ seed, asked: asked.length < 100 }).toEqual({ seed, asked: true })
    }
  })

  test("one call that hangs does not keep the others from an endpoint that answers them", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b"), { seed: 3 }))
    it.calls(200)
    let hung = it.begin()
    while (hung.endpoint?.id !== "a") {
      it.end(hung)
      hung = it.begin()
    }
    it.clock.step(20_000)
    it.calls(500)
    const { a = 0 } = it.calls(500)
    // One more call costs twice as much there, for the one that it has: it takes a part of the others', and no more.
    expect(a).toBeGreaterThan(15)
    it.end(hung)
  })

  test("one that is left out is tried with one call at a time, longer and longer apart, and comes back when that goes well", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b")))
    it.calls(100)
    const dead = (id: string): OutcomeKind => (id === "b" ? "failure" : "success")
    it.calls(50, dead)
    expect(it.endpoints.ejected).toBe(1)
    const tried: number[] = []
    for (let call = 0; call < 2000; call++) if (it.call(dead) === "b") tried.push(it.clock.now())
    const gaps = tried.slice(1).map((at, index) => at - (tried[index] ?? 0))
    expect(tried.length).toBeLessThanOrEqual(6)
    expect(gaps.every((gap, index) => index === 0 || gap > (gaps[index - 1] ?? 0))).toBe(true)
    it.clock.step(60_000)
    it.calls(3)
    expect(it.changes.at(-1)).toMatchObject({ to: "freed", key: "b" })
  })

  test("two probes of one endpoint never run at once", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b")))
    it.calls(100)
    it.calls(50, (id) => (id === "b" ? "failure" : "success"))
    it.clock.step(2000)
    const calls = Array.from({ length: 20 }, () => it.begin())
    expect(calls.filter(({ endpoint }) => endpoint?.id === "b")).toHaveLength(1)
  })

  test("a failure of an endpoint that is left out is not counted against the service", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c")))
    it.calls(100)
    const late = Array.from({ length: 30 }, () => it.begin())
    // At once: one whose calls in flight grow old is hardly asked, and would not be found out by failures.
    it.calls(60, (id) => (id === "b" ? "failure" : "success"), 0)
    expect(it.endpoints.ejected).toBe(1)
    const { settle } = it.plane.meter
    let charged = 0
    it.plane.meter.settle = function (...outcome) {
      if (outcome[0] !== "success") charged++
      settle.apply(this, outcome)
    }
    for (const receipt of late) it.end(receipt, receipt.endpoint?.id === "b" ? "failure" : "success")
    expect(late.some(({ endpoint }) => endpoint?.id === "b")).toBe(true)
    expect(charged).toBe(0)
  })
})

describe("a set of endpoints that changes", () => {
  test("one that is named again while its calls end goes on where it was", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b")))
    const calls = Array.from({ length: 10 }, () => it.begin())
    const ofB = calls.filter(({ endpoint }) => endpoint?.id === "b").length
    it.swap(lineOf(endpointsOf("a")))
    expect(it.endpoints.leaving).toBe(1)
    it.swap(lineOf(endpointsOf("a", "b")))
    expect(it.endpoints.leaving).toBe(0)
    expect(it.endpoints.sites.find(({ facts }) => facts.id === "b")?.inFlight).toBe(ofB)
    for (const call of calls) it.end(call)
    expect(it.endpoints.sites.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })

  test("what ends late at an old address says nothing of the new one of the same name", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b")))
    const calls = Array.from({ length: 20 }, () => it.begin())
    it.swap(lineOf([endpoint("a"), endpoint("b", { address: "new:80" })]))
    for (const call of calls) it.end(call, call.endpoint?.id === "b" ? "failure" : "success")
    expect(it.endpoints.ejected).toBe(0)
    const fresh = it.endpoints.sites.find(({ facts }) => facts.id === "b")
    expect(fresh).toMatchObject({ inFlight: 0, recentBad: 0 })
    expect(it.endpoints.leaving).toBe(0)
  })

  test("a new one gets little at first, and its part after the slow start", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c")))
    it.calls(300)
    it.swap(lineOf(endpointsOf("a", "b", "c", "d")))
    expect(it.calls(200, () => "success", 1)["d"] ?? 0).toBeLessThan(25)
    it.clock.step(10_000)
    expect(it.calls(400, () => "success", 1)["d"] ?? 0).toBeGreaterThan(60)
  })

  test("weights are the parts of the traffic, as far as all are equally well", () => {
    const it = endpointPlane(lineOf([endpoint("a", { weight: 3 }), endpoint("b"), endpoint("c")]))
    const { a = 0, b = 0 } = it.calls(3000)
    expect(a / 3000).toBeGreaterThan(0.45)
    expect(a / 3000).toBeLessThan(0.7)
    expect(b / 3000).toBeGreaterThan(0.12)
  })

  test("one that checks suspect gets about half of its part; nobody gets less where all are suspect", () => {
    for (const seed of seeds) {
      const all = endpointsOf("a", "b", "c", "d")
      const parts = (more: Partial<EndpointsLine>) => {
        const it = endpointPlane(lineOf(all, { seed, ...more }))
        const { a = 0 } = it.calls(2000, () => "success", 1)
        return a / 2000
      }
      const part = parts({ suspect: ["a"] })
      expect({ seed, part, isLess: part > 0.08 && part < 0.2 }).toMatchObject({ isLess: true })
      const whole = parts({ suspect: all.map(({ id }) => id) })
      expect({ seed, whole, isWhole: whole > 0.21 && whole < 0.29 }).toMatchObject({ isWhole: true })
    }
  })

  test("one that was suspect and is not any more has its part again at once", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b"), { suspect: ["a"] }))
    expect(it.calls(1000, () => "success", 1)["a"] ?? 0).toBeLessThan(400)
    it.swap(lineOf(endpointsOf("a", "b")))
    expect(it.calls(1000, () => "success", 1)["a"] ?? 0).toBeGreaterThan(440)
  })

  test("its own zone is taken as long as half of it is well, then all", () => {
    const near = (id: string) => endpoint(id, { zone: "near" })
    const all = [near("a"), near("b"), near("c"), endpoint("d", { zone: "far" })]
    const it = endpointPlane(lineOf(all, { zone: "near" }))
    expect(it.calls(200)["d"]).toBe(undefined)
    it.swap(lineOf(all, { zone: "near", bad: ["a"] }))
    expect(it.calls(200)["d"]).toBe(undefined)
    it.swap(lineOf(all, { zone: "near", bad: ["a", "b"] }))
    expect(it.calls(200)["d"]).toBeGreaterThan(50)
  })

  test("bad ones get nothing; in a panic all get calls; where all are bad they are tried all the same", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b"), { bad: ["a"] }))
    expect(it.calls(100)).toEqual({ b: 100 })
    it.swap(lineOf(endpointsOf("a", "b"), { bad: ["a"], panic: true }))
    expect(it.calls(100)["a"]).toBeGreaterThan(10)
    it.swap(lineOf(endpointsOf("a", "b"), { bad: ["a", "b"] }))
    expect(Object.keys(it.calls(100)).sort()).toEqual(["a", "b"])
  })

  test("bypassed and in shadow calls have endpoints too", () => {
    const it = endpointPlane(lineOf(endpointsOf("a")))
    it.plane.swap(gateOf(lineOf(endpointsOf("a")), { enforcement: "off" }))
    expect(it.begin().endpoint?.id).toBe("a")
  })
})
