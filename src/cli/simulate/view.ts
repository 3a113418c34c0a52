import type { SimulatedWorld } from "../../testing/simulate.ts"

/** What is told before anything is run. */
export interface Opening {
  readonly scenario: string
  readonly title: string
  readonly about: string
  readonly notMeasured: readonly string[]
  readonly seeds: readonly number[]
  /** What may surprise whoever reads the figures. */
  readonly notes: readonly string[]
  /** The config that was given; undefined: none. */
  readonly config: object | undefined
}

export interface Ending {
  readonly worlds: readonly SimulatedWorld[]
  /** How many there were to be. */
  readonly asked: number
  readonly interrupted: boolean
}

/** Goals of the suite that were reached, by policy. */
export interface Reached {
  readonly name: string
  readonly met: number
  readonly of: number
}

export interface View {
  open(opening: Opening): void
  /** A world is about to be run. */
  running(name: string): void
  world(world: SimulatedWorld): void
  close(ending: Ending): void
}

/** Without a breaker nothing is detected and nothing lost: its goals say nothing. */
export function reachedIn(worlds: readonly SimulatedWorld[]): readonly Reached[] {
  const names = (worlds[0]?.policies ?? []).slice(1).map(({ name }) => name)
  return names.map((name) => {
    const goals = worlds.flatMap(({ policies }) =>
      policies.filter((one) => one.name === name).flatMap(({ goals }) => goals),
    )
    return { name, met: goals.filter(({ met }) => met).length, of: goals.length }
  })
}
