/**
 * The table of breakers by key: bounded, oldest use first. One alarm looks around for all of them; a key costs no timer.
 * Who is open, ramping, held or in use is never let go; when nobody can be, calls of new keys pass unprotected and are told of.
 */
import { InvalidConfig, show } from "../machines/options.ts"
import type { Assembly } from "./assemble.ts"
import { type Clock, wheelOf } from "./Clock.ts"
import type { Classify } from "./classify.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import { Alarm } from "./data-plane/timers.ts"
import { checkDeclared } from "./declaring.ts"
import { Departures } from "./departures.ts"
import { Listeners } from "./events.ts"
import type { Film, Group } from "./group.ts"
import type { Member } from "./member.ts"
import { Outlet } from "./outlet.ts"
import { Recency } from "./recency.ts"
import { type Recipe, Recipes } from "./recipe.ts"
import { roster } from "./roster.ts"
import { SavedKeys } from "./savedKeys.ts"

export interface TableOptions<Face, M> {
  readonly clock: Clock
  readonly max: number
  readonly idleMs: number
  readonly config: (key: string) => unknown
  /** What was saved, by key. */
  readonly saved: ReadonlyMap<string, SavedBreaker>
  readonly face: Group<Face>["face"]
  readonly member: (name: string, recipe: Recipe, classify: Classify<never> | undefined, group: Group<Face>) => M
}

/** Looks around so many times in `idle`. */
const ticksPerIdle = 16
/** Each time it looks at no more than this part of a full table. */
const partPerTick = 8
/** To make room it looks at no more members than this, some ten microseconds: a full table must not make a call slow. */
const looks = 1000
const longestKey = 200

export class Table<Face, M extends Member<Face>> implements Group<Face> {
  readonly clock: Clock
  readonly idleMs: number
  readonly listeners: Listeners
  readonly face: Group<Face>["face"]
  readonly departures = new Departures<Face>()
  readonly saved: SavedKeys<Face>
  readonly films = new Set<Film>()
  evicted = 0
  ending: Group<Face>["ending"] = undefined
  readonly #options: TableOptions<Face, M>
  #recipes: Recipes
  readonly #members = new Map<string, M>()
  readonly #byUse = new Recency<Member<Face>>()
  /** Those who could not be let go when room was needed, so that nobody looks at them again in vain. */
  readonly #aside = new Recency<Member<Face>>()
  readonly #alarm = new Alarm((now) => this.#lookAround(now))
  #tick = 0
  #outlet: Outlet<Face> | undefined

  constructor(options: TableOptions<Face, M>) {
    this.#options = options
    this.clock = options.clock
    this.idleMs = options.idleMs
    this.listeners = new Listeners("breakers", () => options.clock.now())
    this.face = options.face
    this.saved = new SavedKeys(options.saved, options.max)
    this.#recipes = new Recipes(options.clock, options.config)
    roster.enter(this)
  }

  get size(): number {
    return this.#members.size
  }
  get members(): Iterable<M> {
    return this.#members.values()
  }
  get full(): RangeError {
    const { max } = this.#options
    return new RangeError(`all ${max} breakers are in use, and none of them may be forgotten: others run unprotected`)
  }

  has(key: string): boolean {
    return this.#members.has(key)
  }

  get(key: string): M {
    return this.#members.get(key) ?? this.#make(key)
  }

  /** Takes another config for all keys, or, when it cannot be used for one of them, for none: then it throws `InvalidConfig`. */
  reconfigure(config: (key: string) => unknown): void {
    if (this.ending !== undefined) return
    const recipes = new Recipes(this.clock, config)
    const made = recipes.ofAll(this.members)
    checkDeclared(made.flatMap(([{ awake }, { recipe }]) => (awake ? [[awake.assembly, recipe.parts]] : [])))
    this.#recipes = recipes
    for (const [member, taken] of made) {
      // A listener may have given all of them yet another config.
      if (this.#recipes !== recipes) return
      if (member.present) member.adopt(taken)
    }
  }

  enter(member: Member<Face>): Member<Face> | undefined {
    if (member.present || member.isOver || this.ending !== undefined) return member
    const known = this.#members.get(member.name)
    if (known !== undefined) return known
    if (!this.#makeRoom()) return undefined
    this.#insert(member as M)
    return member
  }

  peer(member: Member<Face>): Member<Face> {
    return member.present || member.isOver ? member : (this.#members.get(member.name) ?? member)
  }

  touch(member: Member<Face>): void {
    member.tick = this.#tick
    if (!member.present) return
    if (member.isAside) this.#takeBack(member)
    else this.#byUse.renew(member)
  }

  settled(member: Member<Face>): void {
    this.departures.settled(member)
    if (member.isAside && member.isCold) this.#takeBack(member)
  }

  release(member: Member<Face>): void {
    if (!member.present) return
    member.present = false
    member.recipe.breakers--
    this.#members.delete(member.name)
    if (member.isAside) this.#aside.remove(member)
    else this.#byUse.remove(member)
    member.isAside = false
    this.departures.add(member)
    for (const film of this.films) film.left(member)
  }

  /** Calls that ran unprotected. */
  get unprotected(): number {
    return this.#outlet?.passed ?? 0
  }

  overflow(): Face {
    this.listeners.trouble("breakers", this.full)
    return (this.#outlet ??= new Outlet(this, this.full.message)).face
  }

  /** Admits nothing more. Answers what has to be drained: those who have a data plane, and what lets calls overflow. */
  halt(): readonly { readonly assembly: Assembly; readonly face: Face }[] {
    wheelOf(this.clock).disarm(this.#alarm)
    this.ending = { phase: "draining", at: this.clock.now() }
    const awake = [...this.members].flatMap((member) => member.awake ?? [])
    return this.#outlet === undefined ? awake : [...awake, this.#outlet]
  }

  /** Everything has been drained. */
  finish(): void {
    this.saved.end(this.members)
    this.ending = { phase: "stopped", at: this.clock.now() }
    for (const member of this.members) {
      member.awake?.end()
      this.release(member)
    }
    roster.leave(this)
    this.#outlet?.end()
    this.listeners.flush()
    wheelOf(this.clock).rest()
  }

  #make(key: string): M {
    if (typeof key !== "string" || key.length === 0 || key.length > longestKey) {
      throw new InvalidConfig([
        { path: "key", value: show(key), rule: `must be a string of 1 to ${longestKey} characters` },
      ])
    }
    // A copy: a key that was cut out of a long text would keep the whole text.
    const name: string = JSON.parse(JSON.stringify(key))
    const { recipe, classify } = this.#recipes.of(name)
    const member = this.#members.get(name) ?? this.#options.member(name, recipe, classify, this)
    this.enter(member)
    return member
  }

  #insert(member: M): void {
    if (this.#members.size === 0) this.#arm(this.clock.now())
    this.#members.set(member.name, member)
    this.#byUse.add(member)
    member.present = true
    member.isGone = false
    member.recipe.breakers++
    member.tick = this.#tick
    // One that waits for something, whatever happens, has its actors from the start.
    if (!member.recipe.mayRest) member.wake()
    this.saved.recall(member)
  }

  #makeRoom(): boolean {
    if (this.#members.size < this.#options.max) return true
    for (let looked = 0; looked < looks; looked++) {
      const { oldest } = this.#byUse
      if (oldest === undefined) return false
      if (oldest.isCold) {
        this.#evict(oldest)
        return true
      }
      this.#byUse.remove(oldest)
      this.#aside.add(oldest)
      oldest.isAside = true
    }
    return false
  }

  #evict(member: Member<Face>): void {
    this.release(member)
    member.drop()
    this.evicted++
  }

  #takeBack(member: Member<Face>): void {
    this.#aside.remove(member)
    this.#byUse.add(member)
    member.isAside = false
  }

  #lookAround(now: number): void {
    this.#tick++
    for (const list of [this.#byUse, this.#aside]) {
      const most = Math.min(list.size, Math.ceil(this.#options.max / partPerTick))
      for (let looked = 0; looked < most; looked++) this.#look(list.next())
    }
    if (this.#members.size > 0) this.#arm(now)
  }

  #look(member: Member<Face> | undefined): void {
    if (member === undefined) return
    if (this.#tick - member.tick > ticksPerIdle && member.isCold) return this.#evict(member)
    member.rest()
    this.settled(member)
  }

  #arm(now: number): void {
    if (this.#alarm.list === undefined) wheelOf(this.clock).arm(this.#alarm, this.idleMs / ticksPerIdle, now)
  }
}
