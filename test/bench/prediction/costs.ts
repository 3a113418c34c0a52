/** What the component `prediction` costs: each slice of a second gives one sample to each measure that it follows. */
import {
  freshOutlook,
  mostFollowed,
  mostGauges,
  type Outlook,
  type PredictionSettings,
  seen,
} from "../../../machines/predicting.ts"
import { sliceAt, wobble } from "../../support/foretold.ts"
import { collectGarbage } from "../measure.ts"

export interface ComponentCost {
  readonly measures: number
  /** Processor time a sample, the least of five rounds. */
  readonly nanoseconds: number
  /** Heap and array buffers a measure, all that the component knows included. */
  readonly bytes: number
  /** Numbers among what is known of a measure. */
  readonly numbers: number
}

/** The numbers in a value, however deep. */
function numbersIn(value: unknown): number {
  if (typeof value === "number") return 1
  if (typeof value !== "object" || value === null) return 0
  return Object.values(value).reduce((sum: number, part) => sum + numbersIn(part), 0)
}

const outlooks = 500
const slices = 20_000
const settings: PredictionSettings = { horizonMs: 60_000, trips: false, gauges: { "gauge 0": { limit: 100 } } }

const sliceWith = (gauges: number) => (second: number) =>
  sliceAt(second, {
    bad: 1 + (second % 3),
    latencyMs: 50 * (1 + 0.05 * wobble(second)),
    running: 5 + (second % 2),
    gauges: Object.fromEntries(Array.from({ length: gauges }, (_, at) => [`gauge ${at}`, 40 + wobble(second + at)])),
  })

function cost(gauges: number): ComponentCost {
  const measures = mostFollowed - mostGauges + gauges
  const events = Array.from({ length: slices }, (_, at) => sliceWith(gauges)(at + 1))
  const learned = (count: number): Outlook =>
    events.slice(0, count).reduce((outlook, event) => seen(outlook, event, settings), freshOutlook)
  const nanoseconds = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    learned(slices)
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / slices / measures
  })
  const weigh = () => {
    collectGarbage()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const kept: Outlook[] = []
  const empty = weigh()
  for (let at = 0; at < outlooks; at++) kept.push(learned(400))
  const bytes = (weigh() - empty) / kept.length / measures
  const numbers = Math.max(...[...learned(400).followed.values()].map(numbersIn))
  return { measures, nanoseconds: Math.min(...nanoseconds), bytes, numbers }
}

export const componentCosts = (): readonly ComponentCost[] => [0, mostGauges].map(cost)
