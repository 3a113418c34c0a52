import { describe, expect, it } from "vitest"
import { createLines } from "../../src/cli/demo/lines.ts"
import { foldingRounds } from "../../src/cli/demo/rounds.ts"
import type { Summary } from "../../src/cli/demo/summary.ts"

/** What is told of moves such as `payments closed open`, one every second, and of a run that ends after them. */
function told(moves: readonly string[], seconds?: number): readonly string[] {
  let text = ""
  const view = foldingRounds({
    ...createLines((more) => {
      text += more
    }),
    summary: () => {},
  })
  for (const [index, move] of moves.entries()) {
    const [breaker = "", from = "", to = ""] = move.split(" ")
    view.transition({ at: 1000 * index, breaker, from, to, reason: "because" })
  }
  if (seconds !== undefined) view.summary({ seconds } as Summary)
  return text.split("\n").slice(0, -1)
}

const round = ["payments open halfOpen", "payments halfOpen open"]

describe("rounds of probes that find no change", () => {
  it("are told once, and counted until something else happens", () => {
    const moves = ["payments closed open", ...round, ...round, ...round, "payments open halfOpen"]
    expect(told([...moves, "payments halfOpen ramping", "payments ramping closed"])).toEqual([
      "  0.0 s  CIRCUIT   payments closed → open: because",
      "  1.0 s  CIRCUIT   payments open → half-open: because",
      "  2.0 s  CIRCUIT   payments half-open → open: because",
      "  7.0 s  PROBES    payments: 2 more probes found no change",
      "  7.0 s  CIRCUIT   payments open → half-open: because",
      "  8.0 s  CIRCUIT   payments half-open → ramping: because",
      "  9.0 s  CIRCUIT   payments ramping → closed: because",
    ])
  })

  it("are told of at the end of the run, where the outage outlives it", () => {
    expect(told(["payments closed open", ...round, ...round], 9)).toEqual([
      "  0.0 s  CIRCUIT   payments closed → open: because",
      "  1.0 s  CIRCUIT   payments open → half-open: because",
      "  2.0 s  CIRCUIT   payments half-open → open: because",
      "  9.0 s  PROBES    payments: one more probe found no change",
    ])
  })

  it("are those of one breaker, and of one outage", () => {
    const again = ["payments closed open", ...round]
    const well = ["payments open halfOpen", "payments halfOpen closed"]
    expect(told([...again, "reviews closed open", ...well, ...again])).toHaveLength(9)
    expect(told(["payments closed open", "payments open halfOpen", "payments halfOpen closed"])).toHaveLength(3)
    // Opened again on the way back: that is news.
    const back = ["payments open halfOpen", "payments halfOpen ramping", "payments ramping open"]
    expect(told([...again, ...back, ...round])).toHaveLength(8)
  })
})
