/** Trials of endpoints that cross lists and configs, and calls that begin in the instant in which others are judged. */
import { expect, test } from "vitest"
import { Scouts } from "../../src/data-plane/endpoints/scouts.ts"
import { Site } from "../../src/data-plane/endpoints/site.ts"
import { endpoint, endpointPlane, endpointsOf, lineOf } from "../support/endpointPlane.ts"

test("an endpoint on trial that was named again under a config that leaves out nobody stayed left out, and the end of its trial threw", () => {
  const all = endpointsOf(..."abcdef")
  const others = all.filter(({ id }) => id !== "a")
  for (const end of ["failure", "ignored", "success"] as const) {
    const it = endpointPlane(lineOf(all))
    it.calls(300)
    it.calls(300, (id) => (id === "a" ? "failure" : "success"))
    it.clock.step(60_000)
    const trial = it.begin()
    expect(trial.endpoint?.id).toBe("a")
    it.swap(lineOf(others))
    it.swap(lineOf(others, { ejection: undefined }))
    it.swap(lineOf(all, { ejection: undefined }))
    expect(it.endpoints.ejected).toBe(0)
    it.end(trial, end)
    expect(it.endpoints.ejected).toBe(0)
    expect(it.plane.inFlight).toBe(0)
    expect(it.calls(600)["a"]).toBeGreaterThan(10)
  }
})

test("a call that began in the instant in which those before it were judged was counted off for ever: its endpoint seemed idle, and cost nothing", () => {
  const site = new Site(endpoint("a"), 0)
  site.enter(1000)
  site.forgive(1000)
  site.leave(1000, true, true, 10, 1010)
  expect([site.inFlight, site.open]).toEqual([0, 0])
  site.enter(2000)
  expect([site.open, site.ageMs(2010)]).toEqual([1, 10])
  site.forgive(2500)
  expect(site.open).toBe(0)
  // One that begins after that, in the same instant, is none of those.
  site.enter(2500)
  site.leave(2500, true, true, 10, 2510)
  expect([site.inFlight, site.open]).toEqual([1, 0])
  site.leave(2000, true, true, 10, 2600)
  expect([site.inFlight, site.open, site.ageMs(2600)]).toEqual([0, 0, 0])
})

test("a scout that never came back did not make the next one wait longer", () => {
  const site = new Site(endpoint("a"), 0)
  site.enter(0)
  site.leave(0, true, true, 10, 5000)
  /** How long it is until the next scout is sent after one of this instant. */
  const restAfter = (sentAt: number): number => {
    site.scout(sentAt)
    site.enter(sentAt)
    let now = sentAt
    while (!site.isShunned(10, now)) now += 10
    return now - sentAt
  }
  let now = 6000
  const rests: number[] = []
  for (let scout = 0; scout < 7; scout++) {
    const rest = restAfter(now)
    rests.push(rest)
    now += rest
  }
  expect(rests).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  // One that ends without saying anything was no scout that hangs.
  site.leave(now - 30_000, false, false, 10, now)
  expect(restAfter(now)).toBe(30_000)
})

test("an endpoint that serves three streams and was slow once was asked by no scout for as long as they lasted", () => {
  const site = new Site(endpoint("a"), 0)
  for (let stream = 0; stream < 3; stream++) site.enter(stream)
  // Under way for so long that they say nothing any more.
  site.costAt(40_000, 10, 1)
  site.enter(40_000)
  site.leave(40_000, true, true, 10, 42_000)
  expect([site.inFlight, site.open]).toEqual([3, 0])
  expect(site.isShunned(10, 44_000)).toBe(true)
  const scouts = new Scouts()
  expect(Array.from({ length: 100 }, () => scouts.sends(site, 10, 44_000)).filter((sent) => sent)).not.toEqual([])
})

test("an endpoint that answers in microseconds was shunned for a second after one call in which the process paused for 0.7 milliseconds", () => {
  /** The part of 300 calls, a thousand a second, that goes where a pause was. */
  const partAfter = (tookMs: number, pauseMs: number, seed: number): number => {
    const it = endpointPlane(lineOf(endpointsOf("a", "b", "c"), { seed }))
    const call = (ms = tookMs) => {
      const id = it.call(() => "success", ms)
      it.clock.step(1 - tookMs)
      return id
    }
    for (let each = 0; each < 300; each++) call()
    const paused = call(tookMs + pauseMs)
    const went = Array.from({ length: 300 }, () => call())
    return went.filter((id) => id === paused).length / went.length
  }
  for (const seed of [1, 2]) {
    for (const pauseMs of [0.7, 1]) expect(partAfter(0.002, pauseMs, seed)).toBeGreaterThan(0.2)
    // What takes as long as that for others than itself is told apart as before.
    expect(partAfter(0.1, 30, seed)).toBeLessThan(0.1)
  }
})

test("a scout that came back in a few microseconds was not quick where two are typical, and the next one was sent later", () => {
  const site = new Site(endpoint("a"), 0)
  site.enter(0)
  site.leave(0, true, true, 0.002, 100)
  site.scout(2000)
  site.enter(2000)
  site.leave(2000, true, true, 0.002, 2000.05)
  expect(site.costAt(2001, 0.002, 1)).toBeLessThan(10)
  site.scout(3000)
  site.enter(3000)
  site.leave(3000, true, true, 0.002, 3000.05)
  expect(site.costAt(3001, 0.002, 1)).toBeLessThan(1)
})
