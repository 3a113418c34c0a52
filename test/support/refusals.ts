/** Making a breaker of whatever one is given, and reading why it was refused. */
import {
  type Breaker,
  type BreakerConfig,
  type BreakerOptions,
  createBreaker,
  InvalidConfig,
  type Problem,
} from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect } from "vitest"

export const make = (config: unknown, name: unknown = "service", options: BreakerOptions = {}): Breaker =>
  createBreaker(name as string, config as BreakerConfig, { clock: createVirtualClock(), ...options })

/** The problems that `run` was refused for; fails when it was not, or not by an `InvalidConfig` that explains itself. */
export function problemsOf(run: () => unknown): readonly Problem[] {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfig)
    expect(error).toMatchObject({ _tag: "InvalidConfig", name: "InvalidConfig" })
    const { problems, message } = error as InvalidConfig
    for (const { path, value, rule } of problems) {
      expect([path, value, rule].every((text) => typeof text === "string" && text !== "")).toBe(true)
      expect(message).toContain(`${path}: ${rule} (${value === "undefined" ? "missing" : `got ${value}`})`)
    }
    return problems
  }
  throw new Error("it was accepted")
}
