/** What is said in the protocol of `@xstate/inspect`, the inspector of XState 4 (version 0.8, src/types.ts and src/server.ts). */
import type { AnyActorRef, EventObject, StateValue } from "xstate"
import { chartIn } from "./definition.ts"

/** An event in the form of SCXML, which is how XState 4 hands events about. */
interface ScxmlEvent {
  readonly name: string
  readonly data: unknown
  readonly $$type: "scxml"
  readonly type: "external"
  readonly origin?: string
}

/** From the program to the tool. */
export type ToolMessage =
  | {
      readonly type: "service.register"
      readonly machine: string
      readonly state: string
      readonly id: string
      readonly sessionId: string
      readonly parent?: string | undefined
    }
  | { readonly type: "service.state"; readonly state: string; readonly sessionId: string }
  | { readonly type: "service.event"; readonly event: string; readonly sessionId: string }
  | { readonly type: "service.stop"; readonly sessionId: string }
  | { readonly type: "xstate.disconnect" }

/** From the tool to the program. */
export type ProgramMessage =
  | { readonly type: "xstate.inspecting" }
  | { readonly type: "xstate.event"; readonly sessionId: string; readonly event: EventObject }

interface Standing {
  readonly value?: StateValue
  readonly status?: string
  readonly context?: unknown
  readonly tags?: Iterable<string>
}

const isActor = (value: object): value is AnyActorRef => "sessionId" in value && "getSnapshot" in value

/** Charts and functions cannot be written down, and other actors only be named. */
function written(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value)
  if (typeof value === "function") return undefined
  if (typeof value !== "object" || value === null) return value
  if (isActor(value)) return { id: value.id }
  return "root" in value && "implementations" in value ? undefined : value
}

/** As JSON; what refers to itself, or cannot be read, is left out. */
function textOf(value: { readonly [key: string]: unknown }, whole: readonly string[]): string {
  try {
    return JSON.stringify(value, written)
  } catch {
    return JSON.stringify(Object.fromEntries(whole.map((key) => [key, value[key]])))
  }
}

/** An actor's answer to its parent carries its whole state, which is told anyway. */
const lightened = (event: EventObject): EventObject => (event.type.startsWith("xstate.") ? { type: event.type } : event)

const scxmlOf = (event: EventObject, origin: string | undefined): ScxmlEvent => ({
  name: event.type,
  data: event,
  $$type: "scxml",
  type: "external",
  ...(origin === undefined ? {} : { origin }),
})

const eventText = (event: EventObject, origin?: string): string => {
  const light = lightened(event)
  const scxml = scxmlOf(light, origin)
  try {
    return JSON.stringify(scxml, written)
  } catch {
    return JSON.stringify({ ...scxml, data: { type: light.type } })
  }
}

/** A snapshot as a state of XState 4. */
function stateText({ value, status, context, tags = [] }: Standing, event: EventObject, sessionId: string): string {
  const light = lightened(event)
  const state = {
    value: value ?? "running",
    done: status === "done",
    changed: true,
    _sessionid: sessionId,
    event: { type: light.type },
    _event: scxmlOf({ type: light.type }, undefined),
    actions: [],
    activities: {},
    events: [],
    meta: {},
    children: {},
    tags: [...tags],
  }
  return textOf({ ...state, context }, Object.keys(state))
}

const began: EventObject = { type: "xstate.init" }

/** An actor is introduced, as it stands; `undefined` for one that is no state machine. Sessions are the tool's own: XState counts anew in each system. */
export function introduction(
  actor: AnyActorRef,
  { sessionId, id, parent }: { readonly sessionId: string; readonly id: string; readonly parent: string | undefined },
): ToolMessage | undefined {
  const machine = chartIn((actor as unknown as { readonly logic: unknown }).logic)
  if (machine === undefined) return undefined
  const state = stateText(actor.getSnapshot() as Standing, began, sessionId)
  return { type: "service.register", machine: JSON.stringify(machine), state, id, sessionId, parent }
}

export const eventTold = (sessionId: string, event: EventObject, origin: string | undefined): ToolMessage => ({
  type: "service.event",
  event: eventText(event, origin),
  sessionId,
})

export const stateTold = (sessionId: string, snapshot: unknown, event: EventObject): ToolMessage => ({
  type: "service.state",
  state: stateText(snapshot as Standing, event, sessionId),
  sessionId,
})

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/** An event for an actor. The real inspector names it as the origin of the event, others as the message's `service`. */
function eventIn({ event, service }: { readonly event?: unknown; readonly service?: unknown }) {
  const { name, data, origin } = JSON.parse(String(event)) as { readonly [key: string]: unknown }
  const sessionId = isText(service) ? service : origin
  const given = typeof data === "object" && data !== null ? data : {}
  if (!isText(sessionId) || !isText(name)) return undefined
  return { type: "xstate.event", sessionId, event: { ...given, type: name } } as const
}

/** What a tool says; `undefined` for what nobody can understand. */
export function readMessage(text: string): ProgramMessage | undefined {
  try {
    const message = JSON.parse(text) as { readonly [key: string]: unknown } | null
    if (message?.type === "xstate.inspecting") return { type: "xstate.inspecting" }
    return message?.type === "xstate.event" ? eventIn(message) : undefined
  } catch {
    return undefined
  }
}
