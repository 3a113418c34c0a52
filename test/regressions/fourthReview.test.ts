/** What a review of all that touches the outside, or keeps many, found: each test is named after what went wrong. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { createBreakers, type SavedBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { freshDiscovery, taken } from "../../machines/discovering.ts"
import { discoveryOptions } from "../../machines/endpointOptions.ts"
import type { Endpoint } from "../../machines/vocabulary/endpoint.ts"
import { eventsOf, StreamEnds } from "../../src/eventStream.ts"
import type { BreakerEvents, EventName, Listener } from "../../src/events.ts"
import { world } from "../support/breakers.ts"
import { runTest } from "../support/effects.ts"
import { handProvider } from "../support/providers.ts"

test("an endpoint whose metadata changed was checked by what had been told of it first", async () => {
  const hand = handProvider()
  const ports: (string | undefined)[] = []
  const check = ({ endpoint }: { readonly endpoint: Endpoint | undefined }) =>
    void ports.push(endpoint?.metadata["healthPort"])
  const it = world({
    discovery: { provider: hand.provider, settle: 0 },
    health: { check, interval: "1 second", jitter: 0 },
  })
  await it.clock.advance(0)
  hand.tell([{ address: "a", metadata: { healthPort: "81" } }])
  await it.clock.advance("3 seconds")
  hand.tell([{ address: "a", metadata: { healthPort: "82" } }])
  await it.clock.advance(0)
  const before = ports.length
  await it.clock.advance("3 seconds")
  expect(new Set(ports.slice(0, before))).toEqual(new Set(["81"]))
  // It was not disturbed: its checks come as before.
  expect(ports.slice(before)).toEqual(["82", "82", "82"])
  await it.breaker.stop()
})

test("a list of many endpoints, all of them bad, was searched once for each of them", () => {
  let looks = 0
  const endpoints = Array.from({ length: 500 }, (_, at): Endpoint => {
    const id = `e${String(at).padStart(3, "0")}`
    return {
      get id() {
        looks++
        return id
      },
      address: id,
      zone: undefined,
      weight: 1,
      metadata: {},
    }
  })
  const settings = discoveryOptions.read({}, "discovery", [])
  const all = endpoints.map(({ id }) => id)
  const context = { ...freshDiscovery({ settings, seed: 7, at: 10 } as never), bad: all, suspect: all }
  looks = 0
  expect(taken(context, { type: "provider.told", at: 20, endpoints })).toMatchObject({ bad: all, suspect: all })
  expect(looks).toBeLessThan(20 * 500)
})

test("keys that nobody asked for again were saved from life to life, more of them each time", async () => {
  const clock = createVirtualClock()
  let saved: readonly SavedBreaker[] = []
  for (let life = 0; life < 5; life++) {
    const breakers = createBreakers({ max: 4 }, { clock, restore: saved })
    if (life === 0) breakers.get("held").forceOpen("maintenance")
    for (let key = 0; key < 3; key++) {
      breakers.get(`${life}-${key}`).forceOpen("maintenance")
      breakers.get(`${life}-${key}`).release("done")
    }
    await breakers.stop()
    saved = JSON.parse(JSON.stringify(breakers.save()))
    await clock.advance("1 hour")
  }
  expect(saved.length).toBeLessThanOrEqual(8)
  const names = saved.map(({ breaker }) => breaker)
  // Whoever was used in this life and the one before, and whoever the operator holds.
  expect(names).toEqual(expect.arrayContaining(["4-0", "4-1", "4-2", "3-0", "3-1", "3-2", "held"]))
})

test("events that a slow reader of a stream had not taken were kept without bound", () =>
  runTest(
    Effect.gen(function* () {
      let emit = (_at: number) => {}
      const source = {
        on: <Name extends EventName>(_name: Name, listener: Listener<Name>) => {
          emit = (at) => listener({ at } as BreakerEvents[Name])
          return () => {}
        },
      }
      const ends = new StreamEnds()
      const heard = yield* Effect.forkChild(Stream.runCollect(eventsOf(source, "mode", ends)))
      yield* Effect.yieldNow
      for (let at = 1; at <= 50_000; at++) emit(at)
      ends.endAll()
      const all = [...(yield* Fiber.join(heard))]
      expect(all).toHaveLength(10_000)
      expect(all.at(-1)).toEqual({ at: 50_000 })
    }),
  ))
