/** Names of other breakers in what is recorded of one: those that callers chose, as keys, may name a customer. */
import type { Standing } from "../../../machines/vocabulary/standing.ts"
import { Naming } from "../redaction/naming.ts"
import { withoutSecrets } from "../redaction/secrets.ts"
import type { EventLine, RecordedLine, RecordedPart } from "./format.ts"

type Heard = EventLine["event"]
type Moves = { readonly [id: string]: { readonly standing: Standing } }

/** Names that are remembered; when there are more, what stands for one is worked out anew. */
const mostNames = 20_000

export class NamedBreakers {
  readonly #isOwn: (name: string, isSaid: boolean) => boolean
  /**
   * What stands for each name in this file: a breaker that comes to be by key later has one name all the same, and no two names may
   * become one, or the replay would take them for the same breaker.
   */
  readonly #shown: Naming

  constructor(hide: (name: string) => string, isOwn: (name: string, isSaid: boolean) => boolean) {
    this.#isOwn = isOwn
    this.#shown = new Naming(hide)
  }

  /** Another file begins. */
  forget(): void {
    this.#shown.forget()
  }

  /** What a breaker is made of: the config of one by key may name dependencies after the key. */
  parts(parts: readonly RecordedPart[], isOneOfMany: boolean): readonly RecordedPart[] {
    return parts.map((part) => {
      const { dependencies } = (part.settings ?? {}) as { readonly dependencies?: unknown }
      if (part.key !== "dependency" || typeof dependencies !== "object" || dependencies === null) return part
      const named = Object.entries(dependencies).map(([id, one]) => [this.#name(id, !isOneOfMany), one])
      return { ...part, settings: { ...(part.settings as object), dependencies: Object.fromEntries(named) } }
    })
  }

  /** A line that says what was heard from outside names breakers; others do not. */
  line(line: RecordedLine, isOneOfMany: boolean): RecordedLine {
    return line.t === "event" ? { ...line, event: this.#event(line.event, isOneOfMany) } : line
  }

  /** What a breaker had been told of its dependencies before. */
  told(events: readonly Heard[]): readonly Heard[] {
    return events.map((event) => this.#event(event, false))
  }

  #event(event: Heard, isOneOfMany: boolean): Heard {
    const { type, id, standing, moves, parts } = event
    if (type === "breaker.reconfigured" && Array.isArray(parts))
      return { ...event, parts: this.parts(parts, isOneOfMany) }
    if (!type.startsWith("dependency.")) return event
    return {
      ...event,
      ...(typeof id === "string" && { id: this.#name(id) }),
      ...(standing !== undefined && { standing: this.#standing(standing as Standing, String(id)) }),
      ...(moves !== undefined && { moves: this.#moves(moves as Moves) }),
    }
  }

  #moves(moves: Moves): Moves {
    const named = Object.entries(moves).map(([id, move]) => [
      this.#name(id),
      { ...move, standing: this.#standing(move.standing, id) },
    ])
    return Object.fromEntries(named)
  }

  #standing(standing: Standing, id: string): Standing {
    const { cause, reason } = standing
    const names = cause === undefined ? [id] : [cause, id]
    return {
      ...standing,
      ...(cause !== undefined && { cause: this.#name(cause) }),
      reason: this.#reason(reason, names),
    }
  }

  /** Reasons say who is unwell: the dependency, the one in which it began, or one further down. */
  #reason(reason: string, names: readonly string[]): string {
    const known = names.find((name) => reason.startsWith(`${name} is `))
    const called = /^(no breaker is called )(.+)$/s.exec(reason)
    if (called !== null) return `${called[1]}${this.#name(called[2] ?? "")}`
    const said = known === undefined ? /^(.+?) is (.+)$/s.exec(reason) : [reason, known, reason.slice(known.length + 4)]
    if (said === null) return reason
    const [, who = "", what = ""] = said
    const held = /^held back: (.+)$/s.exec(what)
    if (held !== null) return `${this.#name(who)} is held back: ${this.#reason(held[1] ?? "", [])}`
    return /^(?:open|half-open|degraded|ramping|closed|not obeyed: \w+)$/.test(what)
      ? `${this.#name(who)} is ${what}`
      : reason
  }

  #name(name: string, isSaid = false): string {
    if (this.#shown.size >= mostNames) this.forget()
    return this.#shown.of(name, this.#isOwn(name, isSaid) ? withoutSecrets : undefined)
  }
}
