import { type Arrow, type Chart, type ChartState, statesIn } from "./chart.ts"

const escaped = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;")

const attributes = (all: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(all)
    .flatMap(([name, value]) => (value === undefined || value === "" ? [] : [` ${name}="${escaped(value)}"`]))
    .join("")

/** SCXML's names of the states: unique in the document. */
const nameIn = (key: string, id: string): string => (id === "" ? key : `${key}.${id}`)

const eventOf = ({ event, delay, from }: Arrow, key: string): string =>
  delay === undefined ? event : `after.${delay}.${nameIn(key, from)}`

/** What is only a name here is told in a comment: SCXML would want it as code. */
const told = (words: string, names: readonly string[], indent: string): readonly string[] =>
  names.length === 0 ? [] : [`${indent}<!-- ${words}: ${names.join(", ").replace(/--/g, "- -")} -->`]

function transition(arrow: Arrow, key: string, indent: string): readonly string[] {
  const tag = { event: eventOf(arrow, key), cond: arrow.guard, target: nameIn(key, arrow.to) }
  const comment = told("does", arrow.actions, `${indent}  `)
  if (comment.length === 0) return [`${indent}<transition${attributes(tag)}/>`]
  return [`${indent}<transition${attributes(tag)}>`, ...comment, `${indent}</transition>`]
}

function delays(arrows: readonly Arrow[], key: string, indent: string): readonly string[] {
  const named = new Map(arrows.flatMap((arrow) => (arrow.delay === undefined ? [] : [[arrow.delay, arrow]])))
  if (named.size === 0) return []
  const sends = [...named].map(
    ([delay, arrow]) => `${indent}  <send${attributes({ event: eventOf(arrow, key), delayexpr: delay })}/>`,
  )
  return [`${indent}<onentry>`, ...sends, `${indent}</onentry>`]
}

function element(chart: Chart, state: ChartState, indent: string): readonly string[] {
  const { key } = chart
  const tag = state.kind === "parallel" ? "parallel" : state.kind === "final" ? "final" : "state"
  const own = chart.arrows.filter(({ from }) => from === state.id)
  const initial = state.initial === undefined ? undefined : nameIn(key, state.initial)
  const inner = `${indent}  `
  const content = [
    ...told("on entry", state.entry, inner),
    ...told("on exit", state.exit, inner),
    ...told("hears", state.reactions, inner),
    ...delays(own, key, inner),
    ...own.flatMap((arrow) => transition(arrow, key, inner)),
    ...state.children.flatMap((child) => element(chart, child, inner)),
  ]
  const opening = `${indent}<${tag}${attributes({ id: nameIn(key, state.id), initial })}`
  return content.length === 0 ? [`${opening}/>`] : [`${opening}>`, ...content, `${indent}</${tag}>`]
}

/** Charts as one SCXML document: their structure, with guards and delays by name, and actions as comments. */
export function scxml(...charts: readonly Chart[]): string {
  const [first] = charts
  const name = charts.length === 1 && first !== undefined ? first.key : "machines"
  const head = `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"${attributes({ name, initial: name })}>`
  const states = charts.reduce((sum, { root }) => sum + statesIn(root).length - 1, 0)
  const inner = charts.length === 1 ? "  " : "    "
  const elements = charts.flatMap((chart) => element(chart, chart.root, inner))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    head,
    `  <!-- ${states} states; guards and delays are named, not programmed -->`,
    ...(charts.length === 1 ? elements : [`  <parallel id="${name}">`, ...elements, "  </parallel>"]),
    "</scxml>",
    "",
  ].join("\n")
}
