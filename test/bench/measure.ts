/**
 * Rounds: every subject runs once per round, in the same order, so that whatever else the machine does
 * in that moment falls on all of them and cancels in the ratio of one round.
 */

/** One thing that is measured: runs `calls` calls and says how many ended the way its case demands. */
export interface Subject {
  readonly name: string
  readonly calls: number
  /** Untimed work before each timed run, such as refilling a window. */
  readonly prepare?: () => void | Promise<void>
  readonly run: (calls: number) => Promise<number>
}

/** Subject → one reading per round. */
export type Readings = Record<string, number[]>

export interface Plan {
  readonly rounds: number
  readonly warmUp: number
  /** Which process this is: the order of the subjects rotates with it. */
  readonly turn: number
}

/**
 * Nanoseconds per call of each subject, one reading per round. No collection is forced between rounds: it empties and shrinks
 * the young generation, and whoever runs next then pays for its growth (measured: 270 ns became 300 to 700).
 */
export async function measureRounds(subjects: readonly Subject[], plan: Plan): Promise<Readings> {
  const order = rotate(subjects, plan.turn)
  for (let round = 0; round < plan.warmUp; round++) {
    for (const subject of order) await nanosecondsPerCall(subject)
  }
  const readings = new Map<string, number[]>(order.map((subject) => [subject.name, []]))
  for (let round = 0; round < plan.rounds; round++) {
    for (const subject of order) readings.get(subject.name)?.push(await nanosecondsPerCall(subject))
  }
  return Object.fromEntries(readings)
}

async function nanosecondsPerCall(subject: Subject): Promise<number> {
  await subject.prepare?.()
  // A loop of resolved promises never lets a timer fire; between the runs each library's timers get their turn.
  await nextTurn()
  const startedAt = performance.now()
  const verified = await subject.run(subject.calls)
  const elapsedMs = performance.now() - startedAt
  if (verified !== subject.calls) {
    throw new Error(`${subject.name}: only ${verified} of ${subject.calls} calls ended as the case demands`)
  }
  return (elapsedMs * 1e6) / subject.calls
}

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc")
  globalThis.gc()
}

export function rotate<T>(items: readonly T[], by: number): T[] {
  const at = items.length === 0 ? 0 : by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
