import { existsSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { moveWords } from "../../../src/observability/decisionWords.ts"
import { happenings } from "../../../src/observability/recording/happenings.ts"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { whatIf } from "../../../src/testing/replay/whatIf.ts"
import { type KeyedIncidentOptions, keyedIncident, nameOf } from "../../support/keyedIncident.ts"

const clear = { recorder: { redact: (text: string) => text } }

const recorded = async (options: KeyedIncidentOptions = {}) => {
  const played = await keyedIncident({ ...options, recorder: { ...clear.recorder, ...options.recorder } })
  return { ...played, recording: readRecording("keyed.ndjson", played.content()) }
}

type Recorded = Awaited<ReturnType<typeof recorded>>

/** How calls were decided as the recording has it, by key. */
function decisionsIn({ recording }: Pick<Recorded, "recording">): ReadonlyMap<string, readonly string[]> {
  const names = new Map<number, string>()
  const all = new Map<string, string[]>()
  for (const one of happenings(recording)) {
    if (one.type === "breaker") names.set(one.line.b, one.line.name)
    if (one.type !== "entered" && one.type !== "refused") continue
    const name = names.get(one.b) ?? ""
    all.set(name, [...(all.get(name) ?? []), one.type === "entered" ? "sent" : "refused"])
  }
  return all
}

const basic = { strategy: { type: "basic", openFor: "2 seconds" }, timeout: "1 second" } as const

describe("recorded breakers by key, played again", () => {
  test.each([
    ["the default config", {}],
    ["basic", { config: () => basic }],
    [
      "with a jittered wait",
      { config: () => ({ strategy: { type: "basic", openFor: { base: "1 second", jitter: 0.5 } } }) },
    ],
    ["nothing to learn", { config: () => ({ ...basic, metrics: false, timeout: false, priority: false }) }],
    ["few calls, far apart", { gapMs: 2000, calls: 800, keys: 60 }],
    ["many keys, of which few may be known", { keys: 400, max: 40, calls: 4000 }],
    ["keys that are forgotten", { keys: 100, idle: "2 seconds", gapMs: 60 }],
    ["limits that are spent", { config: () => ({ rateLimit: { limit: 2, burst: 4 } }), gapMs: 60 }],
    ["a config of its own for each", { config: (key: string) => (key.endsWith("3") ? basic : {}), keys: 30 }],
  ] as const)("decide every call as it was decided then: %s", async (_name, options) => {
    for (const seed of [1, 2]) {
      const one = await recorded({ ...(options as KeyedIncidentOptions), seed })
      const { agreed, decisions, firstDifference, breakers } = play(one.recording)
      expect({ seed, agreed, decisions, firstDifference }).toEqual({
        seed,
        agreed: one.total,
        decisions: one.total,
        firstDifference: undefined,
      })
      expect(decisionsIn(one)).toEqual(one.decisions)
      expect(breakers.every(({ isWhole }) => isWhole)).toBe(true)
    }
  })

  test("move where they moved, each by itself", async () => {
    const { recording, live } = await recorded({ config: () => basic })
    const { moments } = play(recording)
    const moves = recording.lines.flatMap((line) =>
      line.t === "moved" ? [`${line.from} → ${line.to}: ${moveWords(line)}`] : [],
    )
    const moved = moments.filter(({ kind }) => kind === "moved")
    expect(moved.map(({ words }) => words)).toEqual(moves)
    expect(new Set(moved.map(({ breaker }) => breaker))).toContain(nameOf(0))
    expect([...new Set(moved.map(({ breaker }) => Number(breaker.slice(-5)) % 5))]).toEqual([0])
    expect(live).toBeGreaterThan(0)
  })

  test("tell nothing of it when they are let go", async () => {
    const { recording } = await recorded({ keys: 100, idle: "2 seconds", gapMs: 60, calls: 600 })
    const { moments, breakers } = play(recording)
    expect([...happenings(recording)].some((one) => one.type === "rests" && one.isForgotten)).toBe(true)
    expect(breakers.length).toBeGreaterThan(100)
    expect(moments.filter(({ words }) => words.includes("stopped"))).toEqual([])
    const walls = moments.map(({ wall }) => wall)
    expect(walls).toEqual(walls.toSorted((one, other) => one - other))
  })

  test("have one trace, however often they are played", async () => {
    const { recording } = await recorded({ calls: 300 })
    const traces = new Set(Array.from({ length: 100 }, () => play(recording).trace))
    expect(traces.size).toBe(1)
    const other = await recorded({ calls: 300, seed: 2 })
    expect(play(other.recording).trace).not.toBe([...traces][0])
  })

  test("keep what came from outside: the operator, another config for one and for all", async () => {
    const one = await recorded({
      calls: 2000,
      act: (breakers, call) => {
        if (call === 200) breakers.get(nameOf(2)).forceOpen("maintenance")
        if (call === 400) breakers.get(nameOf(2)).release("done")
        if (call === 600) breakers.get(nameOf(1)).reconfigure({ strategy: "basic" })
        if (call === 1200) breakers.reconfigure(() => basic)
      },
    })
    const { agreed, decisions, firstDifference, moments } = play(one.recording)
    // Those that had to wait were decided about twice.
    expect({ agreed, firstDifference }).toEqual({ agreed: decisions, firstDifference: undefined })
    expect(decisionsIn(one)).toEqual(one.decisions)
    expect(
      moments.filter(({ kind }) => kind === "operator").map(({ breaker, words }) => `${breaker}: ${words}`),
    ).toEqual([`${nameOf(2)}: auto → forcedOpen: maintenance`, `${nameOf(2)}: forcedOpen → auto: done`])
  })

  test("that lived before begin with what they knew, and say that they are not whole", async () => {
    const one = await recorded({ joinsAt: 900, calls: 3000, keys: 300, gapMs: 50, config: () => basic })
    const { agreed, decisions, breakers } = play(one.recording)
    expect(decisions).toBe(one.total)
    expect(agreed / decisions).toBeGreaterThan(0.97)
    expect(breakers.some(({ isWhole }) => isWhole)).toBe(true)
    expect(breakers.some(({ isWhole }) => !isWhole)).toBe(true)
  })

  test("are complete in each part of a longer recording", async () => {
    const { file } = await recorded({ calls: 20_000, keys: 200, gapMs: 2, recorder: { maxBytes: 2 ** 16, files: 30 } })
    const paths = [file, ...Array.from({ length: 29 }, (_, age) => `${file}.${age + 1}`)].filter((path) =>
      existsSync(path),
    )
    const parts = paths.map((path) => play(readRecording(path, readFileSync(path))))
    expect(parts.length).toBeGreaterThan(5)
    for (const { agreed, decisions } of parts.slice(0, 3)) expect(agreed / decisions).toBeGreaterThan(0.97)
    // No call is lost between them.
    expect(parts.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(20_000)
  })

  test("are known by a mark, and keep no key in clear", async () => {
    const { content } = await keyedIncident({
      config: (key) => ({ rateLimit: { limit: 5, perKey: true }, strategy: key.endsWith("1") ? "basic" : "gradual" }),
      joinsAt: 300,
      calls: 1500,
    })
    expect(content().toString()).not.toContain("customer-")
    const recording = readRecording("keyed.ndjson", content())
    const names = recording.lines.flatMap((line) => (line.t === "breaker" ? [line.name] : []))
    expect(new Set(names).size).toBe(20)
    expect(names.every((name) => /^#[0-9a-f]{12}$/.test(name))).toBe(true)
  })

  test.each([
    ["the default", {}],
    ["basic", basic],
  ] as const)("the same config decides anew as it decided then, rests included: %s", async (_name, config) => {
    const { recording } = await recorded({ config: () => config, calls: 2500, keys: 60, gapMs: 50 })
    expect(recording.lines.some(({ t }) => t === "moved")).toBe(true)
    const all = whatIf(recording, config)
    const told = ({ moves }: (typeof all)[number]["other"]) =>
      moves.map(({ afterMs, to }) => `${to} at ${Math.round(afterMs)}`)
    expect(all.map(({ breaker, other }) => [breaker, ...told(other)])).toEqual(
      all.map(({ breaker, recorded: then }) => [breaker, ...told(then)]),
    )
  })

  test("another config decides anew", async () => {
    const { recording, total } = await recorded({ config: () => basic })
    const all = whatIf(recording, { strategy: { type: "basic", window: { type: "consecutive", failures: 3 } } })
    expect(all.reduce((sum, { calls }) => sum + calls, 0)).toBe(total)
    const first = all.find(({ breaker }) => breaker === nameOf(0))
    expect(first?.other.moves.find(({ to }) => to === "open")?.reason).toContain("3 calls in a row")
  })
})
