/** The host was stopped, or its event loop blocked, while checks, endpoints and features were watched: nobody outside was at fault. */
import type { BreakerConfig } from "recloser"
import { describe, expect, test } from "vitest"
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { type Asked, busy, seconds, usual } from "../support/sleeping.ts"

const pauses = [
  ["an event loop blocked for 10 s", 10 * seconds],
  ["a process stopped for 60 s", 60 * seconds],
  ["a process frozen for half an hour", 1800 * seconds],
] as const

const answerAll = (asked: readonly Asked[]) => {
  for (const { answer } of asked) answer()
  return Promise.all(asked.map(({ end }) => end))
}
const turns = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

/** A check that is under way when the host stands still, and is answered when it goes on. */
function checks() {
  const asked: ((ok: boolean) => void)[] = []
  const state = { isHeld: false, begun: 0 }
  const check = () => {
    state.begun++
    return state.isHeld ? new Promise<boolean>((answer) => asked.push(answer)) : true
  }
  const answer = (ok: boolean) => {
    state.isHeld = false
    for (const one of asked.splice(0)) one(ok)
  }
  return { state, check, answer }
}

const interval = { interval: "1 second", jitter: 0, timeout: "500 millis", rise: 1, fall: 1 } as const
const endpoints = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]
const features = { stock: true, order: { needs: ["stock"], required: true } } as const
const features3 = ["stock", "order", undefined]
const byFeature = (call: number): Facts => ({ feature: features3[call % 3] })

/** Who is in doubt, of all that the breaker watches. */
function doubtsOf({ breaker }: Awaited<ReturnType<typeof busy>>) {
  const { health, discovery, recovery } = breaker.metrics().components
  return {
    circuit: breaker.circuit,
    health: health?.state,
    away: discovery?.away,
    panics: discovery?.state === "panicking",
    features: Object.values(recovery?.features ?? {}).filter(({ state }) => state !== "full").length,
  }
}

const configs: readonly (readonly [string, BreakerConfig, (call: number) => Facts])[] = [
  ["discovery", { timeout: "2 seconds", discovery: { endpoints } }, () => ({})],
  ["discovery, of two endpoints", { timeout: "2 seconds", discovery: { endpoints: endpoints.slice(1) } }, () => ({})],
  [
    "discovery, passive health",
    { timeout: "2 seconds", discovery: { endpoints }, health: { passive: true } },
    () => ({}),
  ],
  ["recovery", { timeout: "2 seconds", recovery: { features } }, byFeature],
  ["passive health", { timeout: "2 seconds", health: { passive: { ratio: 0.3, minimumCalls: 3 } } }, () => ({})],
  [
    "all of them",
    { timeout: "2 seconds", discovery: { endpoints }, recovery: { features }, health: { passive: true } },
    byFeature,
  ],
]

describe.each(pauses)("%s", (_what, ms) => {
  test.each(configs)("put nobody in doubt whose answers waited: %s", async (_name, config, factsOf) => {
    const it = await busy(config, factsOf)
    const before = doubtsOf(it)
    it.clock.halt(ms, () => void answerAll(it.flying))
    await turns()
    it.clock.step(200)
    const ends = await Promise.all(it.flying.map(({ end }) => end))
    expect(ends.filter(({ ok }) => !ok)).toEqual([])
    expect(doubtsOf(it)).toEqual(before)
    await usual(it.breaker, it.clock, 200, factsOf)
    expect(doubtsOf(it)).toEqual(before)
    expect(it.breaker.metrics().calls).toMatchObject({ timedOut: 0, rejected: 0, success: 1230 })
    expect(it.moves).toEqual([])
  })

  test.each([
    ["of the service", {}],
    ["of each endpoint", { discovery: { endpoints } }],
  ])("took the answer of a check %s for none", async (_name, config) => {
    const { state, check, answer } = checks()
    const it = await busy({ timeout: "2 seconds", ...config, health: { ...interval, check, passive: false } })
    await answerAll(it.flying)
    expect(state.begun).toBeGreaterThan(5)
    state.isHeld = true
    const begun = state.begun
    for (let step = 0; step < 20 && state.begun === begun; step++) {
      it.clock.step(100)
      await turns()
    }
    expect(state.begun).toBeGreaterThan(begun)
    const before = doubtsOf(it)
    it.clock.halt(ms, () => answer(true))
    await turns()
    it.clock.step(200)
    await turns()
    expect(doubtsOf(it)).toEqual(before)
    expect(before).toMatchObject({ circuit: "closed", health: "healthy" })
    await usual(it.breaker, it.clock, 200)
    expect(doubtsOf(it)).toEqual(before)
    expect(it.moves).toEqual([])
    await it.breaker.stop()
  })
})

test.each([3600, -3600, 86_400 * 365])("a wall clock set by %i s put nobody in doubt", async (bySeconds) => {
  const { check } = checks()
  const it = await busy(
    { timeout: "2 seconds", discovery: { endpoints }, recovery: { features }, health: { ...interval, check } },
    byFeature,
  )
  const before = doubtsOf(it)
  it.clock.setWall(bySeconds * seconds)
  await answerAll(it.flying)
  await usual(it.breaker, it.clock, 400, byFeature)
  expect(doubtsOf(it)).toEqual(before)
  expect(before).toMatchObject({ circuit: "closed", health: "healthy", away: 0, panics: false, features: 0 })
  expect(it.moves).toEqual([])
  await it.breaker.stop()
})

test("a check that nobody has answered after a pause has failed a moment later", async () => {
  const { state, check } = checks()
  const it = await busy({ timeout: false, health: { ...interval, check, passive: false } })
  await answerAll(it.flying)
  state.isHeld = true
  const begun = state.begun
  for (let step = 0; step < 20 && state.begun === begun; step++) {
    it.clock.step(100)
    await turns()
  }
  it.clock.halt(10 * seconds)
  await turns()
  expect(doubtsOf(it).health).toBe("healthy")
  for (let step = 0; step < 4; step++) {
    it.clock.step(100)
    await turns()
  }
  expect(doubtsOf(it).health).not.toBe("healthy")
})
