/**
 * A film: the breakers of a group as they are recorded. One of them is introduced with its last calls when the next one comes; while it
 * rests there is nothing to tell. Being recorded wakes nobody, and keeps nobody awake.
 */
import { saveAssembly } from "./assemble.ts"
import type { Awake } from "./awake.ts"
import { wheelOf } from "./Clock.ts"
import { placeOf } from "./data-plane/keyPlace.ts"
import type { Film } from "./group.ts"
import type { Member } from "./member.ts"
import type { RecordedMember, RecordedPart } from "./observability/recording/format.ts"
import type { FileRecorder } from "./observability/recording/recorder.ts"
import type { ReelTape, Turning } from "./observability/recording/reelTape.ts"
import type { Recordable, Track } from "./observability/recording/track.ts"
import type { Recipe } from "./recipe.ts"
import { type Group, roster } from "./roster.ts"
import { partsOf, Subject } from "./subject.ts"
import { toldBefore } from "./toldBefore.ts"

/** What the same parts are written as is one list, by which the recorder knows it again. */
const written = new WeakMap<Recipe["parts"], readonly RecordedPart[]>()

function writtenOf(made: Pick<Recipe, "parts">): readonly RecordedPart[] {
  const known = written.get(made.parts) ?? partsOf(made)
  written.set(made.parts, known)
  return known
}

function owedBy({ plane }: Awake<unknown>, now: number): RecordedMember["rates"] {
  const { rates } = plane.admission
  return rates?.isPaid(now) === false ? rates.save(now) : undefined
}

class RecordedKey implements Recordable {
  readonly isOneOfMany = true
  readonly #member: Member<unknown>
  readonly #group: Group
  track: Track | undefined = undefined
  /** What it was made of when it was introduced. */
  recipe: Recipe
  /** Of what happens now the beginning is not known: what it is recorded to be is not quite what it is. */
  isPartial = false
  /** It has woken, and nothing has been told of it since. */
  isNew = false
  silence: (() => void) | undefined = undefined

  constructor(member: Member<unknown>, group: Group) {
    this.#member = member
    this.#group = group
    this.recipe = member.recipe
  }

  get name(): string {
    return this.#member.name
  }
  now(): number {
    return this.#group.clock.now()
  }
  wallNow(): number {
    return this.#group.clock.wallNow()
  }
  get turning(): Turning {
    return wheelOf(this.#group.clock).turns
  }

  record(tape: ReelTape | undefined): void {
    const plane = this.#member.awake?.plane
    // What another recorder has is not ours to end.
    if (tape !== undefined || plane?.tape === this.track?.tape) plane?.record(tape)
  }

  bucketOf(key: string): number | undefined {
    const awake = this.#member.awake
    return awake && placeOf(awake.plane.admission, key)
  }

  describe(): ReturnType<Recordable["describe"]> {
    const { awake, recipe, seed } = this.#member
    this.recipe = recipe
    if (awake === undefined) throw new TypeError(`breaker "${this.name}" rests, and has nothing to tell`)
    const { journal, since, past, budget } = awake.remembered()
    const hasJustWoken = this.#hasJustWoken(awake)
    const isMoved = !hasJustWoken && (awake.plane.journal === undefined || awake.conductor.isStarted)
    this.isPartial ||= isMoved
    // Of one that has just woken its last calls say all.
    const owed = isMoved || hasJustWoken ? undefined : owedBy(awake, this.now())
    const memory = {
      idleMs: this.#group.idleMs,
      since,
      budget,
      ...(past.length > 0 && { past }),
      ...(owed && { rates: owed }),
    }
    const member = { ...memory, ...(isMoved ? {} : { journal }), ...(this.isPartial && { isPartial: true as const }) }
    // Its own config, if it was given one, is what it runs.
    return {
      seed,
      member,
      parts: writtenOf(awake.assembly),
      ...(isMoved ? { saved: saveAssembly(awake.assembly) } : {}),
      ...toldBefore(awake.assembly),
    }
  }

  /** Whether nothing has happened to it but that it woke, and was told how its dependencies stand. */
  #hasJustWoken({ plane, assembly }: Awake<unknown>): boolean {
    const { isNew } = this
    this.isNew = false
    const { circuit, mode } = plane.gate
    const isAsBegun = circuit === "closed" && mode === "auto" && assembly.isRestored !== true
    // One that never rests has no journal, and nothing to remember by one.
    return isNew && isAsBegun && (plane.journal !== undefined || !this.#member.recipe.mayRest)
  }
}

export class GroupFilm implements Film {
  readonly #recorder: FileRecorder
  readonly #group: Group
  readonly #isWanted: (name: string) => boolean
  readonly #keys = new WeakMap<Member<unknown>, RecordedKey>()
  readonly #unhear: () => void
  readonly #taken: () => void

  /** `taken` hears that another recorder has one of them already. */
  constructor(recorder: FileRecorder, group: Group, isWanted: (name: string) => boolean, taken: () => void) {
    this.#recorder = recorder
    this.#taken = taken
    this.#group = group
    this.#isWanted = isWanted
    this.#unhear = group.listeners.add("transition", ({ type: _type, ...moved }) => {
      this.#trackOf(moved.breaker)?.moved(moved)
    })
    for (const member of group.members) if (member.awake !== undefined) this.#join(member)
    group.films.add(this)
  }

  /** Nobody is recorded any more. */
  end(): void {
    this.#group.films.delete(this)
    this.#unhear()
    for (const member of this.#group.members) this.#keys.get(member)?.silence?.()
  }

  woke(member: Member<unknown>): void {
    const key = this.#keys.get(member) ?? this.#meet(member)
    const { track } = key
    if (track === undefined) return
    key.isPartial = false
    key.isNew = true
    if (track.isIntroduced && key.recipe === member.recipe) track.tape.begin()
    else track.forget()
    this.#follow(member, key, track)
  }

  rested(member: Member<unknown>): void {
    const key = this.#keys.get(member)
    if (key?.track === undefined) return
    key.track.tape.rests(false, key.now())
    // What it remembers now nobody could know: it is introduced anew.
    if (key.isPartial) key.track.forget()
  }

  left(member: Member<unknown>): void {
    const key = this.#keys.get(member)
    this.#keys.delete(member)
    if (key?.track === undefined) return
    key.silence?.()
    key.record(undefined)
    this.#recorder.leave(key.track)
  }

  /** It lived before anybody looked. */
  #join(member: Member<unknown>): void {
    const key = this.#meet(member)
    if (key.track === undefined) return
    key.isPartial = member.inFlight > 0
    this.#follow(member, key, key.track)
    if (member.awake?.plane.tape !== key.track.tape) return
    // As it is between two calls: later the first of them would have spent already what it is about to spend.
    key.track.tape.turn()
  }

  #meet(member: Member<unknown>): RecordedKey {
    const key = new RecordedKey(member, this.#group)
    if (this.#isWanted(member.name)) key.track = this.#recorder.meet(roster.number(), key)
    this.#keys.set(member, key)
    return key
  }

  #follow(member: Member<unknown>, key: RecordedKey, track: Track): void {
    const { awake } = member
    if (awake === undefined) return
    if ((awake.plane.tape ?? track.tape) !== track.tape) return this.#taken()
    key.silence?.()
    key.silence = undefined
    const listen = () => {
      key.silence = new Subject(awake.assembly).onHeard((event) => track.heard(event))
    }
    awake.plane.record(track.tape)
    if (awake.conductor.isStarted) listen()
    else awake.conductor.whenStarted = () => this.#group.films.has(this) && listen()
  }

  #trackOf(name: string): Track | undefined {
    return this.#group.has(name) ? this.#keys.get(this.#group.get(name))?.track : undefined
  }
}
