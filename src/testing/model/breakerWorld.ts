/** A breaker as a model walks it: the production code on virtual time, looked at through XState's inspection. */
import type { Breaker } from "../../Breaker.ts"
import { type ReadConfig, readConfig } from "../../BreakerConfig.ts"
import type { BreakerConfig } from "../../index.ts"
import { machines, rootKey } from "../../observability/drawing/machines.ts"
import type { TestModelOptions } from "../testModel.ts"
import { virtualClock } from "../virtualClock.ts"
import { breakerInvariants } from "./breakerInvariants.ts"
import { begin, breakerSteps, ordinarySteps, type Stage, stopped } from "./breakerSteps.ts"
import { ownInvariants, readLimits, readOwn } from "./modelOptions.ts"
import { modelOf, type TestModel } from "./paths.ts"
import { toldSteps } from "./told.ts"
import { Coverer, Watch } from "./watch.ts"
import type { World } from "./world.ts"

/** Chains of promises behind one call are shorter than this. */
const turns = 16

async function settle(): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined
}

const byLogic = new Map([...machines].map(([key, logic]) => [logic as unknown, key]))

/** What the root hears from its own parts, from a data plane, or from outcomes when it runs without one: no config makes it go otherwise. */
const inner =
  /^(?:xstate\.|breaker\.(?:attached|detached|start)|outcome\.|call\.)|\[(?:mayStart|hasFailed|allReady|isAlone)\]/

/** What the root only passes on, and to whom in this breaker. */
const signal =
  /^(?:alarm|probe|slice|throttle|budget|limit|pressure|forecast|dependency|features?|provider|endpoints|health|checks?)\./

/** Whether nobody in this breaker hears what the root passes on. */
function isUnheard(words: string, parts: ReadConfig["parts"]): boolean {
  const [type = ""] = words.split(" ")
  const heard = (one: string) => (type.endsWith(".*") ? one.startsWith(type.slice(0, -1)) : one === type)
  return signal.test(type) && !parts.some(({ plug }) => plug.hears.some(heard))
}

/** The charts of breakers, by the keys of the registry. */
export const breakerCoverer = ({ parts }: Pick<ReadConfig, "parts">): Coverer =>
  new Coverer({
    keyOf: (logic) => byLogic.get(logic),
    relay: rootKey,
    isInner: (chart, { words, from }) =>
      chart === rootKey && (inner.test(words) || from === "lifecycle.starting" || isUnheard(words, parts)),
  })

const rounded = (value: number): number | string => (Number.isFinite(value) ? Number(value.toPrecision(2)) : "free")

type Own = { readonly [name: string]: (breaker: Breaker) => unknown }

export function breakerWorld(config: BreakerConfig, coverer: Coverer, own: Own = {}): World {
  const watch = new Watch(coverer)
  const clock = Object.assign(virtualClock({}, settle), {
    load: () => ({ eventLoop: 0, memory: stage.memory }),
  })
  const stage = { clock, watch, config, memory: 0.2, troubles: [], inspect: watch.inspect } as unknown as Stage
  stage.breaker = begin(stage)
  return {
    clock,
    watch,
    steps: breakerSteps(stage),
    ordinary: ordinarySteps,
    told: new Map(toldSteps(stage)),
    invariants: new Map([...breakerInvariants(stage), ...ownInvariants(own, () => stage.breaker)]),
    where: () => (stage.breaker.phase === "active" ? stage.breaker.circuit : stage.breaker.phase),
    standing: () => watch.standing(),
    bounds: () => {
      const { share, probes, floor } = stage.breaker.assembly.plane.gate.restriction
      return `share ${rounded(share)}, probes ${rounded(probes)}, floor ${floor}`
    },
    close: () => stopped(stage),
  }
}

/** Most of what there is to find lies within these. */
const standard = { steps: 14, worlds: 1500, quiet: 0 }

export function modelOfBreaker(config: BreakerConfig, options: TestModelOptions): Promise<TestModel> {
  const limits = readLimits(options, standard)
  const own = readOwn<Breaker>(options.invariants)
  const read = readConfig("model", config)
  return modelOf(
    (coverer) => breakerWorld(config, coverer, own),
    () => breakerCoverer(read),
    limits,
  )
}
