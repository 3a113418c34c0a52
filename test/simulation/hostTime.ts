/**
 * Lends the world's time to libraries that read the time, the timers and the chance of the process: while a run lasts, those
 * globals are the world's. Whatever happens, the process gets its own back.
 */
import { epochMs } from "../../src/testing/simulation/clock.ts"
import { Errand, type EventQueue, Happening } from "../../src/testing/simulation/queue.ts"
import { stream } from "../../src/testing/simulation/random.ts"

class Repeating extends Happening {
  readonly #queue: EventQueue
  readonly #everyMs: number
  readonly #run: () => void
  stopped = false
  constructor(queue: EventQueue, everyMs: number, run: () => void) {
    super()
    this.#queue = queue
    this.#everyMs = everyMs
    this.#run = run
  }
  fire(now: number): void {
    this.#run()
    if (!this.stopped) this.#queue.plan(this, now + this.#everyMs)
  }
}

/** Node's timers have these; the libraries call `unref`. */
const handleOf = (timer: Happening) => Object.assign(timer, { unref: () => timer, ref: () => timer })

type Run = (...values: unknown[]) => void

/** Node fires a timer of less than a millisecond after one. */
const least = (delayMs: number | undefined): number => Math.max(1, Math.trunc(delayMs ?? 1))

function globalsOf(queue: EventQueue, process: { readonly Date: DateConstructor }) {
  class WorldDate extends process.Date {
    constructor(...parts: []) {
      // Without arguments it is now; with some it is what they say.
      super(...(parts.length === 0 ? ([WorldDate.now()] as unknown as []) : parts))
    }
    static override now(): number {
      return Math.floor(epochMs + queue.now)
    }
  }
  const stop = (timer: unknown): void => {
    if (timer instanceof Repeating) timer.stopped = true
    if (timer instanceof Happening) queue.cancel(timer)
  }
  const once = (run: Run, delayMs?: number, ...values: unknown[]) => {
    const timer = new Errand(() => run(...values))
    queue.plan(timer, queue.now + least(delayMs))
    return handleOf(timer)
  }
  const repeat = (run: Run, everyMs?: number, ...values: unknown[]) => {
    const timer = new Repeating(queue, least(everyMs), () => run(...values))
    queue.plan(timer, queue.now + least(everyMs))
    return handleOf(timer)
  }
  return { Date: WorldDate, setTimeout: once, setInterval: repeat, clearTimeout: stop, clearInterval: stop }
}

const names = ["Date", "setTimeout", "setInterval", "clearTimeout", "clearInterval"] as const

/** Where an error was made decides nothing, and finding out costs libraries most of the time that a refusal takes them. */
export async function withoutStacks<T>(run: () => Promise<T>): Promise<T> {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return await run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

let lent = false

export const onHostTime = <T>(run: () => Promise<T>, queue: EventQueue, seed: number): Promise<T> =>
  withoutStacks(() => lend(run, queue, seed))

async function lend<T>(run: () => Promise<T>, queue: EventQueue, seed: number): Promise<T> {
  if (lent) throw new Error("the process's time is lent to another run: await that first")
  lent = true
  const own = Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name) as unknown]))
  const ownChance = Reflect.get(Math, "random") as unknown
  Object.assign(globalThis, globalsOf(queue, globalThis))
  const random = stream(seed, "host")
  Reflect.set(Math, "random", () => random.unit())
  try {
    return await run()
  } finally {
    Object.assign(globalThis, own)
    Reflect.set(Math, "random", ownChance)
    lent = false
  }
}
