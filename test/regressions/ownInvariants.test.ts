/** Model tests of a user's: what was said to hold, and did not. */
import { scriptedBackend, testMachine, testModel } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { type AnyActorRef, setup } from "xstate"

const bare = { strategy: "basic", timeout: false, metrics: false, priority: false } as const

const firstWith = async (invariant: () => unknown) => {
  const { paths } = await testModel(bare, { worlds: 3, invariants: { mine: invariant } })
  return paths[0]?.run()
}

const light = setup({}).createMachine({
  initial: "red",
  states: {
    red: {
      on: {
        go: "green",
        slip: {
          actions: () => {
            throw new Error("a slip")
          },
        },
      },
    },
    green: { after: { 1000: "red" } },
  },
})
const go = (app: AnyActorRef) => app.send({ type: "go" })

describe("an invariant of a user's", () => {
  test("held though it promised that it did not", async () => {
    await expect(firstWith(async () => false)).rejects.toThrow(
      '"mine" does not hold at the beginning: it answers false',
    )
  })

  test("held though its promise was rejected, and brought down the process", async () => {
    const broken = async () => {
      throw new Error("not so")
    }
    await expect(firstWith(broken)).rejects.toThrow('"mine" does not hold at the beginning: not so')
  })

  test("that promises what never comes is told, by name", async () => {
    await expect(firstWith(() => new Promise(() => {}))).rejects.toThrow(
      '"mine" does not hold at the beginning: it promises an answer that does not come while time stands still',
    )
  })

  test("took the place of one that holds of every breaker, by its name", async () => {
    const model = testModel(bare, { worlds: 3, invariants: { "metrics are numbers": () => true } })
    await expect(model).rejects.toThrow("options.invariants.metrics are numbers: must have a name of its own")
  })

  test("that throws something that cannot be shown is told, by name", async () => {
    const trap = () => {
      throw Object.create(null)
    }
    await expect(firstWith(trap)).rejects.toThrow('"mine" does not hold at the beginning: ')
  })
})

describe("a machine under test", () => {
  test("never took a step of its own that is called as the one that is always there", async () => {
    const model = testMachine(() => ({ logic: light, steps: { "time passes": go } }))
    await expect(model).rejects.toThrow("steps.time passes: must have a name of its own")
  })

  test("that breaks down brought down the process, and no path said so", async () => {
    const slip = (app: AnyActorRef) => app.send({ type: "slip" })
    const { paths } = await testMachine(() => ({ logic: light, steps: { go, slip } }))
    const slipping = paths.find(({ steps }) => steps.join() === "slip")
    await expect(slipping?.run()).rejects.toThrow('"it does not break down" does not hold after "slip": a slip')
    for (const path of paths) if (!path.steps.includes("slip")) await path.run()
  })

  test("was waited for for ever where a step promises what only time brings", async () => {
    const { paths } = await testMachine((clock) => {
      const backend = scriptedBackend(clock, "slow 3 s")
      return { logic: light, steps: { go, "a call is made": () => backend.call() } }
    })
    for (const path of paths) await path.run()
    expect(paths.some(({ steps }) => steps.includes("go"))).toBe(true)
  })

  test("whose step throws says which", async () => {
    const bad = () => {
      throw new Error("no such button")
    }
    await expect(testMachine(() => ({ logic: light, steps: { go, bad } }))).rejects.toThrow(
      'the step "bad" could not be taken: no such button',
    )
  })

  test.each([
    [() => Promise.resolve({}), "logic: must be a state machine of XState"],
    [() => undefined, "must answer a machine and its steps"],
    [() => ({ logic: light }), "steps: must be an object of functions"],
    [() => ({ logic: light, steps: { go }, invariant: {} }), "invariant: is not an option here"],
    [5, "must be a function"],
  ])("was none, and broke down on the way: %s", async (make, rule) => {
    await expect(testMachine(make as never)).rejects.toThrow(rule)
  })
})
