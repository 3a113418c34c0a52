/** A living breaker takes another config: all of it is read before anything changes. */
import type { Assembly } from "./assemble.ts"
import { saveAssembly } from "./assemble.ts"
import { readConfig } from "./BreakerConfig.ts"

/** Throws `InvalidConfig`, and changes nothing then. A breaker that has stopped has nothing to change. */
export function reconfigure(assembly: Assembly, config: unknown): void {
  const { name, clock, conductor, plane } = assembly
  const { parts, classify } = readConfig(name, config)
  if (plane.gate.phase !== "active") return
  const { parts: saved } = saveAssembly(assembly)
  assembly.parts = parts
  assembly.classify = classify
  conductor.send({ type: "breaker.reconfigured", at: clock.now(), parts, saved })
}
