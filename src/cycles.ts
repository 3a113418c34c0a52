/** One direction of a graph: who is one step away. */
type Steps<Node> = (node: Node) => Iterable<Node>

/** Visits all that can be reached, one node a turn, without recursion; `from` says whence each was reached first. */
function* walk<Node>(start: Node, steps: Steps<Node>, from: Map<Node, Node | undefined>): Generator<Node> {
  const stack = [start]
  from.set(start, undefined)
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    yield node
    for (const next of steps(node)) {
      if (from.has(next)) continue
      from.set(next, node)
      stack.push(next)
    }
  }
}

/** The nodes from `node` back to where its walk began. */
function trail<Node>(node: Node | undefined, from: ReadonlyMap<Node, Node | undefined>): Node[] {
  const nodes: Node[] = []
  for (let at = node; at !== undefined; at = from.get(at)) nodes.push(at)
  return nodes
}

/**
 * A path between two nodes, ends included, or `undefined`. It is looked for from both ends in turn, so it costs twice the smaller of
 * what is below the one and what is above the other: where either is new, next to nothing.
 */
export function pathBetween<Node extends object>(
  start: Node,
  end: Node,
  onward: Steps<Node>,
  back: Steps<Node>,
): readonly Node[] | undefined {
  const [below, above] = [new Map<Node, Node | undefined>(), new Map<Node, Node | undefined>()]
  const walks = [
    [walk(start, onward, below), above],
    [walk(end, back, above), below],
  ] as const
  for (;;) {
    for (const [steps, met] of walks) {
      const { done, value: node } = steps.next()
      if (done) return undefined
      if (met.has(node)) return [...trail(node, below).reverse(), ...trail(node, above).slice(1)]
    }
  }
}

/** Links that are to come, beside those that are there. */
export class Links<Node> {
  readonly #onward = new Map<Node, Node[]>()
  readonly #back = new Map<Node, Node[]>()

  add(from: Node, to: Node): void {
    put(this.#onward, from, to)
    put(this.#back, to, from)
  }
  onward(node: Node): readonly Node[] {
    return this.#onward.get(node) ?? []
  }
  back(node: Node): readonly Node[] {
    return this.#back.get(node) ?? []
  }
}

function put<Node>(links: Map<Node, Node[]>, from: Node, to: Node): void {
  const all = links.get(from)
  if (all === undefined) links.set(from, [to])
  else all.push(to)
}
