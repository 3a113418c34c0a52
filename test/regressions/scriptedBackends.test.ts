/** Scripted services and virtual time: what was otherwise than the test that used them had said. */
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test, vi } from "vitest"

describe("a scripted backend", () => {
  test("hung for ever for a call whose signal had been aborted before", async () => {
    const backend = scriptedBackend(createVirtualClock(), "hang")
    const signal = AbortSignal.abort(new Error("too late"))
    await expect(backend.call({ signal })).rejects.toThrow("too late")
    expect([backend.aborted, backend.inFlight]).toEqual([1, 0])
  })

  test("counted as aborted what had been answered before its signal was", async () => {
    const clock = createVirtualClock()
    const backend = scriptedBackend(clock, "slow 1 s")
    const shop = new AbortController()
    const answered = backend.call(shop)
    await clock.advance("1 second")
    await answered
    shop.abort()
    expect(backend.aborted).toBe(0)
  })

  test("listened to a signal that lives long once for each call, for ever", async () => {
    const clock = createVirtualClock()
    const backend = scriptedBackend(clock, "slow 1 s")
    const { signal } = new AbortController()
    const [added, removed] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")]
    const calls = Array.from({ length: 20 }, () => backend.call({ signal }))
    await clock.advance("1 second")
    await Promise.all(calls)
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length)
  })

  test("failed with an error of its own where it was wrapped, and given the arguments of the function that it stands for", async () => {
    const clock = createVirtualClock()
    const backend = scriptedBackend(clock, { answer: "value", value: "paid", after: 10 })
    const pay = backend.call as (order: unknown) => Promise<unknown>
    const paid = pay("order 7")
    const free = pay(null)
    await clock.advance(10)
    expect(await Promise.all([paid, free])).toEqual(["paid", "paid"])
  })

  test("failed with another error than null and undefined, where these were scripted", async () => {
    const backend = scriptedBackend(createVirtualClock(), { answer: "error", error: null })
    await expect(backend.call()).rejects.toBe(null)
  })

  test("drew the same luck as every other on its clock: what was flaky failed together", async () => {
    const clock = createVirtualClock()
    const [first, second] = [scriptedBackend(clock, "flaky 50 %"), scriptedBackend(clock, "flaky 50 %")]
    const fate = async ({ call }: typeof first) => (await call().catch(() => "down")) === "down"
    let alike = 0
    for (let call = 0; call < 200; call++) if ((await fate(first)) === (await fate(second))) alike++
    expect(alike).toBeGreaterThan(60)
    expect(alike).toBeLessThan(140)
  })

  test.each([
    ["a time that no number can hold", `slow ${"9".repeat(400)} s`],
    ["a length that no number can hold", `down ${"9".repeat(400)} s, up`],
  ])("took %s", (_, script) => {
    expect(() => scriptedBackend(createVirtualClock(), script)).toThrow("script: must have")
  })

  test.each([
    [{ answer: "value", after: -5 }, "script[0].after: must be a duration"],
    [{ answer: "value", aftr: 5 }, "script[0].aftr: is not an option here; known: answer, value, after"],
    [{ answer: "hang", after: 5 }, "script[0].after: is not an option here; known: answer"],
  ])("took %j", (answer, rule) => {
    expect(() => scriptedBackend(createVirtualClock(), answer as never)).toThrow(rule)
  })

  test.each([[42], [null], [{}]])("took %j for a clock, and broke down at its first call", (given) => {
    expect(() => scriptedBackend(given as never, "up")).toThrow("must be a Clock")
  })

  test("answered at once, without a clock, what was slower than a timer of the host can be", async () => {
    vi.useFakeTimers()
    try {
      const backend = scriptedBackend("slow 600 h")
      let isOver = false
      void backend.call().then(() => {
        isOver = true
      })
      await vi.advanceTimersByTimeAsync(599 * 3_600_000)
      expect(isOver).toBe(false)
      await vi.advanceTimersByTimeAsync(3_600_000)
      expect(isOver).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe("a virtual clock", () => {
  test.each([[Number.NaN], [undefined], ["nothing"]])(
    "never fired a timer that was armed for %s, which hosts fire at once",
    async (delay) => {
      const clock = createVirtualClock()
      let rang = 0
      clock.setTimeout(() => rang++, delay as number)
      await clock.advance(1)
      expect(rang).toBe(1)
      expect(clock.pending).toBe(0)
    },
  )

  test.each([
    [{ start: Number.NaN }, "options.start: must be a number"],
    [{ wall: "now" }, "options.wall: must be a number"],
    [{ seed: 0.5 }, "options.seed: must be a whole number"],
    [{ begin: 5 }, "options.begin: is not an option here"],
    [null, "options: must be an object"],
  ])("took options that make no sense: %j", (options, rule) => {
    expect(() => createVirtualClock(options as never)).toThrow(rule)
  })

  // It looked through all of them for each: ten thousand timers took a second, a hundred thousand minutes.
  test("fires ten thousand timers in order, without those that were disarmed on the way", async () => {
    const clock = createVirtualClock({ start: 5 })
    const rang: number[] = []
    const timers = Array.from({ length: 10_000 }, (_, serial) => {
      const delay = (serial * 7919) % 997
      return clock.setTimeout(() => {
        rang.push(delay * 10_000 + serial)
        if (serial % 3 === 0) timers[(serial * 31) % 10_000]?.disarm()
      }, delay)
    })
    await clock.advance(997)
    expect(rang.length).toBeGreaterThan(5000)
    expect(rang.length).toBeLessThan(10_000)
    expect(rang).toEqual(rang.toSorted((one, other) => one - other))
    expect([clock.pending, clock.nextAt, clock.now()]).toEqual([0, undefined, 1002])
  })
})
