/** Whatever comes in whatever order — ends, aborts, timeouts, retries, permits, the operator, other configs, a stop — each call is answered once, and nothing is left. */

import type { Breaker, BreakerConfig, ExecuteOptions, Permit } from "recloser"
import { expect, test } from "vitest"
import { AssembledBreaker } from "../../src/assembledBreaker.ts"
import { wheelOf } from "../../src/Clock.ts"
import { expectConsistent, type World, world } from "../support/breakers.ts"
import { after } from "../support/incident.ts"
import fc from "../support/property.ts"

const timeout = "50 millis"
const configs: readonly BreakerConfig[] = [
  { strategy: "basic", timeout, metrics: false, priority: { limit: 2, queue: { max: 4, deadline: "80 millis" } } },
  { strategy: "basic", timeout, priority: { limit: 3, reserve: { critical: 0.3 } }, retry: true },
  { strategy: "basic", timeout, retry: { hedge: true }, priority: { limit: { initial: 1, max: 4 }, queue: 3 } },
  { timeout, priority: false },
  { timeout, priority: true, candidate: "basic" },
  { timeout, priority: { limit: 1, queue: false }, rateLimit: { limit: 50 } },
]

const which = fc.nat(50)
const config = fc.nat(configs.length - 1)
const call = fc.record({
  do: fc.constant("call" as const),
  ms: fc.constantFrom(0, 10, 60, 500),
  isGood: fc.boolean(),
  isAbortable: fc.boolean(),
  options: fc.record(
    {
      idempotent: fc.boolean(),
      priority: fc.constantFrom("bulk", "normal", "critical"),
      deadline: fc.constantFrom(5, 40),
      tenant: fc.constantFrom("a", "b"),
    },
    { requiredKeys: [] },
  ),
})
const step = fc.oneof(
  { weight: 12, arbitrary: call },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 20, 300, 3000) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("abort", "acquire", "settle"), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("forceOpen", "bypass", "shadow", "release") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("config" as const), config }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** One walk through a breaker's life. */
class Walk {
  readonly all: World
  readonly calls: Promise<unknown>[] = []
  answered = 0
  readonly #aborts: AbortController[] = []
  readonly #permits: Permit[] = []

  constructor(first: number) {
    this.all = world(configs[first])
  }

  async take(next: Step): Promise<void> {
    const { breaker, clock } = this.all
    if (next.do === "call") this.#call(next)
    else if (next.do === "wait") await clock.advance(next.ms)
    else if (next.do === "config") breaker.reconfigure(configs[next.config] ?? {})
    else if ("which" in next) this.#handle(next.do, next.which)
    else breaker[next.do]("a law")
  }

  #call({ ms, isGood, isAbortable, options }: Extract<Step, { readonly do: "call" }>): void {
    const { breaker, clock } = this.all
    const abort = new AbortController()
    if (isAbortable) this.#aborts.push(abort)
    const given: ExecuteOptions<void, void> = { ...options, ...(isAbortable && { signal: abort.signal }) }
    const answer = breaker.tryExecute(async () => {
      await after(clock, ms)
      if (!isGood) throw new Error("bad")
    }, given)
    this.calls.push(answer.then(() => this.answered++))
  }

  #handle(act: "abort" | "acquire" | "settle", which: number): void {
    if (act === "abort") this.#aborts[which % Math.max(1, this.#aborts.length)]?.abort(new Error("gone"))
    else if (act === "settle") this.#permits[which % Math.max(1, this.#permits.length)]?.settle("success")
    else {
      const ticket = this.all.breaker.acquire({ lease: "1 second" })
      if (ticket.admitted) this.#permits.push(ticket)
    }
  }
}

const slotsOf = (breaker: Breaker): number =>
  breaker instanceof AssembledBreaker ? (breaker.assembly.plane.admission.bulkhead?.slots.inUse ?? 0) : Number.NaN

test("each call is answered, each slot comes back, and no timer is left", async () => {
  await fc.assert(
    fc.asyncProperty(
      config,
      fc.array(step, { minLength: 10, maxLength: 60 }),
      fc.boolean(),
      async (first, steps, stopsEarly) => {
        const walk = new Walk(first)
        const { breaker, clock, troubles } = walk.all
        for (const next of steps) await walk.take(next)
        const stopped = stopsEarly ? breaker.stop({ grace: "100 millis" }) : undefined
        await clock.advance("80 seconds")
        await stopped
        expect(walk.answered).toBe(walk.calls.length)
        expect(breaker.metrics().calls).toMatchObject({ inFlight: 0, waiting: 0 })
        expectConsistent(breaker)
        if (!stopsEarly) expect(slotsOf(breaker)).toBe(0)
        await breaker.stop()
        expect(wheelOf(clock).size).toBe(0)
        expect(troubles).toEqual([])
      },
    ),
    { numRuns: 400 },
  )
}, 60_000)
