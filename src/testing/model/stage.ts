/** A breaker under way, and what it lives on: how it begins, and how it ends. */
import { AssembledBreaker } from "../../assembledBreaker.ts"
import { type BreakerConfig, createBreaker } from "../../index.ts"
import type { VirtualClock } from "../virtualClock.ts"
import { type Scripts, scriptedFailure } from "./scripts.ts"
import type { Watch } from "./watch.ts"
import { nextTask } from "./world.ts"

export interface Stage {
  readonly clock: VirtualClock
  readonly watch: Watch
  readonly given: BreakerConfig
  /** The same, with scripts for what listens to the world. */
  readonly config: BreakerConfig
  readonly scripts: Scripts
  breaker: AssembledBreaker
  /** How full the process's memory is. */
  memory: number
  readonly troubles: string[]
  readonly inspect: Watch["inspect"]
}

export type Saved = ReturnType<AssembledBreaker["save"]>

export const begin = (stage: Omit<Stage, "breaker">, restore?: Saved): AssembledBreaker => {
  const { clock, inspect, config, troubles } = stage
  const breaker = createBreaker("model", config, { clock, inspect, restore })
  if (!(breaker instanceof AssembledBreaker)) throw new Error("createBreaker answered something else than a breaker")
  breaker.on("trouble", ({ part, error }) => {
    if (error !== scriptedFailure) troubles.push(`${part}: ${String(error)}`)
  })
  return breaker
}

/** Nothing that a model waits for takes longer. */
export const longestMs = 60_000

/** A stop is an Effect: its fiber goes on in a macrotask of the host, and its grace is a timer. */
export async function stopped({ breaker, clock }: Pick<Stage, "breaker" | "clock">): Promise<void> {
  let done = false
  void breaker.stop({ grace: 0 }).then(() => {
    done = true
  })
  await clock.advance(breaker.phase === "draining" ? longestMs + 1 : 0)
  for (let turn = 0; turn < 100 && !done; turn++) {
    await nextTask()
    await clock.advance(0)
  }
  if (!done) throw new Error("the breaker does not stop")
}

/** The settings of a part of the breaker as it is now; `undefined` where it has none. */
export const settingsOf = <Settings>({ breaker }: Stage, key: string): Settings | undefined =>
  breaker.assembly.parts.find(({ plug }) => plug.key === key)?.settings as Settings | undefined

/** What can happen, by name, and the parts that it is meant for: left out, it may matter to all. */
export type Step = readonly [name: string, run: () => unknown, parts?: readonly string[]]
export type Steps = readonly Step[]
