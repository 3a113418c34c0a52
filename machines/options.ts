/**
 * Reading options: a small typed reader for configuration, because a config is a boundary like any other.
 *
 * Every reader answers with settings in plain units, or notes a problem with path, value and rule. All problems of
 * a config are found in one go. The object a user hands in is read once, key by key, and never changed.
 */
import { type DurationInput, toMs } from "./durations.ts"

export { type DurationInput, toMs } from "./durations.ts"
export { switchable } from "./switchable.ts"

export interface Problem {
  readonly path: string
  readonly value: string
  readonly rule: string
}

/** How a message tells of a value; a string "undefined" would stand in quotes. */
const gotten = (value: string) => (value === "undefined" ? "missing" : `got ${value}`)

/** A configuration that cannot be used. `problems` lists every one, with its path, the value and the rule. */
export class InvalidConfig extends Error {
  readonly _tag = "InvalidConfig"
  override readonly name = "InvalidConfig"
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ path, value, rule }) => `${path}: ${rule} (${gotten(value)})`).join("\n"))
    this.problems = problems
  }
}

/** `In` is what a user may write, `Out` what the machines work with. */
export interface Reader<In, Out> {
  readonly read: (value: unknown, path: string, problems: Problem[]) => Out
  /** Never present at run time: carries `In` for type inference. */
  readonly input?: In
}

// biome-ignore lint/suspicious/noExplicitAny: inference over a heterogeneous table needs a bivariant bound
type AnyReader = Reader<any, unknown>
/** Says itself rather than `{ [key: string]: … }`, so that an interface fits too. */
type Readers<Fields> = { readonly [Key in keyof Fields]: AnyReader }
/**
 * The fields of a struct under a name of their own: `interface WaitFields extends Named<typeof waitFields> {}`. What a field's
 * comment says is shown where a user writes the option: the compiler keeps comments for what it can name, and in no other way.
 */
export type Named<Fields> = Fields
export type InOf<R> = R extends Reader<infer In, unknown> ? In : never
export type OutOf<R> = R extends Reader<infer _In, infer Out> ? Out : never
export type StructIn<Fields extends Readers<Fields>> = {
  readonly [Key in keyof Fields]?: InOf<Fields[Key]> | undefined
}
export type StructOut<Fields extends Readers<Fields>> = { readonly [Key in keyof Fields]: OutOf<Fields[Key]> }

/** A value as a message shows it. Calls nothing that a hostile value could have replaced. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === "bigint") return `${value}n`
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined) {
    return String(value)
  }
  if (Array.isArray(value)) return "a list"
  return typeof value === "function" ? "a function" : typeof value === "symbol" ? "a symbol" : "an object"
}

/** What an error says, even if it is a trap itself. */
export function describeError(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : show(error)
  } catch {
    return "an error that cannot be read"
  }
}

const note = (problems: Problem[], path: string, value: unknown, rule: string) => {
  problems.push({ path, value: show(value), rule })
}

export function number(spec: { default: number; min: number; max: number; integer?: boolean }): Reader<number, number> {
  const rule = `must be ${spec.integer ? "a whole number" : "a number"} from ${spec.min} to ${spec.max}`
  return {
    read: (value, path, problems) => {
      if (value === undefined) return spec.default
      const fits = typeof value === "number" && value >= spec.min && value <= spec.max
      if (fits && (!spec.integer || Number.isInteger(value))) return value
      note(problems, path, value, rule)
      return spec.default
    },
  }
}

/** A switch that is off unless it is said to be on. */
export const yesOrNo: Reader<boolean, boolean> = {
  read: (value, path, problems) => {
    if (value !== undefined && typeof value !== "boolean") note(problems, path, value, "must be true or false")
    return value === true
  },
}

/** A duration in Effect's notation (`"2 seconds"`, milliseconds as a number, …), read as milliseconds. */
export function duration(spec: { default: string; min: string; max: string }): Reader<DurationInput, number> {
  const [fallback, min, max] = [spec.default, spec.min, spec.max].map((text) => toMs(text)) as [number, number, number]
  return {
    read: (value, path, problems) => {
      if (value === undefined) return fallback
      const ms = toMs(value)
      if (ms !== undefined && ms >= min && ms <= max) return ms
      note(problems, path, value, `must be a duration from ${spec.min} to ${spec.max}, such as "${spec.default}"`)
      return fallback
    },
  }
}

/** Milliseconds of a duration that comes with a call; throws `InvalidConfig` for anything else. */
export function readDuration(value: unknown, path: string): number {
  const ms = toMs(value)
  if (ms !== undefined && ms >= 0) return ms
  throw new InvalidConfig([{ path, value: show(value), rule: 'must be a duration such as "2 seconds"' }])
}

/** A user may write a bare duration where a struct is read: told apart from the struct's own object. */
export const isBareDuration = (value: unknown): boolean =>
  value !== undefined && typeof value !== "boolean" && (typeof value !== "object" || (toMs(value) ?? 0) > 0)

/** The own enumerable entries of a plain object, read once; a getter that throws is a problem, not a crash. */
export function entriesOf(value: unknown, path: string, problems: Problem[]): ReadonlyMap<string, unknown> | undefined {
  try {
    const prototype = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined
    if (prototype === null || prototype === Object.prototype) {
      return new Map(Object.keys(value as object).map((key) => [key, (value as Record<string, unknown>)[key]]))
    }
    note(problems, path, value, "must be a plain object")
  } catch (error) {
    note(problems, path, value, `could not be read: ${describeError(error)}`)
  }
  return undefined
}

export function refuseUnknown(
  given: ReadonlyMap<string, unknown>,
  known: readonly string[],
  path: string,
  problems: Problem[],
) {
  for (const [key, value] of given) {
    if (!known.includes(key))
      note(problems, `${path}.${key}`, value, `is not an option here; known: ${known.join(", ")}`)
  }
}

/** A rule that spans several options, and what breaks it. */
type Check<Fields extends Readers<Fields>> = (settings: StructOut<Fields>) => { path: string; rule: string } | undefined

/** Standards that depend on what else is given: what it answers is taken for options that a user has left out. */
type Adapt<Fields extends Readers<Fields>> = (settings: StructOut<Fields>) => Partial<StructOut<Fields>>

/** A plain object of options. */
export function struct<Fields extends Readers<Fields>>(
  fields: Fields,
  check: Check<Fields> = () => undefined,
  adapt: Adapt<Fields> = () => ({}),
): Reader<StructIn<Fields>, StructOut<Fields>> {
  return {
    read: (value, path, problems) => {
      const read = value === undefined ? undefined : entriesOf(value, path, problems)
      // What is no object lacks nothing: it is wrong once.
      if (value !== undefined && read === undefined) problems = []
      const given: ReadonlyMap<string, unknown> = read ?? new Map()
      refuseUnknown(given, Object.keys(fields), path, problems)
      const before = problems.length
      const standard = Object.fromEntries(
        Object.entries<AnyReader>(fields).map(([key, reader]) => [
          key,
          reader.read(given.get(key), `${path}.${key}`, problems),
        ]),
      ) as StructOut<Fields>
      const adapted = Object.entries(adapt(standard)).filter(([key]) => given.get(key) === undefined)
      const settings: StructOut<Fields> = Object.assign(standard, Object.fromEntries(adapted))
      const broken = problems.length === before ? check(settings) : undefined
      if (broken) note(problems, `${path}.${broken.path}`, given.get(broken.path), broken.rule)
      return Object.freeze(settings)
    },
  }
}

/** One of several structs, told apart by `type`. */
export function tagged<Cases extends { readonly [Type in keyof Cases]: Readers<Cases[Type]> }>(
  cases: Cases,
  standard: keyof Cases & string,
  check: { readonly [Type in keyof Cases]?: Check<Cases[Type]> } = {},
  adapt: { readonly [Type in keyof Cases]?: Adapt<Cases[Type]> } = {},
): Reader<
  { readonly [Type in keyof Cases]: { readonly type: Type } & StructIn<Cases[Type]> }[keyof Cases],
  { readonly [Type in keyof Cases]: { readonly type: Type } & StructOut<Cases[Type]> }[keyof Cases]
> {
  type Out = { readonly [Type in keyof Cases]: { readonly type: Type } & StructOut<Cases[Type]> }[keyof Cases]
  const names = Object.keys(cases)
  return {
    read: (value, path, problems) => {
      const given = value === undefined ? new Map([["type", standard]]) : entriesOf(value, path, problems)
      const type: unknown = given === undefined ? standard : given.get("type")
      const fields = typeof type === "string" && Object.hasOwn(cases, type) ? cases[type as keyof Cases] : undefined
      if (fields === undefined) note(problems, `${path}.type`, type, `must be one of ${names.join(", ")}`)
      const chosen = (fields === undefined ? standard : type) as keyof Cases & string
      const own = Object.fromEntries([...(fields && given ? given : [])].filter(([key]) => key !== "type"))
      const settings = struct(cases[chosen] as Cases[typeof chosen], check[chosen], adapt[chosen]).read(
        own,
        path,
        problems,
      )
      return Object.freeze({ type: chosen, ...settings }) as Out
    },
  }
}

/** A short form: what `expand` recognises is rewritten before the inner reader sees it; what is neither is told of both. */
export function short<Short, In, Out>(
  inner: Reader<In, Out>,
  expand: (value: unknown) => In | undefined,
  also = "",
): Reader<In | Short, Out> {
  return {
    read: (value, path, problems) => {
      const expanded = expand(value)
      const own: Problem[] = []
      const settings = inner.read(expanded ?? value, path, own)
      if (expanded === undefined) {
        for (const one of own) problems.push(one.path === path ? { ...one, rule: one.rule + also } : one)
        return settings
      }
      // What was written short is wrong where it was written, and once.
      const [first] = own
      if (first !== undefined) problems.push({ ...first, path })
      return settings
    },
  }
}
