import { type BreakerOptions, createBreaker, InvalidConfig } from "recloser"
import { createMarks, redactedLog } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test, vi } from "vitest"
import { customer, endpoints, feature, found, secretive, secretWords, telltale } from "../../support/secretive.ts"

const redact = createMarks("a secret of at least 16 characters")
afterEach(() => {
  vi.restoreAllMocks()
})

/** All lines that are logged while `run` runs. */
async function logged(run: () => Promise<void>): Promise<string> {
  const lines: string[] = []
  for (const stream of ["log", "error"] as const)
    vi.spyOn(console, stream).mockImplementation((line: unknown) => void lines.push(String(line)))
  await run()
  return lines.join("\n")
}

const told = (log: BreakerOptions["log"]): Promise<string> =>
  logged(async () => {
    const scene = secretive(createVirtualClock(), log)
    await scene.happen()
    await scene.stop()
  })

/** One part of three is dead, and known by the key of a customer. */
const parts = (log: BreakerOptions["log"]): Promise<string> =>
  logged(async () => {
    const clock = createVirtualClock()
    const shards = createBreaker("shards", {}, { clock, log })
    for (let call = 0; call < 300; call++) {
      const key = ["a", "b", customer][call % 3] as string
      await shards.tryExecute(async () => (key === customer ? Promise.reject(new Error("503")) : 1), { key })
      await clock.advance(20)
    }
    await shards.stop()
  })

describe.each(["json", "human"] as const)("a redacted log, %s", (style) => {
  test("holds no key, feature, endpoint or message in clear, and the mark that stands for it elsewhere", async () => {
    const text = await told(redactedLog(style, redact))
    expect(found(text, [telltale, "10.0.0.7", ...secretWords])).toEqual([])
    expect(text).toContain(`${redact(customer)}: closed → open`)
    expect(text).toContain(`shop: dependencies: blocked: ${redact(customer)} is open`)
    expect(text).toMatch(new RegExp(`shop: features: .*${redact(feature)}`))
    expect(text).toMatch(/shop: listener threw.*: TypeError #[0-9a-f]{12}/)
    expect(text).toContain("shop: operator: auto → bypassed: trying")
  })

  test("tells of a part that is held back by the mark of its key", async () => {
    const text = await parts(redactedLog(style, redact))
    expect(found(text, [telltale])).toEqual([])
    expect(text).toMatch(new RegExp(`shards: \\\\?"${redact(customer)}\\\\?" held back; 1 held back now`))
    expect(text).toMatch(new RegExp(`shards: refused \\d+ calls?: \\\\?"${redact(customer)}\\\\?" is held back`))
  })
})

describe("a log that is not", () => {
  test("tells keys in clear, as it says, and no login all the same", async () => {
    const text = (await told("json")) + (await parts("json"))
    for (const name of [customer, feature]) expect(text).toContain(name)
    expect(found(text, secretWords)).toEqual([])
    expect(endpoints.every((one) => !found(text, [one]).some((around) => around.includes("@alice-3")))).toBe(true)
  })

  test("says the same otherwise", async () => {
    const line = (text: string) => text.replaceAll(redact(customer), customer).replaceAll(redact(feature), feature)
    const clear = (await parts("human")).split("\n")
    expect(line(await parts(redactedLog("human", redact))).split("\n")).toEqual(clear)
  })

  test.each([
    ["yaml", redact],
    ["json", "a secret"],
    [undefined, redact],
    ["json", undefined],
  ])("style %j, redact %j: is refused", (style, how) => {
    expect(() => redactedLog(style as never, how as never)).toThrow(InvalidConfig)
  })

  test.each([{}, { style: "yaml" }, { style: "json" }, null, 7, "yaml"])("%j is no log", (log) => {
    expect(() => createBreaker("shop", {}, { log: log as never })).toThrow(/options\.log: must be "human", "json"/)
  })
})
