/**
 * Where calls may go, worked out from what the provider has told and what the config says: a few lines that share no code with the
 * breaker's, to hold the breaker against.
 */
import type { BreakerConfig, EndpointInput } from "recloser"
import type { DayClock } from "./clock.ts"
import { endpointsNamed } from "./configs.ts"
import type { Heard } from "./heard.ts"

type Named = Exclude<EndpointInput, string>
interface Wanted {
  readonly endpoints?: readonly Named[]
  readonly provider?: unknown
  readonly where?: { readonly version: string }
  readonly max: number
  readonly settle: number
}

/** A list, and how many of it are kept. */
interface Known {
  readonly list: readonly Named[]
  readonly most: number
}

const wantedBy = ({ discovery }: BreakerConfig): Wanted | undefined =>
  discovery ? (discovery as unknown as Wanted) : undefined

const useful = (list: readonly Named[], { where }: Wanted): readonly Named[] =>
  list.filter(
    ({ weight = 1, metadata }) => weight > 0 && (where === undefined || metadata?.["version"] === where.version),
  )

/** How the list that calls may go to is written down. */
export const written = (list: readonly { readonly id?: string | undefined; readonly address: string }[]): string =>
  list
    .map(({ id, address }) => `${id}@${address}`)
    .sort()
    .join(" ")

export class Expected {
  readonly #heard: Heard
  readonly #clock: DayClock
  #config: Wanted | undefined
  /** Known before the provider has told anything. */
  #before: readonly Named[] = []
  /** Of those so many at most were kept. */
  #kept = Number.POSITIVE_INFINITY
  /** Lists of before another config came, of which the last was not heard yet. */
  #older: readonly (readonly Named[])[] = []
  /** Where calls went before another config came whose filter nothing of what is known passes. */
  #unfiltered: readonly Named[] = []
  /** Since when nothing can be late any more that was told before. */
  #changedAt = 0

  constructor(heard: Heard, clock: DayClock) {
    this.#heard = heard
    this.#clock = clock
  }

  get config(): Wanted | undefined {
    return this.#config
  }

  begin(config: BreakerConfig): void {
    this.#config = wantedBy(config)
    this.#before = this.#config?.endpoints ?? []
    this.#kept = Number.POSITIVE_INFINITY
    this.#unfiltered = []
  }

  /** What is known now, should it be saved: `seen` if it was told so lately that nobody has heard of it. */
  known(seen: readonly Named[] | undefined): Known {
    const list = this.endpoints
    if (this.isSettling && this.#config !== undefined) {
      const config = this.#config
      const heard = this.#lists.findLast((one) => written(useful(one, config)) === written(seen ?? []))
      return { list: heard ?? seen ?? [], most: Number.POSITIVE_INFINITY }
    }
    return { list, most: list === this.#before ? this.#kept : (this.#config?.max ?? 0) }
  }

  /** Saved with these endpoints, it begins with them. */
  restored({ list, most }: Known): void {
    if (this.#config?.provider === undefined || list.length === 0) return
    this.#before = list
    this.#kept = most
  }

  /** Another config: what was told is still known, unless the endpoints stand in the config alone. */
  reconfigured(config: BreakerConfig): void {
    const [was, is] = [this.#config, wantedBy(config)]
    const known = was === undefined ? [] : this.endpoints
    this.#older = this.isSettling ? this.#lists : []
    const went = was === undefined ? [] : useful(known, was)
    this.#changedAt = this.#clock.now()
    this.#heard.tellings = []
    this.#config = is
    const written = is !== undefined && (is.provider === undefined || known.length === 0) ? is.endpoints : undefined
    if (written !== undefined) this.#kept = Number.POSITIVE_INFINITY
    else if (known !== this.#before) this.#kept = was?.max ?? Number.POSITIVE_INFINITY
    this.#before = is === undefined ? [] : (written ?? known)
    // Of too many, those that are kept may all be of no use.
    const isSure = is === undefined || (useful(this.#before, is).length > 0 && this.#before.length <= this.#kept)
    this.#unfiltered = isSure ? [] : went
  }

  /** Every list that named any that may be called, the last one last. */
  get #lists(): readonly (readonly Named[])[] {
    const config = this.#config
    if (config === undefined) return []
    const told = this.#heard.tellings.map(({ endpoints }) => endpointsNamed(endpoints))
    return [this.#before, ...told].filter((list) => useful(list, config).length > 0)
  }

  /** The last list that named any that may be called. */
  get endpoints(): readonly Named[] {
    return this.#lists.at(-1) ?? []
  }

  /** What comes quickly after another list is taken a moment later, together with what follows. */
  get isSettling(): boolean {
    const { at = Number.NEGATIVE_INFINITY } = this.#heard.tellings.at(-1) ?? {}
    return this.#clock.now() - Math.max(at, this.#changedAt) <= (this.#config?.settle ?? 0) + 1
  }

  /** Whether calls go where they went before another config came, nothing of which is of use to it. */
  #isUnfiltered(now: readonly { readonly id: string; readonly address: string }[]): boolean {
    const went = this.#unfiltered
    if (went.length <= this.#kept) return written(now) === written(went)
    const all = new Set(went.map((one) => written([one])))
    return now.length > 0 && now.length <= this.#kept && now.every((one) => all.has(written([one])))
  }

  /** What is wrong with where calls may go now. */
  objectionTo(now: readonly { readonly id: string; readonly address: string }[]): string | undefined {
    const config = this.#config
    if (config === undefined) return undefined
    // What stands in the config is whole; of what is told so many are kept.
    const mostOf = (list: readonly Named[]) => (list === this.#before ? this.#kept : config.max)
    const isCut = (list: readonly Named[]) => list.length > mostOf(list)
    const isOf = (list: readonly Named[]) => {
      if (!isCut(list)) return written(useful(list, config)) === written(now)
      const all = new Set(useful(list, config).map((one) => written([one])))
      return now.length > 0 && now.length <= mostOf(list) && now.every((one) => all.has(written([one])))
    }
    const lists = this.#lists
    const last = lists.at(-1)
    if (last === undefined ? this.#isUnfiltered(now) : isOf(last)) return undefined
    // Of too many, those that are kept may be of no use.
    if (lists.some((list) => isCut(list) && isOf(list))) return undefined
    if (last && isCut(last) && (lists.some(isOf) || this.#isUnfiltered(now))) return undefined
    if (this.isSettling && ([...this.#older, ...lists].some(isOf) || this.#isUnfiltered(now))) return undefined
    return `${written(now) || "nowhere"}, and the last list that named any was ${last === undefined ? "none" : written(last)}`
  }
}
