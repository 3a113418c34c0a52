/** A strategy on trial beside the one in force: a breaker of its own, told of the same calls, that nobody obeys. */
import type { ChosenPart } from "../machines/registry.ts"
import type { Baseline } from "../machines/vocabulary/baseline.ts"
import type { Circuit } from "../machines/vocabulary/circuit.ts"
import type { OutcomeKind } from "../machines/vocabulary/outcome.ts"
import type { Assembly } from "./assemble.ts"
import { askParts } from "./control-plane/persistence.ts"
import { Ghost } from "./data-plane/ghost.ts"
import { type Pair, pair } from "./pairing.ts"

/** What a candidate would have done, since it was put on trial. What the breaker refuses it cannot learn from. */
export interface CandidateReport {
  readonly strategy: string
  readonly circuit: Circuit
  readonly calls: {
    /** Both let the call enter. */
    readonly admitted: number
    /** Both refused it. */
    readonly rejected: number
    /** The breaker refused it; the candidate would not have. */
    readonly wouldAdmit: number
    /** It ran, and the candidate would have refused it: by how it ended. Successes here are what it would have cost. */
    readonly wouldReject: { readonly [Kind in OutcomeKind]: number }
  }
}

export class Candidate {
  readonly part: ChosenPart
  readonly ghost: Ghost
  readonly #pair: Pair
  readonly #trouble: (part: string, error: unknown, gaveUp?: boolean) => void

  constructor({ name, clock, listeners }: Assembly, part: ChosenPart) {
    this.#trouble = (key, error, gaveUp) => listeners.trouble(`candidate ${key}`, error, gaveUp)
    this.part = part
    this.#pair = pair({ name, parts: [part], seed: clock.seed() }, clock, (event) => {
      if (event.type === "circuit.moved") listeners.tell<"candidate">({ ...event, type: "candidate" })
      else if (event.type === "trouble") this.#trouble(event.part, event.error, event.gaveUp)
    })
    this.ghost = new Ghost(this.#pair.plane)
  }

  report(): CandidateReport {
    const { plane, tally } = this.ghost
    return {
      strategy: this.part.plug.key,
      circuit: plane.gate.circuit,
      calls: { ...tally, wouldReject: { ...tally.wouldReject } },
    }
  }

  /** What it has learned: of the service, and for itself. */
  learned(now: number): {
    readonly baseline: Baseline | undefined
    readonly parts: { readonly [key: string]: unknown }
  } {
    return {
      baseline: this.ghost.plane.meter.baseline(now),
      parts: askParts(this.#pair.conductor, [this.part], (plug) => plug.save, now, this.#trouble),
    }
  }

  stop(): void {
    this.#pair.end()
  }
}

/** Puts another candidate on trial, or none; the one before it is dismissed. */
export function tryOut(assembly: Assembly, part: ChosenPart | undefined): void {
  const { plane, candidate } = assembly
  const next = part && new Candidate(assembly, part)
  assembly.candidate = next
  plane.haunt(next?.ghost)
  candidate?.stop()
}
