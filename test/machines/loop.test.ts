/** Which loops a breaker has after an event: pure steps, of which the root makes actors. */
import { describe, expect, test } from "vitest"
import { createActor, waitFor } from "xstate"
import { type Loop, loop, loopsAfter } from "../../machines/loop.ts"
import type { Phase } from "../../machines/vocabulary/gate.ts"

const run = () => Promise.resolve()
const one = (id: string): Loop => ({ id, input: { run: () => Promise.resolve(id) } })
const changed = (id: string, to: (() => Promise<unknown>) | undefined) =>
  ({ type: "loop.changed", at: 5, id, run: to }) as const

describe("loops", () => {
  const [checks, watch] = [one("health.checks"), one("discovery.provider")]

  test.each(["starting", "active"] as const)("begin while it is %s, each in place of the one of its name", (phase) => {
    const event = changed("health.checks", run)
    const spawn = { id: "health.checks", input: { run } }
    expect(loopsAfter({ loops: [checks, watch], phase }, event)).toEqual({
      ...{ loops: [watch, spawn], stop: [event], spawn },
    })
    expect(loopsAfter({ loops: [], phase }, event)).toEqual({ loops: [spawn], stop: [event], spawn })
  })

  test.each(["idle", "draining", "stopped"] as const satisfies readonly Phase[])(
    "begin no more when it is %s",
    (phase) => {
      const event = changed("health.checks", run)
      expect(loopsAfter({ loops: [checks, watch], phase }, event)).toEqual({
        ...{ loops: [watch], stop: [event], spawn: undefined },
      })
    },
  )

  test("end one by one where there is nothing to do any more, and all at once with the breaker", () => {
    const event = changed("discovery.provider", undefined)
    const loops = [checks, watch]
    expect(loopsAfter({ loops, phase: "active" }, event)).toEqual({ loops: [checks], stop: [event], spawn: undefined })
    expect(loopsAfter({ loops, phase: "active" }, { type: "breaker.stopped" })).toEqual({
      ...{ loops: [], stop: loops, spawn: undefined },
    })
  })

  test("run until their actor is stopped, and are told by their signal", async () => {
    const signals: AbortSignal[] = []
    const input = {
      run: (signal: AbortSignal) => {
        signals.push(signal)
        return new Promise(() => {})
      },
    }
    const actor = createActor(loop, { input }).start()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    actor.stop()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    const ended = createActor(loop, { input: { run: () => Promise.resolve("over") } }).start()
    expect(await waitFor(ended, ({ status }) => status === "done")).toMatchObject({ output: "over" })
  })
})
