/**
 * `npm run simulate:nightly -- --minutes 10`: bad days of seeds one after the other, until the time is over. A violation is shortened and
 * printed as JSON, to be kept in `bad-days/kept.ts`. `--from N` begins with another seed, `--seed N` plays one alone, `--days N` so many
 * whatever time it takes: the trace of all of them is the same on each version of Node (`npm run simulate:nodes`).
 *
 * A night that plays few calls proves little: by time there must be a million calls a minute, or `--at-least N` in all (0: however many).
 * Ends with 1 when an invariant did not hold, with 2 when it was misused, and with 3 when there were too few calls.
 */
import { parseArgs } from "node:util"
import { invariants } from "./bad-days/invariants.ts"
import { dayOf, play, type Violation } from "./bad-days/play.ts"
import { shrink } from "./bad-days/shrink.ts"

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    hours: { type: "string" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    days: { type: "string" },
    "at-least": { type: "string" },
  },
})

/** What ten minutes must come to, if a night is to prove anything: ten million calls. */
const callsPerMinute = 1_000_000

const number = (text: string, name: string): number => {
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  console.error(`--${name} must be a number of 0 or more, and is ${text}`)
  process.exit(2)
}

const lengthMs =
  values.hours === undefined ? number(values.minutes, "minutes") * 60_000 : number(values.hours, "hours") * 3_600_000
const only = values.seed === undefined ? undefined : number(values.seed, "seed")
const startedAt = performance.now()
const count = { days: 0, calls: 0, looks: 0 }
const found = new Map<string, number>()

async function tell(seed: number, { invariant, found: what }: Violation): Promise<void> {
  found.set(invariant, (found.get(invariant) ?? 0) + 1)
  console.log(`seed ${seed}: "${invariant}" does not hold: ${what}`)
  if ((found.get(invariant) ?? 0) > 1) return
  console.log(JSON.stringify(await shrink(dayOf(seed), invariant)))
}

const given = values.days === undefined ? undefined : number(values.days, "days")
const days = only === undefined ? given : 1
const isOver = (): boolean => (days === undefined ? performance.now() - startedAt >= lengthMs : count.days >= days)
const wanted = values["at-least"]
const byTime = days === undefined ? (lengthMs / 60_000) * callsPerMinute : 0
const atLeast = wanted === undefined ? byTime : number(wanted, "at-least")
let traces = 0

for (let seed = only ?? number(values.from, "from"); !isOver(); seed++) {
  const { calls, looks, violation, trace } = await play(dayOf(seed))
  count.days++
  count.calls += calls
  count.looks += looks
  if (violation) await tell(seed, violation)
  traces = Math.imul(traces ^ trace, 0x01000193) >>> 0
  if (only !== undefined) console.log(`seed ${seed}: trace ${trace.toString(16)}`)
}

const seconds = (performance.now() - startedAt) / 1000
const violations = [...found.values()].reduce((sum, one) => sum + one, 0)
const rate = Math.round(count.calls / seconds)
const { user, system } = process.cpuUsage()
const perCpuSecond = Math.round(count.calls / ((user + system) / 1e6))
console.log(
  `${count.days} days, ${count.calls} calls in ${seconds.toFixed(1)} s (${rate} a second, ${perCpuSecond} a second of processor time), ` +
    `${count.looks} looks at ${invariants.length} invariants, ${violations} violations`,
)
if (days !== undefined) console.log(`trace of all: ${traces.toString(16)}`)
const tooFew = count.calls < atLeast
if (atLeast > 0)
  console.log(
    tooFew
      ? `missed: ${count.calls} of ${atLeast} calls (${Math.floor((100 * count.calls) / atLeast)} %); that many take ${Math.ceil(atLeast / rate / 60)} minutes here`
      : `met: at least ${atLeast} calls`,
  )
process.exitCode = violations > 0 ? 1 : tooFew ? 3 : 0
