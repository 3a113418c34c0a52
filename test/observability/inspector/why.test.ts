import { createBreaker } from "recloser"
import { startInspector } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import type { OverviewMessage, Row, ServerMessage } from "../../../src/observability/inspector/protocol.ts"
import { urgency } from "../../../visualizations/inspector/format.ts"
import { headline } from "../../../visualizations/inspector/overview.ts"
import { openings, probesInVain } from "../../../visualizations/inspector/replay.ts"
import type { Store } from "../../../visualizations/inspector/store.ts"
import { isOverAlready, troubledSince, whyOf } from "../../../visualizations/inspector/why.ts"
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
const episode = { at: 0, to: "degraded", reason: "9 of 12 calls were slow", isSlow: true, failedRounds: 0 }

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

  test("trouble is as old as what began it, not as the last probe that found no change", () => {
    const open = { ...well, circuit: "open", share: 0, since: 9000, episode: { ...episode, at: 1000, failedRounds: 7 } }
    expect(troubledSince(open)).toBe(1000)
    expect(troubledSince({ ...open, circuit: "halfOpen" })).toBe(1000)
    // What an operator holds is held since then, and a circuit that has closed has no trouble any more.
    expect(troubledSince({ ...open, mode: "forcedOpen" })).toBe(9000)
    expect(troubledSince({ ...open, circuit: "closed", share: 1 })).toBe(9000)
    expect(troubledSince(well)).toBe(0)
  })

  test("the headline tells a service that fails from one that is slow, and from calls that somebody holds back", () => {
    const store = { totals: { breakers: 9 }, rows: new Map() } as unknown as Store
    const open = {
      ...well,
      circuit: "open",
      share: 0,
      episode: { ...episode, to: "open", reason: "6 of 9 calls failed", isSlow: false },
    }
    const slow = { ...open, name: "reviews", episode }
    expect(headline(store, [open])).toBe("search is failing: its calls are refused.")
    const probed = { ...open, name: "ledger", circuit: "halfOpen", share: 1, probes: 1 }
    expect(headline(store, [open, probed, slow])).toBe(
      "search and ledger are failing: their calls are refused; reviews is too slow: its calls are refused.",
    )
    const held = { ...open, mode: "forcedOpen" }
    expect(headline(store, [held])).toBe("search refuses its calls.")
    expect(headline(store, [{ ...well, share: 0 }])).toBe("search refuses its calls.")
  })

  test("a probe in vain is no opening: a long outage of one config would look worse than three short ones of another", () => {
    const moves = [
      ["closed", "open"],
      ...Array.from({ length: 13 }, () => ["open", "halfOpen", "halfOpen", "open"]).flatMap(([a, b, c, d]) => [
        [a, b],
        [c, d],
      ]),
      ["open", "halfOpen"],
      ["halfOpen", "ramping"],
      ["ramping", "open"],
    ].map(([from = "", to = ""], at) => ({ afterMs: 1000 * at, from, to, reason: "because" }))
    const dealt = { moves, sent: 0, refused: 0, failed: 0, succeeded: 0, refusedWell: 0 }
    expect(openings(dealt).map(({ from }) => from)).toEqual(["closed", "ramping"])
    expect(probesInVain(dealt)).toBe(13)
  })

  test("what was refused by a circuit that has closed since is no trouble of now", () => {
    expect(isOverAlready({ ...well, refused: 8 })).toBe(true)
    expect(isOverAlready({ ...well, refused: 8, refusedBy: "limit" })).toBe(false)
    for (const circuit of ["open", "halfOpen", "ramping", "degraded"])
      expect(isOverAlready({ ...well, refused: 8, circuit })).toBe(false)
    expect(isOverAlready({ ...well, refused: 8, share: 0.5 })).toBe(false)
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

  test("whether calls were slow is counted, and not read out of words: an operator's reason or a name says nothing of it", async () => {
    const clock = createVirtualClock()
    const ours = ["were slow", "late"]
    const inspector = await startInspector({ clock, breakers: (name) => ours.includes(name) })
    const strategy = {
      ...({ type: "basic", openFor: "1 minute", window: { type: "count", calls: 20 } } as const),
      slowCalls: { after: "100 millis", ratio: 0.5 },
    } as const
    const [failing, late] = ours.map((name) =>
      createBreaker(name, { strategy, timeout: false, priority: false }, { clock }),
    )
    const page = await openPage(inspector)
    const slowly = async () => {
      const ended = late?.tryExecute(() => new Promise<void>((resolve) => clock.arm(200, resolve, false)))
      await clock.advance(200)
      await ended
    }
    try {
      for (let call = 0; call < 20; call++) {
        await failing?.tryExecute(async () => Promise.reject(new Error("these were slow")))
        await slowly()
      }
      await clock.advance(1000)
      const bothOpen = (message: ServerMessage): message is OverviewMessage =>
        isOverview(message) && message.rows.filter(({ circuit }) => circuit === "open").length === 2
      const { rows } = await page.until(bothOpen)
      const said = rows.map(({ name, episode }) => [name, episode?.isSlow])
      expect(said.sort()).toEqual([
        ["late", true],
        ["were slow", false],
      ])
    } finally {
      page.close()
      await inspector.stop()
      for (const breaker of [failing, late]) void breaker?.stop({ grace: 0 })
    }
  })
})
