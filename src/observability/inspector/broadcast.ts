/** Looks at the breakers while anybody listens, and tells every page what it shows: each thing is read and written once, for all. */
import { type Client, eventOf } from "./client.ts"
import { Decisions } from "./decisions.ts"
import { Episodes } from "./episodes.ts"
import type { Inspected, World } from "./inspected.ts"
import type { Edge, OverviewMessage, Row, Totals } from "./protocol.ts"
import { Rows } from "./rows.ts"
import { Watched } from "./watched.ts"

export interface Pace {
  now(): number
  wallNow(): number
  /** Calls back once after so many milliseconds, without keeping the process alive; answers how to call it off. */
  after(delayMs: number, run: () => void): () => void
}

const lookEveryMs = 1000
const soonMs = 60
const mostDecisions = 200
const mostEdges = 2000

export class Broadcast {
  readonly decisions = new Decisions()
  readonly #world: World
  readonly #pace: Pace
  readonly #episodes = new Episodes()
  readonly #rows = new Rows(this.#episodes)
  readonly #clients = new Set<Client>()
  readonly #watched = new Map<string, Watched>()
  readonly #silence: () => void
  #cancel: (() => void) | undefined
  #soon: (() => void) | undefined
  #edges: readonly Edge[] = []
  /** Those of which something was decided since the last look. */
  #moved = new Set<string>()

  constructor(world: World, pace: Pace) {
    this.#world = world
    this.#pace = pace
    this.#silence = world.onTold((id, told, wallOf) => {
      const at = Math.round(wallOf(told.at))
      this.decisions.add(id, told.breaker, at, told)
      this.#episodes.take(id, told, at)
      // Where no page of all breakers is open, nothing takes it away again: it is read anew when one is.
      if (this.#isOverviewOpen) this.#moved.add(id)
      else if (!this.#watched.has(id)) this.#rows.forget(id)
      if (this.#clients.size > 0) this.#soon ??= pace.after(soonMs, () => this.#hurry())
    })
  }

  get size(): number {
    return this.#clients.size
  }

  get #isOverviewOpen(): boolean {
    for (const { breaker } of this.#clients) if (breaker === undefined) return true
    return false
  }

  join(client: Client): void {
    this.#clients.add(client)
    if (client.breaker !== undefined) this.#watch(client.breaker)
    this.#look()
    this.#cancel ??= this.#pace.after(lookEveryMs, () => this.#tick())
  }

  leave(client: Client): void {
    this.#clients.delete(client)
    const id = client.breaker
    if (id !== undefined && ![...this.#clients].some(({ breaker }) => breaker === id)) {
      this.#watched.get(id)?.end()
      this.#watched.delete(id)
    }
    if (this.#clients.size > 0) return
    this.#cancel?.()
    this.#soon?.()
    this.#cancel = undefined
    this.#soon = undefined
  }

  end(): void {
    this.#silence()
    for (const client of this.#clients) client.end()
  }

  #watch(id: string): void {
    if (this.#watched.has(id)) return
    const breaker = this.#world.find(id)
    if (breaker !== undefined) this.#watched.set(id, new Watched(id, breaker))
  }

  #tick(): void {
    this.#cancel = this.#pace.after(lookEveryMs, () => this.#tick())
    for (const watched of this.#watched.values()) watched.sample()
    this.#look()
  }

  /** Something was decided: nobody waits for the next look to see it. */
  #hurry(): void {
    this.#soon = undefined
    this.#look()
  }

  #look(): void {
    const now = this.#pace.now()
    const ready = [...this.#clients].filter((client) => client.isReady(now))
    this.#tellOverview(
      ready.filter(({ breaker }) => breaker === undefined),
      now,
    )
    for (const id of new Set(ready.flatMap(({ breaker }) => breaker ?? []))) {
      const text = eventOf(this.#watched.get(id)?.message(this.#rows, this.decisions) ?? { type: "gone" })
      for (const client of ready) if (client.breaker === id) client.send(text, now)
    }
  }

  #tellOverview(clients: readonly Client[], now: number): void {
    if (clients.length === 0) return
    const changed = this.#rows.look(this.#world.breakers, this.#world.size, this.#moved)
    this.#moved = new Set()
    const gone = this.#forgetGone()
    const totals = this.#totals()
    this.#edges = edgesOf(this.#world.breakers)
    const texts = new Map<string, string>()
    for (const client of clients) {
      const key = `${client.needsAll} ${client.heard}`
      const text = texts.get(key) ?? eventOf(this.#overview(client, changed, gone, totals))
      texts.set(key, text)
      client.send(text, now)
      client.needsAll = false
      client.heard = this.decisions.last
    }
  }

  #overview(
    { needsAll, heard }: Client,
    changed: readonly Row[],
    gone: readonly string[],
    totals: Totals,
  ): OverviewMessage {
    return {
      type: "overview",
      at: Math.round(this.#pace.wallNow()),
      whole: needsAll,
      rows: needsAll ? [...this.#world.breakers].flatMap(([id]) => this.#rows.row(id) ?? []) : changed,
      gone: needsAll ? [] : gone,
      totals,
      edges: this.#edges,
      decisions: this.decisions.since(heard, mostDecisions),
    }
  }

  #forgetGone(): readonly string[] {
    const gone = [...this.#rows.ids].filter((id) => this.#world.find(id) === undefined)
    for (const id of gone) this.#rows.forget(id)
    return gone
  }

  #totals(): Totals {
    const circuits: { [circuit: string]: number } = {}
    let [breakers, held] = [0, 0]
    for (const id of this.#rows.ids) {
      const row = this.#rows.row(id)
      if (row === undefined) continue
      breakers++
      circuits[row.circuit] = (circuits[row.circuit] ?? 0) + 1
      if (row.mode !== "auto") held++
    }
    return { breakers, circuits, held }
  }
}

function edgesOf(breakers: Iterable<readonly [string, Inspected]>): readonly Edge[] {
  const edges: Edge[] = []
  for (const [, breaker] of breakers) {
    if (edges.length < mostEdges) edges.push(...breaker.edges())
  }
  return edges
}
