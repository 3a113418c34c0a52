/** What becomes of endpoints from gate to gate. */
import { expect, test } from "vitest"
import type { Endpoints } from "../../src/data-plane/endpoints/endpoints.ts"
import type { Site } from "../../src/data-plane/endpoints/site.ts"
import { endpointsUnder } from "../../src/data-plane/endpoints/underGate.ts"
import { Receipt, type Settler } from "../../src/data-plane/receipt.ts"
import { endpointsOf, lineOf } from "../support/endpointPlane.ts"

const pace = { isLong: () => false, isSlow: () => false }

const idsOf = (endpoints: Endpoints | undefined) => endpoints?.sites.map(({ facts }) => facts.id)

function called(endpoints: Endpoints, now: number): Receipt {
  const receipt = new Receipt({} as Settler, 1, now)
  endpoints.enter(receipt, false, now)
  return receipt
}

test("a gate that names endpoints for the first time has them made, and another goes on with what was measured of them", () => {
  const host = { now: () => 1000 }
  const first = endpointsUnder({ endpoints: lineOf(endpointsOf("a", "b")) }, undefined, pace, host) as Endpoints
  expect(idsOf(first)).toEqual(["a", "b"])
  const [known] = first.sites
  expect(endpointsUnder({ endpoints: lineOf(endpointsOf("a", "c")) }, first, pace, host)).toBe(first)
  expect([idsOf(first), first.sites[0] === known]).toEqual([["a", "c"], true])
})

test("a gate that names none has calls sent nowhere, and what ends late is no call of those that the next one names", () => {
  const host = { now: () => 1000 }
  const lines = { endpoints: lineOf(endpointsOf("a")) }
  expect(endpointsUnder({}, undefined, pace, host)).toBeUndefined()
  const first = endpointsUnder(lines, undefined, pace, host) as Endpoints
  const { site } = called(first, 1000)
  expect([site?.isGone, endpointsUnder({}, first, pace, host), site?.isGone]).toEqual([false, undefined, true])
  const second = endpointsUnder(lines, undefined, pace, host) as Endpoints
  expect([second === first, second.sites[0] === site, idsOf(second)]).toEqual([false, false, ["a"]])
})

test("one that a later gate adds starts slowly from then on, and not from when the first was made", () => {
  let now = 1000
  const host = { now: () => now }
  const endpoints = endpointsUnder({ endpoints: lineOf(endpointsOf("a", "b")) }, undefined, pace, host) as Endpoints
  now = 100_000
  endpointsUnder({ endpoints: lineOf(endpointsOf("a", "b", "new")) }, endpoints, pace, host)
  /** How many of 900 calls, each of which ends at once, go to the new one. */
  const went = () => {
    let calls = 0
    for (let call = 0; call < 900; call++) {
      const receipt = called(endpoints, now)
      const site = receipt.site as Site
      if (site.facts.id === "new") calls++
      endpoints.leave(site, receipt, "success", true, now)
    }
    return calls
  }
  const atFirst = went()
  now = 110_000
  expect([atFirst < 150, went() > 250]).toEqual([true, true])
})
