/** `npm run crash -- --kills 1000 --from 1`: `kill -9` at random points, and what the next life finds. Ends with an error unless it finds all. */
import { parseArgs } from "node:util"
import { lives } from "./lives.ts"

const { values } = parseArgs({
  options: { kills: { type: "string", default: "1000" }, from: { type: "string", default: "1" } },
})
const [kills, from] = [Number(values.kills), Number(values.from)]
if (![kills, from].every((value) => Number.isInteger(value) && value > 0)) {
  console.error("--kills and --from must be whole numbers from 1")
  process.exit(2)
}
const startedAt = performance.now()
const seeds = Array.from({ length: kills }, (_, index) => from + index)
const found = await lives(seeds, ({ kills: count }) => {
  if (count % 100 === 0) console.log(`${count} of ${kills} killed`)
})
const problems = [...found.unreadable, ...found.wedged, ...found.lost]
for (const problem of problems.slice(0, 20)) console.log(problem)
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
console.log(
  `${found.kills} kills in ${seconds} s, ${found.writes} writes finished before them, ${found.ill} lives took up a breaker that was not closed: ` +
    `${found.unreadable.length} unreadable, ${found.wedged.length} wedged, ${found.lost.length} lost`,
)
process.exitCode = problems.length === 0 && found.kills === kills ? 0 : 1
