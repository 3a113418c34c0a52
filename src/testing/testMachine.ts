import type { ActorRefFrom, AnyStateMachine, InputFrom } from "xstate"
import type { TestModel } from "./model/paths.ts"
import type { VirtualClock } from "./virtualClock.ts"

/** A machine of yours in a world that was made for one path. */
export interface MachineUnderTest<Logic extends AnyStateMachine> {
  readonly logic: Logic
  readonly input?: InputFrom<Logic> | undefined
  /**
   * What can happen to it, by name. What a step promises is waited for, and time passes until it is there. That time passes until
   * something moves is one more step, by itself.
   */
  readonly steps: { readonly [name: string]: (app: ActorRefFrom<Logic>) => unknown }
  /**
   * What must hold after every step, beside that the machine does not break down. Throwing, or answering `false`, says that it does
   * not; so does a promise of either, which is waited for while time stands still.
   */
  readonly invariants?: { readonly [name: string]: (app: ActorRefFrom<Logic>) => unknown } | undefined
}

export interface TestMachineOptions {
  /** Most worlds that are begun to find paths. Default 1000. */
  readonly worlds?: number | undefined
  /** Most steps of a path. Default 12. */
  readonly steps?: number | undefined
}

/**
 * Walks a machine of yours through its transitions, with the breakers that it spawns and the calls that it makes through them, on virtual
 * time. `make` is called for each path anew, with a clock that the machine, its breakers and its backends then share.
 *
 * @example
 * import { breakerLogic, callThrough } from "recloser/machines"
 * import { scriptedBackend, testMachine } from "recloser/testing"
 * import { type ActorRefFrom, setup } from "xstate"
 * import assert from "node:assert/strict"
 *
 * const shop = setup({
 *   types: { input: {} as { pay: () => Promise<unknown> }, context: {} as { pay: () => Promise<unknown>; bank: ActorRefFrom<typeof breakerLogic> } },
 *   actors: { breakerLogic, callThrough },
 * }).createMachine({
 *   context: ({ spawn, input: { pay } }) => ({ pay, bank: spawn("breakerLogic", { id: "bank", input: { name: "bank" } }) }),
 *   initial: "ready",
 *   states: {
 *     ready: { on: { pay: "paying" } },
 *     paying: {
 *       invoke: {
 *         src: "callThrough",
 *         input: ({ context: { bank, pay } }) => ({ breaker: bank, run: pay }),
 *         onDone: "ready",
 *         onError: "sorry",
 *       },
 *     },
 *     sorry: { after: { 1000: "ready" } },
 *   },
 * })
 *
 * const model = await testMachine((clock) => {
 *   const bank = scriptedBackend(clock, "up")
 *   const steps = {
 *     pay: (app: ActorRefFrom<typeof shop>) => app.send({ type: "pay" }),
 *     "the bank goes down": () => bank.respond("down"),
 *   }
 *   return { logic: shop, input: { pay: bank.call }, steps }
 * })
 * for (const path of model.paths) await path.run() // or: test(path.name, () => path.run())
 * assert.deepEqual(model.coverage.unlit, [])
 */
export async function testMachine<Logic extends AnyStateMachine>(
  make: (clock: VirtualClock) => MachineUnderTest<Logic>,
  options: TestMachineOptions = {},
): Promise<TestModel> {
  const { modelOfMachine } = await import("./model/machineWorld.ts")
  return modelOfMachine(make as never, options)
}
