/** S8: a service that grows slower the more calls are in it, and more of them than it can bear. */
import type { BreakerConfig } from "../../../BreakerConfig.ts"
import { type Column, goodput, p99, wasted } from "../columns.ts"
import { recloser } from "../policies/recloser.ts"
import type { PolicyMaker } from "../policy.ts"
import type { Scenario, Variant } from "../scenario.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { type SharingOptions, SharingServer } from "../worlds/sharing.ts"

const knee = 16
const aloneMs = 100
const horizonMs = 90_000
const patienceMs = 1000
/** Half as much again as the service can answer at its best. */
const perSecond = 1.5 * ((1000 * knee) / aloneMs)

const ofBest: Column = {
  id: "of best",
  unit: "%",
  meaning:
    "successes as a share of those with the best static limit, which has the same queue, and was found by trying many in this world",
  better: "more",
  compares: true,
  of: (run, best) => (100 * run.sum("success")) / best.sum("success"),
}

/** The same with the limit that a test of all has shown to be the best here. */
const withLimit =
  (limit: number) =>
  ({ priority, ...config }: BreakerConfig): PolicyMaker =>
    recloser({ ...config, priority: { ...(typeof priority === "object" ? priority : {}), limit } })

interface Growing {
  readonly id: string
  readonly best: number
  readonly service: Pick<SharingOptions, "stretch" | "pauses">
  readonly least?: number
}

const variant = ({ id, best, service, least = 95 }: Growing): Variant => ({
  id,
  goals: [[{ column: ofBest, least }]],
  columns: [ofBest, goodput, p99, wasted],
  beside: withLimit(best),
  primary: ofBest,
  calls: (perSecond * horizonMs) / 1000,
  shown: [0, 40],
  world: (seed) => ({
    horizonMs,
    faults: [],
    load: new PoissonLoad({ perSecond, seed }),
    server: new SharingServer({ ...service, aloneMs: ({ luck }) => -Math.log(1 - luck) * aloneMs }),
    patienceMs,
    tellsDeadline: true,
  }),
})

/** Up to the knee each call goes on as if it were alone; beyond, all are slower by a power of the excess. */
const beyond =
  (power: number, at: number = knee) =>
  (calls: number): number =>
    Math.max(1, calls / at) ** power

export const growing: Scenario = {
  id: "S8",
  title: "A service that grows slower with its load",
  gist: "services whose calls slow each other down, and half as many calls again as they can answer",
  about:
    "Open loop, Poisson arrivals of 240 calls a second for 90 s; callers wait 1 s, and say so. A call takes 100 ms (exponential) alone, and as long with up to 15 others; beyond 16 all grow slower together, with the first, second or third power of the excess, so that the service answers 160 a second at most, and with the higher powers fewer the more are in it. In one world it stands still every 250 ms for 4 ms for each call in it, as one that collects garbage does; in another its first 30 s are spent with a quarter of what it has. Calls whose callers have gone go on. The best static limit was found by trying all.",
  notMeasured: ["a knee that moves, save for the service that begins badly", "several clients of one service"],
  variants: [
    variant({ id: "linear", best: 40, service: { stretch: beyond(1) } }),
    variant({ id: "quadratic", best: 16, service: { stretch: beyond(2) } }),
    variant({ id: "cubic", best: 16, service: { stretch: beyond(3) } }),
    variant({
      id: "pauses",
      best: 16,
      least: 85,
      service: { stretch: beyond(2), pauses: { everyMs: 250, lengthMs: (calls) => 4 * calls } },
    }),
    variant({
      id: "bad at first",
      best: 16,
      service: { stretch: (calls, now) => (now < 30_000 ? beyond(2, knee / 4)(calls) : beyond(2)(calls)) },
    }),
  ],
}
