/** The laws of cells: a dead part of a service is held back by itself, cheaply, and nobody else is. */

import { describe, expect, test } from "vitest"
import { hashOf } from "../../src/data-plane/cellTable.ts"
import { stream } from "../../src/testing/simulation/random.ts"
import { CellReference } from "../support/cellReference.ts"
import { cellLine, gateWith, keyedPlane, keysOf } from "../support/keyedPlane.ts"
import fc from "../support/property.ts"

const shard = (key: string): number => Number(key.split(" ")[1]) % 3

describe("a dead cell", () => {
  test("is condemned after three bad calls in a row, where one in a hundred is usual, and nobody else is", () => {
    const { call, warm, kill, changes } = keyedPlane()
    const keys = keysOf(99)
    warm(5000, keys)
    expect(kill("key 7")).toBe(3)
    expect(changes).toMatchObject([
      { to: "condemned", key: "key 7", condemned: 1, statistics: { calls: 3, failures: 3 } },
    ])
    for (const key of keys) if (key !== "key 7") expect(call(key)).toBe(true)
  })

  test("is refused with its key, why, since when and when to come back", () => {
    const { plane, warm, kill, clock } = keyedPlane()
    warm(5000, keysOf(99))
    clock.step(1000)
    kill('card "7"')
    clock.step(100)
    expect(plane.wouldReject(clock.now(), { key: 'card "7"' })).toEqual({
      admitted: false,
      breaker: "service",
      layer: "cell",
      circuit: "closed",
      reason: '"card \\"7\\"" is held back: its last 3 calls were bad',
      heldBy: ["cells"],
      since: 1000,
      retryAfterMs: 310,
      rule: "cell",
      statistics: { calls: 3, failures: 3, slow: 0 },
    })
  })

  test("that is well again is let in by one good probe", () => {
    const { call, warm, kill, clock, changes } = keyedPlane()
    warm(5000, keysOf(99))
    kill("key 7")
    expect(call("key 7")).toBe(false)
    clock.step(410)
    expect(call("key 7")).toBe(true)
    expect(changes.map(({ to }) => to)).toEqual(["condemned", "freed"])
    for (let turn = 0; turn < 50; turn++) expect(call("key 7")).toBe(true)
  })

  test("whose probe hangs keeps others out until the lease ends, and no longer", () => {
    const { plane, warm, kill, clock } = keyedPlane({ leaseMs: 5000 })
    warm(5000, keysOf(99))
    kill("key 7")
    clock.step(410)
    expect(plane.admit(clock.now(), { key: "key 7" }).admitted).toBe(true)
    clock.step(4999)
    expect(plane.admit(clock.now(), { key: "key 7" }).admitted).toBe(false)
    clock.step(1)
    expect(plane.admit(clock.now(), { key: "key 7" }).admitted).toBe(true)
  })

  test("gives a probe back that ends without an outcome", () => {
    const { call, warm, kill, clock } = keyedPlane()
    warm(5000, keysOf(99))
    kill("key 7")
    clock.step(410)
    expect(call("key 7", "ignored")).toBe(true)
    expect(call("key 7", "failure")).toBe(true)
    expect(call("key 7")).toBe(false)
  })
})

/** A service in three shards, 99 keys, a call each 10 ms; one shard is dead from the start of the outage on. */
function outage(seed: number, ms: number, isDead = (key: string) => shard(key) === 1) {
  const world = keyedPlane()
  const chance = stream(seed, "cells")
  const keys = keysOf(99)
  const healthy = { offered: 0, refused: 0 }
  let doomed = 0
  const run = (forMs: number, dead: (key: string) => boolean) => {
    for (let at = 0; at < forMs; at += 10) {
      world.clock.step(10)
      const key = keys[chance.below(99)] as string
      const fails = dead(key) || chance.unit() < 0.01
      const isIn = world.call(key, fails ? "failure" : "success")
      if (dead(key)) doomed += isIn ? 1 : 0
      else healthy.offered++
      if (!dead(key) && !isIn) healthy.refused++
    }
  }
  run(50_000, () => false)
  Object.assign(healthy, { offered: 0, refused: 0 })
  run(ms, isDead)
  return { ...world, keys, healthy, run, doomed: () => doomed }
}

describe("a dead shard, of which nobody knows the keys", () => {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed + 1)

  test("costs each of its keys about one call, and all of them one schedule of probes", () => {
    const doomed = seeds.map((seed) => outage(seed, 60_000).doomed()).sort((a, b) => a - b)
    expect(doomed[10]).toBeLessThanOrEqual(90)
    expect(doomed[19]).toBeLessThanOrEqual(110)
  })

  test("keeps hardly anybody else out", () => {
    const refused = seeds.map((seed) => {
      const { healthy } = outage(seed, 60_000)
      return healthy.refused / healthy.offered
    })
    expect(refused.sort((a, b) => a - b)[10]).toBeLessThanOrEqual(0.005)
    expect(refused[19]).toBeLessThanOrEqual(0.05)
  })

  test("is back as a whole when three of its keys are", () => {
    const { run, keys, call, clock, plane } = outage(3, 60_000)
    run(5000, () => false)
    clock.step(5000)
    expect(plane.admission.cells?.condemned.size).toBeLessThanOrEqual(1)
    expect(keys.filter((key) => call(key)).length).toBeGreaterThanOrEqual(98)
  })

  test("and another that dies later are two troubles: the first to recover does not wait for the other", () => {
    const { run, plane } = outage(5, 30_000)
    run(30_000, (key) => shard(key) !== 0)
    run(15_000, (key) => shard(key) === 2)
    const held = [...(plane.admission.cells?.condemned.all ?? [])].map(({ key }) => shard(key))
    expect(held.filter((of) => of === 2).length).toBeGreaterThanOrEqual(30)
    expect(held.filter((of) => of !== 2).length).toBeLessThanOrEqual(3)
  })
})

describe("failures that fall on all keys alike", () => {
  test.each([1, 3, 10, 99, 1000])("hold no cell back, where three calls in ten fail: %i keys", (count) => {
    const { call, warm, clock } = keyedPlane()
    const chance = stream(count, "cells")
    const keys = keysOf(count)
    warm(5000, keys)
    let refused = 0
    for (let turn = 0; turn < 20_000; turn++) {
      clock.step(10)
      if (!call(keys[chance.below(count)], chance.unit() < 0.3 ? "failure" : "success")) refused++
    }
    expect(refused).toBeLessThanOrEqual(100)
  })

  test.each([0.01, 0.05, 0.1])("as they do as a rule, hold back one call in 10 000 at most: a share of %f", (share) => {
    const { call, warm, clock } = keyedPlane()
    const chance = stream(17, "cells")
    const keys = keysOf(99)
    warm(5000, keys)
    let refused = 0
    for (let turn = 0; turn < 200_000; turn++) {
      clock.step(10)
      if (!call(keys[chance.below(99)], chance.unit() < share ? "failure" : "success")) refused++
    }
    expect(refused).toBeLessThanOrEqual(20)
  })
})

describe("a cell that is held back for nothing", () => {
  test("is let in at the latest after 64 calls and 30 seconds, however many others are held back", () => {
    const { plane, call, warm, clock } = keyedPlane({ maxMs: 3_600_000, waitMs: 3_600_000 })
    const keys = keysOf(50)
    warm(5000, keys)
    for (let turn = 0; turn < 12; turn++) {
      for (const key of keys.slice(0, 25)) call(key, "failure")
      for (const key of keys.slice(25)) call(key)
    }
    expect(plane.admission.cells?.condemned.size).toBe(25)
    let refused = 0
    while (!call("key 3")) {
      clock.step(250)
      refused++
    }
    expect(refused).toBeGreaterThan(64)
    expect(refused).toBeLessThanOrEqual(121)
    expect(call("key 3")).toBe(true)
  })
})

describe("memory", () => {
  test("stays bounded under a million hostile keys, and who is dead stays held back", () => {
    const { plane, call, warm, kill, clock } = keyedPlane({ max: 1024 })
    warm(5000, keysOf(99))
    kill("dead")
    expect(call("dead")).toBe(false)
    for (let key = 0; key < 1_000_000; key++) call(`hostile ${key}`, key % 3 === 0 ? "failure" : "success")
    for (let key = 0; key < 5000; key++) for (let turn = 0; turn < 3; turn++) call(`twice ${key}`, "failure")
    expect(plane.admission.cells?.remembered).toBeLessThanOrEqual(1024)
    expect(plane.admission.cells?.condemned.size).toBeLessThanOrEqual(1024)
    expect(plane.wouldReject(clock.now(), { key: "dead" })?.layer).toBe("cell")
    expect(plane.inFlight).toBe(0)
  })

  test("of a condemned cell that nobody asks for ends after ten minutes", () => {
    const { plane, warm, kill, clock } = keyedPlane()
    warm(5000, keysOf(99))
    kill("one")
    clock.step(600_000)
    kill("other")
    expect([...(plane.admission.cells?.condemned.all ?? [])].map(({ key }) => key)).toEqual(["other"])
  })
})

describe("two keys of one hash", () => {
  const pair = (() => {
    const seen = new Map<number, string>()
    for (let index = 0; ; index++) {
      const key = `k${index}`
      const other = seen.get(hashOf(key, 0))
      if (other !== undefined) return [other, key] as const
      seen.set(hashOf(key, 0), key)
    }
  })()

  test("share a cell and its fate", () => {
    const [one, other] = pair
    const { call, warm, kill, clock } = keyedPlane()
    warm(5000, keysOf(99))
    kill(one)
    expect([call(one), call(other)]).toEqual([false, false])
    clock.step(410)
    expect([call(other), call(one)]).toEqual([true, true])
  })

  test("are others under another seed", () => {
    const [one, other] = pair
    expect(hashOf(one, 1)).not.toBe(hashOf(other, 1))
  })
})

describe("calls without a key", () => {
  test("are let in whatever is held back, and cells are not made for them", () => {
    const { plane, call, warm, kill } = keyedPlane()
    for (let turn = 0; turn < 100; turn++) call(undefined, turn % 2 ? "failure" : "success")
    expect(plane.admission.cells).toBeUndefined()
    warm(5000, keysOf(9))
    kill("dead")
    expect([call("dead"), call(undefined)]).toEqual([false, true])
  })
})

describe("a gate without the line", () => {
  test("forgets what was suspected, and outcomes of before say nothing after", () => {
    const { plane, call, warm, kill, clock } = keyedPlane()
    warm(5000, keysOf(99))
    const late = plane.admit(clock.now(), { key: "dead" })
    kill("dead")
    expect(call("dead")).toBe(false)
    plane.swap(gateWith(undefined, { version: 2, epoch: 2 }))
    expect(call("dead")).toBe(true)
    plane.swap(gateWith(cellLine, { version: 3, epoch: 3 }))
    if (late.admitted) plane.settleAt(late, "failure", clock.now())
    expect(plane.admission.cells?.condemned.size).toBe(0)
    for (let turn = 0; turn < 2; turn++) {
      warm(99, keysOf(99))
      expect(call("dead", "failure")).toBe(true)
    }
    warm(99, keysOf(99))
    expect(call("dead")).toBe(true)
  })
})

interface Act {
  readonly key: number
  readonly bad: boolean
  readonly waits: number
}

interface Weather {
  readonly dead: readonly number[]
  readonly share: number
  readonly calls: number
  readonly seed: number
}

/** Weather: which keys are dead, and how many of the other calls fail. */
const weather: fc.Arbitrary<Weather> = fc.record({
  dead: fc.oneof(fc.uniqueArray(fc.nat(11), { maxLength: 6 }), fc.constant([...Array(12).keys()])),
  share: fc.constantFrom(0, 0.02, 0.1, 0.4),
  calls: fc.integer({ min: 1, max: 200 }),
  seed: fc.nat(10_000),
})

test("hashes, counters and short ways come to what a plain telling comes to", () => {
  const actsOf = ({ dead, share, calls, seed }: Weather): Act[] => {
    const chance = stream(seed, "cells")
    return Array.from({ length: calls }, () => {
      const key = chance.below(12)
      return { key, bad: dead.includes(key) || chance.unit() < share, waits: chance.unit() < 0.05 ? 400 : 7 }
    })
  }
  fc.assert(
    fc.property(fc.array(weather, { minLength: 1, maxLength: 5 }), (days) => {
      const { plane, clock } = keyedPlane()
      const reference = new CellReference(cellLine)
      for (const { key: number, bad, waits } of days.flatMap(actsOf)) {
        clock.step(waits)
        const [key, now] = [`key ${number}`, clock.now()]
        const foreseen = plane.wouldReject(now, { key }) === undefined
        const ticket = plane.admit(now, { key })
        const told = reference.offer(key, now)
        expect(ticket.admitted).toBe(foreseen)
        expect(ticket.admitted ? (ticket.probesCell ? "probe" : "enter") : "refuse").toBe(told)
        if (!ticket.admitted) continue
        plane.settleAt(ticket, bad ? "failure" : "success", now)
        reference.settle(key, bad, told === "probe", now)
      }
      expect([...(plane.admission.cells?.condemned.all ?? [])].map(({ key }) => key).sort()).toEqual(
        reference.condemned,
      )
    }),
    { numRuns: 100, seed: 4711, endOnFailure: true },
  )
})
