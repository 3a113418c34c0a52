import { inspect } from "node:util"
import { type BreakerConfig, type CallContext, createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, it } from "vitest"

const ways: readonly (readonly [string, BreakerConfig, { readonly deadline: "2 seconds" } | undefined])[] = [
  ["of the defaults", {}, undefined],
  ["without a deadline", { timeout: false, priority: false, metrics: false }, undefined],
  ["of which its caller says something", {}, { deadline: "2 seconds" }],
]

function look(call: CallContext) {
  const { attempt, deadline, remainingMs, endpoint } = call
  const told = { attempt, deadline, remainingMs, endpoint }
  return { logged: inspect(call, { depth: 5 }), json: JSON.stringify(call), told }
}

it.each(ways)(
  "a call %s that is logged shows what its function is told, and nothing of the breaker",
  async (_, config, options) => {
    const breaker = createBreaker("payments", config, { clock: createVirtualClock() })
    const shown = await breaker.execute(look, options)
    expect(shown.logged).toBe(inspect(shown.told))
    expect(shown.json).toBe(JSON.stringify(shown.told))
    await breaker.stop()
  },
)
