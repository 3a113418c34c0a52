import { type Closers, createClosers } from "./closers.ts"
import { WELL } from "./faultyService.ts"
import { openInspection } from "./inspection.ts"
import { type Load, startLoad } from "./load.ts"
import { createMarks, type Marks } from "./marks.ts"
import { DEFAULT_DURATION, DEFAULT_RATE, type DemoOptions } from "./options.ts"
import { enact, type Phase, type Play, perSecondAt } from "./play.ts"
import { seedFor } from "./random.ts"
import { scenarios } from "./scenarios.ts"
import { openSide, type Side } from "./side.ts"
import { type Summary, summarise } from "./summary.ts"
import { RECENT_MS, type View } from "./view.ts"
import { every, follow, untilStopped } from "./watch.ts"

const TRAIL_BUCKETS = 16

interface Stage {
  readonly sides: readonly [guarded: Side, bare: Side]
  readonly play: Play
  readonly durationMs: number
  readonly nowMs: () => number
  readonly marks: Marks
}

/** Plays the incident against both gateways and resolves, with everything closed, to what came of it. */
export async function runIncident(options: DemoOptions, view: View, stop: AbortSignal): Promise<Summary> {
  const closers = createClosers()
  try {
    const stage = await setStage(options, view, closers)
    const load = await perform(stage, options, view, stop)
    const phases = stage.marks.phases()
    const [guarded, bare] = stage.sides.map((side, index) =>
      summarise(side.total.totals(), side.book, stage.play.hasFaults, load.skipped[index] ?? 0, side.classes()),
    )
    if (!guarded || !bare) throw new Error("a gateway has no summary")
    const seconds = Number((stage.nowMs() / 1000).toFixed(1))
    const statement = stage.play.statement(guarded, bare, phases)
    const { counted, isToldByPhase } = stage.play
    const told = { protected: guarded, unprotected: bare, statement, counted, ...(isToldByPhase ? { phases } : {}) }
    return { seed: options.seed, seconds, interrupted: stop.aborted, ...told }
  } finally {
    await closers.closeAll()
  }
}

async function setStage(options: DemoOptions, view: View, closers: Closers): Promise<Stage> {
  const durationMs = (options.duration ?? DEFAULT_DURATION) * 1000
  const perSecond = options.rate ?? DEFAULT_RATE
  const play = scenarios[options.scenario](durationMs, perSecond)
  const startedAt = performance.now()
  const nowMs = () => performance.now() - startedAt
  const trail = { bucketMs: durationMs / TRAIL_BUCKETS, buckets: TRAIL_BUCKETS }
  const common = { seed: options.seed, play, trail, nowMs }
  const inspector = await openInspection(options, true, closers)
  const guarded = await openSide({ ...common, protected: true, port: options.port }, closers)
  const bare = await openSide({ ...common, protected: false, port: 0 }, closers)
  const { seed } = options
  const { rules } = play.settings
  const hasFallback = play.lanes.some(({ fallback }) => fallback !== undefined)
  const places = { gateway: guarded.url, twin: bare.url, inspector, to: undefined }
  view.open({ ...places, seed, perSecond, durationMs, rules, hasFallback })
  return { sides: [guarded, bare], play, durationMs, nowMs, marks: createMarks([guarded.total, bare.total]) }
}

/** Runs load, incident and view until the end or a stop; a fault that cannot be switched ends the run with its error. */
async function perform(stage: Stage, options: DemoOptions, view: View, stop: AbortSignal): Promise<Load> {
  const { sides, nowMs, play } = stage
  const trouble = new AbortController()
  const load = startLoad({
    seed: seedFor(options.seed, "load"),
    perSecondAt: (atMs) => perSecondAt(play.phases, atMs),
    gateways: sides.map((side) => side.url),
    paths: play.lanes.map(({ name, share }) => ({ path: `/${name}`, share })),
    patienceMs: play.settings.patienceMs,
  })
  const refresh = () => view.refresh({ at: nowMs(), gateways: sides.map((side) => side.state(nowMs(), RECENT_MS)) })
  const ends = [
    follow(sides[0].breakers, view, nowMs),
    every(view.everyMs, refresh),
    enact(play.phases, nowMs, (phase) => {
      stage.marks.enter(phase.name)
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
  await Promise.all(services.map((service) => service.switchTo(phase.faults[service.name] ?? WELL)))
}

function tell(phase: Phase, view: View, at: number): void {
  const wordFor = (kind: string) => (phase.isOverloaded && kind === "none" ? "overload" : kind)
  const faults = Object.fromEntries(Object.entries(phase.faults).map(([service, { kind }]) => [service, wordFor(kind)]))
  view.phase({ at, name: phase.name, faults })
}
