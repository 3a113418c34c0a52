import type { Judged } from "../../machines/vocabulary/outcome.ts"

/** With this a service tells of its own limits: who listens counts all answers, and reports them. */
export const overLimits: Judged = {
  kind: "failure",
  trip: false,
  retryAfterMs: undefined,
  quota: { exceeded: true, retryAfterMs: undefined },
}
