/** Invariants of endpoints and of checks: what a breaker makes of those who tell it how its service is. */
import type { HealthSettings } from "../../../machines/healthOptions.ts"
import type { Day } from "./day.ts"
import type { Invariant } from "./invariants.ts"

/** What the options of `health` come to that are drawn. */
const healthOf = ({ config: { health } }: Day): HealthSettings | undefined =>
  health ? (health as unknown as HealthSettings) : undefined

const expiryOf = ({ interval, jitter, timeout }: HealthSettings): number =>
  Math.max(60_000, 5 * (interval * (1 + jitter) + timeout))

const demandOf = ({ plane: { gate } }: Day, part: string) => gate.holders.find(({ by }) => by === part)?.demand

const listOf = ({ plane: { gate } }: Day) => gate.lines.endpoints

/** Least and most of the endpoints that are well: with less than the one it panics, with more than the other it does not. */
const panicOf = ({ config: { discovery } }: Day): number => (discovery as { readonly panic: number }).panic

const isStopped = ({ breaker }: Day): boolean => breaker.phase === "stopped"

export const outsideInvariants: readonly Invariant[] = [
  {
    name: "calls go where the last list that named any says",
    law: "whatever the provider does, the endpoints are those of its last good list, or the config's",
    mistake: "re-registration during drain lost",
    when: "happening",
    broken: (day) => !isStopped(day) && day.expected.objectionTo(listOf(day)?.endpoints ?? []),
  },
  {
    name: "only who never heard of an endpoint has none",
    law: "refused by discovery ⇒ no list has ever named any",
    mistake: "an empty answer takes the last endpoints away",
    when: "happening",
    broken: (day) =>
      demandOf(day, "discovery")?.share === 0 && listOf(day) !== undefined && "it refuses, and has a line of endpoints",
  },
  {
    name: "a generation that is drained gets no new call",
    law: "admitted ⇒ its endpoint is not gone",
    mistake: "re-registration during drain lost",
    when: "event",
    broken: ({ books: { entry } }) => entry?.goes?.isGone === true && `${entry.goes.endpoint.address} is gone`,
  },
  {
    name: "a call is sent to an endpoint of the list",
    law: "admitted and endpoints are known ⇒ it has one of them",
    when: "event",
    broken: ({ books: { entry } }) => {
      const list = entry?.before.lines.endpoints
      if (entry?.admitted !== true || list === undefined || list !== entry.after.lines.endpoints) return undefined
      const { endpoint } = entry.goes ?? {}
      return !list.endpoints.some((one) => one === endpoint) && `it goes to ${endpoint?.address}`
    },
  },
  {
    name: "who is left out gets no call but the one that tries it",
    law: "to one that is away ⇒ it tries it, or nobody is well, or all are to be tried",
    mistake: "one sample flips a verdict",
    when: "event",
    broken: ({ books: { entry } }) => {
      const { isAway, tries, areOthersWell, endpoint } = entry?.goes ?? {}
      return isAway === true && !tries && areOthersWell === true && `${endpoint?.id} is away`
    },
  },
  {
    name: "who is left out is not tried before its time",
    law: "it is tried ⇒ its time is over",
    when: "event",
    broken: ({ books: { entry }, clock }) => {
      const { tries, leftOutUntil = 0 } = entry?.goes ?? {}
      return tries === true && leftOutUntil > clock.now() && `${leftOutUntil - clock.now()} ms too early`
    },
  },
  {
    name: "not more are left out than may be",
    law: "one more is left out ⇒ no more than their share are, of those that checks speak for, and one stays",
    mistake: "an ejection without a cap",
    when: "event",
    broken: (day, seen) => {
      const { endpoints } = day.plane.admission
      const line = listOf(day)
      if (endpoints === undefined || line === undefined) return undefined
      const [before, list] = [seen.ejected, seen.endpoints]
      const isMore = list === line.endpoints && endpoints.ejected > before
      seen.ejected = endpoints.ejected
      seen.endpoints = line.endpoints
      if (!isMore) return undefined
      const all = line.endpoints.length - line.bad.length
      const most = Math.min(all - 1, Math.max(1, Math.floor((line.ejection?.share ?? 0) * all)))
      return endpoints.ejected > most && `${endpoints.ejected} of ${all}`
    },
  },
  {
    name: "while too few are well all are tried",
    law: "panicking ⇔ fewer are well than were set, with a tenth between",
    when: "happening",
    broken: (day) => {
      const report = day.breaker.metrics().components.discovery
      if (report === undefined || report.endpoints === 0 || isStopped(day)) return undefined
      const well = 1 - report.away / report.endpoints
      const [low, high] = [panicOf(day), Math.min(1, panicOf(day) + 0.1)]
      const isWrong = report.state === "panicking" ? well >= high : well < low
      return isWrong && `${report.state}, ${report.away} of ${report.endpoints} away`
    },
  },
  {
    name: "what is known of an endpoint goes with it",
    law: "bad and ejected ones are on the list",
    mistake: "unbounded keys",
    when: "happening",
    broken: (day) => {
      const [line, { endpoints }] = [listOf(day), day.plane.admission]
      if (line === undefined || endpoints === undefined) return undefined
      const ids = new Set(line.endpoints.map(({ id }) => id))
      const gone = line.bad.filter((id) => !ids.has(id) && !day.expected.endpoints.some((one) => one.id === id))
      if (gone.length > 0) return `${gone} are bad, and not on the list`
      if (endpoints.sites.length !== line.endpoints.length) return `${endpoints.sites.length} of ${ids.size}`
      return endpoints.leaving > day.plane.inFlight && `${endpoints.leaving} leave, with ${day.plane.inFlight} calls`
    },
  },
  {
    name: "one provider is listened to at a time",
    law: "of all that were asked at most one is not told to stop",
    mistake: "a retry that leaves its predecessor running",
    when: "happening",
    broken: ({ outside: { heard } }) => heard.listening > 1 && `${heard.listening} are listened to`,
  },
  {
    name: "a provider that fails is not asked in a rush",
    law: "half a second at least between two questions",
    mistake: "infinite retry",
    when: "happening",
    broken: ({ outside: { heard } }) => {
      const [before = Number.NEGATIVE_INFINITY, last = Number.POSITIVE_INFINITY] = heard.asks.slice(-2)
      return heard.asks.length > 1 && last - before < 500 && `${last - before} ms`
    },
  },
  {
    name: "nobody is checked twice at a time",
    law: "of one endpoint one check is waited for",
    when: "happening",
    broken: ({ outside: { heard } }) => {
      const keys = heard.awaited.map(({ key }) => key)
      return new Set(keys).size < keys.length && keys.join(", ")
    },
  },
  {
    name: "a check that takes too long is told to end",
    law: "waited for ⇒ no older than the timeout, but for a stall",
    mistake: "a check that hangs for good",
    when: "happening",
    broken: (day) => {
      const health = healthOf(day)
      const late = health && day.outside.heard.awaited.find(({ since }) => day.clock.now() - since > health.timeout + 1)
      return late && `for ${day.clock.now() - late.since} ms`
    },
  },
  {
    name: "only who is on the list is checked",
    law: "waited for ⇒ its endpoint is one of those that are known",
    when: "happening",
    broken: (day) => {
      const ids = new Set((listOf(day)?.endpoints ?? []).map(({ id }) => id))
      const isDiscovering = Boolean(day.config.discovery)
      const lost = day.outside.heard.awaited.find(({ key }) => (isDiscovering ? !ids.has(key) : key !== ""))
      return lost && `${lost.key || "the service"} is checked`
    },
  },
  {
    name: "a bad verdict lets a trickle in",
    law: "health demands something ⇔ it is bad, and then its trickle",
    mistake: "block, then blind",
    when: "happening",
    broken: (day) => {
      const health = healthOf(day)
      if (health === undefined || isStopped(day)) return undefined
      const state = day.breaker.metrics().components.health?.state
      const share = demandOf(day, "health")?.share
      return share !== (state === "bad" ? health.trickle : undefined) && `${state}, and share ${share}`
    },
  },
  {
    name: "a verdict of health expires",
    law: "suspect or bad ⇒ something was heard within the expiry, but for a stall",
    mistake: "a verdict that never expires",
    when: "happening",
    broken: (day) => {
      const health = healthOf(day)
      const state = day.breaker.metrics().components.health?.state
      if (health === undefined || !["suspect", "bad"].includes(state ?? "")) return undefined
      const { outside, books, clock } = day
      // A check that is cut is heard of when it is; a second of calls when it is over.
      const heardAt = Math.max(outside.heard.lastCheckAt, outside.heard.lastBeginAt, books.lastEndAt)
      const most = expiryOf(health) + health.interval * 1.2 + health.timeout + 2000 + books.stalledMs
      return clock.now() - heardAt > most && `${state} for ${clock.now() - heardAt} ms`
    },
  },
  {
    name: "one failed check makes nothing bad",
    law: "bad, and calls say nothing ⇒ as many checks have failed as were asked for",
    mistake: "one sample flips a verdict",
    when: "happening",
    broken: (day) => {
      const health = healthOf(day)
      const { state } = day.breaker.metrics().components.health ?? {}
      if (state !== "bad" || health === undefined || (health.passive as unknown) !== false || !day.isOriginal)
        return undefined
      const { failedChecks, running } = day.outside.heard
      // Where one hangs, others that were to follow it have failed as well.
      return failedChecks < health.fall && running.size === 0 && `after ${failedChecks} failed checks`
    },
  },
  {
    name: "in fair weather nobody is left out",
    law: "calls enter for a minute ⇒ no endpoint is left out, nor all to be tried, and the list is believed",
    mistake: "a verdict that never expires",
    when: "recovery",
    broken: ({ books: { isServing }, plane, breaker, config }) => {
      const report = breaker.metrics().components.discovery
      if (!isServing || report === undefined || !config.discovery) return undefined
      const ejected = plane.admission.endpoints?.ejected ?? 0
      return (
        (report.state !== "fresh" || report.away > 0 || ejected > 0) && `${JSON.stringify(report)}, ${ejected} ejected`
      )
    },
  },
  {
    name: "stopped, it asks nobody",
    law: "no check and no question to the provider after a stop, and whoever still works is told to end",
    mistake: "process kept alive by a timer",
    when: "happening",
    broken: ({ outside: { heard } }) => heard.afterStop.length > 0 && heard.afterStop.join("; "),
  },
  {
    name: "stopped, nobody works for it",
    law: "no provider is listened to, no check is waited for; once its callers give up, no fiber runs",
    mistake: "process kept alive by a timer",
    when: "end",
    broken: ({ outside: { heard }, fibers }) => {
      const left = [heard.listening, heard.awaited.length, fibers]
      if (heard.afterStop.length > 0) return heard.afterStop.join("; ")
      return left.some((count) => count > 0) && `${left.join(", ")} are left`
    },
  },
  {
    name: "stopped, and its callers gone, it holds nothing of theirs",
    law: "no call is in flight, no slot is held, nobody waits for an answer",
    mistake: "a cancelled waiter leaks a slot",
    when: "end",
    broken: ({ plane, awaited }) => {
      const left = [plane.inFlight, plane.admission.bulkhead?.slots.inUse ?? 0, awaited]
      return left.some((count) => count > 0) && left.join(", ")
    },
  },
]
