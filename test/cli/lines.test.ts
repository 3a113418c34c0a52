import { describe, expect, it } from "vitest"
import { createLines } from "../../src/cli/demo/lines.ts"
import { createTally } from "../../src/cli/demo/tally.ts"
import type { Opening } from "../../src/cli/demo/view.ts"

const OPENING: Opening = {
  ...{ gateway: "http://127.0.0.1:40001", twin: "http://127.0.0.1:40002", to: undefined },
  ...{ seed: 7, perSecond: 90, durationMs: 30_000, rules: ["rule one", "rule two"] },
}

function written(opening: Opening, service: string): string {
  let text = ""
  const tally = createTally({ bucketMs: 1000, buckets: 16 })
  tally.record(500, { answer: "full", rejected: false, ms: 5 })
  const recent = tally.recent(1000, 1000)
  const row = { service, circuit: "halfOpen", fault: undefined, recent, trail: [] }
  const totals = tally.totals()
  const lines = createLines((more) => {
    text += more
  })
  lines.open(opening)
  lines.refresh({
    at: 1000,
    gateways: [{ protected: true, rows: [row], totals, sentToFailing: undefined, wastedMs: 0 }],
  })
  return text
}

describe("the view for pipes", () => {
  it("leaves a gap after a name of any length, which once ran into the circuit", () => {
    for (const service of ["reviews", "127.0.0.1:38123", "a-long-name.of-some-service.example.com:8443"]) {
      expect(written(OPENING, service)).toContain(`${service}  `)
      expect(written(OPENING, service)).toMatch(/ half-open +1\/s full 100%/)
    }
  })

  it("speaks of each gateway only where there are two, and says what its figures are", () => {
    expect(written(OPENING, "reviews")).toContain("load: 90 requests/s to each gateway, seed 7")
    const alone = written({ ...OPENING, twin: undefined, to: "http://service.example/" }, "service.example")
    expect(alone).toContain("load: 90 requests/s to the gateway, seed 7")
    expect(alone).toContain("gateway with a breaker: http://127.0.0.1:40001")
    expect(alone).not.toMatch(/each gateway|twin/)
    expect(written(OPENING, "reviews")).toMatch(/answered in full, by a fallback, or rejected[\s\S]* fallback +0%/)
    for (const without of [alone, written({ ...OPENING, hasFallback: false }, "reviews")]) {
      expect(without).toMatch(/answered in full, or rejected/)
      expect(without).not.toContain("fallback")
    }
  })

  it("tells what was found, who is to blame and what callers are told, each with its breaker", () => {
    let text = ""
    const lines = createLines((more) => {
      text += more
    })
    lines.told({ at: 2500, breaker: "ledger", kind: "finding", words: "endpoint b is left out" })
    lines.told({ at: 8500, breaker: "orders", kind: "dependency", words: "dependencies blocked: ledger is open" })
    lines.told({ at: 8500, breaker: "orders", kind: "refusal", words: "rejected (dependency): ledger is open" })
    expect(text.split("\n")).toEqual([
      "  2.5 s  FINDING   ledger: endpoint b is left out",
      "  8.5 s  CAUSE     orders: dependencies blocked: ledger is open",
      "  8.5 s  REFUSED   orders: rejected (dependency): ledger is open",
      "",
    ])
  })

  it("tells calm seconds once, until a phase begins, a call fails, or a part is not calm", () => {
    let text = ""
    const lines = createLines((more) => {
      text += more
    })
    const second = (at: number, full: boolean, isCalm: boolean) => {
      const tally = createTally({ bucketMs: 1000, buckets: 16 })
      tally.record(500, { answer: full ? "full" : "failed", rejected: false, ms: 5 })
      const row = { service: "orders", circuit: "closed", fault: "none", recent: tally.recent(1000, 1000), trail: [] }
      const parts = [{ name: "ledger", words: "calls to a", isCalm }]
      const sums = { totals: tally.totals(), sentToFailing: undefined, wastedMs: 0 }
      lines.refresh({ at: 1000 * at, gateways: [{ protected: true, rows: [row], parts, ...sums }] })
    }
    for (const at of [1, 2]) second(at, true, true)
    lines.phase({ at: 2500, name: "a fault", faults: {} })
    for (const at of [3, 4]) second(at, true, true)
    for (const at of [5, 6]) second(at, false, true)
    for (const at of [7, 8]) second(at, true, false)
    for (const at of [9, 10]) second(at, true, true)
    const told = text.split("\n").filter((line) => line.includes("orders"))
    expect(told.map((line) => line.trim().split(" ")[0])).toEqual(["1.0", "3.0", "5.0", "6.0", "7.0", "8.0", "9.0"])
  })

  it("opens with lines that fit 80 columns", () => {
    const opening = written(OPENING, "reviews").split("\n\n")[0] ?? ""
    expect(Math.max(...opening.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80)
  })
})
