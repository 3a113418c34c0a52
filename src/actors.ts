/** XState's own inspection of all breakers of this process, for other inspectors. */
import type { AnyActorRef, InspectionEvent } from "xstate"
import { isGroup, redactionOf } from "./givenNames.ts"
import { invalid, refuseNoFunction, refuseStrangers } from "./knownOptions.ts"
import { StandIns } from "./observability/redaction/standIns.ts"
import { roster } from "./roster.ts"
import { Subject } from "./subject.ts"

/** What hears of actors: XState's `inspect` option takes the same. */
export type ActorListener = ((event: InspectionEvent) => void) | { readonly next?: (event: InspectionEvent) => void }

export interface ActorsOptions {
  /**
   * What stands for a text that says who somebody is: the key of a breaker that another depends on, the name of a feature, the id and address
   * of an endpoint, the message of an error. Default: nothing does. Logins and queries of addresses are never told.
   */
  readonly redact?: ((text: string) => string) | undefined
}

/** An actor that lives already is told of as one that begins: where it stands now. */
function* introductions(root: AnyActorRef): Generator<InspectionEvent> {
  const { children } = root.getSnapshot() as { readonly children: { readonly [key: string]: AnyActorRef | undefined } }
  const actors = [root, ...Object.values(children).flatMap((child) => child ?? [])]
  const common = (actorRef: AnyActorRef) => ({ actorRef, rootId: root.sessionId })
  for (const actorRef of actors) yield { type: "@xstate.actor", ...common(actorRef) } as InspectionEvent
  for (const actorRef of actors) {
    const snapshot = actorRef.getSnapshot()
    yield { type: "@xstate.snapshot", ...common(actorRef), event: { type: "xstate.init" }, snapshot } as InspectionEvent
  }
}

/**
 * Tells XState's inspection events of the actors of every breaker of this process, those that come later included: what Stately's inspector
 * and others like it are fed with. Each breaker's actors are introduced first, as they stand. Breakers made by `createBreakers` are left
 * out. What the listener throws reaches no call. Actors are handed over as stand-ins that answer as the actors do, with what is not to be
 * read hidden. Answers how to stop; until it is called, and afterwards, breakers pay nothing for it. Throws `InvalidConfig`.
 *
 * @example
 * import { createBreaker } from "recloser"
 * import { inspectActors } from "recloser/inspect"
 * import assert from "node:assert/strict"
 *
 * const heard: string[] = []
 * const stop = inspectActors((event) => heard.push(event.type)) // or: inspectActors(createBrowserInspector().inspect)
 * const payments = createBreaker("payments")
 * payments.forceOpen("maintenance")
 * assert(heard.includes("@xstate.actor") && heard.includes("@xstate.event"))
 * stop()
 * await payments.stop()
 */
export function inspectActors(listener: ActorListener, options: ActorsOptions = {}): () => void {
  const hear = typeof listener === "function" ? listener : listener?.next?.bind(listener)
  if (typeof hear !== "function") throw invalid("listener", listener, "must be a function, or an observer with next")
  refuseStrangers(options, ["redact"])
  refuseNoFunction(options.redact, "options.redact")
  return followActors(hear, () => {}, options.redact)
}

/** A breaker whose actors are told of. */
export interface Met {
  readonly name: string
  readonly root: AnyActorRef
  now(): number
}

/** The same, and each breaker is met before its actors are told of. */
export function followActors(
  hear: (event: InspectionEvent) => void,
  meet: (breaker: Met) => void,
  redact?: (text: string) => string,
): () => void {
  let hasWarned = false
  const { redaction, forget: forgetNames } = redactionOf(redact)
  const tell = (event: InspectionEvent) => {
    try {
      hear(event)
    } catch (error) {
      // In the midst of a machine's step: the machine goes on, and whoever inspects is told, once.
      if (!hasWarned) process.emitWarning(`an inspector of actors threw: ${String(error)}`, "recloser")
      hasWarned = true
    }
  }
  const silences = new Map<number, () => void>()
  const forget = roster.watch({
    entered: (id, living) => {
      if (isGroup(living)) return
      const subject = new Subject(living)
      const shown = new StandIns(redaction)
      const tellShown = (event: InspectionEvent) => tell(shown.event(event))
      meet({ name: redaction.breaker(subject.name), root: shown.of(subject.root), now: () => subject.now() })
      for (const event of introductions(subject.root)) tellShown(event)
      silences.set(id, subject.onInspection(tellShown))
    },
    left: (id) => {
      silences.get(id)?.()
      silences.delete(id)
    },
  })
  return () => {
    forget()
    forgetNames()
    for (const silence of silences.values()) silence()
  }
}
