/** What the command line asks of `recloser simulate`; the simulation itself checks what is in it. */
export interface SimulateOptions {
  /** undefined: list the scenarios. */
  readonly scenario: string | undefined
  /** A file, or JSON. */
  readonly config: string | undefined
  readonly seeds: string | undefined
  readonly only: string | undefined
  readonly full: boolean
  readonly json: boolean
  readonly color: boolean
}

/** What is wrong with options that are right each on its own; undefined = nothing. */
export function conflictOf({ scenario, config, seeds, only, full }: SimulateOptions): string | undefined {
  if (scenario !== undefined) return undefined
  const given = [
    config !== undefined && "--config",
    seeds !== undefined && "--seeds",
    only !== undefined && "--only",
    full && "--full",
  ]
  const [first] = given.filter((name) => name !== false)
  return first === undefined ? undefined : `${first} needs a scenario, such as S1; recloser simulate lists them`
}
