/**
 * The window of evidence as an immutable value: what a breaker actor keeps when it runs alone, and the
 * plain meaning that the data plane's mutable ring must agree with (the differential law compares them).
 */
import type { Bound, Statistics } from "./circuit.ts"
import type { RatioLine, WindowShape } from "./gate.ts"

/** One settled call as the window sees it. */
export interface Sample {
  readonly at: number
  readonly failure: boolean
  readonly slow: boolean
}

/** What a window counts. `row` is the number of bad samples since the last good one. */
export interface Counts {
  readonly calls: number
  readonly failures: number
  readonly slow: number
  readonly row: number
}

interface Bucket extends Counts {
  readonly index: number
}

export type Window =
  | { readonly type: "time"; readonly widthMs: number; readonly slices: number; readonly buckets: readonly Bucket[] }
  | ({
      readonly type: "count"
      readonly limit: number
      readonly maxAgeMs: number
      readonly chunks: Chunks
      readonly skip: number
    } & Counts)
  | ({ readonly type: "consecutive"; readonly maxAgeMs: number; readonly lastAt: number } & Counts)

type Chunks = readonly (readonly Sample[])[]

/** Small chunks keep adding to a long immutable window cheap: a copy touches one chunk and the spine. */
const chunkSize = 64

const none: Counts = { calls: 0, failures: 0, slow: 0, row: 0 }

export function emptyWindow(shape: WindowShape): Window {
  if (shape.type === "time") {
    return { type: "time", widthMs: shape.durationMs / shape.slices, slices: shape.slices, buckets: [] }
  }
  if (shape.type === "count") {
    return { type: "count", limit: shape.calls, maxAgeMs: shape.maxAgeMs, chunks: [], skip: 0, ...none }
  }
  return { type: "consecutive", maxAgeMs: shape.maxAgeMs, lastAt: Number.NEGATIVE_INFINITY, ...none }
}

const plus = (counts: Counts, sample: Sample): Counts => ({
  calls: counts.calls + 1,
  failures: counts.failures + (sample.failure ? 1 : 0),
  slow: counts.slow + (sample.slow ? 1 : 0),
  row: sample.failure || sample.slow ? counts.row + 1 : 0,
})

/** Forgets what is too old at `at`. A window forgets by age even when nothing arrives. */
export function expire(window: Window, at: number): Window {
  if (window.type === "time") {
    const oldest = Math.floor(at / window.widthMs) - window.slices + 1
    return { ...window, buckets: window.buckets.filter((bucket) => bucket.index >= oldest) }
  }
  if (window.type === "consecutive") {
    return at - window.lastAt >= window.maxAgeMs ? { ...window, ...none } : window
  }
  return forget(window, at - window.maxAgeMs, window.calls)
}

type CountWindow = Window & { readonly type: "count" }

/**
 * Drops samples that are not younger than `until`, at most so many of those there are, oldest first. Samples of the first chunk are skipped and chunks
 * dropped whole, so that an hour of silence costs one pass and not one copy for each sample.
 */
function forget(window: CountWindow, until: number, most: number): CountWindow {
  const { chunks } = window
  let { calls, failures, slow } = window
  let [chunk, skip] = [0, window.skip]
  for (let left = most; left > 0; left--) {
    const samples = chunks[chunk] as readonly Sample[]
    const sample = samples[skip] as Sample
    if (sample.at > until) break
    calls--
    if (sample.failure) failures--
    if (sample.slow) slow--
    if (++skip < samples.length) continue
    chunk++
    skip = 0
  }
  if (calls === window.calls) return window
  return { ...window, calls, failures, slow, chunks: chunk > 0 ? chunks.slice(chunk) : chunks, skip }
}

function append(chunks: Chunks, sample: Sample): Chunks {
  const last = chunks.at(-1)
  if (last === undefined || last.length >= chunkSize) return [...chunks, [sample]]
  return [...chunks.slice(0, -1), [...last, sample]]
}

/** Adds one sample; the window is first expired at the sample's time. */
export function addSample(before: Window, sample: Sample): Window {
  const window = expire(before, sample.at)
  if (window.type === "time") {
    const index = Math.floor(sample.at / window.widthMs)
    const last = window.buckets.at(-1)
    if (last?.index === index) {
      return { ...window, buckets: [...window.buckets.slice(0, -1), { index, ...plus(last, sample) }] }
    }
    return { ...window, buckets: [...window.buckets, { index, ...plus(none, sample) }] }
  }
  if (window.type === "consecutive") {
    const bad = sample.failure || sample.slow
    return { ...window, ...plus(bad ? window : none, sample), calls: bad ? window.calls + 1 : 0, lastAt: sample.at }
  }
  const room = window.calls >= window.limit ? forget(window, Number.POSITIVE_INFINITY, 1) : window
  return { ...room, ...plus(room, sample), chunks: append(room.chunks, sample) }
}

/** What the window counts at `at`. */
export function countsAt(before: Window, at: number): Counts {
  const window = expire(before, at)
  if (window.type !== "time") {
    return { calls: window.calls, failures: window.failures, slow: window.slow, row: window.row }
  }
  return window.buckets.reduce<Counts>(
    (sum, bucket) => ({
      calls: sum.calls + bucket.calls,
      failures: sum.failures + bucket.failures,
      slow: sum.slow + bucket.slow,
      row: 0,
    }),
    none,
  )
}

/** An alarm that rang is quiet again below this part of its line; then it may ring anew. */
const rearmAt = 0.8

/**
 * Which rule of the line the counts have reached. `overdue` calls are in flight and already older than the
 * slow line: each is a slow call, although it has not settled.
 */
export function reached(
  line: RatioLine,
  counts: Counts,
  overdue: number,
  scale = 1,
): "failureRatio" | "slowRatio" | "row" | undefined {
  if (line.window.type === "consecutive") return counts.row + overdue >= line.row * scale ? "row" : undefined
  const calls = counts.calls + overdue
  if (calls < line.minimumCalls) return undefined
  if (counts.failures >= line.failureRatio * scale * calls) return "failureRatio"
  return counts.slow + overdue >= line.slowRatio * scale * calls ? "slowRatio" : undefined
}

/** The counts that a line was reached with, and the figure that reached it. */
export function statisticsAt(
  line: RatioLine,
  rule: "failureRatio" | "slowRatio" | "row",
  counts: Counts,
  overdue: number,
): Statistics {
  const calls = (rule === "row" ? counts.row : counts.calls) + overdue
  const slow = counts.slow + overdue
  const bound: Bound =
    rule === "row"
      ? { of: "row", value: calls, line: line.row }
      : { of: "share", value: (rule === "slowRatio" ? slow : counts.failures) / calls, line: line[rule] }
  return { calls, failures: counts.failures, slow, bound }
}

/** Whether the counts have fallen so far below the line that a rung alarm is armed again. */
export const isQuiet = (line: RatioLine, counts: Counts, overdue: number): boolean =>
  reached(line, counts, overdue, rearmAt) === undefined
