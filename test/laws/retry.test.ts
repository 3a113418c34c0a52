/** What holds of further attempts whatever happens: of the budget as a gauge, and of calls through whole breakers. */

import { type Breaker, type BreakerConfig, type CallContext, createBreaker } from "recloser"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { RetryBudget } from "../../src/data-plane/retryBudget.ts"
import fc from "../support/property.ts"

/** Never opens by itself, so that nothing but the budget bounds what is repeated. */
const neverOpens = {
  type: "basic",
  window: { type: "count", calls: 1000, minimumCalls: 1000, failureRatio: 1 },
} as const

const lines = fc
  .record({ share: fc.integer({ min: 0, max: 1000 }), reserve: fc.nat(20), over: fc.nat(30) })
  .map(({ share, reserve, over }) => ({ share: share / 1000, reserve, most: Math.max(1, reserve + over) }))

describe("the budget", () => {
  test("retry law 4: in any span further attempts are at most what may be saved and the share of its successes", () => {
    fc.assert(
      fc.property(lines, fc.array(fc.constantFrom("success", "failed"), { maxLength: 400 }), (line, ends) => {
        const budget = new RetryBudget(line, { signal: () => {} })
        const paid: number[] = [0]
        const successes: number[] = [0]
        for (const end of ends) {
          if (end === "success") budget.fund()
          const took = end === "failed" && budget.take(0) ? 1 : 0
          paid.push((paid.at(-1) ?? 0) + took)
          successes.push((successes.at(-1) ?? 0) + (end === "success" ? 1 : 0))
        }
        for (let from = 0; from < paid.length; from += 7) {
          for (let to = from; to < paid.length; to += 7) {
            const between = (counts: readonly number[]) => (counts[to] ?? 0) - (counts[from] ?? 0)
            expect(between(paid)).toBeLessThanOrEqual(line.most + line.share * between(successes) + 1e-9)
          }
        }
        expect(paid.at(-1)).toBeLessThanOrEqual(line.reserve + line.share * (successes.at(-1) ?? 0) + 1e-9)
      }),
    )
  })

  test("tells that it is spent and funded in turn, and pays for whole attempts only", () => {
    fc.assert(
      fc.property(lines, fc.array(fc.boolean(), { maxLength: 300 }), (line, steps) => {
        const told: string[] = []
        const budget = new RetryBudget(line, { signal: ({ type }) => told.push(type) })
        for (const succeeds of steps) {
          if (succeeds && budget.fund()) budget.tellFunded(0)
          if (!succeeds && told.at(-1) !== "budget.spent") budget.take(0)
          expect(Number.isInteger(budget.saved)).toBe(true)
          expect(budget.saved).toBeGreaterThanOrEqual(0)
          expect(budget.left).toBeLessThanOrEqual(line.most)
        }
        expect(told).toEqual(told.map((_, index) => (index % 2 === 0 ? "budget.spent" : "budget.funded")))
      }),
    )
  })
})

interface Played {
  readonly offered: number
  readonly attempts: number
  readonly succeeded: number
}

const config = (retry: BreakerConfig["retry"]): BreakerConfig => ({
  strategy: neverOpens,
  timeout: false,
  metrics: false,
  retry,
})

/** Calls `layers` breakers deep, of which the innermost's work fails by chance; `passOn` says what an inner call is given. */
async function play(
  layers: readonly Breaker[],
  clock: VirtualClock,
  {
    calls,
    fails,
    passOn,
  }: { calls: number; fails: () => boolean; passOn: (call: CallContext) => { within?: CallContext } },
): Promise<Played> {
  let attempts = 0
  let succeeded = 0
  const work = async () => {
    attempts++
    if (fails()) throw new Error("down")
  }
  const through = (depth: number, options: { within?: CallContext }): Promise<unknown> => {
    const layer = layers[depth]
    if (layer === undefined) return work()
    return layer.execute((call) => through(depth + 1, passOn(call)), { idempotent: true, ...options })
  }
  for (let call = 0; call < calls; call++) {
    const ended = through(0, {}).then(
      () => succeeded++,
      () => {},
    )
    await clock.advance("1 minute")
    await ended
  }
  return { offered: calls, attempts, succeeded }
}

const stack = (clock: VirtualClock, depth: number, retry: BreakerConfig["retry"]) =>
  Array.from({ length: depth }, (_, index) => createBreaker(`layer ${index}`, config(retry), { clock }))

/** A sequence that repeats itself, evenly spread: the multiples of the golden ratio. */
const evenly = (share: number) => {
  let turn = 0
  return () => (turn++ * 0.618_033_988_749_895) % 1 < share
}

describe("five layers of three further attempts each", () => {
  test.each([
    ["that pass their context on", (call: CallContext) => ({ within: call })],
    ["that know nothing of each other but the error", () => ({})],
  ])(
    "retry law 7: %s do not multiply: when all fails there are at most 1.1 attempts for each call",
    async (_what, passOn) => {
      const clock = createVirtualClock()
      const layers = stack(clock, 5, { attempts: 4 })
      const { attempts, offered, succeeded } = await play(layers, clock, { calls: 300, fails: () => true, passOn })
      expect(succeeded).toBe(0)
      expect(attempts / offered).toBeLessThanOrEqual(1.1)
      for (const layer of layers) await layer.stop()
    },
  )

  test("retry law 7: half of the attempts failing, the load grows by the share of one budget, not of five", async () => {
    const clock = createVirtualClock()
    const layers = stack(clock, 5, { attempts: 4 })
    const played = await play(layers, clock, { calls: 500, fails: evenly(0.5), passOn: (call) => ({ within: call }) })
    const { attempts, offered, succeeded } = played
    expect(attempts).toBeLessThanOrEqual(offered + 10 + 0.15 * succeeded)
    for (const layer of layers) await layer.stop()
  })

  test("at one failure in ten all but one call in a thousand succeed", async () => {
    const clock = createVirtualClock()
    const layers = stack(clock, 5, { attempts: 4 })
    let seed = 7
    const dice = () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return (seed >>> 8) / 2 ** 24 < 0.1
    }
    const { offered, succeeded, attempts } = await play(layers, clock, { calls: 1000, fails: dice, passOn: () => ({}) })
    expect(succeeded / offered).toBeGreaterThanOrEqual(0.999)
    expect(attempts / offered).toBeLessThanOrEqual(1.15)
    for (const layer of layers) await layer.stop()
  })
})

describe("layers whose budgets run out", () => {
  test("retry law 7: each pays for its own repeats and for all within them, to the last token, and for nothing that is not made", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
        fc.array(fc.array(fc.boolean(), { maxLength: 6 }), { minLength: 1, maxLength: 5 }),
        async (reserves, calls) => {
          const clock = createVirtualClock()
          const layers = reserves.map((reserve, index) =>
            createBreaker(`layer ${index}`, config({ attempts: 3, budget: { share: 0, reserve } }), { clock }),
          )
          const paid = reserves.map(() => 0)
          for (const own of calls) {
            let turn = 0
            const fails = () => own[turn++] ?? true
            const through = (depth: number, repeating: readonly number[], within?: CallContext): Promise<unknown> => {
              const layer = layers[depth]
              if (layer === undefined) return fails() ? Promise.reject(new Error("down")) : Promise.resolve()
              const run = (call: CallContext) => {
                const isRepeat = call.attempt > 1
                // The first attempt of a call within a repeated one was paid for with that one.
                if (isRepeat) for (const payer of [...repeating, depth]) paid[payer] = (paid[payer] ?? 0) + 1
                if (depth < layers.length - 1 && fails()) return Promise.reject(new Error("a fault of its own"))
                return through(depth + 1, isRepeat ? [...repeating, depth] : repeating, call)
              }
              return layer.execute(run, { idempotent: true, ...(within && { within }) })
            }
            const ended = through(0, []).catch(() => {})
            await clock.advance("10 seconds")
            await ended
          }
          const left = layers.map((layer) => layer.metrics().components.retry?.budget)
          expect(left).toEqual(reserves.map((reserve, index) => reserve - (paid[index] ?? 0)))
          for (const layer of layers) await layer.stop()
        },
      ),
      { numRuns: 60, seed: 11 },
    ))
})

const notSent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]
const failures = fc.oneof(
  fc
    .constantFrom(...notSent, "ECONNRESET", "EPIPE", "ETIMEDOUT", "UND_ERR_SOCKET")
    .map((code) => Object.assign(new Error(code), { code })),
  fc
    .constantFrom(400, 404, 408, 429, 500, 503)
    .map((status) => Object.assign(new Error(`status ${status}`), { status })),
  fc.constantFrom(new TypeError("no"), new Error("down"), "a string", undefined, null, 5),
)
const codeOf = (error: unknown) => (error as { code?: string } | null | undefined)?.code ?? ""

describe("calls", () => {
  test("retry law 6: what is not idempotent is made once, unless it provably was not sent", () =>
    fc.assert(
      fc.asyncProperty(fc.array(failures, { minLength: 1, maxLength: 8 }), async (errors) => {
        const clock = createVirtualClock()
        const breaker = createBreaker("service", config({ attempts: 5 }), { clock })
        for (const error of errors) {
          let made = 0
          const ended = breaker.tryExecute(() => {
            made++
            return Promise.reject(error)
          })
          await clock.advance("1 minute")
          expect(await ended).toEqual({ ok: false, error })
          if (!notSent.includes(codeOf(error))) expect(made).toBe(1)
        }
        await breaker.stop()
      }),
    ))

  test("retry laws 2 and 5: no call is made more than `attempts` times, nor waits longer than its waits together", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
        async (attempts, maxMs, ends) => {
          const clock = createVirtualClock()
          const retry = { attempts, backoff: { initial: 1, factor: 10, max: maxMs }, budget: { reserve: 100 } }
          const breaker = createBreaker("service", config(retry), { clock })
          const starts: number[] = []
          const ended = breaker.tryExecute(
            async ({ attempt }) => {
              starts.push(clock.now())
              if (!(ends[attempt - 1] ?? false)) throw new Error("down")
            },
            { idempotent: true },
          )
          await clock.advance("1 hour")
          await ended
          const first = ends.indexOf(true)
          expect(starts).toHaveLength(first < 0 || first >= attempts ? attempts : first + 1)
          const waits = starts.slice(1).map((at, index) => at - (starts[index] ?? 0))
          expect(waits.filter((ms) => ms > maxMs + 1e-6)).toEqual([])
          expect(clock.pending).toBeLessThanOrEqual(1)
          await breaker.stop()
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: 50 },
    ))
})
