/** What a recording says of names, and that it can be played all the same. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { startRecorder } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { expect, test } from "vitest"
import { NamedBreakers } from "../../../src/observability/recording/namedBreakers.ts"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { folder } from "../../support/incident.ts"
import { customer, endpoints, feature, found, secretive, secretWords, telltale } from "../../support/secretive.ts"

async function recorded(redact?: (text: string) => string) {
  const clock = createVirtualClock({ start: 5000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
  const file = join(folder(), "secretive.ndjson")
  const recorder = startRecorder({ file, clock, redact, breakers: (name) => [customer, "shop"].includes(name) })
  const scene = secretive(clock)
  await scene.happen()
  await clock.advance(3000)
  recorder.stop()
  await scene.stop()
  const text = readFileSync(file, "utf8")
  const played = play(readRecording(file, readFileSync(file)))
  return { text, played, words: played.moments.map(({ breaker, words }) => `${breaker}: ${words}`) }
}

test("with redact no key, feature or endpoint stands in it in clear, and it plays as it went", async () => {
  const marks = new Map<string, string>()
  const redact = (text: string): string => {
    const mark = marks.get(text) ?? `~${marks.size + 1}~`
    marks.set(text, mark)
    return mark
  }
  const { text, played, words } = await recorded(redact)
  expect(found(text, [telltale, "10.0.0.7", ...secretWords])).toEqual([])
  expect(played.firstDifference).toBeUndefined()
  expect(played.agreed).toBe(played.decisions)
  expect(words).toContain(`shop: dependencies blocked: ${redact(customer)} is open`)
  expect(words).toContainEqual(expect.stringContaining(`endpoint ${redact(endpoints[1] ?? "")} is left out`))
  expect(words).toContainEqual(expect.stringContaining(`feature ${redact(feature)}`))
})

test("without it endpoints and features keep their names, keys do not, and no login or query is written", async () => {
  const { text, played, words } = await recorded()
  expect(found(text, [customer, ...secretWords])).toEqual([])
  expect(played.firstDifference).toBeUndefined()
  expect(words).toContainEqual(expect.stringContaining(`endpoint ${endpoints[1]} is left out`))
  expect(words).toContainEqual(expect.stringContaining("https://alice-3.example/pay?… is left out"))
})

test("names that are hidden as one and the same are numbered, however many they are", () => {
  let looks = 0
  const names = new NamedBreakers(
    () => "***",
    () => {
      looks++
      return false
    },
  )
  const dependencies = Object.fromEntries(Array.from({ length: 19_000 }, (_, id) => [`key ${id}`, {}]))
  const [part] = names.parts([{ key: "dependency", settings: { dependencies } }], true)
  const shown = Object.keys((part as { settings: { dependencies: object } }).settings.dependencies)
  expect([new Set(shown).size, shown[0], shown.at(-1), looks]).toEqual([19_000, "***", "*** 19000", 19_000])
})
