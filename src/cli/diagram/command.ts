import { InvalidConfig } from "../../../machines/options.ts"
import { readConfig } from "../../BreakerConfig.ts"
import { draw, type Format } from "../../observability/drawing/draw.ts"
import { machines, rootKey } from "../../observability/drawing/machines.ts"
import { stopWhenUnread } from "../demo/stopSignals.ts"
import { givenConfig, Unusable } from "../simulate/givenConfig.ts"

export interface DiagramOptions {
  readonly machine: string | undefined
  readonly format: Format
  /** A file, or JSON. */
  readonly config: string | undefined
}

/** Prints a drawing. `refuse` ends the command: what was asked cannot be used. */
export async function diagram(options: DiagramOptions, refuse: (why: string) => never): Promise<void> {
  stopWhenUnread(() => {})
  process.stdout.write(draw(await keysOf(options, refuse), options.format))
}

async function keysOf({ machine, config }: DiagramOptions, refuse: (why: string) => never): Promise<readonly string[]> {
  if (machine !== undefined && config !== undefined)
    return refuse("--config draws all that a config runs: name no machine")
  if (machine === undefined) return [rootKey, ...(await partsOf(config, refuse))]
  if (!machines.has(machine)) refuse(`there is no machine ${machine}; there are: ${[...machines.keys()].join(", ")}`)
  return [machine]
}

/** The machines that a breaker of this config runs. */
async function partsOf(config: string | undefined, refuse: (why: string) => never): Promise<readonly string[]> {
  try {
    const given = config === undefined ? {} : await givenConfig(config)
    const { parts, candidate } = readConfig("diagram", given)
    return [...new Set([...parts, ...(candidate ? [candidate] : [])].map(({ plug }) => plug.key))]
  } catch (error) {
    if (error instanceof InvalidConfig || error instanceof Unusable) return refuse(error.message)
    throw error
  }
}
