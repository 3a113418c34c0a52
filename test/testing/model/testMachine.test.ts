/** `testMachine`: machines of users, with the breakers that they spawn, on one virtual clock. */
import { InvalidConfig } from "recloser"
import { breakerLogic, callThrough } from "recloser/machines"
import { scriptedBackend, testMachine } from "recloser/testing"
import { describe, expect, test } from "vitest"
import { type ActorRefFrom, setup } from "xstate"

type BreakerRef = ActorRefFrom<typeof breakerLogic>
type Pay = () => Promise<unknown>

const threeInARow = { type: "basic", window: { type: "consecutive", failures: 3 }, openFor: "5 seconds" } as const

const shop = setup({
  types: {
    input: {} as { pay: Pay; look: Pay },
    context: {} as { pay: Pay; look: Pay; bank: BreakerRef; search: BreakerRef },
    events: {} as { type: "pay" | "look" },
  },
  actors: { breakerLogic, callThrough },
  guards: { bankIsOpen: ({ context }) => context.bank.getSnapshot().context.gate.circuit === "open" },
}).createMachine({
  context: ({ spawn, input }) => ({
    ...input,
    bank: spawn("breakerLogic", { id: "bank", input: { name: "bank", strategy: threeInARow, retry: false } }),
    search: spawn("breakerLogic", { id: "search", input: { name: "search", strategy: threeInARow } }),
  }),
  initial: "ready",
  states: {
    ready: { on: { pay: [{ guard: "bankIsOpen", target: "cashOnly" }, { target: "paying" }], look: "looking" } },
    paying: {
      invoke: {
        src: "callThrough",
        input: ({ context: { bank, pay } }) => ({ breaker: bank, run: pay }),
        onDone: "ready",
        onError: "ready",
      },
    },
    looking: {
      invoke: {
        src: "callThrough",
        input: ({ context: { search, look } }) => ({ breaker: search, run: look }),
        onDone: "ready",
        onError: "ready",
      },
    },
    cashOnly: { after: { 10000: "ready" } },
  },
})

type Shop = ActorRefFrom<typeof shop>

const model = await testMachine((clock) => {
  const [bank, search] = [scriptedBackend(clock, "slow 100 ms"), scriptedBackend(clock, "up")]
  return {
    logic: shop,
    input: { pay: bank.call, look: search.call },
    steps: {
      pay: (app: Shop) => app.send({ type: "pay" }),
      look: (app: Shop) => app.send({ type: "look" }),
      "the bank goes down": () => bank.respond("down"),
      "the search goes down": () => search.respond("down"),
    },
    invariants: { "the bank is left alone while its circuit is open": () => bank.inFlight <= 1 },
  }
})

describe("a model of a machine with two breakers", () => {
  test("takes every transition of the machine, and both sides of its guard", () => {
    expect(model.coverage.unlit).toEqual([])
    expect(model.coverage.guardSides).toEqual({ covered: 2, beyond: 0, of: 2 })
    expect(model.coverage.charts).toHaveLength(1)
  })

  test("finds what shows only after several steps that look alike", () => {
    expect(model.paths.some(({ name }) => name.includes("cashOnly"))).toBe(true)
  })

  for (const path of model.paths) test(`walks: ${path.name}`, () => path.run())
})

test("a model of a machine shows an invariant that does not hold", async () => {
  const { paths } = await testMachine((clock) => {
    const backend = scriptedBackend(clock, "slow 100 ms")
    return {
      logic: shop,
      input: { pay: backend.call, look: backend.call },
      steps: { pay: (app: Shop) => app.send({ type: "pay" }) },
      invariants: { "nobody pays": (app: Shop) => !app.getSnapshot().matches("paying") },
    }
  })
  await expect(paths[0]?.run()).rejects.toThrow('"nobody pays" does not hold after "pay"')
})

test("a model of a machine takes a machine", async () => {
  const steps = {}
  await expect(testMachine(() => ({ logic: {} as never, steps }))).rejects.toThrow(InvalidConfig)
  await expect(testMachine(() => ({ logic: breakerLogic, steps }) as never)).rejects.toThrow("use testModel")
})
