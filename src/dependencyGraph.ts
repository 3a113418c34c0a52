/**
 * The graph of living breakers in the whole process: who depends on whom. Dependencies are named, and follow the name: one whose breaker
 * stops is unknown until another takes its name.
 */
import { type DependencySettings, mostDependencies } from "../machines/needing.ts"
import { InvalidConfig, type Problem } from "../machines/options.ts"
import { unknownStanding } from "../machines/vocabulary/standing.ts"
import type { Assembly } from "./assemble.ts"
import { Links, pathBetween } from "./cycles.ts"
import { declaredIn, type Edge, Node, pump } from "./dependencyNode.ts"
import { namesByClock } from "./names.ts"

export const namesOf = namesByClock<Assembly, Node>()

export const nodeOf = (assembly: Assembly): Node => (assembly.node ??= new Node(assembly))

export const invalid = (problem: Problem) => new InvalidConfig([problem])
const targets = (node: Node) => [...node.edges.values()].flatMap(({ on }) => on ?? [])

const none = new Links<Node>()

/** The cycle that would arise if one came to depend on the other, in words. */
export function cycleOf(node: Node, on: Node, coming = none): string | undefined {
  const onward = (one: Node) => [...targets(one), ...coming.onward(one)]
  const back = (one: Node) => [...one.dependents.keys(), ...coming.back(one)]
  const path = pathBetween(on, node, onward, back)
  return path && [node, ...path].map(({ name }) => name).join(" → ")
}

/** Dependencies that are unknown because they would close a cycle: they are looked at again when others have gone. */
const barred = new Map<Edge, Node>()

export function retryBarred(): void {
  for (const [edge, node] of [...barred]) tie(node, edge, namesOf(node.assembly.clock).find(edge.id))
}

/** Ties an edge to the breaker that answers to its name now, or lets it wait for one. */
function tie(node: Node, edge: Edge, target: Assembly | undefined): string | undefined {
  const names = namesOf(node.assembly.clock)
  const on = target && nodeOf(target)
  const cycle = on && cycleOf(node, on)
  if (on === undefined || cycle !== undefined) {
    names.wait(edge.id, node)
    return cycle
  }
  names.stopWaiting(edge.id, node)
  barred.delete(edge)
  edge.on = on
  on.dependents.set(node, edge)
  on.attend()
  node.note(edge)
  return undefined
}

function untie(node: Node, edge: Edge): void {
  namesOf(node.assembly.clock).stopWaiting(edge.id, node)
  barred.delete(edge)
  edge.on?.dependents.delete(node)
  edge.on?.attend()
  edge.on = undefined
}

/** Makes one depend on another: a living breaker, or whoever answers to the name. Throws `InvalidConfig`. */
export function link(
  node: Node,
  given: Pick<Edge, "id" | "settings" | "fallback" | "declared">,
  target?: Assembly,
): void {
  const { id } = given
  if (node.edges.has(id)) {
    throw invalid({ path: "dependency", value: `"${id}"`, rule: `is a dependency of "${node.name}" already` })
  }
  if (node.edges.size >= mostDependencies) {
    throw invalid({ path: "dependency", value: `"${id}"`, rule: `must not be one of more than ${mostDependencies}` })
  }
  const names = namesOf(node.assembly.clock)
  const edge: Edge = { ...given, on: undefined, told: unknownStanding(id), blamed: 0 }
  const cycle = tie(node, edge, target ?? names.find(id))
  if (cycle !== undefined) {
    names.stopWaiting(id, node)
    throw closing(id, cycle)
  }
  node.edges.set(id, edge)
}

export const closing = (id: string, cycle: string) =>
  invalid({ path: "dependency", value: `"${id}"`, rule: `must not close a cycle: ${cycle}` })

/** Tells the machines of a new dependency, and how it stands. */
export function tellLinked(node: Node, id: string, { type, impact }: DependencySettings): void {
  const { conductor, clock } = node.assembly
  const standing = node.takeNews(id)
  conductor.send({ type: "dependency.added", at: clock.now(), id, need: type, impact, standing })
  pump()
}

export function drop(node: Node, edge: Edge): void {
  node.edges.delete(edge.id)
  node.moved.delete(edge)
  node.blamed.delete(edge)
  untie(node, edge)
}

export function unlink(node: Node, id: string): void {
  const edge = node.edges.get(id)
  if (edge === undefined) {
    throw invalid({ path: "dependency", value: `"${id}"`, rule: `is no dependency of "${node.name}"` })
  }
  drop(node, edge)
  if (edge.declared) node.removed.add(id)
  node.assembly.conductor.send({ type: "dependency.removed", at: node.assembly.clock.now(), id })
  retryBarred()
  pump()
}

/** A breaker lives: whoever waits for its name depends on it from now on, and it on what its config names. Throws `InvalidConfig`. */
export function enterGraph(assembly: Assembly): void {
  const names = namesOf(assembly.clock)
  names.take(assembly.name, assembly)
  for (const waiting of names.waitingFor(assembly.name)) {
    const edge = waiting.edges.get(assembly.name)
    if (edge !== undefined) resolve(waiting, edge, assembly)
  }
  try {
    for (const [id, settings] of declaredIn(assembly.parts)) {
      link(nodeOf(assembly), { id, settings, fallback: undefined, declared: true })
    }
  } catch (error) {
    leaveGraph(assembly)
    throw error
  }
  pump()
}

/** Ties an edge anew. One that would close a cycle stays unknown, and is told as trouble: nobody is there to be refused. */
function resolve(node: Node, edge: Edge, target: Assembly | undefined): void {
  const cycle = tie(node, edge, target)
  if (cycle === undefined) return
  barred.set(edge, node)
  node.assembly.listeners.trouble("dependency", new TypeError(`a breaker would depend on itself: ${cycle}`))
}

/** A breaker stops: those above follow its name, and it lets go of those below. */
export function leaveGraph(assembly: Assembly): void {
  const names = namesOf(assembly.clock)
  names.leave(assembly.name, assembly)
  const { node } = assembly
  if (node === undefined) return
  for (const edge of node.edges.values()) {
    untie(node, edge)
    node.note(edge)
  }
  // What an actor of somebody else is left with must not stay shut for ever.
  node.tell()
  node.edges.clear()
  node.blamed.clear()
  for (const [dependent, edge] of node.dependents) {
    node.dependents.delete(dependent)
    edge.on = undefined
    dependent.note(edge)
    resolve(dependent, edge, namesOf(dependent.assembly.clock).find(edge.id))
  }
  node.attend()
  retryBarred()
  pump()
}
