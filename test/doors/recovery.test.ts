/** Features through the promise door: who may enter, who comes back, and who goes. */
import { createBreaker } from "recloser"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"

const features = { checkout: { required: true }, refund: { needs: ["checkout"] } } as const
const good = async () => "done"
const bad = async () => {
  throw new Error("down")
}

describe("recovery", () => {
  test("a feature that waits for another is refused in the layer `feature`, and says for whom", async () => {
    const clock = createVirtualClock()
    const shop = createBreaker(
      "shop",
      { strategy: { type: "basic", openFor: "1 second" }, recovery: { features } },
      { clock },
    )
    for (let call = 0; call < 20; call++) await shop.tryExecute(bad)
    expect(shop.circuit).toBe("open")
    await clock.advance("1 second")
    for (let probe = 0; probe < 2; probe++) await shop.execute(good)
    expect(shop.circuit).toBe("closed")

    const refused = shop.wouldReject({ feature: "refund" })
    expect(refused).toMatchObject({
      layer: "feature",
      heldBy: ["recovery"],
      reason: 'feature "refund" waits for "checkout"',
    })
    expect(shop.wouldReject({ feature: "checkout" })).toBeUndefined()
    expect(shop.wouldReject()).toBeUndefined()
    await shop.stop()
  })
})
