/** A machine of a user's as a model walks it, with the breakers that it spawns, on one virtual clock. */
import { type ActorOptions, type AnyActorRef, type AnyMachineSnapshot, type AnyStateMachine, createActor } from "xstate"
import { breakerLogic } from "../../../machines/breaker.ts"
import { invalid } from "../../knownOptions.ts"
import type { MachineUnderTest, TestMachineOptions } from "../testMachine.ts"
import { createVirtualClock, type VirtualClock } from "../virtualClock.ts"
import { ownInvariants, readLimits, readOwn } from "./modelOptions.ts"
import { modelOf, type TestModel } from "./paths.ts"
import { Coverer, Watch } from "./watch.ts"
import { passTime, type World } from "./world.ts"

type Make = (clock: VirtualClock) => MachineUnderTest<AnyStateMachine>

/** The machine's own chart, whoever made it for this world. */
const coverer = (): Coverer => new Coverer({ keyOf: (logic, id) => (id === ownId ? logic.id : undefined) })

const ownId = "machine under test"

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

function machineWorld(make: Make, watcher: Coverer): World {
  const clock = createVirtualClock()
  const watch = new Watch(watcher)
  const { logic, input, steps, invariants = {} } = make(clock)
  const options = { id: ownId, clock, input, inspect: watch.inspect } as ActorOptions<AnyStateMachine>
  const app = createActor(logic, options)
  app.start()
  const all = Object.entries(readOwn(steps, "steps")).map(([name, run]) => [name, () => run(app as never)] as const)
  return {
    clock,
    watch,
    steps: new Map<string, () => unknown>([...all, ["time passes", () => passTime({ clock, watch })]]),
    ordinary: all.length + 1,
    told: new Map(),
    concerns: new Map(),
    invariants: new Map(ownInvariants(readOwn(invariants, "invariants"), () => app as never)),
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
  const limits = readLimits(options, standard)
  const { logic } = make(createVirtualClock())
  if (logic === undefined || !("root" in logic)) throw invalid("logic", logic, "must be a state machine of XState")
  if ((logic as unknown) === breakerLogic) throw invalid("logic", "breakerLogic", "is a breaker: use testModel")
  return modelOf((watcher) => machineWorld(make, watcher), coverer, limits)
}
