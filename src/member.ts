/**
 * One breaker among many, in one of three states. Resting it is a name and a journal of a few calls. Awake it has a data plane,
 * because a call is in flight or too many are remembered. Live it has actors too, because an alarm rang, the operator acted,
 * or there is something to learn.
 */
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import { type Facts, noFacts } from "../machines/vocabulary/facts.ts"
import type { Gate, Mode, Phase } from "../machines/vocabulary/gate.ts"
import type { Assembly } from "./assemble.ts"
import { Awake, gateAtRest, type Memory, nobody } from "./awake.ts"
import { readFacts } from "./callFacts.ts"
import { type Classify, heedsQuotas, ownClassify } from "./classify.ts"
import { countsIn, type Journal } from "./data-plane/journal.ts"
import { ownAssembly } from "./dependencies.ts"
import type { EventName, Listener } from "./events.ts"
import type { Group } from "./group.ts"
import type { Totals } from "./groupMetrics.ts"
import type { Made, Recipe } from "./recipe.ts"
import { takeConfig } from "./reconfiguring.ts"

export class Member<Face> {
  readonly name: string
  recipe: Recipe
  /** Whether it is in the table of its group. */
  present = false
  /** Put aside in the table, because it could not be let go. */
  isAside = false
  /** The group has counted what it had counted. */
  isGone = false
  /** Stopped for good. */
  isOver = false
  /** The group's tick at its last call. */
  tick = 0
  /** Its neighbours in the table, which is in order of use. */
  older: Member<Face> | undefined = undefined
  newer: Member<Face> | undefined = undefined
  readonly #group: Group<Face>
  #classify: Classify<never> | undefined
  readonly #since: number
  #journal: Journal | undefined = undefined
  #past = nobody
  readonly seed: number
  #budget: number | undefined = undefined
  #classes: Memory["classes"] = undefined
  #awake: Awake<Face> | undefined = undefined

  constructor(name: string, recipe: Recipe, classify: Classify<never> | undefined, group: Group<Face>) {
    this.name = name
    this.recipe = recipe
    this.#classify = classify
    this.#group = group
    this.#since = group.clock.now()
    this.seed = group.clock.seed()
  }

  get gate(): Gate {
    const peer = this.#group.peer(this)
    return peer.#awake?.plane.gate ?? gateAtRest(peer.recipe, this.#group)
  }
  get phase(): Phase {
    return this.gate.phase
  }
  get circuit(): Circuit {
    return this.gate.circuit
  }
  get mode(): Mode {
    return this.gate.mode
  }
  /** Its own classifier, as it is now. */
  get [ownClassify](): Classify<never> | undefined {
    const peer = this.#group.peer(this)
    return peer.#awake === undefined ? peer.#classify : peer.#awake.assembly.classify
  }
  get [heedsQuotas](): boolean {
    return this.gate.lines.toldMs !== undefined
  }
  get [ownAssembly](): Assembly {
    return this.take().assembly
  }
  get awake(): Awake<Face> | undefined {
    return this.#awake
  }

  get inFlight(): number {
    return this.#awake?.plane.inFlight ?? 0
  }

  /** Whether it may be forgotten: closed, with nothing in flight, not held by the operator, and nobody listening to it. */
  get isCold(): boolean {
    const awake = this.#awake
    if (awake === undefined) return true
    const { circuit, mode, phase } = awake.plane.gate
    const isQuiet = circuit === "closed" && mode === "auto" && phase === "active" && awake.isIdle
    // Forgotten with something spent, it would come back with all of it.
    return isQuiet && awake.plane.admission.rates?.isPaid(this.#group.clock.now()) !== false
  }

  wake(): Awake<Face> {
    if (this.#awake !== undefined) return this.#awake
    // At the end nobody stays awake: it refuses, and its phase may still change.
    const isKept = this.#group.ending === undefined
    const isGone = () => this.isGone || !isKept
    const awake = new Awake(this.#memory, this.#group, (isLive) => this.#settled(isLive), isGone)
    if (!isKept) return awake
    this.#journal = undefined
    this.#awake = awake
    if (this.present) for (const film of this.#group.films) film.woke(this)
    return awake
  }

  /** The last call in flight has settled, or a listener has left. */
  #settled(isLive: boolean): void {
    if (!isLive) this.rest()
    if (this.isAside || !this.present) this.#group.settled(this)
  }

  get #memory(): Memory {
    const { name, recipe, seed } = this
    const journal = this.#journal?.slice()
    return {
      name,
      recipe,
      classify: this.#classify,
      since: this.#since,
      journal,
      past: this.#past,
      budget: this.#budget,
      classes: this.#classes,
      seed,
    }
  }

  /** Gives up its data plane, and its actors, if its journal says all that there is to know. */
  rest(): void {
    const awake = this.#awake
    if (awake === undefined || !this.recipe.mayRest || !awake.isIdle || !awake.isUnmoved) return
    const { plane, listeners } = awake
    const now = this.#group.clock.now()
    if (!plane.isQuietAt(now) || listeners.hasJustTold(now)) return
    const { journal, past, budget, classes } = awake.remembered()
    this.#past = past
    this.#budget = budget
    this.#classes = classes
    this.#journal = journal
    awake.end()
    this.#awake = undefined
    for (const film of this.#group.films) film.rested(this)
  }

  /** Lets go of all that it has. */
  drop(): void {
    this.#awake?.end()
    this.#awake = undefined
    this.#journal = undefined
    this.#past = nobody
    this.#budget = undefined
    this.#classes = undefined
  }

  /** Adds what it has counted. */
  addTo(totals: Totals): void {
    const plane = this.#awake?.plane
    if (plane !== undefined) return totals.addTally(plane.tally, plane.tally, plane.inFlight, plane.queue.size)
    if (this.#journal !== undefined) totals.addCounts(countsIn(this.#journal))
    if (this.#past !== nobody) totals.addCounts(this.#past)
    if (this.#classes !== undefined) totals.addClasses(this.#classes)
  }

  /** What takes a call of this name. */
  protected enter(): Face {
    const member = this.present ? this : this.#group.enter(this)
    if (member === undefined) return this.#group.overflow()
    this.#group.touch(member)
    return member.wake().face
  }

  /** What hears the operator, or is listened to: it must be in the table. */
  protected take(): Awake<Face> {
    const member = this.#group.enter(this)
    if (member === undefined) throw this.#group.full
    this.#group.touch(member)
    return member.wake()
  }

  /** Takes what the group's config is now for it. A quiet one lives through its few calls again under the new one. */
  adopt({ recipe, classify }: Made): void {
    this.rest()
    this.recipe.breakers--
    recipe.breakers++
    this.recipe = recipe
    this.#classify = classify
    if (this.#awake === undefined) {
      if (!recipe.mayRest) this.wake()
      return
    }
    takeConfig(this.#awake.assembly, { parts: recipe.parts, candidate: recipe.candidate, classify })
    this.#awake.plane.journal = undefined
  }

  /** Changes what it is made of, until it is forgotten: that is more than a journal can say. */
  protected change(act: (assembly: Assembly) => void): void {
    const { assembly, plane } = this.take()
    act(assembly)
    plane.journal = undefined
  }

  /** Listens to it alone; answers how to stop listening. */
  protected listen<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    const { listeners } = this.take()
    const member = this.#group.peer(this)
    const leave = listeners.add(name, listener)
    return () => {
      leave()
      member.#settled(false)
    }
  }

  /** What can say more than that every call may enter. */
  protected ask(facts: Facts = noFacts): Face | undefined {
    const peer = this.#group.peer(this)
    if (facts !== noFacts) readFacts(facts, peer.gate)
    // At rest nothing is spent; but a call that costs more than the burst may not enter even so.
    const rests = peer.#awake === undefined && this.#group.ending === undefined && facts.cost === undefined
    return rests ? undefined : peer.wake().face
  }

  /** Reads what only actors can tell. */
  protected read<A>(look: (assembly: Assembly) => A): A {
    const peer = this.#group.peer(this)
    const answer = peer.wake().read(look)
    if (this.#group.ending !== undefined) return answer
    // What is not in the table is looked at, and left as it was.
    if (peer.present) peer.rest()
    else if (!peer.isOver) peer.drop()
    return answer
  }

  /** It stops for good, as does the one that has its name now; whoever asks for that gets another. */
  protected leave(): readonly Face[] {
    const ends = new Set([this.#group.peer(this), this])
    for (const member of ends) {
      this.#group.release(member)
      member.isOver = true
    }
    return [...ends].map((member) => member.wake().face)
  }
}
