/** One breaker: how it stands and why, its figures over time, who demands what, and its charts with the active states lit. */
import type {
  BreakerMessage,
  HolderView,
  ServerMessage,
  StandingLine,
} from "../../src/observability/inspector/protocol.ts"
import { Charts } from "./charts.ts"
import { controls } from "./controls.ts"
import { el, renew, setText } from "./dom.ts"
import { heardAt, millis, percent, rate, time } from "./format.ts"
import { badge, decisionItem, entryOf, messageItem, nextOf, since, until, type View } from "./parts.ts"
import { series } from "./series.ts"
import { type Link, listen } from "./stream.ts"
import { troubledSince, whyOf } from "./why.ts"

const fieldWords: { readonly [field: string]: string } = {
  share: "share of calls that may enter",
  cohortShare: "share of the first calls of a step",
  probes: "probes at once",
  limit: "calls in flight of this step",
  rate: "calls a second",
  burst: "calls at one instant",
  slots: "calls in flight",
  queue: "calls that may wait for a slot",
  floor: "least priority that may enter",
  retries: "further attempts of a call",
  hedges: "attempts of a call side by side",
  timeoutMs: "longest that a call may run",
  retryAt: "try again at",
  features: "features held back",
}

/** As `floor` counts them. */
const ranks = ["all", "low", "normal", "high", "critical"]

function shownOf(field: string, value: number | string): string {
  if (typeof value === "string") return value
  if (field === "share" || field === "cohortShare") return percent(value)
  if (field === "floor") return ranks[value] ?? String(value)
  if (field === "retryAt") return time(value)
  return field.endsWith("Ms") ? millis(value) : (Math.round(value * 100) / 100).toLocaleString("en")
}

/** A bound that nothing reaches: what is learned below it is drawn over time. */
const boundless = 10_000

/** Each field of the gate, what is in force, and who demands it. */
function gateTable({ restriction, holders }: BreakerMessage): HTMLElement {
  const nameOf = (field: string) => fieldWords[field] ?? field
  const isBound = (field: string) => field !== "slots" || Number(restriction[field]) < boundless
  const isDemanded = (field: string) => isBound(field) && holders.some(({ demand }) => field in demand)
  const free = Object.keys(restriction).filter((field) => !isDemanded(field))
  const rows = Object.entries(restriction)
    .filter(([field]) => isDemanded(field))
    .map(([field, value]) => {
      const demanding = holders.filter(({ demand }) => field in demand)
      const who = demanding.map(({ by, demand }) => `${by} (${shownOf(field, demand[field] ?? 0)})`).join(", ")
      return el(
        "tr",
        {},
        el("th", { scope: "row" }, nameOf(field)),
        el("td", { class: "value" }, shownOf(field, value)),
        el("td", {}, who),
      )
    })
  const head = el("tr", {}, ...["", "in force", "demanded by"].map((name) => el("th", { scope: "col" }, name)))
  const table = el("table", { class: "plain gate" }, el("thead", {}, head), el("tbody", {}, ...rows))
  const others = free.length === 0 ? "" : `Free: ${free.map(nameOf).join(", ")}.`
  return el("div", {}, rows.length > 0 && table, el("p", { class: "soft free" }, others))
}

const holderItem = ({ by, layer, since: at, reason }: HolderView): HTMLElement =>
  el(
    "li",
    {},
    el("b", {}, by),
    ` (${layer})${reason === by ? "" : `: ${reason}`}`,
    el("span", { class: "soft" }, ` · since ${time(at)} (`, since(at), ")"),
  )

function figures({ calls, row }: BreakerMessage): HTMLElement {
  const shown: readonly (readonly [string, string])[] = [
    ["sent", `${calls["admitted"] ?? 0} (${rate(row.sent)}/s)`],
    ["refused", `${calls["rejected"] ?? 0} (${rate(row.refused)}/s)`],
    ["succeeded", String(calls["success"] ?? 0)],
    ["failed", String(calls["failure"] ?? 0)],
    ["timed out", String(calls["timedOut"] ?? 0)],
    ["ignored", String(calls["ignored"] ?? 0)],
    ["in flight", String(row.inFlight)],
  ]
  return el(
    "table",
    { class: "plain" },
    el(
      "tbody",
      {},
      ...shown.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value))),
    ),
  )
}

/** How a part stands, sentence by sentence, with what comes next counted down. */
const standingItem = ({ words, since: at, until: next }: StandingLine): HTMLElement =>
  el(
    "li",
    {},
    at > 0 && el("span", { class: "at" }, time(at)),
    words,
    next > 0 && el("b", {}, "; ", until(next, "on trial in ", "its next call is a trial")),
  )

/** What a component reports of itself: how it stands in words, or its plain fields. */
function reportItem({ key, states, report, settings, standing }: BreakerMessage["actors"][number]): HTMLElement {
  const plain = Object.entries((report ?? {}) as object).filter(
    ([, value]) => value !== "" && (typeof value !== "object" || value === null),
  )
  const said = plain.map(
    ([name, value]) => `${name}: ${typeof value === "number" ? Math.round(value * 100) / 100 : (value ?? "–")}`,
  )
  const text = settings === null ? "" : JSON.stringify(settings, null, 1)
  return el(
    "li",
    { "data-key": key },
    el("b", {}, key),
    ` ${states.at(-1) ?? ""} `,
    standing.length === 0
      ? el("span", { class: "soft" }, said.join(" · "))
      : el("ul", { class: "standing" }, ...standing.map(standingItem)),
    text !== "" && text !== "{}" && el("details", {}, el("summary", {}, "settings"), el("pre", {}, text)),
  )
}

export function breakerView(id: string, mayControl: boolean, link: (state: Link) => void): View {
  const title = el("h1", { tabindex: "-1" }, "…")
  const state = el("p", { class: "headline" })
  const [next, meta] = [el("p", {}), el("p", { class: "soft" })]
  const [graphs, gate, holders, counted] = [el("div", {}), el("div", {}), el("ul", { class: "list" }), el("div", {})]
  const [decisions, messages, reports] = [
    el("ul", { class: "list" }),
    el("ul", { class: "list", id: "messages" }),
    el("ul", { class: "list" }),
  ]
  const charts = new Charts()
  const resting = el(
    "p",
    { class: "soft" },
    "It rests: a breaker by key has no actors until something happens to it. Every call may enter.",
  )
  let heard = { decisions: -1, messages: -1, reports: "" }

  function show(message: BreakerMessage): void {
    const { row, actors } = message
    const troubledAt = troubledSince(row)
    heardAt(message.at)
    document.title = `${row.name} · recloser`
    renew(title, row.name, " ", badge(row))
    setText(state, whyOf(row))
    renew(next, nextOf(row))
    renew(
      meta,
      ...(troubledAt > 0 ? [`since ${time(troubledAt)} (`, since(troubledAt), ") · "] : []),
      `${entryOf(row)} · epoch ${message.epoch}`,
    )
    renew(graphs, series(message.points, row))
    renew(gate, gateTable(message))
    renew(
      holders,
      ...(message.holders.length === 0
        ? [el("li", { class: "soft" }, "Nobody holds anything back.")]
        : message.holders.map(holderItem)),
    )
    renew(counted, figures(message))
    resting.hidden = !message.isResting
    charts.show(
      actors,
      actors.find(({ key, states }) => key !== "breaker" && states.includes(row.circuit))?.key ?? "breaker",
      (key) => message.messages.findLast(({ to }) => to === key)?.event ?? "",
    )
    showLists(message)
  }
  function showLists(message: BreakerMessage): void {
    const [decision, passed] = [message.decisions.at(-1)?.serial ?? 0, message.messages.at(-1)?.serial ?? 0]
    if (decision !== heard.decisions) {
      const items = [...message.decisions].reverse().map((one) => decisionItem(one, false))
      renew(
        decisions,
        ...(items.length > 0 ? items : [el("li", { class: "soft" }, "Nothing since the inspector was started.")]),
      )
    }
    if (passed !== heard.messages) {
      const items = message.messages.toReversed().map(messageItem)
      renew(messages, ...(items.length > 0 ? items : [el("li", { class: "soft" }, "None since this page was opened.")]))
    }
    const told = JSON.stringify(
      message.actors.map(({ standing, ...actor }) => [
        actor.key,
        actor.states,
        standing,
        reportItem({ ...actor, standing: [] }).textContent,
      ]),
    )
    if (told !== heard.reports) renew(reports, ...message.actors.map(reportItem))
    heard = { decisions: decision, messages: passed, reports: told }
  }
  const listening = listen(
    id,
    (message: ServerMessage) => {
      if (message.type === "breaker") show(message)
      else if (message.type === "gone") setText(state, "This breaker has stopped, or was forgotten.")
    },
    link,
  )
  const card = (name: string, ...children: readonly HTMLElement[]) =>
    el("section", { class: "card" }, el("h2", {}, name), ...children)
  const element = el(
    "div",
    {},
    el("p", {}, el("a", { href: "#/" }, "← all breakers")),
    title,
    state,
    next,
    meta,
    mayControl && controls(id),
    card("The last minute", graphs),
    el(
      "div",
      { class: "breaker" },
      el(
        "div",
        { class: "facts" },
        card("What was decided", decisions),
        card("The gate", gate, holders),
        card("Calls", counted),
        card("Parts", reports),
      ),
      el(
        "div",
        { class: "drawn" },
        card("Statecharts", resting, charts.element),
        card("Events between actors", messages),
      ),
    ),
  )
  return { element, stop: () => listening.stop() }
}
