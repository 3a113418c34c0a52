import type { BreakerConfig } from "../../../src/index.ts"
import type { PolicyMaker } from "../policy.ts"
import type { Random } from "../random.ts"
import { gobreaker, polly, resilience4j } from "./breakers.ts"
import { cockatielAtRandom, cockatielWith, documentedCockatiel } from "./cockatiel.ts"
import { documentedEffect, effectAtRandom, effectWith } from "./effect.ts"
import { aimd, throttle } from "./limits.ts"
import { mollitia, mollitiaAtRandom } from "./mollitia.ts"
import { none } from "./none.ts"
import { opossum, opossumAtRandom } from "./opossum.ts"
import { recloser } from "./recloser.ts"

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
