import { describe, expect, test } from "vitest"
import { moveWords } from "../../../src/observability/decisionWords.ts"
import { happenings } from "../../../src/observability/recording/happenings.ts"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { type IncidentOptions, incident } from "../../support/incident.ts"

const recorded = async (options?: IncidentOptions) => {
  const played = await incident(options)
  return { ...played, recording: readRecording("incident.ndjson", played.content()) }
}

describe("a recorded incident, played again", () => {
  test.each([
    ["the default config", {}],
    ["basic", { strategy: { type: "basic", openFor: "2 seconds" }, timeout: "1 second" }],
    ["with a jittered wait", { strategy: { type: "basic", openFor: { base: "1 second", jitter: 0.5 } } }],
  ] as const)("decides every call as it was decided then: %s", async (_name, config) => {
    const { recording, decisions } = await recorded({ config })
    const { agreed, decisions: total, firstDifference, moments } = play(recording)
    expect({ agreed, total, firstDifference }).toEqual({
      agreed: decisions.length,
      total: decisions.length,
      firstDifference: undefined,
    })
    expect(decisions).toEqual(expect.arrayContaining(["admitted", "refused", "probe"]))
    const moves = recording.lines.flatMap((line) =>
      line.t === "moved" ? [`${line.from} → ${line.to}: ${moveWords(line)}`] : [],
    )
    expect(moves.length).toBeGreaterThan(2)
    expect(moments.filter(({ kind }) => kind === "moved").map(({ words }) => words)).toEqual(moves)
  })

  test("decides every call as it was decided then: with limits, and a service that talks of its own", async () => {
    const classify = ({ ok }: { readonly ok: boolean }) =>
      ok
        ? ("success" as const)
        : { kind: "failure" as const, retryAfter: "700 millis" as const, quota: { exceeded: true } }
    const { recording, decisions } = await recorded({
      config: { classify, rateLimit: { limit: 40, burst: 10, perKey: { limit: 15 } } },
      key: (call) => `tenant ${call % 3}`,
    })
    const { agreed, firstDifference } = play(recording)
    expect({ agreed, firstDifference }).toEqual({ agreed: decisions.length, firstDifference: undefined })
    const layers = new Set([...happenings(recording)].flatMap((one) => (one.type === "refused" ? [one.layer] : [])))
    expect([...layers]).toEqual(["rateLimit"])
  })

  test("decides every call as it was decided then: with a part that is dead, known by its key", async () => {
    const { recording, decisions } = await recorded({
      key: (call) => `part ${call % 12}`,
      dead: (call) => call % 12 < 4,
    })
    const { agreed, firstDifference } = play(recording)
    expect({ agreed, firstDifference }).toEqual({ agreed: decisions.length, firstDifference: undefined })
    const layers = new Set([...happenings(recording)].flatMap((one) => (one.type === "refused" ? [one.layer] : [])))
    expect([...layers]).toEqual(["cell"])
  })

  test("decides every call as it was decided then: with more parts than are remembered, each by a mark", async () => {
    const parts = 3000
    const partOf = (call: number) => (call * 7919) % parts
    const { recording, decisions } = await recorded({
      gapMs: 2,
      fails: [4, 16],
      key: (call) => `part ${partOf(call)}`,
      dead: (call) => partOf(call) % 3 === 0,
    })
    const { agreed, firstDifference, moments } = play(recording)
    expect({ agreed, firstDifference }).toEqual({ agreed: decisions.length, firstDifference: undefined })
    const words = moments.flatMap(({ kind, words }) => (kind === "cell" ? [words] : []))
    expect(words[0]).toMatch(
      /^a part of the service #[0-9a-f]{12} is held back by itself: of its last \d+ calls \d+ failed; 1 held/,
    )
  })

  test("decides every call as it was decided then: with features, one of which fails alone, and an outage", async () => {
    const names = ["pay", "refund", "search"]
    const { recording, decisions } = await recorded({
      config: {
        recovery: { features: { pay: true, refund: ["pay"], search: true }, testFor: "1 second", retry: "1 second" },
      },
      seconds: 30,
      feature: (call) => names[call % 3] as string,
      fails: [5, 25],
      dead: (call) => call % 3 === 2 || call > 800,
    })
    const { agreed, firstDifference } = play(recording)
    expect({ agreed, firstDifference }).toEqual({ agreed: decisions.length, firstDifference: undefined })
    const layers = new Set([...happenings(recording)].flatMap((one) => (one.type === "refused" ? [one.layer] : [])))
    expect(layers).toContain("feature")
    expect(recording.lines.some((line) => line.t === "moved" && line.to === "open")).toBe(true)
  })

  test("tells nothing of its own end: whoever stopped recording stopped no breaker", async () => {
    const { recording } = await recorded({ seconds: 4, fails: [9, 9] })
    const { moments } = play(recording)
    expect(moments.map(({ words }) => words)).toEqual([])
  })

  test("has one trace, however often it is played", async () => {
    const { recording } = await recorded()
    const traces = new Set(Array.from({ length: 100 }, () => play(recording).trace))
    expect(traces.size).toBe(1)
    const other = await recorded({ fails: [5, 10] })
    expect(play(other.recording).trace).not.toBe([...traces][0])
  })

  test("keeps what came from outside: the operator, another config", async () => {
    const { recording, decisions } = await recorded({
      act: (breaker, second) => {
        if (second === 2) breaker.forceOpen("maintenance")
        if (second === 3) breaker.release("done")
        if (second === 13) breaker.shadow("watching")
        if (second === 15) breaker.reconfigure({ strategy: "basic" })
      },
    })
    const { agreed, moments } = play(recording)
    expect(agreed).toBe(decisions.length)
    expect(moments.filter(({ kind }) => kind === "operator").map(({ words }) => words)).toEqual([
      "auto → forcedOpen: maintenance",
      "forcedOpen → auto: done",
      "auto → shadow: watching",
    ])
  })

  test("of a breaker that lived before begins with what it knew, and says that it is not whole", async () => {
    const { recording, decisions } = await recorded({ joinsAt: 7 })
    const { breakers, agreed, moments } = play(recording)
    expect(breakers).toMatchObject([{ name: "payments", isWhole: false }])
    // Its window and its probes' places began anew; where it stood, and until when, it knows.
    expect(agreed / decisions.length).toBeGreaterThan(0.95)
    expect(moments.find(({ kind }) => kind === "moved")?.words).toMatch(/^open → halfOpen|^closed → open/)
  })

  test("keeps no key of a call in clear, and tells equal ones from others", async () => {
    const { recording, content } = await recorded({ seconds: 2, key: (call) => `card-${call % 3}` })
    expect(content().toString()).not.toContain("card-")
    const keys = [...happenings(recording)].flatMap((one) => (one.type === "entered" ? [one.facts.key] : []))
    expect(new Set(keys).size).toBe(3)
    expect(keys[0]).toBe(keys[3])
    expect(play(recording).agreed).toBe(100)
  })
})
