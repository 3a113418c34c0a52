/** The world as the page is shown it: names that are hidden are hidden here, before anything is made of them. */
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import type { Slice } from "../../../machines/vocabulary/signal.ts"
import { Mask } from "../redaction/mask.ts"
import type { Redaction } from "../redaction/redaction.ts"
import type { Inspected, Passed, Told, World } from "./inspected.ts"
import type { Act, ActorView, Edge } from "./protocol.ts"

class ShownBreaker implements Inspected {
  readonly name: string
  readonly #breaker: Inspected
  readonly #redaction: Redaction
  #mask: Mask | undefined
  #gate: readonly [Gate, Gate] | undefined

  constructor(name: string, breaker: Inspected, redaction: Redaction) {
    this.name = name
    this.#breaker = breaker
    this.#redaction = redaction
  }

  /** Its own gate is one object as long as nothing changes, and so is this one. Of very many most hold nothing back, and have no words. */
  get gate(): Gate {
    const { gate } = this.#breaker
    if (gate.holders.length === 0) return gate
    if (this.#gate?.[0] === gate) return this.#gate[1]
    const mask = this.#learned(gate)
    const shown = { ...gate, restriction: mask.value(gate.restriction), holders: mask.value(gate.holders) }
    this.#gate = [gate, shown]
    return shown
  }

  /** A mask that knows all names in which it may speak now. */
  #learned({ lines }: Gate): Mask {
    const mask = (this.#mask ??= new Mask(this.#redaction))
    mask.know(this.#breaker.name, true)
    for (const { to } of this.#breaker.edges()) mask.know(to, true)
    mask.learn({ features: lines.features, endpoints: lines.endpoints?.endpoints })
    const cause = this.#breaker.cause()
    if (cause !== "") mask.know(cause, true)
    return mask
  }

  now(): number {
    return this.#breaker.now()
  }
  wallNow(): number {
    return this.#breaker.wallNow()
  }
  tally() {
    return this.#breaker.tally()
  }
  refusals() {
    return this.#breaker.refusals()
  }
  latency() {
    return this.#breaker.latency()
  }
  outlook() {
    return this.#breaker.outlook()
  }
  heldParts(): number {
    return this.#breaker.heldParts()
  }
  slices(): readonly Slice[] {
    return this.#breaker.slices()
  }
  onPassed(listener: (passed: Passed) => void): () => void {
    return this.#breaker.onPassed(listener)
  }
  act(act: Act, why: string): void {
    this.#breaker.act(act, why)
  }
  cause(): string {
    const cause = this.#breaker.cause()
    return cause === "" ? "" : this.#redaction.breaker(cause)
  }
  edges(): readonly Edge[] {
    const { name } = this
    return this.#breaker.edges().map((edge) => ({ ...edge, from: name, to: this.#redaction.breaker(edge.to) }))
  }
  actors(): readonly ActorView[] | undefined {
    const actors = this.#breaker.actors()
    if (actors === undefined) return undefined
    const mask = this.#learned(this.#breaker.gate)
    for (const actor of actors) mask.learn(actor)
    return actors.map(({ report, settings, standing, ...one }) => ({
      ...one,
      report: mask.value(report),
      settings: mask.value(settings),
      standing: mask.value(standing),
    }))
  }

  /** What it tells, in its own words and in those of others. */
  told(event: Told): Told {
    return shown(event, this.name, this.#learned(this.#breaker.gate))
  }
}

/** An event under another name; what was thrown keeps its kind. */
function shown(event: Told, breaker: string, mask: Mask): Told {
  if (event.type === "trouble") return { ...event, breaker, error: mask.error(event.error) }
  return { ...mask.value<Told>(event), breaker }
}

/** The group of one of many in its id, and its key; that of others is no more than a number. */
function parted(id: string): readonly [group: string, key: string] | undefined {
  const slash = id.indexOf("/")
  return slash < 0 ? undefined : [id.slice(0, slash), id.slice(slash + 1)]
}

/** Names are remembered as long as their breakers live; when there are so many more, who has gone is forgotten. */
const mostGone = 10_000

export class ShownWorld implements World {
  readonly #world: World
  readonly #redaction: Redaction
  readonly #shown = new WeakMap<Inspected, ShownBreaker>()
  /** Whether all breakers have been given their names once. */
  #areNamed = false

  constructor(world: World, redaction: Redaction) {
    this.#world = world
    this.#redaction = redaction
  }

  get size(): number {
    return this.#world.size
  }

  get breakers(): Iterable<readonly [string, Inspected]> {
    return this.#all()
  }

  *#all(): Generator<readonly [string, Inspected]> {
    this.#forgetGone()
    for (const [id, breaker] of this.#world.breakers) yield [this.#idOf(id), this.#seen(id, breaker)]
    this.#areNamed = true
  }

  /** Only by the id that was shown: who guesses a name learns nothing, not even that it is one. */
  find(shownId: string): Inspected | undefined {
    if (this.#isClear(shownId)) {
      const clear = this.#world.find(shownId)
      return clear && this.#seen(shownId, clear)
    }
    const [group, name] = parted(shownId) ?? []
    const key = name === undefined ? undefined : this.#meant(name)
    if (name !== undefined && key === undefined) return undefined
    const id = name === undefined ? shownId : `${group}/${key}`
    const breaker = this.#world.find(id)
    return breaker && this.#breaker(id, breaker)
  }

  #meant(name: string): string | undefined {
    const { keys } = this.#redaction
    const key = keys.meant(name)
    if (key !== undefined || this.#areNamed) return key
    // A page that was open before this program began asks by a name that nobody has been given yet.
    for (const _ of this.#all());
    return keys.meant(name)
  }

  onTold(listener: Parameters<World["onTold"]>[0]): () => void {
    return this.#world.onTold((id, told, wallOf) => {
      // Also while no page is open, which would ask for all of them.
      this.#forgetGone()
      listener(this.#idOf(id), this.#told(id, told), wallOf)
    })
  }

  #told(id: string, told: Told): Told {
    const breaker = this.#world.find(id)
    if (breaker !== undefined) return this.#breaker(id, breaker).told(told)
    // It has been forgotten, or stopped, since.
    const mask = new Mask(this.#redaction)
    mask.know(told.breaker, true)
    return shown(told, this.#nameOf(id, told.breaker), mask)
  }

  /** Nothing of it is hidden, whatever it is: so it is with nearly all where keys are shown. */
  #isClear(id: string): boolean {
    return !this.#redaction.hides && !/[@?#]/.test(id)
  }

  #idOf(id: string): string {
    if (this.#isClear(id)) return id
    const [group, key] = parted(id) ?? []
    return key === undefined ? id : `${group}/${this.#redaction.keys.of(key)}`
  }

  #nameOf(id: string, name: string): string {
    const [, key] = parted(id) ?? []
    return key === undefined ? name : this.#redaction.keys.of(key)
  }

  /** One of very many of which nothing is hidden is shown as it is; its words go past `withoutSecrets` with all others. */
  #seen(id: string, breaker: Inspected): Inspected {
    return id.includes("/") && this.#isClear(id) ? breaker : this.#breaker(id, breaker)
  }

  #breaker(id: string, breaker: Inspected): ShownBreaker {
    const known = this.#shown.get(breaker)
    if (known !== undefined) return known
    const made = new ShownBreaker(this.#nameOf(id, breaker.name), breaker, this.#redaction)
    this.#shown.set(breaker, made)
    return made
  }

  #forgetGone(): void {
    const { keys } = this.#redaction
    if (keys.size < 2 * this.#world.size + mostGone) return
    const living = new Set<string>()
    for (const [id] of this.#world.breakers) living.add(parted(id)?.[1] ?? "")
    keys.keep((key) => living.has(key))
  }
}
