/** What is out of reach of the charts of strategies. */
import { probesFor } from "../../../machines/judging.ts"
import type { GradualSettings } from "../../../machines/ramping.ts"
import type { Rules } from "./facts.ts"

export const rulesOfStrategies: Rules = {
  gradual: [
    {
      line: /halfOpen on probe\.(?:succeeded|failed) is never taken|\[(?:enoughProbes|tooManyFailed)\] is never refused/,
      when: (facts) => probesFor(facts.of<GradualSettings>("gradual").probes.wrong) === 1,
      why: "with this `probes.wrong` one probe decides",
    },
  ],
}
