/** What one round of outcomes does to a learned limit, where calls are given up or grow longer; in figures worked out by hand. */
import { describe, expect, test } from "vitest"
import { full, idle, playing } from "../support/limits.ts"

describe("a round in which calls were given up", () => {
  test("halves the limit where they are more than three in ten, and they and the others are half of it", () => {
    const left = (inFlight: number, timeouts: number) => {
      const { limit, end } = idle()
      end(8 - timeouts, { gapMs: 100 / (8 - timeouts), inFlight })
      // These end with the last of the others, and are all there still.
      end(timeouts, { kind: "timedOut" })
      return [limit.value, limit.isUncharted]
    }
    expect([left(6, 4), left(5.9, 4), left(8, 2)]).toEqual([
      [10, false],
      [20, true],
      [20, true],
    ])
  })

  test("says nothing of the limit where a fifth of what runs is only guessed", () => {
    const left = (inFlight: number, timeouts: number) => {
      const { limit, end } = idle(8)
      end(8 - timeouts, { gapMs: 20, inFlight, waited: true })
      end(timeouts, { kind: "timedOut" })
      return limit.value
    }
    expect([left(8, 2), left(8.1, 2), left(8, 1)]).toEqual([8, 16, 16])
  })

  test("drains while as many still run as there are slots, and no longer", () => {
    const drained = (timeouts: number) => {
      const { limit, clock, end } = playing(8)
      clock.now = 1000
      end(8 - timeouts, { ms: 1000 })
      end(timeouts, { ms: 1000, kind: "timedOut" })
      return { limit, end }
    }
    expect([drained(7).limit.state, drained(8).limit.state]).toEqual(["following", "draining"])
    const { limit, end } = drained(8)
    end(8, { ms: 100, gapMs: 1000, inFlight: 1 })
    expect(limit.state).toBe("following")
  })

  test("counts them among those in flight: what calls take beside them is not what they take alone", () => {
    /** After a round with so many in flight beside two that were given up, and long after one in which every slot was taken. */
    const learned = (inFlight: number) => {
      const one = playing()
      one.end(6, { gapMs: 20, inFlight })
      one.end(2, { kind: "timedOut" })
      one.end(8, { gapMs: 1000, inFlight: 15 })
      full(one)
      return one.limit.value
    }
    // Where nothing is known of calls alone half as many are looked at first.
    expect([learned(8), learned(8.1)]).toEqual([40, 10])
  })
})

describe("a round with room to spare", () => {
  test("leaves a limit where it is that is not above what it began at, also one that looks at half as many", () => {
    const one = playing()
    one.end(8, { gapMs: 12.5, inFlight: 15 })
    full(one)
    // Nothing is known of calls alone: half as many are tried.
    expect([one.limit.value, one.limit.isUncharted]).toEqual([10, true])
    one.end(8, { gapMs: 100, inFlight: 2 })
    expect(one.limit.value).toBe(10)
  })

  test("does not take away what was learned of a limit that is where it began", () => {
    const { limit, end } = idle()
    const half = () => end(10, { gapMs: 10, inFlight: 20, waited: true })
    half()
    expect(limit.value).toBe(20)
    end(8, { gapMs: 12.5, inFlight: 2 })
    half()
    expect(limit.value).toBe(40)
  })
})

describe("room that was made", () => {
  test("is news also where there is none to make: what it had found out is no more", () => {
    const { limit } = playing(20, { most: 20 })
    limit.isStirred = false
    expect([limit.giveWay(500), limit.value, limit.isStirred]).toEqual([true, 20, true])
  })

  test("lets be held against it what was done before, while nothing has spoken against more calls", () => {
    const one = idle()
    full(one)
    one.limit.makeRoom(one.clock.now)
    expect(one.limit.value).toBe(80)
    // Twenty of them did as much as these eighty do.
    for (let round = 0; round < 3; round++) full(one, 400)
    expect([one.limit.value, one.limit.isUncharted]).toEqual([40, false])
  })
})

describe("what calls take while there is room", () => {
  test("is what they took first, and comes a fifth of the way to what they take later", () => {
    const left = (ms: number) => {
      const one = idle()
      one.end(8, { ms: 200, gapMs: 25, inFlight: 2 })
      full(one, ms)
      return one.limit.value
    }
    // 100 and a fifth of a hundred, and half as much again.
    expect([left(179), left(181)]).toEqual([40, 10])
  })

  test("follows calls that grow longer where half of the limit is taken, or less: they are then no reason to turn others away", () => {
    const isGrounded = (inFlight: number) => {
      const { limit, clock, end } = playing()
      end(64, { ms: 10, gapMs: 1.25, inFlight })
      end(400, { ms: 32, gapMs: 4, inFlight })
      return limit.isGrounded(clock.now)
    }
    expect([isGrounded(10), isGrounded(10.1)]).toEqual([false, true])
  })

  test("is told by those alone that went well", () => {
    const isGrounded = (kind: "failure" | "success") => {
      const { limit, clock, end } = playing()
      end(64, { ms: 10, gapMs: 1.25, inFlight: 15 })
      end(400, { ms: 100, gapMs: 12.5, inFlight: 15, kind })
      return limit.isGrounded(clock.now)
    }
    expect([isGrounded("failure"), isGrounded("success")]).toEqual([false, true])
  })
})

test("its first round begins when the limit is made, whenever that is", () => {
  const path = (at: number) => {
    const one = playing(20, { at })
    // A service that does ten calls at once in 100 ms.
    return Array.from({ length: 30 }, () => {
      full(one, 10 * Math.max(10, one.limit.value))
      return one.limit.value
    })
  }
  expect(path(0).slice(0, 6)).toEqual([20, 10, 10, 10, 10, 8])
  expect([path(1000), path(3_600_000)]).toEqual([path(0), path(0)])
})
