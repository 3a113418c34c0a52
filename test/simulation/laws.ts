/**
 * `npm run laws:nightly -- --sequences 1000000 --interleavings 1000000 --seed 1`: sequences of commands against the reference breaker, and
 * races against the law that nothing leaks, in portions of ten thousand, each with a seed of its own. A failure is shortened and printed.
 */
import { parseArgs } from "node:util"
import fc from "fast-check"
import { reached, recoversAlike } from "../support/gradualCommands.ts"
import { nothingLeaks, racesPerRun, seen } from "../support/interleaving.ts"
import { agrees, met } from "../support/referenceCommands.ts"

const { values } = parseArgs({
  options: {
    sequences: { type: "string", default: "1000000" },
    recoveries: { type: "string", default: "100000" },
    interleavings: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
  },
})

function whole(name: keyof typeof values): number {
  const value = Number(values[name])
  if (Number.isInteger(value) && value >= 0) return value
  console.error(`--${name} must be a whole number of 0 or more, and is ${values[name]}`)
  process.exit(2)
}

const first = whole("seed")
const portion = 10_000
/** A night is long: now and then it says how far it has come. */
const tellEveryMs = 60_000

/** What a whole night has of each: a shorter run says how long that would take here. */
const night = { interleavings: 1_000_000, sequences: 1_000_000, recoveries: 100_000 }

/** `held` counts what was held to the law so far; one run of fast-check holds `perRun` of them, more or less. */
async function hold(
  what: keyof typeof night,
  held: () => number,
  perRun: number,
  run: (options: fc.Parameters<unknown>) => unknown,
): Promise<boolean> {
  const count = whole(what)
  if (count === 0) return true
  const startedAt = performance.now()
  let toldAt = startedAt
  for (let seed = first; held() < count; seed++) {
    try {
      await run({ seed, numRuns: Math.ceil(Math.min(portion, count - held()) / perRun) })
    } catch (error) {
      console.log(`${what}, --seed ${seed}: ${error instanceof Error ? error.message : String(error)}`)
      if (error instanceof Error && error.cause instanceof Error) console.log(error.cause.stack)
      return false
    }
    if (performance.now() - toldAt < tellEveryMs) continue
    toldAt = performance.now()
    console.log(`${held()} of ${count} ${what} so far, up to --seed ${seed}`)
  }
  const seconds = (performance.now() - startedAt) / 1000
  const rate = held() / seconds
  console.log(
    `${held()} ${what} in ${seconds.toFixed(0)} s hold (${Math.round(rate)} a second; ${night[what]} take ${Math.round(night[what] / rate / 60)} min)`,
  )
  return true
}

const races = await hold(
  "interleavings",
  () => seen.races,
  racesPerRun,
  (options) => fc.assert(nothingLeaks, options as never),
)
const models = await hold(
  "sequences",
  () => met.sequences ?? 0,
  1,
  (options) => fc.assert(agrees, options as never),
)
const ramps = await hold(
  "recoveries",
  () => reached.sequences ?? 0,
  1,
  (options) => fc.assert(recoversAlike, options as never),
)
console.log(JSON.stringify({ interleavings: seen, sequences: met, recoveries: reached }))
process.exitCode = races && models && ramps ? 0 : 1
