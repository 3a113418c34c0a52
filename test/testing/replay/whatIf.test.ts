import { InvalidConfig } from "recloser"
import { expect, test } from "vitest"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { whatIf } from "../../../src/testing/replay/whatIf.ts"
import { incident } from "../../support/incident.ts"

const quick = { strategy: { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "1 second" } }
const never = { strategy: { type: "basic", window: { type: "consecutive", failures: 100_000 } }, timeout: false }

const recording = readRecording("incident.ndjson", (await incident({ config: { strategy: "basic" } })).content())

test("the same config decides as it was decided, with guesses for the calls that were refused", () => {
  const [same] = whatIf(recording, { strategy: "basic" })
  expect(same?.other.moves).toEqual(same?.recorded.moves)
  expect([same?.other.sent, same?.other.refused]).toEqual([same?.recorded.sent, same?.recorded.refused])
  expect([same?.calls, same?.guessed, same?.sentOnGuess]).toEqual([1000, same?.recorded.refused, 0])
})

test("a quicker config opens earlier, and lets fewer calls fail", () => {
  const [one] = whatIf(recording, quick)
  const opened = (moves: readonly { readonly to: string; readonly afterMs: number }[] = []) =>
    moves.find(({ to }) => to === "open")?.afterMs ?? 0
  expect(opened(one?.other.moves)).toBeLessThan(opened(one?.recorded.moves))
  expect(one?.other.failed).toBeLessThan(one?.recorded.failed ?? 0)
  expect((one?.other.sent ?? 0) + (one?.other.refused ?? 0)).toBe(1000)
})

test("a config that never opens sends what was refused, and says how many of those ends are guesses", () => {
  const [one] = whatIf(recording, never)
  expect(one?.other).toMatchObject({ sent: 1000, refused: 0, moves: [] })
  expect(one?.sentOnGuess).toBe(one?.recorded.refused)
  expect(one?.other.failed).toBeGreaterThan(250)
})

test("a shorter timeout cuts off calls that took longer", () => {
  const [one] = whatIf(recording, { ...never, timeout: 6 })
  expect(one?.other.succeeded).toBeLessThan(300)
})

test("a config that cannot be used is refused", () => {
  expect(() => whatIf(recording, { strategy: "magic" })).toThrow(InvalidConfig)
})
