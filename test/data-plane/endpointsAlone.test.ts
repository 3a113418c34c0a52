/** The table of endpoints by itself: whose business an outcome is, who is left out and how many, where calls are spread, and one long walk. */
import { describe, expect, test } from "vitest"
import type { Endpoint, EndpointsLine } from "../../machines/vocabulary/endpoint.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { Endpoints } from "../../src/data-plane/endpoints/endpoints.ts"
import { Site } from "../../src/data-plane/endpoints/site.ts"
import { Receipt, type Settler } from "../../src/data-plane/receipt.ts"
import { endpoint, endpointsOf, lineOf } from "../support/endpointPlane.ts"

const never = Number.NEGATIVE_INFINITY

/** A table, and calls that are slow from a second on. */
function table(first: EndpointsLine, excusedUntil = never) {
  const clock = { now: 0 }
  const pace = {
    isLong: (ms: number) => ms >= 1000,
    isSlow: (since: number, now: number) => now - since >= 1000 && since > excusedUntil,
  }
  const endpoints = new Endpoints(first, pace, 0)
  const site = (id: string) => endpoints.sites.find(({ facts }) => facts.id === id) as Site
  const begin = (isSparing = false, tried?: readonly string[]) => {
    const receipt = new Receipt({} as Settler, 1, clock.now)
    endpoints.enter(receipt, isSparing, clock.now, tried)
    return receipt
  }
  const end = (receipt: Receipt, kind: OutcomeKind = "success", isOwn = true) =>
    endpoints.leave(receipt.site as Site, receipt, kind, isOwn, clock.now)
  /** A call that went to this one. */
  const beginAt = (id: string) => {
    const receipt = new Receipt({} as Settler, 1, clock.now)
    receipt.site = site(id)
    receipt.site.enter(clock.now)
    return receipt
  }
  const call = (id: string, kind: OutcomeKind = "success", ms = 0) => {
    const receipt = beginAt(id)
    clock.now += ms
    return end(receipt, kind)
  }
  const warm = (ids: string, calls = 40) => {
    for (let each = 0; each < calls; each++) for (const id of ids) call(id)
  }
  /** Fails it until it is left out. */
  const leaveOut = (id: string) => {
    for (let calls = 0; site(id).ejectedUntil === undefined; calls++) {
      if (calls > 20) return false
      call(id, "failure")
    }
    return true
  }
  const out = () =>
    endpoints.sites.filter(({ ejectedUntil }) => ejectedUntil !== undefined).map(({ facts }) => facts.id)
  return { clock, endpoints, site, begin, beginAt, end, call, warm, leaveOut, out }
}

describe("how a call ended", () => {
  test("is its endpoint's business alone where that is gone, and another was well since it began", () => {
    const gone = (kind: OutcomeKind, wellAt: number) => {
      const { clock, endpoints, beginAt, end } = table(lineOf(endpointsOf("a", "b")))
      clock.now = 100
      const late = beginAt("a")
      clock.now = wellAt
      end(beginAt("b"))
      clock.now = 200
      endpoints.adopt(lineOf(endpointsOf("b")), 200)
      expect(endpoints.leaving).toBe(1)
      const isAlone = end(late, kind)
      expect(endpoints.leaving).toBe(0)
      return isAlone
    }
    expect([gone("failure", 100), gone("failure", 99), gone("success", 100), gone("ignored", 100)]).toEqual([
      ...[true, false, false, false],
    ])
  })

  test("is so where that is left out as well, save where all are called since nobody is well", () => {
    const left = (kind: OutcomeKind, { wellMs = 1, panic = false } = {}) => {
      const { clock, endpoints, beginAt, end, warm, leaveOut } = table(lineOf(endpointsOf("a", "b")))
      warm("ab")
      clock.now = 5
      const late = beginAt("a")
      leaveOut("a")
      clock.now += wellMs
      if (wellMs > 0) end(beginAt("b"))
      if (panic) endpoints.adopt(lineOf(endpointsOf("a", "b"), { panic }), clock.now)
      return end(late, kind)
    }
    expect([left("failure"), left("success"), left("failure", { panic: true })]).toEqual([true, false, false])
    // Nobody else has been well since it began.
    expect(left("failure", { wellMs: 0 })).toBe(false)
  })

  test("of another counts as well for one against which something speaks, and not of one that is left out, or of one that fails", () => {
    const alone = (other: (it: ReturnType<typeof table>) => void) => {
      const it = table(lineOf(endpointsOf("a", "b", "c", "d")))
      it.warm("abcd")
      it.call("b", "failure")
      it.call("d")
      it.clock.now = 5
      const [late, left] = [it.beginAt("a"), it.beginAt("c")]
      it.leaveOut("c")
      if (it.out()[0] !== "c") throw new Error("it is not left out")
      it.clock.now = 10
      other({ ...it, end: (_receipt, kind) => it.end(left, kind) })
      it.clock.now = 20
      it.endpoints.adopt(lineOf(endpointsOf("b", "c", "d")), 20)
      return it.end(late, "failure")
    }
    expect([alone((it) => it.call("b")), alone((it) => it.call("b", "failure"))]).toEqual([true, false])
    expect([alone((it) => it.end(it.beginAt("d"), "success")), alone(() => {})]).toEqual([false, false])
  })

  test("is counted once, and leaves nothing in flight", () => {
    const it = table(lineOf(endpointsOf("a", "b")))
    it.call("a")
    expect([it.site("a").inFlight, it.site("a").open]).toEqual([0, 0])
  })

  test("is excused up to the instant up to which the process was late", () => {
    const evidence = (excused: number) => {
      const it = table(lineOf(endpointsOf("a", "b")), excused)
      it.clock.now = 10
      it.call("a", "success", 1000)
      return it.site("a").evidence > 0
    }
    expect([evidence(9), evidence(10)]).toEqual([true, false])
  })

  test("is everybody's business where it is well, or fails among others", () => {
    const { call, warm } = table(lineOf(endpointsOf("a", "b")))
    warm("ab", 2)
    expect([call("a"), call("a", "failure"), call("a", "ignored"), call("a", "timedOut")]).toEqual([
      ...[false, false, false, false],
    ])
  })

  test("speaks against an endpoint only if it is its own, and is no excuse when it was slow", () => {
    const spoken = (kind: OutcomeKind, { isOwn = true, ms = 0, excused = never } = {}) => {
      const { clock, beginAt, end, warm, out } = table(lineOf(endpointsOf("a", "b")), excused)
      warm("ab")
      clock.now = 10
      for (let call = 0; call < 4; call++) {
        const receipt = beginAt("a")
        clock.now += ms
        end(receipt, kind, isOwn)
        clock.now += 1
      }
      return out()
    }
    expect([spoken("failure"), spoken("timedOut"), spoken("success"), spoken("ignored")]).toEqual([
      ["a"],
      ["a"],
      [],
      [],
    ])
    expect([spoken("failure", { isOwn: false }), spoken("ignored", { ms: 1000 })]).toEqual([[], []])
    expect([spoken("success", { ms: 999 }), spoken("success", { ms: 1000 })]).toEqual([[], ["a"]])
    expect(spoken("success", { ms: 1000, excused: 1e9 })).toEqual([])
  })
})

test("what is typical is told by calls that went well, also of one against which something speaks", () => {
  const it = table(lineOf(endpointsOf("a", "b")))
  it.call("a", "failure", 300)
  it.call("a", "success", 100)
  // Nothing is known of the other: it is taken to be as quick as is typical.
  const went = Array.from({ length: 300 }, () => {
    const receipt = it.begin()
    it.end(receipt, "ignored")
    return receipt.site?.facts.id
  })
  expect(went.filter((id) => id === "b").length).toBe(291)
})

describe("who is left out", () => {
  test("is at most the share that the line has, one at least, and never the last", () => {
    const leftOut = (ids: string, share: number, bad: readonly string[] = []) => {
      const it = table(lineOf(endpointsOf(...ids), { bad, ejection: { share, firstMs: 1e6, longestMs: 1e6 } }))
      const called = [...ids].filter((id) => !bad.includes(id))
      it.warm(called.join(""))
      for (const id of called) {
        it.warm(called.filter((one) => !it.out().includes(one)).join(""), 5)
        if (!it.leaveOut(id)) break
      }
      return it.out().length
    }
    expect([leftOut("abcdef", 0.5), leftOut("abcdef", 0.49), leftOut("abcdef", 0.01), leftOut("abcdef", 1)]).toEqual([
      ...[3, 2, 1, 5],
    ])
    // Those whose checks fail are none of them.
    expect([leftOut("abcdef", 0.5, ["e", "f"]), leftOut("a", 1)]).toEqual([2, 0])
  })

  test("is told of, with what spoke against it, and again when it is free or has failed a trial", () => {
    const it = table(lineOf(endpointsOf("a", "b")))
    it.warm("ab")
    expect([it.endpoints.news, it.endpoints.shifted(1)]).toEqual([undefined, undefined])
    it.clock.now = 50
    it.leaveOut("a")
    expect(it.endpoints.news).toEqual({
      ...{ to: "condemned", key: "a", cells: 1, condemned: 1 },
      statistics: { calls: 3, failures: 3, slow: 0 },
    })
    const told = it.endpoints.shifted(51)
    expect(told).toMatchObject({ type: "endpoints.shifted", at: 51, ejected: [{ id: "a", at: 50, failedTrials: 0 }] })
    expect(it.endpoints.shifted(52)).toBeUndefined()
    it.endpoints.news = undefined
    it.clock.now = 5000
    const trial = it.begin()
    expect([trial.site?.facts.id, it.end(trial, "failure")]).toEqual(["a", true])
    expect(it.endpoints.shifted(5001)).toMatchObject({ ejected: [{ id: "a", failedTrials: 1 }] })
    expect([it.endpoints.news, it.endpoints.ejected]).toEqual([undefined, 1])
    it.clock.now = 50_000
    const again = it.begin()
    expect([again.site?.facts.id, it.end(again)]).toEqual(["a", true])
    expect(it.endpoints.news).toMatchObject({ to: "freed", key: "a", cells: 1, condemned: 0, statistics: { slow: 0 } })
    expect([it.endpoints.shifted(50_001), it.out()]).toEqual([
      { type: "endpoints.shifted", at: 50_001, ejected: [] },
      [],
    ])
  })

  test("is tried by an ordinary call that has not been anywhere, and matters no more than others", () => {
    const tried = (begin: (it: ReturnType<typeof table>) => Receipt) => {
      const it = table(lineOf(endpointsOf("a", "b")))
      it.warm("ab")
      it.leaveOut("a")
      it.clock.now = 50_000
      return begin(it).site?.facts.id
    }
    const probing = (it: ReturnType<typeof table>) => {
      const receipt = new Receipt({} as Settler, 1, it.clock.now, {} as never)
      it.endpoints.enter(receipt, false, it.clock.now)
      return receipt
    }
    expect([tried((it) => it.begin()), tried((it) => it.begin(true)), tried((it) => it.begin(false, ["b"]))]).toEqual([
      ...["a", "b", "b"],
    ])
    expect(tried(probing)).toBe("b")
  })

  test("is called in a panic by calls that matter more, and not tried by them", () => {
    const it = table(lineOf(endpointsOf("a", "b")))
    it.warm("ab")
    it.leaveOut("a")
    it.endpoints.adopt(lineOf(endpointsOf("a", "b"), { panic: true }), 0)
    it.clock.now = 50_000
    const went = Array.from({ length: 100 }, () => it.begin(true).site?.facts.id)
    expect([went.includes("a"), it.site("a").probe]).toEqual([true, undefined])
  })

  test("is put off by a trial that says nothing, for as long as at first, and is tried no sooner", () => {
    for (const [kind, isOwn] of [
      ["ignored", true],
      ["failure", false],
    ] as const) {
      const it = table(lineOf(endpointsOf("a", "b")))
      it.warm("ab")
      it.leaveOut("a")
      it.endpoints.shifted(0)
      it.clock.now = 50_000
      const trial = it.begin()
      expect([trial.site?.facts.id, it.end(trial, kind, isOwn)]).toEqual(["a", true])
      expect([it.out(), it.site("a").ejectedUntil, it.endpoints.shifted(0)]).toEqual([["a"], 51_000, undefined])
      const next = (now: number) => {
        it.clock.now = now
        const receipt = it.begin()
        it.end(receipt, "ignored")
        return receipt.site?.facts.id
      }
      expect([next(50_999), next(51_000)]).toEqual(["b", "a"])
    }
  })

  test("is let in by a line that leaves out nobody, which is told; and a list that drops it is told, too", () => {
    for (const [line, left] of [
      [lineOf(endpointsOf("a", "b"), { ejection: undefined }), ["a", "b"]],
      [lineOf(endpointsOf("b", "c")), ["b", "c"]],
    ] as const) {
      const it = table(lineOf(endpointsOf("a", "b")))
      it.warm("ab")
      it.leaveOut("a")
      it.endpoints.shifted(0)
      it.endpoints.adopt(line, 10)
      expect([it.out(), it.endpoints.ejected, it.endpoints.sites.map(({ facts }) => facts.id)]).toEqual([[], 0, left])
      expect(it.endpoints.shifted(11)).toEqual({ type: "endpoints.shifted", at: 11, ejected: [] })
      expect(it.endpoints.shifted(12)).toBeUndefined()
    }
    const kept = table(lineOf(endpointsOf("a", "b")))
    kept.warm("ab")
    kept.leaveOut("a")
    kept.endpoints.adopt(lineOf(endpointsOf("a", "b", "c")), 10)
    expect(kept.out()).toEqual(["a"])
    // Nothing has spoken against the other, and nothing does when all are let in.
    kept.endpoints.adopt(lineOf(endpointsOf("a", "b"), { ejection: undefined }), 20)
    expect([kept.out(), kept.site("b").evidence, kept.site("b").freedAt]).toEqual([[], 0, never])
    const same = table(lineOf(endpointsOf("a", "b")))
    same.endpoints.adopt(lineOf(endpointsOf("a", "b", "c")), 10)
    expect(same.endpoints.shifted(11)).toBeUndefined()
  })
})

describe("calls that hang", () => {
  /** Three calls of one endpoint hang, and others elsewhere; who is left out when the next calls look. */
  const hanging = (at: { readonly [id: string]: number }, ms: number, { excused = never, ids = "ab" } = {}) => {
    const it = table(lineOf(endpointsOf(...ids)), excused)
    it.warm(ids)
    it.clock.now = 10
    for (const [id, calls] of Object.entries(at)) for (let call = 0; call < calls; call++) it.beginAt(id)
    it.clock.now += ms
    for (let call = 0; call < 4; call++) it.end(it.begin(), "ignored")
    return { ...it, late: it.out() }
  }

  test("have their endpoint left out where three are late, and those of the others are not", () => {
    expect([hanging({ a: 3 }, 1000).late, hanging({ a: 2 }, 1000).late, hanging({ a: 3 }, 999).late]).toEqual([
      ...[["a"], [], []],
    ])
    expect([hanging({ a: 3, b: 1 }, 1000).late, hanging({ a: 3, b: 1 }, 1000, { ids: "abc" }).late]).toEqual([
      ...[[], ["a"]],
    ])
    expect([hanging({ a: 3 }, 1000, { excused: 9 }).late, hanging({ a: 3 }, 1000, { excused: 10 }).late]).toEqual([
      ...[["a"], []],
    ])
    expect(hanging({ a: 3 }, 1000).endpoints.news?.statistics).toMatchObject({ failures: 0, slow: 1 })
  })

  test("are looked for one endpoint after the other, one a call, also where each call finds another list", () => {
    const found = (calls: number, swaps: boolean) => {
      const it = table(lineOf(endpointsOf("a", "b", "c")))
      it.warm("abc")
      for (let call = 0; call < 3; call++) it.end(it.begin(), "ignored")
      it.clock.now = 10
      for (let call = 0; call < 3; call++) it.beginAt("c")
      it.clock.now = 1010
      for (let call = 0; call < calls; call++) {
        if (swaps) it.endpoints.adopt(lineOf(endpointsOf("a", "b", "c")), 1010)
        it.end(it.begin(), "ignored")
      }
      return it.out()
    }
    expect([found(2, false), found(3, false), found(2, true), found(3, true)]).toEqual([[], ["c"], [], ["c"]])
  })

  test("are no ground to leave out one that is, nor one where all others that are not are late, nor any where nobody may be", () => {
    const it = hanging({ a: 3 }, 1000, { ids: "abcd" })
    // One more may be left out.
    it.endpoints.adopt(lineOf(endpointsOf(..."abcd"), { panic: true }), it.clock.now)
    for (let call = 0; call < 8; call++) it.end(it.begin(), "ignored")
    expect([it.out(), it.site("a").ejections]).toEqual([["a"], 1])
    const three = table(lineOf(endpointsOf("a", "b", "c"), { ejection: { share: 1, firstMs: 1e6, longestMs: 1e6 } }))
    three.warm("abc")
    three.leaveOut("c")
    three.clock.now = 10
    for (const id of ["a", "a", "a", "b"]) three.beginAt(id)
    three.clock.now = 1010
    for (let call = 0; call < 4; call++) three.end(three.begin(), "ignored")
    expect(three.out()).toEqual(["c"])
    const none = table(lineOf(endpointsOf("a", "b"), { ejection: undefined }))
    for (let call = 0; call < 3; call++) none.beginAt("a")
    none.clock.now = 1000
    for (let call = 0; call < 4; call++) none.end(none.begin(), "ignored")
    expect(none.out()).toEqual([])
  })

  test("have their endpoint let in again by a trial that goes well, though nothing else spoke against it", () => {
    const it = hanging({ a: 3 }, 1000)
    it.clock.now = 50_000
    const trial = it.begin()
    expect([trial.site?.facts.id, it.end(trial), it.out()]).toEqual(["a", true, []])
  })

  test("are the endpoint's trouble where it alone is late, and the service's where several are", () => {
    const within = (late: { readonly [id: string]: number }) => {
      const it = table(lineOf(endpointsOf("a", "b", "c"), { ejection: undefined }))
      it.warm("abc")
      it.clock.now = 10
      for (const id of "aaa") it.call(id, "failure")
      for (const [id, calls] of Object.entries(late)) for (let call = 0; call < calls; call++) it.beginAt(id)
      return it.endpoints.within(1010)
    }
    expect([within({}), within({ b: 1 }), within({ b: 1, c: 1 })]).toEqual(["oneCell", "oneCell", undefined])
  })
})

describe("calls are spread", () => {
  const went = (more: Partial<EndpointsLine>, endpoints: readonly Endpoint[] = endpointsOf("a", "b", "c", "d")) => {
    const it = table(lineOf(endpoints, more))
    const ids = Array.from({ length: 300 }, () => {
      const receipt = it.begin()
      it.end(receipt)
      return receipt.site?.facts.id
    })
    return [...new Set(ids)].sort().join("")
  }
  const zoned = (...zones: readonly (string | undefined)[]) =>
    zones.map((zone, index) => endpoint("abcdef"[index] as string, { zone }))

  test("over those whose checks do not fail, over all in a panic, and over all where nobody is well", () => {
    expect([went({}), went({ bad: ["a", "c"] }), went({ bad: ["a", "c"], panic: true })]).toEqual([
      "abcd",
      "bd",
      "abcd",
    ])
    expect(went({ bad: [..."abcd"] })).toBe("abcd")
  })

  test("over those of its zone, where half of them or more are well", () => {
    const near = (zone: string | undefined, bad: readonly string[] = []) =>
      went({ zone, bad }, zoned("x", "x", "x", "y", undefined))
    expect([near(undefined), near("x"), near("y"), near("z")]).toEqual(["abcde", "abc", "d", "abcde"])
    expect([near("x", ["a"]), near("x", ["a", "b"]), near("y", ["d"])]).toEqual(["bc", "cde", "abce"])
    const half = (bad: readonly string[]) => went({ zone: "x", bad }, zoned("x", "x", "y"))
    expect([half(["a"]), half(["a", "b"])]).toEqual(["b", "c"])
  })

  test("nowhere once there are none", () => {
    const it = table(lineOf([]))
    for (let call = 0; call < 60; call++) expect(it.begin().site).toBeUndefined()
    expect(it.endpoints.close()).toBeUndefined()
  })
})

test("on a long walk calls went where they went when the constants were chosen", () => {
  let seed = 17
  const next = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const weights = [1, 2, 1, 1, 1]
  const five = (bad: readonly string[] = []) =>
    lineOf(
      weights.map((weight, index) => endpoint("abcde"[index] as string, { weight })),
      { seed: 3, bad },
    )
  const it = table(five())
  const running: { readonly receipt: Receipt; readonly until: number; readonly kind: OutcomeKind }[] = []
  const counts: { [id: string]: number } = {}
  const events: string[] = []
  let [alone, sum] = [0, 0]
  for (let step = 0; step < 8000; step++) {
    it.clock.now += 4 * next()
    const { now } = it.clock
    for (let at = running.length - 1; at >= 0; at--) {
      const one = running[at] as (typeof running)[number]
      if (one.until > now) continue
      running.splice(at, 1)
      if (it.end(one.receipt, one.kind)) alone++
      if (it.endpoints.news !== undefined) events.push(`${it.endpoints.news.to} ${it.endpoints.news.key} ${step}`)
      it.endpoints.news = undefined
    }
    if (step === 5000) it.endpoints.adopt(five(["e"]), now)
    if (step === 6000) it.endpoints.adopt(five(), now)
    const receipt = it.begin(next() < 0.1, next() < 0.05 ? ["a", "b"] : undefined)
    const id = receipt.site?.facts.id as string
    counts[id] = (counts[id] ?? 0) + 1
    sum += id.charCodeAt(0) * step
    const isIll = id === "c" && step > 1500 && step < 2500
    const isSlow = id === "d" && step > 3000 && step < 4000
    const kind = isIll || next() < 0.01 ? "failure" : next() < 0.02 ? "ignored" : "success"
    running.push({ receipt, until: now + (isSlow ? 40 : 1) * (5 + 20 * next()), kind })
  }
  expect({ counts, events, alone, sum }).toEqual({
    counts: { a: 1532, b: 2846, c: 999, d: 1224, e: 1399 },
    events: ["condemned c 1528", "freed c 2973"],
    alone: 5,
    sum: 3159135973,
  })
})

describe("an endpoint exactly three times as slow as is typical", () => {
  const slow = () => {
    const site = new Site(endpoint("one"), 0)
    site.enter(0)
    // Nothing is typical yet: what it took is what is known.
    expect(site.leaveWell(0, 0, 30)).toBe(true)
    return site
  }

  test("is not shunned; one that is slower by anything is", () => {
    expect([slow().isShunned(10, 2000), slow().isShunned(9.999, 2000)]).toEqual([false, true])
  })

  test("ends a call in few steps; one that is slower by anything is looked at whole", () => {
    const ends = (typicalMs: number) => {
      const site = slow()
      site.enter(30)
      return site.leaveWell(30, typicalMs, 40)
    }
    expect([ends(10), ends(9.999)]).toEqual([true, false])
  })
})
