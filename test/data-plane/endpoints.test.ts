/** Where calls go when lists, configs and trials cross each other. */
import { describe, expect, test } from "vitest"
import { unrestricted } from "../../machines/vocabulary/gate.ts"
import type { Receipt } from "../../src/data-plane/receipt.ts"
import { type EndpointPlane, endpointPlane, endpointsOf, gateOf, lineOf } from "../support/endpointPlane.ts"

const ids = [..."abcdef"]

/** Those of the ids given are dead, and are left out after a while; the others are well. */
function withDead(dead: string, seed = 1): EndpointPlane {
  const it = endpointPlane(lineOf(endpointsOf(...ids), { seed }))
  it.calls(300)
  // One after the other, as by chance: where several fail at once nobody is an outlier.
  for (const id of dead)
    it.calls(300, (called) => (dead.slice(0, dead.indexOf(id) + 1).includes(called) ? "failure" : "success"))
  return it
}
const ejectedIn = ({ endpoints }: EndpointPlane) =>
  endpoints.sites.filter(({ ejectedUntil }) => ejectedUntil !== undefined).map(({ facts }) => facts.id)
const untilOf = ({ endpoints }: EndpointPlane, id: string) =>
  endpoints.sites.find(({ facts }) => facts.id === id)?.ejectedUntil ?? Number.NaN

describe("a further attempt", () => {
  const chosen = (it: EndpointPlane, tried: readonly string[]) => {
    const ticket = it.plane.admit(it.clock.now(), { tried } as never)
    if (ticket.admitted) it.end(ticket)
    return ticket.admitted ? ticket.endpoint?.id : undefined
  }

  test("goes where the call has not been yet, as long as there is such an endpoint", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c", "d")))
    for (let call = 0; call < 100; call++) {
      expect(chosen(it, ["a", "b", "c"])).toBe("d")
      expect(["c", "d"]).toContain(chosen(it, ["a", "b"]))
    }
  })

  test("goes to one of those as to another: one that fails does not send all its calls to the same", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c", "d", "e")))
    const went = Array.from({ length: 2000 }, () => chosen(it, ["a", "b"]))
    for (const id of ["c", "d", "e"]) expect(went.filter((one) => one === id).length).toBeGreaterThan(500)
  })

  test("of a call that has been everywhere goes somewhere all the same", () => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c")))
    const went = new Set(Array.from({ length: 100 }, () => chosen(it, ["a", "b", "c"])))
    expect([...went].sort()).toEqual(["a", "b", "c"])
  })
})

describe("two that are left out", () => {
  test("are tried one after the other: first the one that has been out longest, and the second while the first is tried", () => {
    for (const seed of [1, 2, 3]) {
      const it = withDead("ab", seed)
      expect(ejectedIn(it).sort()).toEqual(["a", "b"])
      it.clock.step(60_000)
      const sooner = untilOf(it, "a") < untilOf(it, "b") ? "a" : "b"
      const [first, second, third] = [it.begin(), it.begin(), it.begin()]
      expect([first, second].map(({ endpoint }) => endpoint?.id)).toEqual([sooner, sooner === "a" ? "b" : "a"])
      expect(["c", "d", "e", "f"]).toContain(third.endpoint?.id)
      // The one fails and is left out for longer: next time the other is the first, though it was put down later.
      it.end(first, "failure")
      it.end(second, "ignored")
      it.end(third)
      it.clock.step(60_000)
      const again = [it.begin(), it.begin()]
      expect(again.map(({ endpoint }) => endpoint?.id)).toEqual([sooner === "a" ? "b" : "a", sooner])
      for (const receipt of again) it.end(receipt)
      expect(it.endpoints.ejected).toBe(0)
    }
  })

  test("of which a trial hangs: it is tried again after ten seconds, and not before", () => {
    const it = withDead("a")
    expect(ejectedIn(it)).toEqual(["a"])
    it.clock.step(60_000)
    const hung = it.begin()
    expect(hung.endpoint?.id).toBe("a")
    const triesIn = (ms: number) => {
      it.clock.step(ms)
      const call = it.begin()
      it.end(call)
      return call.endpoint?.id === "a"
    }
    expect([triesIn(1), triesIn(9998), triesIn(1)]).toEqual([false, false, true])
    expect(it.endpoints.ejected).toBe(0)
    it.end(hung, "ignored")
    expect(it.endpoints.ejected).toBe(0)
  })
})

describe("a config that leaves out nobody", () => {
  test("lets all of them in at once, and a trial that was under way decides nothing", () => {
    const it = withDead("a")
    it.clock.step(60_000)
    const trial = it.begin()
    expect(trial.endpoint?.id).toBe("a")
    it.swap(lineOf(endpointsOf(...ids), { ejection: undefined }))
    expect(it.endpoints.ejected).toBe(0)
    it.end(trial, "failure")
    expect(it.endpoints.ejected).toBe(0)
    expect(it.reports.at(-1)).toMatchObject({ type: "endpoints.shifted", ejected: [] })
    expect(it.calls(600)["a"]).toBeGreaterThan(10)
  })
})

describe("calls that hang", () => {
  const hanging = (sleepMs: number) => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c")))
    it.calls(300)
    const open: Receipt[] = []
    while (open.filter(({ endpoint }) => endpoint?.id === "a").length < 3) open.push(it.begin())
    for (const receipt of open) if (receipt.endpoint?.id !== "a") it.end(receipt)
    return { it, step: () => it.clock.step(sleepMs) }
  }

  test("at one endpoint have it left out", () => {
    const { it, step } = hanging(1500)
    step()
    it.calls(10)
    expect(ejectedIn(it)).toEqual(["a"])
  })

  test("because the host slept say nothing of theirs", () => {
    const { it } = hanging(0)
    it.plane.meter.lateness.stoodMs = () => 1500
    it.clock.step(1500)
    it.calls(10)
    expect(ejectedIn(it)).toEqual([])
  })
})

test("a line that names nobody sends calls nowhere, and refuses none", () => {
  const it = endpointPlane(lineOf([]))
  const receipt = it.begin()
  expect(receipt.endpoint).toBeUndefined()
  it.end(receipt)
  expect(it.plane.tally).toMatchObject({ admitted: 1, success: 1 })
})

test("a probe that failed at an endpoint that is gone, while another was well, is no verdict on the service", () => {
  for (const isGone of [true, false]) {
    const it = endpointPlane(lineOf(endpointsOf("a", "b")))
    const halfOpen = { epoch: 2, restriction: { ...unrestricted, probes: 8 } }
    it.plane.swap(gateOf(lineOf(endpointsOf("a", "b")), halfOpen))
    const probes = Array.from({ length: 8 }, () => it.begin())
    it.clock.step(10)
    for (const probe of probes) if (probe.endpoint?.id === "b") it.end(probe)
    it.plane.swap(gateOf(lineOf(endpointsOf(...(isGone ? ["b"] : ["a", "b"]))), halfOpen))
    const before = it.reports.length
    const [late] = probes.filter(({ endpoint }) => endpoint?.id === "a")
    it.end(late as Receipt, "failure")
    const verdicts = it.reports.slice(before).filter(({ type }) => type.startsWith("probe."))
    expect(verdicts.map(({ type }) => type)).toEqual(isGone ? [] : ["probe.failed"])
    // Its place is free in both cases.
    expect(it.plane.inFlight).toBe(probes.filter(({ endpoint }) => endpoint?.id === "a").length - 1)
  }
})
