/** All breakers at a glance: what is wrong first, then everything. */
import type { Row } from "../../src/observability/inspector/protocol.ts"
import { el, renew, setText } from "./dom.ts"
import { inWords, rate, shapeOf, time } from "./format.ts"
import { graph, rootsOf } from "./graph.ts"
import { badge, decisionItem, entryOf, hrefOf, lookOf, nextOf, partOf, since, stateOf, type View } from "./parts.ts"
import type { Store } from "./store.ts"
import { type Asked, Table } from "./table.ts"
import { troubledSince, whyOf } from "./why.ts"

const mostIncidents = 6
const shownDecisions = 60
const circuits = ["open", "halfOpen", "ramping", "degraded", "closed"]

function incident(row: Row, isRoot: boolean): HTMLElement {
  const share = el("i", {})
  share.style.width = `${partOf(row) * 100}%`
  const next = nextOf(row)
  const at = troubledSince(row)
  return el(
    "a",
    { class: `incident ${lookOf(stateOf(row))}`, href: hrefOf(row.id), "data-key": row.id },
    el("span", { class: "name" }, row.name),
    badge(row),
    isRoot && el("span", { class: "root-cause" }, " ◎ root cause"),
    el("p", {}, whyOf(row)),
    next && el("p", { class: "next" }, next),
    el(
      "p",
      { class: "soft" },
      ...(at > 0 ? ["since ", time(at), " (", since(at), ") · "] : []),
      `${entryOf(row)} · ${rate(row.refused)} refused/s · ${rate(row.sent)} sent/s`,
    ),
    el("div", { class: "bar", title: entryOf(row) }, share),
  )
}

/** Names as a sentence lists them, and no more of them than it can hold. */
function listed(names: readonly string[]): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${(names.length - 3).toLocaleString()} others`] : names
  return shown.length < 2 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`
}

/** The state of everything in one sentence. */
export function headline(store: Store, troubled: readonly Row[]): string {
  const { breakers } = store.totals
  if (breakers === 0) return "No breaker lives in this program yet. They appear here as soon as they are made."
  const all = breakers === 1 ? "the one breaker" : `all ${breakers.toLocaleString()} breakers`
  if (troubled.length === 0) return `${all.charAt(0).toUpperCase()}${all.slice(1)} of this program let calls pass.`
  const roots = [...rootsOf(store.rows.values())]
  if (roots.length > 0) {
    const felt = troubled.filter(({ cause }) => cause !== "").map(({ name }) => name)
    return `The trouble began in ${listed(roots)}; ${listed(felt)} ${felt.length === 1 ? "feels" : "feel"} it.`
  }
  const of = (kind: Plight) => troubled.filter((row) => plightOf(row) === kind).map(({ name }) => name)
  const said = (names: readonly string[], one: string, many: string) =>
    names.length === 0 ? [] : [`${listed(names)} ${names.length === 1 ? one : many}`]
  const parts = [
    ...said(of("fails"), "is failing: its calls are refused", "are failing: their calls are refused"),
    ...said(of("lags"), "is too slow: its calls are refused", "are too slow: their calls are refused"),
    ...said(of("refuses"), "refuses its calls", "refuse their calls"),
    ...said(of("unwell"), "is not well", "are not well"),
    ...said(of("held"), "does what an operator says", "do what an operator says"),
    ...said(of("busy"), "refuses a part of its calls", "refuse a part of their calls"),
    ...said(of("returns"), "is coming back", "are coming back"),
  ]
  return `${parts.join("; ")}.`
}

type Plight = "fails" | "lags" | "refuses" | "unwell" | "held" | "busy" | "returns"

/** Where only probes enter, calls are refused as much as where none do: the headline need not change with each probe. */
function plightOf({ share, probes, circuit, mode, cause, heldParts, episode }: Row): Plight {
  const isTripped = (circuit === "open" || circuit === "halfOpen") && mode === "auto" && cause === ""
  if (isTripped) return episode?.isSlow === true ? "lags" : "fails"
  if (share === 0 || probes > 0) return "refuses"
  if (mode !== "auto") return "held"
  if (circuit === "closed" && share === 1 && heldParts === 0 && cause === "") return "busy"
  return circuit === "ramping" ? "returns" : "unwell"
}

/** What somebody looks for among all breakers: it is there still when they come back from one. */
const asked: Asked = { sort: "urgency", text: "", state: "", chosen: "" }

export function overview(store: Store): View & { update(): void } {
  const title = el("p", { class: "headline", id: "headline" })
  const incidents = el("section", { class: "incidents", "aria-label": "what needs attention" })
  const more = el("p", { class: "soft" })
  const picture = el("section", { class: "card graph" })
  const table = new Table(asked, (key) => {
    asked.sort = key
    update()
  })
  const search = el("input", {
    type: "search",
    placeholder: "Find a breaker",
    "aria-label": "find a breaker",
    value: asked.text,
    input: () => filter(search.value),
  })
  const filter = (wanted: string) => {
    asked.text = wanted
    update()
  }
  const chips = circuits.map((circuit) => {
    const press = () => {
      asked.state = asked.state === circuit ? "" : circuit
      update()
    }
    return { circuit, element: el("button", { type: "button", class: "chip", click: press }) }
  })
  const decisions = el("ul", { class: "list", id: "decisions" })
  let toldDecisions = -1
  let drawnGraph = ""

  function update(): void {
    const troubled = store.troubled()
    const roots = rootsOf(store.rows.values())
    setText(title, headline(store, troubled))
    renew(incidents, ...troubled.slice(0, mostIncidents).map((row) => incident(row, roots.has(row.name))))
    const hidden = troubled.length - mostIncidents
    setText(more, hidden > 0 ? `${hidden.toLocaleString()} more are not well: see the table.` : "")
    for (const { circuit, element } of chips) {
      const count = store.totals.circuits[circuit] ?? 0
      setText(element, `${shapeOf(circuit)} ${inWords(circuit)} ${count.toLocaleString()}`)
      element.setAttribute("aria-pressed", String(asked.state === circuit))
    }
    table.show(store.sorted(asked.sort, asked.text, asked.state))
    const last = store.decisions.at(-1)?.serial ?? 0
    if (last !== toldDecisions) {
      toldDecisions = last
      const items = [...store.decisions].reverse().slice(0, shownDecisions)
      renew(
        decisions,
        ...(items.length === 0
          ? [el("li", { class: "soft" }, "Nothing has been decided since the inspector was started.")]
          : items.map((one) => decisionItem(one, true))),
      )
    }
    updateGraph()
  }
  function updateGraph(): void {
    const seen = JSON.stringify([
      store.edges,
      [...rootsOf(store.rows.values())],
      store.edges.length === 0 ? "" : store.troubled().map((row) => row.name + row.circuit),
    ])
    if (seen === drawnGraph) return
    drawnGraph = seen
    const drawn = graph(store.edges, store.rows.values())
    picture.hidden = drawn === undefined
    if (drawn === undefined) return
    const rest = `${drawn.omitted.toLocaleString()} more are not drawn: those of them that are not well come first.`
    const more = drawn.omitted > 0 && el("p", { class: "soft" }, rest)
    renew(picture, el("h2", {}, "Who depends on whom"), drawn.picture, more)
  }

  const element = el(
    "div",
    {},
    title,
    incidents,
    more,
    picture,
    el(
      "div",
      { class: "columns" },
      el(
        "section",
        { class: "card" },
        el("h2", {}, "All breakers"),
        el("div", { class: "tools" }, search),
        el("div", { class: "tools", role: "group", "aria-label": "states" }, ...chips.map(({ element }) => element)),
        table.element,
      ),
      el("section", { class: "card" }, el("h2", {}, "What was decided"), decisions),
    ),
  )
  return { element, update, stop: () => {} }
}
