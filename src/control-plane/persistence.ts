/** Saving and restoring: what each part keeps, as JSON, with waits as remaining milliseconds. */
import type { Snapshot } from "xstate"
import { describeError, InvalidConfig, show } from "../../machines/options.ts"
import type { ChosenPart } from "../../machines/registry.ts"
import type { Mode } from "../../machines/vocabulary/gate.ts"
import type { Timekeeper } from "./clock.ts"
import type { Conductor } from "./conductor.ts"

/** A saved breaker: plain JSON. Windows are not kept; waits, trips, the operator's will, learned values and what is usual are. */
export interface SavedBreaker {
  readonly format: 1
  readonly breaker: string
  /** Wall-clock milliseconds since 1970. */
  readonly savedAt: number
  readonly mode: Mode
  /** The operator's reason. Of one that is longer than 300 characters the first 300 are taken back. */
  readonly why: string
  readonly parts: { readonly [key: string]: unknown }
  /** What is usual of the service, as far as a strategy has learned it. */
  readonly baseline?: unknown
  /** What the limits of `rateLimit` are owed, in their order: milliseconds until it is paid off. */
  readonly rates?: readonly SavedRate[] | undefined
}

/** What one limit is owed, and what each key is that owes something. */
export interface SavedRate {
  readonly ms: number
  readonly keys?: readonly (readonly [string, number])[] | undefined
}

/** Asks every living part for something of its own; one that throws is reported, and missing. */
export function askParts(
  { root }: Conductor,
  parts: readonly ChosenPart[],
  ask: (plug: ChosenPart["plug"]) => ((snapshot: Snapshot<unknown>, at: number) => unknown) | undefined,
  at: number,
  trouble: (part: string, error: unknown) => void,
): { readonly [key: string]: unknown } {
  const { children } = root.getSnapshot()
  const answers = parts.flatMap(({ plug }) => {
    const [answer, child] = [ask(plug), children[plug.key]]
    try {
      return answer && child ? [[plug.key, answer(child.getSnapshot() as Snapshot<unknown>, at)] as const] : []
    } catch (error) {
      trouble(plug.key, error)
      return []
    }
  })
  return Object.fromEntries(answers)
}

export function save(
  conductor: Conductor,
  parts: readonly ChosenPart[],
  time: Timekeeper,
  trouble: (part: string, error: unknown) => void,
): SavedBreaker {
  const { context } = conductor.root.getSnapshot()
  return {
    format: 1,
    breaker: context.name,
    savedAt: time.wallNow(),
    mode: context.mode,
    why: context.operator.why,
    parts: askParts(conductor, parts, (plug) => plug.save, time.now(), trouble),
  }
}

const modes: readonly unknown[] = ["auto", "forcedOpen", "bypassed", "shadow"] satisfies readonly Mode[]

const refuse = (path: string, value: unknown, rule: string): never => {
  throw new InvalidConfig([{ path, value: show(value), rule }])
}

/** As long as a reason may be that an operator gives on the page. */
const longestWhy = 300

const isName = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= 200

/** Checks what claims to be what was saved of many breakers, each under a name of its own. Throws `InvalidConfig`. */
export function readManySaved(value: unknown): ReadonlyMap<string, SavedBreaker> {
  const all = new Map<string, SavedBreaker>()
  if (value === undefined) return all
  if (!Array.isArray(value)) return refuse("restore", value, "must be what save() returned: a list")
  for (const [at, one] of value.entries()) {
    const path = `restore[${at}]`
    const name: unknown = (one as Partial<SavedBreaker> | null | undefined)?.breaker
    if (!isName(name)) return refuse(`${path}.breaker`, name, "must be a string of 1 to 200 characters")
    if (all.has(name)) return refuse(`${path}.breaker`, name, "must be of another breaker than those before")
    const saved = readSaved(one, name, path)
    if (saved !== undefined) all.set(name, saved)
  }
  return all
}

/** Checks what claims to be this breaker's saved state; `undefined` when there is none. Throws `InvalidConfig`. */
export function readSaved(value: unknown, name: string, path = "restore"): SavedBreaker | undefined {
  if (value === undefined) return undefined
  try {
    return checkSaved(value, name, path)
  } catch (error) {
    if (error instanceof InvalidConfig) throw error
    return refuse(path, value, `could not be read: ${describeError(error)}`)
  }
}

function checkSaved(value: unknown, name: string, path: string): SavedBreaker {
  if (typeof value !== "object" || value === null) return refuse(path, value, "must be what save() returned")
  const { format, savedAt, mode, why, parts, breaker, baseline, rates } = value as Partial<SavedBreaker>
  const wrong = (field: string, given: unknown, rule: string) => refuse(`${path}.${field}`, given, rule)
  if (format !== 1) return wrong("format", format, "must be 1: this version reads no other")
  if (breaker !== name) return wrong("breaker", breaker, `must be ${show(name)}: a saved state fits its own breaker`)
  if (typeof savedAt !== "number" || !Number.isFinite(savedAt))
    return wrong("savedAt", savedAt, "must be a time in milliseconds")
  if (!modes.includes(mode)) return wrong("mode", mode, `must be one of ${modes.join(", ")}`)
  if (typeof parts !== "object" || parts === null) return wrong("parts", parts, "must be an object")
  if (rates !== undefined && !areRates(rates)) return wrong("rates", rates, "must be what save() returned")
  return {
    format,
    savedAt,
    mode: mode as Mode,
    why: String(why ?? "").slice(0, longestWhy),
    parts,
    breaker,
    baseline,
    ...(rates && { rates }),
  }
}

const isMs = (value: unknown): value is number => typeof value === "number" && value >= 0 && Number.isFinite(value)

function areRates(rates: unknown): rates is readonly SavedRate[] {
  const isOwed = (entry: unknown): entry is readonly [string, number] =>
    Array.isArray(entry) && typeof entry[0] === "string" && entry[0].length <= 200 && isMs(entry[1])
  const isRate = (rate: unknown): rate is SavedRate => {
    const { ms, keys = [] } = (rate ?? {}) as Partial<SavedRate>
    return isMs(ms) && Array.isArray(keys) && keys.every(isOwed)
  }
  return Array.isArray(rates) && rates.every(isRate)
}

/** How long ago a breaker was saved. A wall clock that went backwards shortens no wait. */
export const elapsedSince = ({ savedAt }: SavedBreaker, time: Timekeeper): number =>
  Math.max(0, time.wallNow() - savedAt)

const commands = { forcedOpen: "operator.forceOpen", bypassed: "operator.bypass", shadow: "operator.shadow" } as const

/** Whether a part can take up what was saved of it; one that does not say can take up anything. */
function isUsable({ plug, settings }: ChosenPart, saved: unknown): boolean {
  try {
    return plug.canRestore?.(saved, settings) ?? true
  } catch {
    return false
  }
}

/**
 * Brings a saved state back. What was saved of parts that do not run here is left alone; parts of which something was saved that cannot be their state begin afresh: their keys are answered.
 */
export function restore(
  conductor: Conductor,
  running: readonly ChosenPart[],
  saved: SavedBreaker,
  time: Timekeeper,
): readonly string[] {
  const at = time.now()
  const elapsedMs = elapsedSince(saved, time)
  const found = running.filter(({ plug: { key, save } }) => save !== undefined && saved.parts[key] !== undefined)
  const usable = found.filter((part) => isUsable(part, saved.parts[part.plug.key]))
  const parts = Object.fromEntries(usable.map(({ plug: { key } }) => [key, saved.parts[key]]))
  conductor.send({ type: "breaker.restored", at, elapsedMs, parts })
  if (saved.mode !== "auto") conductor.send({ type: commands[saved.mode], at, why: saved.why })
  return found.filter((part) => !usable.includes(part)).map(({ plug }) => plug.key)
}
