/** The schedule of those who are held back: how many there can be, how long they wait, and what a probe's end is worth. */
import { describe, expect, test } from "vitest"
import { Condemned } from "../../src/data-plane/condemned.ts"
import { cellLine } from "../support/keyedPlane.ts"

const minutes = 60_000
const held = (max = 4096) => new Condemned({ ...cellLine, max })

describe("cells that are held back", () => {
  test("are as many as there may be, until one of them was not asked for in ten minutes", () => {
    const condemned = held(2)
    condemned.condemn(1, "a", 1, 3, 0)
    expect(condemned.hasRoom(0)).toBe(true)
    condemned.condemn(2, "b", 1, 3, 5000)
    expect(condemned.hasRoom(5000)).toBe(false)
    expect(condemned.hasRoom(10 * minutes - 1)).toBe(false)
    expect(condemned.hasRoom(10 * minutes)).toBe(true)
    condemned.condemn(3, "c", 1, 3, 10 * minutes)
    expect([...condemned.all].map(({ key }) => key)).toEqual(["b", "c"])
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
    condemned.giveBack(condemned.probe(convict, 2000))
    condemned.succeed(1, convict, true, 2000)
    // So soon again: half of it counts.
    const again = condemned.condemn(2, "b", 2, 3, 2000 + minutes - 1)
    expect(waitOf(2, 2000 + minutes - 1)).toBe(410 + 2 * 30)
    condemned.succeed(2, again, false, 2000 + minutes - 1)
    condemned.condemn(3, "c", 3, 3, 2000 + 2 * minutes)
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
