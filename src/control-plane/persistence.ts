/** Saving and restoring: what each part keeps, as JSON, with waits as remaining milliseconds. */
import { InvalidConfig, show } from "../../machines/options.ts"
import type { ChosenPart } from "../../machines/registry.ts"
import type { Mode } from "../../machines/vocabulary/gate.ts"
import type { Timekeeper } from "./clock.ts"
import type { Conductor } from "./conductor.ts"

/** A saved breaker: plain JSON. Evidence windows are not kept; waits, trips, the operator's will and learned values are. */
export interface SavedBreaker {
  readonly format: 1
  readonly breaker: string
  /** Wall-clock milliseconds since 1970. */
  readonly savedAt: number
  readonly mode: Mode
  readonly why: string
  readonly parts: { readonly [key: string]: unknown }
}

export function save(conductor: Conductor, parts: readonly ChosenPart[], time: Timekeeper): SavedBreaker {
  const { context, children } = conductor.root.getSnapshot()
  const saved = parts.flatMap(({ plug }) => {
    const child = children[plug.key]
    return plug.save && child ? [[plug.key, plug.save(child.getSnapshot() as never, time.now())] as const] : []
  })
  return {
    format: 1,
    breaker: context.name,
    savedAt: time.wallNow(),
    mode: context.mode,
    why: context.operator.why,
    parts: Object.fromEntries(saved),
  }
}

const modes: readonly unknown[] = ["auto", "forcedOpen", "bypassed", "shadow"] satisfies readonly Mode[]

const refuse = (path: string, value: unknown, rule: string): never => {
  throw new InvalidConfig([{ path: `restore${path}`, value: show(value), rule }])
}

/** Checks what claims to be a saved breaker; `undefined` when there is none. Throws `InvalidConfig`. */
export function readSaved(value: unknown): SavedBreaker | undefined {
  if (value === undefined) return undefined
  if (typeof value !== "object" || value === null) return refuse("", value, "must be what save() returned")
  const { format, savedAt, mode, why, parts, breaker } = value as Partial<SavedBreaker>
  if (format !== 1) return refuse(".format", format, "must be 1: this version reads no other")
  if (typeof savedAt !== "number" || !Number.isFinite(savedAt))
    return refuse(".savedAt", savedAt, "must be a time in milliseconds")
  if (!modes.includes(mode)) return refuse(".mode", mode, `must be one of ${modes.join(", ")}`)
  if (typeof parts !== "object" || parts === null) return refuse(".parts", parts, "must be an object")
  return { format, savedAt, mode: mode as Mode, why: String(why ?? ""), parts, breaker: String(breaker ?? "") }
}

const commands = { forcedOpen: "operator.forceOpen", bypassed: "operator.bypass", shadow: "operator.shadow" } as const

/** Brings a saved state back. A wall clock that went backwards shortens no wait. */
export function restore(conductor: Conductor, saved: SavedBreaker, time: Timekeeper): void {
  const at = time.now()
  const elapsedMs = Math.max(0, time.wallNow() - saved.savedAt)
  conductor.send({ type: "breaker.restored", at, elapsedMs, parts: saved.parts })
  if (saved.mode !== "auto") conductor.send({ type: commands[saved.mode], at, why: saved.why })
}
