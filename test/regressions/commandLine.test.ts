/** Words on the command line, and in headers, that were answered wrongly: by a stack, or after tens of milliseconds. */
import { describe, expect, test, vi } from "vitest"
import { numberBetween } from "../../src/cli/demo/options.ts"
import { inspect } from "../../src/cli/inspect/command.ts"
import { givenConfig, Unusable } from "../../src/cli/simulate/givenConfig.ts"
import { quotaIn } from "../../src/quotaHeaders.ts"
import { retryAfterOf } from "../../src/retryAfter.ts"
import { seedsOf } from "../../src/testing/simulation/seeds.ts"

describe("a word that cannot be used is refused in words", () => {
  test("a folder that is to be inspected showed a stack: EISDIR", async () => {
    const refuse = vi.fn((why: string): never => {
      throw new Error(why)
    })
    const options = { file: ".", args: [], port: 0, control: false, record: undefined, partial: false }
    await expect(inspect(options, refuse)).rejects.toThrow(". cannot be read: it is a folder")
    expect(refuse).toHaveBeenCalledOnce()
  })

  test("a config with a name that no file can have showed a stack: ENAMETOOLONG", async () => {
    const given = givenConfig("x".repeat(5000))
    await expect(given).rejects.toBeInstanceOf(Unusable)
    await expect(given).rejects.toThrow("cannot be read: ENAMETOOLONG: name too long")
  })

  test("a duration of 0x1 seconds was taken for one second, and 1e1 for ten", () => {
    for (const text of ["0x1", "1e1", "0b11", "+5", " 5"])
      expect(() => numberBetween(1, 3600)(text), text).toThrow("Give a number from 1 to 3600.")
    expect(numberBetween(1, 3600)("2.5")).toBe(2.5)
  })
})

describe("what is too long to be what it says is not read", () => {
  test("a Retry-After of a million digits was infinity", () => {
    const asked = (text: string) => retryAfterOf({ ok: false, error: { headers: { "retry-after": text } } })
    expect(asked("9".repeat(1_000_000))).toBeUndefined()
    expect(asked(" 120 ")).toBe(120_000)
  })

  test("a Retry-After that is no date of HTTP was read as one, and kept a circuit open for as long as may be", () => {
    const date = "Sun, 29 Nov 2026 07:28:00 GMT"
    const asked = (text: string) => retryAfterOf({ ok: false, error: { headers: { "retry-after": text, date } } })
    for (const text of ["wait 45", "12/31/2099", "soon 2050", "2099-12-31", "-5", "1e9", "30s", "Sunday 2099", "GMT"])
      expect(asked(text), text).toBeUndefined()
    for (const text of ["Sun, 29 Nov 2026 07:28:20 GMT", "Sunday, 29-Nov-26 07:28:20 GMT", "Sun Nov 29 07:28:20 2026"])
      expect(asked(text), text).toBe(20_000)
    expect(asked("Sun, 29 Nov 2026 07:27:59 GMT")).toBeUndefined()
  })

  test("a list of more seeds than may be was taken apart first", () => {
    expect(seedsOf("1,".repeat(500_000))).toBeUndefined()
    expect(seedsOf(Array.from({ length: 1000 }, (_, index) => 4_000_000_000 + index).join(", "))).toHaveLength(1000)
  })

  test("quotes that nobody closes hold the rest of the header: it was looked through from each of them", () => {
    const said = (ratelimit: string) => quotaIn({ get: (name) => (name === "ratelimit" ? ratelimit : null) })
    expect(said('"a";r=5;t=1, "b;r=0;t=9')).toEqual({ remaining: 5, reset: 1000 })
    expect(said('"a, b";r=5;t=1, "c";r=0;t=9')).toEqual({ remaining: 0, reset: 9000 })
  })
})
