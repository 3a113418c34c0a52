/** An incident on a virtual clock, recorded: a service fails for a while, and comes back. */
import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Breaker, type BreakerConfig, createBreaker } from "recloser"
import { type RecorderOptions, startRecorder } from "recloser/inspect"
import { createVirtualClock, type VirtualClock } from "recloser/testing"

export const folder = (): string => mkdtempSync(join(tmpdir(), "recloser-incident-"))

/** Waits in the clock's time. */
export const after = (clock: VirtualClock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.arm(ms, resolve, false)
  })

export interface Incident {
  readonly file: string
  /** How each call was decided, in order. */
  readonly decisions: readonly string[]
  readonly content: () => Buffer
}

export interface IncidentOptions {
  readonly config?: BreakerConfig
  /** Every call every so many milliseconds. */
  readonly gapMs?: number
  readonly seconds?: number
  /** From when to when the service fails. */
  readonly fails?: readonly [number, number]
  /** Which of the calls meanwhile; all, if it is left out. */
  readonly dead?: (call: number) => boolean
  readonly recorder?: Partial<RecorderOptions>
  readonly key?: (call: number) => string
  readonly feature?: (call: number) => string
  /** The second at which the recorder joins; without it, it is there before the breaker. */
  readonly joinsAt?: number
  readonly act?: (breaker: Breaker, second: number) => void
}

/** Plays an incident and records it. */
export async function incident(options: IncidentOptions = {}): Promise<Incident> {
  const {
    config = {},
    gapMs = 20,
    seconds = 20,
    fails = [5, 11],
    joinsAt,
    act,
    key,
    feature,
    dead = () => true,
  } = options
  const clock = createVirtualClock({ start: 1000, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
  const file = join(folder(), "incident.ndjson")
  const record = () => startRecorder({ file, clock, breakers: (name) => name === "payments", ...options.recorder })
  let recorder = joinsAt === undefined ? record() : undefined
  const breaker = createBreaker("payments", config, { clock })
  const decisions: string[] = []
  for (let at = 0; at < seconds * 1000; at += gapMs) {
    if (at % 1000 === 0) act?.(breaker, at / 1000)
    if (at === (joinsAt ?? -1) * 1000) recorder = record()
    const isFailing = at >= fails[0] * 1000 && at < fails[1] * 1000 && dead(at / gapMs)
    const work = async () => {
      await after(clock, 5 + ((at / gapMs) % 7))
      if (isFailing) throw new Error("503")
    }
    const before = breaker.metrics().calls
    void breaker.tryExecute(work, { key: key?.(at / gapMs), feature: feature?.(at / gapMs) })
    const now = breaker.metrics().calls
    if (recorder !== undefined)
      decisions.push(now.rejected > before.rejected ? "refused" : now.probes > before.probes ? "probe" : "admitted")
    await clock.advance(gapMs)
  }
  await clock.advance(100)
  recorder?.stop()
  await breaker.stop()
  return { file, decisions, content: () => readFileSync(file) }
}
