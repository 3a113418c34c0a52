import { expect, test } from "vitest"
import { createBreaker } from "../../src/index.ts"
import { createVirtualClock } from "../../src/testing/index.ts"

const down = async () => {
  throw new Error("down")
}

test.each(["bypass", "shadow"] as const)("%s still cut calls by the timeout", async (act) => {
  const clock = createVirtualClock()
  const breaker = createBreaker("search", { timeout: "1 second" }, { clock })
  breaker[act]("the timeout is wrong")
  const slow = () => new Promise<string>((resolve) => void clock.arm(5000, () => resolve("late"), true))
  const call = breaker.tryExecute(slow)
  await clock.advance("5 seconds")
  expect(await call).toEqual({ ok: true, value: "late" })
  breaker.release("mended")
  const cut = breaker.tryExecute(slow)
  await clock.advance("1 second")
  expect(await cut).toMatchObject({ ok: false, error: { _tag: "CallTimedOut" } })
  await breaker.stop()
})

test("an inspector that throws while a call trips the circuit left the caller waiting for ever", async () => {
  const clock = createVirtualClock()
  const inspect = (event: { readonly type: string; readonly event?: { readonly type: string } }) => {
    if (event.event?.type === "alarm.rang") throw new Error("broken inspector")
  }
  const breaker = createBreaker("search", {}, { clock, inspect: inspect as never })
  const troubles: string[] = []
  breaker.on("trouble", ({ part }) => troubles.push(part))
  for (let call = 0; call < 20; call++) expect(await breaker.tryExecute(down)).toMatchObject({ ok: false })
  expect(breaker.circuit).toBe("open")
  expect(new Set(troubles)).toEqual(new Set(["inspect"]))
  await breaker.stop()
})

test("permits of probes that were forgotten stayed in flight for ever when another probe ended the round", async () => {
  const clock = createVirtualClock()
  const strategy = { type: "basic", openFor: "1 second", probes: { atOnce: 2, lease: "5 seconds" } } as const
  const breaker = createBreaker("search", { strategy }, { clock })
  for (let call = 0; call < 20; call++) await breaker.tryExecute(down)
  for (let round = 0; round < 10; round++) {
    await clock.advance("1 second")
    expect(breaker.acquire()).toMatchObject({ admitted: true, probe: true })
    await breaker.tryExecute(down)
    expect(breaker.circuit).toBe("open")
  }
  await clock.advance("5 seconds")
  expect(breaker.metrics().calls.inFlight).toBe(0)
  await breaker.stop()
})

test("a service that answers in 12 seconds was never let close again by the default configuration", async () => {
  const clock = createVirtualClock()
  const breaker = createBreaker("reports", {}, { clock })
  for (let call = 0; call < 20; call++) await breaker.tryExecute(down)
  const slow = () => new Promise<string>((resolve) => void clock.arm(12_000, () => resolve("report"), true))
  let good = 0
  for (let turn = 0; turn < 40 && breaker.circuit !== "closed"; turn++) {
    await clock.advance("6 seconds")
    const call = breaker.tryExecute(slow)
    await clock.advance("12 seconds")
    // The ramp does not let all of them in; none that it lets in fails.
    const end = await call
    if (end.ok) good++
    else expect(end.error).toMatchObject({ _tag: "CallRejected", circuit: "ramping" })
  }
  expect(good).toBeGreaterThanOrEqual(16)
  expect(breaker.circuit).toBe("closed")
  await breaker.stop()
})

test("options of a call that throw when they are read leaked a permit", async () => {
  const clock = createVirtualClock()
  const breaker = createBreaker("search", {}, { clock })
  const options = {
    get classify(): never {
      throw new Error("a trap")
    },
  }
  expect(await breaker.tryExecute(async () => 1, options)).toMatchObject({ ok: false })
  expect(breaker.metrics().calls).toMatchObject({ admitted: 0, inFlight: 0 })
  await breaker.stop()
})
