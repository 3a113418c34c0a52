/** The graph of living breakers as a whole: random graphs against a naive model, cycles against a naive search, and large ones. */

import { type Breaker, type BreakerConfig, createBreaker, InvalidConfig } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { pathBetween } from "../../src/cycles.ts"
import { trip } from "../support/breakers.ts"
import fc from "../support/property.ts"

const own = {
  type: "basic",
  openFor: "5 seconds",
  window: { type: "consecutive", failures: 3 },
  probes: { needed: 1 },
} as const
const config: BreakerConfig = { strategy: { type: "dependency", own }, metrics: false, timeout: false }
const nameOf = (at: number) => `b${at}`
const working = async () => "up"

describe("a path between two", () => {
  const size = 12
  const edges = fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 30 })

  test("is found from both ends exactly where one from one end is, and is a path", () => {
    fc.assert(
      fc.property(edges, fc.nat(size - 1), fc.nat(size - 1), (pairs, start, end) => {
        const nodes = Array.from({ length: size }, (_, at) => ({ at }))
        const nodeAt = (at: number) => nodes[at] as { at: number }
        const onward = ({ at }: { at: number }) => pairs.filter(([from]) => from === at).map(([, to]) => nodeAt(to))
        const back = ({ at }: { at: number }) => pairs.filter(([, to]) => to === at).map(([from]) => nodeAt(from))
        const path = pathBetween(nodeAt(start), nodeAt(end), onward, back)
        const reached = new Set([start])
        for (let turn = 0; turn < size; turn++) for (const [from, to] of pairs) if (reached.has(from)) reached.add(to)
        expect(path !== undefined).toBe(reached.has(end))
        if (path === undefined) return
        expect([path[0]?.at, path.at(-1)?.at]).toEqual([start, end])
        for (const [step, node] of path.entries()) {
          const next = path[step + 1]
          if (next !== undefined) expect(pairs).toContainEqual([node.at, next.at])
        }
        expect(new Set(path).size).toBe(path.length)
      }),
      { seed: 8001, numRuns: 2000 },
    )
  })

  test("costs little where either end is new, whatever hangs on the other", () => {
    const chain = Array.from({ length: 1000 }, (_, at) => ({ at }))
    let looked = 0
    const step = (by: number) => (node: { at: number }) => {
      looked++
      const next = chain[node.at + by]
      return next === undefined ? [] : [next]
    }
    const alone = { at: 5000 }
    for (const node of chain) {
      expect(pathBetween(node, alone, step(1), step(-1))).toBeUndefined()
      expect(pathBetween(alone, node, step(1), step(-1))).toBeUndefined()
    }
    expect(looked).toBeLessThanOrEqual(4 * 2 * chain.length)
  })
})

describe("random graphs", () => {
  const size = 7
  type Need = "critical" | "required" | "optional"
  type Step =
    | { readonly do: "link"; readonly from: number; readonly to: number; readonly type: Need; readonly impact: number }
    | { readonly do: "unlink"; readonly from: number; readonly to: number }
    | { readonly do: "force" | "bypass" | "release" | "restart"; readonly at: number }

  const at = fc.nat(size - 1)
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("link" as const),
        from: at,
        to: at,
        type: fc.constantFrom<Need>("critical", "critical", "required", "optional"),
        impact: fc.constantFrom(0, 0.25, 0.5, 1),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("unlink" as const), from: at, to: at }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constantFrom("force" as const, "bypass" as const, "release" as const), at }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), at }) },
  )

  interface Edge {
    readonly type: Need
    readonly impact: number
  }

  /** The whole graph, looked at from scratch: what a breaker can serve, and where its trouble began. */
  class Model {
    readonly edges = Array.from({ length: size }, () => new Map<number, Edge>())
    readonly mode = Array.from({ length: size }, () => "auto" as "auto" | "forced" | "bypassed" | "halfOpen")

    reaches(from: number, to: number): boolean {
      return from === to || [...(this.edges[from]?.keys() ?? [])].some((next) => this.reaches(next, to))
    }
    /** The part of calls that dependencies leave, and the part that may enter. */
    graph(at: number): { health: number; share: number } {
      const each = [...(this.edges[at] ?? [])].map(([on, { type, impact }]) => {
        const loss = type === "critical" ? 1 : type === "required" ? impact : 0
        const below = this.health(on)
        const health = 1 - loss * (1 - below)
        return { health, share: below > 0 ? 1 : health }
      })
      return {
        health: Math.min(1, ...each.map(({ health }) => health)),
        share: Math.min(1, ...each.map(({ share }) => share)),
      }
    }
    health(at: number): number {
      const mode = this.mode[at]
      if (mode === "bypassed") return 1
      return mode === "auto" ? this.graph(at).health : 0
    }
    /** Every breaker in which the trouble of this one could have begun. */
    causes(at: number): readonly number[] {
      if (this.mode[at] === "bypassed") return []
      const below = [...(this.edges[at] ?? [])].filter(([on, { type }]) => type !== "optional" && this.health(on) < 1)
      const deeper = below.flatMap(([on]) => this.causes(on))
      return this.mode[at] === "auto" ? deeper : [at, ...deeper]
    }
  }

  const seen = { links: 0, cycles: 0, blocked: 0, impaired: 0 }

  function take(next: Step, model: Model, breakers: Breaker[], make: (at: number) => Breaker): void {
    if (next.do === "link") {
      const { from, to, type, impact } = next
      const edges = model.edges[from] as Map<number, Edge>
      const isRefused = edges.has(to) || model.reaches(to, from)
      const link = () => breakers[from]?.addDependency(breakers[to] as Breaker, { type, impact })
      if (isRefused) expect(link).toThrow(InvalidConfig)
      else link()
      if (isRefused) seen.cycles++
      else edges.set(to, { type, impact })
      seen.links++
    } else if (next.do === "unlink") {
      const unlink = () => breakers[next.from]?.removeDependency(nameOf(next.to))
      if (model.edges[next.from]?.delete(next.to)) unlink()
      else expect(unlink).toThrow(InvalidConfig)
    } else if (next.do === "restart") {
      // Another breaker takes the name; those above follow it, those below are let go.
      const before = breakers[next.at] as Breaker
      breakers[next.at] = make(next.at)
      void before.stop({ grace: 0 })
      model.mode[next.at] = "auto"
      model.edges[next.at]?.clear()
    } else act(next.do, next.at, model, breakers[next.at] as Breaker)
  }

  function act(what: "force" | "bypass" | "release", at: number, model: Model, breaker: Breaker): void {
    if (what === "force") {
      breaker.forceOpen("law")
      model.mode[at] = "forced"
    } else if (what === "bypass") {
      breaker.bypass("law")
      model.mode[at] = "bypassed"
    } else {
      breaker.release("law")
      model.mode[at] = breaker.circuit === "halfOpen" ? "halfOpen" : "auto"
    }
  }

  function compare(model: Model, breakers: readonly Breaker[]): void {
    for (const [at, breaker] of breakers.entries()) {
      const { health, share } = model.graph(at)
      const { derived, cause, dependencies } = breaker.metrics().components.dependency ?? {}
      const isOpen = breaker.circuit === "open"
      const state =
        isOpen || share === 0 ? "blocked" : health < 1 || breaker.circuit === "halfOpen" ? "impaired" : "clear"
      expect(derived).toBe(state)
      if (state === "blocked") seen.blocked++
      if (state === "impaired") seen.impaired++
      for (const [id, one] of Object.entries(dependencies ?? {})) {
        expect(one.health).toBeCloseTo(model.health(Number(id.slice(1))), 12)
      }
      if (health === 1) expect(cause).toBeUndefined()
      else expect([...(model.edges[at]?.keys() ?? [])].flatMap((on) => model.causes(on)).map(nameOf)).toContain(cause)
    }
  }

  test("dependency laws 2 and 6: after every change each stands as a look at the whole graph says, and names a true cause", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 40 }), (steps) => {
        const clock = createVirtualClock()
        const make = (index: number) => createBreaker(nameOf(index), config, { clock })
        const breakers = Array.from({ length: size }, (_, index) => make(index))
        const model = new Model()
        for (const next of steps) {
          take(next, model, breakers, make)
          compare(model, breakers)
        }
      }),
      { seed: 8002, numRuns: 150 },
    )
    expect(seen.links).toBeGreaterThan(1000)
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(300)
  }, 120_000)
})

describe("a thousand breakers", () => {
  const count = 1000
  const shapes: readonly (readonly [string, (at: number) => number])[] = [
    ["a chain", (at) => at - 1],
    ["a tree of three branches", (at) => Math.floor((at - 1) / 3)],
    ["a star", () => 0],
  ]

  test.each(shapes)(
    "in %s name the root that fails, every one, and recover by calls from its far end",
    async (_shape, parentOf) => {
      const clock = createVirtualClock()
      const breakers: Breaker[] = []
      const told: string[] = []
      for (let at = 0; at < count; at++) {
        const breaker = createBreaker(nameOf(at), config, { clock })
        if (at > 0) breaker.addDependency(breakers[parentOf(at)] as Breaker, { type: "critical" })
        breaker.on("dependency", ({ to }) => told.push(to))
        breakers.push(breaker)
      }
      const root = breakers[0] as Breaker
      await trip(root)
      for (const breaker of breakers.slice(1)) {
        expect(breaker.wouldReject()).toMatchObject({
          reason: "b0 is open",
          heldBy: ["dependency"],
          retryAfterMs: 5000,
        })
      }
      // Each was told once.
      expect(told).toEqual(new Array(count - 1).fill("blocked"))
      await clock.advance("5 seconds")
      const way: Breaker[] = []
      for (let at = count - 1; at > 0; at = parentOf(at)) way.push(breakers[at] as Breaker)
      const call = [root, ...way.reverse()].reduce<() => Promise<string>>(
        (inner, breaker) => () => Promise.resolve().then(() => breaker.execute(inner)),
        working,
      )
      expect(await call()).toBe("up")
      expect(root.circuit).toBe("closed")
      expect(breakers.filter((breaker) => breaker.wouldReject() !== undefined)).toEqual([])
      expect(told.length).toBe(3 * (count - 1))
    },
  )

  test("closed to a ring are refused by all their names", () => {
    const clock = createVirtualClock()
    const breakers = Array.from({ length: count }, (_, at) => createBreaker(nameOf(at), config, { clock }))
    for (let at = 1; at < count; at++) breakers[at]?.addDependency(breakers[at - 1] as Breaker, { type: "critical" })
    const ring = ["b0", ...Array.from({ length: count }, (_, at) => nameOf(count - 1 - at))].join(" → ")
    expect(() => breakers[0]?.addDependency(breakers[count - 1] as Breaker, { type: "critical" })).toThrow(ring)
  })
})
