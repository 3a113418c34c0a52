/** Statecharts with the active states lit, and the last transition marked. */
import { el, fill } from "./dom.ts"
import { chart } from "./stream.ts"

/** How long a transition stays marked. */
const markedMs = 2500

interface Drawn {
  readonly element: HTMLDetailsElement
  readonly states: HTMLElement
  picture: SVGElement | undefined
  active: readonly string[]
}

const sameStates = (one: readonly string[], other: readonly string[]): boolean => one.join(" ") === other.join(" ")

/** Marks the arrows that led from what was active to what has become so. */
function mark(picture: SVGElement, before: readonly string[], after: readonly string[]): void {
  const entered = new Set(after.filter((state) => !before.includes(state)))
  if (entered.size === 0 || before.length === 0) return
  for (const move of picture.querySelectorAll<SVGGElement>(".move")) {
    const { from = "", to = "" } = move.dataset
    if (!entered.has(to) || !(from === "" || before.includes(from))) continue
    move.classList.add("taken")
    setTimeout(() => move.classList.remove("taken"), markedMs)
  }
}

export class Charts {
  readonly element = el("div", {})
  readonly #drawn = new Map<string, Drawn>()

  /** `first` is drawn open, the others on demand. */
  show(actors: readonly { readonly key: string; readonly states: readonly string[] }[], first: string): void {
    for (const key of [...this.#drawn.keys()]) {
      if (!actors.some((actor) => actor.key === key)) {
        this.#drawn.get(key)?.element.remove()
        this.#drawn.delete(key)
      }
    }
    const order = [...actors].sort((one, other) => Number(other.key === first) - Number(one.key === first))
    for (const { key, states } of order) this.#light(this.#drawn.get(key) ?? this.#make(key, key === first), states)
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
    const drawn: Drawn = { element, states, picture: undefined, active: [] }
    const load = async () => {
      if (!element.open || place.firstChild !== null) return
      place.append(el("p", { class: "soft" }, "drawing …"))
      const picture = await chart(key)
      if (picture === undefined)
        return fill(place, el("p", { class: "soft" }, "This machine has no chart in the atlas."))
      drawn.picture = picture
      fill(place, picture)
      light(picture, drawn.active)
    }
    element.addEventListener("toggle", () => void load())
    this.element.append(element)
    this.#drawn.set(key, drawn)
    if (isOpen) void load()
    return drawn
  }

  #light(drawn: Drawn, active: readonly string[]): void {
    if (sameStates(drawn.active, active)) return
    const before = drawn.active
    drawn.active = active
    const leaves = active.filter((state) => !active.some((other) => other.startsWith(`${state}.`)))
    drawn.states.textContent = leaves.join(" · ")
    if (drawn.picture === undefined) return
    light(drawn.picture, active)
    mark(drawn.picture, before, active)
  }
}

function light(picture: SVGElement, active: readonly string[]): void {
  for (const state of picture.querySelectorAll<SVGGElement>(".state")) {
    state.classList.toggle("active", active.includes(state.dataset["state"] ?? ""))
  }
}
