/**
 * Errors that a layer has done with: it has repeated the call, or could not pay for that, and no layer further out is to begin
 * again. The mark is kept beside the error, which reaches its caller as it was thrown.
 */
import { causesOf } from "./failureClass.ts"

interface Mark {
  /** Whose budget it was: an error that a program keeps for ever must not keep a breaker that has stopped. */
  readonly by: WeakRef<object>
  readonly serial: number
}

const marks = new WeakMap<object, Mark>()
let last = 0

/** The marks that are made from now on are later than this: one and the same error may be thrown many times. */
export const presentMark = (): number => last

export function mark(what: unknown, by: object): void {
  if (typeof what === "object" && what !== null) marks.set(what, { by: new WeakRef(by), serial: ++last })
}

/** Whether another than `by` has done with this since `since`, or with what caused it. */
export function isMarked(what: unknown, by: object, since: number): boolean {
  try {
    for (const cause of causesOf(what)) {
      const found = marks.get(cause)
      if (found !== undefined && found.by.deref() !== by && found.serial > since) return true
    }
  } catch {
    // An error that is a trap says nothing.
  }
  return false
}
