import { stripVTControlCharacters } from "node:util"
import { describe, expect, it } from "vitest"
import { type FrameInput, frame } from "../../src/cli/demo/frame.ts"
import { createScreen } from "../../src/cli/demo/screen.ts"
import { createTally } from "../../src/cli/demo/tally.ts"
import type { GatewayState, LiveState } from "../../src/cli/demo/view.ts"

const CIRCUITS = ["closed", "open", "halfOpen"]
const SERVICES = ["catalog", "payments", "reviews"]

function gateway(guarded: boolean): GatewayState {
  const tally = createTally({ bucketMs: 1000, buckets: 16 })
  for (let at = 0; at < 15_000; at += 10) tally.record(at, { answer: "full", rejected: false, ms: 1234 })
  const rows = SERVICES.map((service, index) => ({
    service,
    circuit: guarded ? CIRCUITS[index] : undefined,
    fault: "none",
    recent: tally.recent(15_000, 1000),
    trail: tally.trail(15_000),
  }))
  return { protected: guarded, rows, totals: tally.totals(), sentToFailing: 12_345, wastedMs: 1_234_567 }
}

const STATE: LiveState = { at: 15_000, gateways: [gateway(true), gateway(false)] }
const OPENING: FrameInput["opening"] = {
  ...{ gateway: "http://127.0.0.1:40001", twin: "http://127.0.0.1:40002", to: undefined },
  ...{ seed: 12_345, perSecond: 90, durationMs: 30_000, rules: ["rule one", "rule two"] },
}
const PHASE = { at: 0, name: "reviews hangs", faults: { reviews: "hang" } }
const MOVES = Array.from({ length: 9 }, (_, index) => ({
  ...{ at: index * 1000, breaker: "payments", from: "closed", to: "open", reason: `reason ${index}` },
}))
const INPUT: FrameInput = {
  ...{ opening: OPENING, phase: PHASE, state: STATE, moves: MOVES, columns: 80, rows: 24, color: true },
}

describe("the live view", () => {
  it.each([
    [80, 24],
    [200, 60],
    [40, 12],
  ])("fits a terminal of %i × %i", (columns, rows) => {
    const lines = frame({ ...INPUT, columns, rows }).map((line) => stripVTControlCharacters(line))
    expect(lines.length).toBeLessThan(rows)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
  })

  it("shows on 80 × 24 every service, its circuit in words, the newest transition and the rules", () => {
    const text = frame({ ...INPUT, color: false }).join("\n")
    for (const word of [...SERVICES, "● closed", "■ OPEN", "◐ half-open", "no breaker", "reason 0", "rule two"]) {
      expect(text).toContain(word)
    }
    expect(text.split("\n").filter((line) => line.trimEnd().endsWith(" ███████████████"))).toHaveLength(6)
  })

  it("shows how parts stand, and keeps room for what was decided on a short screen", () => {
    const words = "calls to a 33/s, b 0/s (failing, left out), c 41/s"
    const parts = [
      { name: "ledger", words, isCalm: false },
      { name: "features", words: "checkout tested, refund blocked", isCalm: false },
    ]
    const gateways = STATE.gateways.map((one, index) => (index === 0 ? { ...one, parts } : one))
    const moves = [{ at: 1, breaker: "ledger", kind: "finding" as const, words: "endpoint b is left out" }, ...MOVES]
    const shown = frame({ ...INPUT, state: { ...STATE, gateways }, moves, rows: 30, color: false })
    expect(shown.length).toBeLessThan(30)
    for (const text of [` ledger   ${words}`, "endpoint b is left out", "reason 0", "rule two"])
      expect(shown.join("\n")).toContain(text)
    const short = frame({ ...INPUT, state: { ...STATE, gateways }, moves, rows: 24, color: false }).join("\n")
    for (const text of ["endpoint b is left out", "reason 0"]) expect(short).toContain(text)
    expect(short).not.toContain("rule one")
  })

  it("shows on 80 columns, with --to, the whole host, and the whole first line", () => {
    const opening = { ...OPENING, twin: undefined, to: "http://127.0.0.1:38123/", rules: ["rule one"] }
    const rows = STATE.gateways[0]?.rows.slice(0, 1).map((row) => ({ ...row, service: "127.0.0.1:38123" })) ?? []
    const gateways = STATE.gateways.slice(0, 1).map((gateway) => ({ ...gateway, rows }))
    const moves = MOVES.map((move) => ({ ...move, breaker: "127.0.0.1:38123" }))
    const text = frame({ ...INPUT, moves, opening, state: { at: 15_000, gateways }, color: false })
    expect(text[0]).toMatch(/^ recloser demo .*Ctrl-C stops$/)
    expect(text.find((line) => line.includes("closed"))).toMatch(/^ 127\.0\.0\.1:38123 ● closed .* ███████████████ ?$/)
    expect(text.join("\n")).not.toContain("fallb.")
    expect(text.join("\n")).toContain("127.0.0.1:38123 closed → open")
  })

  it("uses colour only when asked to, and never for the only sign", () => {
    const plain = frame({ ...INPUT, color: false }).join("\n")
    const painted = frame(INPUT).join("\n")
    expect(plain).not.toContain("\x1b")
    expect(painted).toContain("\x1b[31m")
    expect(stripVTControlCharacters(painted)).toBe(plain)
  })

  it("gives the terminal back once, whoever closes it", () => {
    let written = ""
    const terminal = {
      write: (text: string) => {
        written += text
      },
      size: () => ({ columns: 80, rows: 24 }),
    }
    const before = process.listenerCount("exit")
    const screen = createScreen(terminal, false)
    screen.open(OPENING)
    screen.refresh(STATE)
    screen.close()
    screen.close()
    screen.refresh(STATE) // too late to draw
    expect(written.endsWith("\x1b[?25h\x1b[?1049l")).toBe(true)
    expect(written.split("\x1b[?1049l")).toHaveLength(2)
    expect(process.listenerCount("exit")).toBe(before)
  })
})
