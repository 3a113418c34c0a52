/**
 * Where the learned limit goes in services whose knee is known, round by round. Its constants were chosen by simulated worlds (test/bench):
 * whoever changes one, or a step of the search, sees it here, measures anew, and puts the new figures on record.
 */
import { expect, test } from "vitest"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { callsAt, Goodput, levelOf, topOf } from "../../src/data-plane/limiter/goodput.ts"
import { Limit } from "../../src/data-plane/limiter/limit.ts"

interface Service {
  readonly seconds: number
  readonly limit?: readonly [least: number, most: number, first: number]
  /** What a call takes while so many are in flight, in milliseconds. */
  readonly ms: (inFlight: number, now: number, luck: number) => number
  readonly kind?: (ms: number, now: number, luck: number) => OutcomeKind
  /** How many calls want to be in flight; more than there are slots wait. */
  readonly wanted?: (now: number) => number
}

interface Running {
  readonly begun: number
  readonly ends: number
  readonly luck: number
}

/** Plays a service for so long; answers the limit once a second, with what it says of itself. */
function play({
  seconds,
  limit: [least, most, first] = [1, 1000, 20],
  ms,
  kind = () => "success",
  wanted = () => 1e6,
}: Service) {
  const limit = new Limit(least, most, first)
  let [now, area, areaAt, seed] = [0, 0, 0, 11]
  const luck = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const running: Running[] = []
  const path: (readonly [value: number, effective: number, state: string, independent: boolean])[] = []
  const enter = () => {
    const slots = limit.effective(now)
    while (running.length < Math.min(slots, wanted(now))) {
      const drawn = luck()
      running.push({ begun: now, ends: now + ms(running.length + 1, now, drawn), luck: drawn })
    }
    if (wanted(now) > slots) limit.wait()
  }
  enter()
  for (let second = 1; second <= seconds; second++) {
    for (;;) {
      let first = 0
      for (let at = 1; at < running.length; at++)
        if ((running[at] as Running).ends < (running[first] as Running).ends) first = at
      const next = running[first]
      if (next === undefined || next.ends > 1000 * second) break
      running.splice(first, 1)
      now = next.ends
      area += (running.length + 1) * (now - areaAt)
      areaAt = now
      limit.settle(kind(now - next.begun, now, next.luck), now - next.begun, area, now)
      enter()
    }
    now = 1000 * second
    area += running.length * (now - areaAt)
    areaAt = now
    limit.giveWay(now)
    enter()
    path.push([limit.value, limit.effective(now), limit.state, limit.independent])
  }
  return { limit, path }
}

/** Alone a call takes so long; from the knee on all of them wait for each other, and by more than that when `worse` is above 1. */
const knee =
  (alone: number, at: number, worse = 1) =>
  (inFlight: number) =>
    alone * Math.max(1, inFlight / at) ** worse

const services: { readonly [name: string]: Service } = {
  "wait for each other": { seconds: 30, ms: knee(20, 40) },
  "stand in each other's way": { seconds: 30, ms: knee(20, 40, 1.7) },
  "do so with chance": { seconds: 30, ms: (inFlight, _now, luck) => knee(20, 40, 1.3)(inFlight) * (0.5 + luck) },
  "never stand in each other's way": { seconds: 15, limit: [1, 150, 20], ms: () => 50 },
  "stand in each other's way more after a while": {
    seconds: 50,
    ms: (inFlight, now) => knee(20, now < 20_000 ? 80 : 10, 1.5)(inFlight),
  },
  "do so less after a while": { seconds: 50, ms: (inFlight, now) => knee(20, now < 20_000 ? 10 : 80, 1.5)(inFlight) },
  "time out": {
    ...{ seconds: 30, ms: (inFlight) => Math.min(200, knee(20, 10)(inFlight)) },
    kind: (ms) => (ms >= 200 ? "timedOut" : "success"),
  },
  "fail beside quick successes": {
    seconds: 30,
    ms: knee(20, 40, 1.5),
    kind: (_ms, _now, luck) => (luck < 0.4 ? "failure" : "success"),
  },
  "have room, and then have none": { seconds: 30, ms: knee(20, 40, 1.5), wanted: (now) => (now < 10_000 ? 5 : 1e6) },
  "are needed now and then": { seconds: 90, ms: knee(20, 40, 1.5), wanted: (now) => (now % 10_000 < 5000 ? 1e6 : 3) },
  "are streams": { seconds: 60, ms: () => 15_000, wanted: () => 60 },
  "are given up": {
    seconds: 30,
    ms: knee(20, 40, 1.5),
    kind: (_ms, _now, luck) => (luck < 0.1 ? "ignored" : "success"),
  },
  "never end": { seconds: 8, ms: () => 1e9 },
  "have narrow bounds": { seconds: 30, limit: [4, 12, 6], ms: knee(20, 40) },
}

const figuresOf = (service: Service) => {
  const { limit, path } = play(service)
  const states = Object.fromEntries(
    [...new Set(path.map(([, , state]) => state))].map((state) => [
      state,
      path.filter((one) => one[2] === state).length,
    ]),
  )
  return {
    path: path.filter((_, index) => index % Math.ceil(path.length / 15) === 0).map(([value]) => value),
    sum: path.reduce(
      (sum, [value, effective, , independent], index) =>
        sum + (value + 3 * effective + (independent ? 7 : 0)) * (index + 1),
      0,
    ),
    states,
    meanMs: Number(limit.meanMs.toPrecision(8)),
  }
}

const were: { readonly [service: string]: object } = {
  "wait for each other": {
    path: [40, 40, 40, 40, 40, 40, 40, 40, 53, 40, 46, 40, 46, 40, 40],
    sum: 79643,
    states: { holding: 28, climbing: 2 },
    meanMs: 20,
  },
  "stand in each other's way": {
    path: [40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40],
    sum: 77655,
    states: { holding: 30 },
    meanMs: 20,
  },
  "do so with chance": {
    path: [40, 40, 40, 40, 40, 46, 46, 46, 46, 46, 46, 46, 46, 46, 46],
    sum: 84795,
    states: { holding: 30 },
    meanMs: 24.11623,
  },
  "never stand in each other's way": {
    path: [150, 150, 150, 150, 150, 150, 150, 150, 150, 150, 150, 150, 150, 150, 150],
    sum: 72840,
    states: { climbing: 15 },
    meanMs: 50,
  },
  "stand in each other's way more after a while": {
    path: [80, 80, 80, 80, 80, 54, 41, 10, 10, 10, 10, 10, 10],
    sum: 139740,
    states: { holding: 50 },
    meanMs: 20,
  },
  "do so less after a while": {
    path: [10, 10, 10, 10, 10, 10, 80, 80, 80, 80, 80, 80, 80],
    sum: 368261,
    states: { holding: 49, climbing: 1 },
    meanMs: 20,
  },
  "time out": {
    path: [10, 10, 10, 10, 10, 10, 10, 10, 14, 10, 10, 10, 12, 10, 10],
    sum: 22519,
    states: { holding: 28, climbing: 2 },
    meanMs: 20.000001,
  },
  "fail beside quick successes": {
    path: [40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40],
    sum: 80175,
    states: { holding: 29, climbing: 1 },
    meanMs: 24.718638,
  },
  "have room, and then have none": {
    path: [20, 20, 20, 20, 20, 40, 40, 40, 40, 40, 40, 40, 40, 46, 40],
    sum: 73518,
    states: { following: 10, holding: 19, climbing: 1 },
    meanMs: 20,
  },
  "are needed now and then": {
    path: [40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40],
    sum: 683865,
    states: { holding: 45, following: 45 },
    meanMs: 20,
  },
  "are streams": {
    path: [40, 640, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000],
    sum: 7280640,
    states: { following: 60 },
    meanMs: 15000,
  },
  "are given up": {
    path: [40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40, 40],
    sum: 77655,
    states: { holding: 30 },
    meanMs: 20,
  },
  "never end": { path: [40, 80, 160, 320, 640, 1000, 1000, 1000], sum: 104640, states: { following: 8 }, meanMs: 0 },
  "have narrow bounds": {
    path: [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4],
    sum: 7440,
    states: { holding: 30 },
    meanMs: 20,
  },
}

test.each(Object.keys(services))(
  "of calls that %s as many are let in as were when the constants were chosen",
  (name) => {
    expect(figuresOf(services[name] as Service)).toEqual(were[name])
  },
)

test("levels of concurrency go from one to the next, and from ten on by a seventh", () => {
  expect([1, 2, 9, 10, 11, 12, 13, 100, 1e9].map(levelOf)).toEqual([0, 1, 8, 9, 10, 10, 11, 26, 88])
  expect([-1, 0, 5, 9, 10].map(callsAt)).toEqual([1, 1, 6, 10, 11])
  expect(Array.from({ length: 89 }, (_, level) => levelOf(callsAt(level)))).toEqual(
    Array.from({ length: 89 }, (_, level) => level),
  )
  expect(Array.from({ length: 88 }, (_, level) => levelOf(topOf(level)))).toEqual(
    Array.from({ length: 88 }, (_, level) => level),
  )
})

test("the knee is the level of the most goodput, less a little for each call more at once", () => {
  const goodput = new Goodput()
  expect(goodput.knee(0)).toBe(-1)
  const learn = (calls: number, rate: number) => goodput.learn(levelOf(calls), rate, 40, 0)
  learn(5, 0.1)
  learn(10, 0.2)
  learn(20, 0.205)
  expect(callsAt(goodput.knee(0))).toBe(10)
  expect([goodput.isElastic(levelOf(10), levelOf(5), 0), goodput.isElastic(levelOf(20), levelOf(10), 0)]).toEqual([
    true,
    false,
  ])
  expect([
    goodput.knowsAny(0, levelOf(4), 0),
    goodput.knowsAny(0, levelOf(5), 0),
    goodput.knowsAny(-5, levelOf(5), 0),
  ]).toEqual([...[false, true, true]])
  goodput.doubt(levelOf(10), levelOf(10), 0)
  expect([goodput.weightOf(levelOf(10), 0), callsAt(goodput.knee(0))]).toEqual([4, 19])
})
