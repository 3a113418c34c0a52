/** Where the root of a breaker can stand, reached as it is in production, and everything that it may be told there. */
import { basic, breakerLogic } from "recloser/machines"
import { type AnyMachineSnapshot, type AnyStateMachine, createActor, type EventObject, initialTransition } from "xstate"
import { samplesFor } from "./chartEvents.ts"
import { chosen, noted } from "./parts.ts"

export const rootMachine = breakerLogic as unknown as AnyStateMachine

const parts = [chosen(basic)]
const input = { name: "service", parts, metered: true }

/** A root that was told these events one after another. */
function told(types: readonly string[], given: object = input): AnyMachineSnapshot {
  const actor = createActor(rootMachine, { input: given as never }).start()
  for (const type of types) actor.send({ type, at: 1000, why: "a test" } as EventObject)
  const snapshot = actor.getSnapshot() as AnyMachineSnapshot
  actor.stop()
  return snapshot
}

const acts = ["operator.release", "operator.forceOpen", "operator.bypass", "operator.shadow"]
const ends = [[], ["breaker.stop"], ["breaker.stop", "breaker.drained"]]

/** Each phase with each mode that it can have there. Modes change while it is active alone. */
export const rootStates = (): readonly AnyMachineSnapshot[] => [
  told([], { ...input, parts: [...parts, chosen(noted("bad", [], true))] }),
  // Its parts have been started and have not answered yet: an actor is never seen there.
  (initialTransition(rootMachine, input as never) as unknown as readonly [AnyMachineSnapshot])[0],
  ...ends.flatMap((end) => acts.map((act) => told([act, ...end]))),
]

const at = 2000
/** Whatever the vocabulary has a word for, what only a root is told, and what XState tells it of its children. */
const events = [
  ...new Map(samplesFor("breaker").map((event) => [event.type, { ...event, at }])).values(),
  ...["start", "stop", "drained", "attached", "detached"].map((word) => ({ type: `breaker.${word}`, at })),
  { type: "breaker.reconfigured", at, parts, saved: {} },
  { type: "loop.changed", at, id: "a.loop", run: undefined },
  ...acts.map((type) => ({ type, at, why: "another test" })),
  { type: "xstate.error.actor.basic", error: new Error("a test") },
  { type: "settings.changed", at, settings: {} },
  { type: "circuit.moved", at },
] as readonly EventObject[]

/** Those, and what is stamped with an epoch as of the present one, too: the others are of one that is over. */
export const rootEventsIn = ({ context }: AnyMachineSnapshot): readonly EventObject[] => [
  ...events,
  ...events.flatMap((event) => ("epoch" in event ? [{ ...event, epoch: context.epoch }] : [])),
]
