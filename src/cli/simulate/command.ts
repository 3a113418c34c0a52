import { InvalidConfig } from "../../../machines/options.ts"
import type { BreakerConfig } from "../../BreakerConfig.ts"
import type { ScenarioId, SimulatedWorld } from "../../testing/simulate.ts"
import { scenarios } from "../../testing/simulation/scenarios/catalogue.ts"
import { type Asked, ask, worldsOf } from "../../testing/simulation/simulation.ts"
import { createStopSignals, endAtOnce, stopWhenUnread } from "../demo/stopSignals.ts"
import { givenConfig, Unusable } from "./givenConfig.ts"
import { createJsonLines } from "./jsonLines.ts"
import { scenarioLines } from "./list.ts"
import type { SimulateOptions } from "./options.ts"
import { createPage } from "./page.ts"
import type { View } from "./view.ts"

/** Simulates in this process, or lists the scenarios. `refuse` ends the command: what was asked cannot be used. */
export async function simulate(options: SimulateOptions, refuse: (why: string) => never): Promise<void> {
  if (options.scenario === undefined) {
    process.stdout.write(scenarioLines(options.json))
    return
  }
  const stops = createStopSignals(endAtOnce)
  stopWhenUnread(stops.stop)
  try {
    await play(await asked(options, stops.signal, refuse), viewFor(options))
  } finally {
    stops.forget()
  }
}

async function asked(options: SimulateOptions, signal: AbortSignal, refuse: (why: string) => never): Promise<Asked> {
  const { scenario = "", seeds, only, full } = options
  const id = scenario.toUpperCase()
  if (!scenarios.some((one) => one.id === id))
    refuse(`there is no scenario ${scenario}; there are:\n${scenarioLines(false)}`)
  try {
    const config = options.config === undefined ? undefined : ((await givenConfig(options.config)) as BreakerConfig)
    return ask({ scenario: id as ScenarioId, config, seeds, only, full, signal })
  } catch (error) {
    if (error instanceof InvalidConfig) return refuse(error.message.replace(/^(seeds|only): /gm, "--$1 "))
    if (error instanceof Unusable) return refuse(error.message)
    throw error
  }
}

const notesOn = ({ scenario, config, full }: Asked): readonly string[] => [
  ...(config?.classify === undefined ? [] : ["Your classify has no say here: simulated calls succeed or fail."]),
  ...(scenario.shortened === undefined || full ? [] : [scenario.shortened.replaceAll("`", "")]),
]

async function play(asked: Asked, view: View): Promise<void> {
  const { scenario, variants, config, seeds, signal } = asked
  const { id, title, about, notMeasured } = scenario
  view.open({ scenario: id, title, about, notMeasured, seeds, config, notes: notesOn(asked) })
  const worlds: SimulatedWorld[] = []
  const next = () => view.running(variants[worlds.length]?.id ?? "")
  try {
    next()
    for await (const world of worldsOf(asked)) {
      worlds.push(world)
      view.world(world)
      if (worlds.length < variants.length) next()
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
  view.close({ worlds, asked: variants.length, interrupted: worlds.length < variants.length })
}

const CLEAR_LINE = "\r\x1b[K"

function viewFor({ json, color }: SimulateOptions): View {
  const out = process.stdout
  if (json) return createJsonLines((text) => void out.write(text))
  const onScreen = out.isTTY && process.env.TERM !== "dumb"
  let hinted = false
  const clear = () => (hinted ? CLEAR_LINE : "")
  return createPage({
    columns: onScreen ? out.columns || 80 : 80,
    color: onScreen && color && !process.env.NO_COLOR,
    write: (text) => {
      out.write(`${clear()}${text}`)
      hinted = false
    },
    hint: (text) => {
      if (!onScreen) return
      out.write(`${clear()}${text}`)
      hinted = text !== ""
    },
  })
}
