/** A data plane whose gate watches cells and holds nothing back itself. */
import type { CellLine, Gate } from "../../machines/vocabulary/gate.ts"
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { type BarePlane, barePlane, openGate } from "./barePlane.ts"

export const cellLine: CellLine = {
  max: 4096,
  threshold: 20,
  waitMs: 410,
  stepMs: 30,
  factor: 1,
  maxMs: 3700,
  longestAskedMs: 300_000,
  leaseMs: 60_000,
}

export const gateWith = (cells: CellLine | undefined, more: Partial<Gate> = {}): Gate => openGate({ cells }, more)

export interface KeyedPlane extends BarePlane {
  /** One call that takes no time; answers whether it was let in. */
  call(key: string | undefined, kind?: OutcomeKind): boolean
  /** So many good calls, spread over `keys`. */
  warm(calls: number, keys: readonly string[]): void
  /** Bad calls to one cell, 99 good ones of others after each, until it is held back: how many it took. */
  kill(key: string): number
}

export function keyedPlane(line: Partial<CellLine> = {}, seed = 0): KeyedPlane {
  const bare = barePlane(seed)
  const { plane, clock } = bare
  plane.swap(gateWith({ ...cellLine, ...line }))
  const call = (key: string | undefined, kind: OutcomeKind = "success") => {
    const ticket = plane.admit(clock.now(), { key })
    if (ticket.admitted) plane.settleAt(ticket, kind, clock.now())
    return ticket.admitted
  }
  const warm = (calls: number, keys: readonly string[]) => {
    for (let turn = 0; turn < calls; turn++) call(keys[turn % keys.length])
  }
  const kill = (key: string) => {
    for (let calls = 0; calls < 20; calls++) {
      if (!call(key, "failure")) return calls
      warm(99, keysOf(9, "other"))
    }
    throw new Error(`${key} was not condemned`)
  }
  return { ...bare, call, warm, kill }
}

export const keysOf = (count: number, name = "key"): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`)
