/** A chart as a drawing needs it: states in states, arrows between them, and what a state reacts to without leaving. */
import type { AnyActorLogic, AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate"

export interface ChartState {
  /** Its path within the chart, `open.waiting`; the chart itself is the empty path. */
  readonly id: string
  readonly name: string
  readonly kind: "atomic" | "compound" | "parallel" | "final" | "history"
  /** The child that it begins in. */
  readonly initial?: string
  readonly children: readonly ChartState[]
  /** What it hears without leaving: `slice.closed [isKnown]`. */
  readonly reactions: readonly string[]
  /** What happens on entering and leaving it. */
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  /** Where its `meta` says that the circuit stands. */
  readonly circuit?: string
}

export interface Arrow {
  readonly from: string
  readonly to: string
  /** What makes it move. */
  readonly event: string
  readonly guard?: string
  readonly actions: readonly string[]
  /** Named delays: `untilRetry`. */
  readonly delay?: string
}

export interface Chart {
  readonly key: string
  readonly root: ChartState
  readonly arrows: readonly Arrow[]
}

interface Named {
  readonly type?: unknown
  readonly name?: unknown
}

/** Guards and actions are names, objects with a type, or functions. */
export function nameOf(what: unknown): string {
  if (typeof what === "string") return what
  const { type, name } = what as Named
  if (typeof type === "string") return type
  return typeof name === "string" && name !== "" ? name : "(unnamed)"
}

const actionsOf = (actions: readonly unknown[]): readonly string[] =>
  actions.map(nameOf).filter((name) => !name.startsWith("xstate.") && name !== "(unnamed)")

const idOf = (node: AnyStateNode): string => node.path.join(".")

/** XState names the event of a delay after its delay and its state. */
export const delayIn = (event: string, { machine, path }: AnyStateNode): string | undefined => {
  const end = `.${[machine.id, ...path].join(".")}`
  return event.startsWith("xstate.after.") && event.endsWith(end)
    ? event.slice("xstate.after.".length, -end.length)
    : undefined
}

const guardOf = ({ guard }: AnyTransitionDefinition) => (guard === undefined ? {} : { guard: nameOf(guard) })

/** A transition in words: what sets it off, and on which condition. */
export const wordsOf = ({ event, delay, guard }: Pick<Arrow, "event" | "delay" | "guard">): string => {
  const cause = delay !== undefined ? `after ${delay}` : event
  return guard === undefined ? cause : `${cause} [${guard}]`.trim()
}

interface Move {
  readonly event: string
  readonly transition: AnyTransitionDefinition
}

const movesOf = (node: AnyStateNode): readonly Move[] => [
  ...(node.always ?? []).map((transition) => ({ event: "", transition })),
  ...[...node.transitions].flatMap(([event, transitions]) =>
    transitions.map((transition) => ({ event, transition: transition as AnyTransitionDefinition })),
  ),
]

const isWords = ({ event, transition }: Move) => event !== "" || transition.guard !== undefined

function reactionsOf(node: AnyStateNode): readonly string[] {
  const stays = movesOf(node).filter(
    ({ transition }) => transition.target === undefined && transition.actions.length > 0,
  )
  const words = stays.filter(isWords).map(({ event, transition }) => wordsOf({ event, ...guardOf(transition) }))
  return [...new Set(words)]
}

function stateOf(node: AnyStateNode): ChartState {
  const { circuit } = (node.meta ?? {}) as { readonly circuit?: string }
  const [initial] = node.type === "compound" ? (node.initial.target ?? []) : []
  return {
    id: idOf(node),
    name: node.key,
    kind: node.type,
    ...(initial === undefined ? {} : { initial: idOf(initial as AnyStateNode) }),
    children: Object.values(node.states).map((child) => stateOf(child as AnyStateNode)),
    reactions: reactionsOf(node),
    entry: actionsOf(node.entry),
    exit: actionsOf(node.exit),
    ...(circuit === undefined ? {} : { circuit }),
  }
}

const arrowsOf = (node: AnyStateNode): readonly Arrow[] =>
  movesOf(node).flatMap(({ event, transition }) => {
    const delay = delayIn(event, node)
    const actions = actionsOf(transition.actions)
    const common = {
      from: idOf(node),
      event,
      ...guardOf(transition),
      actions,
      ...(delay === undefined ? {} : { delay }),
    }
    return (transition.target ?? []).map((target) => ({ ...common, to: idOf(target as AnyStateNode) }))
  })

const nodesIn = (node: AnyStateNode): readonly AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesIn(child as AnyStateNode)),
]

/** Reads the chart of any actor logic; one that is no state machine is one state that lives. */
export function chartOf(key: string, logic: AnyActorLogic): Chart {
  const { root } = logic as Partial<AnyStateMachine>
  if (root === undefined) {
    const leaf = { children: [], reactions: [], entry: [], exit: [] }
    const running: ChartState = { id: "running", name: "running", kind: "atomic", ...leaf }
    return {
      key,
      root: { ...leaf, id: "", name: key, kind: "compound", initial: "running", children: [running] },
      arrows: [],
    }
  }
  return { key, root: { ...stateOf(root), name: key }, arrows: nodesIn(root).flatMap(arrowsOf) }
}

/** Every state of a chart, the chart itself first. */
export const statesIn = (state: ChartState): readonly ChartState[] => [state, ...state.children.flatMap(statesIn)]

/** Arrows of a group that end inside of it may be taken in any of its states. */
export const isInner = ({ from, to }: Arrow): boolean => from === "" || to.startsWith(`${from}.`)
