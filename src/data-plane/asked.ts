import type { AlarmRang } from "../../machines/vocabulary/signal.ts"

/** The service asks to be left alone: that is an alarm, and needs no more evidence. */
export const asked = (at: number, epoch: number, retryAfterMs: number | undefined): AlarmRang => ({
  type: "alarm.rang",
  at,
  epoch,
  rule: "asked",
  statistics: { calls: 1, failures: 1, slow: 0 },
  retryAfterMs,
})
