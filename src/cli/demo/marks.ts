import type { PhaseSummary } from "./summary.ts"
import type { Tally } from "./tally.ts"

/** Where each phase began in the books of both gateways. */
export interface Marks {
  enter(name: string): void
  /** What was answered while each phase lasted; a request counts where it ended. */
  phases(): readonly PhaseSummary[]
}

export function createMarks([guarded, bare]: readonly [guarded: Tally, bare: Tally]): Marks {
  const stand = () => ({ guarded: guarded.totals(), bare: bare.totals() })
  const marks: { readonly name: string; readonly at: ReturnType<typeof stand> }[] = []
  return {
    enter: (name) => void marks.push({ name, at: stand() }),
    phases: () =>
      marks.map(({ name, at }, index) => {
        const end = marks[index + 1]?.at ?? stand()
        const part = (side: "guarded" | "bare") => ({
          requests: end[side].requests - at[side].requests,
          answered: end[side].full - at[side].full,
        })
        return { name, protected: part("guarded"), unprotected: part("bare") }
      }),
  }
}
