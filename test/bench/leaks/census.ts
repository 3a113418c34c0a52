/** How many objects of ours live, class by class: a garbage collection goes before. */
import { queryObjects } from "node:v8"
import * as Effect from "effect/Effect"
import { Actor } from "xstate"
import { AssembledBreaker } from "../../../src/assembledBreaker.ts"
import { Attempts } from "../../../src/attempts.ts"
import { Call } from "../../../src/call.ts"
import { Meter } from "../../../src/data-plane/meter.ts"
import { Plane } from "../../../src/data-plane/plane.ts"
import { Queue } from "../../../src/data-plane/queue.ts"
import { Receipt } from "../../../src/data-plane/receipt.ts"
import { Alarm, Timer } from "../../../src/data-plane/timers.ts"
import { Node } from "../../../src/dependencyNode.ts"
import { AssembledEffectBreaker } from "../../../src/EffectBreaker.ts"
import { Listeners } from "../../../src/events.ts"
import { Member } from "../../../src/member.ts"
import { InspectorServer } from "../../../src/observability/inspector/server.ts"
import { FileRecorder } from "../../../src/observability/recording/recorder.ts"
import { Subject } from "../../../src/subject.ts"
import { WaitingCall } from "../../../src/waitingCall.ts"
import { LivingWorld } from "../../../src/world.ts"

export type Counts = { readonly [name: string]: number }

type Class = abstract new (...args: never[]) => unknown

const ours: readonly Class[] = [
  ...[AssembledBreaker, AssembledEffectBreaker, Member, Listeners, Attempts, Call, WaitingCall, Node, Subject],
  ...[Plane, Meter, Queue, Receipt, Timer, Alarm, InspectorServer, FileRecorder, LivingWorld],
]

/** Effect keeps its class of fibers to itself. */
const fiberClass = Effect.runSync(Effect.withFiber((fiber) => Effect.succeed(fiber.constructor as unknown as Class)))

const actors = Actor as unknown as Class

export const census = (): Counts =>
  Object.fromEntries(
    [...ours, actors, fiberClass].map((one) => [one.name, queryObjects(one as never, { format: "count" })]),
  )
