import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type FaultyService, openService, WELL } from "../../src/cli/demo/faultyService.ts"

let service: FaultyService

beforeEach(async () => {
  service = await openService({ name: "reviews", seed: 1, workers: 1, line: 1 })
})
afterEach(() => service.close())

const statusOf = async (request: Promise<Response>) => (await request).status

async function untilReceived(count: number): Promise<void> {
  while (service.received < count) await new Promise((resolve) => setImmediate(resolve))
}

describe("a service whose faults are switched while it runs", () => {
  it("answers 200, then 503, then 200 again", async () => {
    expect(await statusOf(fetch(service.url))).toBe(200)
    await service.switchTo({ kind: "errors" })
    expect(await statusOf(fetch(service.url))).toBe(503)
    await service.switchTo(WELL)
    expect(await statusOf(fetch(service.url))).toBe(200)
  })

  it("hangs until it is well again, then answers who still waits", async () => {
    await service.switchTo({ kind: "hang" })
    let settled = false
    const hanging = fetch(service.url).finally(() => {
      settled = true
    })
    await untilReceived(1)
    expect(settled).toBe(false)
    await service.switchTo(WELL)
    expect(await statusOf(hanging)).toBe(200)
  })

  it("is full once its worker hangs and its line is taken", async () => {
    await service.switchTo({ kind: "hang" })
    const first = fetch(service.url)
    const second = fetch(service.url)
    await untilReceived(2)
    expect(await statusOf(fetch(service.url))).toBe(503)
    await service.switchTo(WELL)
    expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200])
  })

  it("refuses connections and comes back", async () => {
    await service.switchTo({ kind: "refused" })
    await expect(fetch(service.url)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } })
    await service.switchTo(WELL)
    expect(await statusOf(fetch(service.url))).toBe(200)
  })

  it("drops the connections it has when it starts to refuse", async () => {
    await service.switchTo({ kind: "hang" })
    const open = fetch(service.url)
    const dropped = expect(open).rejects.toThrow("fetch failed")
    await untilReceived(1)
    await service.switchTo({ kind: "refused" })
    await dropped
  })
})

describe("a slow service", () => {
  it("lets a later, quick request overtake", async () => {
    const wide = await openService({ name: "payments", seed: 1, workers: 2, line: 0 })
    await wide.switchTo({ kind: "latency", ms: 400 })
    const order: string[] = []
    const slow = fetch(wide.url).then(() => order.push("slow"))
    while (wide.received < 1) await new Promise((resolve) => setImmediate(resolve))
    await wide.switchTo(WELL)
    await fetch(wide.url).then(() => order.push("quick"))
    await slow
    await wide.close()
    expect(order).toEqual(["quick", "slow"])
  })
})
