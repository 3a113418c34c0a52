/** The operator's hand: shown only where the program allows it, and never without a reason. */
import type { Act } from "../../src/observability/inspector/protocol.ts"
import { el } from "./dom.ts"
import { act } from "./stream.ts"

const acts: readonly Act[] = ["forceOpen", "bypass", "shadow", "release"]

const words: { readonly [A in Act]: string } = {
  forceOpen: "Force open",
  bypass: "Bypass",
  shadow: "Shadow",
  release: "Release",
}

const meanings: { readonly [A in Act]: string } = {
  forceOpen: "refuse every call until released",
  bypass: "send every call, and learn nothing, until released",
  shadow: "decide and report, but refuse nothing, until released",
  release: "go back to what the evidence supports",
}

export function controls(id: string): HTMLElement {
  const why = el("input", {
    type: "text",
    maxlength: 300,
    placeholder: "Why? It is logged.",
    "aria-label": "reason",
    required: true,
  })
  const said = el("span", { role: "status" })
  const run = async (what: Act) => {
    said.className = ""
    if (why.value.trim() === "") {
      said.className = "error"
      said.textContent = "Give a reason first."
      why.focus()
      return
    }
    try {
      await act(id, what, why.value)
      said.textContent = `${words[what]}: done.`
      why.value = ""
    } catch (error) {
      said.className = "error"
      said.textContent = error instanceof Error ? error.message : String(error)
    }
  }
  const buttons = acts.map((what) =>
    el(
      "button",
      {
        type: "button",
        title: meanings[what],
        class: what === "forceOpen" ? "danger" : "",
        "data-act": what,
        click: () => void run(what),
      },
      words[what],
    ),
  )
  return el(
    "section",
    { class: "card", "aria-label": "operator" },
    el("h2", {}, "Operator"),
    el("div", { class: "controls" }, why, ...buttons, said),
  )
}
