/** Numbers as tables show them: always the same digits for the same value. */
import type { Column } from "./columns.ts"
import type { Goal } from "./scenario.ts"
import type { Estimate, Summary } from "./statistics.ts"

/** Three that count: of a figure of 0.01 two places do not say whether it is above its goal. */
const digits = (value: number): number =>
  Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 0.1 ? 2 : 4

const spaced = (text: string): string => text.replace(/\B(?=(?:\d{3})+$)/, " ")

export function show(value: number): string {
  if (Number.isNaN(value)) return "–"
  if (value === Number.POSITIVE_INFINITY) return "never"
  const fixed = value.toFixed(digits(value))
  if (!fixed.includes(".")) return spaced(fixed)
  return fixed.replace(/\.?0+$/, "")
}

const interval = ({ value, low, high }: Estimate): string =>
  low === high ? show(value) : `${show(value)} (${show(low)} to ${show(high)})`

/** The median over the seeds with its 95 % interval, and what one run in twenty is worse than, with its. */
export function full({ count, median, bad }: Summary): string {
  if (count === 0) return "–"
  return bad.value === median.value && bad.low === bad.high ? interval(median) : `${interval(median)}; ${interval(bad)}`
}

export function short({ count, median, bad }: Summary): string {
  if (count === 0) return "–"
  const [middle, high] = [show(median.value), show(bad.value)]
  return middle === high ? middle : `${middle} [${high}]`
}

export const heading = ({ id, unit }: Pick<Column, "id" | "unit">): string => (unit === "" ? id : `${id} (${unit})`)

/** What a goal asks for, without the name of its column. */
export const ruleOf = ({ most, least }: Goal): string =>
  most === undefined ? `≥ ${show(least ?? 0)}` : `≤ ${show(most)}`
