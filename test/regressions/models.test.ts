/** What went wrong with models that walk a user's breaker. */
import type { BreakerConfig } from "recloser"
import { testModel } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { readConfig } from "../../src/BreakerConfig.ts"
import { reasonsOf } from "../../src/testing/model/beyond.ts"

const bare = { strategy: "basic", timeout: false, metrics: false, priority: false } as const satisfies BreakerConfig

describe("models", () => {
  // What a chart did before the first step was planned as that step's doing, and was not met when the path was walked.
  test("walked elsewhere than planned where a part moves as the breaker begins", async () => {
    const { paths } = await testModel({ ...bare, timeout: "2 seconds" })
    for (const path of paths) await path.run()
    expect(paths.length).toBeGreaterThan(10)
  })

  // Checks over a network take time that is not virtual, and have no place in a test.
  test("called the checks and the provider of the config", async () => {
    let calls = 0
    const count = () => {
      calls++
      throw new Error("called")
    }
    const config = { ...bare, health: { check: count }, discovery: { provider: count, endpoints: ["10.0.0.1:80"] } }
    const { paths } = await testModel(config, { worlds: 60 })
    for (const path of paths) await path.run()
    expect(calls).toBe(0)
    expect(paths.some(({ name }) => name.includes("checks fail"))).toBe(true)
  })

  // Calls that are bad, and well again, while every check passes take it from bad to healthy at once.
  test("said that endpoints which are checked get well one by one, also where calls say something, too", () => {
    const endpoints = ["10.0.0.1:80", "10.0.0.2:80"]
    const reasonWith = (passive: boolean) => {
      const health = { check: async () => {}, ...(passive ? {} : { passive: false as const }) }
      const reason = reasonsOf(readConfig("model", { ...bare, health, discovery: { endpoints } }))
      return reason("health", "bad → healthy on [isHealthy] is never taken")
    }
    expect(reasonWith(true)).toBeUndefined()
    expect(reasonWith(false)).toMatch(/one by one/)
  })
})

test("a circuit that is open for longer than an hour was never seen to be tried again", async () => {
  const strategy = { type: "basic", openFor: "1 day" } as const
  const { coverage } = await testModel({ strategy, timeout: false, metrics: false, priority: false })
  expect(coverage.unlit).toEqual([])
})
