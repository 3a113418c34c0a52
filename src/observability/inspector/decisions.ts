/** The last decisions of all breakers, in words. They are rare, so they are remembered from the start, whether anybody looks or not. */

import { describeError } from "../../../machines/options.ts"
import { inWords } from "../../../machines/vocabulary/circuit.ts"
import { moveWords } from "../decisionWords.ts"
import { FindingNews } from "../findingWords.ts"
import { cellWords } from "./cellWords.ts"
import type { Told } from "./inspected.ts"
import type { Decision } from "./protocol.ts"

const most = 1000

const verbs: { readonly [circuit: string]: string | undefined } = {
  open: "opened",
  closed: "closed",
  halfOpen: "began to probe",
  ramping: "lets calls in step by step",
  degraded: "is degraded",
}

type Worded = Pick<Decision, "kind" | "to" | "words" | "since">

/** Of so many as decisions are kept, those that were set last. */
function keepNewest<V>(all: Map<string, V>, id: string, value: V): void {
  all.delete(id)
  all.set(id, value)
  for (const oldest of all.keys()) if (all.size > most) all.delete(oldest)
}

/** What is told once, and not beside what was told before. */
type Single = Exclude<Told, { readonly type: "finding" | "dependency" }>

export function wordsOf(told: Single): Worded {
  switch (told.type) {
    case "transition":
      return {
        kind: "moved",
        to: told.to,
        words: `${verbs[told.to] ?? inWords(told.to)}: ${moveWords(told)}`,
      }
    case "mode":
      return {
        kind: "operator",
        to: told.to,
        words: `operator: ${inWords(told.from)} → ${inWords(told.to)}: ${told.why}`,
      }
    case "cell": {
      // Whoever looks at a living program need not learn the keys of its callers.
      const { key: _key, ...event } = told
      return { kind: "cell", to: "", words: cellWords(event) }
    }
    case "config":
      return { kind: "config", to: "", words: `operator: reconfigured ${told.changed.join(", ") || "nothing"}` }
    case "trouble":
      return {
        kind: "trouble",
        to: "",
        words: `${told.part} ${told.gaveUp ? "was left out" : "threw"}: ${describeError(told.error)}`,
      }
  }
}

/** Rounds of probes of one breaker that found no change, one after the other. */
interface Rounds {
  readonly count: number
  readonly since: number
}

export class Decisions {
  #kept: Decision[] = []
  /** By the id of the breaker, while it has not left that outage. */
  readonly #rounds = new Map<string, Rounds>()
  /** What the parts of each breaker stated last, by its id: of those that stated something last, as many as decisions are kept. */
  readonly #news = new Map<string, FindingNews>()
  #serial = 0

  get last(): number {
    return this.#serial
  }

  add(id: string, name: string, at: number, told: Told): void {
    for (const words of this.#worded(id, told)) this.#kept.push({ serial: ++this.#serial, at, id, name, ...words })
    if (this.#kept.length > 2 * most) this.#kept.splice(0, most)
  }

  /** An outage is one story, however often it is looked into: what was told of the round before is told of all of them. */
  #afterRound(id: string, move: Worded): Worded {
    const probing = this.#kept.findLast((one) => one.id === id && one.to === "halfOpen")?.serial ?? this.#serial + 1
    const { count, since } = this.#rounds.get(id) ?? { count: 0, since: probing }
    keepNewest(this.#rounds, id, { count: count + 1, since })
    this.#kept = this.#kept.filter((one) => one.id !== id || one.kind !== "moved" || one.serial < since)
    const again = count === 0 ? "opened again" : `opened again, ${count + 1} times`
    return { ...move, since, words: move.words.replace(/^opened/, again) }
  }

  #moved(id: string, told: Extract<Told, { readonly type: "transition" }>): Worded {
    const move = wordsOf(told)
    if (told.to === "open" && told.from === "halfOpen") return this.#afterRound(id, move)
    if (told.to !== "halfOpen") this.#rounds.delete(id)
    return move
  }

  #worded(id: string, told: Told): readonly Worded[] {
    if (told.type === "finding") {
      const news = this.#newsOf(id).of(told.part, told.finding, told.at)
      return news.map((words) => ({ kind: "finding", to: "", words }))
    }
    if (told.type === "transition") return [this.#moved(id, told)]
    if (told.type !== "dependency") return [wordsOf(told)]
    return this.#newsOf(id)
      .ofDependencies(told)
      .map((words) => ({ kind: "dependency", to: told.to, words }))
  }

  #newsOf(id: string): FindingNews {
    const news = this.#news.get(id) ?? new FindingNews()
    keepNewest(this.#news, id, news)
    return news
  }

  /** Those after this serial, at most so many of the newest, oldest first; of one breaker, if it is named. */
  since(serial: number, limit: number, id?: string): readonly Decision[] {
    const wanted = this.#kept.filter((one) => one.serial > serial && (id === undefined || one.id === id))
    return wanted.slice(-limit)
  }
}
