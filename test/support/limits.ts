/** A learned limit by itself, and calls that end under it. */
import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import { Limit } from "../../src/data-plane/limiter/limit.ts"

/** A limit, and a clock on which calls end; so many are in flight since the one before ended. */
export function playing(first = 20, { least = 1, most = 1000, at = 0 } = {}) {
  const limit = new Limit(least, most, first, undefined, at)
  const clock = { now: at, area: 0 }
  /** Calls that end one after the other, `gapMs` apart. */
  const end = (
    calls: number,
    { ms = 100, gapMs = 0, inFlight = 0, kind = "success" as OutcomeKind, waited = false } = {},
  ) => {
    for (let call = 0; call < calls; call++) {
      clock.now += gapMs
      clock.area += inFlight * gapMs
      if (waited) limit.wait()
      limit.settle(kind, ms, clock.area, clock.now)
    }
  }
  return { limit, clock, end }
}

/** A limit of 20 that has seen one round of a service with two calls in it: alone a call takes 100 ms.  */
export function idle(first = 20) {
  const one = playing(first)
  one.end(8, { gapMs: 12.5, inFlight: 2 })
  return one
}

/** As many calls as there are slots end in their time, one after the other, and others wait. */
export const full = ({ limit, end }: ReturnType<typeof playing>, ms = 100, kind: OutcomeKind = "success") => {
  const calls = limit.value
  end(calls, { ms, gapMs: ms / calls, inFlight: calls, waited: true, kind })
}
