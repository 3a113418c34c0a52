/** The score card, as Markdown. */
import type { Library } from "./adapter.ts"
import type { Case } from "./cases/case.ts"
import { differences, explanations } from "./expectations.ts"
import { versionOf } from "./libraries.ts"
import type { Judged, Result, Verdict } from "./suite.ts"

const marks: { readonly [V in Verdict]: string } = { pass: "✓", fail: "✗", notApplicable: "–" }
const mark = ({ verdict }: Judged) => marks[verdict]

const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`
const distinct = <T>(all: readonly T[]): readonly T[] => [...new Set(all)]
const casesOf = (results: readonly Result[]): readonly Case[] => distinct(results.map((result) => result.case))
const librariesOf = (results: readonly Result[]): readonly Library[] => distinct(results.map(({ library }) => library))

const head = (left: readonly string[], libraries: readonly Library[]) => [
  row([...left, ...libraries.map(({ title }) => title)]),
  row([...left.map((_, index) => (index === 0 ? "--:" : "---")), ...libraries.map(() => ":-:")]),
]

/** One case as a row of the table. */
export const rowOf = (played: Case, results: readonly Result[]): string =>
  row([played.number, played.name, ...results.filter((result) => result.case === played).map(mark)])

/** One row a case, one column a library, and the totals. */
export function tableOf(results: readonly Result[]): string {
  const libraries = librariesOf(results)
  const rows = casesOf(results).map((played) => rowOf(played, results))
  const totals = (["pass", "fail", "notApplicable"] as const).map((verdict) => {
    const counts = libraries.map(
      (library) => results.filter((r) => r.library === library && r.verdict === verdict).length,
    )
    return row(["", `**${marks[verdict]}**`, ...counts])
  })
  return [...head(["", "case"], libraries), ...rows, ...totals].join("\n")
}

function withoutOptions(results: readonly Result[]): string {
  const told = results.filter(({ without }) => without !== undefined)
  const rows = casesOf(told).map((played) => {
    // Who cannot express the case at all has no option to leave away.
    const found = results.filter((result) => result.case === played)
    const options = distinct(found.flatMap(({ without }) => without?.options ?? [])).join(", ")
    return row([played.number, options, ...found.map((result) => mark(result.without ?? result))])
  })
  return [...head(["", "without"], librariesOf(results)), ...rows].join("\n")
}

const bullets = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join("\n")

const scenarios = (results: readonly Result[]) =>
  bullets(casesOf(results).map(({ number, name, scenario }) => `**${number} ${name}.** ${scenario}`))

/** By library, so that one reason that holds for several cases is told once. */
function notApplicable(results: readonly Result[]): string {
  const none = results.filter(({ verdict }) => verdict === "notApplicable")
  return librariesOf(none)
    .map((library) => {
      const own = none.filter((result) => result.library === library)
      const lines = distinct(own.map(({ reason }) => reason)).map((reason) => {
        const numbers = own.filter((result) => result.reason === reason).map((result) => result.case.number)
        return `${numbers.join(", ")}: ${reason}`
      })
      return `**${library.title}**\n\n${bullets(lines)}`
    })
    .join("\n\n")
}

const remarks = (results: readonly Result[]) =>
  bullets(
    results.flatMap(({ library, case: { number } }) => {
      const remark = library.remarks[number]
      return remark === undefined ? [] : [`${number}, ${library.title}: ${remark}`]
    }),
  )

/** What a failed case leaves on the card. */
export const failure = ({ case: { number, name }, library, trace }: Result) =>
  `### ${number} ${name}: ${library.title}\n\n\`\`\`text\n${trace.join("\n")}\n\`\`\``

const failures = (results: readonly Result[]) =>
  results
    .filter(({ verdict }) => verdict === "fail")
    .map(failure)
    .join("\n\n")

function againstTheDesign(results: readonly Result[]): string {
  const lines = differences(results).map(({ result, key, expected }) => {
    const found = `expected ${marks[expected]}, found ${mark(result)}`
    return `${result.library.title} ${result.case.number}, ${found}: ${explanations[key]}.`
  })
  const missing = results
    .filter(({ library, verdict }) => library.key === "recloser" && verdict === "notApplicable")
    .map(({ case: { number }, reason }) => `recloser ${number}, expected ✓, found –: ${reason}.`)
  return bullets([...missing, ...lines])
}

const notShown = bullets([
  "That a library without a ✗ is the better one. The cases come from defects that were found in the field, most of them in the peers; they were chosen by the authors of recloser.",
  "What users get who set nothing. Each library gets every option and policy of its own package that helps it; what that hides is in the second table, and only there.",
  "Calls that are always cut by a timeout shorter than the open time. Then nothing is stale, and cases 2, 3, 4 and 18 do not arise, in opossum with its defaults for one.",
  "Speed, but for the growth in case 23, where anything below ten times is let pass. Effect's breaker costs up to five times as much there, and more with larger windows.",
  "Effect's Redis store, the Redis and Prometheus add-ons of mollitia, opossum-prometheus: only what each package itself ships.",
  "Retries, rate limits, bulkheads and fallbacks of their own, beyond what a case needs of them.",
  "Memory, but for the keys of case 20. mollitia keeps every circuit ever made in a list of its module, whatever becomes of it.",
])

export function scoreCardOf(results: readonly Result[]): string {
  const libraries = librariesOf(results)
  const section = (title: string, text: string) => `## ${title}\n\n${text}`
  return [
    "# Score card",
    "Written by `npm run conformance`; `npm test` plays all but the timed case 23 again and fails where this card says otherwise. Each case is a statement about circuit breakers, played through one adapter per library against the package as it is published, under virtual time: recloser on its own clock, Effect under TestClock, the others with the host's Date and timers faked.",
    "**✓** the statement holds · **✗** it does not; the trace is below · **–** the library has no way to express it, or a part of it, and breaks nothing that it can express; the reason is below.",
    tableOf(results),
    section(
      "Without the option",
      `A library passes if one of its documented options makes it pass. These are the same cases, played without that option; they are not part of the score.\n\n${withoutOptions(results)}`,
    ),
    section("What happens in each case", scenarios(results)),
    section("How a case was met where that is not obvious", remarks(results)),
    section("Why not applicable", notApplicable(results)),
    section("Failures, step by step", failures(results)),
    section("Against the design's expectations", againstTheDesign(results)),
    section("What this suite does not show", notShown),
    section("Versions", bullets(libraries.map((library) => `${library.title} ${versionOf(library)}`))),
    "",
  ].join("\n\n")
}
