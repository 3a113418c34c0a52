/** Watching a provider of endpoints: it is listened to as long as the breaker lives, and asked again when it fails. */
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

export type OpenStream = (stream: EndpointStream, time: Timekeeper, signal: AbortSignal) => AsyncIterable<EndpointSet>

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

export class ProviderWatch {
  readonly settings: DiscoverySettings
  readonly #informed: Informed
  #controller = new AbortController()
  #isStopped = false
  #failures = 0
  #draws = 0
  /** Calls off the wait for the next try, or for more lists. */
  #cancel: (() => void) | undefined
  /** The newest list that was not told yet, and before it the newest that calls may go by, should it be of no use itself. */
  #pending: Pending | undefined
  #settlesUntil = Number.NEGATIVE_INFINITY
  /** The last list that named any, and the last one that was told. */
  #last: readonly Endpoint[] | undefined
  #told: readonly Endpoint[] | undefined
  #isLost = false

  constructor(settings: DiscoverySettings, informed: Informed) {
    this.settings = settings
    this.#informed = informed
  }

  start(): void {
    if (this.settings.provider !== undefined) void this.#listen()
  }

  /** Whoever was told has forgotten it. */
  retell(): void {
    if (this.#last !== undefined && !this.#isStopped)
      this.#informed.tell({ type: "provider.told", endpoints: this.#last })
  }

  stop(): void {
    this.#isStopped = true
    this.#controller.abort(new DOMException("the breaker has stopped", "AbortError"))
    this.#cancel?.()
  }

  async #listen(): Promise<void> {
    this.#controller = new AbortController()
    const { signal } = this.#controller
    // A turn later, when whoever made the breaker listens to it.
    await undefined
    if (this.#isStopped) return
    try {
      let [lists, since] = [0, this.#informed.time.now()]
      for await (const list of this.#open(signal)) {
        if (this.#isStopped) return
        const now = this.#informed.time.now()
        if (now - since >= flood.ms) [lists, since] = [0, now]
        if (++lists > flood.lists) throw new RangeError(`it told of ${flood.lists} lists within ${flood.ms} ms`)
        this.#hear(list)
      }
      this.#lose("the provider has ended", undefined)
    } catch (error) {
      this.#lose(`the provider failed: ${describeError(error)}`, error)
    }
  }

  #open(signal: AbortSignal): AsyncIterable<EndpointSet> {
    const provider: unknown = this.settings.provider?.()
    const opened: unknown = typeof provider === "function" ? provider(this.#contextOf(signal)) : provider
    const isOne = typeof opened === "object" && opened !== null && (Symbol.asyncIterator in opened || isStream(opened))
    if (!isOne) throw new TypeError(`it must answer an async iterable (got ${show(opened)})`)
    if (!isStream(opened)) return stoppable(opened as AsyncIterable<EndpointSet>, signal)
    const { openStream, time } = this.#informed
    if (openStream === undefined)
      throw new TypeError("a Stream is for breakers of recloser/effect: give Stream.toAsyncIterable of it")
    return openStream(opened, time, signal)
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

  /** The first list is taken at once; those that follow closely are taken together. */
  #hear(list: unknown): void {
    const { time } = this.#informed
    const before = this.#pending
    this.#pending = { list, useful: undefined }
    if (before !== undefined) {
      if (!this.#isUseful(list)) this.#pending.useful = this.#isUseful(before.list) ? before.list : before.useful
      return
    }
    const ms = this.#settlesUntil - time.now()
    if (ms <= 0) return this.#take()
    this.#cancel = time.after(ms, () => this.#take(), false)
  }

  #take(): void {
    const pending = this.#pending
    if (pending === undefined || this.#isStopped) return
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
    if (endpoints.length > 0) this.#failures = 0
    const isNews = this.#isLost || JSON.stringify(endpoints) !== JSON.stringify(this.#told)
    this.#isLost = false
    this.#told = endpoints
    if (endpoints.length > 0) this.#last = endpoints
    if (isNews) this.#informed.tell({ type: "provider.told", endpoints })
  }

  #lose(reason: string, error: unknown): void {
    if (this.#isStopped) return
    // What it has begun (watchers, queries) must not go on behind the next try.
    this.#controller.abort(new DOMException("the provider is asked anew", "AbortError"))
    this.#cancel?.()
    this.#take()
    this.#isLost = true
    if (error !== undefined) this.#informed.trouble(error)
    this.#informed.tell({ type: "provider.lost", reason })
    const longest = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(20, this.#failures++))
    const ms = longest * (0.5 + 0.5 * chance(this.#informed.seed, this.#draws++))
    this.#cancel = this.#informed.time.after(ms, () => void this.#listen(), false)
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
