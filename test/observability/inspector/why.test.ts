import { createBreaker } from "recloser"
import { startInspector } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import type { OverviewMessage, Row, ServerMessage } from "../../../src/observability/inspector/protocol.ts"
import { urgency } from "../../../visualizations/inspector/format.ts"
import { whyOf } from "../../../visualizations/inspector/why.ts"
import { isOverview, openPage } from "../../support/listening.ts"

const well: Row = {
  id: "1",
  name: "search",
  circuit: "closed",
  mode: "auto",
  phase: "active",
  ...{ share: 1, probes: 0, sent: 20, failing: 0, refused: 0, refusedBy: "", inFlight: 0, p50: 10, p99: 30 },
  ...{ heldParts: 0, heldBy: [], since: 0, reason: "", retryAt: 0, cause: "" },
}
const episode = { at: 0, to: "degraded", reason: "9 of 12 calls were slow", failedRounds: 0 }

const refusing =
  (isRefusing: boolean) =>
  (message: ServerMessage): message is OverviewMessage =>
    isOverview(message) && message.rows.some(({ refused }) => refused > 0 === isRefusing)

describe("why a breaker stands as it does, in words", () => {
  test("every call is sent only where none is refused", () => {
    expect(whyOf(well)).toBe("Every call is sent.")
    for (const refusedBy of ["limit", "queue", "rateLimit", "priority", "discovery", "feature"])
      expect(whyOf({ ...well, refused: 13, refusedBy })).toMatch(/^13 calls a second are refused: \S/)
  })

  test("a degraded circuit says since when, on what, and what it refuses", () => {
    const degraded = { ...well, circuit: "degraded", episode }
    expect(whyOf(degraded)).toMatch(/^Degraded since \S+: 9 of 12 calls were slow\.$/)
    expect(whyOf({ ...degraded, refused: 13, refusedBy: "queue" })).toMatch(
      /slow\. 13 calls a second are refused: as many are in flight as may be, and no place became free in time\.$/,
    )
  })

  test("a circuit that ramps and was never open has not opened", () => {
    const ramping = { ...well, circuit: "ramping", share: 0.67, reason: "less load helped", episode }
    expect(whyOf(ramping)).toMatch(/^Degraded since \S+: 9 of 12 calls were slow\. Now: less load helped\.$/)
    expect(whyOf({ ...ramping, episode: { ...episode, to: "open" } })).toMatch(/^Opened /)
  })

  test("who refuses is told of what was refused lately, not of what was refused once", async () => {
    const clock = createVirtualClock()
    const inspector = await startInspector({ clock, breakers: (name) => name === "busy" })
    const busy = createBreaker("busy", { priority: { limit: 1, queue: false }, rateLimit: { limit: 100 } }, { clock })
    const page = await openPage(inspector)
    try {
      void busy.tryExecute(() => new Promise(() => {}))
      for (let call = 0; call < 3; call++) await busy.tryExecute(async () => {})
      await clock.advance(1000)
      const seen = await page.until(refusing(true))
      expect(seen.rows).toMatchObject([{ circuit: "closed", refusedBy: "limit" }])
      for (let second = 0; second < 6; second++) await clock.advance(1000)
      expect((await page.until(refusing(false))).rows).toMatchObject([{ refusedBy: "" }])
    } finally {
      page.close()
      await inspector.stop()
      void busy.stop({ grace: 0 })
    }
  })

  test("a circuit that has closed refuses nothing any more, whatever it refused a second ago", async () => {
    const clock = createVirtualClock()
    const inspector = await startInspector({ clock, breakers: (name) => name === "back" })
    const strategy = { type: "basic", window: { type: "consecutive", failures: 2 }, openFor: "1 second" } as const
    const back = createBreaker("back", { strategy, timeout: false, priority: false }, { clock })
    const page = await openPage(inspector)
    try {
      for (let call = 0; call < 9; call++) await back.tryExecute(async () => Promise.reject(new Error("503")))
      await clock.advance(1200)
      for (let probe = 0; probe < 2; probe++) await back.tryExecute(async () => {})
      await clock.advance(1000)
      const closed = (message: ServerMessage): message is OverviewMessage =>
        isOverview(message) && message.rows.some(({ circuit, sent }) => circuit === "closed" && sent > 0)
      const [row] = (await page.until(closed)).rows
      expect(row).toMatchObject({ circuit: "closed", refusedBy: "" })
      expect(row?.refused).toBeGreaterThan(0)
      expect(urgency(row as Row)).toBe(0)
    } finally {
      page.close()
      await inspector.stop()
      await back.stop()
    }
  })
})
