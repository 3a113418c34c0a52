/** What the walks of a chart cover: its states, and its transitions, those without an event among them. */
import { type AnyMachineSnapshot, type AnyStateNode, createActor, type EventObject, type InspectionEvent } from "xstate"
import type { AnyPlug } from "../../machines/plug.ts"
import { beginningsOf, type Explored, nameOf } from "./chartPaths.ts"
import { after } from "./reachable.ts"

interface Counted {
  readonly covered: number
  readonly of: number
}

export interface Walked {
  readonly states: Counted
  readonly transitions: Counted
  /** What no walk covers. */
  readonly missing: readonly string[]
}

const alwaysOf = (node: AnyStateNode): readonly string[] =>
  (node.always ?? []).map((_, at) => nameOf(node, "always", at))

const transitionsOf = (node: AnyStateNode): readonly string[] => [
  ...[...node.transitions].flatMap(([type, list]) => list.map((_, index) => nameOf(node, type, index))),
  ...alwaysOf(node),
]

type Microstep = Extract<InspectionEvent, { type: "@xstate.microstep" }>

/** The names of transitions without an event that an actor takes, seen from outside. */
function watcher(taken: Set<string>) {
  return (event: InspectionEvent) => {
    if (event.type !== "@xstate.microstep") return
    for (const one of (event as Microstep)._transitions) {
      const { source } = one
      const at = (source.always ?? []).indexOf(one as never)
      if (at >= 0) taken.add(nameOf(source, "always", at))
    }
  }
}

/** Runs whatever moves the chart as an actor: only there transitions without an event can be seen. */
function takenSilently({ machine, nodes, states, events, later }: Explored, plug: AnyPlug): ReadonlySet<string> {
  const taken = new Set<string>()
  const wanted = nodes.flatMap(alwaysOf)
  const inspect = watcher(taken)
  for (const { input } of beginningsOf(plug))
    createActor(machine, { input: input as never, inspect })
      .start()
      .stop()
  const run = (snapshot: AnyMachineSnapshot, event: EventObject) => {
    const actor = createActor(machine, { snapshot: snapshot as never, inspect, input: {} as never }).start()
    actor.send(event as never)
    actor.stop()
  }
  for (const { state, next } of later) run(state, next)
  const seen = new Set<string>()
  for (const snapshot of states) {
    for (const event of events) {
      if (wanted.every((name) => taken.has(name))) return taken
      const [next] = after(machine, snapshot, event)
      if (next === snapshot) continue
      const move = JSON.stringify([snapshot.value, event.type, next.value])
      if (JSON.stringify(next.value) === JSON.stringify(snapshot.value) || seen.has(move)) continue
      seen.add(move)
      run(snapshot, event)
    }
  }
  return taken
}

export function walkedOf(explored: Explored, plug: AnyPlug): Walked {
  const { machine, nodes, states, events } = explored
  const reached = new Set(states.flatMap((state) => state._nodes.map(({ id }) => id)))
  const isTaken = (state: AnyMachineSnapshot, event: EventObject) =>
    (machine.getTransitionData(state as never, event as never) ?? []).map((found) => {
      const list = found.source.transitions.get(found.eventType) ?? []
      return nameOf(found.source, found.eventType, list.indexOf(found))
    })
  const taken = new Set(states.flatMap((state) => events.flatMap((event) => isTaken(state, event))))
  for (const name of takenSilently(explored, plug)) taken.add(name)
  const all = nodes.flatMap(transitionsOf)
  const ids = nodes.map(({ id }) => id)
  return {
    states: { covered: ids.filter((id) => reached.has(id)).length, of: ids.length },
    transitions: { covered: all.filter((name) => taken.has(name)).length, of: all.length },
    missing: [...ids.filter((id) => !reached.has(id)), ...all.filter((name) => !taken.has(name))],
  }
}
