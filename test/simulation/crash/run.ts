/** `npm run crash -- --kills 1000 --from 1`: `kill -9` at random points, and what the next life finds. Ends with an error unless it finds all. */
import { parseArgs } from "node:util"
import { type Lives, lives } from "./lives.ts"

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
let told = 0
const problemsOf = ({ unreadable, wedged, lost }: Lives) => [...unreadable, ...wedged, ...lost]
const found = await lives(seeds, (sofar) => {
  const problems = problemsOf(sofar)
  if (problems.length > told) console.log(problems.at(-1))
  told = problems.length
  if (sofar.kills % 100 === 0) console.log(`${sofar.kills} of ${kills} killed`)
})
const problems = problemsOf(found)
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
console.log(
  `${found.kills} kills in ${seconds} s, ${found.writes} writes finished before them, ${found.ill} lives took up a breaker that was not closed: ` +
    `${found.unreadable.length} unreadable, ${found.wedged.length} wedged, ${found.lost.length} lost`,
)
process.exitCode = problems.length === 0 && found.kills === kills ? 0 : 1
