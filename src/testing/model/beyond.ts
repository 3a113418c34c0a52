/** What no path can reach of a chart with this config, or none does, and why: it is named, and stays in the sum of what there is. */
import { registry } from "../../../machines/registry.ts"
import type { ReadConfig } from "../../BreakerConfig.ts"
import { rulesOfComponents } from "./beyondComponents.ts"
import { rulesOfStrategies } from "./beyondStrategies.ts"
import { type Facts, isChecked, isEjecting, isProvided, type Rule, type Rules } from "./facts.ts"

/** Answers why a line of what is not covered of a chart is not. */
export type Reason = (chart: string, line: string) => string | undefined

const rulesOfRoot: readonly Rule[] = [
  {
    line: /on breaker\.(?:attached|detached|start) |on xstate\.snapshot\.meter|on (?:outcome|call)\.|\[isAlone\] is never taken/,
    why: "only of a machine that runs by itself: this one has a data plane from the beginning",
  },
  { line: /starting → lifecycle\.stopped/, why: "it has started before anybody can stop it" },
  {
    line: /on xstate\.error|\[hasFailed\] is never taken|\[mayStart\] is never refused/,
    why: "only when a part breaks down, which none does by itself",
  },
]

/** Signals that the root passes on, and who they come from. */
const tellers: readonly (readonly [signal: RegExp, from: (facts: Facts) => boolean, who: string])[] = [
  [/on features\.changed /, (facts) => facts.has("recovery"), "recovery"],
  [/on health\.found /, (facts) => facts.has("health"), "health"],
  [/on provider\.\* /, isProvided, "a provider"],
  [/on check/, isChecked, "a check"],
  [/on loop\.changed /, (facts) => isProvided(facts) || isChecked(facts), "a provider or a check"],
  [/on endpoints\.shifted /, isEjecting, "discovery with ejection among several"],
]

/** Whether nobody in this breaker hears what the root would pass on, and so nobody tells it. */
function isUnheard(line: string, parts: ReadConfig["parts"]): boolean {
  const [, type] = line.match(/^lifecycle\.active on ([\w.*]+) /) ?? []
  if (type === undefined) return false
  const isOne = (signal: string) => (type.endsWith(".*") ? signal.startsWith(type.slice(0, -1)) : signal === type)
  return /^(?!breaker|probe\.answered)\w+\.(?:\*|\w+)$/.test(type) && !parts.some(({ plug }) => plug.hears.some(isOne))
}

function ofRoot(line: string, parts: ReadConfig["parts"], facts: Facts): string | undefined {
  const known = rulesOfRoot.find((rule) => rule.line.test(line))?.why
  if (known !== undefined) return known
  const teller = tellers.find(([signal]) => signal.test(line))
  // What prediction finds is told whether anybody hears it or not.
  if (/on forecast\.changed /.test(line) && facts.has("prediction")) return undefined
  if (teller === undefined) return isUnheard(line, parts) ? "no part of this breaker hears it" : undefined
  const [, isThere, who] = teller
  return isThere(facts) ? undefined : `it comes from ${who}, which this config has not`
}

const rules: Rules = { ...rulesOfStrategies, ...rulesOfComponents }

/** The reasons that hold for a breaker of these parts. */
export function reasonsOf({ parts }: Pick<ReadConfig, "parts">): Reason {
  const byKey = new Map(parts.map(({ plug, settings }) => [plug.key, settings]))
  const facts: Facts = { has: (part) => byKey.has(part), of: (part) => byKey.get(part) as never }
  return (chart, line) => {
    if (!(chart in registry.strategies || chart in registry.components || chart in registry.companions))
      return ofRoot(line, parts, facts)
    return rules[chart]?.find((rule) => rule.line.test(line) && (rule.when?.(facts) ?? true))?.why
  }
}
