import { describe, expect, test } from "vitest"
import { discovery } from "../../machines/components/discovery.ts"
import { byId } from "../../machines/naming.ts"
import type { Endpoint, EndpointsFinding } from "../../machines/vocabulary/endpoint.ts"
import { type Chart, problemsOf, restored, saveOf, settingsOf, startChart } from "../support/charts.ts"
import { ejection, endpoint, endpointsOf } from "../support/endpointPlane.ts"
import fc from "../support/property.ts"
import { discoverySteps, take } from "../support/walks.ts"

const start = (options: unknown = {}): Chart => startChart(discovery, { options })
const told = (endpoints: readonly Endpoint[]) => ({ type: "provider.told", endpoints }) as const
const lost = { type: "provider.lost", reason: "the provider failed" } as const
const ejected = (...ids: readonly string[]) =>
  ({ type: "endpoints.shifted", ejected: ids.map((id) => ejection(id)) }) as const
const bad = (...ids: readonly string[]) =>
  ({ type: "health.found", verdicts: Object.fromEntries(ids.map((id) => [id, "bad"] as const)) }) as const
const verdicts = (verdicts: { readonly [id: string]: "suspect" | "bad" }) =>
  ({ type: "health.found", verdicts }) as const
const findingOf = (chart: Chart) => discovery.finding?.(chart.snapshot()) as EndpointsFinding
const stateOf = (chart: Chart) => findingOf(chart).state
const named = (chart: Chart) => chart.advice().lines.endpoints?.endpoints.map(({ id }) => id)

describe("discovery", () => {
  test("knows no endpoint at first, and refuses until it does; a list that is given is known at once", () => {
    const chart = start()
    expect(stateOf(chart)).toBe("empty")
    expect(chart.advice()).toEqual({ demand: { share: 0 }, lines: {} })
    chart.send(told(endpointsOf("a", "b")))
    expect(stateOf(chart)).toBe("fresh")
    expect(chart.advice().demand).toEqual({})
    expect(named(chart)).toEqual(["a", "b"])
    expect(named(start({ endpoints: ["b:1", "a:1"] }))).toEqual(["a:1", "b:1"])
  })

  test("discovery law 1: a list that names none, or none that may be called, takes none away", () => {
    const chart = start({ where: { version: "2" } })
    chart.send(told([endpoint("a", { metadata: { version: "2" } })]))
    for (const useless of [[], endpointsOf("b"), [endpoint("c", { weight: 0, metadata: { version: "2" } })]]) {
      chart.send(told(useless))
      expect(stateOf(chart)).toBe("stale")
      expect(named(chart)).toEqual(["a"])
      expect(findingOf(chart).reason).not.toBe("")
    }
    chart.send(lost)
    expect(findingOf(chart)).toMatchObject({ state: "stale", reason: "the provider failed" })
    chart.send(told([endpoint("d", { metadata: { version: "2" } })]))
    expect(findingOf(chart)).toMatchObject({ state: "fresh", reason: "" })
    expect(named(chart)).toEqual(["d"])
  })

  test("discovery law 3: it panics exactly while a smaller part than `panic` is well", () => {
    const chart = start({ endpoints: ["a", "b", "c", "d"], panic: 0.5 })
    chart.send(ejected("a", "b"))
    expect(stateOf(chart)).toBe("fresh")
    chart.send(bad("b", "c"))
    expect(findingOf(chart)).toMatchObject({ state: "panicking", away: ["a", "b", "c"] })
    expect(chart.advice().lines.endpoints?.panic).toBe(true)
    chart.send(ejected("b"))
    expect(stateOf(chart)).toBe("panicking")
    chart.send(bad("b"))
    expect(stateOf(chart)).toBe("fresh")
    expect(chart.advice().lines.endpoints?.panic).toBe(false)
  })

  test("discovery law 6: what checks only suspect is named, and takes nobody away", () => {
    const chart = start({ endpoints: ["a", "b", "c", "d"], panic: 0.6 })
    chart.send(verdicts({ b: "suspect", d: "suspect", elsewhere: "suspect" }))
    expect(findingOf(chart)).toMatchObject({ state: "fresh", away: [], suspect: ["b", "d"] })
    expect(chart.advice().lines.endpoints).toMatchObject({ bad: [], suspect: ["b", "d"], panic: false })
    chart.send(verdicts({ b: "bad", d: "suspect" }))
    expect(findingOf(chart)).toMatchObject({ away: ["b"], suspect: ["d"] })
    chart.send(told(endpointsOf("a", "b", "c")))
    chart.send(told(endpointsOf("a", "b", "c", "d")))
    expect(findingOf(chart).suspect).toEqual([])
    chart.send(verdicts({ a: "suspect", b: "suspect", c: "bad" }))
    chart.send(ejected("b"))
    expect(findingOf(chart)).toMatchObject({ state: "panicking", away: ["b", "c"], suspect: [] })
    chart.send(ejected())
    expect(findingOf(chart)).toMatchObject({ state: "fresh", away: ["c"], suspect: ["a", "b"] })
    chart.send(verdicts({}))
    expect(findingOf(chart)).toMatchObject({ state: "fresh", away: [], suspect: [] })
  })

  test("a provider that is lost in a panic is still lost after it", () => {
    const chart = start({ endpoints: ["a", "b"], panic: 0.6 })
    chart.send(bad("a"))
    chart.send(lost)
    expect(stateOf(chart)).toBe("panicking")
    chart.send(bad())
    expect(stateOf(chart)).toBe("stale")
  })

  test("discovery law 4: what is known of endpoints that are gone is forgotten with them", () => {
    const chart = start({ endpoints: ["a", "b", "c", "d"] })
    chart.send(bad("a"))
    chart.send(ejected("b"))
    chart.send(told(endpointsOf("c", "d")))
    chart.send(told(endpointsOf("a", "b", "c", "d")))
    expect(findingOf(chart).away).toEqual([])
  })

  test("discovery law 5: restored, it begins with the list of before, and believes the next one", () => {
    const before = start()
    before.send(told([endpoint("a", { zone: "near", metadata: { version: "2" } }), endpoint("b")]))
    const saved = JSON.parse(JSON.stringify(saveOf(discovery, before)))
    const chart = start()
    chart.send(restored({ discovery: saved }))
    expect(stateOf(chart)).toBe("stale")
    expect(findingOf(chart).endpoints).toEqual(findingOf(before).endpoints)
    chart.send(told(endpointsOf("c")))
    expect(stateOf(chart)).toBe("fresh")
    chart.send(restored({ discovery: saved }))
    expect(named(chart)).toEqual(["c"])
  })

  test("discovery laws 1, 2, 3 and 6: they hold on every walk", () =>
    fc.assert(
      fc.asyncProperty(fc.array(discoverySteps, { maxLength: 40 }), async (walk) => {
        const chart = start({ where: { version: ["1", "2"] }, panic: 0.5 })
        let last: readonly Endpoint[] = []
        for (const step of walk) {
          await take(chart, step)
          const may =
            step.type === "provider.told"
              ? step.endpoints.filter(({ weight, metadata }) => weight > 0 && /^[12]$/.test(metadata["version"] ?? ""))
              : []
          if (may.length > 0) last = [...may].sort(byId)
          const { state, endpoints, away, suspect } = findingOf(chart)
          const ids = endpoints.map(({ id }) => id)
          expect(suspect.filter((id) => !ids.includes(id) || away.includes(id))).toEqual([])
          if (state === "panicking") expect(suspect).toEqual([])
          else if (step.type === "health.found")
            expect(suspect).toEqual(ids.filter((id) => step.verdicts[id] === "suspect" && !away.includes(id)))
          expect(endpoints).toEqual(last)
          expect(state === "empty").toBe(last.length === 0)
          const well = last.length - away.length
          if (well < last.length * 0.5) expect(state).toBe(last.length === 0 ? "empty" : "panicking")
          if (well > last.length * 0.6) expect(state).not.toBe("panicking")
          const { line } = chart.context<{ line: { panic: boolean } }>()
          expect(line.panic).toBe(state === "panicking")
        }
      }),
    ))

  test("other settings apply to the list that it has", () => {
    const chart = start()
    chart.send(told([endpoint("a", { metadata: { version: "1" } }), endpoint("b", { metadata: { version: "2" } })]))
    chart.send({ type: "settings.changed", settings: settingsOf(discovery, { where: { version: "2" }, slowStart: 5 }) })
    expect(named(chart)).toEqual(["b"])
    expect(chart.advice().lines.endpoints?.slowStartMs).toBe(5)
    chart.send({ type: "settings.changed", settings: settingsOf(discovery, { where: { version: "9" } }) })
    expect(named(chart)).toEqual(["b"])
  })
})

describe("how discovery stands", () => {
  const provider = async function* () {}
  const placeOf = (chart: Chart) => (chart.snapshot() as { readonly value?: unknown }).value
  const knows = (chart: Chart) => [placeOf(chart), stateOf(chart), named(chart), findingOf(chart).reason]
  const settle = (chart: Chart, options: unknown) =>
    chart.send({ type: "settings.changed", settings: settingsOf(discovery, options) })

  test("discovery law 1: while it knows none it says why, and waits for the first list that is of use", async () => {
    const chart = start({ where: { version: "2" } })
    const none = (reason: string) => {
      expect(chart.advice()).toEqual({ demand: { share: 0 }, lines: {} })
      expect([placeOf(chart), discovery.reason?.(chart.snapshot())]).toEqual(["empty", reason])
      expect(discovery.report?.(chart.snapshot(), 0)).toEqual({
        ...{ state: "empty", endpoints: 0, away: 0, suspect: 0, reason },
      })
      expect(findingOf(chart)).toMatchObject({ state: "empty", reason, since: 0 })
      expect(saveOf(discovery, chart)).toBeUndefined()
    }
    none("no endpoint is known yet")
    for (const saved of [undefined, { endpoints: [] }, { endpoints: [{ address: "a:1" }] }]) {
      chart.send(restored({ discovery: saved }))
      none("no endpoint is known yet")
    }
    await chart.clock.advance(10)
    chart.send(told([]))
    none("the last list names no endpoint")
    chart.send(lost)
    none("the provider failed")
    chart.send(told(endpointsOf("b")))
    none("the last list names no endpoint that may be called")
    settle(chart, { where: { version: "3" } })
    none("the last list names no endpoint that may be called")
    chart.send(told([endpoint("a", { metadata: { version: "3" } })]))
    expect(knows(chart)).toEqual(["fresh", "fresh", ["a"], ""])
    expect(findingOf(chart).since).toBe(10)
  })

  test("other settings may name the first endpoints, of which the first list that is told takes the place", () => {
    const chart = start()
    settle(chart, { endpoints: ["a:1"] })
    expect(knows(chart)).toEqual(["fresh", "fresh", ["a:1"], ""])
    chart.send(told(endpointsOf("b")))
    expect(knows(chart)).toEqual(["fresh", "fresh", ["b"], ""])
    const [{ zone: _none, ...plain } = endpoint("b")] = endpointsOf("b")
    expect(saveOf(discovery, chart)).toStrictEqual({ endpoints: [plain] })
    chart.send(told([endpoint("b", { zone: "near" })]))
    expect(saveOf(discovery, chart)).toStrictEqual({ endpoints: [{ ...plain, zone: "near" }] })
  })

  test("discovery law 1: a list that nobody vouches for is kept until a better one is told, or stands in the config", async () => {
    const chart = start()
    chart.send(told(endpointsOf("a", "b")))
    await chart.clock.advance(5)
    const stale = (reason: string) => expect(knows(chart)).toEqual(["stale", "stale", ["a", "b"], reason])
    chart.send(lost)
    stale("the provider failed")
    await chart.clock.advance(5)
    chart.send(told([]))
    stale("the last list names no endpoint")
    chart.send({ ...lost, reason: "it failed again" })
    stale("it failed again")
    expect(findingOf(chart).since).toBe(5)
    chart.send(ejected("a"))
    expect(findingOf(chart)).toMatchObject({ state: "stale", away: ["a"] })
    settle(chart, { slowStart: 5 })
    stale("it failed again")
    expect(chart.advice().lines.endpoints?.slowStartMs).toBe(5)
    settle(chart, { endpoints: ["a", "b"] })
    expect(knows(chart)).toEqual(["fresh", "fresh", ["a", "b"], ""])
    expect(findingOf(chart)).toMatchObject({ since: 10, away: ["a"] })
    chart.send(lost)
    chart.send(told(endpointsOf("c")))
    expect(knows(chart)).toEqual(["fresh", "fresh", ["c"], ""])
  })

  test("discovery law 3: in a panic it hears all that it hears else, and when it ends the list is as good as it was told last", () => {
    const panic = (chart: Chart) => {
      chart.send(bad("a", "b"))
      expect([placeOf(chart), stateOf(chart)]).toEqual(["panicking", "panicking"])
      return chart
    }
    const fresh = () => {
      const chart = start({ panic: 0.5 })
      chart.send(told(endpointsOf("a", "b", "c")))
      return chart
    }
    const useless = panic(fresh())
    useless.send(told([]))
    expect(knows(useless)).toEqual(["panicking", "panicking", ["a", "b", "c"], "the last list names no endpoint"])
    useless.send(told(endpointsOf("a", "b", "d")))
    expect(knows(useless)).toEqual(["panicking", "panicking", ["a", "b", "d"], ""])
    useless.send(ejected("d"))
    expect(findingOf(useless)).toMatchObject({ state: "panicking", away: ["a", "b", "d"] })
    useless.send(told(endpointsOf("e")))
    expect(knows(useless)).toEqual(["fresh", "fresh", ["e"], ""])

    const left = panic(fresh())
    left.send(lost)
    left.send(bad())
    expect(knows(left)).toEqual(["stale", "stale", ["a", "b", "c"], "the provider failed"])
    panic(left)
    settle(left, { panic: 0.1 })
    expect(knows(left)).toEqual(["stale", "stale", ["a", "b", "c"], "the provider failed"])

    // Half of them well is enough to begin with, and not to end it: a tenth more is.
    const doubted = start({ panic: 0.5 })
    doubted.send(told(endpointsOf("a", "b", "c", "d")))
    doubted.send(bad("a", "b", "c"))
    doubted.send(lost)
    doubted.send(bad("a", "b"))
    expect(placeOf(doubted)).toBe("panicking")
    doubted.send(bad("a"))
    expect(placeOf(doubted)).toBe("stale")

    const asked = panic(fresh())
    settle(asked, { panic: 0.1, slowStart: 5 })
    expect(knows(asked)).toEqual(["fresh", "fresh", ["a", "b", "c"], ""])
    expect(asked.advice().lines.endpoints?.slowStartMs).toBe(5)
  })

  test("discovery law 3: settings may bring about a panic, and it begins when they do", async () => {
    const chart = start({ endpoints: ["a", "b", "c"], panic: 0.1 })
    chart.send(bad("a", "b"))
    expect(stateOf(chart)).toBe("fresh")
    await chart.clock.advance(7)
    settle(chart, { endpoints: ["a", "b", "c"], panic: 0.5 })
    expect(findingOf(chart)).toMatchObject({ state: "panicking", since: 7 })
    expect(discovery.report?.(chart.snapshot(), 0)).toEqual({
      ...{ state: "panicking", endpoints: 3, away: 2, suspect: 0, reason: "" },
    })
  })

  test("discovery law 5: what a provider told before is newer than the config, where there is a provider", () => {
    const saved = { endpoints: [{ id: "x", address: "x:1" }] }
    const told = "known from before; not told again yet"
    expect(discovery.canRestore?.(saved, settingsOf(discovery) as never)).toBe(true)
    expect(discovery.canRestore?.({ endpoints: [] }, settingsOf(discovery) as never)).toBe(false)
    const [provided, listed, unread] = [
      start({ endpoints: ["a:1"], provider }),
      start({ endpoints: ["a:1"] }),
      start({ endpoints: ["a:1"], provider }),
    ]
    for (const chart of [provided, listed]) chart.send(restored({ discovery: saved }))
    unread.send(restored({ discovery: { endpoints: [{ id: 5 }] } }))
    expect(knows(provided)).toEqual(["stale", "stale", ["x"], told])
    expect(knows(listed)).toEqual(["fresh", "fresh", ["a:1"], ""])
    expect(knows(unread)).toEqual(["fresh", "fresh", ["a:1"], ""])
    // Nothing older is taken up once something was told.
    provided.send(restored({ discovery: { endpoints: [{ id: "y", address: "y:1" }] } }))
    expect(knows(provided)).toEqual(["stale", "stale", ["x"], told])
  })
})

describe("discovery options", () => {
  test.each([
    [{ endpoints: "a:1" }, "options.endpoints"],
    [{ endpoints: ["a:1", "a:1"] }, "options.endpoints[1]"],
    [{ endpoints: [""] }, "options.endpoints[0].address"],
    [{ endpoints: [{ address: "a", weight: -1 }] }, "options.endpoints[0].weight"],
    [{ endpoints: [{ address: "a", weight: Number.NaN }] }, "options.endpoints[0].weight"],
    [{ endpoints: [{ address: "a", id: 7 }] }, "options.endpoints[0].id"],
    [{ endpoints: [null] }, "options.endpoints[0]"],
    [{ provider: 5 }, "options.provider"],
    [{ provider: {} }, "options.provider"],
    [{ zone: "" }, "options.zone"],
    [{ where: { version: 2 } }, "options.where.version"],
    [{ where: { version: [] } }, "options.where.version"],
    [{ where: 5 }, "options.where"],
    [{ max: 0 }, "options.max"],
    [{ panic: 2 }, "options.panic"],
    [{ ejection: { first: "1 minute", longest: "1 second" } }, "options.ejection.longest"],
    [{ slowStart: -1 }, "options.slowStart"],
  ])("%j is refused at %s", (options, path) => {
    expect(problemsOf(discovery, options).map((problem) => problem.path)).toEqual([path])
  })
})
