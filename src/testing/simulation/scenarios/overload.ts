/** S10: more calls than a service can answer, of classes that matter more and less, from two tenants. */
import type { Priority } from "../../../../machines/vocabulary/priority.ts"
import { type Column, p99, wasted } from "../columns.ts"
import type { Random } from "../random.ts"
import { binMs, type Recording } from "../record.ts"
import type { Goals, Scenario, Variant } from "../scenario.ts"
import type { Call } from "../world.ts"
import { PoissonLoad } from "../worlds/poisson.ts"
import { SlotsServer } from "../worlds/slots.ts"

const slots = 10
const serviceMs = 100
/** Calls that the service can answer in a second. */
const capacity = (1000 * slots) / serviceMs
const horizonMs = 60_000
const patienceMs = 1000

const classes: readonly { readonly priority: Priority; readonly below: number }[] = [
  { priority: "critical", below: 0.1 },
  { priority: "high", below: 0.3 },
  { priority: "normal", below: 0.6 },
  { priority: "low", below: 1 },
]
const tenants = ["one", "two"] as const

const mark =
  (greedy: boolean) =>
  (call: Call, random: Random): void => {
    const [luck, who] = [random.unit(), random.below(tenants.length)]
    call.tenant = tenants[who]
    const { priority } = classes.find(({ below }) => luck < below) ?? { priority: "low" }
    call.priority = greedy && who === 0 ? "critical" : priority
  }

const ofClass = ({ priority }: Call): number =>
  Math.max(
    0,
    classes.findIndex((one) => one.priority === priority),
  )
const ofTenant = ({ tenant }: Call): number => (tenant === tenants[0] ? 0 : 1)
/** The classes of one tenant, then those of the other. */
const groups = {
  count: classes.length * tenants.length,
  of: (call: Call): number => ofTenant(call) * classes.length + ofClass(call),
}

const sumOf = (run: Recording, kind: "offered" | "success", wanted: (group: number) => boolean): number =>
  run.groups.reduce((sum, group, index) => (wanted(index) ? sum + group.sum(kind) : sum), 0)

const used: Column = {
  id: "used",
  unit: "%",
  meaning: "successes as a share of what the service could have answered in the whole run, the first second included",
  better: "more",
  of: (run) => (100 * run.sum("success")) / ((capacity * run.horizonMs) / 1000),
}

const shareOfClass = (index: number): Column => ({
  id: classes[index]?.priority ?? "",
  unit: "%",
  meaning: `successes among the ${classes[index]?.priority} calls of both tenants`,
  better: "more",
  of: (run) => {
    const isOf = (group: number) => group % classes.length === index
    return (100 * sumOf(run, "success", isOf)) / sumOf(run, "offered", isOf)
  },
})
const [critical, high, normal, low] = [0, 1, 2, 3].map(shareOfClass) as [Column, Column, Column, Column]

const honest: Column = {
  id: "honest",
  unit: "%",
  meaning: "successes among the critical calls of the tenant that does not call everything critical",
  better: "more",
  of: (run) =>
    (100 * sumOf(run, "success", (group) => group === classes.length)) /
    sumOf(run, "offered", (group) => group === classes.length),
}

const jain: Column = {
  id: "Jain",
  unit: "",
  meaning: "Jain's index of the successes of the two tenants: 1 if they have equally many, 0.5 if one has all",
  better: "more",
  of: (run) => {
    const [one = 0, two = 0] = tenants.map((_, tenant) =>
      sumOf(run, "success", (group) => Math.floor(group / classes.length) === tenant),
    )
    return (one + two) ** 2 / (2 * (one ** 2 + two ** 2))
  },
}

const windowMs = 2000
const converged: Column = {
  id: "converged",
  unit: "s",
  meaning:
    "the first time t such that of the calls offered in the two seconds from t on as many succeed as 95 % of capacity",
  better: "less",
  of: (run) => {
    const enough = 0.95 * capacity * (windowMs / 1000)
    for (let at = 0; at + windowMs <= run.horizonMs; at += binMs)
      if (run.sum("success", at, at + windowMs) >= enough) return at / 1000
    return Number.POSITIVE_INFINITY
  },
}

const starved: Column = {
  id: "starved",
  unit: "s",
  meaning: "the longest time in which no call of some class succeeded",
  better: "less",
  of: (run) => {
    const longest = classes.map((_, index) => {
      const own = run.groups.filter((_, group) => group % classes.length === index)
      let [since, most] = [0, 0]
      for (let at = 0; at < run.horizonMs; at += binMs) {
        if (own.some((group) => group.sum("success", at, at + binMs) > 0)) since = at + binMs
        most = Math.max(most, at + binMs - since)
      }
      return most
    })
    return Math.max(...longest) / 1000
  },
}

interface Overload {
  readonly id: string
  readonly perSecond: number
  readonly greedy?: boolean
  readonly goals: Goals
}

const columns = [used, critical, high, normal, low, honest, jain, converged, starved, p99, wasted]

const variant = ({ id, perSecond, greedy = false, goals }: Overload): Variant => ({
  id,
  goals,
  columns,
  primary: used,
  calls: (perSecond * horizonMs) / 1000,
  shown: [0, 20],
  world: (seed) => ({
    horizonMs,
    faults: [],
    load: new PoissonLoad({ perSecond, seed, marks: mark(greedy) }),
    server: new SlotsServer({ serviceMs, queues: true, isDown: () => false, slots: () => slots }),
    patienceMs,
    tellsDeadline: true,
    groups,
  }),
})

const always = [
  { column: used, least: 97 },
  { column: p99, most: 950 },
  { column: converged, most: 1 },
  { column: jain, least: 0.95 },
  { column: starved, most: 10 },
]

export const overload: Scenario = {
  id: "S10",
  title: "Overload",
  gist: "more calls than a service can answer, of four classes and two tenants",
  about:
    "Open loop, Poisson arrivals of 1.4, 3 or 10 times what a service can answer, from its very first second on, for 60 s. It has 10 slots of 100 ms; what finds none waits in its queue and is worked off in order, even if its caller, who waits 1 s and says so, has gone. Of the calls 10 % are critical, 20 % high, 30 % normal and 40 % low; half are of either tenant. In the last world one tenant calls everything critical.",
  notMeasured: [
    "an overload that begins after a time of health: here nothing has been learned when it begins",
    "callers who come again when they are refused",
    "that a refusal costs the service nothing: these are refused by its clients",
  ],
  variants: [
    variant({ id: "1.4 times", perSecond: 140, goals: [[...always, { column: critical, least: 99.5 }]] }),
    variant({ id: "3 times", perSecond: 300, goals: [[...always, { column: critical, least: 99.5 }]] }),
    variant({ id: "10 times", perSecond: 1000, goals: [always] }),
    variant({
      id: "3 times, one tenant calls everything critical",
      perSecond: 300,
      greedy: true,
      goals: [[...always, { column: honest, least: 99.5 }]],
    }),
  ],
}
