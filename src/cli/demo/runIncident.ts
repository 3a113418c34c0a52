import { type Closers, createClosers } from "./closers.ts"
import { type Phase, play, script } from "./incident.ts"
import { openInspection } from "./inspection.ts"
import { type Load, startLoad } from "./load.ts"
import { DEFAULT_DURATION, DEFAULT_RATE, type DemoOptions } from "./options.ts"
import { seedFor } from "./random.ts"
import { settingsFor } from "./settings.ts"
import { openSide, type Side } from "./side.ts"
import { type Summary, statementOf, summarise } from "./summary.ts"
import { RECENT_MS, type View } from "./view.ts"
import { every, follow, untilStopped } from "./watch.ts"

const TRAIL_BUCKETS = 16

interface Stage {
  readonly sides: readonly [guarded: Side, bare: Side]
  readonly phases: readonly Phase[]
  readonly perSecond: number
  readonly durationMs: number
  readonly patienceMs: number
  readonly nowMs: () => number
}

/** Plays the incident against both gateways and resolves, with everything closed, to what came of it. */
export async function runIncident(options: DemoOptions, view: View, stop: AbortSignal): Promise<Summary> {
  const closers = createClosers()
  try {
    const stage = await setStage(options, view, closers)
    const load = await perform(stage, options, view, stop)
    const [guarded, bare] = stage.sides.map((side, index) =>
      summarise(side.total.totals(), side.book, true, load.skipped[index] ?? 0),
    )
    if (!guarded || !bare) throw new Error("a gateway has no summary")
    const seconds = Number((stage.nowMs() / 1000).toFixed(1))
    const statement = statementOf(guarded, bare)
    return { seed: options.seed, seconds, interrupted: stop.aborted, protected: guarded, unprotected: bare, statement }
  } finally {
    await closers.closeAll()
  }
}

async function setStage(options: DemoOptions, view: View, closers: Closers): Promise<Stage> {
  const durationMs = (options.duration ?? DEFAULT_DURATION) * 1000
  const perSecond = options.rate ?? DEFAULT_RATE
  const settings = settingsFor(durationMs, perSecond)
  const startedAt = performance.now()
  const nowMs = () => performance.now() - startedAt
  const trail = { bucketMs: durationMs / TRAIL_BUCKETS, buckets: TRAIL_BUCKETS }
  const common = { seed: options.seed, settings, trail, nowMs }
  const inspector = await openInspection(options, true, closers)
  const guarded = await openSide({ ...common, protected: true, port: options.port }, closers)
  const bare = await openSide({ ...common, protected: false, port: 0 }, closers)
  const { seed } = options
  const rules = settings.rules
  view.open({ gateway: guarded.url, twin: bare.url, inspector, to: undefined, seed, perSecond, durationMs, rules })
  const phases = script(durationMs, settings.slowMs)
  return { sides: [guarded, bare], phases, perSecond, durationMs, patienceMs: settings.patienceMs, nowMs }
}

/** Runs load, incident and view until the end or a stop; a fault that cannot be switched ends the run with its error. */
async function perform(stage: Stage, options: DemoOptions, view: View, stop: AbortSignal): Promise<Load> {
  const { sides, nowMs } = stage
  const trouble = new AbortController()
  const load = startLoad({
    seed: seedFor(options.seed, "load"),
    perSecond: stage.perSecond,
    gateways: sides.map((side) => side.url),
    paths: sides[0].services.map((service) => `/${service.name}`),
    patienceMs: stage.patienceMs,
  })
  const refresh = () => view.refresh({ at: nowMs(), gateways: sides.map((side) => side.state(nowMs(), RECENT_MS)) })
  const ends = [
    follow(sides[0].breakers, view, nowMs),
    every(view.everyMs, refresh),
    play(stage.phases, nowMs, (phase) => {
      enter(phase, sides).catch((error: unknown) => trouble.abort(error))
      tell(phase, view, nowMs())
    }),
  ]
  await untilStopped(stage.durationMs - nowMs(), AbortSignal.any([stop, trouble.signal]))
  await load.stop()
  for (const end of ends) end()
  trouble.signal.throwIfAborted()
  return load
}

async function enter(phase: Phase, sides: readonly Side[]): Promise<void> {
  const services = sides.flatMap((side) => side.services)
  await Promise.all(services.map((service) => service.switchTo(phase.faults[service.name as keyof Phase["faults"]])))
}

function tell(phase: Phase, view: View, at: number): void {
  const faults = Object.fromEntries(Object.entries(phase.faults).map(([service, { kind }]) => [service, kind]))
  view.phase({ at, name: phase.name, faults })
}
