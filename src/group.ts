import type { Surroundings } from "./awake.ts"
import type { Member } from "./member.ts"

/** Who writes down what becomes of members. */
export interface Film {
  /** It has a data plane from now on. */
  woke(member: Member<unknown>): void
  /** It has none any more, and remembers its last calls. */
  rested(member: Member<unknown>): void
  /** It is forgotten, or has stopped. */
  left(member: Member<unknown>): void
}

/** The group as its members see it. */
export interface Group<Face> extends Surroundings<Face> {
  /** The member of this name that is in the table: this one, if there is room for it. `undefined` when there is none. */
  enter(member: Member<Face>): Member<Face> | undefined
  /** The member of this name that is in the table, or this one. */
  peer(member: Member<Face>): Member<Face>
  /** Takes it out of the table. */
  release(member: Member<Face>): void
  /** It is used now. */
  touch(member: Member<Face>): void
  /** Its last call in flight has settled. */
  settled(member: Member<Face>): void
  /** What lets a call pass that no breaker can be made for. */
  overflow(): Face
  readonly full: RangeError
  readonly films: ReadonlySet<Film>
}
