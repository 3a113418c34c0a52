/** What happens among cells and endpoints, told to those outside. */
import type { Judged, OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { AlarmRang, Report } from "../../machines/vocabulary/signal.ts"
import type { Admission } from "./admission.ts"
import type { CellChange, Cells } from "./cells.ts"
import type { Meter } from "./meter.ts"
import type { PlaneHooks } from "./planeHooks.ts"
import type { Receipt } from "./receipt.ts"
import { Visit } from "./visits.ts"

/** Tells what has changed since this was last asked. */
export function tellCells({ cells, endpoints }: Admission, hooks: PlaneHooks, now: number): void {
  if (cells?.news !== undefined) tellNews(cells, cells.news, hooks, now)
  if (endpoints?.news !== undefined) tellNews(endpoints, endpoints.news, hooks, now)
}

function tellNews(source: { news: CellChange | undefined }, news: CellChange, hooks: PlaneHooks, now: number): void {
  source.news = undefined
  hooks.cell?.(news, now)
}

/** A cell has refused a call. When all have for long, the service is gone, and that is the circuit's business. */
export function hearCells(admission: Admission, hooks: PlaneHooks, epoch: number, now: number): void {
  tellCells(admission, hooks, now)
  const statistics = admission.cells?.takeSilence()
  if (statistics !== undefined) hooks.signal({ type: "alarm.rang", at: now, epoch, rule: "run", statistics })
}

/** Reports, with what the circuit should know of an alarm: whether the trouble is a cell's, or an endpoint's. */
export function tellReport({ cells, endpoints }: Admission, hooks: PlaneHooks, meter: Meter, report: Report): void {
  const within = report.type === "alarm.rang" ? (cells?.within ?? endpoints?.within(report.at)) : undefined
  hooks.signal(within === undefined ? report : { ...(report as AlarmRang), within })
  if (within !== undefined) meter.doubt(report.at)
}

/** What the machines should know of gauges. */
export const tidings = ({ endpoints, bulkhead }: Admission, now: number): Report | undefined =>
  endpoints?.shifted(now) ?? bulkhead?.news(now)

/** Whether the outcome is its cell's business alone. */
export function settleCell(cells: Cells | undefined, receipt: Receipt, judged: Judged, now: number): boolean {
  if (cells === undefined) return false
  if (receipt instanceof Visit) return cells.settle(receipt, judged, now)
  if (receipt.counted && judged === "success") cells.hearGood()
  return false
}

/** The same of where an ordinary call went, which says nothing else of itself. */
export const settleSite = ({ endpoints }: Admission, receipt: Receipt, kind: OutcomeKind, now: number): boolean =>
  receipt.site !== undefined && endpoints?.leave(receipt.site, receipt, kind, true, now) === true
