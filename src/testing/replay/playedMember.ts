/** A breaker by key in a replay: it wakes when a call comes, as it did, and rests where it rested. */
import type { ChosenPart } from "../../../machines/registry.ts"
import { Awake, type Memory, nobody, type Surroundings } from "../../awake.ts"
import type { Clock } from "../../Clock.ts"
import type { Conductor } from "../../control-plane/conductor.ts"
import { readSaved } from "../../control-plane/persistence.ts"
import type { Observed } from "../../data-plane/observed.ts"
import type { Plane } from "../../data-plane/plane.ts"
import { Listeners } from "../../events.ts"
import type { BreakerLine, RecordedMember } from "../../observability/recording/format.ts"
import { cook } from "../../recipe.ts"
import type { FittedKeys } from "./fittedKeys.ts"
import type { PlayedPlanes, Watch } from "./playedPlanes.ts"

/** What a group is to its members, as far as a replay has one. */
function surroundings(clock: Clock, idleMs: number, name: string, watch: Watch): Surroundings<undefined> {
  const listeners = new Listeners(name, () => clock.now())
  listeners.add("transition", (moved) => watch.told({ ...moved, type: "circuit.moved" }))
  listeners.add("mode", (changed) => watch.told({ ...changed, type: "mode.changed" }))
  listeners.add("trouble", ({ type: _type, at: _at, count: _count, ...trouble }) =>
    watch.told({ type: "trouble", ...trouble }),
  )
  listeners.add("finding", ({ type: _type, at: _at, ...stated }) => watch.told({ type: "finding.changed", ...stated }))
  listeners.add("dependency", ({ type: _type, breaker, to, ...found }) =>
    watch.told({ type: "finding.changed", breaker, part: "dependency", finding: { ...found, state: to } }),
  )
  listeners.add("cell", (event) => watch.cell(event))
  return {
    clock,
    listeners,
    idleMs,
    departures: { refused: () => {} },
    ending: undefined,
    face: () => undefined,
    swapped: (gate) => watch.gate(gate),
  }
}

export class PlayedMember implements PlayedPlanes {
  /** What it says while it is let go is nothing that was decided. */
  #isEnding = false
  readonly #around: Surroundings<undefined>
  readonly #gauges: Observed | undefined
  #memory: Memory
  #awake: Awake<undefined> | undefined

  constructor(
    { name, seed, saved }: BreakerLine,
    { idleMs, since, journal, past, budget, rates }: RecordedMember,
    parts: readonly ChosenPart[],
    clock: Clock,
    watch: Watch,
    gauges: Observed | undefined,
    fitted: FittedKeys,
  ) {
    this.#gauges = gauges
    const gate: Watch["gate"] = (next) => {
      if (!this.#isEnding) watch.gate(next)
    }
    this.#around = surroundings(clock, idleMs, name, { ...watch, gate })
    const recipe = cook(parts, undefined, clock)
    const calls = journal === undefined ? undefined : [...journal]
    this.#memory = { name, recipe, seed, classify: undefined, since, journal: calls, past: past ?? nobody, budget }
    const known = readSaved(fitted.saved(saved), name)
    if (known !== undefined) this.#wake().restore(known)
    if (rates !== undefined) this.#wake().plane.admission.rates?.restore(fitted.owed(rates), 0, clock.now())
  }

  get plane(): Plane {
    return this.#wake().plane
  }
  get conductor(): Conductor {
    return this.#wake().conductor
  }

  rest(now: number): void {
    const awake = this.#awake
    if (awake === undefined) return
    // As a look at whether it is quiet forgets what is old.
    awake.plane.isQuietAt(now)
    this.#memory = awake.remembered()
    this.end()
  }

  end(): void {
    this.#isEnding = true
    this.#awake?.end()
    this.#awake = undefined
    this.#isEnding = false
  }

  #wake(): Awake<undefined> {
    if (this.#awake !== undefined) return this.#awake
    const awake = new Awake(
      this.#memory,
      this.#around,
      () => {},
      () => false,
    )
    // Of what it lives through again nobody knows what gauges showed.
    awake.plane.meter.slices.gauges = this.#gauges
    this.#awake = awake
    return awake
  }
}
