/** Other configs that a living breaker may be given, made of its own. */
import { readConfig } from "../../BreakerConfig.ts"
import type { BreakerConfig } from "../../index.ts"

interface Strategy {
  readonly type: string
  readonly own?: Strategy | string | undefined
  readonly openFor?: unknown
  readonly window?: { readonly type?: string } | undefined
}

const inFull = (strategy: Strategy | string | undefined): Strategy =>
  typeof strategy === "object" ? strategy : { type: strategy ?? "gradual" }

/** The circuit of its own, wherever it is stated. */
function withCircuit(strategy: Strategy, change: (circuit: Strategy) => Strategy): Strategy {
  return strategy.type === "dependency" ? { ...strategy, own: change(inFull(strategy.own)) } : change(strategy)
}

const circuitOf = (strategy: Strategy): Strategy => (strategy.type === "dependency" ? inFull(strategy.own) : strategy)

const patient = (circuit: Strategy): Strategy => ({ ...circuit, openFor: { base: "7 seconds", max: "2 minutes" } })

const countsOtherwise = (circuit: Strategy): Strategy => ({
  ...circuit,
  window: { type: circuit.window?.type === "count" ? "time" : "count" },
})

function isUsable(config: BreakerConfig): boolean {
  try {
    readConfig("model", config)
    return true
  } catch {
    return false
  }
}

/** By the name of the step that hands it over. */
export function changes(config: BreakerConfig): readonly (readonly [string, BreakerConfig])[] {
  const strategy = inFull(config.strategy as Strategy | string | undefined)
  const { rateLimit } = config
  const candidates: readonly (readonly [string, object])[] = [
    ["it is told to wait for longer", { ...config, strategy: withCircuit(strategy, patient) }],
    ...(circuitOf(strategy).type === "basic"
      ? [["it is told to count otherwise", { ...config, strategy: withCircuit(strategy, countsOtherwise) }] as const]
      : []),
    ...(typeof rateLimit === "object"
      ? [
          ["it is told to learn no rates", { ...config, rateLimit: { ...rateLimit, adaptive: false } }] as const,
          ["it is told to learn rates", { ...config, rateLimit: { ...rateLimit, adaptive: true } }] as const,
        ]
      : []),
    ["it is given its config again", config],
  ]
  return (candidates as readonly (readonly [string, BreakerConfig])[]).filter(([, changed]) => isUsable(changed))
}
