/** Whatever configs name, and operators add and remove, machines and graph know the same dependencies, and how they stand. */

import { type Breaker, type BreakerConfig, createBreaker, InvalidConfig } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import type { DependencyIn } from "../../machines/needing.ts"
import fc from "../support/property.ts"

const own = { type: "basic", openFor: "5 seconds", window: { type: "consecutive", failures: 3 } } as const
const names = ["a", "b", "c", "d", "__proto__"] as const
const plain: BreakerConfig = { strategy: own, metrics: false, timeout: false }

const name = fc.constantFrom(...names)
const dependency: fc.Arbitrary<DependencyIn> = fc.record(
  {
    type: fc.constantFrom("critical" as const, "required" as const, "optional" as const),
    impact: fc.constantFrom(0.5, 1),
  },
  { requiredKeys: ["type"] },
)
const table = fc.array(fc.tuple(name, dependency), { maxLength: 3 }).map((entries) => Object.fromEntries(entries))
const config = fc.oneof(
  { weight: 1, arbitrary: fc.constant(plain) },
  {
    weight: 5,
    arbitrary: table.map(
      (dependencies): BreakerConfig => ({ ...plain, strategy: { type: "dependency", own, dependencies } }),
    ),
  },
)
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("make" as const), name, config }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stop" as const), at: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("reconfigure" as const), at: fc.nat(9), config }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("add" as const), at: fc.nat(9), name, dependency }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("hand" as const), at: fc.nat(9), to: fc.nat(9), dependency }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), at: fc.nat(9), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("force" as const), at: fc.nat(9), on: fc.boolean() }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface Edge {
  readonly on: { readonly assembly: { readonly plane: { readonly gate: { readonly circuit: string } } } } | undefined
  readonly settings: DependencyIn
}
const edgesOf = (breaker: Breaker): ReadonlyMap<string, Edge> =>
  (breaker as unknown as { assembly: { node?: { edges: ReadonlyMap<string, Edge> } } }).assembly.node?.edges ??
  new Map()

/** What must not be refused is not refused, and what is changes nothing. */
function tried(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error
  }
}

function take(living: Breaker[], clock: ReturnType<typeof createVirtualClock>, one: Step): void {
  const at = (index: number) => living[index % Math.max(1, living.length)]
  if (one.do === "make") {
    if (living.length < 8) tried(() => living.push(createBreaker(one.name, one.config, { clock })))
    return
  }
  const breaker = at(one.at)
  if (breaker === undefined) return
  if (one.do === "stop") {
    living.splice(living.indexOf(breaker), 1)
    void breaker.stop()
  } else if (one.do === "reconfigure") tried(() => breaker.reconfigure(one.config))
  else if (one.do === "add") tried(() => breaker.addDependency(one.name, one.dependency))
  else if (one.do === "hand") tried(() => breaker.addDependency(at(one.to) ?? "a", one.dependency))
  else if (one.do === "remove") tried(() => breaker.removeDependency(one.name))
  else if (one.on) breaker.forceOpen("test")
  else breaker.bypass("test")
}

function expectAgreement(living: readonly Breaker[], said: string): void {
  for (const breaker of living) {
    const known = breaker.metrics().components.dependency?.dependencies ?? {}
    const edges = edgesOf(breaker)
    expect(Object.keys(known).sort(), said).toEqual([...edges.keys()].sort())
    for (const [id, { on, settings }] of edges) {
      const told = known[id]
      expect(told?.type, said).toBe(settings.type)
      expect(told?.declared, said).toBe(settings.impact)
      expect(told?.circuit, said).toBe(on?.assembly.plane.gate.circuit ?? "unknown")
      // One that is unknown is so because nobody bears the name, or because it would close a cycle.
      const namesakes = living.filter((other) => other.name === id)
      if (on === undefined) for (const other of namesakes.slice(-1)) expect(reaches(other, breaker), said).toBe(true)
    }
    const blocked = [...edges].some(([id]) => known[id]?.type === "critical" && known[id]?.health === 0)
    if (breaker.mode === "auto") expect(breaker.wouldReject() !== undefined || !blocked, said).toBe(true)
  }
}

function reaches(from: Breaker, to: Breaker): boolean {
  const { assembly } = to as unknown as { assembly: object }
  const next = [(from as unknown as { assembly: object }).assembly]
  const seen = new Set<object>()
  for (let one = next.pop(); one !== undefined; one = next.pop()) {
    if (one === assembly) return true
    if (seen.has(one)) continue
    seen.add(one)
    const { node } = one as { node?: { edges: ReadonlyMap<string, Edge> } }
    for (const { on } of node?.edges.values() ?? []) if (on !== undefined) next.push(on.assembly)
  }
  return false
}

test("dependency law 3: an unknown one is one that nobody bears; machines and graph always know the same of the others", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = createVirtualClock()
      const living: Breaker[] = []
      const done: string[] = []
      for (const one of steps) {
        take(living, clock, one)
        done.push(JSON.stringify(one))
        expectAgreement(living, done.slice(-1)[0] ?? "")
      }
      for (const breaker of living) void breaker.stop({ grace: 0 })
    }),
    { seed: 9001, numRuns: 300 },
  )
})
