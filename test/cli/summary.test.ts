import { describe, expect, it } from "vitest"
import { reportText } from "../../src/cli/demo/report.ts"
import { type SideSummary, statementOf } from "../../src/cli/demo/summary.ts"

const SIDE: SideSummary = {
  ...{ requests: 100, succeeded: 80, fallback: 10, failed: 10, rejected: 0, rejectedWhileWell: 0 },
  ...{ p50Ms: 10, p99Ms: 500, calls: 100, failedCalls: 20, callsToFailing: 25, wastedSeconds: 12.5, notSent: 0 },
  classes: [],
}

describe("the statement", () => {
  it("tells what was saved, from the figures", () => {
    const guarded = {
      ...SIDE,
      rejected: 21,
      callsToFailing: 5,
      wastedSeconds: 2.5,
      failed: 4,
      p99Ms: 90,
      rejectedWhileWell: 3,
      succeeded: 78,
    }
    const statement = statementOf(guarded, SIDE)
    expect(statement).toContain("kept 20 of 25 calls away from failing services")
    expect(statement).toContain("fell from 12.5 s to 2.5 s")
    expect(statement).toContain("6 fewer failed requests (10 → 4)")
    expect(statement).toContain("the price was 3 calls rejected while their service was well and 2 fewer full answers")
  })

  it("says so when nothing was saved", () => {
    expect(statementOf(SIDE, SIDE)).toContain("saved nothing")
    const useless = statementOf({ ...SIDE, rejected: 9 }, SIDE)
    expect(useless).toContain("kept no call away from a failing service")
    expect(useless).toContain("did not fall (12.5 s, 12.5 s)")
  })

  it("does not call more failures fewer", () => {
    expect(statementOf({ ...SIDE, rejected: 9, failed: 30 }, SIDE)).toContain("20 more failed requests (10 → 30)")
  })
})

describe("the report", () => {
  const summary = {
    seed: 7,
    seconds: 3,
    interrupted: true,
    protected: SIDE,
    unprotected: SIDE,
    statement: "So it was.",
  }

  it("sets both gateways side by side within 80 columns", () => {
    const lines = reportText(summary, []).split("\n")
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines.find((line) => line.includes("to a failing service"))).toMatch(/25\s+25$/)
    expect(lines.join(" ")).toContain("stopped early (seed 7)")
  })

  it("tells of each class what became of it, where calls have classes", () => {
    const of = (succeeded: number) => ({
      ...SIDE,
      classes: [{ service: "checkout", priority: "critical" as const, requests: 40, succeeded }],
    })
    const lines = reportText({ ...summary, protected: of(40), unprotected: of(10) }, []).split("\n")
    expect(lines.find((line) => line.includes("checkout (critical)"))).toMatch(/100%\s+25%$/)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it("tells phase by phase what was answered, where that is told, and whose calls are counted", () => {
    const phase = (name: string, answered: number) => ({
      ...{ name, protected: { requests: 50, answered }, unprotected: { requests: 50, answered: 10 } },
    })
    const phases = [phase("all is well", 50), phase("the ledger hangs", 25)]
    const lines = reportText({ ...summary, phases, counted: "ledger" }, []).split("\n")
    expect(lines.find((line) => line.includes("the ledger hangs"))).toMatch(/50%\s+20%$/)
    expect(lines.find((line) => line.includes("calls sent to the ledger"))).toMatch(/100\s+100$/)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it("leaves out what nobody can know about a real service", () => {
    const alone = { ...SIDE, callsToFailing: null, rejectedWhileWell: null }
    const text = reportText({ ...summary, protected: alone, unprotected: null }, [])
    expect(text).not.toContain("to a failing service")
    expect(text).not.toContain("without")
  })
})
