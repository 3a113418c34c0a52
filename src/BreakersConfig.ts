import {
  type DurationInput,
  entriesOf,
  InvalidConfig,
  number,
  type Problem,
  refuseUnknown,
  show,
  toMs,
} from "../machines/options.ts"
import type { BreakerConfig } from "./BreakerConfig.ts"
import { invalid } from "./knownOptions.ts"

/** What many breakers, one for each key, have in common. */
export interface BreakersConfig {
  /** The most keys that are known at a time. Default 10 000. */
  readonly max?: number | undefined
  /** A key whose circuit is closed is forgotten so long after its last call, or half as long again. Default `"10 minutes"`. */
  readonly idle?: DurationInput | undefined
  /**
   * The config of a key, asked for when the key becomes known; what it answers later is for keys that become known later, and
   * `reconfigure` changes it for all.
   * Default: `{}` for each.
   */
  readonly config?: ((key: string) => BreakerConfig) | undefined
}

const day = 86_400_000
const maximum = number({ default: 10_000, min: 1, max: 10_000_000, integer: true })

/** Checks what answers the config of a key. Throws `InvalidConfig`. */
export function readConfigOf(config: unknown): (key: string) => unknown {
  if (typeof config === "function") return config as (key: string) => unknown
  throw invalid("config", config, "must be a function of the key")
}

/** Reads what many breakers have in common. Throws `InvalidConfig` with every problem. */
export function readGroupConfig(config: unknown) {
  const problems: Problem[] = []
  const given = (config === undefined ? undefined : entriesOf(config, "config", problems)) ?? new Map<string, unknown>()
  refuseUnknown(given, ["max", "idle", "config"], "config", problems)
  const max = maximum.read(given.get("max"), "config.max", problems)
  const idleMs = given.get("idle") === undefined ? 600_000 : (toMs(given.get("idle")) ?? Number.NaN)
  if (!(idleMs >= 1 && idleMs <= 365 * day)) {
    const rule = 'must be a duration from "1 millis" to "365 days", such as "10 minutes"'
    problems.push({ path: "config.idle", value: show(given.get("idle")), rule })
  }
  const configOf = given.get("config")
  if (configOf !== undefined && typeof configOf !== "function") {
    problems.push({ path: "config.config", value: show(configOf), rule: "must be a function of the key" })
  }
  if (problems.length > 0) throw new InvalidConfig(problems)
  return { max, idleMs, config: (configOf ?? (() => ({}))) as (key: string) => unknown }
}
