import { describe, expect, test } from "vitest"
import type { Circuit } from "../../../machines/vocabulary/circuit.ts"
import { Decisions } from "../../../src/observability/inspector/decisions.ts"
import type { Told } from "../../../src/observability/inspector/inspected.ts"
import type { OverviewMessage } from "../../../src/observability/inspector/protocol.ts"
import { Store } from "../../../visualizations/inspector/store.ts"

const move = (from: Circuit, to: Circuit, reason: string): Told => ({
  ...{ type: "transition", breaker: "payments", at: 0, from, to, reason, rule: "probe.failed", epoch: 1 },
  statistics: { calls: 1, failures: 1, slow: 0 },
  retryInMs: to === "open" ? 500 : undefined,
})

/** A breaker whose circuit moves so, and two pages: one that listens all along, and one that is opened at the end. */
class Story {
  readonly #decisions = new Decisions()
  readonly #early = new Store()
  #heard = 0

  tell(id: string, ...moves: readonly (readonly [Circuit, Circuit, string])[]): this {
    for (const [from, to, reason] of moves) this.#decisions.add(id, id, 0, move(from, to, reason))
    return this
  }

  act(told: Told): this {
    this.#decisions.add(told.breaker, told.breaker, 0, told)
    return this
  }

  /** The page is told what it has not heard yet. */
  hear(): this {
    this.#early.take(this.#overview(this.#heard))
    this.#heard = this.#decisions.last
    return this
  }

  get pages(): readonly (readonly string[])[] {
    const late = new Store()
    late.take(this.#overview(0))
    return [this.hear().#early, late].map((store) => store.decisions.map(({ name, words }) => `${name} ${words}`))
  }

  #overview(heard: number): OverviewMessage {
    const totals = { breakers: 0, circuits: {}, held: 0 }
    const decisions = this.#decisions.since(heard, 200)
    return { type: "overview", at: 0, whole: heard === 0, rows: [], gone: [], totals, edges: [], decisions }
  }
}

const probes = ["open", "halfOpen", "waited 400 ms"] as const
const inVain = ["halfOpen", "open", "a probe failed"] as const
const opens = ["closed", "open", "down"] as const
const ramps = ["halfOpen", "ramping", "a probe succeeded"] as const

describe("what was decided", () => {
  test("tells of an outage once, however often it was looked into, and whenever the page was opened", () => {
    const story = new Story().tell("payments", opens).hear()
    for (let round = 0; round < 14; round++) {
      story.tell("payments", probes)
      if (round % 3 === 0) story.hear()
      story.tell("payments", inVain)
      if (round % 4 === 0) story.hear()
    }
    const words = ["payments opened: down; next probe in 0.5 s"]
    const again = "payments opened again, 14 times: a probe failed; next probe in 0.5 s"
    expect(story.pages).toEqual([0, 1].map(() => [...words, again]))
    story.tell("payments", probes, ramps)
    const last = ["payments began to probe: waited 400 ms", "payments lets calls in step by step: a probe succeeded"]
    expect(story.pages).toEqual([0, 1].map(() => [...words, again, ...last]))
  })

  test("keeps outages apart, of one breaker and of several, also those of which a page hears all at once", () => {
    const story = new Story().tell("payments", opens, probes).hear()
    story.tell("reviews", opens, probes, inVain)
    story.tell("payments", inVain, probes, ramps, ["ramping", "closed", "well"])
    story.tell("payments", opens, probes, inVain, probes, inVain)
    const [early, late] = story.pages
    expect(early).toEqual(late)
    expect(late).toEqual([
      "payments opened: down; next probe in 0.5 s",
      "reviews opened: down; next probe in 0.5 s",
      "reviews opened again: a probe failed; next probe in 0.5 s",
      "payments opened again: a probe failed; next probe in 0.5 s",
      "payments began to probe: waited 400 ms",
      "payments lets calls in step by step: a probe succeeded",
      "payments closed: well",
      "payments opened: down; next probe in 0.5 s",
      "payments opened again, 2 times: a probe failed; next probe in 0.5 s",
    ])
  })

  test("loses nothing else that is told in the middle of an outage", () => {
    const story = new Story().tell("payments", opens, probes)
    const mode = { type: "mode", at: 0, breaker: "payments", from: "auto", to: "shadow", why: "watching" } as const
    story.tell("payments", inVain, probes).act(mode).tell("payments", inVain)
    for (const page of story.pages) expect(page.filter((words) => words.includes("watching"))).toHaveLength(1)
  })
})
