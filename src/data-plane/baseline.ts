/**
 * The baseline of cells: which share of their calls is bad as a rule, and which was lately. While all goes well outcomes are only
 * counted, and worked in together when they matter.
 */
import { brokenShare, usualShare } from "../../machines/vocabulary/baseline.ts"

const prior = { bad: 1, calls: 20 } as const
/** From so many outcomes on the oldest are forgotten. */
const memory = 4096
/** The recent past: so many calls. */
const recent = 32
const mostNoise = 0.9

export class Baseline {
  /** The learned share of bad outcomes, and from how many it was learned. */
  usual: number = prior.bad / prior.calls
  learned = 0
  /** The usual share, and what chance may add to it. */
  usually = 0
  /** What a bad and a good outcome say of "broken" over "as usual". */
  badStep = 0
  goodStep = 0
  /** Shares of the recent calls that were bad: of those that ran, and of all, refused ones included. */
  #noise: number = prior.bad / prior.calls
  trouble: number = prior.bad / prior.calls
  /** Good outcomes that are not worked in yet. */
  #well = 0

  constructor() {
    this.#refresh()
  }

  /** The share of bad outcomes that is to be expected of a cell that is well. */
  get noise(): number {
    return Math.min(mostNoise, Math.max(this.#noise, this.usually))
  }

  /** A good outcome while nothing is wrong. */
  countWell(): void {
    this.#well++
  }

  /** Works in what was only counted: what each outcome would have done, in one step. Answers how many they were. */
  catchUp(): number {
    const calls = this.#well
    if (calls === 0) return 0
    this.#well = 0
    const faded = (1 - 1 / recent) ** calls
    this.#noise *= faded
    this.trouble *= faded
    const known = prior.calls + this.learned
    this.usual *= known < memory ? (known - 1) / (known + calls - 1) : (1 - 1 / memory) ** calls
    this.learned += calls
    this.#refresh()
    return calls
  }

  learn(bad: boolean): void {
    const weight = Math.max(1 / memory, 1 / (prior.calls + this.learned))
    this.usual += weight * ((bad ? 1 : 0) - this.usual)
    this.learned++
    this.#refresh()
  }

  /** Takes in one outcome of the recent past. */
  take(bad: boolean): void {
    const share = bad ? 1 : 0
    this.#noise += (share - this.#noise) / recent
    this.trouble += (share - this.trouble) / recent
  }

  takeRefusal(): void {
    this.trouble += (1 - this.trouble) / recent
  }

  /** Whether the recent past was as usual. */
  get isQuiet(): boolean {
    return this.#noise <= 2 * this.usually
  }

  /** The recent past says nothing of what comes. */
  clear(): void {
    this.#noise = this.usual
    this.trouble = this.usual
  }

  #refresh(): void {
    const usual = usualShare(this)
    const broken = brokenShare(usual)
    this.usually = usual
    this.badStep = Math.log(broken / usual)
    this.goodStep = Math.log((1 - broken) / (1 - usual))
  }
}
