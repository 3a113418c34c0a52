/** Where a case is played: it makes breakers, remembers every step, and says what the library had to hold. */
import type { VirtualClock } from "../../src/testing/index.ts"
import { Inexpressible, type Library, type Need, type Settings, settingsOfACase } from "./adapter.ts"
import { Trial } from "./trial.ts"

/** The library did not hold what the case states. */
export class Broken extends Error {}

/** Where the statement of a case is not yet at stake, and a step went wrong: the suite's own fault. */
export class PremiseFailed extends Error {}

export class Stage {
  readonly library: Library
  readonly clock: VirtualClock
  /** Without the options that a case names as such: what a user gets who does not know them. */
  readonly plain: boolean
  readonly trace: string[] = []
  readonly options: string[] = []
  readonly #trials: Trial[] = []
  #elapsedMs = 0

  constructor(library: Library, clock: VirtualClock, plain: boolean) {
    this.library = library
    this.clock = clock
    this.plain = plain
  }

  /** An option without which some library fails the case; it is left away in the plain run. */
  option<T>(name: string, value: T): T | undefined {
    if (!this.options.includes(name)) this.options.push(name)
    return this.plain ? undefined : value
  }

  needs(need: Need): void {
    const reason = this.library.lacks[need]
    if (reason !== undefined) throw new Inexpressible(reason)
  }

  async make(asked: Partial<Settings> = {}): Promise<Trial> {
    const settings = { ...settingsOfACase, ...asked }
    const trial = new Trial(this, await this.library.make(settings, this.clock), settings)
    this.#trials.push(trial)
    return trial
  }

  note(step: string): void {
    this.trace.push(`${(this.#elapsedMs / 1000).toFixed(1).padStart(7)} s  ${step}`)
  }

  passed(ms: number): void {
    this.#elapsedMs += ms
  }

  /** What the case states. */
  must(held: boolean, rule: string): void {
    if (held) return
    this.note(`✗ ${rule}`)
    throw new Broken(rule)
  }

  /** What must be so for the statement to be at stake at all. */
  premise(held: boolean, what: string): void {
    if (!held) throw new PremiseFailed([`${this.library.title}: ${what}`, ...this.trace].join("\n"))
  }

  async leave(): Promise<void> {
    for (const trial of this.#trials) await trial.subject.dispose()
  }
}
