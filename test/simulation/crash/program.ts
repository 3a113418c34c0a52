/**
 * One life of a service that is killed: it takes up what was saved before it, shows that its breakers are not wedged, and then saves
 * on and on while its dependency is ill and well, until it is killed. A line on stdout for each fact.
 */
import { createBreaker, createBreakers, defineConfig, type SavedBreaker } from "../../../src/index.ts"
import { readSavedState, writeSavedState } from "../../../src/inspect.ts"
import { createVirtualClock } from "../../../src/testing/index.ts"
import { stream } from "../../../src/testing/simulation/random.ts"

/** Much to save: the file takes a while to write. */
const protecting = defineConfig({
  timeout: { min: "100 millis" },
  rateLimit: { limit: 10_000, perKey: { limit: 1, interval: "10 minutes", max: 20_000 } },
  retry: true,
})
const brittle = defineConfig({ strategy: { type: "basic", window: { type: "consecutive", failures: 3 } } })

const [folder = ".", life = "0"] = process.argv.slice(2)
const say = (fact: object) => process.stdout.write(`${JSON.stringify(fact)}\n`)
const random = stream(Number(life), "crash")
const files = { one: `${folder}/one.json`, many: `${folder}/many.json` }

const one = await readSavedState(files.one)
const many = await readSavedState<readonly SavedBreaker[]>(files.many)
// Each life goes on where the wall clock of the last one stood, so that waits are as long as they would be.
const wall =
  Math.max(one?.savedAt ?? 0, ...(many ?? []).map(({ savedAt }) => savedAt)) + Math.floor(random.between(0, 5000))
const clock = createVirtualClock({ wall })
const breaker = createBreaker("one", protecting, { clock, restore: one })
const keyed = createBreakers({ idle: "1 hour", config: () => brittle }, { clock, restore: many })
const troubles: string[] = []
breaker.on("trouble", ({ part, error }) => troubles.push(`${part}: ${String(error)}`))
keyed.on("trouble", ({ part, error }) => troubles.push(`${part}: ${String(error)}`))

const all = [breaker, ...["a", "b", "c", "d"].map((key) => keyed.get(key))]

let newcomers = 0
/** Nobody whom an earlier life has served: it may have spent what it was allowed. */
const newcomer = () => `newcomer ${newcomers++} of life ${life}`

/** The service is well: everybody who was not held by an operator gets back to it within ten minutes. */
async function recovers(): Promise<readonly string[]> {
  for (const each of all) each.release("the next shift")
  const isWell = (each: (typeof all)[number]) =>
    each.circuit === "closed" && each.wouldReject({ key: newcomer() }) === undefined
  for (let second = 0; second < 600 && !all.every(isWell); second++) {
    for (const each of all) await each.tryExecute(async () => "well", { key: newcomer() })
    await clock.advance("1 second")
  }
  return all
    .filter((each) => !isWell(each))
    .map((each) => `${each.circuit}: ${each.wouldReject({ key: newcomer() })?.reason}`)
}

async function trouble(): Promise<void> {
  const badness = random.pick([0, 0.3, 1])
  const each = random.pick(all)
  for (let call = 0; call < 20; call++) {
    const ill = random.unit() < badness
    const work = async () => {
      if (ill) throw new Error("down")
    }
    await each.tryExecute(work, each === breaker ? { key: `customer ${Math.floor(random.between(0, 2000))}` } : {})
    await clock.advance(Math.floor(random.between(1, 200)))
  }
  if (random.unit() < 0.2) each.forceOpen("maintenance")
  else if (random.unit() < 0.3) each.release("done")
}

say({ restored: { one: one?.savedAt ?? 0, many: many?.length ?? 0 }, circuits: all.map(({ circuit }) => circuit) })
say({ wedged: await recovers(), troubles })
for (let save = 1; ; save++) {
  await trouble()
  const [first, second] = [breaker.save(), keyed.save()]
  await Promise.all([writeSavedState(files.one, first), writeSavedState(files.many, second)])
  say({ saved: save, at: first.savedAt })
}
