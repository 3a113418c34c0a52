/** Changing a running breaker: which parts stay, learn, come, go or are replaced, and what each is told. */
import { describe, expect, test } from "vitest"
import type { BreakerReconfigured } from "../../machines/breakerEvents.ts"
import { changeOf, heldOpen } from "../../machines/changing.ts"
import { type BreakerContext, noEntries } from "../../machines/fold.ts"
import type { AnyPlug } from "../../machines/plug.ts"
import type { ChosenPart } from "../../machines/registry.ts"

const plug = (kind: "strategy" | "component", key: string, hears: readonly string[] = [], more: object = {}): AnyPlug =>
  ({ kind, key, hears, ...more }) as unknown as AnyPlug
const part = (of: AnyPlug, settings: object = {}): ChosenPart => ({ plug: of, settings }) as unknown as ChosenPart

const basic = plug("strategy", "basic", ["breaker.restored", "health.found"])
const gradual = plug("strategy", "gradual", ["breaker.restored"])
const learning = plug("component", "priority", ["settings.changed", "breaker.restored"])
const deaf = plug("component", "retry")
const said = { type: "health.found", at: 5, verdicts: {} }
const health = plug("component", "health", [], { retracts: (at: number) => [{ ...said, at }] })

const contextOf = (parts: readonly ChosenPart[], more: object = {}): BreakerContext =>
  ({
    ...{ at: 100, parts, voices: {}, mode: "auto", operator: { why: "law" }, resuming: undefined },
    finding: { circuit: "closed", entries: 7, at: 3, reason: "", rule: "", statistics: undefined },
    ...more,
  }) as unknown as BreakerContext
const event = (parts: readonly ChosenPart[], saved: object = {}, at = 200): BreakerReconfigured =>
  ({ type: "breaker.reconfigured", at, parts, saved }) as unknown as BreakerReconfigured
const keysOf = (parts: readonly ChosenPart[]) => parts.map(({ plug: { key } }) => key)

/** What a change comes to, in keys. */
function changed(before: readonly ChosenPart[], after: readonly ChosenPart[], more: object = {}, saved: object = {}) {
  const { next, spawn, tell, ...rest } = changeOf(contextOf(before, more), event(after, saved))
  return { ...rest, next, spawn: keysOf(spawn), tell: tell.map((one) => [one.key, one.event.type]), told: tell }
}

describe("a part", () => {
  test("that is what it was stays, and hears nothing", () => {
    const parts = [part(basic, { a: 1 }), part(learning, { b: [1] }), part(deaf)]
    const again = [part(basic, { a: 1 }), part(learning, { b: [1] }), part(deaf)]
    const change = changed(parts, again)
    expect(change).toMatchObject({ changed: [], stop: [], lets: false, retract: [], spawn: [], tell: [] })
    expect(change.next.parts).toBe(again.length === 0 ? parts : change.next.parts)
    expect(keysOf(change.next.parts ?? [])).toEqual(["basic", "priority", "retry"])
  })

  test("that learns in place is told its new settings, and is not replaced", () => {
    const change = changed([part(basic), part(learning, { b: 1 })], [part(basic), part(learning, { b: 2 })])
    expect(change).toMatchObject({
      changed: ["priority"],
      stop: [],
      spawn: [],
      tell: [["priority", "settings.changed"]],
    })
    expect(change.told[0]?.event).toEqual({ type: "settings.changed", at: 200, settings: { b: 2 } })
  })

  test("that does not is replaced, with what it had learned if it wants to hear of it", () => {
    const change = changed(
      [part(basic, { a: 1 }), part(deaf, { c: 1 })],
      [part(basic, { a: 2 }), part(deaf, { c: 2 })],
      {},
      {
        ...{ basic: { trips: 3 }, retry: { spent: 1 } },
      },
    )
    expect(change).toMatchObject({
      ...{ changed: ["basic", "retry"], stop: ["basic", "retry"], spawn: ["basic", "retry"], lets: false },
      tell: [["basic", "breaker.restored"]],
    })
    expect(change.told[0]?.event).toEqual({
      ...{ type: "breaker.restored", at: 200, elapsedMs: 0 },
      parts: { basic: { trips: 3 }, retry: { spent: 1 } },
    })
    // Of what was not saved nothing is told.
    expect(changed([part(basic, { a: 1 })], [part(basic, { a: 2 })]).tell).toEqual([])
  })

  test("of another make is replaced, though it would learn in place and is set as the other was", () => {
    const other = plug("component", "priority", ["settings.changed"])
    const change = changed([part(basic), part(learning, { b: 1 })], [part(basic), part(other, { b: 1 })])
    expect(change).toMatchObject({ changed: ["priority"], stop: ["priority"], spawn: ["priority"], tell: [] })
  })

  test("that comes is begun, and hears what it left behind when it was here last", () => {
    const change = changed([part(basic)], [part(basic), part(learning)], {}, { priority: { limit: 7 } })
    expect(change).toMatchObject({
      ...{ changed: ["priority"], stop: [], spawn: ["priority"], lets: false, retract: [] },
      tell: [["priority", "breaker.restored"]],
    })
  })

  test("that goes is stopped, takes back what it has said, and lets go of what it demanded if it is a component", () => {
    const change = changed([part(basic), part(health), part(deaf)], [part(basic)])
    expect(change).toMatchObject({
      ...{ changed: ["health", "retry"], stop: ["health", "retry"], spawn: [], lets: true, tell: [] },
      retract: [{ ...said, at: 200 }],
    })
    const strategy = changed([part(basic), part(deaf)], [part(gradual), part(deaf)])
    expect(strategy).toMatchObject({ stop: ["basic"], spawn: ["gradual"], lets: false, retract: [] })
    expect(changed([part(basic), part(health), part(deaf)], [part(gradual)]).lets).toBe(true)
  })
})

describe("what the others have found", () => {
  const voices = {
    health: { told: [said] },
    retry: { told: [{ type: "limit.moved" }] },
  }

  test("is told to one that begins and hears it, as of now; what came from those that go is forgotten", () => {
    const change = changed([part(gradual), part(health), part(deaf)], [part(basic), part(health)], { voices })
    expect(change.tell).toEqual([
      ["basic", "breaker.restored"],
      ["basic", "health.found"],
    ])
    expect(change.told[1]?.event).toEqual({ ...said, at: 200 })
    expect(change.next.voices).toEqual({ health: voices.health })
    expect(changed([part(gradual), part(health)], [part(basic)], { voices }).tell).toEqual([
      ["basic", "breaker.restored"],
    ])
  })
})

describe("a strategy", () => {
  test("of another kind takes over the circuit as it was left, beside what it has learned itself", () => {
    const saved = { basic: { circuit: "open", trips: 3 }, gradual: { usual: 0.1, trips: 1 } }
    const change = changed([part(basic)], [part(gradual)], {}, saved)
    expect(change.told[0]?.event).toMatchObject({
      parts: { basic: saved.basic, gradual: { circuit: "open", trips: 3, usual: 0.1 } },
    })
    // One that has never run takes over all that there is.
    expect(changed([part(basic)], [part(gradual)], {}, { basic: saved.basic }).told[0]?.event).toMatchObject({
      parts: { gradual: saved.basic },
    })
    const same = changed([part(basic, { a: 1 })], [part(basic, { a: 2 })], {}, saved)
    expect(same.told[0]?.event).toMatchObject({ parts: saved })
    // Wherever they stand among the others.
    expect(changed([part(deaf), part(basic)], [part(deaf), part(gradual)], {}, saved).told[0]?.event).toMatchObject({
      parts: { gradual: { circuit: "open", trips: 3, usual: 0.1 } },
    })
    expect(changed([part(deaf)], [part(gradual)], {}, saved).told[0]?.event).toMatchObject({ parts: saved })
    expect(changed([part(deaf)], [part(gradual)]).tell).toEqual([])
    const gone = changed([part(basic)], [part(learning)], {}, { ...saved, priority: {} }).told[0]?.event
    expect(gone).toEqual({ type: "breaker.restored", at: 200, elapsedMs: 0, parts: { ...saved, priority: {} } })
    expect(Object.keys((gone as { parts: object }).parts)).toEqual(["basic", "gradual", "priority"])
  })

  test("that begins counts its entries anew, and while the circuit is not closed is waited for", () => {
    const open = { finding: { circuit: "open", entries: 7 }, resuming: "before" }
    const away = changed([part(basic)], [part(gradual)], open).next
    expect([away.resuming, away.finding]).toEqual(["gradual", { circuit: "open", entries: noEntries }])
    const closed = changed([part(basic)], [part(gradual)], { resuming: "before" }).next
    expect([closed.resuming, closed.finding?.entries]).toEqual(["before", noEntries])
    const component = changed([part(basic)], [part(basic), part(deaf)], open).next
    expect([component.resuming, component.finding?.entries]).toEqual(["before", 7])
  })

  test("that begins while the operator holds the circuit open is told so, last of all", () => {
    const held = { mode: "forcedOpen", operator: { why: "it burns" } }
    const change = changed([part(basic)], [part(gradual)], held, { basic: {} })
    expect(change.tell).toEqual([
      ["gradual", "breaker.restored"],
      ["gradual", "operator.forcedOpen"],
    ])
    expect(change.told.at(-1)?.event).toEqual({ type: "operator.forcedOpen", at: 100, why: "it burns" })
    expect(heldOpen(contextOf([], held))).toEqual({ type: "operator.forcedOpen", at: 100, why: "it burns" })
    expect(changed([part(basic)], [part(basic), part(deaf)], held).tell).toEqual([])
    expect(changed([part(basic)], [part(gradual)]).tell).toEqual([["gradual", "breaker.restored"]])
  })
})

test("time does not go back", () => {
  const parts = [part(basic)]
  expect([50, 200].map((at) => changeOf(contextOf(parts), event(parts, {}, at)).next.at)).toEqual([100, 200])
})
