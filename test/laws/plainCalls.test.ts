/** A call of which its caller says nothing takes few steps. The law: it comes to the same as one with an option that changes nothing. */

import { type BreakerConfig, type CallContext, createBreakers } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import type { AssembledBreaker } from "../../src/assembledBreaker.ts"
import { world } from "../support/breakers.ts"
import fc from "../support/property.ts"

const ends = [
  "value",
  "error",
  "unsent",
  "rejects late",
  "value late",
  "unsent late",
  "never",
  "throws",
  "judged bad",
  "ignored",
  "trips",
] as const
type End = (typeof ends)[number]

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("call" as const),
      ends: fc.array(fc.constantFrom<End>(...ends), { minLength: 1, maxLength: 3 }),
      looksAt: fc.constantFrom("nothing", "its signal", "its time", "a call further in", "one that it makes good"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.constantFrom(1, 40, 250, 1999, 2500) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("operator" as const),
      to: fc.constantFrom("bypass", "release", "shadow"),
    }),
  },
  // While calls are in flight: those that began before keep their time.
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("timeout" as const), ms: fc.constantFrom(250, 1000, 2000, 2500) }),
  },
)

const unsent = Object.assign(new Error("refused"), { code: "ECONNREFUSED" })
const down = new Error("down")
const classify: NonNullable<BreakerConfig["classify"]> = (exit) =>
  exit.ok
    ? exit.value === "ill"
      ? "failure"
      : "success"
    : exit.error === "nothing"
      ? "ignored"
      : exit.error === "gone"
        ? { kind: "failure", trip: true }
        : "failure"

const configs: fc.Arbitrary<BreakerConfig> = fc.record(
  {
    strategy: fc.constantFrom<NonNullable<BreakerConfig["strategy"]>>("basic", "gradual"),
    timeout: fc.constantFrom<NonNullable<BreakerConfig["timeout"]>>(false, 2000, true),
    retry: fc.boolean(),
    priority: fc.constantFrom<NonNullable<BreakerConfig["priority"]>>(false, true),
    metrics: fc.boolean(),
    classify: fc.constant(classify),
    rateLimit: fc.constantFrom<NonNullable<BreakerConfig["rateLimit"]>>({ limit: 6, interval: "1 second" }),
  },
  { requiredKeys: ["strategy", "timeout", "retry"] },
)

/** Of one with neither timeouts nor retries a stop ends only the calls that looked at their signal. */
const isTimed = ({ timeout, retry }: BreakerConfig) => timeout !== false || retry === true

async function play(
  config: BreakerConfig,
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  isPlain: boolean,
  isStopped: boolean,
) {
  const it = world(config)
  const { clock, breaker } = it
  const inner = world({ timeout: 5000, retry: true }, { clock }).breaker
  const told: unknown[] = []
  /** Calls that may be made again, and have not ended for their callers. */
  const repeated = () => (breaker as AssembledBreaker).assembly.repeatable ?? 0
  const later = (ms: number) => new Promise<void>((resolve) => clock.arm(ms, resolve, false))
  async function end(how: End): Promise<unknown> {
    if (how === "value") return "well"
    if (how === "judged bad") return "ill"
    if (how === "error") throw down
    if (how === "unsent") throw unsent
    if (how === "ignored") throw "nothing"
    if (how === "trips") throw "gone"
    if (how === "never") return new Promise(() => {})
    await later(how === "value late" ? 700 : how === "unsent late" ? 2300 : 300)
    if (how === "unsent late") throw unsent
    if (how === "value late") return "well"
    throw down
  }
  const calls: Promise<void>[] = []
  let number = 0
  for (const next of steps) {
    if (next.type === "wait") await clock.advance(next.ms)
    else if (next.type === "timeout") breaker.reconfigure({ ...config, timeout: next.ms })
    else if (next.type === "operator") breaker[next.to as "bypass"]("law")
    else {
      const id = ++number
      let attempts = 0
      const work = (call: CallContext) => {
        const how = next.ends[Math.min(attempts, next.ends.length - 1)] as End
        attempts++
        told.push([id, "began", call.attempt])
        if (next.looksAt === "its signal")
          call.signal.addEventListener("abort", () =>
            told.push([id, "aborted", String(call.signal.reason), clock.now()]),
          )
        if (next.looksAt === "its time") told.push([id, call.deadline, call.remainingMs, call.endpoint])
        if (how === "throws") throw down
        if (next.looksAt === "one that it makes good")
          return inner.execute(() => end(how), { within: call }).catch(() => "well")
        if (next.looksAt === "a call further in") return inner.execute(() => end(how), { within: call })
        return end(how)
      }
      // A signal that nobody aborts.
      const made = isPlain ? breaker.execute(work) : breaker.execute(work, { signal: new AbortController().signal })
      calls.push(
        made.then(
          (value) => void told.push([id, "value", value, clock.now()]),
          (error) => void told.push([id, "error", String(error), clock.now()]),
        ),
      )
    }
    await clock.advance(0)
    told.push([breaker.circuit, breaker.metrics().calls, repeated()])
  }
  const stopped = isStopped ? breaker.stop({ grace: 500 }) : undefined
  await clock.advance(60_000)
  await stopped
  const { calls: counts, refusals, components } = breaker.metrics()
  told.push(repeated(), counts, refusals, components.retry, it.moves, it.troubles.length)
  const ended = breaker.stop({ grace: 0 })
  await clock.advance(1)
  await Promise.all([ended, ...calls])
  // In which order a stop ends what is in flight is nobody's business.
  const isOfStop = (one: unknown) => String(one).includes("(lifecycle)")
  return [...told.filter((one) => !isOfStop(one)), told.filter(isOfStop).map(String).sort()]
}

test("what a caller may say changes nothing unless it says something", async () => {
  await fc.assert(
    fc.asyncProperty(
      configs.filter(isTimed),
      fc.array(step, { minLength: 1, maxLength: 14 }),
      fc.boolean(),
      async (config, steps, isStopped) => {
        const plain = await play(config, steps, true, isStopped)
        expect(plain).toEqual(await play(config, steps, false, isStopped))
      },
    ),
    { numRuns: 200 },
  )
})

test("a key is not forgotten while a call of it waits to be made again", async () => {
  const clock = createVirtualClock()
  const config = (): BreakerConfig => ({ retry: true, strategy: "basic" })
  const perKey = createBreakers({ max: 2, config }, { clock, log: false })
  let attempts = 0
  const made = perKey.get("a").execute(() => (++attempts === 1 ? Promise.reject(unsent) : Promise.resolve("up")))
  await clock.advance(0)
  expect(perKey.get("a").metrics().calls).toMatchObject({ failure: 1, inFlight: 0 })
  for (const other of ["b", "c", "d"]) await perKey.get(other).execute(async () => "up")
  await clock.advance(10_000)
  expect(await made).toBe("up")
  expect(perKey.get("a").metrics().calls).toMatchObject({ failure: 1, success: 1 })
  await perKey.stop()
})
