import { createBreaker } from "recloser"
import { type Equal, type Expect, exactly } from "./Expect.ts"

const breaker = createBreaker("tickets")

/** A ticket is a permit or a rejection, told apart by `admitted`. */
export function spend(): void {
  const answer = breaker.acquire()
  // @ts-expect-error: a rejection cannot be settled
  answer.settle("success")
  // @ts-expect-error: a permit has no reason
  answer.reason.toString()
  if (answer.admitted) {
    answer.settle("failure")
    // @ts-expect-error: not a kind of outcome
    answer.settle("bad")
  } else {
    exactly<readonly string[]>().is(answer.heldBy)
    exactly<number>().is(answer.since)
    exactly<number | undefined>().is(answer.retryAfterMs)
  }
}

/** A permit is given back at the end of its block. */
export function borrow(): void {
  const answer = breaker.acquire()
  if (!answer.admitted) return
  using permit = answer
  permit.settle("ignored")
}

/** Asking takes nothing and gives a rejection or nothing. */
const asked = breaker.wouldReject()
export const layer: string | undefined = asked?.layer
// @ts-expect-error: the layers are a closed list
export const noSuchLayer = asked?.layer === "weather"

export type Standing = [
  Expect<Equal<typeof breaker.mode, "auto" | "forcedOpen" | "bypassed" | "shadow">>,
  Expect<Equal<typeof breaker.circuit, "closed" | "degraded" | "open" | "halfOpen" | "ramping">>,
]
// @ts-expect-error: not a circuit
export const noSuchCircuit = breaker.circuit === "half-open"
// @ts-expect-error: where a breaker stands is read, not set
breaker.circuit = "closed"

/** A breaker is disposed of asynchronously. */
export async function shortLived(): Promise<void> {
  await using passing = createBreaker("passing")
  await passing.execute(() => 1)
  await passing.stop({ grace: "10 seconds" })
  await passing.stop({ grace: undefined })
  await passing.stop()
}
