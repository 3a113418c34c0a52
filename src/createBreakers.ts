import { AssembledBreaker } from "./assembledBreaker.ts"
import { type Breakers, KeyedBreaker, TabledBreakers } from "./Breakers.ts"
import { type BreakersConfig, readGroupConfig } from "./BreakersConfig.ts"
import { type Clock, systemClock } from "./Clock.ts"
import { readManySaved, type SavedBreaker } from "./control-plane/persistence.ts"
import { readSurroundings, shownIn, writerOf } from "./createBreaker.ts"
import { refuseStrangers } from "./knownOptions.ts"
import { type LogStyle, logMany, type RedactedLog } from "./observability/logging.ts"
import { Table } from "./table.ts"

export interface BreakersOptions {
  /** Where the breakers get their time from. Default: the process's clock. */
  readonly clock?: Clock | undefined
  /**
   * What `save()` returned, perhaps in another process. A key comes back as it was saved when it becomes known for the first time: an
   * open one waits for what remained of its wait, one that the operator held is held. Its config is code, and not saved.
   * Of more than `max` those are kept that the operator held, then those that it names first.
   */
  readonly restore?: readonly SavedBreaker[] | undefined
  /**
   * Structured logs of transitions, operator acts and troubles of all keys on the console. They tell keys in clear, whatever the inspector
   * hides: `redactedLog` of `recloser/inspect` hides them here, too. Default: none.
   */
  readonly log?: LogStyle | RedactedLog | false | undefined
}

/**
 * Makes a breaker for each key as it is asked for: for each host, tenant or shard. Throws `InvalidConfig`.
 *
 * What a key costs. A quiet one is a name and a few numbers, about half a kilobyte at most: one that had no more than 12 calls within
 * `idle`, none of which rang an alarm. A busier one is measured and learned from, and takes some 30 KB with the default config: a
 * hundred thousand of those would be 3 GB. Where so many keys are busy, `{ strategy: "basic", metrics: false, timeout: "2 seconds" }`
 * leaves nothing to learn, and a key takes 6 KB. One whose circuit has moved, that the operator has acted on, that `gradual` has
 * learned from, or that took a config, dependencies or a saved state of its own has actors until it is forgotten. Any other becomes
 * quiet again when its calls do; what it still knows then are the calls of the last `idle`.
 *
 * What is bounded. At most `max` keys are known. Room for a new one is made by forgetting the one that was used least recently
 * among those whose circuit is closed, with no calls in flight, not held by the operator, and with no listeners of their own.
 * When there is none, calls of the new key run unprotected: a full table must not fail calls that would have succeeded. They
 * are counted as `unprotected` in `metrics()`, and told as `trouble` at most once a second. An act of the operator on such a
 * key, or a listener for it, throws `RangeError`. One that another breaker depends on is in use; when it is stopped, that one
 * depends on nobody until it is handed the new breaker of the key.
 *
 * @example
 * import { createBreakers } from "recloser"
 * import assert from "node:assert/strict"
 *
 * const perHost = createBreakers({ max: 1000, config: (host) => ({ timeout: host.endsWith(".example") ? 500 : 2000 }) })
 * assert.equal(await perHost.get("api.example").execute(async () => "answer"), "answer")
 * assert.equal(perHost.metrics().calls.success, 1)
 * perHost.get("bad.example").forceOpen("maintenance")
 * await perHost.stop()
 *
 * // In the next process, after JSON and back.
 * const again = createBreakers({}, { restore: perHost.save() })
 * assert.equal(again.get("bad.example").mode, "forcedOpen")
 * await again.stop()
 */
export function createBreakers(config: BreakersConfig = {}, options: BreakersOptions = {}): Breakers {
  refuseStrangers(options, ["clock", "log", "restore"])
  const { clock = systemClock, log, restore } = options
  readSurroundings(clock, log)
  const table = new Table<AssembledBreaker, KeyedBreaker>({
    ...readGroupConfig(config),
    saved: readManySaved(restore),
    clock,
    face: (assembly, scope) => new AssembledBreaker(assembly, scope),
    member: (name, recipe, classify, group) => new KeyedBreaker(name, recipe, classify, group),
  })
  const breakers = new TabledBreakers(table)
  if (log) logMany(breakers, writerOf(log, clock), shownIn(log))
  return breakers
}
