/** Calls of a service that is well, on a host that stands still now and then. */
import { type Breaker, type BreakerConfig, createBreaker } from "recloser"
import type { Facts } from "../../machines/vocabulary/facts.ts"
import { type HaltingClock, haltingClock } from "./haltingClock.ts"

export interface Asked {
  /** The service answers, or has answered before it is asked. */
  answer(): void
  readonly end: ReturnType<Breaker["tryExecute"]>
}

export function ask(breaker: Breaker, facts: Facts = {}): Asked {
  let isAnswered = false
  let resolve = () => {}
  const end = breaker.tryExecute(
    () => new Promise<void>((answered) => (isAnswered ? answered() : void (resolve = answered))),
    facts,
  )
  const answer = () => {
    isAnswered = true
    resolve()
  }
  return { answer, end }
}

/** A hundred calls a second that take five milliseconds. */
export async function usual(
  breaker: Breaker,
  clock: HaltingClock,
  calls: number,
  factsOf: (call: number) => Facts = () => ({}),
): Promise<void> {
  for (let n = 0; n < calls; n++) {
    const { answer, end } = ask(breaker, factsOf(n))
    clock.step(5)
    answer()
    await end
    clock.step(5)
  }
}

export const seconds = 1000
/** A thousand calls that went well, and thirty that are under way. */
export async function busy(config: BreakerConfig, factsOf: (call: number) => Facts = () => ({})) {
  const clock = haltingClock()
  const breaker = createBreaker("service", config, { clock })
  const moves: string[] = []
  breaker.on("transition", ({ from, to, rule }) => moves.push(`${from} → ${to}: ${rule}`))
  await usual(breaker, clock, 1000, factsOf)
  const flying = Array.from({ length: 30 }, (_, call) => ask(breaker, factsOf(call)))
  clock.step(2)
  return { breaker, clock, moves, flying }
}
