/** What happens among cells, told to those outside. */
import type { Admission } from "./admission.ts"
import type { PlaneHooks } from "./planeHooks.ts"

/** Tells what has changed among cells since this was last asked. */
export function tellCells({ cells }: Admission, hooks: PlaneHooks, now: number): void {
  const news = cells?.news
  if (cells === undefined || news === undefined) return
  cells.news = undefined
  hooks.cell?.(news, now)
}

/** A cell has refused a call. When all have for long, that is the circuit's business. */
export function hearCells(admission: Admission, hooks: PlaneHooks, now: number): void {
  tellCells(admission, hooks, now)
  const alarm = admission.takeAlarm(now)
  if (alarm !== undefined) hooks.signal(alarm)
}
