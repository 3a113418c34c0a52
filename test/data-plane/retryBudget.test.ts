/** The retry budget by itself: what successes earn, what attempts cost, and what is told of it. */
import { describe, expect, test } from "vitest"
import type { idleGate } from "../../machines/vocabulary/gate.ts"
import type { BudgetMoved } from "../../machines/vocabulary/signal.ts"
import { budgetUnder, RetryBudget, RetryTally } from "../../src/data-plane/retryBudget.ts"

type Line = NonNullable<(typeof idleGate)["lines"]["budget"]>

const line = (more: Partial<Line> = {}): Line => ({ share: 0.15, reserve: 2, most: 4, ...more }) as Line

function budgetOf(of: Line) {
  const told: BudgetMoved[] = []
  return { budget: new RetryBudget(of, { signal: (moved) => void told.push(moved) }), told }
}
const fund = (budget: RetryBudget, times: number): readonly boolean[] =>
  Array.from({ length: times }, () => budget.fund())

describe("a budget", () => {
  test("begins with its reserve, pays one token an attempt, and tells at what time it could not", () => {
    const { budget, told } = budgetOf(line())
    expect([budget.left, budget.take(1), budget.left, budget.take(2), budget.left]).toEqual([2, true, 1, true, 0])
    expect(told).toEqual([])
    expect([budget.take(3), budget.left]).toEqual([false, 0])
    expect(told).toEqual([{ type: "budget.spent", at: 3 }])
  })

  test("earns its share of each success, to a thousandth, and keeps no more than it may", () => {
    const { budget } = budgetOf(line({ share: 0.1254, reserve: 0 }))
    expect([fund(budget, 7), budget.saved, budget.take(0)]).toEqual([Array(7).fill(false), 875, false])
    fund(budget, 1)
    expect([budget.saved, budget.take(0), budget.saved]).toEqual([1000, true, 0])
    fund(budget, 1000)
    expect([budget.saved, budget.left]).toEqual([4000, 4])
  })

  test("that is spent asks to be told funded with the success that fills its reserve, and with each after it until it is told", () => {
    const { budget, told } = budgetOf(line({ share: 0.5 }))
    expect([budget.take(0), budget.take(0), budget.take(0)]).toEqual([true, true, false])
    expect(fund(budget, 5)).toEqual([false, false, false, true, true])
    budget.tellFunded(9)
    expect(told.slice(1)).toEqual([{ type: "budget.funded", at: 9 }])
    expect(fund(budget, 1)).toEqual([false])
    budget.tellFunded(10)
    expect(told).toHaveLength(2)
  })

  test("without a reserve is funded by what pays for one attempt", () => {
    const { budget } = budgetOf(line({ share: 0.5, reserve: 0 }))
    expect([budget.take(0), fund(budget, 3)]).toEqual([false, [false, true, true]])
  })

  test("tells nothing while it was never spent, nor once what was funded is spent again", () => {
    const { budget, told } = budgetOf(line({ share: 1, reserve: 1 }))
    expect(fund(budget, 2)).toEqual([false, false])
    budget.tellFunded(0)
    expect(told).toEqual([])
    for (let spent = 0; spent < 4; spent++) budget.take(0)
    expect(told).toEqual([{ type: "budget.spent", at: 0 }])
    expect(fund(budget, 1)).toEqual([true])
    budget.take(1)
    budget.tellFunded(1)
    expect(told).toHaveLength(1)
  })

  test("takes back what an attempt cost that was not made, and no more than it may keep", () => {
    const { budget } = budgetOf(line())
    budget.take(0)
    budget.giveBack()
    expect(budget.saved).toBe(2000)
    for (let times = 0; times < 9; times++) budget.giveBack()
    expect(budget.saved).toBe(4000)
  })

  test("that is made anew gets back what was saved, as far as it may keep it", () => {
    const { budget } = budgetOf(line())
    budget.saved = 3500
    expect([budget.saved, budget.left]).toEqual([3500, 3])
    budget.saved = 9000
    expect(budget.saved).toBe(4000)
  })
})

describe("a budget under another gate", () => {
  const teller = { signal: () => {} }

  test("keeps what it has, as far as the other line lets it, and earns by that line", () => {
    const one = line()
    const budget = budgetUnder(one, undefined, teller)
    expect(budget?.left).toBe(2)
    expect(budgetUnder(line({ share: 0.5, reserve: 1, most: 1 }), budget, teller)).toBe(budget)
    expect(budget?.saved).toBe(1000)
    budget?.take(0)
    budget?.fund()
    expect(budget?.saved).toBe(500)
    budgetUnder(one, budget, teller)
    budget?.fund()
    expect(budget?.saved).toBe(650)
  })

  test("is none where no line is, and begins anew where one comes again", () => {
    const budget = budgetUnder(line(), undefined, teller)
    expect([budgetUnder(undefined, budget, teller), budgetUnder(undefined, undefined, teller)]).toEqual([
      undefined,
      undefined,
    ])
    expect(budgetUnder(line(), undefined, teller)).not.toBe(budget)
  })
})

test("a tally begins at nothing", () => {
  const refused = { budget: 0, time: 0, idempotence: 0, held: 0, inner: 0 }
  expect({ ...new RetryTally() }).toEqual({ retries: 0, hedges: 0, hedgesWon: 0, rescued: 0, refused })
})
