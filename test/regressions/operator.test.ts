/** Mistakes about manual control: isolation that does not hold, or that ends in a state nothing supports. */
import { describe, expect, test } from "vitest"
import { deferred, fail, succeed, trip, working, world } from "../support/breakers.ts"

describe("forced open", () => {
  test("did not stay: neither time, nor traffic, nor successes in flight end it", async () => {
    const { breaker, clock } = world()
    const work = deferred()
    const running = breaker.execute(() => work.promise)
    breaker.forceOpen("maintenance")
    work.resolve("done")
    await running
    for (let hour = 0; hour < 3; hour++) {
      await clock.advance("1 hour")
      expect(await breaker.tryExecute(working)).toMatchObject({
        ok: false,
        error: { layer: "operator", heldBy: ["operator", "gradual"], reason: "maintenance", since: 0 },
      })
    }
    expect(breaker).toMatchObject({ mode: "forcedOpen", circuit: "open" })
  })

  test("promised a time at which nothing would have changed", async () => {
    const { breaker } = world()
    await trip(breaker)
    expect(breaker.wouldReject()?.retryAfterMs).toBeGreaterThan(0)
    breaker.forceOpen("maintenance")
    expect(breaker.wouldReject()?.retryAfterMs).toBeUndefined()
  })

  test("was released straight to closed", async () => {
    const { breaker, moves } = world()
    breaker.forceOpen("maintenance")
    breaker.release("done")
    expect(breaker).toMatchObject({ mode: "auto", circuit: "halfOpen" })
    await succeed(breaker, 100)
    expect(moves).toEqual(["closed → open", "open → halfOpen", "halfOpen → ramping", "ramping → closed"])
  })

  test("was left for another mode and stayed open for ever", async () => {
    const { breaker } = world()
    breaker.forceOpen("maintenance")
    breaker.shadow("let us see")
    expect(breaker).toMatchObject({ mode: "shadow", circuit: "halfOpen" })
    await succeed(breaker, 100)
    expect(breaker.circuit).toBe("closed")
  })

  test("twice, or released twice, made new epochs and events each time", async () => {
    const { breaker } = world()
    const modes: string[] = []
    breaker.on("mode", ({ from, to, why }) => modes.push(`${from} → ${to}: ${why}`))
    breaker.forceOpen("one")
    const { epoch } = breaker.metrics()
    breaker.forceOpen("one")
    expect(breaker.metrics().epoch).toBe(epoch)
    breaker.release("three")
    breaker.release("four")
    expect(modes).toEqual(["auto → forcedOpen: one", "forcedOpen → auto: three"])
  })

  test("for a new reason, kept telling the old one", () => {
    const { breaker, clock } = world()
    const whys: string[] = []
    breaker.on("mode", ({ why }) => whys.push(why))
    breaker.forceOpen("one")
    const { epoch } = breaker.metrics()
    const since = clock.now()
    void clock.advance("1 second")
    breaker.forceOpen("two")
    expect(breaker.wouldReject()).toMatchObject({ reason: "two", since })
    expect(breaker.metrics().epoch).toBe(epoch)
    expect(whys).toEqual(["one", "two"])
  })

  test("let a call that began before decide afterwards", async () => {
    const { breaker } = world({ strategy: { type: "basic", probes: { needed: 1 } } })
    const work = deferred()
    const running = breaker.execute(() => work.promise)
    breaker.forceOpen("maintenance")
    breaker.release("done")
    work.resolve("done")
    await running
    expect(breaker.circuit).toBe("halfOpen")
    expect(breaker.metrics().calls.stragglers).toBe(1)
  })
})

describe("bypassed", () => {
  test("refused calls, or learned from them", async () => {
    const { breaker } = world()
    await trip(breaker)
    const { admitted } = breaker.metrics().calls
    breaker.bypass("incident 12")
    expect(breaker.wouldReject()).toBeUndefined()
    await fail(breaker, 500)
    await succeed(breaker, 500)
    expect(breaker).toMatchObject({ mode: "bypassed", circuit: "open" })
    expect(breaker.metrics().calls).toMatchObject({ rejected: 0, admitted: admitted + 1000, probes: 0, shadowed: 0 })
  })

  test("came back with the evidence of the bypass", async () => {
    const { breaker } = world()
    breaker.bypass("incident 12")
    await fail(breaker, 500)
    expect(breaker.circuit).toBe("closed")
    breaker.release("over")
    await fail(breaker, 15)
    expect(breaker.circuit).toBe("closed")
    await fail(breaker)
    expect(breaker.circuit).toBe("open")
  })

  test("while open: released, it is still open, for what remains of its wait", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor: "10 seconds" } })
    await trip(breaker)
    breaker.bypass("incident 12")
    await clock.advance("4 seconds")
    breaker.release("over")
    expect(breaker.wouldReject()).toMatchObject({ layer: "circuit", retryAfterMs: 6000 })
  })
})

test("a trip that was forgotten made the wait longer, where an operator had opened and released the circuit since it closed", async () => {
  const openFor = { base: "1 second", factor: 3, max: "1 minute", memory: "10 seconds", jitter: 0 } as const
  const waits: (number | undefined)[] = []
  for (const idle of ["9 seconds", "11 seconds"] as const) {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor, probes: { needed: 1 } } })
    await trip(breaker)
    await clock.advance("1 second")
    await succeed(breaker, 1)
    expect(breaker.circuit).toBe("closed")
    breaker.forceOpen("maintenance")
    breaker.release("done")
    await clock.advance(idle)
    await fail(breaker, 1)
    waits.push(breaker.wouldReject()?.retryAfterMs)
  }
  expect(waits).toEqual([3000, 1000])
})

test("a trip that was forgotten came back to mind when the circuit closed again after an operator had opened it", async () => {
  const openFor = { base: "1 second", factor: 3, max: "1 minute", memory: "10 seconds", jitter: 0 } as const
  const waits: (number | undefined)[] = []
  for (const held of ["9 seconds", "11 seconds"] as const) {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor, probes: { needed: 1 } } })
    await trip(breaker)
    await clock.advance("1 second")
    await succeed(breaker, 1)
    breaker.forceOpen("maintenance")
    breaker.release("done")
    await clock.advance(held)
    await succeed(breaker, 1)
    expect(breaker.circuit).toBe("closed")
    await trip(breaker)
    waits.push(breaker.wouldReject()?.retryAfterMs)
  }
  expect(waits).toEqual([3000, 1000])
})

describe("shadow", () => {
  test("was enforced, or uncounted: what would be refused runs, is counted, and enters no window", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor: "5 seconds", probes: { needed: 2 } } })
    breaker.shadow("trial")
    await trip(breaker)
    expect(breaker.wouldReject()).toBeUndefined()
    await fail(breaker, 100)
    await succeed(breaker, 50)
    expect(breaker.metrics().calls).toMatchObject({ admitted: 170, shadowed: 150, rejected: 0 })
    expect(breaker.circuit).toBe("open")
    await clock.advance("5 seconds")
    expect(breaker.circuit).toBe("halfOpen")
    await succeed(breaker, 2)
    expect(breaker.circuit).toBe("closed")
  })

  test("let every caller probe: beyond the cap calls run, but only probes decide", async () => {
    const { breaker, clock } = world({ strategy: { type: "basic", openFor: "5 seconds", probes: { needed: 1 } } })
    breaker.shadow("trial")
    await trip(breaker)
    await clock.advance("5 seconds")
    const probe = breaker.acquire()
    await fail(breaker, 10)
    expect(breaker.circuit).toBe("halfOpen")
    if (!probe.admitted) throw new Error("the probe was refused")
    expect(probe.probe).toBe(true)
    probe.settle("success")
    expect(breaker.circuit).toBe("closed")
  })

  test("forgot what it had decided when it was released", async () => {
    const { breaker } = world({ strategy: { type: "basic", openFor: "5 seconds" } })
    breaker.shadow("trial")
    await trip(breaker)
    breaker.release("trust it")
    expect(breaker.wouldReject()).toMatchObject({ layer: "circuit" })
  })
})
