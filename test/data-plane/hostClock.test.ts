/** The clock of the process looks its gauge up once, and still obeys those who put another in its place. */
import { afterEach, describe, expect, it, vi } from "vitest"
import { systemClock } from "../../src/Clock.ts"

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe("the clock of the process", () => {
  it("reads fake timers while they stand in for the host's, and the host again afterwards", () => {
    const before = systemClock.now()
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
    const faked = systemClock.now()
    vi.advanceTimersByTime(86_400_000)
    expect(systemClock.now() - faked).toBe(86_400_000)
    vi.useRealTimers()
    expect(systemClock.now()).toBeGreaterThanOrEqual(before)
    expect(systemClock.now() - before).toBeLessThan(86_400_000)
  })

  it("reads fake time where timers were left to the host", () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] })
    const faked = systemClock.now()
    vi.advanceTimersByTime(86_400_000)
    expect(systemClock.now() - faked).toBe(86_400_000)
  })

  it("waits for a host that has no gauge yet", async () => {
    const { performance } = globalThis
    vi.resetModules()
    vi.stubGlobal("performance", undefined)
    const { systemClock: early } = await import("../../src/Clock.ts")
    vi.stubGlobal("performance", performance)
    const before = performance.now()
    expect(early.now()).toBeGreaterThanOrEqual(before)
  })

  it("reads a gauge that a test has replaced", () => {
    vi.spyOn(performance, "now").mockReturnValue(12_345)
    expect(systemClock.now()).toBe(12_345)
  })
})
