/**
 * The retry budget: tokens that successes earn and further attempts spend (after Finagle's RetryBudget). Whole numbers throughout, so
 * that nothing drifts. Failures earn nothing: a service that answers nobody is asked little more often than its callers ask.
 */
import type { BudgetLine } from "../../machines/vocabulary/gate.ts"
import type { BudgetMoved } from "../../machines/vocabulary/signal.ts"

/** What one further attempt costs: shares are exact to a thousandth. */
const token = 1000

/** Who hears that a budget is spent, or funded again. */
interface Teller {
  signal(moved: BudgetMoved): void
}

/** Why a further attempt was not made that would have been worth one. */
export type Want = "budget" | "time" | "idempotence" | "held" | "inner"

/** Counts of further attempts: plain numbers. */
export class RetryTally {
  retries = 0
  hedges = 0
  /** Hedges whose answer came first. */
  hedgesWon = 0
  /** Calls that failed at first and succeeded in the end. */
  rescued = 0
  readonly refused: { [W in Want]: number } = { budget: 0, time: 0, idempotence: 0, held: 0, inner: 0 }
}

export class RetryBudget {
  readonly tally = new RetryTally()
  readonly #teller: Teller
  #line: BudgetLine
  #left: number
  #perSuccess = 0
  #most = 0
  /** What must be saved again before a spent budget pays. */
  #enough = 0
  #isSpent = false

  constructor(line: BudgetLine, teller: Teller) {
    this.#teller = teller
    this.#line = line
    this.#left = line.reserve * token
    this.#bound(line)
  }

  /** Obeys another line; what is saved stays, as far as it may. */
  adopt(line: BudgetLine): void {
    if (line !== this.#line) this.#bound(line)
  }

  /** Whole further attempts that it can pay for. */
  get left(): number {
    return Math.floor(this.#left / token)
  }

  /** What is saved, to be given back to a budget that is made anew of the same line. */
  get saved(): number {
    return this.#left
  }
  set saved(left: number) {
    this.#left = Math.min(this.#most, left)
  }

  /** A success. True when a spent budget is funded by it, which is then to be told. */
  fund(): boolean {
    this.#left = Math.min(this.#left + this.#perSuccess, this.#most)
    return this.#isSpent && this.#left >= this.#enough
  }

  /** Tells that it is funded again, if it still is. */
  tellFunded(now: number): void {
    if (!this.#isSpent || this.#left < this.#enough) return
    this.#isSpent = false
    this.#teller.signal({ type: "budget.funded", at: now })
  }

  /** Pays for a further attempt, or tells that it cannot. */
  take(now: number): boolean {
    if (this.#left >= token) {
      this.#left -= token
      return true
    }
    this.#isSpent = true
    this.#teller.signal({ type: "budget.spent", at: now })
    return false
  }

  /** An attempt that was paid for was not made. */
  giveBack(): void {
    this.#left = Math.min(this.#most, this.#left + token)
  }

  #bound(line: BudgetLine): void {
    this.#line = line
    this.#perSuccess = Math.round(line.share * token)
    this.#most = line.most * token
    this.#enough = Math.max(1, line.reserve) * token
    this.#left = Math.min(this.#left, this.#most)
  }
}

/** The budget under another gate: none without a line, the same one as long as there is one. */
export function budgetUnder(
  line: BudgetLine | undefined,
  before: RetryBudget | undefined,
  teller: Teller,
): RetryBudget | undefined {
  if (line === undefined || before === undefined) return line && new RetryBudget(line, teller)
  before.adopt(line)
  return before
}
