/** A recorded incident: step through it, forwards and backwards, and ask what another config would have done. */
import type {
  RecordedAnswer,
  RecordedComparison,
  RecordedDealt,
  RecordedMoment,
} from "../../src/observability/inspector/recorded.ts"
import { Charts } from "./charts.ts"
import { el, fill, setText } from "./dom.ts"
import { inWords, span } from "./format.ts"
import { badge, entryOf, type View } from "./parts.ts"
import { ask, type Link, tell, Unauthorised } from "./stream.ts"

const timesOf = (count: number): string => (count === 0 ? "never" : count === 1 ? "once" : `${count} times`)

const timeOf = (wall: number): string => new Date(wall).toISOString().slice(11, 23)

const spelt = (words: string): string => words.replace(/halfOpen|forcedOpen/g, inWords)

const mostListed = 300
const mostCompared = 20
const againMs = 1000

const momentItem = ({ wall, breaker, words }: RecordedMoment, click: () => void): HTMLElement =>
  el("li", { click }, el("span", { class: "at" }, timeOf(wall)), el("b", {}, breaker), ` ${spelt(words)}`)

/** A probe in vain opens nothing that was not open before. */
export const openings = ({ moves }: RecordedDealt): RecordedDealt["moves"] =>
  moves.filter(({ from, to }) => to === "open" && from !== "halfOpen")

export const probesInVain = ({ moves }: RecordedDealt): number =>
  moves.filter(({ from, to }) => to === "open" && from === "halfOpen").length

function comparison({ breaker, calls, recorded, other, words }: RecordedComparison): HTMLElement {
  const row = (name: string, read: (dealt: RecordedDealt) => string) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, read(recorded)), el("td", {}, read(other)))
  const first = (dealt: RecordedDealt) => {
    const [one] = openings(dealt)
    return one === undefined ? "never" : `after ${span(one.afterMs)}: ${one.reason}`
  }
  const head = el(
    "tr",
    {},
    ...["", "as recorded", "with the other config"].map((name) => el("th", { scope: "col" }, name)),
  )
  const body = [
    row("first opened", first),
    row("opened", (dealt) => timesOf(openings(dealt).length)),
    row("probes in vain", (dealt) => String(probesInVain(dealt))),
    row("sent", ({ sent }) => String(sent)),
    row("refused", ({ refused }) => String(refused)),
    row("failed of those sent", ({ failed }) => String(failed)),
    row("refused although they would do well", ({ refusedWell }) => String(refusedWell)),
  ]
  return el(
    "div",
    {},
    el("h2", {}, `${breaker}, ${calls} calls`),
    el("p", {}, words),
    el("table", { class: "plain" }, el("thead", {}, head), el("tbody", {}, ...body)),
  )
}

function whatIf(): HTMLElement {
  const config = el("textarea", { "aria-label": "another config, as JSON", spellcheck: "false" })
  config.value = '{ "strategy": "basic" }'
  const answer = el("div", { id: "what-if" })
  const run = async () => {
    fill(answer, el("p", { class: "soft" }, "deciding about every call anew …"))
    try {
      const compared = (await tell("what-if", {
        config: JSON.parse(config.value) as unknown,
      })) as readonly RecordedComparison[]
      const shown = compared.slice(0, mostCompared)
      const others = compared.length - shown.length
      const more = `${others.toLocaleString()} more breakers: recloser replay --config shows all of them as --json.`
      fill(answer, ...shown.map(comparison), others > 0 && el("p", { class: "soft" }, more))
    } catch (error) {
      fill(answer, el("p", { class: "error" }, error instanceof Error ? error.message : String(error)))
    }
  }
  const button = el("button", { type: "button", class: "button", click: () => void run() }, "Decide anew")
  return el(
    "section",
    { class: "card" },
    el("h2", {}, "What if another config had been in force?"),
    config,
    el("p", {}, button),
    answer,
  )
}

export function replayView(link: (state: Link) => void): View {
  const title = el("p", { class: "headline" })
  const [stand, meta] = [el("h1", {}), el("p", { class: "soft" })]
  const list = el("ul", { class: "list", id: "moments" })
  const charts = new Charts()
  const slider = el("input", {
    type: "range",
    min: 0,
    value: 0,
    "aria-label": "moment",
    input: () => go(Number(slider.value)),
  })
  const count = el("span", { class: "soft" })
  let moments: readonly RecordedMoment[] = []
  let at = 0
  /** The first moment in the list: of many, those around the present one are shown. */
  let listedFrom = -1

  function listAround(): void {
    const from = Math.max(0, Math.min(at - (mostListed >> 1), moments.length - mostListed))
    if (from === listedFrom || (moments.length <= mostListed && listedFrom >= 0)) return
    listedFrom = from
    const shown = moments.slice(from, from + mostListed)
    fill(list, ...shown.map((moment, index) => momentItem(moment, () => go(from + index))))
  }

  function go(next: number): void {
    at = Math.max(0, Math.min(moments.length - 1, next))
    const moment = moments[at]
    if (moment === undefined) return
    slider.value = String(at)
    setText(count, `moment ${at + 1} of ${moments.length}`)
    setText(title, `${timeOf(moment.wall)} UTC  ${moment.breaker}: ${spelt(moment.words)}`)
    fill(stand, moment.breaker, " ", badge({ ...moment, phase: "active" }))
    const { calls } = moment
    const held = moment.heldBy.length === 0 ? "nobody holds calls back" : `held by ${moment.heldBy.join(", ")}`
    setText(
      meta,
      `${entryOf({ ...moment, heldParts: 0 })}; ${held}. Until now ${calls.admitted} sent, ${calls.failure + calls.timedOut} of them failed, ${calls.rejected} refused.`,
    )
    charts.show(moment.actors, moment.actors.find(({ states }) => states.includes(moment.circuit))?.key ?? "breaker")
    listAround()
    for (const item of list.children) item.removeAttribute("aria-current")
    const item = list.children[at - listedFrom]
    item?.setAttribute("aria-current", "true")
    item?.scrollIntoView({ block: "nearest" })
  }
  const key = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step !== undefined) go(at + step)
  }
  const load = async () => {
    const { played, decisions, agreed, trace, omitted } = (await ask("recording")) as RecordedAnswer
    moments = played
    slider.max = String(Math.max(0, moments.length - 1))
    const left = omitted > 0 ? ` ${omitted} breakers by key were not recorded: there was no room for more.` : ""
    setText(
      faith,
      `${agreed} of ${decisions} calls are decided as they were when this was recorded. Trace ${trace.slice(0, 16)}…${left}`,
    )
    link("live")
    if (moments.length === 0) setText(title, "Nothing was decided while this was recorded.")
    go(0)
  }
  const faith = el("p", { class: "soft" })
  const step = (by: number, name: string, label: string) =>
    el("button", { type: "button", class: "button", "aria-label": label, click: () => go(at + by) }, name)
  addEventListener("keydown", key)
  let isOver = false
  const tryToLoad = (): Promise<void> =>
    load().catch((error: unknown) => {
      const isRefused = error instanceof Unauthorised
      link(isRefused ? "unauthorised" : "lost")
      if (!isRefused && !isOver) setTimeout(() => void tryToLoad(), againMs)
    })
  void tryToLoad()
  const element = el(
    "div",
    {},
    title,
    el("div", { class: "card slider" }, step(-1, "←", "one back"), slider, step(1, "→", "one forward"), count),
    el(
      "div",
      { class: "recorded" },
      el("section", { class: "card" }, stand, meta, charts.element),
      el("section", { class: "card moments" }, el("h2", {}, "Moments"), list, faith),
      whatIf(),
    ),
  )
  const stop = () => {
    isOver = true
    removeEventListener("keydown", key)
  }
  return { element, stop }
}
