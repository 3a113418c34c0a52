/** Many breakers by key come back in another process: those that had more to tell than a few calls. */
import * as Effect from "effect/Effect"
import { type BreakerConfig, type BreakersOptions, createBreakers, InvalidConfig, type SavedBreaker } from "recloser"
import { Breakers } from "recloser/effect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { succeed, trip, working } from "../support/breakers.ts"
import { runTest } from "../support/effects.ts"

const brittle = {
  strategy: { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 minute", probes: { needed: 1 } },
} as const satisfies BreakerConfig

const throughJson = (saved: readonly SavedBreaker[]): readonly SavedBreaker[] => JSON.parse(JSON.stringify(saved))

function many(options: BreakersOptions = {}, wall = 0) {
  const clock = createVirtualClock({ wall })
  return { clock, breakers: createBreakers({ idle: "1 hour", config: () => brittle }, { clock, ...options }) }
}

/** One open, one held, one quiet. */
async function three() {
  const { clock, breakers } = many()
  await trip(breakers.get("open"))
  breakers.get("held").forceOpen("maintenance")
  await succeed(breakers.get("quiet"))
  return { clock, breakers }
}

test("what is quiet is not saved, what is open or held comes back with what remains of its wait", async () => {
  const { clock, breakers } = await three()
  await clock.advance("20 seconds")
  const saved = throughJson(breakers.save())
  expect(saved.map(({ breaker }) => breaker)).toEqual(["open", "held"])
  const next = many({ restore: saved }, 30_000)
  expect(next.breakers.size).toBe(0)
  const [open, held, quiet] = ["open", "held", "quiet"].map((key) => next.breakers.get(key))
  expect(open?.wouldReject()).toMatchObject({ layer: "circuit", retryAfterMs: 30_000 })
  expect(held?.wouldReject()).toMatchObject({ layer: "operator", reason: "maintenance" })
  expect(quiet?.wouldReject()).toBeUndefined()
  expect(next.breakers.metrics()).toMatchObject({ keys: 3, live: 2, held: 1 })
  await next.clock.advance("30 seconds")
  expect(await open?.execute(working)).toBe("up")
  expect(open?.circuit).toBe("closed")
})

test("a key comes back once: what was undone and forgotten since is not done again", async () => {
  const { breakers: before } = await three()
  const { clock, breakers } = many({ restore: before.save() })
  breakers.get("held").release("done")
  await succeed(breakers.get("held"))
  await clock.advance("3 hours")
  expect(breakers.has("held")).toBe(false)
  expect(breakers.get("held").mode).toBe("auto")
})

test("what nobody has asked for yet is saved on, and what stopped is saved as it stopped", async () => {
  const { clock, breakers: before } = await three()
  await clock.advance("20 seconds")
  await before.stop()
  expect(before.save().map(({ breaker }) => breaker)).toEqual(["open", "held"])
  const { breakers } = many({ restore: before.save() }, 20_000)
  breakers.get("held").release("done")
  const saved = breakers.save()
  expect(saved.map(({ breaker, mode, savedAt }) => [breaker, mode, savedAt])).toEqual([
    ["held", "auto", 20_000],
    ["open", "auto", 20_000],
  ])
  await breakers.stop()
  expect(breakers.save()).toEqual(saved)
  expect(many({ restore: saved }, 50_000).breakers.get("open").wouldReject()).toMatchObject({ retryAfterMs: 10_000 })
})

test("the saved state of one key fits a breaker alone, and the other way round", async () => {
  const { breakers } = await three()
  const saved = breakers.get("open").save()
  expect(many({ restore: [saved] }).breakers.get("open").circuit).toBe("open")
})

test("what part of it cannot be used is told as trouble, and the others come back", async () => {
  const { breakers: before } = await three()
  const saved = before.save().map((one) => ({ ...one, parts: { ...one.parts, basic: { circuit: "sideways" } } }))
  const { breakers } = many({ restore: saved })
  const troubles: string[] = []
  breakers.on("trouble", ({ breaker, part }) => troubles.push(`${breaker}: ${part}`))
  expect(breakers.get("open").circuit).toBe("closed")
  expect(breakers.get("held").mode).toBe("forcedOpen")
  await Promise.resolve()
  expect(troubles).toEqual(["open: restore", "held: restore"])
})

test.each<[unknown, string]>([
  [{}, "restore"],
  ["saved", "restore"],
  [[null], "restore[0].breaker"],
  [[{ breaker: "" }], "restore[0].breaker"],
  [[{ breaker: "a" }], "restore[0].format"],
])("%j is refused, before anything is made", (restore, path) => {
  const problem = () => createBreakers({}, { restore: restore as readonly SavedBreaker[] })
  expect(problem).toThrow(InvalidConfig)
  expect(problem).toThrow(path)
})

test("the same key twice is refused", async () => {
  const { breakers } = await three()
  const [one] = breakers.save() as [SavedBreaker]
  expect(() => createBreakers({}, { restore: [one, one] })).toThrow("restore[1].breaker")
})

test("Effect's breakers are saved and come back likewise", () =>
  runTest(
    Effect.gen(function* () {
      const before = yield* Breakers.make({ config: () => brittle })
      yield* (yield* before.get("held")).forceOpen("maintenance")
      const saved = throughJson(yield* before.save)
      const after = yield* Breakers.make({ config: () => brittle }, { restore: saved })
      expect((yield* after.get("held")).mode).toBe("forcedOpen")
      expect(yield* Effect.flip(Breakers.make({}, { restore: [{}] as never }))).toBeInstanceOf(InvalidConfig)
    }),
  ))
