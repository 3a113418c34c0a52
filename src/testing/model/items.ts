/** What can be covered of a chart: its states, its transitions, and both sides of each guard. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate"
import { type Arrow, chartOf, wordsOf } from "../../observability/drawing/chart.ts"

export interface StateItem {
  /** Its path within the chart, `open.waiting`. */
  readonly id: string
  entered: number
}

export interface TransitionItem {
  readonly from: string
  /** Where it leads; `undefined` for one that only acts. */
  readonly to: string | undefined
  /** What sets it off and on which condition, as a drawing says it: `alarm.rang [gone]`. */
  readonly words: string
  readonly guard: string | undefined
  /** How often it was taken, and how often its guard said no. */
  taken: number
  refused: number
}

export interface ChartItems {
  readonly chart: string
  readonly states: readonly StateItem[]
  readonly transitions: readonly TransitionItem[]
}

const pathOf = (node: AnyStateNode): string => node.path.join(".")

/** Where an item stands in the machine: machines that differ in what they are provided with have nodes of their own. */
export const placeOf = ({ source, eventType }: AnyTransitionDefinition, index: number): string =>
  `${pathOf(source)} ${eventType} ${index}`

export const listOf = (node: AnyStateNode, eventType: string): readonly AnyTransitionDefinition[] =>
  eventType === "" ? (node.always ?? []) : (node.transitions.get(eventType) ?? [])

export const nodesIn = (node: AnyStateNode): readonly AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap((child) => nodesIn(child as AnyStateNode)),
]

/** One that neither leads anywhere nor does anything says that an event is not heard: there is nothing to take. */
const isTaken = ({ target, actions }: AnyTransitionDefinition): boolean => target !== undefined || actions.length > 0

const guardName = (guard: unknown): string | undefined => {
  if (guard === undefined) return undefined
  if (typeof guard === "string") return guard
  const { type, name } = guard as { readonly type?: unknown; readonly name?: unknown }
  return typeof type === "string" ? type : typeof name === "string" && name !== "" ? name : "(unnamed)"
}

/** The words of a drawing for this transition: it may lead to several states of a parallel chart, with the same words. */
function wordsFor(arrows: readonly Arrow[], transition: AnyTransitionDefinition, guard: string | undefined): string {
  const { eventType: event, source } = transition
  const drawn = arrows.find((arrow) => arrow.event === event && arrow.from === pathOf(source))
  const delay = drawn?.delay
  return wordsOf({ event, ...(guard === undefined ? {} : { guard }), ...(delay === undefined ? {} : { delay }) })
}

export interface Indexed {
  readonly items: ChartItems
  readonly stateAt: ReadonlyMap<string, StateItem>
  readonly transitionAt: ReadonlyMap<string, TransitionItem>
}

/** The items of a chart, and how to find them. */
export function itemsOf(chart: string, machine: AnyStateMachine): Indexed {
  const nodes = nodesIn(machine.root)
  const { arrows } = chartOf(chart, machine)
  const stateAt = new Map<string, StateItem>()
  const transitionAt = new Map<string, TransitionItem>()
  for (const node of nodes) {
    if (node.path.length > 0) stateAt.set(pathOf(node), { id: pathOf(node), entered: 0 })
    for (const type of ["", ...node.transitions.keys()]) {
      for (const [index, transition] of listOf(node, type).entries()) {
        if (!isTaken(transition)) continue
        const guard = guardName(transition.guard)
        const [to] = (transition.target ?? []).map((target) => pathOf(target as AnyStateNode))
        const words = wordsFor(arrows, transition, guard)
        const item = { from: pathOf(node), to, words, guard, taken: 0, refused: 0 }
        transitionAt.set(placeOf(transition, index), item)
      }
    }
  }
  const items = { chart, states: [...stateAt.values()], transitions: [...transitionAt.values()] }
  return { items, stateAt, transitionAt }
}
