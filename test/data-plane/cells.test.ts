/** What calls with keys say of their cells, beside success and failure. */
import { describe, expect, test } from "vitest"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import { Cells } from "../../src/data-plane/cells.ts"
import { hashOf } from "../../src/data-plane/cellTable.ts"
import { barePlane } from "../support/barePlane.ts"
import { cellLine, gateWith, keyedPlane, keysOf } from "../support/keyedPlane.ts"

test("no key has the hash of an empty place, by which nothing would be remembered of it", () => {
  expect(hashOf("", 0)).not.toBe(0)
  expect(hashOf("a", 0)).not.toBe(hashOf("", 0))
})

describe("a call with a key", () => {
  test.each(["ignored", "success"] as const)("that ended as %s: only a good one tells that others are well", (kind) => {
    const it = keyedPlane()
    it.call("b", kind)
    it.call("a", "failure")
    expect(it.plane.admission.cells?.within).toBe(kind === "success" ? "oneCell" : undefined)
  })

  test("may name keys where nobody has any chance to give", () => {
    const { plane } = barePlane()
    plane.swap(gateWith(cellLine))
    expect(plane.admit(0, { key: "a" }).admitted).toBe(true)
    expect(plane.admission.cells?.seed).toBe(0)
  })

  test.each([
    ["success", [3, 1]],
    ["failure", [4, 0]],
  ] as const)("that was slow and ended as %s is bad once: slow only if it has not failed as well", (kind, counts) => {
    const it = keyedPlane()
    it.plane.swap({ ...it.plane.gate, version: 2, lines: { ...it.plane.gate.lines, slowAfterMs: 100 } })
    it.warm(300, keysOf(30))
    // Held back for failures; the probe that is let in ends after the slow line, in the instant in which it is noticed.
    it.kill("key 1")
    it.clock.step(5000)
    const before = [...(it.plane.admission.cells?.condemned.all ?? [])].map(({ failures, slow }) => [failures, slow])
    const probe = it.plane.admit(it.clock.now(), { key: "key 1" })
    expect(probe.admitted).toBe(true)
    it.clock.step(99)
    if (probe.admitted) it.plane.settleAt(probe, kind, it.clock.now() + 1)
    const after = [...(it.plane.admission.cells?.condemned.all ?? [])].map(({ failures, slow }) => [failures, slow])
    expect([before, after]).toEqual([[[3, 0]], [counts]])
  })

  test.each([
    ["asks for nothing", undefined, 3700],
    ["asks for ten seconds", 10_000, 10_000],
  ])("whose failure %s holds its cell back as long as that", (_what, retryAfterMs, waitMs) => {
    const it = keyedPlane()
    it.warm(300, keysOf(30))
    it.kill("key 1")
    it.clock.step(5000)
    const probe = it.plane.admit(it.clock.now(), { key: "key 1" })
    if (probe.admitted) it.plane.settleAt(probe, { kind: "failure", trip: false, retryAfterMs }, it.clock.now())
    const wait = it.plane.wouldReject(it.clock.now(), { key: "key 1" })?.retryAfterMs ?? 0
    if (retryAfterMs === undefined) expect(wait).toBeLessThanOrEqual(waitMs)
    else expect(wait).toBe(waitMs)
  })
})

describe("cells by themselves", () => {
  interface Told {
    readonly slowAfterMs?: number
    readonly stoodMs?: (since: number) => number
  }
  function own({ slowAfterMs = Number.POSITIVE_INFINITY, stoodMs = () => 0 }: Told = {}) {
    const cells = new Cells(cellLine, 7, { stoodMs }, slowAfterMs)
    const enter = (key: string, now: number) => cells.enter({} as never, 1, key, now)
    /** One call: whether it was its cell's business alone, or that it was refused. */
    const call = (key: string, judged: Judged, now = 0, ms = 0): boolean | "refused" => {
      if (cells.holds(key, now) === undefined) return cells.settle(enter(key, now), judged, now + ms)
      cells.refuse(key, now)
      return "refused"
    }
    const well = (calls: number, now = 0) => {
      for (let turn = 0; turn < calls; turn++) call(`key ${turn % 30}`, "success", now)
    }
    /** Fails it, among calls that go well, until it is refused; how often it failed. */
    const kill = (key: string, now = 0): number => {
      for (let failures = 0; failures < 20; failures++) {
        if (call(key, "failure", now) === "refused") return failures
        well(30, now)
      }
      throw new Error(`${key} was not condemned`)
    }
    return { cells, enter, call, well, kill }
  }

  test("are condemned for failures in a row, told of once, and set free by a probe that goes well", () => {
    const { cells, call, well, kill } = own()
    well(600)
    expect([cells.news, cells.within, cells.holds("dead", 0)]).toEqual([undefined, undefined, undefined])
    const failures = kill("dead", 100)
    expect(cells.news).toEqual({
      ...{ to: "condemned", key: "dead", cells: 1, condemned: 1 },
      statistics: { calls: failures, failures, slow: 0 },
    })
    expect([cells.condemned.size, cells.within, cells.holds("key 1", 100)]).toEqual([1, "cells", undefined])
    cells.news = undefined
    // A probe is its cell's business, however it ends; so is what is still under way.
    expect([call("dead", "failure", 509), call("dead", "failure", 510), cells.news]).toEqual([
      "refused",
      true,
      undefined,
    ])
    expect([...cells.condemned.all].map(({ calls, probes }) => [calls, probes])).toEqual([[failures + 1, 1]])
    expect(call("dead", "success", 1000)).toBe(true)
    expect(cells.news).toMatchObject({ to: "freed", key: "dead", cells: 1, condemned: 0 })
    expect([call("dead", "success", 1001), cells.condemned.size, cells.within]).toEqual([false, 0, undefined])
  })

  test("are judged by whoever was under way when they were condemned", () => {
    const { cells, enter, well, kill } = own()
    well(600)
    const [good, bad, nothing] = [enter("dead", 0), enter("dead", 0), enter("dead", 0)]
    kill("dead", 100)
    expect([cells.settle(nothing, "ignored", 110), cells.settle(bad, "failure", 120)]).toEqual([true, true])
    const [convict] = cells.condemned.all
    expect([cells.condemned.size, convict?.probes, convict?.failures]).toEqual([1, 0, convict?.calls ?? 0])
    expect([cells.settle(good, "success", 130), cells.condemned.size]).toEqual([true, 0])
  })

  test("stay away as long as they have asked, and are slow or failed, not both", () => {
    const { cells, call, well, kill } = own({ slowAfterMs: 100 })
    well(600)
    const failures = kill("dead", 100)
    expect(call("dead", { kind: "failure", trip: false, retryAfterMs: 7000 }, 510)).toBe(true)
    expect([cells.holds("dead", 7509) !== undefined, cells.holds("dead", 7510)]).toEqual([true, undefined])
    call("dead", "success", 8000, 100)
    call("dead", "failure", 9000, 100)
    const [{ calls, slow, failures: failed } = { calls: 0, slow: 0, failures: 0 }] = [...cells.condemned.all]
    expect([calls, slow, failed]).toEqual([failures + 3, 1, failures + 2])
  })

  test("find calls that have run too long as others come and go, once, and not for the time in which the host stood still", () => {
    const slowed = (ms: number) => {
      const { cells, enter, call, well } = own({ slowAfterMs: 100, stoodMs: (since) => (since < 10 ? ms : 0) })
      well(600)
      const visits = [1, 2, 3, 4, 5, 6].map((at) => enter("dead", at))
      well(30, 90)
      const before = cells.holds("dead", 95)
      well(1, 200)
      const held = cells.holds("dead", 200) !== undefined
      // They have been judged: that they end well says nothing any more.
      for (const visit of visits) cells.settle(visit, "ignored", 210)
      return [before, held, call("dead", "success", 220)]
    }
    // The last of them entered at 6, and is looked at when it is 194 ms old.
    expect([slowed(0), slowed(94), slowed(100)]).toEqual([
      [undefined, true, "refused"],
      [undefined, true, "refused"],
      [undefined, false, false],
    ])
  })

  test("forget all but what is usual where the gate watches none, and what they know where it has another size", () => {
    const { cells, enter, call, well, kill } = own()
    well(600)
    const early = enter("dead", 0)
    kill("dead", 100)
    const probe = enter("dead", 510)
    expect([cells.remembered > 0, probe.probesCell]).toEqual([true, true])
    cells.adopt({ ...cellLine, waitMs: 1000 })
    expect([cells.remembered > 0, cells.condemned.size, cells.condemned.retryAt(undefined, 0)]).toEqual([true, 1, 1000])
    cells.adopt({ ...cellLine, max: 128 })
    expect([cells.remembered, cells.condemned.size]).toEqual([0, 1])
    cells.adopt(undefined)
    expect([cells.condemned.size, cells.within, cells.holds("dead", 200)]).toEqual([0, undefined, undefined])
    cells.adopt(cellLine)
    // What entered before says nothing, and is still no call of the circuit's if it was a probe.
    expect([cells.settle(early, "failure", 600), cells.settle(probe, "failure", 600)]).toEqual([false, true])
    expect([cells.remembered, call("dead", "failure", 700), cells.remembered]).toEqual([0, false, 1])
  })

  test("say nothing of silence where none is held back: that the service is gone is then the circuit's to see", () => {
    const { cells, call, well } = own()
    well(600)
    for (let failures = 0; failures < 300; failures++) call(`key ${failures % 30}`, "failure", 100)
    expect([cells.condemned.size, cells.takeSilence()]).toEqual([0, undefined])
  })

  test("take a call for too old from the very millisecond on, those left out in which the process stood still", () => {
    const remembered = (startedAt: number, now: number, ms = 0) => {
      const { cells, enter } = own({ slowAfterMs: 100, stoodMs: () => ms })
      enter("slow", startedAt)
      enter("other", now)
      return cells.remembered
    }
    expect([remembered(50, 149), remembered(50, 150)]).toEqual([0, 1])
    expect([remembered(50, 160, 10), remembered(50, 160, 11)]).toEqual([1, 0])
  })

  test("do not ask whether the host stood still for a call that is in time by the clock alone", () => {
    let asked = 0
    const { call } = own({ slowAfterMs: 100, stoodMs: () => asked++ })
    call("quick", "success", 0, 99)
    expect(asked).toBe(0)
    call("slow", "success", 0, 100)
    expect(asked).toBeGreaterThan(0)
  })

  test("are slow where a probe of theirs is found too old, and not failed", () => {
    const { cells, enter, well, kill } = own({ slowAfterMs: 100 })
    well(600)
    const failures = kill("dead", 100)
    enter("dead", 510)
    enter("other", 610)
    const [{ slow, failures: failed } = { slow: 0, failures: 0 }] = [...cells.condemned.all]
    expect([slow, failed]).toEqual([1, failures])
  })

  test("are not told of by a call that was ignored, and a success of no cell ends every row", () => {
    const { cells, call, well } = own()
    well(10)
    expect(call("a", "ignored")).toBe(false)
    call("a", "failure")
    expect(cells.within).toBe("oneCell")
    cells.hearGood()
    expect(cells.within).toBeUndefined()
  })

  test("that are condemned end the rows of others when a probe goes well, and are unanswered calls when one does not", () => {
    const { cells, call, well, kill } = own()
    well(600)
    kill("dead", 100)
    call("other", "failure", 200)
    expect(cells.within).toBe("oneCell")
    expect([call("dead", "success", 510), cells.within === "oneCell"]).toEqual([true, false])
    const two = own()
    two.well(600)
    const underWay = Array.from({ length: 220 }, (_, at) => two.enter(at % 2 === 0 ? "dead" : "gone", 0))
    for (const key of ["dead", "gone"]) two.kill(key, 100)
    for (const visit of underWay) two.cells.settle(visit, "failure", 110)
    expect(two.cells.takeSilence()?.calls).toBeGreaterThanOrEqual(220)
  })

  describe("while others are held back", () => {
    /** Four failures of one more cell, under way when others are condemned, are enough to hold it back as well. */
    const suspect = (all: ReturnType<typeof own>) => {
      const visits = Array.from({ length: 6 }, () => all.enter("suspect", 0))
      return () => {
        for (const visit of visits) all.cells.settle(visit, "failure", 105)
        all.well(1, 105)
      }
    }
    const isHeld = ({ cells }: ReturnType<typeof own>, now: number) => cells.holds("suspect", now) !== undefined

    test("one that is set free changes nothing of what is known of others", () => {
      const all = own()
      all.well(600)
      const fail = suspect(all)
      for (const key of ["a", "b"]) all.kill(key, 100)
      fail()
      const before = isHeld(all, 510)
      expect([before, all.call("a", "success", 510), all.cells.condemned.size]).toEqual([true, true, 1])
      expect(isHeld(all, 510)).toBe(true)
    })

    test("all of one trouble that are set free together end what was known, though some of another are held back still", () => {
      const all = own()
      all.well(600)
      const generations = () => [...all.cells.condemned.all].map(({ generation }) => generation)
      const fail = suspect(all)
      for (const key of ["a", "b", "c", "d"]) all.kill(key, 100)
      // Those that were well in this trouble begin to fail: another one.
      const under = Array.from({ length: 60 }, (_, at) => all.enter(`key ${at % 30}`, 100))
      for (const visit of under) all.cells.settle(visit, "failure", 102)
      all.well(60, 103)
      all.kill("e", 104)
      const [first, ...others] = generations()
      expect(others.map((one) => one - (first ?? 0))).toEqual([0, 0, 0, 1])
      fail()
      const before = isHeld(all, 1000)
      for (const key of ["a", "b", "c"]) expect(all.call(key, "success", 1000)).toBe(true)
      expect([before, all.cells.news?.cells, all.cells.condemned.size]).toEqual([true, 2, 1])
      expect(isHeld(all, 1000)).toBe(false)
    })
  })

  test("are heard of for the first time in a trouble once, whichever place they have in what is remembered", () => {
    const keys = Array.from({ length: 9000 }, (_, at) => `cell ${at}`)
    const placed = (bits: number) => keys.find((key) => (hashOf(key, 7) & 0xff) === bits) as string
    /** How often one more must fail until it is held back, when another was called often in the same trouble. */
    const failuresOf = (busy: string) => {
      const { cells, call, well, kill } = own()
      call(busy, "failure")
      well(2000)
      kill("dead", 100)
      for (let turn = 0; turn < 300; turn++) call(busy, "success", 100)
      for (let turn = 0; turn < 100; turn++) call("dead", "success", 100)
      return [1, 2, 3, 4].map(() => [cells.holds("new", 100) !== undefined, call("new", "failure", 100)][0])
    }
    expect([0, 1].map((bits) => failuresOf(placed(bits)))).toEqual([
      [false, true, true, true],
      [false, true, true, true],
    ])
  })

  test("are heard of for the first time in the next trouble when they were set free in the one before", () => {
    const heldAfter = (first: string) => {
      const { cells, call, well, kill } = own()
      well(600)
      kill("freed", 100)
      call("freed", "success", 600)
      expect(cells.condemned.size).toBe(0)
      // One more that begins with a failure: there are more of them than refusals alone would say.
      call(first, "failure", 700)
      kill("dead", 700)
      for (let turn = 0; turn < 10; turn++) call("dead", "success", 701)
      return [1, 2].map(() => [call("new", "failure", 702), cells.holds("new", 702) !== undefined][1])
    }
    expect([heldAfter("freed"), heldAfter("never seen"), heldAfter("key 1")]).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ])
  })

  test("that are forgotten are so with what is under way, and with the rows that they had", () => {
    const { cells, enter, call, well } = own({ slowAfterMs: 100 })
    well(10)
    enter("hangs", 0)
    call("a", "failure")
    expect(cells.within).toBe("oneCell")
    cells.adopt(undefined, 100)
    expect(cells.within).toBeUndefined()
    cells.adopt(cellLine, 100)
    enter("other", 200)
    expect([cells.remembered, cells.within]).toEqual([0, undefined])
  })

  test("say that nobody is answered where some are held back and two hundred calls in a row, to several, were bad or refused, once", () => {
    const { cells, call, well, kill } = own()
    expect(cells.takeSilence()).toBeUndefined()
    well(600)
    kill("dead", 100)
    kill("gone", 100)
    expect(cells.takeSilence()).toBeUndefined()
    let calls = 0
    let told = cells.takeSilence()
    while (told === undefined && calls < 500) {
      call(calls % 2 === 0 ? "dead" : "gone", "failure", 101)
      calls++
      told = cells.takeSilence()
    }
    // The first of them was the one for which it was condemned.
    expect([calls, told, cells.takeSilence()]).toEqual([199, { calls: 200, failures: 200, slow: 0 }, undefined])
  })
})
