/** Invariants of features: what is held back of a service that comes back in parts. */
import { type RecoverySettings, recoveryOptions } from "../../../machines/featuring.ts"
import type { Standings } from "../../../machines/returning.ts"
import type { FeatureBound, FeaturesFinding } from "../../../machines/vocabulary/feature.ts"
import type { Day } from "./day.ts"
import type { Invariant } from "./invariants.ts"

const settings = new WeakMap<object, RecoverySettings>()
function recoveryOf({ config: { recovery } }: Day): RecoverySettings | undefined {
  if (!recovery || typeof recovery !== "object") return undefined
  const known = settings.get(recovery)
  if (known !== undefined) return known
  const read = recoveryOptions.read(recovery, "recovery", [])
  settings.set(recovery, read)
  return read
}

const reportOf = ({ breaker }: Day) => breaker.metrics().components.recovery

/** What the chart has counted. */
const standingsOf = ({ breaker }: Day): Standings => {
  const child = breaker.assembly.conductor.root.getSnapshot().children["recovery"]
  const { context } = (child?.getSnapshot() ?? {}) as { readonly context?: { readonly standings?: Standings } }
  return context?.standings ?? {}
}

const boundsOf = ({ plane: { gate } }: Day): readonly (readonly [string, FeatureBound])[] =>
  Object.entries(gate.restriction.features)

const needsOf = (settings: RecoverySettings, name: string): readonly string[] =>
  settings.features.find((feature) => feature.name === name)?.needs ?? []

/** All that a feature needs, and what that needs. */
const allNeedsOf = (settings: RecoverySettings, name: string): readonly string[] =>
  needsOf(settings, name).flatMap((need) => [need, ...allNeedsOf(settings, need)])

/** How features stand before anything is known of them. */
const allFull = ({ features }: RecoverySettings): FeaturesFinding => ({
  state: "full",
  features: Object.fromEntries(features.map(({ name }) => [name, "full"])),
  reasons: [],
})

/** What is wrong with how features stand after each other: a required one that fails takes what it needs with it, once. */
function notRolledBack(
  settings: RecoverySettings,
  before: FeaturesFinding,
  after: FeaturesFinding,
  doubted: Set<string>,
): string | undefined {
  for (const { name, required } of settings.features) {
    const [was, is] = [before.features[name], after.features[name]]
    if (is === "full" || after.state === "outage") doubted.delete(name)
    const hasFailed = after.reasons.some((reason) => reason.startsWith(`${name} is held back`))
    const isNew = was !== "blocked" && is === "blocked" && hasFailed
    if (!required || !isNew || before.state === "outage" || doubted.has(name)) continue
    const spared = allNeedsOf(settings, name).filter((need) => after.features[need] === "full")
    if (spared.length > 0) return `${name} failed, and ${spared} ${spared.length === 1 ? "stays" : "stay"}`
    if (needsOf(settings, name).length > 0) doubted.add(name)
  }
  return undefined
}

export const featureInvariants: readonly Invariant[] = [
  {
    name: "a feature that is off lets no call in",
    law: "share 0 and enforced, and no probe ⇒ refused",
    when: "event",
    broken: ({ books: { entry } }) => {
      if (entry?.admitted !== true || entry.feature === undefined || entry.probe) return undefined
      const { restriction, enforcement } = entry.before
      return enforcement === "on" && restriction.features[entry.feature]?.share === 0 && `${entry.feature} is off`
    },
  },
  {
    name: "a feature that is tested gets its test share",
    law: "entered ≤ 1 + share × offered, since the test began",
    mistake: "unlimited half-open",
    when: "event",
    broken: ({ books: { entry, tests }, plane }) => {
      const name = entry?.feature
      const test = name === undefined ? undefined : tests.get(name)
      if (name === undefined || test === undefined || plane.gate.lines.features?.[name]?.since !== test.since)
        return undefined
      const share = plane.gate.restriction.features[name]?.share ?? 1
      return test.entered > 1 + share * test.offered + 1e-6 && `${test.entered} of ${test.offered}, share ${share}`
    },
  },
  {
    name: "a test lets in no more than it asks for",
    law: "calls of a test ≤ its samples",
    mistake: "unlimited half-open",
    when: "happening",
    broken: (day) => {
      const settings = recoveryOf(day)
      const standings = standingsOf(day)
      const wrong = settings?.features.find(
        ({ name, minimumSamples }) => (standings[name]?.entered ?? 0) > minimumSamples,
      )
      return wrong && day.isOriginal && `${standings[wrong.name]?.entered} of ${wrong.minimumSamples} for ${wrong.name}`
    },
  },
  {
    name: "a refusal by feature is of a feature",
    law: "refused by the layer feature ⇒ the call names one of which something is held back",
    when: "event",
    broken: ({ books: { entry } }) =>
      entry?.rejection?.layer === "feature" &&
      !(entry.feature !== undefined && entry.feature in entry.before.restriction.features) &&
      `${entry.feature}`,
  },
  {
    name: "an outage is the circuit's business",
    law: "open or half-open ⇒ no feature is held back",
    when: "happening",
    broken: (day) => {
      const { circuit, mode } = day.plane.gate
      const isOut = circuit === "open" || circuit === "halfOpen"
      return isOut && boundsOf(day).length > 0 && `${circuit} (${mode}): ${JSON.stringify(boundsOf(day))}`
    },
  },
  {
    name: "the gate holds back what recovery says",
    law: "blocked ⇔ share 0, tested ⇔ its test share, full ⇔ nothing",
    when: "happening",
    broken: (day) => {
      const [report, settings] = [reportOf(day), recoveryOf(day)]
      if (report === undefined || settings === undefined || report.state === "outage") return undefined
      const { features: bounds } = day.plane.gate.restriction
      const wrong = settings.features.find(({ name, testShare }) => {
        const state = report.features[name]?.state
        return bounds[name]?.share !== (state === "full" ? undefined : state === "testing" ? testShare : 0)
      })
      return wrong && `${wrong.name}: ${JSON.stringify([report.features[wrong.name], bounds[wrong.name]])}`
    },
  },
  {
    name: "no feature is back before what it needs",
    law: "tested or full ⇒ all that it needs is full",
    when: "happening",
    broken: (day) => {
      const [report, settings] = [reportOf(day), recoveryOf(day)]
      if (report === undefined || settings === undefined || report.state === "outage") return undefined
      const stateOf = (name: string) => report.features[name]?.state
      const wrong = settings.features.find(
        ({ name, needs }) => stateOf(name) !== "blocked" && needs.some((need) => stateOf(need) !== "full"),
      )
      return wrong && `${wrong.name} is ${stateOf(wrong.name)}, and needs ${wrong.needs}`
    },
  },
  {
    name: "not more features are tested than may be",
    law: "tested at once ≤ atOnce",
    when: "happening",
    broken: (day, seen) => {
      const [report, settings] = [reportOf(day), recoveryOf(day)]
      const isHeld = report !== undefined && report.state !== "outage"
      const tested = isHeld ? Object.values(report.features).filter(({ state }) => state === "testing").length : 0
      // Those that were begun under another config go on.
      const isMore = tested > seen.tested
      seen.tested = tested
      return isMore && settings !== undefined && tested > settings.atOnce && `${tested} of ${settings.atOnce}`
    },
  },
  {
    name: "a block ends by itself",
    law: "not full ⇒ it is due, waits for what it needs, or for room; and no longer than it may, but for a stall",
    mistake: "a verdict that never expires",
    when: "happening",
    broken: (day) => {
      const [report, settings] = [reportOf(day), recoveryOf(day)]
      if (
        report === undefined ||
        settings === undefined ||
        report.state !== "partial" ||
        day.breaker.phase !== "active"
      )
        return undefined
      // A timer that came late says what was due at its time: the next is set from there, and comes as much later.
      if (day.clock.now() - day.books.stalledAt < 2 * 60_000) return undefined
      const tested = Object.values(report.features).filter(({ state }) => state === "testing").length
      for (const { name, needs, retry, testFor } of settings.features) {
        const { state = "full", dueInMs } = report.features[name] ?? {}
        const longest = day.isOriginal ? (state === "testing" ? testFor : retry.max) : 60_000
        if (state === "full") continue
        if (dueInMs !== undefined && dueInMs > longest + 1) return `${name} is due in ${dueInMs} ms`
        const isMissing = needs.some((need) => report.features[need]?.state !== "full")
        if (state === "testing" ? dueInMs === undefined : !dueInMs && !isMissing && tested < settings.atOnce)
          return `${name} waits for nothing: ${JSON.stringify(report)}`
      }
      return undefined
    },
  },
  {
    name: "a required feature that fails takes back what it needs",
    law: "it fails ⇒ all that it needs is tested again, once in a recovery",
    when: "happening",
    broken: (day) => {
      const [settings, { books }] = [recoveryOf(day), day]
      const states = books.features
      books.features = []
      if (settings === undefined || !day.isOriginal) return undefined
      for (const after of states) {
        const before = books.lastFeatures ?? allFull(settings)
        books.lastFeatures = after
        const wrong = notRolledBack(settings, before, after, books.doubted)
        if (wrong) return wrong
      }
      return undefined
    },
  },
  {
    name: "restored, features stand as they did",
    law: "held back when it was saved, and in no outage ⇒ not full at once",
    mistake: "restore that forgets its timer",
    when: "happening",
    broken: ({ books: { restart } }) => {
      if (restart === undefined || ["open", "halfOpen"].includes(restart.after.circuit)) return undefined
      const lost = restart.heldBefore.filter((name) => !restart.heldAfter.includes(name))
      return lost.length > 0 && `${lost} are full`
    },
  },
  {
    name: "in fair weather every feature is back",
    law: "at most an hour after the bad day nothing is held back of any",
    mistake: "a verdict that never expires",
    when: "recovery",
    broken: (day) => {
      const { stillRefused } = day.books
      const isOut = stillRefused?.layer === "rateLimit" || stillRefused?.layer === "limit"
      return !isOut && boundsOf(day).length > 0 && JSON.stringify(boundsOf(day))
    },
  },
]
