import type { BreakerConfig } from "../../../src/index.ts"
import { none } from "../../../src/testing/simulation/policies/none.ts"
import { recloser } from "../../../src/testing/simulation/policies/recloser.ts"
import { separately } from "../../../src/testing/simulation/policies/separate.ts"
import type { PolicyMaker } from "../../../src/testing/simulation/policy.ts"
import type { Random } from "../../../src/testing/simulation/random.ts"
import { gobreaker, polly, resilience4j, semian } from "./breakers.ts"
import { cockatielAtRandom, cockatielWith, documentedCockatiel } from "./cockatiel.ts"
import { documentedEffect, effectAtRandom, effectWith } from "./effect.ts"
import { aimd, gradient2, throttle } from "./limits.ts"
import { mollitia, mollitiaAtRandom } from "./mollitia.ts"
import { opossum, opossumAtRandom } from "./opossum.ts"

/** A package whose best settings are looked for at random, beside the ones it ships with. */
export interface Family {
  readonly shipped: PolicyMaker
  /** One setting, drawn. */
  atRandom(random: Random, id: string): PolicyMaker
}

export const families: readonly Family[] = [
  { shipped: opossum(), atRandom: (random, id) => opossum(opossumAtRandom(random), id) },
  { shipped: documentedCockatiel, atRandom: (random, id) => cockatielWith(cockatielAtRandom(random), id) },
  { shipped: mollitia(), atRandom: (random, id) => mollitia(mollitiaAtRandom(random), id) },
  { shipped: documentedEffect, atRandom: (random, id) => effectWith(effectAtRandom(random), id) },
]

/** Semian's own experiments give each worker a breaker; its thresholds are meant for one worker's calls. */
const semianPerWorker = separately(semian, "client")

const perKey = [opossum(), documentedCockatiel, documentedEffect].map((maker) => separately(maker, "key"))

/** Policies that make sense in one scenario alone. */
export const alsoIn: { readonly [scenario: string]: readonly PolicyMaker[] } = {
  S2: [semianPerWorker],
  S3: [semianPerWorker],
  S8: [gradient2],
  S9: [gradient2],
  S10: [gradient2],
  S11: perKey,
  S13: [gradient2],
}

/** Every policy as it ships, ours first. */
export const shipped = (config: BreakerConfig): readonly PolicyMaker[] => [
  recloser(config),
  none,
  ...families.map((family) => family.shipped),
  gobreaker,
  polly,
  resilience4j,
  throttle,
  aimd,
]
