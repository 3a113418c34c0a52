/** A living breaker takes another config: all of it is read before anything changes. */
import { InvalidConfig } from "../machines/options.ts"
import type { ChosenPart } from "../machines/registry.ts"
import { type Assembly, saveAssembly } from "./assemble.ts"
import { type ReadConfig, readConfig } from "./BreakerConfig.ts"
import { tryOut } from "./candidate.ts"
import type { SavedBreaker } from "./control-plane/persistence.ts"
import { checkDeclared, declareAnew } from "./declaring.ts"
import { keepInformed } from "./knowledge.ts"

/** Throws `InvalidConfig`, and changes nothing then. A breaker that has stopped has nothing to change. */
export function reconfigure(assembly: Assembly, config: unknown): void {
  takeConfig(assembly, readConfig(assembly.name, config))
}

/** The same for a config that has been read. */
export function takeConfig(assembly: Assembly, { parts, candidate, classify }: ReadConfig): void {
  if (assembly.plane.gate.phase !== "active") return
  // The only steps that can fail come first.
  checkDeclared([[assembly, parts]])
  if (!isSame(candidate, assembly.candidate?.part)) tryOut(assembly, candidate)
  assembly.classify = classify
  adopt(assembly, parts)
}

const isSame = (one: ChosenPart | undefined, other: ChosenPart | undefined) =>
  one?.plug === other?.plug && JSON.stringify(one?.settings) === JSON.stringify(other?.settings)

/** `learned`: what parts that come have learned already. */
function adopt(assembly: Assembly, parts: readonly ChosenPart[], learned: SavedBreaker["parts"] = {}): void {
  const { clock, conductor } = assembly
  const saved = { ...learned, ...saveAssembly(assembly).parts }
  assembly.parts = parts
  conductor.send({ type: "breaker.reconfigured", at: clock.now(), parts, saved })
  declareAnew(assembly)
  keepInformed(assembly)
}

/** The candidate takes over from the strategy in force, where that one stands, with what it has learned. Throws `InvalidConfig` when there is none. */
export function promote(assembly: Assembly): void {
  const { candidate, parts, plane, clock } = assembly
  if (candidate === undefined) {
    throw new InvalidConfig([{ path: "candidate", value: "none", rule: "must be on trial to be promoted" }])
  }
  const { part } = candidate
  const learned = candidate.learned(clock.now())
  tryOut(assembly, undefined)
  if (learned.baseline) plane.meter.resume(learned.baseline, clock.now())
  adopt(
    assembly,
    parts.map((each) => (each.plug.kind === "strategy" ? part : each)),
    learned.parts,
  )
}
