/** A breaker as a model walks it: the production code on virtual time, looked at through XState's inspection. */
import type { Breaker } from "../../Breaker.ts"
import { readConfig } from "../../BreakerConfig.ts"
import type { BreakerConfig } from "../../index.ts"
import { machines, rootKey } from "../../observability/drawing/machines.ts"
import type { TestModelOptions } from "../testModel.ts"
import { virtualClock } from "../virtualClock.ts"
import { reasonsOf } from "./beyond.ts"
import { breakerInvariants } from "./breakerInvariants.ts"
import { breakerSteps, longSteps, ordinarySteps } from "./breakerSteps.ts"
import { ownInvariants, readLimits, readOwn, refuseTaken } from "./modelOptions.ts"
import { toldAtFirst } from "./outsideSteps.ts"
import { modelOf, type TestModel } from "./paths.ts"
import { freshScripts, scripted } from "./scripts.ts"
import { begin, type Stage, type Steps, settingsOf, stopped } from "./stage.ts"
import { toldSteps } from "./told.ts"
import { Coverer, Watch } from "./watch.ts"
import type { World } from "./world.ts"

/** Chains of promises behind one call are shorter than this. */
const turns = 16

async function settle(): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined
}

const byLogic = new Map([...machines].map(([key, logic]) => [logic as unknown, key]))

/** The charts of breakers, by the keys of the registry. */
export const breakerCoverer = (): Coverer => new Coverer({ keyOf: (logic) => byLogic.get(logic), relay: rootKey })

const rounded = (value: number): number | string => (Number.isFinite(value) ? Number(value.toPrecision(2)) : "free")

const byName = (steps: Steps): ReadonlyMap<string, () => unknown> => new Map(steps.map(([name, run]) => [name, run]))

type Own = { readonly [name: string]: (breaker: Breaker) => unknown }

export async function breakerWorld(config: BreakerConfig, coverer: Coverer, own: Own = {}): Promise<World> {
  const watch = new Watch(coverer)
  const clock = Object.assign(virtualClock({}, settle), {
    load: () => ({ eventLoop: 0, memory: stage.memory }),
  })
  const scripts = freshScripts()
  const base = { clock, watch, scripts, given: config, config: scripted(config, scripts) }
  const stage = { ...base, memory: 0.2, troubles: [], inspect: watch.inspect } as unknown as Stage
  stage.breaker = begin(stage)
  scripts.provider.tell(toldAtFirst(settingsOf(stage, "discovery") ?? {}))
  await clock.advance(0)
  const always = breakerInvariants(stage)
  refuseTaken(own, always.keys())
  const [outside, told] = [breakerSteps(stage), [...longSteps(stage), ...toldSteps(stage)]]
  return {
    clock,
    watch,
    steps: byName(outside),
    ordinary: ordinarySteps,
    told: byName(told),
    concerns: new Map([...outside, ...told].flatMap(([name, , parts]) => (parts === undefined ? [] : [[name, parts]]))),
    invariants: new Map([...always, ...ownInvariants(own, () => stage.breaker)]),
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
const standard = { steps: 14, worlds: 2500, quiet: 0 }

export function modelOfBreaker(config: BreakerConfig, options: TestModelOptions): Promise<TestModel> {
  const limits = readLimits(options, standard)
  const own = readOwn<Breaker>(options.invariants)
  const read = readConfig("model", config)
  return modelOf((coverer) => breakerWorld(config, coverer, own), breakerCoverer, limits, reasonsOf(read))
}
