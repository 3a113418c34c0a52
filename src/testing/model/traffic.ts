/** Calls through a breaker that is modelled, and how they end. */
import type { AssembledBreaker } from "../../assembledBreaker.ts"
import type { ExecuteOptions } from "../../Breaker.ts"
import type { VirtualClock } from "../virtualClock.ts"
import { scriptedFailure } from "./scripts.ts"
import { longestMs, type Stage } from "./stage.ts"

export type Answer = Parameters<AssembledBreaker["execute"]>[0]
type Verdict = ReturnType<NonNullable<ExecuteOptions<unknown>["classify"]>>

interface Traffic {
  readonly answer: Answer
  readonly calls?: number
  /** Between calls. */
  readonly everyMs?: number
  readonly verdict?: Verdict
  /** What each call names, in turn. */
  readonly features?: readonly (string | undefined)[]
  /** Whether it goes on when something has moved. */
  readonly goesOn?: boolean
}

export const well: Answer = async () => "well"
export const down: Answer = async () => {
  throw scriptedFailure
}

/** Every so many calls one goes otherwise. */
export function mixed(usual: Answer, other: Answer, every: number): Answer {
  let call = 0
  return (context) => (++call % every === 0 ? other(context) : usual(context))
}

/** Answers that take their time, and hear when nobody waits for them any more. */
export const after =
  (clock: VirtualClock, ms: number): Answer =>
  ({ signal }) =>
    new Promise((resolve, reject) => {
      const timer = clock.arm(ms, () => resolve("late"), false)
      signal.addEventListener("abort", () => {
        timer.disarm()
        reject(signal.reason)
      })
    })

export async function send(
  stage: Stage,
  { answer, calls = 100, everyMs = 20, verdict, features = [undefined], goesOn = false }: Traffic,
): Promise<void> {
  const { breaker, watch, clock } = stage
  const { moves } = watch
  const base = { idempotent: true, ...(verdict && { classify: () => verdict }) }
  for (let call = 0; call < calls && (goesOn || watch.moves === moves); call++) {
    const feature = features[call % features.length]
    void breaker.tryExecute(answer, feature === undefined ? base : { ...base, feature })
    await clock.advance(everyMs)
  }
}

/** Twenty calls at once that take so long. */
export async function sendSlow(stage: Stage, ms: number): Promise<void> {
  await send(stage, { answer: after(stage.clock, ms), calls: 20, everyMs: 0, goesOn: true })
  await stage.clock.advance(Math.min(ms, longestMs) + 1)
}

export const timeoutOf = ({ breaker: { assembly } }: Stage): number =>
  Math.min(longestMs, assembly.plane.gate.restriction.timeoutMs)

/** Slow by the breaker's own line, and not yet too late. */
export function slowMs(stage: Stage): number {
  const { slowAfterMs = 1000 } = stage.breaker.assembly.plane.gate.lines
  const slow = Math.min(longestMs, slowAfterMs * 1.5)
  const most = timeoutOf(stage)
  return slow < most ? slow : (slowAfterMs + most) / 2
}
