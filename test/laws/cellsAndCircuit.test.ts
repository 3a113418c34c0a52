/** Cells and the circuit: what is the whole service's is the circuit's, what is a part's is its cell's, and nothing is both. */

import { type Breaker, type BreakerConfig, createBreaker } from "recloser"
import { describe, expect, test } from "vitest"
import { stream } from "../../src/testing/simulation/random.ts"
import fc from "../support/property.ts"
import { stepClock } from "../support/stepClock.ts"

const still: BreakerConfig = { timeout: false, metrics: false }

function world(config: BreakerConfig = still) {
  const clock = stepClock()
  const breaker = createBreaker("service", config, { clock })
  const moves: string[] = []
  breaker.on("transition", ({ from, to }) => moves.push(`${from} → ${to}`))
  /** One call of 5 ms; answers where it was refused, if it was. */
  const call = (key: string | undefined, bad: boolean, ms = 5) => {
    const ticket = breaker.acquire({ key })
    clock.step(ms)
    if (!ticket.admitted) return ticket.layer
    ticket.settle(bad ? "failure" : "success")
    return undefined
  }
  return { clock, breaker, moves, call }
}

const refusedBy = ({ refusals }: ReturnType<Breaker["metrics"]>) => refusals

describe("when everything is dead", () => {
  test("the circuit does the same at the same calls, whether keys are named or not", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 100, max: 1500 }),
        fc.nat(1000),
        (count, calls, seed) => {
          const [keyed, plain] = [world(), world()]
          const chance = stream(seed, "whole")
          for (let turn = 0; turn < calls + 400; turn++) {
            const key = `key ${chance.below(count)}`
            const bad = (turn > calls && turn < calls + 300) || chance.unit() < 0.01
            expect(keyed.call(key, bad)).toBe(plain.call(undefined, bad))
          }
          expect(keyed.moves).toEqual(plain.moves)
          expect(keyed.moves[0]).toBe("closed → open")
        },
      ),
      { numRuns: 60, seed: 7 },
    )
  })

  test("after a part of it was, the circuit opens, and cells start anew when it has recovered", () => {
    const { call, moves, breaker } = world()
    const chance = stream(1, "part, then all")
    const key = () => `key ${chance.below(30)}`
    const run = (calls: number, isDead: (key: string) => boolean) => {
      for (let turn = 0; turn < calls; turn++) {
        const to = key()
        call(to, isDead(to))
      }
    }
    run(2000, () => false)
    run(1000, (to) => Number(to.slice(4)) % 3 === 0)
    expect(breaker.metrics().cells?.condemned).toBe(10)
    expect(breaker.circuit).toBe("closed")
    run(200, () => true)
    expect(moves.at(-1)).toMatch(/→ (?:open|halfOpen)$/)
    expect(breaker.metrics().cells?.condemned).toBe(0)
    run(1500, () => false)
    expect(breaker.circuit).toBe("closed")
    expect(key() && call("key 0", false)).toBeUndefined()
  })

  test("one part after another, so that cells alone hold all back, the circuit opens after 200 calls that nobody answered", () => {
    const { call, moves, breaker } = world({ ...still, strategy: { type: "gradual", openFor: "1 hour" } })
    const keys = Array.from({ length: 6 }, (_, index) => `key ${index}`)
    const dead = new Set<string>()
    const condemned = () => breaker.metrics().cells?.condemned ?? 0
    const round = () => keys.map((key) => call(key, dead.has(key), 1))
    for (let turn = 0; turn < 500; turn++) round()
    for (const key of keys) {
      dead.add(key)
      for (let turn = 0; turn < 40 && condemned() < dead.size; turn++) round()
    }
    expect(condemned()).toBe(6)
    expect(moves).not.toContain("closed → open")
    const { failure } = breaker.metrics().calls
    for (let turn = 0; turn < 40; turn++) round()
    expect(moves.at(-1)).toMatch(/ → open$/)
    expect(breaker.metrics().calls.failure).toBe(failure)
    expect(breaker.wouldReject({ key: "key 0" })).toMatchObject({ layer: "circuit", statistics: { calls: 200 } })
    expect(condemned()).toBe(0)
  })
})

describe("when one busy part is dead", () => {
  test("and gets most of the calls, the circuit does not open", () => {
    const { call, moves, breaker } = world()
    const chance = stream(3, "hot")
    const key = () => (chance.unit() < 0.8 ? "hot" : `cold ${chance.below(9)}`)
    for (let turn = 0; turn < 2000; turn++) call(key(), false)
    let cold = 0
    for (let turn = 0; turn < 2000; turn++) {
      const to = key()
      if (to !== "hot" && call(to, false) !== undefined) cold++
      else if (to === "hot") call(to, true)
    }
    expect(moves).not.toContain("closed → open")
    expect(cold).toBeLessThanOrEqual(8)
    expect(breaker.metrics().calls.failure).toBeLessThanOrEqual(45)
  })

  test("and the only one, the circuit opens as it does without keys", () => {
    const [keyed, plain] = [world(), world()]
    for (let turn = 0; turn < 1000; turn++) {
      expect(keyed.call("only", turn > 500)).toBe(plain.call(undefined, turn > 500))
    }
    expect(keyed.breaker.metrics().refusals.cell).toBeUndefined()
  })
})

describe("failures that are a cell's", () => {
  test("are not the circuit's as well: while it is held back, the circuit is closed and its noise as before", () => {
    const { call, breaker, moves } = world()
    const chance = stream(5, "third")
    const run = (calls: number, dead: number) => {
      for (let turn = 0; turn < calls; turn++) {
        const key = chance.below(99)
        call(`key ${key}`, key % 3 === dead || chance.unit() < 0.01)
      }
    }
    run(3000, -1)
    run(6000, 1)
    expect(moves).toEqual(["closed → degraded", "degraded → closed"])
    // A total outage is seen as quickly as before: what the shard did is no noise of the service.
    const before = breaker.metrics().calls.failure
    for (let turn = 0; turn < 40 && breaker.circuit === "closed"; turn++) call(`key ${chance.below(33) * 3}`, true)
    expect(breaker.circuit).toBe("open")
    expect(breaker.metrics().calls.failure - before).toBeLessThanOrEqual(7)
  })

  test("do not make it shed: once keys explain them, no trial is made", () => {
    const { call, breaker } = world()
    const chance = stream(8, "few keys")
    for (let turn = 0; turn < 6000; turn++) {
      const key = chance.below(12)
      call(`key ${key}`, (turn > 2000 && key % 3 === 1) || chance.unit() < 0.01)
    }
    expect(Object.keys(refusedBy(breaker.metrics()))).toEqual(["cell"])
  })

  test("that hang rather than fail are found while they still run", () => {
    const { breaker, clock } = world({ ...still, strategy: { type: "gradual", slowCalls: { after: "100 millis" } } })
    const keys = Array.from({ length: 9 }, (_, index) => `key ${index}`)
    for (let turn = 0; turn < 3000; turn++) {
      const ticket = breaker.acquire({ key: keys[turn % 9] })
      if (ticket.admitted) ticket.settle("success")
      clock.step(5)
    }
    let hung = 0
    for (let turn = 0; turn < 600; turn++) {
      const key = keys[turn % 9]
      const ticket = breaker.acquire({ key, lease: "1 hour" })
      if (ticket.admitted && key === "key 4") hung++
      else if (ticket.admitted) ticket.settle("success")
      clock.step(5)
    }
    expect(breaker.metrics().cells?.notable).toMatchObject([{ key: "key 4" }])
    expect(hung).toBeLessThanOrEqual(12)
    expect(breaker.circuit).not.toBe("open")
  })
})
