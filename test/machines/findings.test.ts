/** What one part finds reaches those that can use it through the root: parts never address one another. */
import { breakerLogic, prediction } from "recloser/machines"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { createActor, type Snapshot } from "xstate"

describe("findings", () => {
  test("that features are held back reaches prediction, which learns nothing of the load that is left", async () => {
    const clock = createVirtualClock()
    const actor = createActor(breakerLogic, {
      clock,
      input: {
        name: "shop",
        strategy: "basic",
        recovery: { features: ["pay", "search"] },
        prediction: true,
        timeout: false,
        priority: false,
      },
    }).start()
    const settle = (feature: string, kind: "success" | "failure") =>
      actor.send({ type: "outcome.settled", at: clock.now(), kind, durationMs: 1, feature })
    const states = () => {
      const child = (key: string) =>
        actor.getSnapshot().children[key]?.getSnapshot() as Snapshot<unknown> & { value: string }
      const report: unknown = prediction.report?.(child("prediction"), clock.now())
      return [child("recovery").value, (report as { readonly state: string }).state]
    }
    for (let n = 0; n < 100; n++) {
      await clock.advance(10)
      for (const feature of ["pay", "search"]) settle(feature, "success")
    }
    expect(states()).toEqual(["full", "cold"])
    for (let n = 0; n < 20; n++) {
      settle("search", "failure")
      settle("pay", "success")
    }
    expect(states()).toEqual(["partial", "frozen"])
    await clock.advance("20 seconds")
    expect(states()).toEqual(["full", "cold"])
    actor.stop()
  })
})
