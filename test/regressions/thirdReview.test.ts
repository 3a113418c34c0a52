/** What a reading of the shorter ways and of the redacted log has found. */
import { type BreakerConfig, createBreaker, createBreakers } from "recloser"
import { createMarks, redactedLog } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { afterEach, describe, expect, test, vi } from "vitest"
import { withoutSecrets } from "../../src/observability/redaction/secrets.ts"
import { customer, feature, telltale } from "../support/secretive.ts"

const redact = createMarks("a secret of at least 16 characters")
afterEach(() => {
  vi.restoreAllMocks()
})

/** What is logged from now on. */
function logged(): string[] {
  const lines: string[] = []
  for (const stream of ["log", "error"] as const)
    vi.spyOn(console, stream).mockImplementation((line: unknown) => void lines.push(String(line)))
  return lines
}

const fail = async () => Promise.reject(new Error("down"))

describe("a redacted log of a breaker that knew names that its log had not heard of, or had forgotten", () => {
  test("told in clear the feature that was held back when it was saved", async () => {
    const clock = createVirtualClock()
    const config: BreakerConfig = { recovery: { features: { [feature]: {}, plain: {} }, minimumSamples: 2 } }
    const before = createBreaker("shop", config, { clock })
    for (let call = 0; call < 60; call++) {
      const isIll = call % 4 === 0
      await before.tryExecute(isIll ? fail : async () => 1, { feature: isIll ? feature : "plain" })
      await clock.advance(20)
    }
    const restore = before.save()
    await before.stop()
    const lines = logged()
    const after = createBreaker("shop", config, { clock, restore, log: redactedLog("human", redact) })
    await after.tryExecute(async () => 1, { feature })
    await after.stop()
    expect(lines.join("\n")).not.toContain(telltale)
    expect(lines.join("\n")).toContain(`refused 1 call: feature "${redact(feature)}" is held back`)
  })

  test("told in clear on whom it depends, once a thousand others had told something by the same log", async () => {
    const clock = createVirtualClock()
    const lines = logged()
    const log = redactedLog("human", redact)
    const customers = createBreakers({}, { clock, log })
    const shop = createBreaker("shop", { strategy: { type: "dependency", own: "basic" } }, { clock, log })
    shop.addDependency(customers.get(customer), { type: "critical" })
    customers.get(customer).forceOpen("maintenance")
    for (let key = 0; key <= 1000; key++) customers.get(`${key}`).forceOpen("maintenance")
    await shop.tryExecute(async () => 1)
    await Promise.all([shop.stop(), customers.stop()])
    expect(lines.join("\n")).not.toContain(telltale)
    expect(lines.join("\n")).toContain(`refused 1 call: ${redact(customer)} is open`)
  })
})

describe("a text with colons and no login", () => {
  // Longer than a test may take for this one, when each colon was looked behind to the end.
  test("took its square to be read over, on every line of a log", () => {
    const text = ":".repeat(200_000)
    expect(withoutSecrets(`${text}?`)).toBe(`${text}?`)
  })
})
