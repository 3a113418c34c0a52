/** The end of many breakers, and of one among them. */
import { type Breakers, CallRejected, createBreaker, createBreakers } from "recloser"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { wheelOf } from "../../src/Clock.ts"
import { deferred, fail, hanging, succeed, trip, working } from "../support/breakers.ts"

const config = { strategy: { type: "basic", window: { type: "consecutive", failures: 2 } } } as const

function many() {
  const clock = createVirtualClock()
  return { clock, breakers: createBreakers({ config: () => config }, { clock }) }
}

const refused = async (breakers: Breakers, key: string) => {
  const end = await breakers.get(key).tryExecute(working)
  if (end.ok || !(end.error instanceof CallRejected)) throw new Error(`${key} was not refused`)
  const { breaker, layer, reason } = end.error
  return { breaker, layer, reason }
}

describe("stop", () => {
  test("admits nothing more, for keys known and unknown, and waits for what runs", async () => {
    const { breakers } = many()
    const work = deferred()
    const running = breakers.get("running").execute(() => work.promise)
    await succeed(breakers.get("quiet"))
    await trip(breakers.get("open"))
    let isStopped = false
    const stopping = breakers.stop().then(() => {
      isStopped = true
    })
    for (const key of ["running", "quiet", "unknown"]) {
      expect(await refused(breakers, key)).toEqual({
        breaker: key,
        layer: "lifecycle",
        reason: "the breaker is draining",
      })
      expect(breakers.get(key).phase).toBe("draining")
      expect(breakers.get(key).wouldReject()).toMatchObject({ layer: "lifecycle", breaker: key })
    }
    expect(await refused(breakers, "open")).toMatchObject({ layer: "lifecycle" })
    expect(isStopped).toBe(false)
    work.resolve("in time")
    expect(await running).toBe("in time")
    await stopping
    for (const key of ["running", "quiet", "open", "unknown"]) {
      expect(await refused(breakers, key)).toEqual({
        breaker: key,
        layer: "lifecycle",
        reason: "the breaker is stopped",
      })
      expect(breakers.get(key).phase).toBe("stopped")
    }
    expect(breakers.size).toBe(0)
  })

  test("interrupts what still runs when the grace is over, of live and of quiet keys alike", async () => {
    const { breakers, clock } = many()
    const backend = scriptedBackend(clock, { answer: "hang" })
    await fail(breakers.get("live"))
    breakers.get("live").shadow("to make it live")
    const calls = ["live", "quiet", "other"].map((key) => breakers.get(key).tryExecute(backend.call))
    const stopping = breakers.stop({ grace: "2 seconds" })
    await clock.advance("1999 millis")
    expect(backend.aborted).toBe(0)
    await clock.advance("1 millis")
    await stopping
    for (const end of await Promise.all(calls)) {
      expect(end).toMatchObject({ ok: false, error: { _tag: "CallRejected", layer: "lifecycle" } })
    }
    expect(backend.aborted).toBe(3)
    expect(breakers.metrics().calls).toMatchObject({ ignored: 3, failure: 1, inFlight: 0 })
  })

  test("interrupts calls that ran unprotected, too", async () => {
    const clock = createVirtualClock()
    const breakers = createBreakers({ max: 1, config: () => config }, { clock })
    await trip(breakers.get("open"))
    const call = breakers.get("new").tryExecute(hanging)
    const stopping = breakers.stop({ grace: "1 second" })
    await clock.advance("1 second")
    await stopping
    expect(await call).toMatchObject({ ok: false, error: { _tag: "CallRejected", layer: "lifecycle" } })
  })

  test("leaves no timer behind", async () => {
    const { breakers, clock } = many()
    await succeed(breakers.get("quiet"))
    await trip(breakers.get("open"))
    breakers.get("probing").forceOpen("x")
    breakers.get("probing").release("x")
    void breakers.get("probing").tryExecute(hanging)
    breakers.get("forgotten").acquire()
    const stopping = breakers.stop({ grace: "1 second" })
    await clock.advance("1 second")
    await stopping
    expect(wheelOf(clock).size).toBe(0)
    expect(clock.pending).toBe(0)
    for (const key of ["quiet", "new"]) await breakers.get(key).tryExecute(working)
    expect(clock.pending).toBe(0)
  })

  test("leaves the timers of other breakers of its clock alone", async () => {
    const { breakers, clock } = many()
    const other = createBreaker("other", { timeout: "1 second" }, { clock })
    const call = other.tryExecute(hanging)
    await succeed(breakers.get("a"))
    await breakers.stop()
    await clock.advance("1 second")
    expect(await call).toMatchObject({ ok: false, error: { _tag: "CallTimedOut" } })
  })

  test("is idempotent, and comes with the end of a block", async () => {
    const { breakers } = many()
    const first = breakers.stop()
    expect(breakers.stop()).toBe(first)
    await first
    const { breakers: others } = many()
    {
      await using own = others
      await succeed(own.get("a"))
    }
    expect(others.get("a").phase).toBe("stopped")
  })

  test("makes nobody live only to stop it", async () => {
    const { breakers } = many()
    for (let key = 0; key < 1000; key++) await succeed(breakers.get(`${key}`))
    const before = breakers.metrics().live
    await breakers.stop()
    expect([before, breakers.metrics().live]).toEqual([0, 0])
  })

  test("of none that was ever used ends at once", async () => {
    const { breakers, clock } = many()
    await breakers.stop()
    expect(clock.pending).toBe(0)
    expect(await refused(breakers, "a")).toMatchObject({ reason: "the breaker is stopped" })
  })
})

describe("stop of one key", () => {
  test("ends this breaker; whoever asks for the key gets another at once, also while it drains", async () => {
    const { breakers } = many()
    const old = breakers.get("a")
    const work = deferred()
    const running = old.execute(() => work.promise)
    const stopping = old.stop()
    expect(old.phase).toBe("draining")
    const next = breakers.get("a")
    expect(next).not.toBe(old)
    await fail(next, 2)
    expect(next.circuit).toBe("open")
    work.resolve("in time")
    expect(await running).toBe("in time")
    await stopping
    // The end of the old one must not take the new one along.
    expect(breakers.get("a")).toBe(next)
    expect(next.circuit).toBe("open")
    expect(old.phase).toBe("stopped")
    await expect(old.execute(working)).rejects.toMatchObject({ layer: "lifecycle", reason: "the breaker is stopped" })
    expect(breakers.size).toBe(1)
  })

  test("works for a quiet one, and once more", async () => {
    const { breakers } = many()
    await succeed(breakers.get("a"))
    const old = breakers.get("a")
    await Promise.all([old.stop(), old.stop(), old[Symbol.asyncDispose]()])
    expect(old.phase).toBe("stopped")
    expect(breakers.has("a")).toBe(false)
    await breakers.stop()
    await old.stop()
  })
})
