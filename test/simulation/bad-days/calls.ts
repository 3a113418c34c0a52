/** The calls of a day, through both steps of `acquire` and through `execute`, and how each of them ends. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { CallRejected, CallTimedOut } from "../../../src/CallRejected.ts"
import { timekeeperOf } from "../../../src/Clock.ts"
import { onTime } from "../../../src/control-plane/clock.ts"
import type { Site } from "../../../src/data-plane/endpoints/site.ts"
import { Receipt } from "../../../src/data-plane/receipt.ts"
import { AssembledEffectBreaker } from "../../../src/EffectBreaker.ts"
import { type Random, stream } from "../../../src/testing/simulation/random.ts"
import type { End, Going } from "./books.ts"
import type { Day } from "./day.ts"
import type { Happening, Weather } from "./happenings.ts"

type Calls = Extract<Happening, { readonly do: "calls" }>

/** What one call meets. */
interface Fate {
  readonly end: "success" | "failure" | "ignored" | "throttled" | "asks" | "hang"
  readonly afterMs: number
}

function fateOf({ failure, hang, slow, throttled, asks, ignored, latencyMs }: Weather, random: Random): Fate {
  const luck = random.unit()
  const afterMs = latencyMs * (random.unit() < slow ? 40 : 1) * random.between(0.5, 1.5)
  if (luck < hang) return { end: "hang", afterMs }
  if (random.unit() < failure) return { end: "failure", afterMs: afterMs / 2 }
  if (random.unit() < throttled) return { end: "throttled", afterMs: 1 }
  if (random.unit() < asks) return { end: "asks", afterMs: 1 }
  return { end: random.unit() < ignored ? "ignored" : "success", afterMs }
}

/** An error as services throw them, with what the day's classifier is to make of it. */
const errors = {
  failure: Object.assign(new Error("failed"), { verdict: "failure" }),
  ignored: Object.assign(new Error("not found"), { verdict: "ignored" }),
  throttled: Object.assign(new Error("too many"), {
    status: 429,
    verdict: { kind: "failure", quota: { exceeded: true } },
  }),
  asks: Object.assign(new Error("go away"), {
    status: 503,
    verdict: { kind: "failure", trip: true, retryAfter: 3000 },
  }),
} as const
const own = new Set<unknown>(Object.values(errors))
const gaveUp = new Error("the caller gave up")

/** One of the features that the gate knows of. */
function featureOf({ plane }: Day, chance: number, random: Random): string | undefined {
  const known = Object.keys(plane.gate.lines.features ?? {})
  return known.length > 0 && random.unit() < chance ? random.pick(known) : undefined
}

const factsOf = (day: Day, { keys, priority, cost, features = 0 }: Calls, random: Random) => ({
  feature: featureOf(day, features, random),
  ...(keys > 0 && { key: `key ${random.below(keys)}` }),
  priority,
  ...(priority === "critical" && { tenant: `tenant ${random.below(3)}` }),
  cost,
})

function goingOf({ plane }: Day, receipt: Receipt): Going | undefined {
  const { site } = receipt
  const line = plane.gate.lines.endpoints
  if (site === undefined || line === undefined) return undefined
  const isAway = ({ facts, ejectedUntil }: Site) => ejectedUntil !== undefined || line.bad.includes(facts.id)
  return {
    endpoint: site.facts,
    isGone: site.isGone,
    isAway: isAway(site),
    areOthersWell: !line.panic && !plane.admission.endpoints?.sites.every(isAway),
    tries: site.probe === receipt,
    leftOutUntil: site.ejectedUntil,
  }
}

/** What it meets where it goes: a part that is sick fails its calls. */
const suffered = ({ sick }: Day, fate: Fate, endpoint: string | undefined, feature: string | undefined): Fate =>
  sick.endpoints.some((number) => endpoint === `e${number % 100}`) || sick.features.some((name) => name === feature)
    ? { ...fate, end: "failure" }
    : fate

/** Counts the calls of a feature that is tested: each that is refused, or enters, has been offered. */
function noteTest(day: Day, feature: string | undefined, what: "entered" | number, gate = day.plane.gate): void {
  const { books } = day
  const line = feature === undefined ? undefined : gate.lines.features?.[feature]
  if (feature === undefined || line?.test === undefined || gate.enforcement !== "on") return
  let test = books.tests.get(feature)
  if (test?.since !== line.since) books.tests.set(feature, (test = { since: line.since, offered: 0, entered: 0 }))
  test.offered += what === "entered" ? 1 : what
  if (what === "entered") test.entered++
}

export async function sendCalls(day: Day, happening: Calls): Promise<void> {
  const random = stream(happening.seed, "calls")
  for (let call = 0; call < happening.calls; call++) {
    day.books.calls++
    if (happening.door === "acquire") acquire(day, happening, random)
    else if (happening.door === "execute") execute(day, happening, random)
    else guard(day, happening, random)
    if (day.stirred) await day.settle()
    day.afterEvent()
    if (happening.everyMs > 0) await day.playTo(day.clock.now() + happening.everyMs)
  }
}

function acquire(day: Day, happening: Calls, random: Random): void {
  const { books, plane, breaker } = day
  const drawn = fateOf(day.weather, random)
  const isForgotten = random.unit() < happening.forget
  const before = plane.gate
  const runningBefore = plane.admission.running - plane.meter.lateness.total
  const facts = factsOf(day, happening, random)
  const foretold = random.unit() < 0.1 ? breaker.wouldReject(facts) : "unasked"
  const ticket = breaker.acquire({ ...facts, lease: 10_000 })
  const { bulkhead, leases } = plane.admission
  const { feature } = facts
  const endpoint = ticket instanceof Receipt ? ticket.site?.facts.id : undefined
  const fate = suffered(day, drawn, endpoint, feature)
  noteTest(day, feature, ticket.admitted ? "entered" : 1, before)
  books.entry = {
    admitted: ticket.admitted,
    probe: ticket.admitted && ticket.probe,
    rejection: ticket.admitted ? undefined : ticket,
    before,
    after: plane.gate,
    probesInFlight: leases.places.size,
    inUse: bulkhead?.isOn ? bulkhead.slots.inUse : 0,
    slots: bulkhead?.isOn ? bulkhead.limit(day.clock.now()) : Number.POSITIVE_INFINITY,
    runningBefore,
    foretold,
    feature,
    goes: ticket instanceof Receipt ? goingOf(day, ticket) : undefined,
  }
  if (!ticket.admitted) {
    books.refused++
    return
  }
  books.admitted++
  const { end } = fate
  if (isForgotten || end === "hang") return
  const settleNow = () => {
    const { plane: living } = day
    const gate = living.gate
    books.lastEndAt = day.clock.now()
    const accepted =
      end === "success" || end === "ignored" ? ticket.settle(end) : ticket.settle("failure", { error: errors[end] })
    const after = living.gate
    const again = ticket.settle("success")
    const { epoch, probe } = ticket
    if (living === plane) books.settling = { kind: end, epoch, probe, accepted, again, before: gate, after }
    day.stirred = true
  }
  if (fate.afterMs < 0.01) settleNow()
  else day.clock.plan(settleNow, fate.afterMs)
}

function endOf(error: unknown): Pick<End, "what" | "detail"> {
  if (own.has(error)) return { what: "own", detail: error }
  if (error === gaveUp) return { what: "aborted", detail: error }
  if (error instanceof CallRejected) return { what: "rejected", detail: error }
  return { what: error instanceof CallTimedOut ? "timedOut" : "strange", detail: error }
}

/** How often one call may be made. */
const attemptsIn = ({ config: { retry } }: Day): number =>
  retry === undefined || retry === false ? 1 : retry === true ? 3 : (retry.attempts ?? 3)

/** How often it may be refused: each attempt, hedges and the first one, may be. */
const offersIn = (day: Day): number => Math.max(5, attemptsIn(day)) + 1

function execute(day: Day, happening: Calls, random: Random): void {
  const { books, clock, breaker } = day
  const fate = fateOf(day.weather, random)
  const controller = random.unit() < happening.abort ? new AbortController() : undefined
  const [startedAt, stalledBefore] = [clock.now(), books.stalledMs]
  const mostAttempts = attemptsIn(day)
  let attempts = 0
  const facts = factsOf(day, happening, random)
  const { feature } = facts
  noteTest(day, feature, offersIn(day))
  const work = ({ endpoint }: { readonly endpoint: { readonly id: string } | undefined }) => {
    attempts++
    noteTest(day, feature, "entered")
    return new Promise<string>((resolve, reject) => {
      const { end } = suffered(day, fate, endpoint?.id, feature)
      if (end === "hang") return
      clock.plan(() => {
        day.stirred = true
        if (end === "success") resolve("well")
        else reject(errors[end])
      }, fate.afterMs)
    })
  }
  const { deadlineMs, idempotent } = happening
  const noted = (what: End["what"], detail: unknown) => {
    const boundMs = (deadlineMs ?? Number.POSITIVE_INFINITY) + books.stalledMs - stalledBefore
    books.lastEndAt = clock.now()
    books.end = { what, detail, tookMs: clock.now() - startedAt, boundMs, attempts, mostAttempts }
    day.awaited--
    day.stirred = true
    day.afterEvent()
  }
  day.awaited++
  breaker
    .execute(work, { ...facts, signal: controller?.signal, deadline: deadlineMs, idempotent })
    .then(
      (value) => noted(value === "well" ? "value" : "strange", value),
      (error) => {
        const { what, detail } = endOf(error)
        noted(what, detail)
      },
    )
    .catch((error) => {
      day.failure ??= error
    })
  day.stirred = true
  if (controller) {
    clock.plan(
      () => {
        day.stirred = true
        controller.abort(gaveUp)
      },
      random.between(0, 2 * fate.afterMs),
    )
  }
}

/** The same through the Effect door: in a fiber, which may be interrupted. */
function guard(day: Day, happening: Calls, random: Random): void {
  const { books, clock, breaker } = day
  const fate = fateOf(day.weather, random)
  const isCancelled = random.unit() < happening.abort
  const [startedAt, stalledBefore] = [clock.now(), books.stalledMs]
  let attempts = 0
  const facts = factsOf(day, happening, random)
  noteTest(day, facts.feature, offersIn(day))
  const work = Effect.callback<string, Error>((resume) => {
    attempts++
    noteTest(day, facts.feature, "entered")
    const { end } = suffered(day, fate, undefined, facts.feature)
    if (end === "hang") return
    clock.plan(() => {
      day.stirred = true
      resume(end === "success" ? Effect.succeed("well") : Effect.fail(errors[end]))
    }, fate.afterMs)
  })
  const { deadlineMs, idempotent } = happening
  const protectedCall = new AssembledEffectBreaker(breaker.assembly).guard(work, {
    ...facts,
    deadline: deadlineMs,
    idempotent,
  })
  const fiber = Effect.runFork(onTime(timekeeperOf(clock))(protectedCall))
  const isOwnDoing = (exit: Exit.Exit<unknown, unknown>) => Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
  day.awaited++
  day.fibers++
  day.callers.add(fiber)
  fiber.addObserver((exit) => {
    day.awaited--
    day.fibers--
    day.callers.delete(fiber)
    const ended = Exit.isSuccess(exit)
      ? { what: exit.value === "well" ? ("value" as const) : ("strange" as const), detail: exit.value }
      : isOwnDoing(exit)
        ? { what: "aborted" as const, detail: exit.cause }
        : endOf(Cause.squash(exit.cause))
    const boundMs = (deadlineMs ?? Number.POSITIVE_INFINITY) + books.stalledMs - stalledBefore
    books.lastEndAt = clock.now()
    books.end = { ...ended, tookMs: clock.now() - startedAt, boundMs, attempts, mostAttempts: attemptsIn(day) }
    day.stirred = true
    day.look()
  })
  day.stirred = true
  if (isCancelled) {
    clock.plan(
      () => {
        day.stirred = true
        Effect.runFork(Fiber.interrupt(fiber))
      },
      random.between(0, 2 * fate.afterMs),
    )
  }
}
