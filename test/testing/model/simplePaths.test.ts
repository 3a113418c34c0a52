/** Simple paths, chosen by a seed and bounded, executed against the real breaker, its data plane included. */
import type { BreakerConfig } from "recloser"
import { describe, expect, test } from "vitest"
import { type Bounds, simplePathsOf } from "../../support/simplePaths.ts"

const bare = { timeout: false, metrics: false, priority: false } as const satisfies BreakerConfig
const never = (): never => {
  throw new Error("a check, or a provider, of the user's was called")
}

const seed = Number(process.env["SEED"] ?? 1)

const worlds: readonly (readonly [string, BreakerConfig, Omit<Bounds, "seed">])[] = [
  ["basic", { ...bare, strategy: "basic" }, { paths: 25, steps: 8 }],
  ["gradual", { ...bare, strategy: "gradual" }, { paths: 25, steps: 8 }],
  [
    "dependency",
    { ...bare, strategy: { type: "dependency", own: "basic", dependencies: { ledger: { type: "critical" } } } },
    { paths: 25, steps: 8 },
  ],
  [
    "all nine components",
    {
      ...{ timeout: true, priority: true, metrics: true, retry: true, prediction: true },
      rateLimit: { limit: 1000, interval: "1 second" },
      recovery: { features: { search: true, pay: { needs: ["search"] } } },
      health: { check: never },
      discovery: { provider: { [Symbol.asyncIterator]: never } },
    },
    { paths: 8, steps: 6 },
  ],
]

describe("simple paths", () => {
  test.each(worlds)(
    "of %s hold every invariant, and lead where they led before",
    async (name, config, bounds) => {
      const { paths, places } = await simplePathsOf(config, { ...bounds, seed })
      const lengths = paths.map(({ length }) => length)
      const steps = lengths.reduce((sum, length) => sum + length, 0)
      console.log(
        `${name}: ${paths.length} simple paths of at most ${bounds.steps} steps, ${steps} steps through ${places} places, seed ${seed}`,
      )
      expect(paths.length, `seed ${seed}`).toBeGreaterThan(bounds.paths / 2)
      expect(Math.max(...lengths), `seed ${seed}`).toBeGreaterThan(3)
    },
    120_000,
  )
})
