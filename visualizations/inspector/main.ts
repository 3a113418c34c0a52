/** The inspector's page: one address for all breakers, one for each. */
import type { About } from "../../src/observability/inspector/protocol.ts"
import { breakerView } from "./breaker.ts"
import { el, fill, setText } from "./dom.ts"
import { heardAt, lastHeard, time } from "./format.ts"
import { overview } from "./overview.ts"
import { tick, type View } from "./parts.ts"
import { replayView } from "./replay.ts"
import { Store } from "./store.ts"
import { about, type Link, listen, takeToken, Unauthorised } from "./stream.ts"

const top = document.getElementById("top") as HTMLElement
const main = document.getElementById("main") as HTMLElement
const said = document.getElementById("said") as HTMLElement

const links: { readonly [L in Link]: string } = {
  connecting: "connecting …",
  live: "live",
  lost: "lost the program; trying again",
  unauthorised: "this address is no longer valid: open the one that the program printed",
}

const link = el("span", { class: "link", role: "status", "data-link": "connecting" }, links.connecting)

/** What is looked at has happened, and goes on no more. */
let isRecorded = false

function showLink(state: Link): void {
  link.dataset["link"] = state
  const heard = lastHeard()
  // What is shown is how it stood then: nothing counts down any more.
  main.toggleAttribute("data-stale", state === "lost" && heard > 0)
  const asOf = state === "lost" && heard > 0 ? `; this is how it stood at ${time(heard)}` : ""
  setText(link, state === "live" && isRecorded ? "recording" : links[state] + asOf)
}

function header({ program, library, recording }: About): void {
  const what = recording ?? program
  isRecorded = recording !== undefined && recording !== null
  fill(
    top,
    el("a", { class: "brand", href: "#/" }, "recloser"),
    el("span", { class: "program", title: `recloser ${library}` }, what),
    link,
  )
}

function overviewView(): View {
  const store = new Store()
  const page = overview(store)
  let isPlanned = false
  let headline = ""
  const draw = () => {
    isPlanned = false
    page.update()
    const now = document.getElementById("headline")?.textContent ?? ""
    // Told to those who listen instead of looking, when it is another.
    if (now !== headline) setText(said, now)
    headline = now
  }
  const listening = listen(
    undefined,
    (message) => {
      if (message.type !== "overview") return
      heardAt(message.at)
      store.take(message)
      if (!isPlanned) requestAnimationFrame(draw)
      isPlanned = true
    },
    showLink,
  )
  document.title = "recloser inspector"
  return { element: page.element, stop: () => listening.stop() }
}

/** Addresses are typed, cut and pasted: one that is no address leads to all breakers. */
function idIn(hash: string): string | undefined {
  try {
    return decodeURIComponent(/^#\/b\/(.+)$/.exec(hash)?.[1] ?? "") || undefined
  } catch {
    return undefined
  }
}

function viewFor(known: About): View {
  if (isRecorded) return replayView(showLink)
  const id = idIn(location.hash)
  return id === undefined ? overviewView() : breakerView(id, known.control, showLink)
}

let view: View | undefined

function go(known: About): void {
  view?.stop()
  view = viewFor(known)
  fill(main, view.element)
  scrollTo(0, 0)
}

/** Whoever types something there would lose it. */
const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement

/** Addresses after `#` are those of breakers: to the content leads no other address. */
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault()
  main.focus()
})

async function start(): Promise<void> {
  if (takeToken() === "") {
    showLink("unauthorised")
    fill(top, el("span", { class: "brand" }, "recloser"), link)
    return fill(
      main,
      el(
        "p",
        { class: "headline" },
        "Open the whole address that the program printed: its last part is the key to this page.",
      ),
    )
  }
  try {
    const known = await about()
    header(known)
    addEventListener("hashchange", () => {
      go(known)
      // The keyboard goes on where the eye does.
      main.focus({ preventScroll: true })
    })
    addEventListener("keydown", (event) => {
      if (isWriting(event.target)) return
      if (event.key === "Escape" && location.hash !== "" && location.hash !== "#/") location.hash = "#/"
    })
    setInterval(() => main.hasAttribute("data-stale") || tick(), 100)
    go(known)
  } catch (error) {
    fill(top, el("span", { class: "brand" }, "recloser"), link)
    showLink(error instanceof Unauthorised ? "unauthorised" : "lost")
    if (!(error instanceof Unauthorised)) setTimeout(() => void start(), 1000)
  }
}

void start()
