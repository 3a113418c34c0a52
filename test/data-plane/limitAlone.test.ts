/** The learned limit by itself: what moves it, what does not, and by how much, in figures worked out by hand. */
import { describe, expect, test } from "vitest"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { Limit } from "../../src/data-plane/limiter/limit.ts"
import { full, idle, playing } from "../support/limits.ts"

describe("a limit", () => {
  test("begins at what it is told, in whole calls from seven tenths on, and not below its least", () => {
    expect([20, 20.6, 20.75].map((first) => new Limit(1, 1000, first).value)).toEqual([20, 20, 21])
    expect(new Limit(5, 10, 3).value).toBe(5)
    const { isStirred, meanMs, state, independent, isUncharted } = new Limit(1, 1000, 20)
    expect({ isStirred, meanMs, state, independent, isUncharted }).toEqual({
      ...{ isStirred: true, meanMs: 0, state: "following", independent: false, isUncharted: true },
    })
  })

  test("is blind until a call has ended, of which it knows how long it took", () => {
    const { limit, end } = playing()
    expect(limit.isBlind).toBe(true)
    end(1, { ms: Number.NaN })
    end(1, { ms: -1 })
    end(1, { ms: 50, kind: "ignored" })
    expect([limit.isBlind, limit.meanMs]).toEqual([true, 0])
    end(1, { ms: 40 })
    expect([limit.isBlind, limit.isUncharted, limit.meanMs]).toEqual([false, true, 40])
    end(1, { ms: 80, kind: "failure" })
    expect(limit.meanMs).toBe(42)
  })

  test("lets as many in as may be where calls take longer than ten seconds, the time left out in which the host stood still", () => {
    const heard = (tookMs: number, stoodMs: number) => {
      const asked: [number, number][] = []
      const heardOf = (since: number, now: number) => {
        asked.push([since, now])
        return stoodMs
      }
      const limit = new Limit(1, 1000, 20, { stoodMs: heardOf })
      for (let call = 0; call < 3; call++) limit.settle("success", tookMs, 0, 50_000)
      return { value: limit.value, meanMs: limit.meanMs, asked }
    }
    expect(heard(10_001, 0)).toMatchObject({ value: 1000, meanMs: 10_001 })
    expect(heard(30_000, 29_950)).toEqual({ value: 20, meanMs: 50, asked: Array(3).fill([20_000, 50_000]) })
    // What takes no longer than that moves it but little.
    expect(heard(10_000, 9000)).toEqual({ value: 20, meanMs: 10_000, asked: [] })
  })

  test("is deaf when no call has ended for half a second, and none of that counts from before it was another", () => {
    const { limit, clock, end } = playing()
    expect([499, 500].map((now) => limit.isDeaf(now))).toEqual([false, true])
    end(1, { gapMs: 100, ms: 1000 })
    expect([599, 600].map((now) => limit.isDeaf(now))).toEqual([false, true])
    expect([limit.giveWay(599), limit.value]).toEqual([false, 20])
    clock.now = 700
    limit.isStirred = false
    expect([limit.giveWay(700), limit.value, limit.isStirred]).toEqual([true, 40, true])
    expect([1199, 1200].map((now) => limit.isDeaf(now))).toEqual([false, true])
  })

  test("that has been charted is deaf only after four lengths of a call, where that is longer", () => {
    const charted = (ms: number) => {
      const { limit, clock, end } = playing(1)
      // Every call is given up, and the slot is taken: it is halved, and more is known than nothing.
      end(16, { ms, gapMs: ms, inFlight: 1, kind: "timedOut" })
      expect(limit.isUncharted).toBe(false)
      return [499, 500, 4 * ms - 1, 4 * ms].map((later) => limit.isDeaf(clock.now + later))
    }
    expect([charted(1000), charted(100)]).toEqual([
      [false, false, false, true],
      [false, true, false, false],
    ])
  })
})

describe("calls that take longer than ten seconds on average", () => {
  test("are not bound by a limit, until they take half of that", () => {
    const { limit, end } = playing()
    end(1, { ms: 10_000 })
    expect(limit.value).toBe(20)
    limit.isStirred = false
    end(1, { ms: 10_001 })
    expect([limit.value, limit.isStirred]).toEqual([1000, true])
    // 10 000.05 * 0.95^13 is 5133, and 4877 with the fourteenth.
    end(13, { ms: 0 })
    limit.isStirred = false
    expect([limit.value, limit.isStirred]).toEqual([1000, false])
    end(1, { ms: 0 })
    expect([limit.value, limit.isStirred]).toEqual([20, true])
  })
})

describe("a call that nobody waits for any more", () => {
  test("keeps its slot until three tenths of it are left, and the last slot is everybody's", () => {
    const { limit, end } = playing()
    end(1, { ms: 100 })
    end(1, { ms: 100, kind: "timedOut" })
    // 70 times ln(1 / 0.3) are 84.3 ms.
    expect([0, 84, 85].map((now) => limit.effective(now))).toEqual([19, 19, 20])
    const one = playing(1)
    one.end(3, { ms: 100, kind: "timedOut" })
    expect(one.limit.effective(0)).toBe(1)
  })

  test("keeps it as long as calls take, or as it took already", () => {
    const leftAfter = (ms: number, at: readonly number[]) => {
      const { limit, end } = playing()
      end(1, { ms: 100 })
      end(1, { ms, kind: "timedOut" })
      return at.map((now) => limit.effective(now))
    }
    expect(leftAfter(1, [84, 85])).toEqual([19, 20])
    expect(leftAfter(200, [168, 169])).toEqual([19, 20])
  })

  test("is one that was given up after more than half as long again as calls take, or that timed out, and no other", () => {
    const kept = (kind: OutcomeKind, ms: number, before = 100) => {
      const { limit, end } = playing()
      if (before > 0) end(1, { ms: before })
      end(1, { ms, kind })
      return 20 - limit.effective(0)
    }
    expect([kept("ignored", 150), kept("ignored", 151), kept("ignored", 1e6, 0)]).toEqual([0, 1, 0])
    expect([kept("failure", 9000), kept("success", 9000), kept("timedOut", 1)]).toEqual([0, 0, 1])
  })

  test("has been heard of where it was given up late, and not where it was given up soon", () => {
    const heard = (ms: number) => {
      const { limit, clock, end } = playing()
      end(1, { ms: 100 })
      clock.now = 400
      end(1, { ms, kind: "ignored" })
      return !limit.isDeaf(500)
    }
    expect([heard(150), heard(151)]).toEqual([false, true])
  })
})

describe("a limit that was raised for calls that could not wait", () => {
  const raised = () => {
    const one = playing()
    one.limit.makeRoom(0)
    return one
  }

  test("sinks by half in ten seconds in which it is not needed, and not below what it began at", () => {
    const sunk = (ms: number, inFlight = 2) => {
      const { limit, end } = raised()
      end(8, { gapMs: ms / 8, inFlight })
      return limit.value
    }
    // Of 40 the square root of a half is 28.3.
    expect([sunk(5000), sunk(10_000), sunk(60_000)]).toEqual([28, 20, 20])
    // A quarter of it is little, and more is not.
    expect([sunk(5000, 10), sunk(5000, 10.1)]).toEqual([28, 40])
  })

  test("does not sink for less than a round: eight calls, and as long as one takes", () => {
    const { limit, end } = raised()
    end(7, { gapMs: 1000, inFlight: 2 })
    expect(limit.value).toBe(40)
    end(1, { gapMs: 1000, inFlight: 2 })
    expect(limit.value).toBe(23)
    const long = raised()
    long.end(100, { ms: 5000, gapMs: 49.9, inFlight: 2 })
    expect(long.limit.value).toBe(40)
    long.end(1, { ms: 5000, gapMs: 49.9, inFlight: 2 })
    expect(long.limit.value).toBe(28)
    // Where calls take no time a round lasts a millisecond all the same.
    const quick = raised()
    quick.end(80, { ms: 0, gapMs: 0.01, inFlight: 2 })
    quick.limit.isStirred = false
    quick.end(19, { ms: 0, gapMs: 0.01, inFlight: 2 })
    expect(quick.limit.isStirred).toBe(false)
    quick.end(2, { ms: 0, gapMs: 0.01, inFlight: 2 })
    expect(quick.limit.isStirred).toBe(true)
  })

  test("is not measured by what was done under it, when it has sunk", () => {
    const one = idle()
    full(one)
    expect(one.limit.value).toBe(40)
    one.end(8, { gapMs: 5000, inFlight: 2 })
    expect(one.limit.value).toBe(20)
    // As much is done as before, and no less: what that was is forgotten.
    full(one)
    expect([one.limit.value, one.limit.isUncharted]).toEqual([40, true])
  })

  test("stays where it is once something has spoken against more calls", () => {
    const one = idle()
    full(one)
    one.end(40, { ms: 100, gapMs: 2.5, inFlight: 40, waited: true, kind: "timedOut" })
    one.end(40, { ms: 100, gapMs: 2.5, inFlight: 40, waited: true, kind: "timedOut" })
    expect(one.limit.isUncharted).toBe(false)
    const { value } = one.limit
    one.end(8, { gapMs: 5000, inFlight: 2 })
    expect(one.limit.value).toBe(value)
  })
})

describe("a round in which every slot was taken", () => {
  test("counts where somebody waited, and as many as were in flight are most of the limit", () => {
    const grows = (inFlight: number, waited = true) => {
      const { limit, end } = idle()
      end(20, { gapMs: 5, inFlight, waited })
      return limit.value
    }
    expect([grows(17), grows(16.9), grows(20, false)]).toEqual([40, 20, 20])
  })

  test("is held against what calls take while there is room, which is learned in rounds that took half of it or less", () => {
    /** After a round with so many in flight, and one in which all slots were taken by calls of the same length: doubled where calls are no longer than alone. */
    const learned = (inFlight: number) => {
      const one = playing()
      one.end(8, { gapMs: 12.5, inFlight })
      full(one)
      return one.limit.value
    }
    // Where nothing is known of calls alone half as many are looked at first.
    expect([learned(10), learned(10.1)]).toEqual([40, 10])
  })

  test("says nothing of a limit under which its calls had not begun", () => {
    /** The limit is doubled so long before a round begins in which all of it is taken. */
    const doubledBefore = (ms: number) => {
      const one = idle()
      one.end(7, { gapMs: 20, inFlight: 12 })
      one.clock.now += 300 - ms
      one.clock.area += 12 * (300 - ms)
      one.limit.makeRoom(one.clock.now)
      one.end(1, { gapMs: ms, inFlight: 12 })
      const { value } = one.limit
      full(one)
      return [value, one.limit.value]
    }
    expect([doubledBefore(99), doubledBefore(100)]).toEqual([
      [40, 40],
      [40, 80],
    ])
  })
})
