/** What can happen to a breaker from outside: calls and how they end, time, the process's own state, and its operator. */
import { registry } from "../../../machines/registry.ts"
import { changes, withoutComponents } from "./changes.ts"
import { outsideSteps } from "./outsideSteps.ts"
import { partSteps } from "./partSteps.ts"
import { begin, longestMs, type Saved, type Stage, type Step, type Steps, stopped } from "./stage.ts"
import { after, down, mixed, send, sendSlow, slowMs, timeoutOf, well } from "./traffic.ts"
import { nextTask, passTime } from "./world.ts"

/** A permit that nobody settles, until its lease has ended. */
async function forget(stage: Stage): Promise<void> {
  stage.breaker.acquire()
  const { leaseMs = 1000 } = stage.breaker.assembly.plane.gate.lines
  await stage.clock.advance(leaseMs + 1)
}

async function restart(stage: Stage, keep = (saved: Saved): Saved => saved): Promise<void> {
  const { breaker } = stage
  const saved = JSON.parse(JSON.stringify(breaker.save())) as Saved
  await stopped(stage)
  stage.breaker = begin(stage, keep(saved))
}

/** Nothing is known from before, and nothing is told yet. */
async function restartUntold(stage: Stage): Promise<void> {
  stage.scripts.provider.silence()
  await restart(stage, withoutParts)
}

const withoutParts = (saved: Saved): Saved => ({ ...saved, parts: {} })

const mostRounds = 12

/** The service is away until the circuit opens, and well until it has closed. */
async function outage(stage: Stage): Promise<void> {
  const { breaker } = stage
  await send(stage, { answer: down, goesOn: true })
  for (let round = 0; round < mostRounds && breaker.circuit !== "closed"; round++) {
    await passTime(stage)
    await send(stage, { answer: well })
  }
  // The first of these ends the slice that the outage began.
  await send(stage, { answer: well, calls: 1, goesOn: true })
}

/** Out, and in again as the config has them: each begins where the circuit stands. */
function replaceParts({ breaker, config }: Stage): void {
  breaker.reconfigure(withoutComponents(config))
  breaker.reconfigure(config)
}

const rememberedMs = 3_600_000

/** It stops while a call is under way, and has the time to end. */
async function drain(stage: Stage): Promise<void> {
  void stage.breaker.tryExecute(after(stage.clock, longestMs))
  void stage.breaker.stop({ grace: longestMs })
  await nextTask()
}

/** The charts to which modes and phases matter. Others hear of them as moves of a circuit. */
const circuits = ["breaker", ...Object.keys(registry.strategies), ...Object.keys(registry.companions)]

const asked = { kind: "failure", trip: true, retryAfter: "10 seconds" } as const

/** Calls, and time. */
export const ordinarySteps = 7

/** What takes several of those, tried after them. */
export const longSteps = (stage: Stage): Steps => [
  ["an outage comes and goes", () => outage(stage), ["retry", "health"]],
]

/** The steps of a breaker with these parts. */
export function breakerSteps(stage: Stage): Steps {
  const { breaker, given, config } = stage
  const parts = new Set(breaker.assembly.parts.map(({ plug }) => plug.key))
  const hasComponents = [...parts].some((part) => part in registry.components)
  return [
    ["calls succeed", () => send(stage, { answer: well })],
    ["calls fail", () => send(stage, { answer: down })],
    ["time passes", () => passTime(stage)],
    ["half of the calls fail", () => send(stage, { answer: mixed(down, well, 2) })],
    ["one call fails", () => send(stage, { answer: down, calls: 1 })],
    ["calls are slow", () => sendSlow(stage, slowMs(stage))],
    ["calls hang", () => sendSlow(stage, timeoutOf(stage))],
    ["a permit is forgotten", () => forget(stage)],
    ["the service asks to be left alone", () => send(stage, { answer: down, calls: 1, verdict: asked })],
    ...outsideSteps(stage, parts),
    ...partSteps(stage, parts),
    ["an operator forces it open", () => stage.breaker.forceOpen("model"), circuits],
    ["an operator releases it", () => stage.breaker.release("model"), circuits],
    ["an operator bypasses it", () => stage.breaker.bypass("model"), circuits],
    ["an operator shadows it", () => stage.breaker.shadow("model"), circuits],
    ["the process starts anew", () => restart(stage)],
    ["the process starts anew, and of its parts nothing was saved", () => restart(stage, withoutParts)],
    ...(parts.has("discovery")
      ? [["the process starts anew, and is told of no endpoints yet", () => restartUntold(stage)] as const]
      : []),
    ["an hour passes", () => stage.clock.advance(rememberedMs)],
    ...changes(given, config).map(([name, changed, part]): Step => {
      const run = () => stage.breaker.reconfigure(changed)
      return part === undefined ? [name, run] : [name, run, [part]]
    }),
    ...(hasComponents ? [["its components are replaced", () => replaceParts(stage), circuits] as const] : []),
    ["it drains", () => drain(stage), circuits],
    ["it stops", () => stopped(stage), circuits],
  ]
}
