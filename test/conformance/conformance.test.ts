import { readFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import type { Need } from "./adapter.ts"
import { catalogue } from "./catalogue.ts"
import { differences, explanations } from "./expectations.ts"
import { recloser } from "./libraries/recloser.ts"
import { libraries } from "./libraries.ts"
import { naive } from "./naiveBreaker.ts"
import { failure, rowOf } from "./scorecard.ts"
import { playAll, type Result } from "./suite.ts"

/** The cases about parts that may not be there yet; when they are, they must pass like all others. */
const aboutParts: { readonly [number: number]: Need } = { 10: "retry", 11: "ramp", 20: "keys" }

/** What is timed is played by the command alone. */
const cases = catalogue.filter(({ timed }) => timed !== true)
const results: Result[] = []

beforeAll(async () => {
  results.push(...(await playAll(cases, libraries)))
}, 120_000)

describe("the conformance suite", () => {
  test("has 28 cases; all but the timed one are played here with every library", () => {
    expect(catalogue.map(({ number }) => number)).toEqual(Array.from({ length: 28 }, (_, index) => index + 1))
    expect(results).toHaveLength(27 * libraries.length)
  })

  test.each(cases)("recloser: $number $name", ({ number }) => {
    const own = results.find((result) => result.library === recloser && result.case.number === number)
    const need = aboutParts[number]
    const expected = need !== undefined && recloser.lacks[need] !== undefined ? "notApplicable" : "pass"
    expect({ verdict: own?.verdict, trace: expected === own?.verdict ? [] : own?.trace }).toEqual({
      verdict: expected,
      trace: [],
    })
  })

  test("can fail: every case is failed by a library, by one without its helping options, or by a naive breaker", async () => {
    const failing = results.filter(({ verdict, without }) => [verdict, without?.verdict].includes("fail"))
    const failed = new Set(failing.map((result) => result.case))
    const withheld = await playAll(
      cases.filter((played) => !failed.has(played)),
      [naive],
    )
    expect(withheld.filter(({ verdict }) => verdict !== "fail").map((result) => result.case.name)).toEqual([])
  })

  test("explains every difference from the design's expectations, and nothing else", () => {
    const found = differences(results).map(({ key }) => key)
    const explained = Object.keys(explanations).filter((key) => cases.some(({ number }) => key.endsWith(` ${number}`)))
    expect([...found].sort()).toEqual(explained.sort())
  })

  test("has a fresh score card: else run `npm run conformance`", () => {
    const written = readFileSync(new URL("SCORECARD.md", import.meta.url), "utf8")
    const fresh = [
      ...cases.map((played) => rowOf(played, results)),
      ...results.filter(({ verdict }) => verdict === "fail").map(failure),
      ...libraries.flatMap(({ title, remarks }) =>
        Object.entries(remarks).map(([at, remark]) => `- ${at}, ${title}: ${remark}`),
      ),
    ]
    expect(fresh.filter((text) => !written.includes(text))).toEqual([])
  })
})
