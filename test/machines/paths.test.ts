/**
 * Every chart of the registry is walked along generated paths: each of its states is reached, each of its transitions is taken, and what
 * it does not hear in a state changes nothing there. Which events each state hears is on record in `heard.txt`.
 */
import { writeFileSync } from "node:fs"
import { testModel } from "recloser/testing"
import { afterAll, describe, expect, test } from "vitest"
import { type AnyMachineSnapshot, type EventObject, transition } from "xstate"
import { adviceOf } from "../../machines/plug.ts"
import { samplesFor } from "../support/chartEvents.ts"
import { explore, parts } from "../support/chartPaths.ts"
import { type Walked, walkedOf } from "../support/chartWalk.ts"
import { after } from "../support/reachable.ts"
import { read, typescriptUnder } from "../support/repository.ts"
import { rootEventsIn, rootMachine, rootStates } from "../support/rootStates.ts"

/** Every event that the vocabulary has a word for. */
const vocabulary = new Set(
  typescriptUnder("machines/vocabulary").flatMap((path) =>
    [...read(path).matchAll(/readonly type: (".*")\n/g)].flatMap(
      ([, words = ""]) => words.match(/[a-z]+\.[a-zA-Z]+/g) ?? [],
    ),
  ),
)

/** What nobody has a word for, and what is nobody's: events are data that may come from anywhere. */
const strangers = ["surprise", "constructor", "__proto__", "toString", "alarm", "alarm.rang.twice", ""]

const heard: string[] = []

/** What each walk covers, for `npm run test:coverage`, which says where to. */
const walks: { [chart: string]: Walked } = {}
afterAll(() => {
  const { WALKED: file } = process.env
  if (file !== undefined) writeFileSync(file, JSON.stringify(walks))
})

describe.each(parts.map((plug) => [plug.key, plug] as const))("the chart of %s", (_key, plug) => {
  const explored = explore(plug)
  const { machine, events, states } = explored

  test("has each of its states reached and each of its transitions taken, those without an event among them", () => {
    const walked = walkedOf(explored, plug)
    const { states, transitions, missing } = walked
    walks[plug.key] = walked
    expect(missing).toEqual([])
    expect([states.covered, transitions.covered]).toEqual([states.of, transitions.of])
  }, 120_000)

  test("stays active along every path", () => {
    expect(states.filter(({ status }) => status !== "active")).toEqual([])
  })

  test("hears in each state what is on record; nothing else changes anything: no state, no context, no demand", () => {
    // Of what is not heard one sample of each kind will do: nobody looks at it.
    const kinds = new Map(events.map((event) => [event.type, event]))
    const all = [...kinds.values(), ...strangers.map((type) => ({ type, at: 1000 }))]
    const byState = new Map<string, Set<string>>()
    const changed = new Set<string>()
    for (const state of states) {
      const place = JSON.stringify(state.value)
      const hears = byState.get(place) ?? new Set()
      byState.set(place, hears)
      for (const event of all) {
        if (isHeard(state, event)) hears.add(event.type)
        else if (!isSame(state, event)) changed.add(`${place} on ${event.type}`)
      }
    }
    expect([...changed]).toEqual([])
    for (const [place, types] of byState) heard.push(`${plug.key} ${place}: ${[...types].sort().join(" ")}`)
  }, 120_000)

  const isHeard = (state: AnyMachineSnapshot, { type }: EventObject): boolean =>
    state._nodes.some((node) => node.ownEvents.includes(type) || (node.transitions.get(type)?.length ?? 0) > 0)

  function isSame(state: AnyMachineSnapshot, event: EventObject): boolean {
    const [next, effects] = after(machine, state, event)
    return (
      next.context === state.context &&
      JSON.stringify(next.value) === JSON.stringify(state.value) &&
      JSON.stringify(adviceOf(next)) === JSON.stringify(adviceOf(state)) &&
      effects.length === 0
    )
  }
})

test("the chart of breaker, the root, has each of its states reached and each of its transitions taken", async () => {
  const { charts, unlit } = (await testModel({})).coverage
  const root = charts.find(({ chart }) => chart === "breaker")
  const [states, transitions] = [root?.states ?? [], root?.transitions ?? []]
  // What is beyond a config is named in its coverage, with the reason.
  const missing = unlit.filter((line) => line.startsWith("breaker:"))
  const covered = [
    states.filter(({ entered }) => entered > 0).length,
    transitions.filter(({ taken }) => taken > 0).length,
  ] as const
  const lost = (word: string) => missing.filter((line) => line.includes(word)).length
  walks.breaker = {
    states: { covered: covered[0], of: covered[0] + lost("is never entered") },
    transitions: { covered: covered[1], of: covered[1] + lost("is never taken") },
    missing,
  }
  expect(states.length).toBeGreaterThan(5)
  expect(missing).toEqual([])
}, 120_000)

describe("the root", () => {
  const states = rootStates()
  const places = states.map(({ value }) => JSON.stringify(value))

  test("is looked at in every phase and mode", () => {
    expect(new Set(places).size).toBe(places.length)
    const under = (region: "lifecycle" | "mode") => new Set(states.map(({ value }) => (value as Regions)[region]))
    expect([...under("lifecycle")].sort()).toEqual(
      Object.keys(rootMachine.root.states["lifecycle"]?.states ?? {}).sort(),
    )
    expect([...under("mode")].sort()).toEqual(Object.keys(rootMachine.root.states["mode"]?.states ?? {}).sort())
  })

  test("hears in each state what is on record; in parentheses what it hears and refuses, which changes no more than what it does not", () => {
    const changed: string[] = []
    for (const state of states) {
      const place = JSON.stringify(state.value)
      const all = [...rootEventsIn(state), ...strangers.map((type) => ({ type, at: 2000 }))]
      const words = all.flatMap((event) => {
        const isTaken = (rootMachine.getTransitionData(state as never, event as never) ?? []).length > 0
        if (!isTaken && !isSameRoot(state, event)) changed.push(`${place} on ${event.type}`)
        if (isTaken) return [event.type]
        return isListening(state, event) ? [`(${event.type})`] : []
      })
      heard.push(`breaker ${place}: ${[...new Set(words)].sort().join(" ")}`)
    }
    expect(changed).toEqual([])
  })

  type Regions = { readonly lifecycle: string; readonly mode: string }

  /** Whether some state that it is in has a transition for it, whatever its guard says. */
  const isListening = (state: AnyMachineSnapshot, { type }: EventObject): boolean =>
    state._nodes.some((node) =>
      [...node.transitions.keys()].some((word) =>
        word.endsWith(".*") ? type.startsWith(word.slice(0, -1)) : word === type,
      ),
    )

  const isSameRoot = (state: AnyMachineSnapshot, event: EventObject): boolean => {
    const [next, effects] = transition(rootMachine, state as never, event) as unknown as [
      AnyMachineSnapshot,
      readonly unknown[],
    ]
    return (
      next.context === state.context && JSON.stringify(next.value) === JSON.stringify(state.value) && !effects.length
    )
  }
})

describe("the matrix of states and events", () => {
  test("has a sample of every word of the vocabulary", () => {
    expect(vocabulary.size).toBeGreaterThan(25)
    for (const plug of parts) {
      const sampled = new Set(samplesFor(plug.key).map(({ type }) => type))
      const missing = [...vocabulary].filter((type) => !sampled.has(type) && type !== "settings.changed")
      expect(missing, plug.key).toEqual([])
    }
  })

  test("is on record: `npx vitest run test/machines/paths.test.ts -u` writes it anew after a change that is meant", async () => {
    await expect(`${heard.join("\n")}\n`).toMatchFileSnapshot("heard.txt")
  })
})
