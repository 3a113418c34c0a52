/** One tool that looks on: it is told of every actor that is a state machine, and may send them events where it is allowed to. */
import type { AnyActorRef, EventObject, InspectionEvent } from "xstate"
import { withoutSecrets } from "../redaction/secrets.ts"
import { eventTold, introduction, readMessage, stateTold, type ToolMessage } from "./messages.ts"

/** The tool's end of the line. */
export interface Line {
  send(text: string): void
  /** Bytes that it has not read yet. */
  readonly unread: number
  /** Hangs up, and says why. */
  close(why: string): void
}

/** A breaker whose actors are told of. */
interface Met {
  readonly name: string
  readonly root: AnyActorRef
  now(): number
}

export interface ToolOptions {
  readonly line: Line
  readonly control: boolean
  /** Begins to tell of all actors, introductions first; answers how to stop. */
  readonly follow: (tell: (event: InspectionEvent) => void, meet: (breaker: Met) => void) => () => void
}

/** What a tool does not read is kept in memory: one that reads no more is not waited for. */
const mostUnread = 4 * 1024 * 1024

const parentOf = (actor: AnyActorRef): AnyActorRef | undefined => (actor as { readonly _parent?: AnyActorRef })._parent

export class Tool {
  readonly #options: ToolOptions
  readonly #breakers = new Map<AnyActorRef, Met>()
  readonly #sessions = new Map<AnyActorRef, string>()
  readonly #actors = new Map<string, AnyActorRef>()
  /** What listens for the end of each actor. */
  readonly #ends = new Map<AnyActorRef, { unsubscribe(): void }>()
  #last = 0
  #silence: (() => void) | undefined

  constructor(options: ToolOptions) {
    this.#options = options
  }

  /** What the tool says. It may ask to be told from the beginning again. */
  hear(text: string): void {
    const message = readMessage(text)
    if (message?.type === "xstate.inspecting") {
      this.leave()
      this.#silence = this.#options.follow(
        (event) => this.#tell(event),
        (breaker) => this.#breakers.set(breaker.root, breaker),
      )
    } else if (message !== undefined && this.#options.control) this.#hand(message.sessionId, message.event)
  }

  leave(): void {
    this.#silence?.()
    this.#silence = undefined
    for (const end of this.#ends.values()) end.unsubscribe()
    for (const known of [this.#breakers, this.#sessions, this.#actors, this.#ends]) known.clear()
  }

  /** Signals carry the time of their breaker's clock, which a tool cannot know. */
  #hand(sessionId: string, event: EventObject): void {
    const actor = this.#actors.get(sessionId)
    if (actor === undefined) return
    const at = this.#breakers.get(parentOf(actor) ?? actor)?.now()
    actor.send({ ...event, at })
  }

  #tell(event: InspectionEvent): void {
    const actor = event.actorRef as AnyActorRef
    if (event.type === "@xstate.actor") return this.#introduce(actor)
    const sessionId = this.#sessions.get(actor)
    if (sessionId === undefined) return
    if (event.type === "@xstate.event") this.#send(eventTold(sessionId, event.event, this.#sessionOf(event.sourceRef)))
    if (event.type === "@xstate.snapshot") this.#send(stateTold(sessionId, event.snapshot, event.event))
  }

  #sessionOf(actor: unknown): string | undefined {
    return actor === undefined ? undefined : this.#sessions.get(actor as AnyActorRef)
  }

  #introduce(actor: AnyActorRef): void {
    if (this.#sessions.has(actor)) return
    const sessionId = `recloser:${++this.#last}`
    const id = this.#breakers.get(actor)?.name ?? actor.id
    const message = introduction(actor, { sessionId, id, parent: this.#sessionOf(parentOf(actor)) })
    if (message === undefined) return
    this.#sessions.set(actor, sessionId)
    this.#actors.set(sessionId, actor)
    this.#send(message)
    // A tool that reads no more has been let go of by that.
    if (!this.#sessions.has(actor)) return
    const ended = () => this.#forget(actor, sessionId)
    const end = actor.subscribe({ complete: ended, error: ended })
    // It may have ended already.
    if (this.#sessions.has(actor)) this.#ends.set(actor, end)
  }

  #forget(actor: AnyActorRef, sessionId: string): void {
    this.#breakers.delete(actor)
    this.#sessions.delete(actor)
    this.#ends.delete(actor)
    if (this.#actors.delete(sessionId)) this.#send({ type: "service.stop", sessionId })
  }

  #send(message: ToolMessage): void {
    const { line } = this.#options
    if (line.unread <= mostUnread) return line.send(withoutSecrets(JSON.stringify(message)))
    this.leave()
    line.close("it does not read what it is told")
  }
}
