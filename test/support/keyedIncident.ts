/** An incident of breakers by key on a virtual clock, recorded: seeded calls to many keys, some of which fail for a while. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type BreakerConfig, type Breakers, createBreakers } from "recloser"
import { type RecorderOptions, startRecorder } from "recloser/inspect"
import { createVirtualClock, type VirtualClock } from "recloser/testing"
import { Random } from "../../src/testing/simulation/random.ts"
import { after, folder } from "./incident.ts"

export interface KeyedIncidentOptions {
  readonly seed?: number
  readonly keys?: number
  readonly calls?: number
  readonly max?: number
  readonly idle?: string
  readonly config?: (key: string) => BreakerConfig
  /** Calls of these keys fail, between these parts of all calls. */
  readonly dead?: (key: number) => boolean
  readonly from?: number
  readonly to?: number
  readonly gapMs?: number
  readonly recorder?: Partial<RecorderOptions>
  readonly joinsAt?: number
  readonly act?: (breakers: Breakers, call: number, clock: VirtualClock) => void
}

export interface KeyedIncident {
  readonly file: string
  /** How calls were decided, by key, in order. */
  readonly decisions: ReadonlyMap<string, readonly string[]>
  readonly total: number
  /** The most keys that had actors at once. */
  readonly live: number
  content(): Buffer
}

export const nameOf = (key: number): string => `customer-${String(key).padStart(5, "0")}`

export async function keyedIncident(options: KeyedIncidentOptions = {}): Promise<KeyedIncident> {
  const { seed = 1, keys = 20, calls = 1500, max = 1000, idle = "1 minute", config = () => ({}), gapMs = 25 } = options
  const { dead = (key: number) => key % 5 === 0, from = 0.2, to = 0.5, joinsAt, act } = options
  const random = new Random([seed, 2, 3, 4])
  const clock = createVirtualClock({ start: 1000.25, wall: Date.UTC(2026, 10, 28, 14, 0, 0) })
  const file = join(folder(), "keyed.ndjson")
  const record = () =>
    startRecorder({ file, clock, breakers: (name) => name.startsWith("customer-"), ...options.recorder })
  let recorder = joinsAt === undefined ? record() : undefined
  const breakers = createBreakers({ max, idle: idle as "1 minute", config }, { clock })
  const decisions = new Map<string, string[]>()
  let [total, live] = [0, 0]
  for (let call = 0; call < calls; call++) {
    if (call === joinsAt) recorder = record()
    act?.(breakers, call, clock)
    // Few keys are called often, most now and then: some are busy, some learn, most rest between their calls.
    const key = Math.min(keys - 1, Math.floor(keys * random.unit() ** 3))
    const isFailing = dead(key) && call >= from * calls && call < to * calls
    const lastsMs = 1 + 40 * random.unit()
    const breaker = breakers.get(nameOf(key))
    let wasSent = false
    void breaker.tryExecute(async () => {
      wasSent = true
      await after(clock, lastsMs)
      if (isFailing) throw new Error("503")
    })
    if (recorder !== undefined) {
      total++
      decisions.set(nameOf(key), [...(decisions.get(nameOf(key)) ?? []), wasSent ? "sent" : "refused"])
    }
    await clock.advance(2 * gapMs * random.unit())
    if (call % 100 === 0) live = Math.max(live, breakers.metrics().live)
  }
  await clock.advance(100)
  recorder?.stop()
  await breakers.stop({ grace: 0 })
  return { file, decisions, total, live, content: () => readFileSync(file) }
}
