/** A host that stands still as it likes, and a recording of it: whoever plays it knows when it did, and decides as it was decided. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type BreakerConfig, createBreaker, type Permit } from "recloser"
import { startRecorder } from "recloser/inspect"
import { describe, expect, test } from "vitest"
import { readRecording } from "../../../src/observability/recording/read.ts"
import { play } from "../../../src/testing/replay/play.ts"
import { haltingClock } from "../../support/haltingClock.ts"
import { folder } from "../../support/incident.ts"
import fc from "../../support/property.ts"
import { type Asked, ask } from "../../support/sleeping.ts"

const slowCalls = { after: "50 millis" } as const
const configs: readonly BreakerConfig[] = [
  { strategy: { type: "gradual", slowCalls } },
  {
    strategy: {
      type: "basic",
      slowCalls: { ...slowCalls, ratio: 0.5 },
      window: { type: "count", calls: 20, minimumCalls: 5 },
    },
  },
  { strategy: { type: "gradual", slowCalls }, discovery: { endpoints: ["a", "b", "c"] } },
]

const step = fc.record({
  what: fc.constantFrom("enter", "enter", "enter", "end", "end", "end", "lend", "return", "step", "halt", "sleep"),
  ms: fc.integer({ min: 0, max: 120 }),
})
type Step = { readonly what: string; readonly ms: number }

/** How it was recorded, and where the replay differs. */
async function recorded(config: BreakerConfig, steps: readonly Step[]) {
  const clock = haltingClock()
  const file = join(folder(), "stalls.ndjson")
  const recorder = startRecorder({ file, clock, breakers: (name) => name === "stalling" })
  const breaker = createBreaker("stalling", config, { clock })
  const flying: Asked[] = []
  const lent: Permit[] = []
  const end = async (at: number) => {
    for (const { answer } of flying.splice(at, 1)) answer()
    // What has been answered is settled some turns later.
    for (let turn = 0; turn < 10; turn++) await undefined
  }
  for (let call = 0; call < 200; call++) {
    flying.push(ask(breaker, { key: `${call % 3}` }))
    clock.step(3)
    await end(0)
  }
  for (const { what, ms } of steps) {
    if (what === "enter") {
      flying.push(ask(breaker, { key: `${ms % 3}` }))
      clock.step(ms % 4)
    } else if (what === "lend") {
      // Some come back in time, some too late, some never.
      const ticket = breaker.acquire({ key: `${ms % 3}`, lease: ms })
      if (ticket.admitted) lent.push(ticket)
    } else if (what === "return")
      lent.splice(ms % Math.max(1, lent.length), 1)[0]?.settle(ms % 4 ? "success" : "failure")
    else if (what === "end") await end(ms % Math.max(1, flying.length))
    else if (what === "step") clock.step(ms)
    else if (what === "halt") clock.halt(ms)
    else clock.sleep(ms)
  }
  const { calls } = breaker.metrics()
  recorder.stop()
  void breaker.stop({ grace: 0 })
  const { agreed, decisions, firstDifference } = play(readRecording(file, readFileSync(file)))
  return { calls, unlike: decisions - agreed, firstDifference }
}

describe.each(configs)("recorded on a host that stands still now and then: %j", (config) => {
  test("it is played as it was", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const { unlike, firstDifference } = await recorded(config, steps)
        expect([firstDifference, unlike]).toEqual([undefined, 0])
      }),
      { numRuns: 12 },
    )
  })
})

test("that the host stood still for 60 ms was not on the recording: there its calls were slow, and opened the circuit", async () => {
  const enter = { what: "enter", ms: 0 }
  const end = { what: "end", ms: 0 }
  const twenty = (one: Step) => Array.from({ length: 20 }, () => one)
  for (const pause of ["halt", "sleep"]) {
    const steps = [...twenty(enter), { what: "step", ms: 2 }, { what: pause, ms: 60 }, ...twenty(end), ...twenty(enter)]
    const { calls, unlike, firstDifference } = await recorded(configs[0] as BreakerConfig, steps)
    expect([calls.rejected, firstDifference, unlike]).toEqual([0, undefined, 0])
  }
})
