import { InvalidConfig } from "../../../machines/options.ts"
import { readConfig } from "../../BreakerConfig.ts"
import { covered } from "../../observability/drawing/covered.ts"
import { testModel } from "../../testing/testModel.ts"
import { stopWhenUnread } from "../demo/stopSignals.ts"
import { givenConfig, Unusable } from "../simulate/givenConfig.ts"

export const formats = ["svg", "text", "json"] as const

export interface CoverageOptions {
  /** A file, or JSON. */
  readonly config: string | undefined
  readonly format: (typeof formats)[number]
}

/** Prints what a model of a config covers. `refuse` ends the command: what was asked cannot be used. */
export async function coverage(options: CoverageOptions, refuse: (why: string) => never): Promise<void> {
  stopWhenUnread(() => {})
  const config = await configOf(options, refuse)
  const model = await testModel(config)
  const print = {
    svg: () => covered(model.coverage.charts),
    text: () => `${model.coverage}\n\npaths:\n${model.paths.map(({ name }) => `  ${name}`).join("\n")}\n`,
    json: () => `${JSON.stringify({ ...model.coverage, paths: model.paths.map(({ name }) => name) })}\n`,
  }[options.format]
  process.stdout.write(print())
}

async function configOf({ config }: CoverageOptions, refuse: (why: string) => never) {
  try {
    const given = config === undefined ? {} : await givenConfig(config)
    readConfig("coverage", given)
    return given as object
  } catch (error) {
    if (error instanceof InvalidConfig || error instanceof Unusable) return refuse(error.message)
    throw error
  }
}
