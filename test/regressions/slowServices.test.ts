/** Mistakes about services that are slow and well. */
import { scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { trip, world } from "../support/breakers.ts"

describe("a slow service", () => {
  test("was locked out for ever when its timeout was longer than the lease of a probe", async () => {
    const { breaker, clock } = world({
      strategy: { type: "basic", openFor: "5 seconds", probes: { needed: 1, lease: "2 seconds" } },
      timeout: "30 seconds",
    })
    const backend = scriptedBackend(clock, { answer: "value", after: "10 seconds" })
    await trip(breaker)
    await clock.advance("5 seconds")
    const probe = breaker.tryExecute(backend.call)
    await clock.advance("10 seconds")
    expect((await probe).ok).toBe(true)
    expect(breaker.circuit).toBe("closed")
  })
})

describe("a caller that gives less time than the service takes", () => {
  const strategy = { type: "basic", window: { type: "time", minimumCalls: 10 } } as const

  test("opened the circuit for everybody", async () => {
    const { breaker, clock } = world({ strategy })
    const backend = scriptedBackend(clock, { answer: "value", after: "100 millis" })
    for (let call = 0; call < 150; call++) {
      const run = breaker.execute(backend.call)
      await clock.advance("100 millis")
      await run
    }
    for (let call = 0; call < 50; call++) {
      const run = breaker.tryExecute(backend.call, { deadline: "50 millis" })
      await clock.advance("50 millis")
      expect(await run).toMatchObject({ ok: false, error: { _tag: "CallTimedOut", timeoutMs: 50 } })
    }
    expect(breaker.circuit).toBe("closed")
    expect(breaker.metrics().calls).toMatchObject({ ignored: 50, timedOut: 0 })
  })

  test("is told from one that gives enough to a service that hangs", async () => {
    const { breaker, clock } = world({ strategy })
    const backend = scriptedBackend(clock, { answer: "value", after: "100 millis" })
    for (let call = 0; call < 150; call++) {
      const run = breaker.execute(backend.call)
      await clock.advance("100 millis")
      await run
    }
    const hanging = () => new Promise<never>(() => {})
    for (let call = 0; call < 110; call++) {
      const run = breaker.tryExecute(hanging, { deadline: "200 millis" })
      await clock.advance("200 millis")
      await run
    }
    expect(breaker.circuit).toBe("open")
  })
})

test("calls that hang opened a circuit that counts a row, although others succeeded in between", async () => {
  const strategy = {
    type: "basic",
    window: { type: "consecutive", failures: 3 },
    slowCalls: { after: "1 second" },
  } as const
  const { breaker, clock } = world({ strategy, timeout: false })
  const hanging = () => new Promise<never>(() => {})
  for (let call = 0; call < 10; call++) {
    void breaker.tryExecute(hanging)
    await clock.advance("1100 millis")
    expect(await breaker.execute(async () => "up")).toBe("up")
  }
  expect(breaker.circuit).toBe("closed")
  for (let call = 0; call < 3; call++) void breaker.tryExecute(hanging)
  await clock.advance("1100 millis")
  expect(breaker.circuit).toBe("open")
})

describe("a service that has become eight times as slow", () => {
  /** Calls every 50 ms for so long; how many of them succeed. */
  const callEvery50 = async (
    { breaker, clock }: ReturnType<typeof world>,
    seconds: number,
    after: "200 millis" | "1600 millis" | "1 minute",
  ) => {
    const backend = scriptedBackend(clock, { answer: "value", after })
    let succeeded = 0
    for (let call = 0; call < seconds * 20; call++) {
      void breaker.tryExecute(backend.call).then(({ ok }) => {
        if (ok) succeeded++
      })
      await clock.advance("50 millis")
    }
    return succeeded
  }

  test("was kept out until it was quick again: each of its probes was late", async () => {
    const one = world({})
    await callEvery50(one, 60, "200 millis")
    await callEvery50(one, 15, "1600 millis")
    expect(await callEvery50(one, 10, "1600 millis")).toBeGreaterThan(160)
    expect(["closed", "degraded"]).toContain(one.breaker.circuit)
  })

  test("and hangs for a minute instead: it is not waited for", async () => {
    const one = world({})
    await callEvery50(one, 60, "200 millis")
    await callEvery50(one, 30, "1 minute")
    expect(await callEvery50(one, 10, "1 minute")).toBe(0)
    expect(["open", "halfOpen"]).toContain(one.breaker.circuit)
  })

  test("is kept out where the user has said what is slow", async () => {
    const strategy = { type: "gradual", slowCalls: { after: "500 millis" } } as const
    const one = world({ strategy })
    await callEvery50(one, 60, "200 millis")
    expect(await callEvery50(one, 20, "1600 millis")).toBeLessThan(60)
  })
})
