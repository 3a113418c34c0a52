/** Statecharts with the active states lit, and the last transition marked. */
import { el, fill } from "./dom.ts"
import { chart } from "./stream.ts"

/** How long a transition stays marked. */
const markedMs = 2500
/** The smallest words of a chart are 10.5 pixels high. */
const leastScale = 0.86

interface Drawn {
  readonly element: HTMLDetailsElement
  readonly states: HTMLElement
  readonly place: HTMLElement
  picture: SVGElement | undefined
  active: readonly string[]
}

const sameStates = (one: readonly string[], other: readonly string[]): boolean => one.join(" ") === other.join(" ")

/** Whether an arrow is taken for this event, as its label names it. */
const isCausedBy = (move: SVGGElement, event: string): boolean => {
  const delay = /^xstate\.after\.([^.]+)\./.exec(event)?.[1]
  const words = delay === undefined ? event : `after ${delay}`
  return (move.dataset["causes"] ?? "").split(" | ").some((cause) => cause === words || cause.startsWith(`${words} [`))
}

/** The arrows that may have led from what was active to what has become so: those of the event, if it is known. */
function taken(
  picture: SVGElement,
  before: readonly string[],
  entered: ReadonlySet<string>,
  event: string,
): readonly SVGGElement[] {
  const moves = [...picture.querySelectorAll<SVGGElement>(".move")].filter(({ dataset }) => {
    const { from = "", to = "", causes = "" } = dataset
    return causes !== "" && entered.has(to) && (from === "" || before.includes(from))
  })
  const caused = moves.filter((move) => isCausedBy(move, event))
  const own = moves.filter(({ dataset }) => dataset["from"] !== "")
  return caused.length > 0 ? caused : own.length > 0 ? own : moves
}

function mark(picture: SVGElement, before: readonly string[], after: readonly string[], event: string): void {
  const entered = new Set(after.filter((state) => !before.includes(state)))
  if (entered.size === 0 || before.length === 0) return
  for (const move of picture.querySelectorAll(".move.taken")) move.classList.remove("taken")
  for (const move of taken(picture, before, entered, event)) {
    move.classList.add("taken")
    setTimeout(() => move.classList.remove("taken"), markedMs)
  }
}

/** Where a chart is wider than the screen, its active state is brought into sight. */
function bringIntoSight(place: HTMLElement, picture: SVGElement): void {
  const active = [...picture.querySelectorAll<SVGGElement>(".state.active")].at(-1)
  if (active === undefined || place.scrollWidth <= place.clientWidth) return
  const [box, around] = [active.getBoundingClientRect(), place.getBoundingClientRect()]
  place.scrollLeft += box.left - around.left - (around.width - box.width) / 2
}

export class Charts {
  readonly element = el("div", {})
  readonly #drawn = new Map<string, Drawn>()

  /** `first` is drawn open, the others on demand. */
  show(
    actors: readonly { readonly key: string; readonly states: readonly string[] }[],
    first: string,
    eventOf: (key: string) => string = () => "",
  ): void {
    for (const key of [...this.#drawn.keys()]) {
      if (!actors.some((actor) => actor.key === key)) {
        this.#drawn.get(key)?.element.remove()
        this.#drawn.delete(key)
      }
    }
    const order = [...actors].sort((one, other) => Number(other.key === first) - Number(one.key === first))
    for (const { key, states } of order)
      this.#light(this.#drawn.get(key) ?? this.#make(key, key === first), states, eventOf(key))
  }

  #make(key: string, isOpen: boolean): Drawn {
    const states = el("span", { class: "states" })
    const place = el("div", { class: "scroll" })
    const element = el(
      "details",
      { class: "machine", "data-machine": key, open: isOpen },
      el("summary", {}, key, states),
      place,
    )
    const drawn: Drawn = { element, states, place, picture: undefined, active: [] }
    const load = async () => {
      if (!element.open || place.firstChild !== null) return
      place.append(el("p", { class: "soft" }, "drawing …"))
      const picture = await chart(key)
      if (picture === undefined)
        return fill(place, el("p", { class: "soft" }, "This machine has no chart in the atlas."))
      drawn.picture = picture
      // Smaller its words could not be read: what does not fit is scrolled.
      picture.style.minWidth = `${leastScale * (Number(picture.getAttribute("viewBox")?.split(" ")[2]) || 0)}px`
      fill(place, picture)
      light(picture, drawn.active)
      bringIntoSight(place, picture)
    }
    element.addEventListener("toggle", () => void load())
    this.element.append(element)
    this.#drawn.set(key, drawn)
    if (isOpen) void load()
    return drawn
  }

  #light(drawn: Drawn, active: readonly string[], event: string): void {
    if (sameStates(drawn.active, active)) return
    const before = drawn.active
    drawn.active = active
    const leaves = active.filter((state) => !active.some((other) => other.startsWith(`${state}.`)))
    drawn.states.textContent = leaves.join(" · ")
    if (drawn.picture === undefined) return
    light(drawn.picture, active)
    mark(drawn.picture, before, active, event)
    bringIntoSight(drawn.place, drawn.picture)
  }
}

function light(picture: SVGElement, active: readonly string[]): void {
  for (const state of picture.querySelectorAll<SVGGElement>(".state")) {
    state.classList.toggle("active", active.includes(state.dataset["state"] ?? ""))
  }
}
