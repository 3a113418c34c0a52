/** What a policy did for the calls of a world, in words; it must say so when it did nothing, or harm. */
import { isDeepStrictEqual } from "node:util"
import type { SimulatedPolicy } from "../simulate.ts"
import type { Column } from "./columns.ts"

const counting = (id: string, of: Column["of"]): Column => ({ id, unit: "calls", meaning: id, better: "less", of })

/** Counts over the whole run, whatever else a scenario measures. */
export const perRunColumns = {
  offered: counting("offered", (run) => run.sum("offered")),
  refused: counting("refused", (run) => run.sum("refused")),
  failed: counting("failed", (run) => run.sum("failure") + run.sum("timedOut")),
  succeeded: counting("succeeded", (run) => run.sum("success")),
} as const

const whole = (count: number): string => String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, " ")

/** A share, never rounded to nothing or to everything when it is neither. */
function percent(part: number, of: number): string {
  const share = Math.abs((100 * part) / of)
  if (share < 0.1) return "less than 0.1 %"
  return share > 99.9 && share < 100 ? "more than 99.9 %" : `${Number(share.toFixed(share < 10 ? 1 : 0))} %`
}

function change(now: number, before: number, what: string): string {
  if (Math.round(now) === Math.round(before)) return `as many ${what} (${whole(before)})`
  if (before === 0) return `${whole(now)} ${what} instead of none`
  const more = now > before ? "more" : "fewer"
  return `${percent(now - before, before)} ${more} ${what} (${whole(now)} instead of ${whole(before)})`
}

const changed = (none: SimulatedPolicy, one: SimulatedPolicy): string =>
  `${change(one.perRun.failed, none.perRun.failed, "failed calls sent")} and ${change(one.perRun.succeeded, none.perRun.succeeded, "good answers")}`

const named = ({ name }: SimulatedPolicy): string =>
  name.startsWith("yours") ? name.replace("yours", "your config") : `the ${name}`
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function deeds(none: SimulatedPolicy, one: SimulatedPolicy, hasFaults: boolean): string {
  const { offered, refused, failed } = one.perRun
  const who = capital(named(one))
  if (refused === 0 && failed === none.perRun.failed)
    return `${who} changed nothing here: it saved nothing and cost nothing.`
  if (!hasFaults)
    return `Nothing is wrong in this world, and ${named(one)} refused ${percent(refused, offered)} of the calls.`
  return `${who}, against no breaker: ${changed(none, one)} a run.`
}

const reached = ({ goals }: SimulatedPolicy): number => goals.filter(({ met }) => met).length

function goalsOf(one: SimulatedPolicy, other: SimulatedPolicy | undefined): readonly string[] {
  if (one.goals.length === 0) return []
  const beside = other === undefined ? "" : `, ${named(other)} ${reached(other)}`
  const of = one.goals.length === 1 ? "the one goal" : `the ${one.goals.length} goals`
  return [`Of ${of} of the benchmark suite here, ${named(one)} reaches ${reached(one)}${beside}.`]
}

export function conclusionOf(policies: readonly SimulatedPolicy[], hasFaults: boolean): string {
  const [none, standard] = policies
  const yours = policies.find(({ name }) => name === "yours")
  if (none === undefined || standard === undefined) return ""
  const told = yours === undefined ? [standard] : [yours, standard]
  const done = told.map((one) => deeds(none, one, hasFaults))
  if (yours !== undefined && isDeepStrictEqual(yours.figures, standard.figures))
    done[1] = "The default did exactly the same."
  return [...done, ...goalsOf(told[0] ?? standard, told[1])].join(" ")
}
