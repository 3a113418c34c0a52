/** A machine of a user's as a model walks it, with the breakers that it spawns, on one virtual clock. */
import { type ActorOptions, type AnyActorRef, type AnyMachineSnapshot, type AnyStateMachine, createActor } from "xstate"
import { breakerLogic } from "../../../machines/breaker.ts"
import { describeError } from "../../../machines/options.ts"
import { invalid, refuseNoFunction, refuseStrangers } from "../../knownOptions.ts"
import type { MachineUnderTest, TestMachineOptions } from "../testMachine.ts"
import { createVirtualClock, type VirtualClock } from "../virtualClock.ts"
import { ownInvariants, readLimits, readOwn, refuseTaken } from "./modelOptions.ts"
import { modelOf, type TestModel } from "./paths.ts"
import { Coverer, Watch } from "./watch.ts"
import { anHourMs, passTime, type World } from "./world.ts"

type Make = (clock: VirtualClock) => MachineUnderTest<AnyStateMachine>

/** The machine's own chart, whoever made it for this world. */
const coverer = (): Coverer => new Coverer({ keyOf: (logic, id) => (id === ownId ? logic.id : undefined) })

const ownId = "machine under test"

const byItself = "time passes"
const soundness = "it does not break down"

/** Where a snapshot stands, in a line: `paying`, `{"ordering":"open"}`. */
export const placeIn = ({ value, status }: Pick<AnyMachineSnapshot, "value" | "status">): string =>
  status === "active" ? (typeof value === "string" ? value : JSON.stringify(value)) : String(status)

/** How the breakers among its children stand: what it may do next depends on them. */
function breakersOf(app: AnyActorRef): string {
  const { children } = app.getSnapshot() as AnyMachineSnapshot
  return Object.entries(children)
    .map(([id, child]) => {
      const { gate } =
        ((child as AnyActorRef | undefined)?.getSnapshot() as AnyMachineSnapshot | undefined)?.context ?? {}
      return `${/^x:\d+$/.test(id) ? "" : id} ${gate?.circuit ?? ""} ${gate?.mode ?? ""}`
    })
    .sort()
    .join()
}

/** What was made for one path; throws `InvalidConfig` for what is no machine with steps. */
function readMade(made: unknown): MachineUnderTest<AnyStateMachine> {
  if (typeof made !== "object" || made === null) throw invalid("make", made, "must answer a machine and its steps")
  refuseStrangers(made, ["logic", "input", "steps", "invariants"], "machine")
  const { logic, steps, invariants } = made as MachineUnderTest<AnyStateMachine>
  if (typeof logic !== "object" || logic === null || !("root" in logic))
    throw invalid("logic", logic, "must be a state machine of XState")
  if ((logic as unknown) === breakerLogic) throw invalid("logic", "breakerLogic", "is a breaker: use testModel")
  refuseTaken(readOwn(steps ?? (null as never), "steps"), [byItself], "steps")
  refuseTaken(readOwn(invariants, "invariants"), [soundness], "invariants")
  return made as MachineUnderTest<AnyStateMachine>
}

/** Breakers that wait for a service that never comes back have timers for ever. */
const mostTimers = 10_000

/** What a step promises is waited for: time passes until it is there. */
async function outwait(clock: VirtualClock, promise: unknown): Promise<void> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  Promise.resolve(promise).then(settle, settle)
  await clock.advance(0)
  const end = clock.now() + anHourMs
  for (let timers = 0; !isSettled; timers++) {
    const { nextAt } = clock
    if (nextAt === undefined) break
    if (nextAt > end || timers > mostTimers) throw new Error("it promises what an hour does not bring")
    await clock.advance(Math.max(0, nextAt - clock.now()))
  }
  await promise
}

function machineWorld(make: Make, watcher: Coverer): World {
  const clock = createVirtualClock()
  const watch = new Watch(watcher)
  const { logic, input, steps, invariants = {} } = readMade(make(clock))
  const options = { id: ownId, clock, input, inspect: watch.inspect } as ActorOptions<AnyStateMachine>
  const app = createActor(logic, options)
  let fallen: { readonly error: unknown } | undefined
  // Without anybody who hears of it XState throws it into the process, where it belongs to no path.
  app.subscribe({
    error: (error) => {
      fallen = { error }
      watcher.fell(describeError(error))
    },
  })
  app.start()
  const all = Object.entries(steps).map(([name, run]) => [name, () => outwait(clock, run(app as never))] as const)
  const stand = () => {
    if (fallen !== undefined) throw fallen.error
  }
  return {
    clock,
    watch,
    steps: new Map<string, () => unknown>([...all, [byItself, () => passTime({ clock, watch })]]),
    ordinary: all.length + 1,
    told: new Map(),
    concerns: new Map(),
    invariants: new Map([[soundness, stand] as const, ...ownInvariants(invariants, () => app as never)]),
    where: () => placeIn(app.getSnapshot() as AnyMachineSnapshot),
    standing: () => [placeIn(app.getSnapshot() as AnyMachineSnapshot)],
    bounds: () => breakersOf(app),
    close: async () => {
      app.stop()
      await clock.advance(0)
    },
  }
}

/** A call that fails, and fails again, leads to the same place until a breaker opens. */
const standard = { steps: 12, worlds: 1000, quiet: 4 }

export function modelOfMachine(make: Make, options: TestMachineOptions): Promise<TestModel> {
  refuseNoFunction(make ?? null, "make")
  const limits = readLimits(options, standard)
  readMade(make(createVirtualClock()))
  return modelOf((watcher) => machineWorld(make, watcher), coverer, limits)
}
