/** What can happen to the components of a breaker by its calls, and by the process that it lives in. */
import type { RecoverySettings } from "../../../machines/featuring.ts"
import { type Stage, type Steps, settingsOf } from "./stage.ts"
import { after, down, mixed, send, sendSlow, timeoutOf, well } from "./traffic.ts"
import { passTime } from "./world.ts"

const quotas = {
  tooMany: { kind: "failure", quota: { exceeded: true } },
  fewLeft: { kind: "success", quota: { remaining: 3, reset: "30 seconds" } },
  later: { kind: "failure", quota: { exceeded: true }, retryAfter: "20 seconds" },
} as const

function rateSteps(stage: Stage): Steps {
  const hear = (quota: keyof typeof quotas, goesOn = false) =>
    send(stage, { answer: quota === "fewLeft" ? well : down, verdict: quotas[quota], goesOn })
  const tooManyAnd = async (next: "fewLeft" | "later") => {
    await hear("tooMany", true)
    await hear(next, true)
    await stage.clock.advance("30 seconds")
  }
  return [
    ["the service says: too many", () => hear("tooMany")],
    ["the service says: too many, come back later", () => hear("later")],
    ["the service says: few left", () => hear("fewLeft")],
    ["the service says: too many, then few left, and half a minute passes", () => tooManyAnd("fewLeft")],
    ["the service says: too many, then come back later, and half a minute passes", () => tooManyAnd("later")],
    ["calls succeed for a minute", () => send(stage, { answer: well, calls: 3000, goesOn: true })],
  ]
}

const quietS = 215
const declineS = 330
/** A little up and down that is no trend, from -1 to 1. */
const wobble = (second: number): number => Math.sin(second * 12.9898) * Math.cos(second * 78.233)

/** A gauge that is at rest for minutes and then goes up: to where it would be far from usual, or to its limit. */
async function decline(stage: Stage): Promise<void> {
  const { breaker, clock } = stage
  if (breaker.circuit !== "closed" || breaker.mode !== "auto") return
  const { gauges = {} } = settingsOf<{ readonly gauges?: { readonly [name: string]: { readonly limit?: number } } }>(
    stage,
    "prediction",
  ) ?? { gauges: {} }
  const [name, { limit = 1 }] = Object.entries(gauges).find(([, gauge]) => gauge.limit !== undefined) ?? ["model", {}]
  const isWarned = () => breaker.metrics().components.prediction?.state === "warned"
  for (let second = 0; second < declineS; second++) {
    breaker.observe(name, (limit || 1) * (0.3 + 0.01 * Math.max(0, second - quietS) + 0.003 * wobble(second)))
    // The first ends the slice of the second before, the other begins the next.
    void breaker.tryExecute(well)
    void breaker.tryExecute(well)
    await clock.advance(1000)
    if (second > quietS && isWarned()) return
  }
}

/** The process says how full it is when a slice closes, so some calls pass. */
async function fill(stage: Stage, memory: number): Promise<void> {
  stage.memory = memory
  await send(stage, { answer: well, calls: 8, everyMs: 300 })
}

const prioritySteps = (stage: Stage): Steps => [
  ["many calls at once", () => sendSlow(stage, 400)],
  ["memory runs short", () => fill(stage, 0.93)],
  ["memory runs out", () => fill(stage, 0.99)],
  ["memory is free again", () => fill(stage, 0.2)],
]

/** Now and then one that hangs, or takes longer than calls may: whether that would help is what trials find out. */
const timeoutSteps = (stage: Stage): Steps => {
  const beside = (ms: number, every: number) => () =>
    send(stage, { answer: mixed(well, after(stage.clock, ms), every), calls: 1000, everyMs: 10 })
  return [
    ["a few calls hang", () => beside(10 * timeoutOf(stage), 200)()],
    ["a few calls need longer than they may", () => beside(1.5 * timeoutOf(stage), 200)()],
  ]
}

const mostFeatures = 3
const mostWaits = 12

function featureSteps(stage: Stage): Steps {
  const names = (settingsOf<RecoverySettings>(stage, "recovery")?.features ?? []).map(({ name }) => name)
  const others = async (feature: string, answer: typeof well) => {
    // Beside calls that are well: else it is the service.
    for (let turn = 0; turn < 15; turn++) {
      await send(stage, { answer, calls: 1, features: [feature], goesOn: true })
      await send(stage, { answer: well, calls: 8, features: [undefined], everyMs: 5, goesOn: true })
    }
  }
  const tested = async (answer: typeof well) => {
    const isTested = () => {
      const features = stage.breaker.metrics().components.recovery?.features ?? {}
      return Object.values(features).some(({ state }) => state === "testing")
    }
    for (let time = 0; time < mostWaits && !isTested(); time++) await passTime(stage)
    await send(stage, { answer, features: names, goesOn: true })
  }
  const few = names.slice(0, mostFeatures)
  const inTurn = async () => {
    for (const name of few.toReversed()) await others(name, down)
  }
  return [
    ["calls of every feature succeed", () => send(stage, { answer: well, features: names })],
    ["calls of every feature fail", () => send(stage, { answer: down, features: names })],
    ["a feature comes to its test, and its calls succeed", () => tested(well)],
    ["a feature comes to its test, and its calls fail", () => tested(down)],
    ["calls of one feature after the other fail", inTurn],
    ...few.map((name) => [`calls of ${name} fail`, () => others(name, down)] as const),
    ...few.map((name) => [`calls of ${name} succeed`, () => others(name, well)] as const),
  ]
}

const by: { readonly [part: string]: (stage: Stage) => Steps } = {
  rateLimit: rateSteps,
  prediction: (stage) => [["the service declines", () => decline(stage)]],
  priority: prioritySteps,
  timeout: timeoutSteps,
  recovery: featureSteps,
}

export const partSteps = (stage: Stage, parts: ReadonlySet<string>): Steps =>
  Object.entries(by).flatMap(([part, steps]) =>
    parts.has(part) ? steps(stage).map(([name, run]) => [name, run, [part]] as const) : [],
  )
