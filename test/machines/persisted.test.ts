import { describe, expect, test } from "vitest"
import { createActor, createMachine } from "xstate"
import { breakerLogic } from "../../machines/breaker.ts"
import { createVirtualClock } from "../../src/testing/index.ts"

describe("XState's own persistence", () => {
  const clock = createVirtualClock()

  test("a breaker actor overflowed the stack: its snapshot persists, and becomes JSON", () => {
    const actor = createActor(breakerLogic, { input: { name: "search" }, clock }).start()
    actor.send({ type: "outcome.settled", at: 1, kind: "failure", durationMs: 3 })
    const persisted = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()))
    expect(persisted).toMatchObject({
      status: "active",
      children: { gradual: {}, timeout: {}, metrics: {}, meter: {} },
    })
    actor.stop()
  })

  test("an app machine that spawns a breaker can be persisted", () => {
    const app = createMachine({
      context: ({ spawn, self }) => ({
        search: spawn(breakerLogic, { input: { name: "search", report: self }, id: "search" }),
      }),
    })
    const actor = createActor(app.provide({ actors: { breakerLogic } }), { clock }).start()
    expect(() => actor.getPersistedSnapshot()).toThrow("inline")
    const named = createMachine(
      { context: ({ spawn }) => ({ search: spawn("breakerLogic", { input: { name: "search" }, id: "search" }) }) },
      { actors: { breakerLogic } },
    )
    const persisted = createActor(named, { clock }).start().getPersistedSnapshot()
    expect(JSON.parse(JSON.stringify(persisted))).toMatchObject({ status: "active", children: { search: {} } })
    actor.stop()
  })
})
