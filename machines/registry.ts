/** The one list of strategies and components: the only line that a newcomer adds. Order is the order of start. */
import { discovery } from "./components/discovery.ts"
import { health } from "./components/health.ts"
import { metrics } from "./components/metrics.ts"
import { prediction } from "./components/prediction.ts"
import { priority } from "./components/priority.ts"
import { rateLimit } from "./components/rateLimit.ts"
import { recovery } from "./components/recovery.ts"
import { retry } from "./components/retry.ts"
import { timeout } from "./components/timeout.ts"
import { entriesOf, type InOf, InvalidConfig, type Problem, refuseUnknown, show, switchable } from "./options.ts"
import type { AnyComponent, AnyPlug, AnyStrategy } from "./plug.ts"
import { basic } from "./strategies/basic.ts"
import { dependency } from "./strategies/dependency.ts"
import { gradual } from "./strategies/gradual.ts"

export const strategies = { basic, gradual } satisfies { readonly [key: string]: AnyStrategy }
/** Strategies of two actors: a circuit of its `own`, which is any of the above, and beside it the adviser that is listed here. */
export const companions = { dependency } satisfies { readonly [key: string]: AnyComponent }
export const components = {
  /** Remembers slices, times in state and moves for `metrics()`. It has no options: `false` switches it off. Default: on. */
  metrics,
  /**
   * Where the service is reached: `{ endpoints }`, or `{ provider }` that tells which there are. Each call is handed one of them, the
   * less busy and quicker of two; those that are sick are left out. Default: off.
   */
  discovery,
  /**
   * How the service is, as active checks (`{ check }`) and its own calls say it. What is bad gets a trickle of calls; with
   * `discovery` each endpoint is checked, and those that are bad are left out. Default: off.
   */
  health,
  /**
   * Looks ahead: warns when error rate, latency, calls in flight or a gauge of yours is on its way to failure, and eases the load while
   * the warning holds. Default: off.
   */
  prediction,
  /**
   * How long one call may run. A bare duration is fixed; `true` or `{ min, max }` learns it from how long successes take: twice
   * their 99.9th percentile. `false`: as long as it likes. Default: learned.
   */
  timeout,
  /**
   * How many calls may enter in a time: `{ limit: 100, interval: "1 second" }`, `burst` at once, for all or `perKey`, and fewer where the
   * service refuses calls as too many. `true`: only what the service says. Default: off.
   */
  rateLimit,
  /**
   * Further attempts of calls that failed: `true`, or `{ attempts, backoff, budget, hedge, … }`. What is not said to be idempotent is
   * repeated only if it provably never reached the service. Default: `false`.
   */
  retry,
  /**
   * How many calls may be in flight and who goes first: a bulkhead with a fixed or a learned limit, a short queue, classes and
   * tenants. Default: on, learned.
   */
  priority,
  /**
   * What the service can do, by the `feature` of calls: after an outage features come back one by one, what others need first, each tested
   * with a part of its calls; one that fails later goes alone, with those that need it. Default: off.
   */
  recovery,
} satisfies { readonly [key: string]: AnyComponent }

export interface Registry {
  readonly strategies: { readonly [key: string]: AnyStrategy }
  readonly companions?: { readonly [key: string]: AnyComponent }
  readonly components: { readonly [key: string]: AnyComponent }
  /** The strategy of a config that names none. */
  readonly standard: string
}

export const registry = { strategies, companions, components, standard: "gradual" } satisfies Registry

type StrategyKey = keyof typeof strategies
type StrategyOptions = {
  [Key in StrategyKey]: { readonly type: Key } & InOf<(typeof strategies)[Key]["options"]>
}[StrategyKey]
type CompanionKey = keyof typeof companions
type CompanionOptions = {
  [Key in CompanionKey]: {
    readonly type: Key
    /** The circuit that it has of its own, with the options of that strategy. */
    readonly own?: StrategyKey | StrategyOptions | undefined
  } & InOf<(typeof companions)[Key]["options"]>
}[CompanionKey]
type ComponentOptions = {
  readonly [Key in keyof typeof components]?: boolean | InOf<(typeof components)[Key]["options"]> | undefined
}

/** A strategy by its name, or with its options. */
export type StrategyConfig = StrategyKey | StrategyOptions

/** Which strategy and components a breaker runs, in the words of the registry. */
export interface PartsConfig extends ComponentOptions {
  /** When the circuit opens and how it recovers: a name, or `{ type }` with options. Default: `"gradual"`. */
  readonly strategy?: StrategyConfig | CompanionKey | CompanionOptions | undefined
}

/** One part that will run, with its settings read. */
export interface ChosenPart {
  readonly plug: AnyPlug
  readonly settings: unknown
}

/** Keeps its plug to itself: XState walks all that a context holds when it persists it, and a chart is a maze. */
class Part implements ChosenPart {
  readonly #plug: AnyPlug
  readonly settings: unknown
  constructor(plug: AnyPlug, settings: unknown) {
    this.#plug = plug
    this.settings = settings
  }
  get plug(): AnyPlug {
    return this.#plug
  }
}

/**
 * Reads which parts a config asks for. Throws `InvalidConfig` with every problem found; nothing has been started then.
 */
export function chooseParts(config: unknown, from: Registry = registry): readonly ChosenPart[] {
  const problems: Problem[] = []
  const { parts } = readParts(config, from, [], problems)
  if (problems.length > 0) throw new InvalidConfig(problems)
  return parts
}

/** Reads a config, noting problems. `others` are keys that the caller understands: their values come back as they are. */
export function readParts(config: unknown, from: Registry, others: readonly string[], problems: Problem[]) {
  const read = config === undefined ? undefined : entriesOf(config, "config", problems)
  const given: ReadonlyMap<string, unknown> = read ?? new Map()
  refuseUnknown(given, ["strategy", ...Object.keys(from.components), ...others], "config", problems)
  const chosen = chooseStrategy(given.get("strategy"), "config.strategy", from, problems)
  const advisers = Object.values(from.components).map(
    (plug) =>
      new Part(plug, switchable(plug.options, plug.standard).read(given.get(plug.key), `config.${plug.key}`, problems)),
  )
  const parts: readonly ChosenPart[] = [...chosen, ...advisers.filter(({ settings }) => settings !== undefined)]
  return { parts, given }
}

/** Reads a strategy, noting problems; none when it cannot be read. */
export function chooseStrategy(value: unknown, path: string, from: Registry, problems: Problem[]): ChosenPart[] {
  const named = typeof value === "object" && value !== null
  const entries = named
    ? entriesOf(value, path, problems)
    : new Map([["type", value === undefined ? from.standard : value]])
  if (entries === undefined) return []
  const { strategies, companions = {} } = from
  const type: unknown = entries.get("type")
  const plug = pick(strategies, type) ?? pick(companions, type)
  if (plug !== undefined) {
    const isPair = plug.kind === "component"
    const rest = [...entries].filter(([key]) => key !== "type" && !(isPair && key === "own"))
    const chosen = new Part(plug, plug.options.read(Object.fromEntries(rest), path, problems))
    if (!isPair) return [chosen]
    return [chosen, ...chooseStrategy(entries.get("own"), `${path}.own`, { ...from, companions: {} }, problems)]
  }
  const names = Object.keys({ ...strategies, ...companions }).join(", ")
  problems.push({ path, value: show(type), rule: `must be one of ${names}, or an object with such a type` })
  return []
}

const pick = <P>(plugs: { readonly [key: string]: P }, key: unknown): P | undefined =>
  typeof key === "string" && Object.hasOwn(plugs, key) ? plugs[key] : undefined
