/** The table of all breakers: only the rows in sight exist, so ten thousand cost what thirty do. */
import type { Row } from "../../src/observability/inspector/protocol.ts"
import { el, fill, setText } from "./dom.ts"
import { millis, percent, rate } from "./format.ts"
import { badge, hrefOf, stateOf } from "./parts.ts"
import type { SortKey } from "./store.ts"
import { isOverAlready } from "./why.ts"

const rowHeight = 36
const beyond = 6

/** What the strategies of a breaker are to whoever has never heard of them. */
const holders: { readonly [actor: string]: string } = { basic: "its circuit", gradual: "its circuit" }

/** Who holds calls back, and in which breaker the trouble began. */
const heldIn = ({ heldBy, cause }: Row): string =>
  `${heldBy.map((actor) => holders[actor] ?? actor).join(", ")}${cause === "" ? "" : ` (${cause})`}`

export interface Asked {
  sort: SortKey
  text: string
  state: string
  /** The id of the breaker that arrow keys have led to. */
  chosen: string
}

interface Shown {
  readonly element: HTMLAnchorElement
  readonly cells: readonly HTMLElement[]
  state: string
}

const idAt = (index: number): string => `row-${index}`

const columns: readonly { readonly name: string; readonly sort?: SortKey; readonly kind: string }[] = [
  { name: "State", sort: "urgency", kind: "" },
  { name: "Breaker", sort: "name", kind: "" },
  { name: "sent/s", sort: "sent", kind: "n" },
  { name: "failing", sort: "failing", kind: "n" },
  { name: "refused/s", sort: "refused", kind: "n" },
  { name: "p50", sort: "p50", kind: "n wide" },
  { name: "p99", sort: "p99", kind: "n wide" },
  { name: "held by", kind: "wide" },
]

export class Table {
  readonly element: HTMLElement
  readonly #scroller: HTMLElement
  readonly #all = el("div", { class: "all", role: "presentation" })
  readonly #shown = new Map<number, Shown>()
  #rows: readonly Row[] = []
  readonly #asked: Asked
  #selected = 0

  constructor(asked: Asked, sort: (key: SortKey) => void) {
    this.#asked = asked
    this.#scroller = el(
      "div",
      { class: "rows", tabindex: "0", role: "listbox", "aria-label": "breakers", "aria-describedby": "table-keys" },
      this.#all,
    )
    this.#scroller.addEventListener("scroll", () => this.#draw(), { passive: true })
    this.#scroller.addEventListener("keydown", (event) => this.#key(event))
    const heads = columns.map(({ name, sort: key, kind }) =>
      el(
        "span",
        { class: kind },
        key === undefined
          ? name
          : el("button", { type: "button", title: `sort by ${name}`, click: () => sort(key) }, name),
      ),
    )
    const keys = el("p", { id: "table-keys", class: "unseen" }, "Arrow keys choose a breaker, Enter opens it.")
    this.element = el("div", { class: "table" }, el("div", { class: "row head" }, ...heads), this.#scroller, keys)
  }

  show(rows: readonly Row[]): void {
    this.#rows = rows
    // Who was chosen is chosen still, wherever it stands by now: Enter opens no other.
    const now = this.#asked.chosen === "" ? -1 : rows.findIndex(({ id }) => id === this.#asked.chosen)
    this.#selected = now >= 0 ? now : Math.min(this.#selected, Math.max(0, rows.length - 1))
    // The line below the last row is that of the table.
    this.#all.style.height = `${rows.length * rowHeight - 1}px`
    // A few breakers need no room for thousands.
    this.#scroller.style.height = rows.length < 12 ? `${Math.max(1, rows.length) * rowHeight - 1}px` : ""
    this.#draw()
  }

  #key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / rowHeight) - 1)
    const steps: { readonly [key: string]: number } = {
      ...{ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page },
      ...{ Home: Number.NEGATIVE_INFINITY, End: Number.POSITIVE_INFINITY },
    }
    const row = this.#rows[this.#selected]
    if (event.key === "Enter" && row !== undefined) location.hash = hrefOf(row.id)
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    this.#selected = Math.max(0, Math.min(this.#rows.length - 1, this.#selected + step))
    this.#asked.chosen = this.#rows[this.#selected]?.id ?? ""
    const top = this.#selected * rowHeight
    const { scrollTop, clientHeight } = this.#scroller
    if (top < scrollTop) this.#scroller.scrollTop = top
    else if (top + rowHeight > scrollTop + clientHeight) this.#scroller.scrollTop = top + rowHeight - clientHeight
    this.#draw()
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.#scroller
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - beyond)
    const last = Math.min(this.#rows.length, Math.ceil((scrollTop + (clientHeight || 600)) / rowHeight) + beyond)
    for (const [index, { element }] of this.#shown) {
      if (index >= first && index < last) continue
      element.remove()
      this.#shown.delete(index)
    }
    for (let index = first; index < last; index++) {
      const row = this.#rows[index]
      if (row !== undefined) this.#put(index, row)
    }
    // What is scrolled away, or was never there, cannot be spoken of.
    if (this.#shown.has(this.#selected)) this.#scroller.setAttribute("aria-activedescendant", idAt(this.#selected))
    else this.#scroller.removeAttribute("aria-activedescendant")
  }

  #put(index: number, row: Row): void {
    const shown = this.#shown.get(index) ?? this.#make(index)
    const { element, cells } = shown
    const [state, name, ...figures] = cells
    element.href = hrefOf(row.id)
    element.setAttribute("aria-selected", String(index === this.#selected))
    element.setAttribute("aria-setsize", String(this.#rows.length))
    const now = `${stateOf(row)} ${row.mode}`
    if (shown.state !== now && state !== undefined) {
      shown.state = now
      fill(state, badge(row))
    }
    if (name !== undefined) setText(name, row.name)
    const latencies = [millis(row.p50), millis(row.p99)]
    const texts = [rate(row.sent), percent(row.failing), rate(row.refused), ...latencies, heldIn(row)]
    texts.forEach((text, at) => {
      const cell = figures[at]
      if (cell !== undefined) setText(cell, text)
    })
    figures[1]?.classList.toggle("hot", row.failing >= 0.1)
    figures[2]?.classList.toggle("hot", row.refused > 0 && !isOverAlready(row))
  }

  #make(index: number): Shown {
    const cells = columns.map(({ kind }) => el("span", { class: kind }))
    const place = { id: idAt(index), "aria-posinset": index + 1 }
    const element = el("a", { class: "row", role: "option", tabindex: "-1", ...place }, ...cells)
    element.style.top = `${index * rowHeight}px`
    this.#all.append(element)
    const shown: Shown = { element, cells, state: "" }
    this.#shown.set(index, shown)
    return shown
  }
}
