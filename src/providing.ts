/** Watching a provider of endpoints: it is listened to as long as the breaker lives, and asked again when it fails. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { chance } from "../machines/chance.ts"
import { filtered } from "../machines/discovering.ts"
import type { DiscoverySettings, EndpointSet, EndpointStream, ProviderContext } from "../machines/endpointOptions.ts"
import { type ReadSet, readEndpoints } from "../machines/naming.ts"
import { describeError, show } from "../machines/options.ts"
import type { Endpoint } from "../machines/vocabulary/endpoint.ts"
import type { ProviderSignal } from "../machines/vocabulary/knowledge.ts"
import type { Timekeeper } from "./control-plane/clock.ts"

/** How long after a failure it is asked again: the first time, doubled each time, and at most. */
const backoff = { firstMs: 1000, longestMs: 60_000 } as const

/** Who tells of so many lists in a moment never waits, and would hold up the whole process. */
const flood = { lists: 1000, ms: 100 } as const

type WithoutAt<S> = S extends ProviderSignal ? Omit<S, "at"> : never

/** Hears each list of a Stream. */
export type OpenStream = (stream: EndpointStream, hear: (list: EndpointSet) => void) => Effect.Effect<void, unknown>

/** What a watch may do to the breaker that it is for. */
export interface Informed {
  readonly time: Timekeeper
  readonly seed: number
  /** What makes an async iterable of a Stream: the door of promises does without. */
  readonly openStream: OpenStream | undefined
  tell(signal: WithoutAt<ProviderSignal>): void
  trouble(error: unknown): void
}

interface Pending {
  readonly list: unknown
  useful: unknown
}

const isStream = (value: object): value is EndpointStream => "~effect/Stream" in value

/** Why a provider is listened to no longer. */
interface Lost {
  readonly reason: string
  readonly error?: unknown
}

/** Whoever it was that failed: a mistake of ours is no reason to listen to nobody from now on. */
const ends = {
  onSuccess: (): Lost => ({ reason: "the provider has ended" }),
  onFailure: (cause: Cause.Cause<unknown>): Lost => {
    const error = Cause.squash(cause)
    return { reason: `the provider failed: ${describeError(error)}`, error }
  },
}

export class ProviderWatch {
  readonly settings: DiscoverySettings
  /** Listens until it is interrupted; whoever fails or ends is asked anew, later and later. */
  readonly run: Effect.Effect<never>
  readonly #informed: Informed
  #failures = 0
  /** For how long it was let alone last, and since when it has told of endpoints. */
  #waited = 0
  #wellSince = Number.NaN
  #draws = 0
  /** The newest list that was not told yet, and before it the newest that calls may go by, should it be of no use itself. */
  #pending: Pending | undefined
  #wake = () => {}
  #settlesUntil = Number.NEGATIVE_INFINITY
  /** The last list that named any, and the last one that was told. */
  #last: readonly Endpoint[] | undefined
  #told: readonly Endpoint[] | undefined
  #isLost = false

  constructor(settings: DiscoverySettings, informed: Informed) {
    this.settings = settings
    this.#informed = informed
    const lost = Effect.matchCause(Effect.raceFirst(this.#listening(), this.#telling()), ends)
    const round: Effect.Effect<never> = Effect.flatMap(lost, (why) =>
      Effect.flatMap(Effect.sleep(this.#lose(why)), () => round),
    )
    this.run = round
  }

  /** Whoever was told has forgotten it. */
  retell(): void {
    if (this.#last !== undefined) this.#informed.tell({ type: "provider.told", endpoints: this.#last })
  }

  /** What the provider has begun (watchers, queries) must not go on behind the next try. */
  #listening(): Effect.Effect<void, unknown> {
    return Effect.suspend(() => {
      const controller = new AbortController()
      // A turn later, when whoever made the breaker listens to it.
      const heard = Effect.flatMap(
        Effect.promise(() => Promise.resolve()),
        () => this.#open(controller.signal),
      )
      const over = () => controller.abort(new DOMException("nobody waits for this provider any more", "AbortError"))
      return Effect.ensuring(heard, Effect.sync(over))
    })
  }

  /** Hears all that a provider says, until it ends. */
  #open(signal: AbortSignal): Effect.Effect<void, unknown> {
    const provider: unknown = this.settings.provider?.()
    const opened: unknown = typeof provider === "function" ? provider(this.#contextOf(signal)) : provider
    const isOne = typeof opened === "object" && opened !== null && (Symbol.asyncIterator in opened || isStream(opened))
    if (!isOne) throw new TypeError(`it must answer an async iterable (got ${show(opened)})`)
    const hear = this.#counted()
    if (!isStream(opened)) return Effect.promise(() => hearAll(opened as AsyncIterable<EndpointSet>, signal, hear))
    const { openStream } = this.#informed
    if (openStream !== undefined) return openStream(opened, hear)
    throw new TypeError("a Stream is for breakers of recloser/effect: give Stream.toAsyncIterable of it")
  }

  /** Hears, and throws when it is told too much at once. */
  #counted(): (list: unknown) => void {
    const { time } = this.#informed
    let [lists, since] = [0, time.now()]
    return (list) => {
      const now = time.now()
      if (now - since >= flood.ms) [lists, since] = [0, now]
      if (++lists > flood.lists) throw new RangeError(`it told of ${flood.lists} lists within ${flood.ms} ms`)
      this.#hear(list)
    }
  }

  #contextOf(signal: AbortSignal): ProviderContext {
    const { time } = this.#informed
    const sleep = (ms: number, until?: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal.aborted || until?.aborted) return resolve()
        const wake = () => {
          cancel()
          for (const each of [signal, until]) each?.removeEventListener("abort", wake)
          resolve()
        }
        const cancel = time.after(Math.max(0, ms), wake, false)
        for (const each of [signal, until]) each?.addEventListener("abort", wake)
      })
    return { signal, sleep }
  }

  #hear(list: unknown): void {
    const before = this.#pending
    this.#pending = { list, useful: undefined }
    if (before === undefined) return this.#wake()
    if (!this.#isUseful(list)) this.#pending.useful = this.#isUseful(before.list) ? before.list : before.useful
  }

  /** The first list is taken at once; those that follow closely are taken together. */
  #telling(): Effect.Effect<never> {
    const heard = Effect.callback<void>((resume) => {
      this.#wake = () => resume(Effect.void)
      // Who is told may say so at once.
      if (this.#pending !== undefined) this.#wake()
    })
    const settled = Effect.suspend(() => {
      const ms = this.#settlesUntil - this.#informed.time.now()
      return ms > 0 ? Effect.sleep(ms) : Effect.void
    })
    const turn: Effect.Effect<never> = Effect.flatMap(
      Effect.flatMap(heard, () => settled),
      () => {
        this.#take()
        return turn
      },
    )
    return turn
  }

  #take(): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#settlesUntil = this.#informed.time.now() + this.settings.settle
    if (pending.useful !== undefined) this.#tell(pending.useful)
    this.#tell(pending.list)
  }

  #read(list: unknown): ReadSet {
    return readEndpoints(list, this.settings.max, this.#informed.seed)
  }

  /** Whether calls may go by it. */
  #isUseful(list: unknown): boolean {
    return filtered(this.settings, this.#read(list).endpoints).length > 0
  }

  #tell(list: unknown): void {
    const { endpoints, problems } = this.#read(list)
    if (problems.length > 0) this.#informed.trouble(new TypeError(`endpoints: ${problems.join("; ")}`))
    if (endpoints.length > 0) this.#wellSince ||= this.#informed.time.now()
    const isNews = this.#isLost || JSON.stringify(endpoints) !== JSON.stringify(this.#told)
    this.#isLost = false
    this.#told = endpoints
    if (endpoints.length > 0) this.#last = endpoints
    if (isNews) this.#informed.tell({ type: "provider.told", endpoints })
  }

  /** Answers for how long it is let alone. */
  #lose({ reason, error }: Lost): number {
    this.#take()
    this.#isLost = true
    if (error !== undefined) this.#informed.trouble(error)
    this.#informed.tell({ type: "provider.lost", reason })
    // One that fails as soon as it has told its list is not well: it would be asked for the whole list each second.
    const wellFor = this.#informed.time.now() - this.#wellSince
    if (wellFor >= (error ? this.#waited : 0)) this.#failures = 0
    this.#wellSince = Number.NaN
    const longest = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(20, this.#failures++))
    return (this.#waited = longest * (0.5 + 0.5 * chance(this.#informed.seed, this.#draws++)))
  }
}

/** The next list, or `undefined` once the signal is aborted: also where the provider does not heed it and waits for ever. */
const nextOf = <T>(iterator: AsyncIterator<T>, signal: AbortSignal): Promise<IteratorResult<T> | undefined> =>
  new Promise((resolve, reject) => {
    const stop = () => resolve(undefined)
    signal.addEventListener("abort", stop, { once: true })
    const done = () => signal.removeEventListener("abort", stop)
    Promise.resolve(iterator.next()).then(resolve, reject).finally(done)
  })

async function hearAll<T>(source: AsyncIterable<T>, signal: AbortSignal, hear: (one: T) => void): Promise<void> {
  for await (const one of stoppable(source, signal)) hear(one)
}

async function* stoppable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  try {
    for (let next = await nextOf(iterator, signal); next && !next.done; next = await nextOf(iterator, signal))
      yield next.value
  } finally {
    // How it ends is its own affair, and nobody waits for it.
    Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
