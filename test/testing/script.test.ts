/** The language of scripted services. */

import { InvalidConfig } from "recloser"
import { createVirtualClock, scriptedBackend } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { readScript } from "../../src/testing/script.ts"
import fc from "../support/property.ts"

const fair = { mood: "up", slowMs: 0, flaky: 0, retryAfterMs: undefined }

describe("a script", () => {
  test.each([
    ["up", [[0, fair]]],
    ["down", [[0, { ...fair, mood: "down" }]]],
    [
      "down 30 s",
      [
        [0, { ...fair, mood: "down" }],
        [30_000, fair],
      ],
    ],
    ["slow 250 ms", [[0, { ...fair, slowMs: 250 }]]],
    [
      "slow 2s for 1 min",
      [
        [0, { ...fair, slowMs: 2000 }],
        [60_000, fair],
      ],
    ],
    ["busy", [[0, { ...fair, mood: "busy" }]]],
    [
      "busy 5 s for 2 hours",
      [
        [0, { ...fair, mood: "busy", retryAfterMs: 5000 }],
        [7_200_000, fair],
      ],
    ],
    [
      "UP for 1.5 seconds, Hang",
      [
        [0, fair],
        [1500, { ...fair, mood: "hang" }],
      ],
    ],
    [
      "down 30 s, slow 2 s, flaky 20 %",
      [
        [0, { ...fair, mood: "down" }],
        [30_000, { ...fair, slowMs: 2000, flaky: 0.2 }],
      ],
    ],
    [
      "slow 1 s, up 5 s, down 5 s",
      [
        [0, { ...fair, slowMs: 1000 }],
        [5000, { ...fair, slowMs: 1000, mood: "down" }],
        [10_000, { ...fair, slowMs: 1000 }],
      ],
    ],
  ] as const)("reads %j", (script, phases) => {
    expect(readScript(script).map(({ from, weather }) => [from, weather])).toEqual(phases)
  })

  test.each([
    ["", "must have one of up, down, hang, slow, flaky, busy at its end"],
    ["slwo 2 s", "must have one of up, down, hang, slow, flaky, busy at character 1"],
    ["down 30", "must have a unit: ms, s, min or h at its end"],
    ["down 30 parsecs", "must have a unit: ms, s, min or h at character 9"],
    ["slow", "must have a time such as 30 s (ms, s, min, h) at its end"],
    ["slow fast", "must have a time such as 30 s (ms, s, min, h) at character 6"],
    ["flaky 20", "must have a percent sign at its end"],
    ["flaky 120 %", "must have a share such as 20 %, from 0 to 100 at character 7"],
    ["down 30 s slow 2 s", "must have a comma at character 11"],
    ["down 30 s,", "must have one of up, down, hang, slow, flaky, busy at its end"],
    ["slow 2 s for", "must have a time such as 30 s (ms, s, min, h) at its end"],
    ["down -5 s", "must have a comma at character 6"],
  ])("refuses %j, and says where and what would be right", (script, rule) => {
    expect(() => readScript(script)).toThrow(InvalidConfig)
    expect(() => readScript(script)).toThrow(rule)
  })

  test("of any text is read or refused by InvalidConfig, its phases in order", () => {
    const word = fc.constantFrom(
      "up",
      "down",
      "hang",
      "slow",
      "flaky",
      "busy",
      "for",
      "20",
      "%",
      "s",
      "min",
      ",",
      "é",
      "-",
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 12 }).map((words) => words.join(" ")),
        ),
        (script) => {
          try {
            const starts = readScript(script).map(({ from }) => from)
            expect(starts).toEqual([...starts].sort((one, other) => one - other))
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidConfig)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

const answers = async (script: string, at: readonly number[]) => {
  const clock = createVirtualClock()
  const backend = scriptedBackend(clock, script)
  const seen: string[] = []
  for (const instant of at) {
    await clock.advance(instant - clock.now())
    const began = clock.now()
    void backend.call().then(
      () => seen.push(`well after ${clock.now() - began}`),
      (error: Error & { status?: number; retryAfterMs?: number }) =>
        seen.push(`${error.message} ${error.status ?? ""} ${error.retryAfterMs ?? ""}`.trim()),
    )
    await clock.advance(2500)
  }
  return seen
}

describe("a backend with a script in words", () => {
  test("is what the script says when it says so", async () => {
    expect(await answers("down 30 s, slow 2 s", [0, 27_000, 30_000])).toEqual([
      "down, as scripted",
      "down, as scripted",
      "well after 2000",
    ])
    expect(await answers("busy 5 s for 10 s", [0, 10_000])).toEqual(["busy, as scripted 503 5000", "well after 0"])
    expect(await answers("hang 10 s", [0, 10_000])).toEqual(["well after 0"])
  })

  test("fails as many calls as it is flaky, the same ones for the same seed", async () => {
    const failures = async (seed: number) => {
      const backend = scriptedBackend(createVirtualClock({ seed }), "flaky 20 %")
      const ends = await Promise.allSettled(Array.from({ length: 2000 }, () => backend.call()))
      return ends.flatMap(({ status }, index) => (status === "rejected" ? [index] : []))
    }
    const first = await failures(1)
    expect(first.length).toBeGreaterThan(340)
    expect(first.length).toBeLessThan(460)
    expect(await failures(1)).toEqual(first)
    expect(await failures(2)).not.toEqual(first)
  })

  test("begins the times of a new script when it is given", async () => {
    const clock = createVirtualClock()
    const backend = scriptedBackend(clock, "up")
    await clock.advance("1 hour")
    backend.respond("down 10 s")
    await expect(backend.call()).rejects.toThrow("down")
    await clock.advance("10 seconds")
    await backend.call()
  })

  test("without a clock keeps the process's own", async () => {
    await expect(scriptedBackend("down 1 h").call()).rejects.toThrow("down, as scripted")
  })

  test("takes one text, or answers, and no mixture", () => {
    const clock = createVirtualClock()
    const mixed = ["up", { answer: "value" }] as never as readonly [string]
    expect(() => scriptedBackend(clock, ...mixed)).toThrow("must be one text, or answers alone")
  })
})
