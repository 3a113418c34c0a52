/** Every place of a chart that samples of events lead to. */
import { type AnyMachineSnapshot, type AnyStateMachine, createEmptyActor, type EventObject } from "xstate"

const nobody = createEmptyActor()
/** What a transition asks of its surroundings: nothing is run, sent or stopped. */
const surroundings = {
  self: nobody,
  system: nobody.system,
  id: "",
  sessionId: "",
  logger: () => {},
  defer: () => {},
  stopChild: () => {},
  emit: () => {},
  actionExecutor: () => {},
}

/** What `transition` of xstate gives, without an actor made for each step: the next snapshot, and the actions that would be run. */
export function after(
  machine: AnyStateMachine,
  state: AnyMachineSnapshot,
  event: EventObject,
): readonly [next: AnyMachineSnapshot, effects: readonly unknown[]] {
  const effects: unknown[] = []
  const scope = { ...surroundings, actionExecutor: (action: unknown) => void effects.push(action) }
  return [machine.transition(state as never, event as never, scope as never) as AnyMachineSnapshot, effects]
}

export interface Beginning {
  readonly input?: unknown
  readonly fromState?: AnyMachineSnapshot
}

/**
 * Breadth first, one snapshot for each place, the last that leads there: it has seen most. `getShortestPaths` of `xstate/graph` finds the same,
 * and more: it keeps every path, and shifts a queue of all snapshots, which among a hundred thousand of them takes minutes.
 */
export function reachable(
  machine: AnyStateMachine,
  { input, fromState }: Beginning,
  events: readonly EventObject[],
  placeOf: (state: AnyMachineSnapshot) => string,
): readonly AnyMachineSnapshot[] {
  const latest = new Map<string, AnyMachineSnapshot>()
  const first: AnyMachineSnapshot[] = []
  const visit = (state: AnyMachineSnapshot) => {
    const place = placeOf(state)
    if (!latest.has(place)) first.push(state)
    latest.set(place, state)
  }
  visit(fromState ?? (machine.getInitialSnapshot(surroundings as never, input as never) as AnyMachineSnapshot))
  // It grows while it is walked.
  for (const state of first) {
    for (const event of events) {
      const [next] = after(machine, state, event)
      // What is not heard leaves the very snapshot.
      if (next !== state) visit(next)
    }
  }
  return [...latest.values()]
}
