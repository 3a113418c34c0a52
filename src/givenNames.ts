/** Whose word the name of a breaker is: the program's own, or that of its callers, who ask for breakers by key. */
import type { Assembly } from "./assemble.ts"
import { Redaction } from "./observability/redaction/redaction.ts"
import { type Group, roster } from "./roster.ts"

export const isGroup = (living: Assembly | Group): living is Group => "members" in living

export class GivenNames {
  readonly #names = new Map<number, string>()
  readonly #bearers = new Map<string, number>()
  readonly #groups = new Map<number, Group>()
  readonly stop: () => void

  constructor() {
    this.stop = roster.watch({
      entered: (id, living) => {
        if (isGroup(living)) this.#groups.set(id, living)
        else this.#bear(id, living.name)
      },
      left: (id) => this.#leave(id),
    })
  }

  /** Whether the program has chosen it, as far as anybody knows. `isSaid`: a config says it that is made for no key. */
  isOwn(name: string, isSaid: boolean): boolean {
    for (const group of this.#groups.values()) if (group.has(name)) return false
    return isSaid || this.#bearers.has(name)
  }

  #bear(id: number, name: string): void {
    this.#names.set(id, name)
    this.#bearers.set(name, (this.#bearers.get(name) ?? 0) + 1)
  }

  #leave(id: number): void {
    this.#groups.delete(id)
    const name = this.#names.get(id)
    if (name === undefined) return
    this.#names.delete(id)
    const others = (this.#bearers.get(name) ?? 1) - 1
    if (others > 0) this.#bearers.set(name, others)
    else this.#bearers.delete(name)
  }
}

/** For one who looks on: what is shown of names, and how to stop asking whose word they are. */
export function redactionOf(redact: ((text: string) => string) | undefined): {
  readonly redaction: Redaction
  readonly forget: () => void
} {
  if (redact === undefined) return { redaction: new Redaction(undefined, () => true), forget: () => {} }
  const names = new GivenNames()
  return { redaction: new Redaction(redact, (name) => names.isOwn(name, false)), forget: () => names.stop() }
}
