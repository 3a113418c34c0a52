/** The charts of XState 5 in the words of XState 4: the definition that its inspectors draw. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate"
import { delayIn, nameOf } from "../drawing/chart.ts"

/** A state node as `JSON.stringify(machine)` of XState 4 writes it. */
export interface Definition4 {
  readonly id: string
  readonly key: string
  readonly type: "atomic" | "compound" | "parallel" | "final" | "history"
  readonly order: number
  /** The key of the child that it begins in. */
  readonly initial?: string
  readonly history?: "shallow" | "deep"
  readonly states: { readonly [key: string]: Definition4 }
  readonly on: { readonly [event: string]: readonly Transition4[] }
  readonly entry: readonly Action4[]
  readonly exit: readonly Action4[]
  readonly invoke: readonly { readonly type: "xstate.invoke"; readonly id: string; readonly src: string }[]
  readonly tags: readonly string[]
  readonly description?: string
}

export interface Transition4 {
  readonly event: string
  readonly target: readonly string[]
  readonly actions: readonly Action4[]
  readonly cond?: { readonly type: "xstate.guard"; readonly name: string }
  readonly internal: boolean
}

export interface Action4 {
  readonly type: string
}

const actionOf = (action: unknown): Action4 => ({ type: nameOf(action) })

/** `xstate.after.untilRetry.gradual.open` of version 5 is `xstate.after(untilRetry)#gradual.open` in version 4. */
const eventOf = (event: string, node: AnyStateNode): string => {
  const delay = delayIn(event, node)
  return delay === undefined ? event : `xstate.after(${delay})#${node.id}`
}

function transitionOf(event: string, { target = [], actions, guard, reenter }: AnyTransitionDefinition): Transition4 {
  const cond = guard === undefined ? {} : { cond: { type: "xstate.guard", name: nameOf(guard) } as const }
  return {
    event,
    target: target.map((node) => `#${node.id}`),
    actions: actions.map(actionOf),
    ...cond,
    internal: reenter !== true,
  }
}

function transitionsOf(node: AnyStateNode): Definition4["on"] {
  const on: { [event: string]: Transition4[] } = {}
  for (const [event, all] of node.transitions) {
    const name = eventOf(event, node)
    on[name] = all.map((transition) => transitionOf(name, transition as AnyTransitionDefinition))
  }
  if (node.always !== undefined) on[""] = node.always.map((transition) => transitionOf("", transition))
  return on
}

/** A node and all below it. What only code can say is left out: XState 4 draws what it is told by name. */
export function definitionOf(node: AnyStateNode): Definition4 {
  const [initial] = node.type === "compound" ? (node.initial.target ?? []) : []
  const entries = Object.entries(node.states).map(([key, child]) => [key, definitionOf(child as AnyStateNode)])
  return {
    id: node.id,
    key: node.key,
    type: node.type,
    order: node.order,
    ...(initial === undefined ? {} : { initial: initial.key }),
    ...(node.history === false ? {} : { history: node.history === "deep" ? "deep" : "shallow" }),
    states: Object.fromEntries(entries),
    on: transitionsOf(node),
    entry: node.entry.map(actionOf),
    exit: node.exit.map(actionOf),
    invoke: node.invoke.map(({ id, src }) => ({ type: "xstate.invoke", id, src: nameOf(src) })),
    tags: node.tags,
    ...(node.description === undefined ? {} : { description: node.description }),
  }
}

/** The chart of an actor's logic; `undefined` for what is no state machine and cannot be drawn. */
export function chartIn(logic: unknown): Definition4 | undefined {
  const { root } = (logic ?? {}) as Partial<AnyStateMachine>
  return root === undefined ? undefined : definitionOf(root)
}
