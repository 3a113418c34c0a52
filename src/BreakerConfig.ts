import { filtered } from "../machines/discovering.ts"
import type { DiscoverySettings } from "../machines/endpointOptions.ts"
import type { RecoverySettings } from "../machines/featuring.ts"
import { InvalidConfig, type Problem, show } from "../machines/options.ts"
import {
  type ChosenPart,
  chooseStrategy,
  type PartsConfig,
  readParts,
  registry,
  type StrategyConfig,
} from "../machines/registry.ts"
import type { Classify } from "./classify.ts"

/**
 * What a breaker is made of. Every part has a sensible default, so `{}` is a configuration; `false` switches a component off.
 * Durations take Effect's notation: `"2 seconds"`, `"150 millis"`, or milliseconds as a number.
 */
export interface BreakerConfig extends PartsConfig {
  /**
   * A strategy on trial: it decides about the same calls beside the one in force and is not obeyed. `metrics().candidate` says what
   * it would have done, and `promote` puts it in force.
   */
  readonly candidate?: StrategyConfig | undefined
  /** Says what the end of a call means for the service. Without it, errors are failures. */
  readonly classify?: Classify<never> | undefined
}

/**
 * Gives a config in a `const` its type, and nothing else.
 *
 * @example
 * import { createBreaker, defineConfig } from "recloser"
 * import assert from "node:assert/strict"
 *
 * const config = defineConfig({ strategy: { type: "basic", openFor: "3 seconds" }, timeout: "2 seconds" })
 * const breaker = createBreaker("search", config)
 * assert.equal(breaker.circuit, "closed")
 * await breaker.stop()
 */
export const defineConfig = <const Config extends BreakerConfig>(config: Config): Config => config

export interface ReadConfig {
  readonly parts: readonly ChosenPart[]
  readonly candidate: ChosenPart | undefined
  readonly classify: Classify<never> | undefined
}

const settingsOf = <S>(parts: readonly ChosenPart[], key: string) =>
  parts.find(({ plug }) => plug.key === key)?.settings as S | undefined

/** What needs facts that only the user has is not turned on by `true` alone. */
function withoutTrue(problem: Problem): Problem {
  const isNeeding = problem.path === "config.discovery" || problem.path === "config.recovery"
  return isNeeding ? { ...problem, rule: problem.rule.replace(", true or false", " or false") } : problem
}

/** It would hold back nothing, ever, and whoever turned it on would think that it does. */
function refuseNothing(parts: readonly ChosenPart[], problems: Problem[]): void {
  const settings = settingsOf<RecoverySettings>(parts, "recovery")
  if (settings?.features.length !== 0 || problems.some(({ path }) => path.startsWith("config.recovery"))) return
  const rule = "must have features: names that calls give as their `feature`"
  problems.push({ path: "config.recovery", value: "none", rule })
}

/** Without a list and without a provider nobody would ever say where to go. */
function refuseNowhere(parts: readonly ChosenPart[], problems: Problem[]): void {
  const settings = settingsOf<DiscoverySettings>(parts, "discovery")
  if (settings === undefined || settings.provider !== undefined) return
  if (problems.some(({ path }) => path.startsWith("config.discovery"))) return
  const { endpoints } = settings
  if (endpoints.length === 0) {
    const rule = "must have endpoints, or a provider that tells of them"
    problems.push({ path: "config.discovery", value: "neither", rule })
  } else if (filtered(settings, endpoints).length === 0) {
    const rule = "must name one that calls may go to, by its weight and by `where`"
    problems.push({ path: "config.discovery.endpoints", value: show(endpoints.map(({ address }) => address)), rule })
  }
}

/** Reads a config once, without changing it. Throws `InvalidConfig` with every problem before anything is started. */
export function readConfig(name: unknown, config: unknown): ReadConfig {
  const problems: Problem[] = []
  if (typeof name !== "string" || name.length === 0 || name.length > 200) {
    problems.push({ path: "name", value: show(name), rule: "must be a string of 1 to 200 characters" })
  }
  const { parts, given } = readParts(config, registry, ["candidate", "classify"], problems)
  for (const [index, one] of problems.entries()) problems[index] = withoutTrue(one)
  refuseNowhere(parts, problems)
  refuseNothing(parts, problems)
  const classify = given.get("classify")
  if (classify !== undefined && typeof classify !== "function") {
    problems.push({ path: "config.classify", value: show(classify), rule: "must be a function" })
  }
  const tried = given.get("candidate")
  const [candidate] =
    tried === undefined ? [] : chooseStrategy(tried, "config.candidate", { ...registry, companions: {} }, problems)
  if (problems.length > 0) throw new InvalidConfig(problems)
  return { parts, candidate, classify: classify as Classify<never> | undefined }
}
