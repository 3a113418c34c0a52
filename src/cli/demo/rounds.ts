import type { CircuitMoved, View } from "./view.ts"

interface Outage {
  /** Rounds that found no change since the last that was told. */
  untold: number
  /** It probes: whether to say so shows when the round is over. */
  probing: CircuitMoved | undefined
}

/** The same view, told of the first round of probes that finds no change; of those after it, how many there were when something else happens. */
export function foldingRounds(view: View): View {
  const outages = new Map<string, Outage>()
  const tellRounds = (breaker: string, at: number) => {
    const outage = outages.get(breaker)
    if (outage === undefined || outage.untold === 0) return
    const rounds = outage.untold === 1 ? "one more probe" : `${outage.untold} more probes`
    view.told({ at, breaker, kind: "probes", words: `${rounds} found no change` })
    outage.untold = 0
  }
  const transition = (moved: CircuitMoved) => {
    const { at, breaker, from, to } = moved
    const outage = outages.get(breaker)
    if (outage === undefined) {
      if (from === "halfOpen" && to === "open") outages.set(breaker, { untold: 0, probing: undefined })
    } else if (from === "open" && to === "halfOpen") {
      outage.probing = moved
      return
    } else if (from === "halfOpen" && to === "open") {
      outage.untold++
      outage.probing = undefined
      return
    } else {
      tellRounds(breaker, outage.probing?.at ?? at)
      if (outage.probing !== undefined) view.transition(outage.probing)
      outages.delete(breaker)
    }
    view.transition(moved)
  }
  return {
    ...view,
    transition,
    summary: (summary) => {
      for (const breaker of outages.keys()) tellRounds(breaker, 1000 * summary.seconds)
      view.summary(summary)
    },
  }
}
