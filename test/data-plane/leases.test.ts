/** What was lent: places of probes and permits, when they come back by themselves, and when it makes sense to ask again. */
import { describe, expect, test } from "vitest"
import { type Gate, idleGate, type Lines } from "../../machines/vocabulary/gate.ts"
import type { Judged } from "../../machines/vocabulary/outcome.ts"
import { Leases } from "../../src/data-plane/leases.ts"
import { type ProbePlace, Receipt } from "../../src/data-plane/receipt.ts"
import { Wheel } from "../../src/data-plane/wheel.ts"
import { stepClock } from "../support/stepClock.ts"

const gateOf = (lines: Lines): Gate => ({ ...idleGate, epoch: 3, lines })
const leased: Gate = gateOf({ leaseMs: 1000 })

function lender() {
  const clock = stepClock()
  const wheel = new Wheel(clock)
  const ended: (readonly [Receipt, Judged, number])[] = []
  const expired: (readonly [ProbePlace, number])[] = []
  const settler = {
    settle: () => true,
    settleAt: (receipt: Receipt, judged: Judged, now: number) => {
      ended.push([receipt, judged, now])
      leases.giveBack(receipt)
      return true
    },
    expire: (place: ProbePlace, now: number) => void expired.push([place, now]),
  }
  const leases: Leases = new Leases(wheel, settler)
  const receipt = (place?: ProbePlace) => new Receipt(settler, 3, clock.now(), place, true)
  return { clock, wheel, leases, receipt, ended, expired }
}

describe("a probe's place", () => {
  test("is taken in the gate's epoch, and its lease ends by itself", () => {
    const { clock, wheel, leases, expired } = lender()
    clock.step(50)
    const place = leases.takePlace(leased, 0, 50)
    expect([place.epoch, place.expired, leases.places.has(place), wheel.size]).toEqual([3, false, true, 1])
    clock.step(999)
    expect(expired).toEqual([])
    clock.step(1)
    expect([expired, place.expired]).toEqual([[[place, 1050]], true])
  })

  test("that comes back is free, and its lease is over", () => {
    const { clock, wheel, leases, expired } = lender()
    leases.freePlace(leases.takePlace(leased, 0, 0))
    expect([leases.places.size, wheel.size]).toEqual([0, 0])
    clock.step(5000)
    expect(expired).toEqual([])
  })

  test("is not waited for longer than until the oldest lease ends", () => {
    const { leases } = lender()
    const first = leases.takePlace(leased, 0, 0)
    leases.takePlace(leased, 0, 400)
    expect(leases.retryAt(980)).toBe(1000)
    leases.freePlace(first)
    expect(leases.retryAt(980)).toBe(1400)
    leases.takePlace(gateOf({ leaseMs: 10 }), 0, 985)
    expect(leases.retryAt(990)).toBe(995)
  })

  test("is asked for again when the last probe will have taken what calls usually take, and no sooner than in 100 ms", () => {
    const { leases } = lender()
    leases.takePlace(gateOf({ leaseMs: 100_000 }), 800, 50)
    expect([leases.retryAt(50), leases.retryAt(350), leases.retryAt(800)]).toEqual([850, 850, 1550])
  })

  test("is asked for again after as long as it has run, where nobody knows how long calls take", () => {
    const { leases } = lender()
    leases.takePlace(gateOf({ leaseMs: 100_000 }), 0, 50)
    expect([leases.retryAt(50), leases.retryAt(130), leases.retryAt(450)]).toEqual([150, 230, 850])
  })
})

describe("a permit", () => {
  test("that is not settled is ignored when its lease ends", () => {
    const { clock, wheel, leases, receipt, ended } = lender()
    clock.step(10)
    const one = receipt()
    one.isPlain = true
    clock.step(5)
    leases.lend(one, 300, 9)
    expect([one.leased, one.isPlain]).toEqual([true, false])
    clock.step(294)
    expect(ended).toEqual([])
    clock.step(1)
    expect(ended).toEqual([[one, "ignored", 310]])
    expect(wheel.size).toBe(0)
  })

  test("that is given back is not ended any more", () => {
    const { clock, wheel, leases, receipt, ended } = lender()
    const one = receipt()
    leases.lend(one, 300, 9)
    leases.giveBack(one)
    expect(wheel.size).toBe(0)
    leases.recall(5)
    clock.step(500)
    expect(ended).toEqual([])
  })

  test("of a probe ends with its place, after the lease of the strategy alone", () => {
    const { clock, wheel, leases, receipt, ended, expired } = lender()
    const place = leases.takePlace(leased, 0, 0)
    const one = receipt(place)
    leases.lend(one, 300, 2000)
    expect([place.holder, wheel.size]).toEqual([one, 1])
    clock.step(1999)
    expect([ended, expired]).toEqual([[], []])
    clock.step(1)
    expect([ended, expired]).toEqual([[], [[place, 2000]]])
  })

  test("of a probe of an earlier epoch still ends, when its place would have", () => {
    const { clock, wheel, leases, receipt, ended, expired } = lender()
    const one = receipt(leases.takePlace(leased, 0, 0))
    leases.lend(one, 300, 2000)
    leases.takePlace(leased, 0, 0)
    clock.step(500)
    leases.beginEpoch(500)
    expect([leases.places.size, wheel.size]).toEqual([0, 1])
    clock.step(1499)
    expect(ended).toEqual([])
    clock.step(1)
    expect([ended, expired]).toEqual([[[one, "ignored", 2000]], []])
  })

  test("whose lease has passed unnoticed ends at once with its epoch", () => {
    const { clock, leases, receipt, ended } = lender()
    const one = receipt(leases.takePlace(leased, 0, 0))
    leases.lend(one, 300, 2000)
    leases.beginEpoch(3000)
    clock.step(0)
    expect(ended).toEqual([])
    clock.step(3000)
    expect(ended).toEqual([[one, "ignored", 3000]])
  })

  test("is recalled with all that are out, once", () => {
    const { wheel, leases, receipt, ended } = lender()
    const [one, other] = [receipt(), receipt(leases.takePlace(leased, 0, 0))]
    leases.lend(one, 300, 9)
    leases.lend(other, 300, 9)
    leases.recall(7)
    leases.recall(8)
    expect(ended).toEqual([
      [one, "ignored", 7],
      [other, "ignored", 7],
    ])
    expect(wheel.size).toBe(1)
  })
})

test("places of a new epoch are asked for by their own leases", () => {
  const { leases } = lender()
  leases.takePlace(leased, 0, 0)
  expect(leases.retryAt(990)).toBe(1000)
  leases.beginEpoch(990)
  leases.takePlace(leased, 0, 990)
  expect(leases.retryAt(1900)).toBe(1990)
})
