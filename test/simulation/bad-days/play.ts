/** Plays a day, looks at every invariant as often as it says, and folds what happened into one number. */
import { stream } from "../../../src/testing/simulation/random.ts"
import { configOf, type DayConfig } from "./configs.ts"
import { Day } from "./day.ts"
import { type Happening, scriptOf } from "./happenings.ts"
import { type Invariant, invariants, type Seen } from "./invariants.ts"

export interface Violation {
  readonly invariant: string
  readonly found: string
  /** The happening of the script after or in which it was found. */
  readonly at: number
}

export interface Played {
  readonly calls: number
  readonly looks: number
  /** The same for the same script, wherever it is played. */
  readonly trace: number
  readonly violation: Violation | undefined
}

class Violated extends Error {
  readonly invariant: string
  readonly found: string
  constructor(invariant: string, found: string) {
    super(`${invariant}: ${found}`)
    this.invariant = invariant
    this.found = found
  }
}

const of = (when: Invariant["when"]): readonly Invariant[] => invariants.filter((one) => one.when === when)
const byTime: { readonly [W in Invariant["when"]]: readonly Invariant[] } = {
  event: of("event"),
  happening: of("happening"),
  recovery: of("recovery"),
  end: of("end"),
}

const circuits = ["closed", "degraded", "open", "halfOpen", "ramping"]

/** FNV-1a over the bits of numbers. */
class Trace {
  hash = 0x811c9dc5
  readonly #number = new Float64Array(1)
  readonly #halves = new Uint32Array(this.#number.buffer)
  fold(value: number): void {
    this.#number[0] = value
    for (const half of this.#halves) this.hash = Math.imul(this.hash ^ half, 0x01000193) >>> 0
  }
}

const unseen: Seen = {
  gate: undefined,
  settled: 0,
  shadowed: 0,
  mode: "auto",
  ejected: 0,
  endpoints: undefined,
  tested: 0,
}

/** Looks for one invariant alone, and does something to the day just before it looks. */
export interface Meddling {
  readonly name: string
  readonly before: (day: Day, seen: Seen) => void
}

class Observer {
  looks = 0
  readonly trace = new Trace()
  readonly #day: Day
  readonly #seen: Seen = { ...unseen }
  readonly #meddling: Meddling | undefined

  constructor(day: Day, meddling: Meddling | undefined) {
    this.#day = day
    this.#meddling = meddling
    day.afterEvent = () => this.look("event")
  }

  /** The invariants of this time of the day, or the one that somebody meddles with, if it is of this time. */
  #laws(when: Invariant["when"]): readonly Invariant[] {
    const meddling = this.#meddling
    if (meddling === undefined) return byTime[when]
    const these = byTime[when].filter(({ name }) => name === meddling.name)
    if (these.length > 0) meddling.before(this.#day, this.#seen)
    return these
  }

  look(when: Invariant["when"]): void {
    const these = this.#laws(when)
    this.looks += these.length
    for (const { name, broken } of these) {
      const found = broken(this.#day, this.#seen)
      if (found !== undefined && found !== false) throw new Violated(name, String(found))
    }
    const { plane, books } = this.#day
    const { tally, gate } = plane
    this.#seen.gate = gate
    this.#seen.settled = tally.success + tally.failure + tally.timedOut + tally.ignored
    this.#seen.shadowed = tally.shadowed
    this.#seen.mode = gate.mode
    books.entry = undefined
    books.settling = undefined
    books.end = undefined
  }

  /** A breaker that was made anew counts from the beginning. */
  forget(): void {
    Object.assign(this.#seen, unseen)
  }

  between(): void {
    this.look("event")
    this.look("happening")
    const { books, plane, clock } = this.#day
    for (const { at, to } of books.moves) {
      this.trace.fold(at)
      this.trace.fold(circuits.indexOf(to))
    }
    const { tally, gate } = plane
    for (const value of [
      clock.now(),
      gate.version,
      gate.epoch,
      tally.admitted,
      tally.rejected,
      tally.success,
      tally.stragglers,
    ])
      this.trace.fold(value)
    Object.assign(books, { moves: [], modes: [], restart: undefined, untouched: undefined })
    Object.assign(books, { released: undefined, reconfigured: undefined })
  }
}

const violationOf = (error: unknown, at: number): Violation =>
  error instanceof Violated
    ? { invariant: error.invariant, found: error.found, at }
    : {
        invariant: "nothing throws",
        found: error instanceof Error ? (error.stack ?? error.message) : String(error),
        at,
      }

export interface Script {
  /** Of the breaker's own chance. */
  readonly seed: number
  readonly config: DayConfig
  readonly happenings: readonly Happening[]
}

/** `tamper` may break the day's breaker on purpose, and `meddling` what an invariant reads: the invariants are tested, too. */
export async function play(
  { seed, config, happenings }: Script,
  tamper: (day: Day) => void = () => {},
  meddling?: Meddling,
): Promise<Played> {
  const day = new Day(seed, config)
  tamper(day)
  const observer = new Observer(day, meddling)
  let at = 0
  let violation: Violation | undefined
  try {
    for (; at < happenings.length; at++) {
      const happening = happenings[at] as Happening
      if (happening.do === "restart") day.afterEvent = () => {}
      await day.play(happening)
      if (happening.do === "restart") {
        observer.forget()
        day.afterEvent = () => observer.look("event")
      }
      observer.between()
    }
    await day.recover()
    observer.look("recovery")
    day.afterEvent = () => {}
    await day.end()
    observer.look("end")
  } catch (error) {
    violation = violationOf(error, at)
  }
  return { calls: day.books.calls, looks: observer.looks, trace: observer.trace.hash, violation }
}

/** The day of a seed: its config, and so many happenings. */
export const dayOf = (seed: number, happenings = 60, mostCalls = 1500): Script => ({
  seed,
  config: configOf(stream(seed, "config")),
  happenings: scriptOf(stream(seed, "script"), happenings, mostCalls),
})
