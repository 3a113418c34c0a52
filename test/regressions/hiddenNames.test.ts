/** What went wrong with names that are hidden from those who look on. */
import { createBreaker } from "recloser"
import { inspectActors } from "recloser/inspect"
import { createVirtualClock } from "recloser/testing"
import { describe, expect, test } from "vitest"
import type { AnyActorRef } from "xstate"
import { Mask } from "../../src/observability/redaction/mask.ts"
import { Redaction } from "../../src/observability/redaction/redaction.ts"

const masked = () =>
  new Mask(
    new Redaction(
      (text) => `#${text.length}`,
      () => true,
    ),
  )
const fleet = (first: number, count: number) => ({
  endpoints: Array.from({ length: count }, (_, index) => ({ id: `pod-${first + index}` })),
})

describe("names of which there have been more than are remembered", () => {
  // Pods come and go for months, and the settings that a breaker began with are told at the beginning of each file.
  test("were shown, where they had been told of before", () => {
    const mask = masked()
    const settings = { endpoints: [{ id: "pod-of-alice" }], reason: "pod-of-alice is away" }
    expect(JSON.stringify(mask.value(settings))).not.toContain("alice")
    for (let first = 0; first < 24_000; first += 100) mask.value(fleet(first, 100))
    expect(JSON.stringify(mask.value(settings))).not.toContain("alice")
  })

  test("were shown, where they stand beside the one that is one too many", () => {
    const mask = masked()
    mask.value(fleet(0, 19_995))
    const told = { ...fleet(30_000, 10), reason: "pod-30000 and pod-30009 are away" }
    expect(JSON.stringify(mask.value(told))).not.toContain("pod-")
  })

  test("were shown, where whoever tells of them had named them one by one", () => {
    const mask = masked()
    mask.value(fleet(0, 19_999))
    mask.know("shop-of-alice", false)
    mask.learn(fleet(30_000, 10))
    expect(mask.text("shop-of-alice and pod-30001")).not.toMatch(/alice|pod/)
  })
})

test("what an actor emits, and the actor itself where it answers with itself, were handed out as they are", async () => {
  const clock = createVirtualClock()
  const roots: AnyActorRef[] = []
  const told: unknown[] = []
  const stop = inspectActors(
    (event) => {
      if (event.type !== "@xstate.actor" || roots.length > 0) return
      const root = event.actorRef as AnyActorRef
      roots.push(root)
      root.on("*", (emitted) => void told.push(emitted))
      const [itself] = [Symbol.observable, "@@observable"].flatMap((name) => {
        const answer: unknown = Reflect.get(root, name ?? "@@observable")
        return typeof answer === "function" ? [answer.call(root) as AnyActorRef] : []
      })
      itself?.subscribe((snapshot) => void told.push(snapshot.context))
    },
    { redact: (text) => `#${text.length}` },
  )
  const config = { strategy: "basic", recovery: { features: ["portrait-of-alice"] } } as const
  const breaker = createBreaker("shop", config, { clock })
  breaker.forceOpen("maintenance")
  breaker.release("done")
  await clock.advance(100)
  const text = JSON.stringify(told, (_key, value: unknown) => (typeof value === "object" ? value : String(value)))
  expect(told.length).toBeGreaterThan(3)
  expect(text).toContain("forcedOpen")
  expect(text).not.toContain("alice")
  stop()
  await breaker.stop()
})
