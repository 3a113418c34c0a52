/** What a service says about its limits: what of it is news, at its edges, worked out by hand. */
import { describe, expect, test } from "vitest"
import { freshHearing, type Hearing, listen, type Quota } from "../../machines/vocabulary/quota.ts"

const toldMs = 1000
const heard = (more: Partial<Hearing> = {}): Hearing => ({ ...freshHearing(0), ...more })
const refusal = (more: Partial<Quota> = {}): Quota => ({ exceeded: true, ...more })
const grant = (remaining: number, resetAfterMs: number): Quota => ({ exceeded: false, remaining, resetAfterMs })

test("who has heard nothing knows since when, and of no wait", () => {
  expect(freshHearing(7)).toEqual({ since: 7, answered: 0, exceeded: 0, heldUntil: Number.NEGATIVE_INFINITY })
})

describe("an answer", () => {
  test("that says nothing is counted, and no news, be it due or not", () => {
    const hearing = heard()
    expect([listen(hearing, undefined, toldMs, 10), listen(hearing, undefined, toldMs, 5000)]).toEqual([
      undefined,
      undefined,
    ])
    expect(hearing).toEqual(heard({ answered: 2 }))
  })

  test("counts for ten seconds when there is no news", () => {
    const hearing = heard({ answered: 5 })
    listen(hearing, undefined, toldMs, 9999)
    expect(hearing).toEqual(heard({ answered: 6 }))
    listen(hearing, undefined, toldMs, 10_000)
    expect(hearing).toEqual(heard({ since: 10_000 }))
  })
})

describe("a refusal by the limits", () => {
  test("is told when it is due, with what was answered beside it", () => {
    const hearing = heard({ answered: 3 })
    expect([listen(hearing, refusal(), toldMs, 500), listen(hearing, refusal(), toldMs, 999)]).toEqual([
      undefined,
      undefined,
    ])
    expect(listen(hearing, undefined, toldMs, 1000)).toEqual({
      ...{ type: "throttle.told", at: 1000, overMs: 1000, answered: 4, exceeded: 2 },
    })
    expect(hearing).toEqual(heard({ since: 1000 }))
  })

  test("that asks for a wait is told at once; the same wait is told once, and a later one again", () => {
    const hearing = heard()
    expect(listen(hearing, refusal({ retryAfterMs: 2000 }), toldMs, 10)).toEqual({
      ...{ type: "throttle.told", at: 10, overMs: 10, answered: 0, exceeded: 1, waitMs: 2000 },
    })
    expect(hearing).toEqual(heard({ since: 10, heldUntil: 2010 }))
    expect(listen(hearing, refusal({ retryAfterMs: 2000 }), toldMs, 110)).toBeUndefined()
    expect(listen(hearing, refusal({ retryAfterMs: 2000 }), toldMs, 110.5)).toMatchObject({ waitMs: 2000, exceeded: 2 })
    expect(hearing.heldUntil).toBe(2110.5)
  })

  test("that is due while the wait is known says nothing of it", () => {
    const hearing = heard({ heldUntil: 5000 })
    expect(listen(hearing, refusal({ retryAfterMs: 1000 }), toldMs, 1000)).toEqual({
      ...{ type: "throttle.told", at: 1000, overMs: 1000, answered: 0, exceeded: 1 },
    })
    expect(hearing.heldUntil).toBe(5000)
  })

  test("asks for what is left of the time where nothing is left, and for nothing where something is", () => {
    const waitOf = (quota: Quota) => listen(heard(), quota, toldMs, 10)?.waitMs
    expect(waitOf(refusal({ remaining: 0, resetAfterMs: 700 }))).toBe(700)
    expect(waitOf(refusal({ remaining: 0, resetAfterMs: 700, retryAfterMs: 300 }))).toBe(300)
    expect(waitOf(refusal({ remaining: 1, resetAfterMs: 700 }))).toBeUndefined()
    expect(waitOf(refusal({ remaining: 0 }))).toBeUndefined()
    expect(waitOf({ exceeded: false, retryAfterMs: 300 })).toBeUndefined()
  })
})

describe("what a service still grants", () => {
  test("is told when it is due, and at this pace more will be asked", () => {
    // Ten answers a second, four seconds to go: forty.
    const told = (remaining: number, at = 1000) => listen(heard({ answered: 9 }), grant(remaining, 4000), toldMs, at)
    expect(told(39)).toEqual({
      ...{ type: "throttle.told", at: 1000, overMs: 1000, answered: 10, exceeded: 0 },
      ...{ remaining: 39, resetAfterMs: 4000 },
    })
    expect([told(40), told(39, 999), told(41)]).toEqual([undefined, undefined, undefined])
  })

  test("is not told beside a wait that comes before it is due", () => {
    const told = listen(heard({ answered: 9 }), { ...refusal({ retryAfterMs: 500 }), ...{ remaining: 0 } }, toldMs, 10)
    expect(told).toEqual({ type: "throttle.told", at: 10, overMs: 10, answered: 9, exceeded: 1, waitMs: 500 })
  })

  test("is not weighed where half of it is unsaid", () => {
    const told = (quota: Quota) => listen(heard({ answered: 9 }), quota, toldMs, 1000)
    expect(told({ exceeded: false, remaining: 0 })).toBeUndefined()
    expect(told({ exceeded: false, resetAfterMs: 4000 })).toBeUndefined()
  })
})
