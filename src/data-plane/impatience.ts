import type { OutcomeKind } from "../../machines/vocabulary/outcome.ts"
import type { Plane } from "./plane.ts"

/**
 * What a call that ran out of time says. A caller that gave it less than the service usually takes (the 99th percentile of its
 * successes) was impatient: that is no failure of the service.
 */
export const kindOfTimeout = ({ ways, meter }: Plane, givenMs: number, now: number): OutcomeKind =>
  givenMs < ways.timeoutMs && givenMs < meter.slices.usualMs(now) ? "ignored" : "timedOut"
