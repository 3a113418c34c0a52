/** Tools of XState may send events to the actors of a breaker by themselves. What time these tell, if any, nobody has checked. */
import { createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { failing } from "../support/breakers.ts"

interface Actor {
  send(event: object): void
}

test.each([
  ["no time", {}],
  ["no number", { at: Number.NaN }],
  ["a time long past", { at: -1e9 }],
  ["a time that never comes", { at: Number.POSITIVE_INFINITY }],
])("a wait that a stranger's event began was counted from its own time, with %s", async (_, time) => {
  const clock = createVirtualClock()
  let root: Actor | undefined
  const config = { strategy: { type: "basic", window: { type: "consecutive", failures: 1 }, openFor: 400 } } as const
  const inspect = (event: { readonly rootId: string; readonly actorRef: unknown }) => {
    const { sessionId } = event.actorRef as { readonly sessionId: string }
    if (sessionId === event.rootId) root = event.actorRef as Actor
  }
  const breaker = createBreaker("strange", config, { clock, inspect })
  const moves: unknown[] = []
  // What happens to itself comes first: its time is not that of anything later.
  await breaker.tryExecute(failing)
  await clock.advance(10_000)
  breaker.on("transition", ({ from, to }) => moves.push([clock.now() - 10_000, from, to]))
  const saved = { circuit: "open", remainingMs: 300, trips: 1, sinceCloseMs: 0, isAsked: false, draws: 0 }
  root?.send({ type: "breaker.restored", elapsedMs: 0, parts: { basic: saved }, ...time })
  await clock.advance(299)
  expect(breaker.circuit).toBe("open")
  await clock.advance(1)
  expect(moves).toEqual([
    [0, "halfOpen", "open"],
    [300, "open", "halfOpen"],
  ])
  // Other timers of the clock go on.
  await breaker.tryExecute(failing)
  expect(breaker.circuit).toBe("open")
  await clock.advance(100_000)
  expect(breaker.circuit).toBe("halfOpen")
  await breaker.stop()
})
