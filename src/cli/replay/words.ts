import { inWords } from "../../../machines/vocabulary/circuit.ts"
import { onOneLine } from "../../observability/logging.ts"
import type { Moment, Played } from "../../testing/replay/play.ts"
import type { Comparison, Dealt, Move } from "../../testing/replay/whatIf.ts"
import { wrap } from "../wrap.ts"

/** The time of day, to the millisecond, in UTC: a recording may be read anywhere. */
export const clockTime = (wall: number): string => new Date(wall).toISOString().slice(11, 23)

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`

const percentOf = (part: number, whole: number): string =>
  whole === 0 ? "–" : `${Math.round((1000 * part) / whole) / 10} %`

const spelt = (words: string): string => words.replace(/halfOpen|forcedOpen/g, inWords)

export function momentLine({ wall, breaker, words, share }: Moment, width: number): string {
  const isOpen = share > 0 && share < 1 ? `  (share ${percentOf(share, 1)})` : ""
  return onOneLine(`${clockTime(wall)}  ${breaker.padEnd(width)}  ${spelt(words)}${isOpen}`)
}

/** An outage is one story, however often it was looked into: rounds of probes in vain are counted where the last of them ended. */
export function storyOf(moments: readonly Moment[]): readonly Moment[] {
  const told: (Moment | undefined)[] = []
  const outages = new Map<string, { isProbing: boolean; rounds: number; last: readonly number[] }>()
  for (const moment of moments) {
    const { kind, breaker, circuit, words } = moment
    const outage = outages.get(breaker) ?? { isProbing: false, rounds: 0, last: [] }
    const at = told.push(moment) - 1
    if (kind !== "moved") continue
    outages.set(breaker, outage)
    if (circuit === "halfOpen") outage.last = [...outage.last, at]
    else if (circuit === "open" && outage.isProbing) {
      outage.rounds++
      if (outage.rounds > 1) {
        for (const earlier of outage.last) told[earlier] = undefined
        told[at] = { ...moment, words: words.replace(/^[^:]*:/, `opened again, ${outage.rounds} times:`) }
        outage.last = []
      }
      outage.last = [...outage.last, at]
    } else outages.delete(breaker)
    outage.isProbing = circuit === "halfOpen"
  }
  return told.filter((moment) => moment !== undefined)
}

export const widthOf = (moments: readonly { readonly breaker: string }[]): number =>
  moments.reduce((most, { breaker }) => Math.min(30, Math.max(most, breaker.length)), 0)

/** How a breaker stands after a moment. */
export function standLines({ circuit, mode, share, probes, heldBy, calls }: Moment): readonly string[] {
  const held = heldBy.length === 0 ? "nobody holds calls back" : `held by ${heldBy.join(", ")}`
  const isProbed = share > 0 && probes > 0
  const enter = isProbed ? `only probes may enter, ${probes} at once` : `${percentOf(share, 1)} of the calls may enter`
  const sent = `${calls.admitted} sent (${calls.success} well, ${calls.failure} failed, ${calls.timedOut} timed out)`
  return [
    `circuit ${inWords(circuit)}, mode ${inWords(mode)}: ${enter}; ${held}`,
    `until now ${sent}, ${calls.rejected} refused`,
  ]
}

const mostNamed = 5

/** Some of many names. */
const someOf = (names: readonly string[]): string =>
  names.length <= mostNamed
    ? names.join(", ")
    : `${names.slice(0, mostNamed).join(", ")} and ${names.length - mostNamed} more`

export function agreement({ agreed, decisions, firstDifference, trace, breakers, omitted }: Played): readonly string[] {
  const joined = breakers.filter(({ isWhole }) => !isWhole).map(({ name }) => name)
  return [
    `${agreed} of ${decisions} calls are decided as they were when this was recorded.`,
    ...(firstDifference === undefined ? [] : [`First difference: ${firstDifference}.`]),
    ...(joined.length === 0
      ? []
      : [`The recording joined ${someOf(joined)} in the middle: windows of evidence begin empty there.`]),
    ...(omitted === 0 ? [] : [`${omitted} breakers by key were not recorded: there was no room for more.`]),
    `trace ${trace}`,
  ]
}

const isInVain = ({ from, to }: Move): boolean => from === "halfOpen" && to === "open"

/** A line for each move; but rounds of probes that found no change, one after the other, are counted on one. */
function movesLines({ moves }: Dealt): readonly string[] {
  const lines: string[] = []
  let rounds = 0
  for (let at = 0; at < moves.length; at++) {
    const [move, next] = moves.slice(at, at + 2)
    if (move === undefined) break
    const isRound = move.to === "halfOpen" && next !== undefined && isInVain(next)
    rounds = isRound ? rounds + 1 : 0
    if (isRound) at++
    if (rounds > 1) lines.pop()
    const what = isRound
      ? `${rounds === 1 ? "a probe" : `${rounds} probes`} in vain`
      : `${inWords(move.from)} → ${inWords(move.to)}`
    lines.push(`${seconds((isRound ? next : move).afterMs).padStart(9)}  ${what}`)
  }
  return lines
}

const column = 34

function besides(recorded: string, other: string): string {
  return `  ${recorded.padEnd(column)}${other}`.trimEnd()
}

const counted = ({ sent, refused, failed, refusedWell }: Dealt): readonly string[] => [
  `${sent} sent, ${refused} refused`,
  `${failed} of the sent failed`,
  `${refusedWell} refused would do well`,
]

/** What would have been otherwise, in a sentence. */
export function conclusion({ breaker, recorded, other, guessed, sentOnGuess, elsewhere }: Comparison): string {
  const [failed, lost] = [recorded.failed - other.failed, recorded.refusedWell - other.refusedWell]
  const saved =
    failed === 0
      ? "as many calls would have failed"
      : `${Math.abs(failed)} ${failed > 0 ? "fewer" : "more"} calls would have failed`
  const kept =
    lost === 0
      ? "as many good ones been refused"
      : `${Math.abs(lost)} ${lost > 0 ? "fewer" : "more"} good ones been refused`
  const first = other.moves.find(({ to }) => to === "open")
  const opened =
    first === undefined
      ? "It would not have opened"
      : `It would first have opened ${seconds(first.afterMs)} after the beginning`
  const doubt =
    guessed === 0
      ? ""
      : ` How ${guessed} calls would have ended is a guess, from the calls beside them: they were refused; ${sentOnGuess} of them are sent here.`
  const moved =
    elsewhere === 0
      ? ""
      : ` ${elsewhere} calls would have gone to another endpoint: how they would have ended there is a guess, from the calls that went there.`
  return `${breaker}: with the other config ${saved} and ${kept}. ${opened}.${doubt}${moved}`
}

const mostCompared = 20

/** All of them side by side; of very many, those for which most would have changed, and the sum. */
export function comparisonsLines(all: readonly Comparison[]): readonly string[] {
  const shown = all.slice(0, mostCompared).flatMap(comparisonLines)
  if (all.length <= mostCompared) return shown
  const sum = (read: (dealt: Dealt) => number) =>
    `${all.reduce((total, { recorded }) => total + read(recorded), 0)} as recorded, ${all.reduce((total, { other }) => total + read(other), 0)} with the other config`
  return [
    ...shown,
    `… and ${all.length - mostCompared} more breakers; --json tells of each. Of all ${all.length}:`,
    `  sent     ${sum(({ sent }) => sent)}`,
    `  failed   ${sum(({ failed }) => failed)}`,
    `  refused  ${sum(({ refused }) => refused)}`,
  ]
}

/** Both, side by side. */
export function comparisonLines(one: Comparison): readonly string[] {
  const { recorded, other, breaker, calls } = one
  const [then, now] = [movesLines(recorded), movesLines(other)]
  const rows = Math.max(then.length, now.length)
  const shown = Array.from({ length: Math.min(rows, 40) }, (_, index) => besides(then[index] ?? "", now[index] ?? ""))
  const more = rows > 40 ? [`  … and ${rows - 40} more`] : []
  const [was, is] = [counted(recorded), counted(other)]
  return [
    `${breaker}, ${calls} calls`,
    besides("as recorded", "with the other config"),
    ...shown,
    ...more,
    ...was.map((line, index) => besides(line, is[index] ?? "")),
    "",
    ...wrap(conclusion(one), 78),
    "",
  ]
}
