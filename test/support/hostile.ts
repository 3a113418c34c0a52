/** Values that nobody should hand in, and what charts and settings look like from outside. */
import type { AnyStateMachine, AnyStateNode } from "xstate"
import type { AnyPlug, StateMeta } from "../../machines/plug.ts"

export class Instance {
  readonly failures = 3
}

/** Named apart, because an object with a `then` is treated like a promise by accident easily. */
const callback = "then"

export const withThen = <T extends object>(target: T, descriptor: PropertyDescriptor): T =>
  Object.defineProperty(target, callback, descriptor)

type Settle = (value: unknown) => void

/** What passes for a promise without being one. */
export const thenable = (value: (yes: Settle, no: Settle) => void): PromiseLike<unknown> =>
  withThen({}, { value }) as PromiseLike<unknown>

const throwing = () =>
  Object.defineProperty({}, "window", {
    enumerable: true,
    get: () => {
      throw new Error("a trap")
    },
  })

const proxy = () =>
  new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("a trap")
      },
    },
  )

/** Hostile where options are read: what it is, and how to make it. */
export const hostileOptions: readonly (readonly [string, () => unknown])[] = [
  ["null", () => null],
  ["NaN", () => Number.NaN],
  ["a negative number", () => -1],
  ["infinity", () => Number.POSITIVE_INFINITY],
  ["a word", () => "surprise"],
  ["a huge string", () => "x".repeat(1_000_000)],
  ["a symbol", () => Symbol("surprise")],
  ["a bigint", () => -1n],
  ["a function", () => () => ({})],
  ["an array", () => []],
  ["a date", () => new Date(0)],
  ["an instance of a class", () => new Instance()],
  ["an unknown option", () => ({ surprise: 1 })],
  ["an own __proto__", () => JSON.parse('{"__proto__":{"polluted":true}}') as unknown],
  ["an own constructor", () => JSON.parse('{"constructor":{"prototype":{"polluted":true}}}') as unknown],
  ["a getter that throws", throwing],
  ["a proxy that throws", proxy],
  ["an object with toJSON", () => ({ toJSON: () => ({}) })],
  ["an object with Symbol.toPrimitive as an option", () => ({ window: { [Symbol.toPrimitive]: () => 5 } })],
]

/** Every number in a settings object, at any depth. */
export function numbersIn(value: unknown): readonly number[] {
  if (typeof value === "number") return [value]
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : []
}

/** The states of a chart that have no states inside, each with its own meta and that of the states around it. */
export function leafStates(
  plug: AnyPlug,
): readonly { readonly id: string; readonly metas: readonly (StateMeta<unknown> | undefined)[] }[] {
  const walk = (
    node: AnyStateNode,
    around: readonly (StateMeta<unknown> | undefined)[],
  ): ReturnType<typeof leafStates> => {
    const metas = [...around, node.meta as StateMeta<unknown> | undefined]
    const inside = Object.values(node.states) as AnyStateNode[]
    return inside.length === 0 ? [{ id: node.id, metas }] : inside.flatMap((state) => walk(state, metas))
  }
  return walk((plug.chart as AnyStateMachine).root, [])
}

/** The signals that a chart handles somewhere. */
export const heardBy = (plug: AnyPlug): readonly string[] =>
  (plug.chart as AnyStateMachine).events.filter((event: string) => !event.startsWith("xstate."))
