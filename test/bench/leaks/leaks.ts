/**
 * `npm run leaks -- --calls 1e8`: calls of many kinds, round after round; after the warm-up the memory of the process must grow by less
 * than 1 MB in ten million calls, and when all have stopped nothing of them may be left: no handle, no timer, no listener, no fiber,
 * no object of ours. Ends with an error unless that is so. `--snapshot FILE` writes the heap as it is then.
 *
 * Fewer than ten million calls say more of the allocator than of a growth of 1 MB in ten million. Of those it is told, kind by kind, how
 * much each call leaves in the heap, and that must be less than a leak would: see `growth.ts`.
 */
import { getEventListeners } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { writeHeapSnapshot } from "node:v8"
import { systemClock, wheelOf } from "../../../src/Clock.ts"
import { collectGarbage } from "../measure.ts"
import { type Counts, census } from "./census.ts"
import { type Growth, growthOf, leastLeak, windows } from "./growth.ts"
import { callerSignal, worlds } from "./worlds.ts"

const { values } = parseArgs({ options: { calls: { type: "string", default: "1e8" }, snapshot: { type: "string" } } })
const calls = Number(values.calls)
if (!Number.isInteger(calls) || calls < 1000) {
  console.error(`--calls must be a whole number from 1000, and is ${values.calls}`)
  process.exit(2)
}
const isLong = calls >= 1e7
const rounds = 30
const warmUp = 10
/** Worlds with a smaller part are not measured by their heap. */
const leastPart = 0.001
const mb = (bytes: number): number => bytes / 1e6

interface Sample {
  readonly calls: number
  readonly rss: number
  readonly heap: number
}

/** Least squares, in megabytes for ten million calls. */
function slopeOf(samples: readonly Sample[], of: "rss" | "heap"): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(samples.map((one) => one.calls)), mean(samples.map((one) => one[of]))]
  const covariance = mean(samples.map((one) => (one.calls - x) * (one[of] - y)))
  return mb(covariance / mean(samples.map((one) => (one.calls - x) ** 2))) * 1e7
}

/** Whatever ends a moment after its owner has: the last sockets of a server, closed files. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await new Promise(setImmediate)
    if (turn % 10 === 0) collectGarbage()
  }
}

const folder = mkdtempSync(join(tmpdir(), "recloser-leaks-"))
const files = { endpoints: join(folder, "endpoints.json"), recording: join(folder, "recording.ndjson") }
writeFileSync(files.endpoints, '["10.0.0.1:80", "10.0.0.2:80"]')

const handles = (): readonly string[] => process.getActiveResourcesInfo().sort()
const listening = (): number => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
// Pipes to whoever reads this are no leak: they are there before.
console.log(`${calls} calls${isLong ? ` in ${rounds} rounds` : ""}`)
console.warn(isLong ? `memory is measured after the first ${warmUp}` : "memory is measured kind by kind")
wheelOf(systemClock)
const before = { handles: handles(), listening: listening(), living: census() }

/** Kind by kind, in equal parts. A life of a breaker takes too long to be lived often enough: what is left of it is counted in the end. */
async function grow(): Promise<readonly Growth[]> {
  const chosen = worlds(files)
  const found: Growth[] = []
  for (const world of chosen) {
    if (world.part < leastPart) await world.run(1)
    else found.push(await growthOf(world, Math.ceil(calls / ((windows.filling + windows.counted) * chosen.length))))
  }
  for (const { stop } of chosen) await stop()
  return found
}

async function live(): Promise<readonly Sample[]> {
  const all = worlds(files)
  const samples: Sample[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const { part, run } of all) await run(Math.ceil((calls / rounds) * part))
    await settle()
    const { rss, heapUsed } = process.memoryUsage()
    samples.push({ calls: (calls / rounds) * round, rss, heap: heapUsed })
    if (round % 5 === 0)
      console.log(
        `${Math.round((calls / rounds) * round)} calls: ${mb(rss).toFixed(1)} MB, heap ${mb(heapUsed).toFixed(2)} MB`,
      )
  }
  for (const { stop } of all) await stop()
  return samples
}

const startedAt = performance.now()
const samples = isLong ? (await live()).slice(warmUp) : []
const growths = isLong ? [] : await grow()
await settle()

const left: string[] = []
const expectNone = (what: string, count: number) => {
  if (count !== 0) left.push(`${count} ${what}`)
}
const extra = (now: readonly string[]) => {
  const rest = [...before.handles]
  return now.filter((name) => !(rest.includes(name) && rest.splice(rest.indexOf(name), 1)))
}
for (const name of extra(handles())) left.push(`handle ${name}`)
expectNone("timers of ours", wheelOf(systemClock).size)
expectNone("listeners of the caller's signal", getEventListeners(callerSignal, "abort").length)
expectNone("listeners of the process", listening() - before.listening)
const living: Counts = census()
for (const [name, count] of Object.entries(living)) expectNone(`of ${name}`, count - (before.living[name] ?? 0))
if (values.snapshot !== undefined) console.log(writeHeapSnapshot(values.snapshot))
rmSync(folder, { recursive: true, force: true })

const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)

/** Says how memory has grown; answers whether it has grown too much. */
function tellGrowth(): boolean {
  if (isLong) {
    const [rss, heap] = [slopeOf(samples, "rss"), slopeOf(samples, "heap")]
    const grown = `memory grows by ${rss.toFixed(2)} MB, the heap by ${heap.toFixed(2)} MB`
    console.log(`${calls} calls in ${seconds} s; in ten million calls ${grown}`)
    return rss >= 1
  }
  for (const { name, perCall, residentPerCall } of growths)
    console.log(
      `${name}: each call adds ${perCall.toFixed(1)} bytes to the heap, ${residentPerCall.toFixed(1)} to the process`,
    )
  const leaky = growths.filter(({ perCall }) => perCall >= leastLeak)
  const found =
    leaky.length === 0
      ? "nothing leaks"
      : `${leaky.map(({ name }) => name).join(", ")} ${leaky.length === 1 ? "leaks" : "leak"}`
  console.log(
    `${calls} calls in ${seconds} s; by the heap ${found}: a leak keeps ${leastLeak} bytes of a call at least`,
  )
  return leaky.length > 0
}

const grows = tellGrowth()
console.log(
  `left when all have stopped: ${left.length === 0 ? `nothing (${Object.keys(living).length} classes looked for)` : left.join(", ")}`,
)
process.exitCode = left.length > 0 || grows ? 1 : 0
