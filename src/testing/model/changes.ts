/** Other configs that a living breaker may be given, made of its own. */
import { registry } from "../../../machines/registry.ts"
import { readConfig } from "../../BreakerConfig.ts"
import type { BreakerConfig } from "../../index.ts"

interface Strategy {
  readonly type: string
  readonly own?: Strategy | string | undefined
  readonly openFor?: unknown
  readonly window?: { readonly type?: string } | undefined
  readonly dependencies?: object | undefined
}

/** By the name of the step that hands it over; the component that learns of it, if one does. */
type Changes = readonly (readonly [name: string, config: object, component?: string])[]

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

/** The options of a component that is on: those that are written, or none. */
const optionsOf = (component: unknown): object | undefined =>
  component === true ? {} : typeof component === "object" && component !== null ? component : undefined

function changesOfStrategy(config: BreakerConfig): Changes {
  const strategy = inFull(config.strategy as Strategy | string | undefined)
  const { dependencies } = strategy
  const circuit = circuitOf(strategy).type
  const declared = { ...dependencies, "a third service": { type: "optional" } }
  return [
    ["it is told to wait for longer", { ...config, strategy: withCircuit(strategy, patient) }, circuit],
    ...(circuit === "basic"
      ? [
          [
            "it is told to count otherwise",
            { ...config, strategy: withCircuit(strategy, countsOtherwise) },
            circuit,
          ] as const,
        ]
      : []),
    ...(strategy.type === "dependency" && !Array.isArray(dependencies)
      ? [
          [
            "it is told to need another",
            { ...config, strategy: { ...strategy, dependencies: declared } },
            "dependency",
          ] as const,
        ]
      : []),
  ]
}

function changesOfRates(config: BreakerConfig): Changes {
  const own = optionsOf(config.rateLimit)
  if (own === undefined) return []
  const told = (more: object) => ({ ...config, rateLimit: { ...own, ...more } })
  return [
    ["it is told to learn no rates", told({ adaptive: false, limit: 1000, interval: "1 second" }), "rateLimit"],
    [
      "it is told to learn no rates, with another limit",
      told({ adaptive: false, limit: 900, interval: "1 second" }),
      "rateLimit",
    ],
    ["it is told to learn rates", told({ adaptive: true, limit: 800, interval: "1 second" }), "rateLimit"],
  ]
}

function changesOfChecks(config: BreakerConfig): Changes {
  const own = optionsOf(config.health)
  if (own === undefined || !("check" in own) || own.check === undefined) return []
  return [["it is told to check nothing", { ...config, health: { ...own, check: undefined } }, "health"]]
}

function changesOfComponents(config: BreakerConfig): Changes {
  const [recovery, discovery] = [optionsOf(config.recovery), optionsOf(config.discovery)]
  const endpoints = [{ address: "a.model", id: "a" }]
  return [
    ...changesOfRates(config),
    ...changesOfChecks(config),
    ...(recovery === undefined
      ? []
      : [
          [
            "it is told to test features for longer",
            { ...config, recovery: { ...recovery, testFor: "15 seconds" } },
            "recovery",
          ] as const,
        ]),
    ...(discovery === undefined
      ? []
      : ([
          [
            "it is told to start endpoints slowly",
            { ...config, discovery: { ...discovery, slowStart: "25 seconds" } },
            "discovery",
          ],
          ["it is told of endpoints in its config", { ...config, discovery: { ...discovery, endpoints } }, "discovery"],
          [
            "it is told of endpoints in place of a provider",
            { ...config, discovery: { ...discovery, endpoints, provider: undefined } },
            "discovery",
          ],
        ] as const)),
  ]
}

function isUsable(config: object): boolean {
  try {
    readConfig("model", config)
    return true
  } catch {
    return false
  }
}

const candidates = (config: BreakerConfig): Changes => [
  ...changesOfStrategy(config),
  ...changesOfComponents(config),
  ["it is given its config again", config, "breaker"],
]

/** Which of them can be made of a config, by name: worlds of one model ask for the same. */
const usable = new WeakMap<BreakerConfig, ReadonlySet<string>>()

function usableOf(config: BreakerConfig): ReadonlySet<string> {
  const names =
    usable.get(config) ?? new Set(candidates(config).flatMap(([name, changed]) => (isUsable(changed) ? [name] : [])))
  usable.set(config, names)
  return names
}

/** What a breaker of `given`, which now has `config`, may be told of, and by whose name. */
export function changes(
  given: BreakerConfig,
  config: BreakerConfig,
): readonly (readonly [string, BreakerConfig, string?])[] {
  const names = usableOf(given)
  return (candidates(config) as readonly (readonly [string, BreakerConfig, string?])[]).filter(([name]) =>
    names.has(name),
  )
}

/** The same breaker without any component. */
export const withoutComponents = (config: BreakerConfig): BreakerConfig => ({
  ...config,
  ...Object.fromEntries(Object.keys(registry.components).map((key) => [key, false])),
})
