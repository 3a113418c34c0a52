/** What the page knows of all breakers. */
import type { Decision, Edge, OverviewMessage, Row, Totals } from "../../src/observability/inspector/protocol.ts"
import { urgency } from "./format.ts"

const mostDecisions = 300

export type SortKey = "urgency" | "name" | "sent" | "failing" | "refused" | "p50" | "p99"

export class Store {
  readonly rows = new Map<string, Row>()
  decisions: readonly Decision[] = []
  edges: readonly Edge[] = []
  totals: Totals = { breakers: 0, circuits: {}, held: 0 }

  take({ whole, rows, gone, decisions, edges, totals }: OverviewMessage): void {
    if (whole) this.rows.clear()
    for (const row of rows) this.rows.set(row.id, row)
    for (const id of gone) this.rows.delete(id)
    // A server that has been restarted counts from one again.
    const isAnew = (decisions[0]?.serial ?? Number.POSITIVE_INFINITY) <= (this.decisions.at(-1)?.serial ?? 0)
    const known = isAnew && whole ? [] : this.decisions
    // The first of each breaker: whatever is known from there on, it stands for.
    const standFor = new Map(
      decisions.toReversed().flatMap(({ id, since }) => (since === undefined ? [] : [[id, since]])),
    )
    const isTold = ({ id, kind, serial }: Decision) => kind === "moved" && serial >= (standFor.get(id) ?? Infinity)
    this.decisions = [...known.filter((one) => !isTold(one)), ...decisions].slice(-mostDecisions)
    this.edges = edges
    this.totals = totals
  }

  /** Those that need attention, the most urgent first. */
  troubled(): readonly Row[] {
    const found = [...this.rows.values()].filter((row) => urgency(row) > 0 && row.phase === "active")
    return found.sort((one, other) => urgency(other) - urgency(one) || compare(one.name, other.name))
  }

  sorted(key: SortKey, text: string, state: string): readonly Row[] {
    const wanted = text.trim().toLowerCase()
    const found = [...this.rows.values()].filter(
      (row) => (wanted === "" || row.name.toLowerCase().includes(wanted)) && (state === "" || row.circuit === state),
    )
    return found.sort(orders[key])
  }
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

const most =
  (key: "sent" | "failing" | "refused" | "p50" | "p99") =>
  (one: Row, other: Row): number =>
    other[key] - one[key] || compare(one.name, other.name)

const orders: { readonly [Key in SortKey]: (one: Row, other: Row) => number } = {
  urgency: (one, other) => urgency(other) - urgency(one) || compare(one.name, other.name),
  name: (one, other) => compare(one.name, other.name),
  sent: most("sent"),
  failing: most("failing"),
  refused: most("refused"),
  p50: most("p50"),
  p99: most("p99"),
}
