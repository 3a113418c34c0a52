/**
 * What must hold on every day, after every event or after every happening of its script. `law` says it in words; `mistake` is the
 * mistake, known from breakers in the field, that it makes impossible.
 */
import type { Endpoint } from "../../../machines/vocabulary/endpoint.ts"
import type { Gate } from "../../../machines/vocabulary/gate.ts"
import { layers, type Rejection } from "../../../machines/vocabulary/rejection.ts"
import { fields, type Restriction, tighten, unrestricted } from "../../../machines/vocabulary/restriction.ts"
import { moves as legal } from "../../support/legalMoves.ts"
import type { Day } from "./day.ts"
import { featureInvariants } from "./featureInvariants.ts"
import { outsideInvariants } from "./outsideInvariants.ts"
import { partInvariants } from "./partInvariants.ts"

export interface Invariant {
  readonly name: string
  readonly law: string
  readonly mistake?: string
  /** How often it is looked at. */
  readonly when: "event" | "happening" | "recovery" | "end"
  /** Answers what is wrong, or nothing. */
  readonly broken: (day: Day, seen: Seen) => string | undefined | false
}

/** What was seen when it was looked at last. */
export interface Seen {
  gate: Gate | undefined
  settled: number
  shadowed: number
  mode: string
  /** How many endpoints were left out, of which list. */
  ejected: number
  endpoints: readonly Endpoint[] | undefined
  /** How many features were tested. */
  tested: number
}

const slackMs = 1e-3
/** The longest wait that the swarm's configs, and what services ask for, may lead to. */
const longestWaitMs = 3_600_000

const sum = (counts: { readonly [name: string]: number | undefined }): number =>
  Object.values(counts).reduce<number>((total, count = 0) => total + count, 0)

const settledOf = ({ plane: { tally } }: Day): number => tally.success + tally.failure + tally.timedOut + tally.ignored

const isRepeating = ({ config }: Day): boolean => config.retry !== undefined && config.retry !== false

function notNumbers(value: unknown, path = ""): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${path} is ${value}`
  if (typeof value !== "object" || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const found = notNumbers(inner, `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** What would be lost by being written: NaN and infinity, a Map, anything of a class. A part that keeps nothing may be undefined. */
function notJson(value: unknown, path = ""): string | undefined {
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean") return undefined
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${path} is ${value}`
  if (typeof value !== "object") return `${path} is a ${typeof value}`
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  if (!isPlain) return `${path} is of the class ${value.constructor?.name}`
  for (const [key, inner] of Object.entries(value)) {
    const found = notJson(inner, `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

function wrongIn(rejection: Rejection, now: number): string | undefined {
  const { layer, reason, heldBy, since, retryAfterMs } = rejection
  if (!layers.includes(layer)) return `the layer ${layer} does not exist`
  if (reason === "" || heldBy.length === 0) return `it says neither why nor who: ${JSON.stringify(rejection)}`
  if (!(since <= now + slackMs)) return `it is held since ${since}, and now is ${now}`
  if (retryAfterMs !== undefined && !(retryAfterMs >= 0 && retryAfterMs <= 2 * longestWaitMs))
    return `come back after ${retryAfterMs} ms`
  return undefined
}

const meetOf = ({ holders }: Gate): Restriction =>
  holders.reduce((all, { demand }) => tighten(all, demand), unrestricted)

const isWaiting = ({ circuit, mode, phase }: Gate): boolean =>
  circuit === "open" && mode !== "forcedOpen" && phase === "active"

export const invariants: readonly Invariant[] = [
  ...partInvariants,
  ...outsideInvariants,
  ...featureInvariants,
  {
    name: "every call that entered has ended once, or is in flight",
    law: "admitted = success + failure + timedOut + ignored + in flight",
    mistake: "a timeout counted twice",
    when: "event",
    broken: (day) => {
      const { tally, inFlight } = day.plane
      return tally.admitted !== settledOf(day) + inFlight && `${tally.admitted} ≠ ${settledOf(day)} + ${inFlight}`
    },
  },
  {
    name: "nothing is counted below zero",
    law: "calls in flight, running, waiting and in slots are at least 0",
    mistake: "a cancelled waiter leaks a slot",
    when: "event",
    broken: ({ plane }) => {
      const { running, bulkhead } = plane.admission
      const least = Math.min(plane.inFlight, running, plane.queue.size, bulkhead?.slots.inUse ?? 0)
      return least < 0 && `${plane.inFlight}, ${running}, ${plane.queue.size}, ${bulkhead?.slots.inUse}`
    },
  },
  {
    name: "no more slots are held than calls are in flight",
    law: "slots in use ≤ calls in flight",
    mistake: "a slot freed by a timeout while the work runs on",
    when: "event",
    broken: ({ plane }) => {
      const inUse = plane.admission.bulkhead?.slots.inUse ?? 0
      return inUse > plane.inFlight && `${inUse} slots for ${plane.inFlight} calls`
    },
  },
  {
    name: "the calls of an epoch are among those in flight",
    law: "running in the epoch + probes ≤ in flight + overdue ones",
    when: "event",
    broken: ({ plane }) =>
      plane.admission.running > plane.inFlight && `${plane.admission.running} run, ${plane.inFlight} are in flight`,
  },
  {
    name: "refusals are counted by layer, each once",
    law: "the refusals of all layers add up to the rejected calls",
    mistake: "own rejection counted as failure",
    when: "event",
    broken: ({ plane: { tally } }) =>
      sum(tally.refusals) !== tally.rejected && `${sum(tally.refusals)} ≠ ${tally.rejected}`,
  },
  {
    name: "outcomes are never taken back",
    law: "the number of settled calls does not fall",
    when: "event",
    broken: (day, seen) => settledOf(day) < seen.settled && `${settledOf(day)} after ${seen.settled}`,
  },
  {
    name: "stragglers are outcomes",
    law: "stragglers + uncounted ≤ settled calls",
    when: "event",
    broken: (day) => {
      const { stragglers, uncounted } = day.plane.tally
      return stragglers + uncounted > settledOf(day) && `${stragglers} + ${uncounted} of ${settledOf(day)}`
    },
  },
  {
    name: "only an observed gate lets calls run unseen",
    law: "the number of shadowed calls rises in shadow mode alone",
    when: "event",
    broken: ({ plane }, seen) =>
      plane.tally.shadowed > seen.shadowed && seen.mode !== "shadow" && plane.gate.mode !== "shadow" && seen.mode,
  },
  {
    name: "the version of the gate rises",
    law: "another gate has a higher version",
    when: "event",
    broken: ({ plane: { gate } }, { gate: before }) =>
      before !== undefined &&
      gate !== before &&
      gate.version <= before.version &&
      `${gate.version} after ${before.version}`,
  },
  {
    name: "the epoch never falls",
    law: "a later gate has no lower epoch",
    mistake: "a late result moves the circuit",
    when: "event",
    broken: ({ plane: { gate } }, { gate: before }) =>
      before !== undefined && gate.epoch < before.epoch && `${gate.epoch} after ${before.epoch}`,
  },
  {
    name: "a circuit that has moved is in another epoch",
    law: "gates of different circuits have different epochs",
    when: "event",
    broken: ({ plane: { gate } }, { gate: before }) =>
      before !== undefined &&
      gate.circuit !== before.circuit &&
      gate.epoch === before.epoch &&
      `${before.circuit} → ${gate.circuit} in epoch ${gate.epoch}`,
  },
  {
    name: "a gate is frozen",
    law: "gate and restriction are frozen objects",
    when: "event",
    broken: ({ plane: { gate } }) => !(Object.isFrozen(gate) && Object.isFrozen(gate.restriction)) && "it is not",
  },
  {
    name: "the gate is the meet of what is demanded",
    law: "each field is the strictest of all holders'",
    when: "event",
    broken: ({ plane: { gate } }, { gate: before }) => {
      if (gate === before) return undefined
      const meet = meetOf(gate)
      const wrong = (Object.keys(fields) as (keyof Restriction)[]).find(
        (field) => meet[field] !== gate.restriction[field],
      )
      return wrong && `${wrong} is ${gate.restriction[wrong]}, and its holders demand ${meet[wrong]}`
    },
  },
  {
    name: "a restriction makes sense",
    law: "share 0–1, whole probes of at least 1, floor 0–4, times above 0, nothing NaN",
    mistake: "score inverted",
    when: "event",
    broken: ({ plane: { gate } }, { gate: before }) => {
      if (gate === before) return undefined
      const { share, cohortShare, probes, floor, timeoutMs, retries, limit, slots, rate, queue } = gate.restriction
      const isSound =
        share >= 0 &&
        share <= 1 &&
        cohortShare >= 0 &&
        cohortShare <= 1 &&
        probes >= 1 &&
        floor >= 0 &&
        floor <= 4 &&
        timeoutMs > 0 &&
        retries >= 0 &&
        limit >= 1 &&
        slots >= 1 &&
        rate > 0 &&
        queue >= 0
      return !isSound && JSON.stringify(gate.restriction)
    },
  },
  {
    name: "nobody of normal class and above is shut out by class",
    law: "the floor is at most normal",
    mistake: "idle system refuses",
    when: "event",
    broken: ({ plane: { gate } }) => gate.restriction.floor > 2 && `the floor is ${gate.restriction.floor}`,
  },
  {
    name: "an open circuit lets nothing in",
    law: "open ⇒ share 0",
    when: "event",
    broken: ({ plane: { gate } }) =>
      gate.circuit === "open" && gate.restriction.share !== 0 && `${gate.restriction.share}`,
  },
  {
    name: "an open circuit is never without an end",
    law: "open and not by order ⇒ its retry time is finite and near enough",
    mistake: "restore that forgets its timer",
    when: "event",
    broken: ({ plane: { gate }, clock }) => {
      const { retryAt } = gate.restriction
      return isWaiting(gate) && !(retryAt <= clock.now() + longestWaitMs && Number.isFinite(retryAt)) && `${retryAt}`
    },
  },
  {
    name: "an open circuit lets probes in when it said it would",
    law: "open and not by order ⇒ its retry time is not past, but for a stall",
    mistake: "a hung probe wedges it; a wall-clock step freezes it",
    when: "happening",
    broken: ({ plane: { gate }, clock }) => {
      const own = gate.holders.find(({ layer }) => layer === "circuit")?.demand.retryAt
      return isWaiting(gate) && own !== undefined && own < clock.now() - 1 && `since ${clock.now() - own} ms`
    },
  },
  {
    name: "probes are capped at every instant",
    law: "a probe was let in ⇒ places taken ≤ the cap",
    mistake: "unlimited half-open",
    when: "event",
    broken: ({ books: { entry } }) =>
      entry?.admitted === true &&
      entry.probe &&
      entry.probesInFlight > entry.before.restriction.probes &&
      `${entry.probesInFlight} of ${entry.before.restriction.probes}`,
  },
  {
    name: "a hung probe gives its place back within its lease",
    law: "no place is older than its lease, but for a stall",
    mistake: "a hung probe wedges it",
    when: "happening",
    broken: ({ plane, clock }) => {
      const late = [...plane.admission.leases.places].find(({ due }) => due < clock.now() - 1)
      return late && `one was due ${clock.now() - late.due} ms ago`
    },
  },
  {
    name: "half-open, calls enter as probes alone",
    law: "admitted under a finite cap of probes ⇒ it holds a place",
    mistake: "unlimited half-open",
    when: "event",
    broken: ({ books: { entry } }) => {
      if (entry === undefined || !entry.admitted || entry.before.enforcement !== "on") return undefined
      return Number.isFinite(entry.before.restriction.probes) && !entry.probe && "it holds none"
    },
  },
  {
    name: "shut gates admit nothing",
    law: "share 0 and enforced ⇒ refused",
    when: "event",
    broken: ({ books: { entry } }) =>
      entry?.admitted === true &&
      entry.before.enforcement === "on" &&
      entry.before.restriction.share === 0 &&
      "it was admitted",
  },
  {
    name: "a ramp bounds its calls in flight",
    law: "ordinary and admitted ⇒ fewer ran than the limit",
    when: "event",
    broken: ({ books: { entry } }) =>
      entry?.admitted === true &&
      !entry.probe &&
      entry.before.enforcement === "on" &&
      entry.runningBefore >= entry.before.restriction.limit &&
      `${entry.runningBefore} of ${entry.before.restriction.limit}`,
  },
  {
    name: "slots are held to the limit",
    law: "admitted and enforced ⇒ slots in use ≤ the limit",
    mistake: "unbounded queue",
    when: "event",
    broken: ({ books: { entry } }) =>
      entry?.admitted === true &&
      // Probes are few: what was learned of many calls does not bind them.
      !entry.probe &&
      entry.before.enforcement === "on" &&
      entry.inUse > Math.max(1, entry.slots) &&
      `${entry.inUse} of ${entry.slots}`,
  },
  {
    name: "not more wait than may",
    law: "calls in the line ≤ the bound of the line",
    mistake: "unbounded queue",
    when: "happening",
    broken: ({ plane }) => {
      const { queue } = plane.gate.restriction
      return plane.queue.size > Math.max(queue, 100) && `${plane.queue.size} of ${queue}`
    },
  },
  {
    name: "bypassed and in shadow nothing is refused",
    law: "not enforced ⇒ admitted",
    when: "event",
    broken: ({ books: { entry } }) =>
      entry?.admitted === false && entry.before.enforcement !== "on" && "it was refused",
  },
  {
    name: "a refusal spends nothing",
    law: "refused ⇒ the epoch stays, save where the last of all parts has fallen silent",
    mistake: "tokens lost on a later refusal; own rejection counted as failure",
    when: "event",
    broken: ({ books: { entry } }) =>
      entry?.admitted === false &&
      entry.rejection?.layer !== "cell" &&
      entry.before.epoch !== entry.after.epoch &&
      "the circuit moved",
  },
  {
    name: "a rejection says who, why, since when and until when",
    law: "its fields are filled and make sense",
    when: "event",
    broken: ({ books: { entry }, clock }) => entry?.rejection && wrongIn(entry.rejection, clock.now()),
  },
  {
    name: "a permit is settled once",
    law: "a second settlement is refused",
    mistake: "a timeout counted twice",
    when: "event",
    broken: ({ books: { settling } }) => settling?.again === true && "it was taken",
  },
  {
    name: "a late result moves nothing",
    law: "settled in another epoch than admitted ⇒ the epoch stays",
    mistake: "a late result moves the circuit",
    when: "event",
    broken: ({ books: { settling } }) =>
      settling !== undefined &&
      settling.epoch !== settling.before.epoch &&
      settling.after.epoch !== settling.before.epoch &&
      `${settling.before.circuit} → ${settling.after.circuit}`,
  },
  {
    name: "an ignored outcome moves nothing",
    law: "ignored ⇒ neither closes nor opens",
    mistake: "a filtered error closes; a cancelled probe closes",
    when: "event",
    broken: ({ books: { settling } }) =>
      settling?.kind === "ignored" &&
      settling.after.circuit !== settling.before.circuit &&
      `${settling.before.circuit} → ${settling.after.circuit}`,
  },
  {
    name: "no part breaks down",
    law: "no trouble but that which the day's own listener or classifier causes",
    mistake: "a listener error reaches the machine",
    when: "event",
    broken: ({ books: { troubles } }) => troubles.length > 0 && troubles.join("; "),
  },
  {
    name: "callers get what is theirs",
    law: "a value, an own error, a rejection, a timeout or the caller's reason, and nothing else",
    mistake: "a listener error reaches the caller",
    when: "event",
    broken: ({ books: { end } }) => end?.what === "strange" && String((end.detail as Error)?.stack ?? end.detail),
  },
  {
    name: "a deadline is kept",
    law: "a call with a deadline ends by it, but for a stall",
    when: "event",
    broken: ({ books: { end } }) =>
      end !== undefined && end.tookMs > end.boundMs + 1 && `${end.tookMs} ms of ${end.boundMs}`,
  },
  {
    name: "a call is made at most as often as it may be",
    law: "attempts ≤ the bound",
    mistake: "infinite retry",
    when: "event",
    broken: ({ books: { end } }) =>
      end !== undefined && end.attempts > Math.max(5, end.mostAttempts) && `${end.attempts} of ${end.mostAttempts}`,
  },
  {
    name: "a rejected call was never made",
    law: "rejected and not repeated ⇒ no attempt",
    when: "event",
    broken: (day) => {
      const { end } = day.books
      if (end?.what !== "rejected" || end.attempts === 0 || isRepeating(day)) return undefined
      // A breaker that stops interrupts what runs.
      return (end.detail as Rejection).layer !== "lifecycle" && JSON.stringify(end)
    },
  },
  {
    name: "what the wall clock says changes nothing",
    law: "a step of it leaves the gate as it was",
    mistake: "a wall-clock step freezes or opens it",
    when: "happening",
    broken: ({ books: { untouched } }) =>
      untouched !== undefined && untouched.before !== untouched.after && untouched.by,
  },
  {
    name: "a release never closes at once",
    law: "released from forced open ⇒ half-open",
    when: "happening",
    broken: ({ books: { released } }) =>
      released?.before.mode === "forcedOpen" && released.after.circuit !== "halfOpen" && released.after.circuit,
  },
  {
    name: "a restored breaker is not bolder than the saved one",
    law: "saved open or probing ⇒ restored open or half-open; saved by order ⇒ likewise",
    mistake: "restore that forgets its timer",
    when: "happening",
    broken: ({ books: { restart } }) => {
      if (restart === undefined || restart.before.phase !== "active") return undefined
      const bold = ["closed", "degraded"]
      return !bold.includes(restart.before.circuit) && bold.includes(restart.after.circuit) && restart.after.circuit
    },
  },
  {
    name: "another config keeps the circuit",
    law: "the same strategy's options ⇒ the circuit stands where it stood",
    mistake: "config object mutated",
    when: "happening",
    broken: ({ books: { reconfigured } }) =>
      reconfigured?.sameStrategy === true &&
      reconfigured.before.circuit !== reconfigured.after.circuit &&
      `${reconfigured.before.circuit} → ${reconfigured.after.circuit}`,
  },
  {
    name: "another config never closes an open circuit",
    law: "open or half-open before ⇒ not closed after",
    when: "happening",
    broken: ({ books: { reconfigured } }) =>
      reconfigured !== undefined &&
      ["open", "halfOpen"].includes(reconfigured.before.circuit) &&
      ["closed", "degraded"].includes(reconfigured.after.circuit) &&
      `${reconfigured.before.circuit} → ${reconfigured.after.circuit}`,
  },
  {
    name: "moves join up",
    law: "each begins where the last one ended, at no earlier instant, and says why",
    mistake: "half-open exported as open",
    when: "happening",
    broken: ({ books }) => {
      for (const move of books.moves) {
        const before = books.lastMove
        books.lastMove = move
        if (before !== undefined && before.to !== move.from) return `${before.to}, then ${move.from} → ${move.to}`
        if (before !== undefined && move.at < before.at) return `${move.at} after ${before.at}`
        if (move.reason === "" || move.rule === "") return `${move.from} → ${move.to} says not why`
      }
      return undefined
    },
  },
  {
    name: "moves are those of the charts",
    law: "never straight from open to closed, nor by any other way that no chart has",
    mistake: "a stale success closes",
    when: "happening",
    broken: ({ books: { moves } }) => {
      const wrong = moves.find(
        ({ from, to, rule }) => rule !== "restored" && rule !== "config" && !legal.includes(`${from} → ${to}`),
      )
      return wrong && `${wrong.from} → ${wrong.to} by ${wrong.rule}`
    },
  },
  {
    name: "the first failure opens nothing",
    law: "opened by counts ⇒ of more than one call",
    mistake: "first failure opens",
    when: "happening",
    broken: ({ books: { moves } }) => {
      const wrong = moves.find(
        ({ from, to, rule, statistics }) =>
          to === "open" && ["closed", "degraded"].includes(from) && rule !== "asked" && statistics?.calls === 1,
      )
      return wrong && `${wrong.reason} (${wrong.rule})`
    },
  },
  {
    name: "only the operator changes the mode",
    law: "a change of mode carries the operator's words",
    when: "happening",
    broken: ({ books: { modes } }) => modes.some(({ why }) => why !== "the day") && JSON.stringify(modes),
  },
  {
    name: "asking takes nothing",
    law: "wouldReject twice is the same answer, and counts nothing",
    mistake: "tokens lost on a later refusal",
    when: "happening",
    broken: ({ breaker, plane }) => {
      const before = JSON.stringify([plane.tally, plane.inFlight, plane.admission.running])
      const [one, other] = [breaker.wouldReject(), breaker.wouldReject()]
      if (JSON.stringify(one) !== JSON.stringify(other)) return "two answers"
      return JSON.stringify([plane.tally, plane.inFlight, plane.admission.running]) !== before && "it was counted"
    },
  },
  {
    name: "metrics are finite numbers, and JSON",
    law: "no number in them is NaN or infinite",
    mistake: "score inverted",
    when: "happening",
    broken: ({ breaker }) => {
      const { components, ...rest } = breaker.metrics()
      const { rateLimit: _limits, ...others } = components
      return notNumbers({ ...rest, components: others })
    },
  },
  {
    name: "metrics say what the books say",
    law: "admitted and rejected are what the callers saw",
    when: "happening",
    broken: ({ breaker, plane: { tally, inFlight } }) => {
      const { calls } = breaker.metrics()
      return (
        !(calls.admitted === tally.admitted && calls.rejected === tally.rejected && calls.inFlight === inFlight) &&
        JSON.stringify(calls)
      )
    },
  },
  {
    name: "callers of acquire were told the truth",
    law: "permits and rejections handed out ≤ those counted",
    when: "happening",
    broken: ({ books, plane: { tally } }) =>
      (books.admitted > tally.admitted || books.refused > tally.rejected) &&
      `${books.admitted} of ${tally.admitted}, ${books.refused} of ${tally.rejected}`,
  },
  {
    name: "latencies are in order",
    law: "p50 ≤ p90 ≤ p99 ≤ p99.9 ≤ max",
    when: "happening",
    broken: ({ breaker }) => {
      const { p50, p90, p99, p999, max } = breaker.metrics().latency
      // Quantiles are exact to 3.2 %, the maximum is what was measured.
      return !(p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max * 1.033) && `${p50} ${p90} ${p99} ${p999} ${max}`
    },
  },
  {
    name: "scores are between 0 and 1",
    law: "the health score is a share",
    mistake: "score inverted",
    when: "happening",
    broken: ({ breaker }) => {
      const score = breaker.metrics().components.metrics?.score ?? 1
      return !(score >= 0 && score <= 1) && `${score}`
    },
  },
  {
    name: "keys are bounded",
    law: "not more cells are remembered than may be",
    mistake: "unbounded keys",
    when: "happening",
    broken: ({ breaker }) => (breaker.metrics().cells?.remembered ?? 0) > 4096 && "more than 4096",
  },
  {
    name: "a saved state is JSON",
    law: "written and read again it is the same",
    when: "happening",
    broken: ({ breaker }) => notJson(breaker.save()),
  },
  {
    name: "one timer of the host is enough",
    law: "timers armed by breakers ≤ one for each clock and a few of fibers",
    mistake: "process kept alive by a timer",
    when: "happening",
    broken: ({ clock }) => clock.armed > 4 && `${clock.armed} are armed`,
  },
  {
    name: "the retry budget keeps to its bound",
    law: "0 ≤ what is saved ≤ the most",
    mistake: "infinite retry",
    when: "happening",
    broken: ({ plane }) => {
      const { retryBudget, gate } = plane
      const most = gate.lines.budget?.most ?? Number.POSITIVE_INFINITY
      return retryBudget !== undefined && !(retryBudget.left >= 0 && retryBudget.left <= most) && `${retryBudget.left}`
    },
  },
  {
    name: "in fair weather it comes back",
    law: "at most an hour after the bad day only a limit that was set refuses",
    mistake: "a hung probe wedges it; a verdict that never expires; idle system refuses",
    when: "recovery",
    broken: ({ books: { stillRefused }, awaited }) => {
      // Without a timeout a call that never ends holds its slot for ever.
      const isFull = stillRefused?.layer === "limit" && awaited > 0
      return stillRefused !== undefined && stillRefused.layer !== "rateLimit" && !isFull && JSON.stringify(stillRefused)
    },
  },
  {
    name: "in fair weather it closes",
    law: "at most an hour after the bad day the circuit is closed",
    mistake: "a verdict that never expires",
    when: "recovery",
    broken: ({ plane: { gate }, books: { stillRefused } }) =>
      stillRefused?.layer !== "rateLimit" &&
      stillRefused?.layer !== "limit" &&
      gate.circuit !== "closed" &&
      gate.circuit !== "degraded" &&
      gate.circuit,
  },
  {
    name: "what has ended holds nothing",
    law: "at most an hour after the bad day only calls that never end are in flight, and nobody waits",
    mistake: "a cancelled waiter leaks a slot",
    when: "recovery",
    broken: ({ plane, awaited }) => {
      const inUse = plane.admission.bulkhead?.slots.inUse ?? 0
      const left = [plane.inFlight, inUse, plane.queue.size, awaited]
      // A call that is hedged may hang twice.
      const most = 2 * awaited
      return (plane.inFlight > most || inUse > most || plane.queue.size > awaited) && left.join(", ")
    },
  },
  {
    name: "stopped, it admits nothing and holds nothing",
    law: "refused by lifecycle; nothing in flight, nobody waiting, no place taken",
    mistake: "process kept alive by a timer",
    when: "end",
    broken: ({ breaker, plane }) => {
      const layer = breaker.wouldReject()?.layer
      const left = [plane.inFlight - plane.admission.leases.places.size, plane.queue.size]
      return (
        (breaker.phase !== "stopped" || layer !== "lifecycle" || plane.queue.size > 0) &&
        `${breaker.phase} ${layer} ${left}`
      )
    },
  },
  {
    name: "stopped, it has no timer left",
    law: "no timer of the host is armed",
    mistake: "process kept alive by a timer",
    when: "end",
    broken: ({ clock }) => clock.armed > 0 && `${clock.armed} are armed`,
  },
]
