/** Verdicts on counts: is a service gone, or does it still answer in part? */

/** A service that is gone answers one call in twenty; one that answers half of them is not gone. */
const gone = { bad: Math.log(0.95 / 0.5), good: Math.log(0.05 / 0.5) }
/** A call that is still running may yet be well: it speaks against the end, but not as loudly as a success. */
const running = -0.8
/** Odds of 33 to 1. */
const certainty = 3.2

/** Whether so many outcomes say that the service is gone, rather than failing in part. */
export const dies = (bad: number, good: number, pending: number): boolean =>
  bad * gone.bad + good * gone.good + pending * running >= certainty

/** Whether enough of a cohort is known to speak of all of it: one call, or one in ten, may still run. */
export const isKnown = (entered: number, settled: number): boolean => entered - settled <= Math.max(1, entered / 10)
