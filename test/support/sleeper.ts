/**
 * A service of its own process, which asks the server at `url` for twenty answers at once, and is then put to sleep: `how` is `blocked`
 * (its event loop is) or `stopped` (by a signal). It reports each fact as a line, and what came of its calls.
 */
import { readFileSync, writeSync } from "node:fs"
import { createBreaker } from "../../src/index.ts"

const [url = "", how = ""] = process.argv.slice(2)
const breaker = createBreaker("service", { timeout: "1 second" })
const moves: string[] = []
breaker.on("transition", ({ from, to }) => moves.push(`${from} → ${to}`))
const ask = (path: string) =>
  breaker.tryExecute(async ({ signal }) => (await fetch(`${url}/${path}`, { signal })).text())

/** The reader must have it before anything else happens. */
const say = (line: string) => writeSync(1, `${line}\n`)

/** Waits for the end of its standard input, and does nothing else: no timer fires, and no answer is read. */
function block(): void {
  say("asleep")
  readFileSync(0)
}

for (let call = 0; call < 50; call++) await ask("quick")
/** The first of a process that other processes starve may take longer than they may: that is not what is tried here. */
const before = breaker.metrics().calls.timedOut
const flying = Array.from({ length: 20 }, () => ask("held"))
// Its own request is answered when all of the others have arrived.
await fetch(`${url}/arrived`)
if (how === "blocked") block()
else say("awake")
const ends = await Promise.all(flying)
const timedOut = breaker.metrics().calls.timedOut - before
say(JSON.stringify({ answered: ends.filter(({ ok }) => ok).length, moves, timedOut }))
process.exit()
