/** Declaring: what a config says of dependencies, checked before anything is changed, and taken by a breaker that lives. */
import { type DependencySettings, mostDependencies } from "../machines/needing.ts"
import type { Assembly } from "./assemble.ts"
import { Links } from "./cycles.ts"
import { closing, cycleOf, drop, invalid, link, namesOf, nodeOf, retryBarred, tellLinked } from "./dependencyGraph.ts"
import { declaredIn, graphPart, type Node } from "./dependencyNode.ts"

/** A breaker, and the parts that it is to have. */
type Plan = readonly [Assembly, Assembly["parts"]]

/** Whether other configs could be lived with, all of them together, before anything is changed. Throws `InvalidConfig`. */
export function checkDeclared(plans: Iterable<Plan>): void {
  const coming = new Links<Node>()
  for (const [assembly, parts] of plans) {
    checkCount(assembly, parts)
    for (const [id] of declaredIn(parts)) {
      const target = assembly.node?.edges.has(id) ? undefined : namesOf(assembly.clock).find(id)
      if (target !== undefined) checkComing(id, nodeOf(assembly), nodeOf(target), coming)
    }
  }
}

function checkComing(id: string, node: Node, on: Node, coming: Links<Node>): void {
  const cycle = cycleOf(node, on, coming)
  if (cycle !== undefined) throw closing(id, cycle)
  coming.add(node, on)
}

/** Those that were added at run time stay beside those that a config names. */
function checkCount({ node }: Assembly, parts: Assembly["parts"]): void {
  const declared = new Map(declaredIn(parts))
  const others = [...(node?.edges.values() ?? [])].filter((edge) => !edge.declared && !declared.has(edge.id))
  const count = declared.size === 0 ? 0 : declared.size + others.length
  if (count <= mostDependencies) return
  const rule = `must not be more than ${mostDependencies}, those that were added at run time included`
  throw invalid({ path: "dependencies", value: String(count), rule })
}

/** A config that is the same as before is no news to the machines: what was removed meanwhile they would not know. */
function tellAgain(node: Node, id: string, settings: DependencySettings): void {
  const edge = node.edges.get(id)
  if (edge !== undefined) node.note(edge)
  tellLinked(node, id, settings)
}

/** Its machines have taken another config: those that it no longer names are let go, those that it names anew are found. */
export function declareAnew(assembly: Assembly): void {
  const declared = new Map(declaredIn(assembly.parts))
  const keeps = graphPart(assembly.parts) !== undefined
  for (const edge of assembly.node?.edges.values() ?? []) {
    if (!keeps || (edge.declared && !declared.has(edge.id))) drop(nodeOf(assembly), edge)
  }
  for (const [id, settings] of declared) {
    const node = nodeOf(assembly)
    const edge = node.edges.get(id)
    if (edge === undefined) link(node, { id, settings, fallback: undefined, declared: true })
    else Object.assign(edge, { settings, declared: true })
    if (node.removed.has(id)) tellAgain(node, id, settings)
  }
  assembly.node?.removed.clear()
  retryBarred()
  assembly.node?.hear()
}
