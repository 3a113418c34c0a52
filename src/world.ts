/** All breakers of this process as the inspector sees them, those by key included. Looking on wakes nobody. */

import type { Gate } from "../machines/vocabulary/gate.ts"
import type { LatencySummary, Slice } from "../machines/vocabulary/signal.ts"
import type { Assembly } from "./assemble.ts"
import type { Clock } from "./Clock.ts"
import { noLatency } from "./data-plane/slices.ts"
import { ownAssembly } from "./dependencies.ts"
import type { Listeners } from "./events.ts"
import { isGroup } from "./givenNames.ts"
import { Totals } from "./groupMetrics.ts"
import type { Member } from "./member.ts"
import { isEndpoint } from "./observability/findingWords.ts"
import type { Inspected, Passed, Told, World } from "./observability/inspector/inspected.ts"
import type { Act, ActorView, Edge } from "./observability/inspector/protocol.ts"
import { type Group, roster } from "./roster.ts"
import { Subject } from "./subject.ts"

const told = ["transition", "mode", "dependency", "finding", "cell", "trouble", "config"] as const

/** One of many: what it is when it is awake, and the little that can be said of it while it rests. */
class MemberSubject implements Inspected {
  readonly #member: Member<unknown>
  readonly #clock: Clock
  #subject: readonly [Assembly, Subject] | undefined

  constructor(member: Member<unknown>, clock: Clock) {
    this.#member = member
    this.#clock = clock
  }

  get #awake(): Subject | undefined {
    const assembly = this.#member.awake?.assembly
    if (assembly === undefined) return undefined
    if (this.#subject?.[0] !== assembly) this.#subject = [assembly, new Subject(assembly)]
    return this.#subject[1]
  }
  get #totals(): Totals {
    const totals = new Totals()
    this.#member.addTo(totals)
    return totals
  }
  get name(): string {
    return this.#member.name
  }
  get gate(): Gate {
    return this.#member.gate
  }
  now(): number {
    return this.#clock.now()
  }
  wallNow(): number {
    return this.#clock.wallNow()
  }
  tally() {
    return this.#totals.calls
  }
  refusals() {
    return this.#totals.refusals
  }
  latency(): LatencySummary {
    return this.#awake?.latency() ?? noLatency
  }
  outlook() {
    return this.#awake?.outlook() ?? { limit: Number.NaN, danger: Number.NaN }
  }
  cause(): string {
    return this.#awake?.cause() ?? ""
  }
  heldParts(): number {
    return this.#awake?.heldParts() ?? 0
  }
  edges(): readonly Edge[] {
    return this.#awake?.edges() ?? []
  }
  actors(): readonly ActorView[] | undefined {
    return this.#awake?.actors()
  }
  slices(): readonly Slice[] {
    return this.#awake?.slices() ?? []
  }
  onPassed(listener: (passed: Passed) => void): () => void {
    return this.#awake?.onPassed(listener) ?? (() => {})
  }
  act(act: Act, why: string): void {
    new Subject(this.#member[ownAssembly]).act(act, why)
  }
}

interface Entry {
  readonly subject: Inspected | undefined
  readonly group: Group | undefined
  readonly silence: () => void
}

type Hear = Parameters<World["onTold"]>[0]

export class LivingWorld implements World {
  readonly #entries = new Map<string, Entry>()
  readonly #members = new WeakMap<Member<unknown>, MemberSubject>()
  readonly #hearers = new Set<Hear>()
  readonly #forget: () => void

  constructor(isWanted: (name: string) => boolean) {
    this.#forget = roster.watch({
      entered: (id, living) => {
        if (isGroup(living) || isWanted(living.name)) this.#entries.set(String(id), this.#entryOf(String(id), living))
      },
      left: (id) => {
        this.#entries.get(String(id))?.silence()
        this.#entries.delete(String(id))
      },
    })
  }

  get size(): number {
    let size = 0
    for (const { group } of this.#entries.values()) size += group === undefined ? 1 : group.size
    return size
  }

  get breakers(): Iterable<readonly [string, Inspected]> {
    return this.#all()
  }

  *#all(): Generator<readonly [string, Inspected]> {
    for (const [id, { subject, group }] of this.#entries) {
      if (subject !== undefined) yield [id, subject]
      else if (group !== undefined) {
        for (const member of group.members) yield [`${id}/${member.name}`, this.#memberOf(member, group)]
      }
    }
  }

  find(id: string): Inspected | undefined {
    const slash = id.indexOf("/")
    if (slash < 0) return this.#entries.get(id)?.subject
    const group = this.#entries.get(id.slice(0, slash))?.group
    const key = id.slice(slash + 1)
    return group?.has(key) ? this.#memberOf(group.get(key), group) : undefined
  }

  onTold(listener: Hear): () => void {
    this.#hearers.add(listener)
    return () => {
      this.#hearers.delete(listener)
    }
  }

  end(): void {
    this.#forget()
    for (const { silence } of this.#entries.values()) silence()
    this.#entries.clear()
  }

  #memberOf(member: Member<unknown>, { clock }: Group): MemberSubject {
    const known = this.#members.get(member)
    if (known !== undefined) return known
    const subject = new MemberSubject(member, clock)
    this.#members.set(member, subject)
    return subject
  }

  #entryOf(id: string, living: Assembly | Group): Entry {
    const { listeners, clock } = living
    if (isGroup(living)) {
      return {
        subject: undefined,
        group: living,
        silence: this.#hear(listeners, clock, (event) => `${id}/${event.breaker}`),
      }
    }
    const { plane } = living
    const isToldOtherwise = (event: Told) =>
      event.type === "cell" && event.count === 1 && isEndpoint(event.key, plane.gate)
    const silence = this.#hear(listeners, clock, () => id, isToldOtherwise)
    return { subject: new Subject(living), group: undefined, silence }
  }

  /** Decisions are rare: hearing of them costs no call anything. */
  #hear(
    listeners: Listeners,
    clock: Clock,
    idOf: (event: Told) => string,
    isToldOtherwise: (event: Told) => boolean = () => false,
  ): () => void {
    const wallOf = (at: number) => at + clock.wallNow() - clock.now()
    const tell = (event: Told) => {
      if (isToldOtherwise(event)) return
      for (const hear of this.#hearers) hear(idOf(event), event, wallOf)
    }
    const stops = told.map((name) => listeners.add(name, tell))
    return () => {
      for (const stop of stops) stop()
    }
  }
}
