/** For each invariant a tampering that it must find: an invariant that nothing breaks would guard nothing. */
import {
  check,
  hold,
  move,
  redirect,
  regate,
  rejection,
  reline,
  remetric,
  repart,
  restart,
  rewrite,
  show,
  type Tampering,
  withGate,
} from "./tampering.ts"

const ofParts: { readonly [name: string]: Tampering } = {
  "what is said before a call is what is done": (day) =>
    rewrite(day, "entry", () => ({ admitted: true, foretold: rejection })),
  "a call may run as long as was set": (day) => regate(day, {}, { timeoutMs: 1 }),
  "a learned limit keeps to its bounds": ({ plane }) => show(plane.admission.bulkhead, { limit: () => 5 }),
  "the times in all states add up": (day) => repart(day, "metrics", { msIn: { closed: 7 } }),
  "each move is counted once": ({ books }) => {
    books.heard++
  },
  "a warning does not hold on by itself": (day) => {
    repart(day, "prediction", { state: "warned" })
    hold(day, { by: "prediction", layer: "prediction", demand: { limit: 0 } })
  },
  "what depends on a breaker that is shut is shut": ({ ledger }) => show(ledger, { mode: "forcedOpen" }),
  "a dependency that is well holds nothing back": (day) =>
    hold(day, { by: "dependency", layer: "circuit", demand: { share: 0 } }),
  "restored, it waits for what remained": (day) => {
    day.books.restart = restart(day, { leftBefore: 1000, leftAfter: 2000 })
  },
}

const ofOutside: { readonly [name: string]: Tampering } = {
  "calls go where the last list that named any says": (day) =>
    reline(day, { endpoints: [{ id: "e9", address: "10.0.0.9:80" }] }),
  "only who never heard of an endpoint has none": (day) =>
    hold(day, { by: "discovery", layer: "discovery", demand: { share: 0 } }),
  "a generation that is drained gets no new call": (day) => redirect(day, () => ({ isGone: true })),
  "a call is sent to an endpoint of the list": (day) =>
    redirect(day, ({ endpoint }) => ({ endpoint: { ...endpoint, address: "10.9.9.9:80" } })),
  "who is left out gets no call but the one that tries it": (day) =>
    redirect(day, () => ({ isAway: true, tries: false, areOthersWell: true })),
  "who is left out is not tried before its time": (day) =>
    redirect(day, () => ({ tries: true, leftOutUntil: day.clock.now() + 10 })),
  "not more are left out than may be": ({ plane }, seen) =>
    show(plane.admission.endpoints, { ejected: seen.ejected + 4 }),
  "while too few are well all are tried": (day) => repart(day, "discovery", { state: "panicking", away: 0 }),
  "what is known of an endpoint goes with it": (day) => reline(day, { bad: ["e9"] }),
  "one provider is listened to at a time": ({ outside: { heard } }) => show(heard, { listening: 2 }),
  "a provider that fails is not asked in a rush": ({ outside: { heard }, clock }) => {
    heard.asks = [clock.now() - 400, clock.now()]
  },
  "nobody is checked twice at a time": ({ outside: { heard }, clock }) => {
    heard.running.add(check("e1", clock.now())).add(check("e1", clock.now()))
  },
  "a check that takes too long is told to end": ({ outside: { heard }, clock }) => {
    heard.running.add(check("e1", clock.now() - 102))
  },
  "only who is on the list is checked": ({ outside: { heard }, clock }) => {
    heard.running.add(check("e9", clock.now()))
  },
  "a bad verdict lets a trickle in": (day) => repart(day, "health", { state: "bad" }),
  "a verdict of health expires": (day) => {
    const { books, clock, outside } = day
    repart(day, "health", { state: "suspect" })
    const long = { lastCheckAt: clock.now() - 70_000, lastBeginAt: clock.now() - 70_000 }
    show(outside.heard, long)
    books.lastEndAt = clock.now() - 70_000
  },
  "one failed check makes nothing bad": (day) => {
    repart(day, "health", { state: "bad" })
    day.outside.heard.failedChecks = 1
    day.outside.heard.running.clear()
  },
  "in fair weather nobody is left out": ({ plane }) => show(plane.admission.endpoints, { ejected: 1 }),
  "stopped, it asks nobody": ({ outside: { heard } }) => {
    heard.afterStop.push("the provider was asked")
  },
  "stopped, nobody works for it": ({ outside: { heard } }) => show(heard, { listening: 1 }),
  "stopped, and its callers gone, it holds nothing of theirs": (day) => {
    day.awaited = 1
  },
}

const ofFeatures: { readonly [name: string]: Tampering } = {
  "a feature that is off lets no call in": (day) =>
    rewrite(day, "entry", ({ before }) => ({
      admitted: true,
      feature: "order",
      before: withGate(before, {}, { features: { order: { share: 0 } } }),
    })),
  "a feature that is tested gets its test share": (day) => {
    const { books, plane } = day
    regate(
      day,
      { lines: { ...plane.gate.lines, features: { order: { since: 5 } } } as never },
      { features: { order: { share: 0.2 } } },
    )
    books.tests.set("order", { since: 5, offered: 10, entered: 4 })
    rewrite(day, "entry", () => ({ feature: "order" }))
  },
  "a test lets in no more than it asks for": ({ breaker }) => {
    const chart = breaker.assembly.conductor.root.getSnapshot().children["recovery"]
    const snapshot = chart?.getSnapshot() as { readonly context: object }
    show(chart, { getSnapshot: () => ({ ...snapshot, context: { standings: { order: { entered: 4 } } } }) })
  },
  "a refusal by feature is of a feature": (day) =>
    rewrite(day, "entry", () => ({ admitted: false, rejection: { ...rejection, layer: "feature" }, feature: "order" })),
  "an outage is the circuit's business": (day) =>
    regate(day, { circuit: "halfOpen" }, { features: { order: { share: 0 } } }),
  "the gate holds back what recovery says": (day) =>
    repart(day, "recovery", { state: "partial", features: { stock: { state: "full" }, order: { state: "blocked" } } }),
  "no feature is back before what it needs": (day) =>
    repart(day, "recovery", { state: "partial", features: { stock: { state: "blocked" }, order: { state: "full" } } }),
  "not more features are tested than may be": (day) =>
    repart(day, "recovery", {
      state: "partial",
      features: { stock: { state: "testing" }, order: { state: "testing" } },
    }),
  "a block ends by itself": (day) =>
    repart(day, "recovery", { state: "partial", features: { stock: { state: "blocked" }, order: { state: "full" } } }),
  "a required feature that fails takes back what it needs": ({ books }) => {
    const features = { stock: "full", order: "blocked" } as const
    books.features = [{ state: "partial", features, reasons: ["order is held back: it failed"] }]
  },
  "restored, features stand as they did": (day) => {
    day.books.restart = restart(day, { heldBefore: ["order"] })
  },
  "in fair weather every feature is back": (day) => regate(day, {}, { features: { order: { share: 0.2 } } }),
}

const ofCounts: { readonly [name: string]: Tampering } = {
  "every call that entered has ended once, or is in flight": ({ plane }) => {
    plane.tally.admitted++
  },
  "nothing is counted below zero": ({ plane }) => {
    plane.admission.running = -1
  },
  "no more slots are held than calls are in flight": ({ plane }) =>
    show(plane.admission.bulkhead?.slots, { inUse: plane.inFlight + 1 }),
  "the calls of an epoch are among those in flight": ({ plane }) => {
    plane.admission.running = plane.inFlight + 1
  },
  "refusals are counted by layer, each once": ({ plane }) => {
    plane.tally.rejected++
  },
  "outcomes are never taken back": ({ plane }) => {
    plane.tally.success--
  },
  "stragglers are outcomes": ({ plane: { tally } }) => {
    tally.stragglers = tally.success + tally.failure + tally.timedOut + tally.ignored + 1
  },
  "only an observed gate lets calls run unseen": ({ plane }) => {
    plane.tally.shadowed++
  },
  "asking takes nothing": ({ breaker, plane }) =>
    show(breaker, {
      wouldReject: () => {
        plane.inFlight++
        return undefined
      },
    }),
  "metrics are finite numbers, and JSON": (day) =>
    remetric(day, ({ latency }) => ({ latency: { ...latency, p50: Number.NaN } })),
  "metrics say what the books say": (day) =>
    remetric(day, ({ calls }) => ({ calls: { ...calls, rejected: calls.rejected + 1 } })),
  "callers of acquire were told the truth": ({ books, plane }) => {
    books.refused = plane.tally.rejected + 1
  },
  "latencies are in order": (day) =>
    remetric(day, ({ latency }) => ({ latency: { ...latency, p50: latency.max + 1 } })),
  "scores are between 0 and 1": (day) => repart(day, "metrics", { score: 1.01 }),
  "keys are bounded": (day) => remetric(day, () => ({ cells: { remembered: 4097 } })),
  "a saved state is JSON": ({ breaker }) => {
    const saved = breaker.save()
    show(breaker, { save: () => ({ ...saved, savedAt: Number.POSITIVE_INFINITY }) })
  },
  "one timer of the host is enough": ({ clock }) => {
    clock.armed = 5
  },
  "the retry budget keeps to its bound": ({ plane }) => show(plane.retryBudget, { left: -1 }),
}

const ofGates: { readonly [name: string]: Tampering } = {
  "the version of the gate rises": (day) => regate(day, {}),
  "the epoch never falls": (day) => regate(day, { epoch: day.plane.gate.epoch - 1 }),
  "a circuit that has moved is in another epoch": (day, { gate }) =>
    regate(day, { circuit: gate?.circuit === "closed" ? "degraded" : "closed" }),
  "a gate is frozen": ({ plane }) => {
    plane.gate = { ...plane.gate }
  },
  "the gate is the meet of what is demanded": (day) => regate(day, {}, { share: 0.5 }),
  "a restriction makes sense": (day) => regate(day, {}, { share: Number.NaN }),
  "nobody of normal class and above is shut out by class": (day) => regate(day, {}, { floor: 3 }),
  "an open circuit lets nothing in": (day) => regate(day, { circuit: "open" }, { share: 0.01 }),
  "an open circuit is never without an end": (day) =>
    regate(day, { circuit: "open" }, { share: 0, retryAt: Number.POSITIVE_INFINITY }),
  "an open circuit lets probes in when it said it would": (day) => {
    regate(day, { circuit: "open" })
    hold(day, { by: "dependency", layer: "circuit", demand: { retryAt: day.clock.now() - 2 } })
  },
  "a hung probe gives its place back within its lease": ({ plane, clock }) =>
    show(plane.admission.leases, { places: new Set([{ due: clock.now() - 2 }]) }),
  "not more wait than may": ({ plane }) => show(plane.queue, { size: 101 }),
}

const ofCalls: { readonly [name: string]: Tampering } = {
  "probes are capped at every instant": (day) =>
    rewrite(day, "entry", ({ before }) => ({
      probe: true,
      probesInFlight: 2,
      before: withGate(before, {}, { probes: 1 }),
    })),
  "half-open, calls enter as probes alone": (day) =>
    rewrite(day, "entry", ({ before }) => ({ probe: false, before: withGate(before, {}, { probes: 1 }) })),
  "shut gates admit nothing": (day) =>
    rewrite(day, "entry", ({ before }) => ({ before: withGate(before, {}, { share: 0 }) })),
  "a ramp bounds its calls in flight": (day) =>
    rewrite(day, "entry", ({ before }) => ({ runningBefore: 1, before: withGate(before, {}, { limit: 1 }) })),
  "slots are held to the limit": (day) => rewrite(day, "entry", ({ slots }) => ({ inUse: slots + 1 })),
  "bypassed and in shadow nothing is refused": (day) =>
    rewrite(day, "entry", ({ before }) => ({ admitted: false, before: withGate(before, { enforcement: "observe" }) })),
  "a refusal spends nothing": (day) =>
    rewrite(day, "entry", ({ after }) => ({
      admitted: false,
      rejection,
      after: withGate(after, { epoch: after.epoch + 1 }),
    })),
  "a rejection says who, why, since when and until when": (day) =>
    rewrite(day, "entry", () => ({ rejection: { ...rejection, heldBy: [] } })),
  "a permit is settled once": (day) => rewrite(day, "settling", () => ({ again: true })),
  "a late result moves nothing": (day) =>
    rewrite(day, "settling", ({ before, epoch }) => ({
      epoch: epoch - 1,
      after: withGate(before, { epoch: before.epoch + 1 }),
    })),
  "an ignored outcome moves nothing": (day) =>
    rewrite(day, "settling", ({ before }) => ({ kind: "ignored", after: withGate(before, { circuit: "open" }) })),
  "no part breaks down": ({ books }) => {
    books.troubles.push("basic: a guard threw")
  },
  "callers get what is theirs": (day) => rewrite(day, "end", () => ({ what: "strange", detail: "another's value" })),
  "a deadline is kept": (day) => rewrite(day, "end", ({ boundMs }) => ({ tookMs: boundMs + 2 })),
  "a call is made at most as often as it may be": (day) => rewrite(day, "end", () => ({ attempts: 6 })),
  "a rejected call was never made": (day) => {
    day.config = { ...day.config, retry: false }
    rewrite(day, "end", () => ({ what: "rejected", detail: rejection, attempts: 1 }))
  },
}

const ofMoves: { readonly [name: string]: Tampering } = {
  "what the wall clock says changes nothing": ({ books, plane: { gate } }) => {
    books.untouched = { before: gate, after: withGate(gate, {}), by: "the wall clock" }
  },
  "a release never closes at once": ({ books, plane: { gate } }) => {
    books.released = { before: withGate(gate, { mode: "forcedOpen" }), after: withGate(gate, { circuit: "closed" }) }
  },
  "a restored breaker is not bolder than the saved one": (day) => {
    const before = withGate(day.plane.gate, { circuit: "open" })
    day.books.restart = restart(day, { before, after: withGate(before, { circuit: "closed" }) })
  },
  "another config keeps the circuit": ({ books, plane: { gate } }) => {
    const after = withGate(gate, { circuit: "degraded" })
    books.reconfigured = { before: withGate(gate, { circuit: "closed" }), after, sameStrategy: true }
  },
  "another config never closes an open circuit": ({ books, plane: { gate } }) => {
    const after = withGate(gate, { circuit: "closed" })
    books.reconfigured = { before: withGate(gate, { circuit: "halfOpen" }), after, sameStrategy: false }
  },
  "moves join up": ({ books }) => {
    books.moves = [move("closed", "open"), move("halfOpen", "open")]
  },
  "moves are those of the charts": ({ books }) => {
    books.moves = [move("open", "closed")]
  },
  "the first failure opens nothing": ({ books }) => {
    books.moves = [move("closed", "open", { statistics: { calls: 1 } })]
  },
  "only the operator changes the mode": ({ books }) => {
    books.modes = [{ from: "auto", to: "shadow", why: "nobody asked" }]
  },
  "in fair weather it comes back": ({ books }) => {
    books.stillRefused = rejection
  },
  "in fair weather it closes": (day) => regate(day, { circuit: "halfOpen" }),
  "what has ended holds nothing": (day) => {
    day.plane.inFlight = 2 * day.awaited + 1
  },
  "stopped, it admits nothing and holds nothing": ({ breaker }) => show(breaker, { phase: "draining" }),
  "stopped, it has no timer left": ({ clock }) => {
    clock.armed = 1
  },
}

export const tamperings: { readonly [name: string]: Tampering } = {
  ...ofParts,
  ...ofOutside,
  ...ofFeatures,
  ...ofCounts,
  ...ofGates,
  ...ofCalls,
  ...ofMoves,
}
