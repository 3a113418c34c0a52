/** What dependencies do together, and what is measured of them, step by step. */
import { describe, expect, test } from "vitest"
import {
  added,
  beginDepending,
  counted,
  type DependingContext,
  declared,
  movedOn,
  removed,
} from "../../machines/depending.ts"
import type { DependencyAdded, DependencyMoved, Slice } from "../../machines/vocabulary/signal.ts"
import type { Need, Standing } from "../../machines/vocabulary/standing.ts"

type Settings = DependingContext["settings"]
const settingsOf = (dependencies: { readonly [id: string]: readonly [type: Need, impact?: number] }): Settings =>
  ({
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([id, [type, impact]]) => [id, { type, impact }]),
    ),
  }) as Settings
const begin = (dependencies: Parameters<typeof settingsOf>[0] = {}) => beginDepending(settingsOf(dependencies), 10)

const well: Standing = { circuit: "closed", health: 1, reason: "is closed" }
const open = (more: Partial<Standing> = {}): Standing => ({
  circuit: "open",
  health: 0,
  cause: "disk",
  reason: "disk is open",
  ...more,
})
const moves = (
  at: number,
  all: { readonly [id: string]: Standing | readonly [Standing, blamed: number] },
): DependencyMoved =>
  ({
    ...{ type: "dependency.moved", at },
    moves: Object.fromEntries(
      Object.entries(all).map(([id, one]) => [
        id,
        "circuit" in one ? { standing: one } : { standing: one[0], blamed: one[1] },
      ]),
    ),
  }) as DependencyMoved
const move = (context: DependingContext, all: Parameters<typeof moves>[1], at = 20): DependingContext => ({
  ...context,
  ...movedOn(context, moves(at, all)),
})
const slice = (success: number, failure: number, timedOut = 0) => ({ success, failure, timedOut }) as Slice
const count = (context: DependingContext, ...calls: Parameters<typeof slice>): DependingContext => ({
  ...context,
  ...counted(context, slice(...calls), 90),
})

describe("dependencies", () => {
  test("are unknown at first, and do nothing", () => {
    const fresh = begin({ db: ["critical"], cache: ["required", 0.3] })
    expect(fresh.finding).toEqual({ state: "clear", at: 10, health: 1, share: 1, reason: "" })
    expect(fresh.dependencies["cache"]).toEqual({
      ...{ need: "required", impact: 0.3, since: 10 },
      standing: { circuit: "unknown", health: 1, reason: "no breaker is called cache" },
      ...{ up: { good: 0, bad: 0 }, down: { good: 0, bad: 0 }, from: { good: 0, bad: 0 } },
    })
    expect([fresh.fresh, fresh.counted]).toEqual([[], { good: 0, bad: 0 }])
  })

  test("block where one that is critical is open, until it says, and impair by what the others cost", () => {
    const all = begin({ db: ["critical"], cache: ["required", 0.25], mail: ["optional"] })
    expect(move(all, { mail: open() }).finding).toBe(all.finding)
    expect(move(all, { cache: open() }).finding).toEqual({
      ...{ state: "blocked", at: 20, health: 0.75, share: 0.75, via: "cache", cause: "disk", reason: "disk is open" },
      state: "impaired",
    })
    expect(move(all, { db: open({ retryAt: 700 }) }).finding).toEqual({
      ...{
        state: "blocked",
        at: 20,
        health: 0,
        share: 0,
        via: "db",
        cause: "disk",
        reason: "disk is open",
        retryAt: 700,
      },
    })
    expect(move(all, { db: open() }).finding).not.toHaveProperty("retryAt")
  })

  test("that serve a part are not shed a second time", () => {
    const half = move(begin({ db: ["critical"], cache: ["required", 0.5] }), {
      db: open({ health: 0.5 }),
      cache: open({ health: 0.8 }),
    })
    expect(half.finding).toMatchObject({ state: "impaired", health: 0.5, share: 1, via: "db" })
  })

  test("that would leave less than one call in a thousand leave none", () => {
    expect(move(begin({ db: ["required", 0.999] }), { db: open() }).finding).toMatchObject({
      state: "impaired",
      share: 0.0010000000000000009,
    })
    expect(move(begin({ db: ["required", 0.9991] }), { db: open() }).finding).toMatchObject({
      state: "blocked",
      health: 0,
      share: 0,
    })
  })

  test("are told by the worst of them: who lets in less, then who does not probe, then who is known longer", () => {
    const all = begin({ a: ["critical"], b: ["critical"], c: ["required", 0.2], d: ["required", 0.2] })
    const via = (context: DependingContext) => context.finding.via
    expect(via(move(all, { c: open(), a: open() }))).toBe("a")
    expect(via(move(all, { c: open(), d: open() }))).toBe("c")
    expect(via(move(all, { a: open({ health: 0.9 }), b: open({ health: 0.5 }) }))).toBe("b")
    expect(via(move(all, { a: open({ health: 0.5 }), c: open() }))).toBe("c")
    const probing = move(all, { a: open({ probes: 3 }), b: open({ retryAt: 500 }) })
    expect(probing.finding).toMatchObject({ via: "b", retryAt: 500 })
    expect(probing.finding).not.toHaveProperty("probes")
    const both = move(all, { a: open({ probes: 3, retryAt: 5 }), b: open({ probes: 2 }) })
    expect(both.finding).toMatchObject({ state: "blocked", via: "a", probes: 2 })
    // When one that serves a part will probe is nobody's business who is blocked by another.
    const partly = move(all, { a: open({ health: 0.5, retryAt: 900 }), b: open({ retryAt: 300 }) })
    expect(partly.finding).toMatchObject({ via: "b", retryAt: 300 })
    expect(both.finding).not.toHaveProperty("retryAt")
    expect(move(all, { a: open({ retryAt: 300 }), b: open({ retryAt: 900 }) }).finding).toMatchObject({
      via: "a",
      retryAt: 900,
    })
    expect(move(all, { a: open({ retryAt: 900 }), b: open() }).finding).toMatchObject({ via: "a", retryAt: 900 })
  })

  test("that say again what they have said are no news", () => {
    const one = move(begin({ db: ["critical"] }), { db: open() })
    expect(move(one, { db: open() }, 30).finding).toBe(one.finding)
    expect(move(one, { db: open() }, 30).dependencies["db"]?.since).toBe(20)
    expect(move(one, { db: open({ reason: "other" }) }, 30).dependencies["db"]?.since).toBe(30)
    expect(move(one, { stranger: open(), toString: open() }, 30).dependencies).toEqual(one.dependencies)
  })
})

describe("a dependency comes and goes", () => {
  const add = (context: DependingContext, more: Partial<DependencyAdded> = {}): DependingContext => ({
    ...context,
    ...added(context, {
      type: "dependency.added",
      at: 30,
      id: "db",
      need: "critical",
      impact: undefined,
      ...more,
    } as DependencyAdded),
  })

  test("by its name, with how it stands if that is known", () => {
    const one = add(count(begin(), 5, 1))
    expect([one.fresh, one.finding, one.dependencies["db"]?.from]).toEqual([
      ["db"],
      begin().finding,
      { good: 5, bad: 1 },
    ])
    expect(one.dependencies["db"]?.standing.circuit).toBe("unknown")
    expect(add(begin(), { standing: well }).finding).toEqual(begin().finding)
    expect(add(begin(), { standing: open() }).finding).toMatchObject({ state: "blocked", via: "db", at: 30 })
    const blocked = move(begin({ db: ["critical"] }), { db: open() })
    expect(add(blocked, { standing: well }).finding.state).toBe("clear")
  })

  test("and what is no more does nothing, whoever named it", () => {
    const two = add(move(begin({ db: ["critical"], cache: ["required", 0.5] }), { db: open(), cache: open() }), {
      id: "mail",
      need: "optional",
    })
    const rest: DependingContext = { ...two, ...removed(two, "db", 40) }
    expect(rest).toMatchObject({ finding: { state: "impaired", via: "cache", at: 40 }, fresh: ["cache", "mail"] })
    expect([Object.keys(rest.dependencies), Object.keys(rest.settings.dependencies)]).toEqual([
      ["cache", "mail"],
      ["cache"],
    ])
  })

  test("by another config: what it names no longer goes, unless others have named it, and what is known stays", () => {
    const two = add(move(begin({ db: ["critical"], cache: ["required", 0.5] }), { db: open(), cache: open() }), {
      id: "mail",
      need: "optional",
    })
    const next: DependingContext = {
      ...two,
      ...declared(two, settingsOf({ cache: ["critical"], disk: ["optional"] }), 50),
    }
    expect(Object.keys(next.dependencies).sort()).toEqual(["cache", "disk", "mail"])
    expect(next.dependencies["cache"]).toMatchObject({
      need: "critical",
      impact: undefined,
      standing: { health: 0 },
      since: 20,
    })
    expect(next.dependencies["disk"]).toMatchObject({ standing: { circuit: "unknown" }, since: 50 })
    expect(next.finding).toMatchObject({ state: "blocked", via: "cache", at: 50 })
    expect(Object.keys(next.settings.dependencies)).toEqual(["cache", "disk"])
  })
})

describe("calls are counted", () => {
  test("by slices, and from the end of the one in which a dependency has moved", () => {
    const all = begin({ db: ["required"] })
    const one = count(all, 5, 1, 2)
    expect([one.counted, one.dependencies]).toEqual([{ good: 5, bad: 3 }, all.dependencies])
    const down = move(one, { db: open() })
    expect([down.fresh, down.dependencies["db"]?.from]).toEqual([["db"], { good: 5, bad: 3 }])
    const two = count(down, 1, 1)
    expect([two.fresh, two.counted, two.dependencies["db"]?.from]).toEqual([
      [],
      { good: 6, bad: 4 },
      { good: 6, bad: 4 },
    ])
    expect(move(down, { db: well }, 30).fresh).toEqual(["db"])
    expect(count({ ...down, fresh: ["gone"] }, 1, 0).dependencies).toEqual(down.dependencies)
  })

  test("for what a dependency costs, with what was charged to it, and change what it does once that is far from before", () => {
    // Another of which nothing is measured stands beside it.
    const up = count(move(begin({ db: ["required"], mail: ["optional"] }), { db: well }), 1, 0)
    const down = count(move(count(up, 40, 0), { db: open() }), 0, 0)
    expect(down.finding).toMatchObject({ state: "impaired", share: 0.5 })
    // Of twenty calls without it eleven fail: 0.45 go well, and that is a twentieth off.
    const few = count(down, 9, 10)
    expect(few.finding).toBe(down.finding)
    const more = count(few, 0, 1)
    expect(more.finding).toMatchObject({ at: 90, share: expect.closeTo(0.45, 9) })
    // One more of either is not far off.
    expect(count(more, 1, 0).finding).toBe(more.finding)
    const little: DependingContext = { ...more, ...movedOn(more, moves(95, { db: [open(), 1] })) }
    expect([little.finding === more.finding, little.dependencies["db"]?.down.bad]).toEqual([true, 12])
    const blamed: DependingContext = { ...more, ...movedOn(more, moves(95, { db: [open(), 30] })) }
    expect(blamed.dependencies["db"]?.down).toEqual({ good: 9, bad: 41 })
    expect([blamed.finding.share, blamed.finding.at, blamed.fresh]).toEqual([expect.closeTo(0.18, 9), 95, []])
  })

  test("and do nothing any more once no more fail without it than with it, however little that is from before", () => {
    const up = count(count(move(begin({ db: ["required"] }), { db: well }), 1, 0), 95, 5)
    const down = count(count(move(up, { db: open() }), 0, 0), 91, 9)
    expect(down.finding).toMatchObject({ state: "impaired", share: expect.closeTo(1 - 0.04 / 0.95, 9) })
    expect(count(down, 100, 0).finding).toEqual({ state: "clear", at: 90, health: 1, share: 1, reason: "" })
  })

  test("for nothing where what it costs is declared, or nothing is down", () => {
    const set = count(move(count(move(begin({ db: ["required", 0.5] }), { db: well }), 40, 0), { db: open() }), 0, 0)
    expect(count(set, 0, 100).finding).toBe(set.finding)
    const critical = count(move(begin({ db: ["critical"] }), { db: open() }), 0, 0)
    expect(count(critical, 0, 100).finding).toBe(critical.finding)
  })
})
