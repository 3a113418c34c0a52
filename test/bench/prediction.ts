/**
 * `npm run bench:prediction [-- --quick]`
 *
 * Scores the anomaly detector by the rules of the Numenta Anomaly Benchmark on the files of test/bench/nab, plays services that fail
 * with and without a sign to the component `prediction`, and writes PREDICTION.md. `--quick` plays fewer of them, prints, and writes nothing.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { type AnomalyReport, anomalyReport } from "./prediction/anomalies.ts"
import { type ComponentCost, componentCosts } from "./prediction/costs.ts"
import { type Led, median, warningReport } from "./prediction/warnings.ts"

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } })

interface Goal {
  readonly goal: string
  readonly measured: string
  readonly isMet: boolean
}

const goal = (goal: string, value: number, isMet: boolean, unit = ""): Goal => ({
  goal,
  measured: `${Number(value.toFixed(2))}${unit}`,
  isMet,
})

function goalsOf(
  { rows, nanoseconds, bytes }: AnomalyReport,
  costs: readonly ComponentCost[],
  led: readonly Led[],
  alarmsADay: number,
): readonly Goal[] {
  const [standard] = rows as [AnomalyReport["rows"][number]]
  const dearest = Math.max(...costs.map((cost) => cost.nanoseconds))
  const numbers = Math.max(...costs.map((cost) => 8 * cost.numbers))
  const heaviest = Math.max(...costs.map((cost) => cost.bytes))
  const { fixed, optimised } = standard
  const control = led.find(({ name }) => name === "control")
  const lies = (control?.leads.filter((lead) => lead > 0).length ?? 0) + (control?.early ?? 0)
  return [
    goal("standard profile at the shipped threshold ≥ 76", fixed, fixed >= 76),
    goal("the same, good: ≥ 79", fixed, fixed >= 79),
    goal("not above 82: that would be over-fitting", fixed, fixed <= 82),
    goal("(a) − (b) ≤ 3", optimised - fixed, optimised - fixed <= 3),
    ...led
      .filter(({ name }) => name !== "control")
      .map(({ name, leads }) => goal(`${name}: median lead ≥ 20 s`, median(leads), median(leads) >= 20, " s")),
    goal("ordinary days: at most 1 false alarm a day", alarmsADay, alarmsADay <= 1),
    goal("control group: no claimed lead", lies, lies === 0),
    goal("detector: a sample ≤ 1 µs", nanoseconds, nanoseconds <= 1000, " ns"),
    goal("detector: a stream ≤ 1 kB", bytes, bytes <= 1000, " bytes"),
    goal("component: a sample ≤ 1 µs", dearest, dearest <= 1000, " ns"),
    goal("component: what is known of a measure ≤ 1 kB, as numbers", numbers, numbers <= 1000, " bytes"),
    goal("the same, as heap", heaviest, heaviest <= 1000, " bytes"),
  ]
}

const published = [
  ["ARTime", "74.9"],
  ["Numenta HTM", "70.1 to 70.5"],
  ["CAD OSE", "69.9"],
  ["Relative Entropy", "54.6"],
  ["Random Cut Forest", "51.7"],
  ["Windowed Gaussian", "39.6"],
  ["Bayes change point", "17.7"],
] as const

const anomalies = anomalyReport()
const warnings = warningReport(flags.quick ? 8 : 40, flags.quick ? 2 : 20)
const costs = componentCosts()
const goals = goalsOf(anomalies, costs, warnings.all, warnings.alarmsADay)

const numbers = Math.max(...costs.map((cost) => cost.numbers))

const report = `# What prediction is worth

Written by \`npm run bench:prediction\`. Everything here is computed by the code that runs in production; a second run writes the same figures, but
for the processor time.

| goal | measured | met |
| --- | --- | --- |
${goals.map(({ goal, measured, isMet }) => `| ${goal} | ${measured} | ${isMet ? "yes" : "**no**"} |`).join("\n")}

## Anomalies

\`recloser detect\` on the 28 files of \`test/bench/nab\`, a part of the Numenta Anomaly Benchmark (its licence lies beside them), by the benchmark's
scoring rules, written from their description and proven on cases computed by hand (\`test/bench/prediction/scoring.test.ts\`). 100 is every
anomaly found at the first row of its window and nothing else; 0 is silence. No row, name, label or length of a file reaches a score
before its time: the scores of a prefix are the prefix of the scores, which is a law with a test.

(a) is what the benchmark publishes of a detector: the threshold that is best for these files. (b) is what a user gets. In (c) each category is scored
at the threshold that is best for the other two: two of the three categories are artificial, hold 6 of the 36 windows, and have\nanomalies so plain that a threshold far too high for the third is best for them. (d) says how
much hangs on the threshold.

${anomalies.lines.join("\n")}

The constants were chosen on the given files, on copies of them and on streams of these generators together; the seeds of neither column were among
them. How far the columns lie apart says how much hangs on the draw. The first table flatters all the same, since its files were among those that
decided: what to expect of other streams is nearer to the copies. Rounding the constants to two digits moved the given files'
score by half a point; one window is worth 2.6.

Published on the whole benchmark (58 files, of which these are 28), standard profile, threshold optimised. It is no comparison: most of these
detectors were handed the lowest and the highest value of each file in advance, which is a look ahead (CAD OSE falls from 71.6 to 53.4 on
this part when its range is causal), and the files not given here are harder.

| detector | published |
| --- | --- |
${published.map(([name, score]) => `| ${name} | ${score} |`).join("\n")}

## Warnings

The component \`prediction\`, its production chart, on services that are modelled second by second (\`test/bench/prediction/precursors.ts\`): the load
grows beyond the capacity (ramp), memory leaks, a pool runs dry, a garbage collector takes over; each at another pace. The lead is the time
from the first of an unbroken row of warnings to the second in which less than 95 % of the calls succeed, 0 where there was none. The gauges' limits
are declared as a user would declare them. The services of the control group fail from one second to the next, without a sign: there any lead would be
a lie. The constants were chosen on worlds of other seeds than these. An ordinary day has a daily load, three swells of up to half the load, six steps of latency by up to 80 %, spikes, a sawtooth of memory.

${warnings.lines.join("\n")}

## What it costs

A slice a second, while there are calls, is a sample of each measure: error rate, latency and calls in flight, and up to 16 gauges of the user's.
Processor time is the least of five rounds; heap is that of 500 breakers that have learned. None of opossum, cockatiel, mollitia and Effect's
breaker foretells anything, so nothing stands beside it.

| what | measures | processor time a sample | bytes a measure |
| --- | --- | --- | --- |
| detector alone, as \`recloser detect\` runs it | 1 | ${Math.round(anomalies.nanoseconds)} ns | ${anomalies.bytes} of numbers |
${costs.map(({ measures, nanoseconds, bytes }) => `| component \`prediction\` | ${measures} | ${Math.round(nanoseconds)} ns | ${Math.round(bytes)} of heap |`).join("\n")}

What is known of a measure is ${numbers} numbers, ${anomalies.bytes / 8} of the detector and the others of the forecast: ${8 * numbers} bytes. The rest of the heap is what
JavaScript adds to numbers that stand in objects.

## What this does not measure

- Real services: the models have the shapes of failures, not their surroundings. No warning here was acted upon, so none could avert its failure.
- Days are modelled alike: a load that no day before it had, or a deployment, may warn.
- False alarms on ordinary days are nearly all of one kind: swells of the load that double the latency, and turn before anything fails.
- The detector's scores on files that were not given.
`

if (flags.quick) console.log(report)
else writeFileSync(new URL("PREDICTION.md", import.meta.url), report)
for (const { goal, measured, isMet } of goals) console.log(`${isMet ? "met   " : "MISSED"} ${goal}: ${measured}`)
