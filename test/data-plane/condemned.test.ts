/** The schedule of those who are held back: how many there can be, how long they wait, and what a probe's end is worth. */
import { describe, expect, test } from "vitest"
import { Condemned, type Convict } from "../../src/data-plane/condemned.ts"
import { cellLine } from "../support/keyedPlane.ts"

const minutes = 60_000
const held = (max = 4096) => new Condemned({ ...cellLine, max })

describe("cells that are held back", () => {
  test("are as many as there may be, until one of them was not asked for in ten minutes", () => {
    const condemned = held(2)
    const first = condemned.condemn(1, "a", 1, 3, 1000)
    expect([condemned.hasRoom(1000), condemned.find(1), condemned.find(2)]).toEqual([true, first, undefined])
    condemned.condemn(2, "b", 1, 3, 5000)
    expect(condemned.hasRoom(5000)).toBe(false)
    expect(condemned.hasRoom(1000 + 10 * minutes - 1)).toBe(false)
    expect(condemned.hasRoom(1000 + 10 * minutes)).toBe(true)
    condemned.condemn(3, "c", 1, 3, 1000 + 10 * minutes)
    expect([...condemned.all].map(({ key }) => key)).toEqual(["b", "c"])
  })

  test("are asked for to the second, and forgotten by probes of others too", () => {
    const roomAfter = (refusedAt: number, now: number): boolean => {
      const condemned = held(1)
      condemned.refuse(1, condemned.condemn(1, "a", 1, 3, 500), refusedAt)
      return condemned.hasRoom(now)
    }
    expect([roomAfter(1499, 500 + 10 * minutes), roomAfter(1500, 500 + 10 * minutes)]).toEqual([true, false])
    expect([roomAfter(1500, 1499 + 10 * minutes), roomAfter(1500, 1500 + 10 * minutes)]).toEqual([false, true])
    const condemned = held()
    condemned.condemn(1, "a", 1, 3, 0)
    const other = condemned.condemn(2, "b", 1, 3, 0)
    condemned.refuse(2, other, 5 * minutes)
    condemned.probe(other, 10 * minutes)
    expect([...condemned.all].map(({ key }) => key)).toEqual(["b"])
  })

  test("stay while they are asked for, though another came after them", () => {
    const condemned = held(2)
    const first = condemned.condemn(1, "a", 1, 3, 0)
    condemned.condemn(2, "b", 1, 3, 0)
    condemned.refuse(1, first, 5 * minutes)
    condemned.condemn(3, "c", 1, 3, 10 * minutes)
    expect([...condemned.all].map(({ key }) => key)).toEqual(["a", "c"])
  })

  test("wait the longer the more probes have failed in a row; a minute after the last was set free that is forgotten", () => {
    const condemned = held()
    const waitOf = (hash: number, now: number) => condemned.retryAt(undefined, now) - now + hash * 0
    const convict = condemned.condemn(1, "a", 1, 3, 0)
    expect(waitOf(1, 0)).toBe(410)
    for (let probe = 0; probe < 4; probe++) {
      const round = condemned.probe(convict, 1000)
      condemned.giveBack(round)
      condemned.fail(convict, false, true, 1000, 0)
    }
    expect(waitOf(1, 1000)).toBe(410 + 4 * 30)
    // Another one beside it changes nothing.
    const beside = condemned.condemn(9, "i", 1, 3, 1500)
    expect(waitOf(1, 1500)).toBe(410 + 4 * 30)
    condemned.succeed(9, beside, false, 1500)
    condemned.giveBack(condemned.probe(convict, 2000))
    condemned.succeed(1, convict, true, 2000)
    // So soon again: half of it counts.
    const again = condemned.condemn(2, "b", 2, 3, 2000 + minutes - 1)
    expect(waitOf(2, 2000 + minutes - 1)).toBe(410 + 2 * 30)
    condemned.succeed(2, again, false, 2000 + minutes - 1)
    condemned.condemn(3, "c", 3, 3, 2000 + 2 * minutes - 1)
    expect(waitOf(3, 2000 + 2 * minutes)).toBe(410)
  })

  test("are probed one at a time; one that comes back in another round frees nobody's place", () => {
    const condemned = held()
    const convict = condemned.condemn(1, "a", 1, 3, 0)
    const hung = condemned.probe(convict, 410)
    expect(condemned.mayProbe(convict, 1000)).toBe(false)
    // Its lease is over: whoever comes next has its place.
    const next = condemned.probe(convict, 410 + cellLine.leaseMs)
    expect(next).not.toBe(hung)
    const now = 410 + cellLine.leaseMs + 1000
    condemned.giveBack(hung)
    expect(condemned.mayProbe(convict, now)).toBe(false)
    condemned.giveBack(next)
    expect(condemned.mayProbe(convict, now)).toBe(true)
  })

  test("are set free by a success, alone where it was no probe, and with all of their trouble after three that were", () => {
    const condemned = held()
    const cells = [1, 2, 3, 4, 5, 6].map((hash) => condemned.condemn(hash, `${hash}`, 1, 3, 0))
    const succeed = (hash: number, isProbe: boolean) => condemned.succeed(hash, cells[hash - 1] as never, isProbe, 1000)
    expect(succeed(1, false)).toBe(1)
    expect([succeed(2, true), succeed(3, true)]).toEqual([1, 1])
    expect(condemned.size).toBe(3)
    expect(succeed(4, true)).toBe(3)
    expect(condemned.size).toBe(0)
  })
})

describe("when a cell is probed", () => {
  const cells = (count: number, condemned: Condemned, generation = 1) =>
    Array.from({ length: count }, (_, index) => condemned.condemn(index + 1, `${index + 1}`, generation, 3, 0))
  const first = (all: readonly Convict[]) => all[0] as Convict
  const probeAt = (condemned: Condemned, convict: Convict, now: number) => {
    const round = condemned.probe(convict, now)
    return () => condemned.giveBack(round)
  }

  test("the wait grows by a step and by a factor with each probe that failed, up to the longest", () => {
    const condemned = new Condemned({ ...cellLine, waitMs: 100, stepMs: 10, factor: 2, maxMs: 1000 })
    const convict = first(cells(1, condemned))
    const waits = [0, 1, 2, 3, 4].map(() => {
      const wait = condemned.retryAt(undefined, 7) - 7
      condemned.fail(convict, false, true, 7, 0)
      return wait
    })
    expect(waits).toEqual([100, 110 * 2, 120 * 4, 1000, 1000])
    condemned.adopt(cellLine)
    expect(condemned.retryAt(undefined, 7) - 7).toBe(410 + 5 * 30)
  })

  test("it is when the wait is over, and not before; what was no probe begins it anew and makes it no longer", () => {
    const condemned = held()
    const convict = first(cells(1, condemned))
    expect([409, 410].map((now) => condemned.mayProbe(convict, now))).toEqual([false, true])
    expect([condemned.retryAt(convict, 0), condemned.retryAt(convict, 300)]).toEqual([410, 550])
    condemned.fail(convict, false, false, 100, 0)
    condemned.fail(convict, true, false, 100, 0)
    expect([509, 510].map((now) => condemned.mayProbe(convict, now))).toEqual([false, true])
    expect(convict).toMatchObject({ calls: 5, failures: 4, slow: 1 })
  })

  test("it is not before the time that it has asked for, which is bounded", () => {
    const condemned = held()
    const convict = first(cells(1, condemned))
    condemned.fail(convict, false, true, 0, 5000)
    expect([4999, 5000].map((now) => condemned.mayProbe(convict, now))).toEqual([false, true])
    expect(condemned.retryAt(convict, 0)).toBe(5000)
    condemned.fail(convict, false, true, 0, 400_000)
    expect(condemned.retryAt(convict, 0)).toBe(300_000)
  })

  test("a call that was under way meanwhile, and asks for less or for nothing, shortens no wait that was asked for", () => {
    const condemned = held()
    const convict = first(cells(1, condemned))
    condemned.fail(convict, false, true, 0, 60_000)
    condemned.fail(convict, true, false, 100, 0)
    condemned.fail(convict, false, false, 200, 1000)
    expect([59_999, 60_000].map((now) => condemned.mayProbe(convict, now))).toEqual([false, true])
    condemned.fail(convict, false, false, 300, 70_000)
    expect(condemned.retryAt(convict, 400)).toBe(70_300)
  })

  test("after 64 refusals and 30 seconds it is its turn, whatever others do", () => {
    const due = (refusals: number, now: number): boolean => {
      const condemned = held()
      const [convict, other] = [condemned.condemn(1, "a", 1, 3, 7000), condemned.condemn(2, "b", 1, 3, 7000)]
      for (let call = 0; call < refusals; call++) condemned.refuse(1, convict, 7100)
      // One hangs, and another has just failed.
      condemned.probe(other, 36_000)
      condemned.fail(other, false, true, 36_990, 0)
      const isDue = condemned.mayProbe(convict, now)
      if (isDue) condemned.probe(convict, now)
      expect(condemned.round).toBe(0)
      return isDue
    }
    expect([due(64, 36_999), due(64, 37_000), due(63, 37_000)]).toEqual([false, true, false])
    const condemned = held()
    const [convict, other] = cells(2, condemned) as [Convict, Convict]
    for (let call = 0; call < 64; call++) condemned.refuse(1, convict, 100)
    probeAt(condemned, convict, 30_000)()
    condemned.fail(other, false, true, 59_990, 0)
    // It has had its probe: it is refused anew.
    expect([convict.refused, convict.triedAt, condemned.mayProbe(convict, 60_000)]).toEqual([0, 30_000, false])
    for (let call = 0; call < 64; call++) condemned.refuse(1, convict, 100)
    condemned.fail(convict, false, false, 59_990, 60_000)
    // What asked to be left alone is.
    expect(condemned.mayProbe(convict, 60_000)).toBe(false)
  })

  test("the one that was probed least comes first among five, as long as nobody waits a quarter of a second for it", () => {
    const may = (count: number, now: number): readonly boolean[] => {
      const condemned = held()
      const [convict, other] = cells(count, condemned) as [Convict, Convict]
      probeAt(condemned, convict, 410)()
      return [condemned.mayProbe(convict, now), condemned.mayProbe(other, now)]
    }
    expect([may(4, 410), may(5, 410), may(5, 659), may(5, 660)]).toEqual([
      [true, true],
      [false, true],
      [false, true],
      [true, true],
    ])
  })

  test("who is set free takes its probes along", () => {
    const condemned = held()
    const all = cells(6, condemned)
    for (const now of [410, 411, 412, 413, 414]) probeAt(condemned, all[0] as Convict, now)()
    probeAt(condemned, all[1] as Convict, 415)()
    expect(condemned.mayProbe(all[1] as Convict, 416)).toBe(true)
    condemned.succeed(1, all[0] as Convict, false, 416)
    expect([condemned.mayProbe(all[1] as Convict, 416), condemned.probed]).toEqual([false, 6])
  })

  test("twice as many may be at once with each success of one that was known to be dead, up to 16, and one after a failure", () => {
    const atOnce = (condemned: Condemned, all: readonly Convict[], now: number): number => {
      let begun = 0
      for (const convict of all) {
        if (!condemned.mayProbe(convict, now)) break
        condemned.probe(convict, now)
        begun++
      }
      return begun
    }
    const roomAfter = (
      successes: number,
      failures = 3,
      more: (condemned: Condemned, all: readonly Convict[]) => void = () => {},
    ) => {
      const condemned = held()
      const all = Array.from({ length: 60 }, (_, index) =>
        condemned.condemn(index + 1, `${index + 1}`, index, failures, 0),
      )
      for (let hash = 1; hash <= successes; hash++) condemned.succeed(hash, all[hash - 1] as Convict, true, 500)
      const left = all.slice(successes)
      more(condemned, left)
      return atOnce(condemned, left, 5000)
    }
    expect([0, 1, 2, 3, 4, 5].map((successes) => roomAfter(successes))).toEqual([1, 2, 4, 8, 16, 16])
    // One that failed once may have been condemned for nothing.
    expect([roomAfter(3, 1), roomAfter(3, 2)]).toEqual([1, 8])
    // When the last one is free those that die later are probed one at a time again.
    const again = held()
    const dead = (from: number, now: number) =>
      [from, from + 1, from + 2].map((hash) => again.condemn(hash, `${hash}`, 1, 3, now))
    for (const [index, convict] of dead(1, 0).entries()) again.succeed(index + 1, convict, index < 2, 500)
    expect([again.size, atOnce(again, dead(4, 600), 5000)]).toEqual([0, 1])
    // And whatever set the last one free, its own probe too.
    const alone = held()
    alone.succeed(1, alone.condemn(1, "a", 1, 3, 0), true, 500)
    const next = [2, 3, 4].map((hash) => alone.condemn(hash, `${hash}`, 2, 3, 600))
    expect(atOnce(alone, next, 5000)).toBe(1)
    expect(roomAfter(3, 3, (condemned, [next]) => condemned.fail(next as Convict, false, true, 500, 0))).toBe(1)
    expect(roomAfter(3, 3, (condemned, [next]) => condemned.fail(next as Convict, false, false, 500, 0))).toBe(8)
  })

  test("a success lets the next one in at once", () => {
    const condemned = held()
    const all = cells(3, condemned)
    condemned.succeed(1, all[0] as Convict, true, 20)
    expect(condemned.mayProbe(all[1] as Convict, 20)).toBe(true)
    const other = held()
    const those = cells(3, other)
    other.succeed(1, those[0] as Convict, false, 20)
    expect(other.mayProbe(those[1] as Convict, 20)).toBe(false)
  })

  test("those whose leases are over have lost their places, all of them", () => {
    const condemned = held()
    const all = Array.from({ length: 9 }, (_, index) => condemned.condemn(index + 1, `${index + 1}`, index, 3, 0))
    condemned.succeed(1, all[0] as Convict, true, 500)
    const ends = [1, 2].map((at) => probeAt(condemned, all[at] as Convict, 500))
    expect([60_499, 60_500].map((now) => condemned.mayProbe(all[3] as Convict, now))).toEqual([false, true])
    expect(condemned.round).toBe(0)
    const third = probeAt(condemned, all[3] as Convict, 60_500)
    expect(condemned.round).toBe(1)
    for (const end of ends) end()
    // There is room for one again, which is taken.
    expect(condemned.mayProbe(all[4] as Convict, 61_000)).toBe(false)
    third()
    third()
    expect(condemned.mayProbe(all[4] as Convict, 61_000)).toBe(true)
    probeAt(condemned, all[4] as Convict, 61_000)
    expect(condemned.mayProbe(all[5] as Convict, 61_000)).toBe(false)
  })
})

describe("three successes in a row", () => {
  const free = (steps: (succeed: (hash: number) => number, fail: (hash: number) => void) => unknown) => {
    const condemned = held()
    const all = Array.from({ length: 12 }, (_, index) =>
      condemned.condemn(index + 1, `${index + 1}`, index < 6 ? 1 : 2, 3, 0),
    )
    return steps(
      (hash) => condemned.succeed(hash, all[hash - 1] as Convict, true, 500),
      (hash) => condemned.fail(all[hash - 1] as Convict, false, true, 500, 0),
    )
  }

  test("set those of their trouble free, and no others", () => {
    expect(free((succeed) => [succeed(1), succeed(2), succeed(3), succeed(7)])).toEqual([1, 1, 4, 1])
  })

  test("are three of one trouble, with no failure of it between them", () => {
    expect(free((succeed) => [succeed(1), succeed(2), succeed(7), succeed(3), succeed(4)])).toEqual([1, 1, 1, 1, 1])
    expect(free((succeed, fail) => [succeed(1), succeed(2), fail(4), succeed(3)])).toEqual([1, 1, undefined, 1])
    expect(free((succeed, fail) => [succeed(1), succeed(2), fail(8), succeed(3)])).toEqual([1, 1, undefined, 4])
  })
})

test("when the service as a whole is to blame nobody is held back, and what was known of probes is not known", () => {
  const condemned = held()
  const all = Array.from({ length: 6 }, (_, index) => condemned.condemn(index + 1, `${index + 1}`, 1, 3, 0))
  condemned.succeed(1, all[0] as Convict, true, 500)
  condemned.succeed(2, all[1] as Convict, true, 500)
  for (const at of [2, 3]) condemned.probe(all[at] as Convict, 500)
  for (let probe = 0; probe < 8; probe++) condemned.fail(all[4] as Convict, false, true, 500, 0)
  condemned.clear()
  expect([condemned.size, condemned.round, condemned.find(3)]).toEqual([0, 1, undefined])
  const again = Array.from({ length: 5 }, (_, index) => condemned.condemn(index + 1, `${index + 1}`, 1, 3, 600))
  expect(condemned.retryAt(undefined, 600) - 600).toBe(410)
  expect(condemned.mayProbe(again[0] as Convict, 1010)).toBe(true)
  condemned.probe(again[0] as Convict, 1010)
  expect(condemned.mayProbe(again[0] as Convict, 1010)).toBe(false)
  // The row of successes begins anew.
  expect([1, 2].map((hash) => condemned.succeed(hash, again[hash - 1] as Convict, true, 1010))).toEqual([1, 1])
})
