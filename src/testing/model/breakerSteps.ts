/** What can happen to a breaker from outside: calls and how they end, time, the process's own state, and its operator. */
import { AssembledBreaker } from "../../assembledBreaker.ts"
import type { ExecuteOptions } from "../../Breaker.ts"
import { type BreakerConfig, createBreaker } from "../../index.ts"
import type { VirtualClock } from "../virtualClock.ts"
import { changes } from "./changes.ts"
import type { Watch } from "./watch.ts"
import { passTime } from "./world.ts"

/** A breaker under way, and what it lives on. */
export interface Stage {
  readonly clock: VirtualClock
  readonly watch: Watch
  readonly config: BreakerConfig
  breaker: AssembledBreaker
  /** How full the process's memory is. */
  memory: number
  readonly troubles: string[]
  readonly inspect: Watch["inspect"]
}

type Answer = Parameters<AssembledBreaker["execute"]>[0]
type Verdict = ReturnType<NonNullable<ExecuteOptions<unknown>["classify"]>>

interface Traffic {
  readonly answer: Answer
  readonly calls?: number
  /** Between calls. */
  readonly everyMs?: number
  readonly verdict?: Verdict
  /** Whether it goes on when something has moved. */
  readonly goesOn?: boolean
}

export const begin = (
  stage: Omit<Stage, "breaker">,
  restore?: ReturnType<AssembledBreaker["save"]>,
): AssembledBreaker => {
  const { clock, inspect, config } = stage
  const breaker = createBreaker("model", config, { clock, inspect, restore })
  if (!(breaker instanceof AssembledBreaker)) throw new Error("createBreaker answered something else than a breaker")
  breaker.on("trouble", ({ part, error }) => stage.troubles.push(`${part}: ${String(error)}`))
  return breaker
}

const failed = new Error("scripted failure")
const well: Answer = async () => "well"
const down: Answer = async () => {
  throw failed
}

const halfDown = (): Answer => {
  let call = 0
  return () => (call++ % 2 === 0 ? Promise.reject(failed) : Promise.resolve("well"))
}

/** Answers that take their time, and hear when nobody waits for them any more. */
const after =
  (clock: VirtualClock, ms: number): Answer =>
  ({ signal }) =>
    new Promise((resolve, reject) => {
      const timer = clock.arm(ms, () => resolve("late"), false)
      signal.addEventListener("abort", () => {
        timer.disarm()
        reject(signal.reason)
      })
    })

/** A stop is an Effect: its fiber goes on in a macrotask of the host, and its grace is a timer. */
const nextTask = () => new Promise<void>((resolve) => setImmediate(resolve))

export async function stopped({ breaker, clock }: Stage): Promise<void> {
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

const longestMs = 60_000

async function send(
  stage: Stage,
  { answer, calls = 100, everyMs = 20, verdict, goesOn = false }: Traffic,
): Promise<void> {
  const { breaker, watch, clock } = stage
  const { moves } = watch
  const options = { idempotent: true, ...(verdict && { classify: () => verdict }) }
  for (let call = 0; call < calls && (goesOn || watch.moves === moves); call++) {
    void breaker.tryExecute(answer, options)
    await clock.advance(everyMs)
  }
}

/** Twenty calls at once that take so long. */
async function sendSlow(stage: Stage, ms: number): Promise<void> {
  await send(stage, { answer: after(stage.clock, ms), calls: 20, everyMs: 0, goesOn: true })
  await stage.clock.advance(Math.min(ms, longestMs) + 1)
}

const timeoutOf = ({ breaker: { assembly } }: Stage): number =>
  Math.min(longestMs, assembly.plane.gate.restriction.timeoutMs)

/** Slow by the breaker's own line, and not yet too late. */
function slowMs(stage: Stage): number {
  const { slowAfterMs = 1000 } = stage.breaker.assembly.plane.gate.lines
  const slow = Math.min(longestMs, slowAfterMs * 1.5)
  const most = timeoutOf(stage)
  return slow < most ? slow : (slowAfterMs + most) / 2
}

/** A permit that nobody settles, until its lease has ended. */
async function forget(stage: Stage): Promise<void> {
  stage.breaker.acquire()
  const { leaseMs = 1000 } = stage.breaker.assembly.plane.gate.lines
  await stage.clock.advance(leaseMs + 1)
}

async function restart(stage: Stage): Promise<void> {
  const { breaker } = stage
  const saved = JSON.parse(JSON.stringify(breaker.save())) as ReturnType<typeof breaker.save>
  await stopped(stage)
  stage.breaker = begin(stage, saved)
}

/** Calls that each take a little longer than the one before, for minutes: a trend that leads somewhere. */
async function decline(stage: Stage): Promise<void> {
  const { breaker, clock, watch } = stage
  if (breaker.circuit !== "closed" || breaker.mode !== "auto") return
  const { moves } = watch
  for (let second = 0; second < 400 && (second < 30 || watch.moves === moves); second++) {
    const answer = after(clock, Math.min(900, 10 + 2 * Math.max(0, second - 250)))
    for (let call = 0; call < 3; call++) void breaker.tryExecute(answer)
    breaker.observe("model", Math.min(1, 0.3 + 0.005 * Math.max(0, second - 250)))
    await clock.advance(1000)
  }
}

const rememberedMs = 3_600_000

/** It stops while a call is under way, and has the time to end. */
async function drain(stage: Stage): Promise<void> {
  void stage.breaker.tryExecute(after(stage.clock, longestMs))
  void stage.breaker.stop({ grace: longestMs })
  await nextTask()
}

function stepsOfParts(stage: Stage, keys: ReadonlySet<string>): readonly (readonly [string, () => unknown])[] {
  const steps: (readonly [string, () => unknown])[] = []
  if (keys.has("rateLimit")) {
    const tooMany = { kind: "failure", quota: { exceeded: true } } as const
    const fewLeft = { kind: "success", quota: { remaining: 3, reset: "30 seconds" } } as const
    const later = { ...tooMany, retryAfter: "20 seconds" } as const
    steps.push(
      ["the service says: too many", () => send(stage, { answer: down, verdict: tooMany })],
      ["the service says: too many, come back later", () => send(stage, { answer: down, verdict: later })],
      ["the service says: few left", () => send(stage, { answer: well, verdict: fewLeft })],
    )
  }
  if (keys.has("prediction")) steps.push(["the service declines", () => decline(stage)])
  if (keys.has("priority")) {
    steps.push(
      ["many calls at once", () => sendSlow(stage, 400)],
      ["memory runs short", () => fill(stage, 0.93)],
      ["memory runs out", () => fill(stage, 0.99)],
      ["memory is free again", () => fill(stage, 0.2)],
    )
  }
  return steps
}

/** The process says how full it is when a slice closes, so some calls pass. */
async function fill(stage: Stage, memory: number): Promise<void> {
  stage.memory = memory
  await send(stage, { answer: well, calls: 8, everyMs: 300 })
}

const asked = { kind: "failure", trip: true, retryAfter: "10 seconds" } as const

/** Calls, and time. */
export const ordinarySteps = 7

/** The steps of a breaker with these parts. */
export function breakerSteps(stage: Stage): ReadonlyMap<string, () => unknown> {
  const keys = new Set(stage.breaker.assembly.parts.map(({ plug }) => plug.key))
  return new Map<string, () => unknown>([
    ["calls succeed", () => send(stage, { answer: well })],
    ["calls fail", () => send(stage, { answer: down })],
    ["time passes", () => passTime(stage)],
    ["half of the calls fail", () => send(stage, { answer: halfDown() })],
    ["one call fails", () => send(stage, { answer: down, calls: 1 })],
    ["calls are slow", () => sendSlow(stage, slowMs(stage))],
    ["calls hang", () => sendSlow(stage, timeoutOf(stage))],
    ["a permit is forgotten", () => forget(stage)],
    ["the service asks to be left alone", () => send(stage, { answer: down, calls: 1, verdict: asked })],
    ...stepsOfParts(stage, keys),
    ["an operator forces it open", () => stage.breaker.forceOpen("model")],
    ["an operator releases it", () => stage.breaker.release("model")],
    ["an operator bypasses it", () => stage.breaker.bypass("model")],
    ["an operator shadows it", () => stage.breaker.shadow("model")],
    ["the process starts anew", () => restart(stage)],
    ["an hour passes", () => stage.clock.advance(rememberedMs)],
    ...changes(stage.config).map(([name, config]) => [name, () => stage.breaker.reconfigure(config)] as const),
    ["it drains", () => drain(stage)],
    ["it stops", () => stopped(stage)],
  ])
}
