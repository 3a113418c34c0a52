/** The ear by itself: whose answers it hears, and what it takes them to mean. */
import { describe, expect, test } from "vitest"
import { idleGate } from "../../machines/vocabulary/gate.ts"
import type { Asking } from "../../machines/vocabulary/outcome.ts"
import { Ear, earUnder } from "../../src/data-plane/ear.ts"
import { Receipt } from "../../src/data-plane/receipt.ts"
import { barePlane } from "../support/barePlane.ts"

const overrun: Asking = {
  ...{ kind: "failure", trip: false, retryAfterMs: undefined },
  quota: { exceeded: true, retryAfterMs: 500 },
}
const { plane } = barePlane()
const place = (more: object = {}) => ({ epoch: 1, ...more }) as ConstructorParameters<typeof Receipt>[3]
const call = (epoch = 1, counted = true, probe = false) =>
  new Receipt(plane, epoch, 0, probe ? place() : undefined, counted)

describe("what a service says of its limits", () => {
  test("is nothing ill of the service, where it refuses by them", () => {
    const ear = new Ear(1000)
    expect(ear.meaningOf(overrun)).toBe("ignored")
    const granted: Asking = { ...overrun, quota: { exceeded: false, remaining: 3, resetAfterMs: 100 } }
    const silent: Asking = { kind: "failure", trip: true, retryAfterMs: 5 }
    expect([ear.meaningOf(granted), ear.meaningOf(silent), ear.meaningOf("failure")]).toEqual([
      granted,
      silent,
      "failure",
    ])
  })

  test("is heard of ordinary calls of the epoch in force alone, and told with it", () => {
    const from = (receipt: Receipt) => new Ear(1000).hearFrom(receipt, 1, overrun, "ignored", 10)
    expect(from(call())).toEqual({
      ...{ type: "throttle.told", at: 10, epoch: 1, overMs: 0, answered: 0, exceeded: 1, waitMs: 500 },
    })
    expect([from(call(2)), from(call(1, false))]).toEqual([undefined, undefined])
  })

  test("is heard of a probe where it was refused by them, and not else", () => {
    const ear = new Ear(1000)
    expect(ear.hearFrom(call(1, true, true), 1, "success", "success", 10)).toBeUndefined()
    expect(ear.hearFrom(call(1, true, true), 1, overrun, "ignored", 10)).toMatchObject({ answered: 0, waitMs: 500 })
    // Of an ordinary call any answer is.
    ear.hearFrom(call(), 1, "success", "success", 20)
    ear.hearFrom(call(), 1, overrun, "ignored", 30)
    expect(ear.hearFrom(call(), 1, "success", "success", 1010)).toMatchObject({ answered: 2, exceeded: 1 })
  })

  test("is nothing in most answers: each of them counts, the first and those that are due as well", () => {
    const ear = new Ear(1000)
    expect([0, 500, 999].map((at) => ear.hearPlain(3, at))).toEqual([undefined, undefined, undefined])
    expect(ear.hear(overrun, 999)).toMatchObject({ answered: 3, exceeded: 1 })
    ear.hear({ ...overrun, quota: { exceeded: true } }, 1500)
    expect(ear.hearPlain(3, 1998)).toBeUndefined()
    expect(ear.hearPlain(3, 1999)).toEqual({
      ...{ type: "throttle.told", at: 1999, epoch: 3, overMs: 1000, answered: 2, exceeded: 1 },
    })
    expect(ear.hearPlain(3, 2998)).toBeUndefined()
  })
})

test("an ear is there while somebody wants to hear, and goes on where it was", () => {
  const { lines } = idleGate
  expect(earUnder(lines, undefined)).toBeUndefined()
  const ear = earUnder({ toldMs: 1000 }, undefined)
  expect(ear).toBeInstanceOf(Ear)
  expect([earUnder({ toldMs: 500 }, ear), earUnder(lines, ear)]).toEqual([ear, undefined])
})
