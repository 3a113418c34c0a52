import { createBreaker, defineConfig } from "recloser"
import type { Equal, Expect } from "./Expect.ts"

export const accepted = [
  createBreaker("none"),
  createBreaker("empty", {}),
  createBreaker("bare name", { strategy: "basic", timeout: true, metrics: false }),
  createBreaker("durations", { timeout: "2 seconds", strategy: { type: "basic", openFor: 5000 } }),
  createBreaker("adaptive", { timeout: { min: "10 millis", max: "1 second" } }),
  createBreaker("time", {
    strategy: { type: "basic", window: { type: "time", duration: "10 seconds", failureRatio: 0.5, minimumCalls: 20 } },
  }),
  createBreaker("count", { strategy: { type: "basic", window: { type: "count", calls: 100, maxAge: "5 minutes" } } }),
  createBreaker("consecutive", { strategy: { type: "basic", window: { type: "consecutive", failures: 5 } } }),
  createBreaker("slow", { strategy: { type: "basic", slowCalls: { after: "1 second", ratio: 0.8 } } }),
  createBreaker("not slow", { strategy: { type: "basic", slowCalls: false } }),
  createBreaker("waits", {
    strategy: {
      type: "basic",
      openFor: { base: "5 seconds", factor: 2, max: "1 minute", jitter: 0.1, memory: "1 minute" },
    },
  }),
  createBreaker("probes", { strategy: { type: "basic", probes: { atOnce: 1, needed: 2, lease: "10 seconds" } } }),
]

/** What is not decided yet may be written as `undefined`, under exactOptionalPropertyTypes too. */
const undecided: { timeout: string | undefined } = { timeout: undefined }
export const withUndefined = createBreaker("undefined", {
  strategy: undefined,
  timeout: undefined,
  metrics: undefined,
  classify: undefined,
})
export const withUndefinedInside = createBreaker("undefined inside", {
  strategy: {
    type: "basic",
    window: { type: "count", calls: undefined, failureRatio: undefined, minimumCalls: undefined, maxAge: undefined },
    slowCalls: undefined,
    openFor: { base: undefined, factor: undefined, max: undefined, jitter: undefined, memory: undefined },
    probes: { atOnce: undefined, needed: undefined, lease: undefined },
  },
})
export const withUndefinedOptions = createBreaker("undefined options", undefined, { clock: undefined, log: undefined })

export const refused = [
  // @ts-expect-error: no such strategy
  createBreaker("strategy", { strategy: "fancy" }),
  // @ts-expect-error: no such option
  createBreaker("option", { timout: "2 seconds" }),
  // @ts-expect-error: no such option of the strategy
  createBreaker("option of the strategy", { strategy: { type: "basic", openfor: "2 seconds" } }),
  // @ts-expect-error: `failures` belongs to the consecutive window
  createBreaker("option of another window", { strategy: { type: "basic", window: { type: "count", failures: 5 } } }),
  // @ts-expect-error: not a duration
  createBreaker("duration", { timeout: "soon" }),
  // @ts-expect-error: a plain string is not known to be a duration
  createBreaker("any string", undecided),
  // @ts-expect-error: a ratio is a number
  createBreaker("ratio", { strategy: { type: "basic", window: { type: "time", failureRatio: "50 %" } } }),
  // @ts-expect-error: not a verdict
  createBreaker("verdict", { classify: () => "bad" }),
  // @ts-expect-error: not a form of log
  createBreaker("log", {}, { log: "xml" }),
]

/** A config in a `const` keeps what was written, and still fits. */
const kept = defineConfig({ strategy: { type: "basic", window: { type: "count", calls: 50 } }, timeout: "2 seconds" })
export type KeptTimeout = Expect<Equal<typeof kept.timeout, "2 seconds">>
export type KeptStrategy = Expect<Equal<typeof kept.strategy.window.type, "count">>
export const fromKept = createBreaker("kept", kept)

export const refusedDefinitions = [
  // @ts-expect-error: no such strategy
  defineConfig({ strategy: "fancy" }),
  // @ts-expect-error: not a duration
  defineConfig({ timeout: "soon" }),
  // @ts-expect-error: no such option
  defineConfig({ timout: "2 seconds" }),
]
