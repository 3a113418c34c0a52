/** What a breaker knew of its dependencies before it was recorded: it is no part of what it saves. */
import type { DependencySignal } from "../machines/vocabulary/signal.ts"
import type { Assembly } from "./assemble.ts"
import type { BreakerLine } from "./observability/recording/format.ts"

/** What its machines have been told of its dependencies, as far as its config does not say it: told again to others, they know the same. */
function toldOf({ node, clock }: Assembly): readonly DependencySignal[] {
  if (node === undefined) return []
  const at = clock.now()
  const edges = [...node.edges.values()]
  const removed = [...node.removed].map((id) => ({ type: "dependency.removed", at, id }) as const)
  const added = edges.flatMap(({ id, settings: { type: need, impact }, declared, told: standing }) =>
    declared ? [] : [{ type: "dependency.added", at, id, need, impact, standing } as const],
  )
  const moves = edges.flatMap(({ id, told, declared }) =>
    declared && told.circuit !== "unknown" ? [[id, { standing: told }] as const] : [],
  )
  const moved = { type: "dependency.moved", at, moves: Object.fromEntries(moves) } as const
  return [...removed, ...added, ...(moves.length > 0 ? [moved] : [])]
}

/** What it is introduced with, beside what it has saved. */
export function toldBefore(assembly: Assembly): Pick<BreakerLine, "told"> {
  const told = toldOf(assembly)
  return told.length === 0 ? {} : { told: told as readonly unknown[] as NonNullable<BreakerLine["told"]> }
}
