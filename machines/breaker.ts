/**
 * `breaker`: the root of one breaker. It starts one strategy and the enabled components, sends each what it hears, folds
 * what they advise into one gate and publishes it in its own context. Its two regions are lifecycle and operator mode.
 *
 * Owns:    phase, mode, epoch, the gate, and which children live: parts, and loops that listen to the world outside while it is active.
 * Hears:   breaker.start, stop, drained, attached, detached, restored and reconfigured, operator commands, reports of the data plane,
 *          dependency.added, removed and moved, provider.told and lost, loop.changed, and, alone, call.entered, outcome.settled, call.overdue.
 * Demands: lifecycle: share 0 unless active · operator: share 0 while forced open.
 * Laws:
 *   1. start and stop are idempotent; a failing start stops in reverse what had started and names the part that failed.
 *   2. The gate is the meet of all demands, whatever the order in which children spoke.
 *   3. The epoch rises with every state the strategy enters and every act of the operator.
 *   4. A verdict of an older epoch, an alarm's or a call's, moves nothing. A slice is a count, not a verdict: any epoch's is heard.
 *   5. A child that throws is replaced and reported; the others go on. A strategy that was not closed resumes half-open.
 *   6. Alone and with a data plane it decides the same.
 *   7. What one part finds reaches whoever hears it, also a part that begins later; verdicts on probes, which are of a moment, do not.
 *   8. A loop lives while the breaker is active, and is interrupted at once when replaced or when that is over; one that falls begins again.
 */
import { type AnyActorLogic, assertEvent, assign, enqueueActions, setup, stateIn } from "xstate"
import type { BreakerEmitted, BreakerEvent, BreakerInput } from "./breakerEvents.ts"
import { changeOf, heldOpen } from "./changing.ts"
import { heardOfFeature } from "./featureBook.ts"
import { type BreakerContext, gateOf, lose, nothing, tryHear } from "./fold.ts"
import { foundSoFar, hearersOf } from "./hearing.ts"
import { loop, loopsAfter } from "./loop.ts"
import { type MeterState, meter } from "./meter.ts"
import {
  actOf,
  carried,
  charts,
  childKey,
  failureIn,
  freshContext,
  heardAlone,
  isLive,
  judgedAlone,
  operated,
  passedOn,
  publish,
  resumption,
  sourceOf,
  spawnOptions,
  tellMove,
  timeOf,
} from "./root.ts"
import type { Mode, Phase } from "./vocabulary/gate.ts"
import type { CircuitMoved, FeatureSignal, Report } from "./vocabulary/signal.ts"

const machine = setup({
  types: {
    context: {} as BreakerContext,
    events: {} as BreakerEvent,
    input: {} as BreakerInput,
    emitted: {} as BreakerEmitted,
    children: {} as { readonly [id: string]: string },
  },
  actors: { meter, loop, ...charts } as { readonly [src: string]: AnyActorLogic },
  guards: {
    isPresent: ({ context, event }) => !("epoch" in event) || event.epoch === context.epoch,
    isActive: stateIn({ lifecycle: "active" }),
    allReady: ({ context }) => context.parts.every(({ plug }) => context.ready.includes(plug.key)),
    mayStart: ({ context }) => context.failure === undefined,
    hasFailed: ({ context }) => context.failure !== undefined,
    isAlone: ({ context }) => !context.metered,
  },
  actions: {
    spawnParts: enqueueActions(({ context, enqueue }) => {
      enqueue.assign({ failure: undefined, ready: [] })
      for (const part of context.parts) enqueue.spawnChild(sourceOf(part), spawnOptions(context, part))
    }),
    stopParts: enqueueActions(({ context, enqueue }) => {
      enqueue.stopChild("meter")
      for (const { plug } of [...context.parts].reverse()) enqueue.stopChild(plug.key)
    }),
    startMeter: enqueueActions(({ context, enqueue }) => {
      if (!context.metered) enqueue.spawnChild("meter", { id: "meter", syncSnapshot: true })
    }),
    attach: enqueueActions(({ enqueue }) => {
      enqueue.assign({ metered: true })
      enqueue.stopChild("meter")
    }),
    // What a data plane measured goes with it: a new epoch begins with an empty window.
    detach: assign(({ context }) => ({ metered: false, reportsHeard: 0, epoch: context.epoch + 1 })),
    enterPhase: assign(({ context, event }, { phase }: { phase: Phase }) => ({ phase, at: timeOf(context, event) })),
    // The gate is told before whatever it follows from: who hears of a move finds the new gate in force.
    publish: enqueueActions(({ context, enqueue }) => {
      const gate = gateOf(context)
      enqueue.assign({ gate })
      const published = { type: "gate.published", breaker: context.name, gate } as const
      if (context.phase === "active" && !context.metered) enqueue.sendTo("meter", published)
      enqueue.emit(published)
    }),
    tellMove: enqueueActions(({ context, enqueue }, moved: CircuitMoved) => {
      for (const hearer of hearersOf(context, moved)) enqueue.sendTo(hearer, moved)
      enqueue.emit(moved)
      if (context.report) enqueue.sendTo(context.report, moved)
    }),
    hearChild: enqueueActions(({ context, event, enqueue }) => {
      const key = childKey(event, "xstate.snapshot.")
      if (key === context.resuming) return enqueue.assign({ resuming: undefined })
      const heard = tryHear(context, key, carried(event).snapshot)
      // A part that cannot say what it wants is treated as one that crashed.
      if ("error" in heard) return enqueue.raise({ type: `xstate.error.actor.${key}`, error: heard.error } as never)
      const { next, changed, moved, stated, told } = heard
      if (next !== nothing) enqueue.assign(next)
      if (changed && isLive(context)) enqueue(publish)
      if (stated) enqueue.emit({ type: "finding.changed", breaker: context.name, part: key, finding: stated })
      for (const signal of told) enqueue.raise(signal)
      if (moved) enqueue(tellMove(moved))
    }),
    hearMeter: enqueueActions(({ context, event, enqueue }) => {
      const { report, reports } = (carried(event).snapshot as unknown as { context: MeterState }).context
      if (reports === context.reportsHeard) return
      enqueue.assign({ reportsHeard: reports })
      enqueue.raise(report as Report)
    }),
    replaceChild: enqueueActions(({ context, event, enqueue }) => {
      const { part: key, error } = failureIn(event)
      const { lost, part, loop, plug, resumes, moved } = lose(context, key)
      enqueue.assign(lost)
      enqueue(publish)
      enqueue.emit({ type: "trouble", breaker: context.name, part: key, error, gaveUp: !(part ?? loop) })
      if (moved) enqueue(tellMove(moved))
      enqueue.stopChild(key)
      if (loop) return enqueue.spawnChild("loop", loop)
      if (part === undefined) return plug?.retracts?.(context.at).forEach((signal) => void enqueue.raise(signal))
      enqueue.spawnChild(sourceOf(part), spawnOptions(context, part))
      if (context.mode === "forcedOpen" && part.plug.kind === "strategy") enqueue.sendTo(key, heldOpen(context))
      else if (resumes) enqueue.sendTo(key, resumption(context, key))
      for (const found of foundSoFar(context, part.plug)) enqueue.sendTo(key, found)
    }),
    reconfigure: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, "breaker.reconfigured")
      const { next, changed, stop, retract, spawn, tell, lets } = changeOf(context, event)
      enqueue.assign(next)
      for (const key of stop) enqueue.stopChild(key)
      if (lets) enqueue(publish)
      for (const part of spawn) enqueue.spawnChild(sourceOf(part), spawnOptions({ ...context, ...next }, part))
      for (const { key, event: told } of tell) enqueue.sendTo(key, told)
      for (const signal of retract) enqueue.raise(signal)
      enqueue.emit({ type: "config.changed", at: event.at, breaker: context.name, changed })
    }),
    setLoops: enqueueActions(({ context, event, enqueue }) => {
      const { loops, stop, spawn } = loopsAfter(context, event)
      enqueue.assign({ loops })
      for (const { id } of stop) enqueue.stopChild(id)
      if (spawn) enqueue.spawnChild("loop", spawn)
    }),
    noteFailure: assign(({ event }) => ({ failure: failureIn(event) })),
    pass: enqueueActions(({ context, event, enqueue }) => {
      enqueue.assign({ at: timeOf(context, event) })
      for (const hearer of hearersOf(context, event)) enqueue.sendTo(hearer, event)
    }),
    judgeAlone: enqueueActions(({ context, event, enqueue, self }) => {
      const { book, told, rest } = heardOfFeature(context, event)
      enqueue.assign({ book })
      for (const hearer of told ? hearersOf(context, told) : []) enqueue.sendTo(hearer, told as FeatureSignal)
      // The service hears the rest once the gate says what became of the feature.
      if (told !== undefined) return rest && enqueue.sendTo(self, rest)
      const heard = heardAlone(context, rest ?? event)
      if (heard === "meter") enqueue.sendTo("meter", rest ?? event)
      else if (heard !== undefined) enqueue.raise(heard)
    }),
    enterMode: enqueueActions(({ context, event, enqueue }, { mode }: { mode: Mode }) => {
      const act = actOf(context, event, mode)
      if (act === undefined) return
      enqueue.assign(act.next)
      enqueue(publish)
      enqueue.emit(act.changed)
      if (act.told) for (const hearer of hearersOf(context, act.told)) enqueue.sendTo(hearer, act.told)
    }),
  },
})

/**
 * The breaker as XState actor logic, complete alone: send it outcomes, read its snapshot, draw it, path-test it. Its snapshots are to be
 * looked at, not started from: XState sets no timer of a persisted state again. `save` of `createBreaker` keeps what remains of waits.
 *
 * @example
 * import { breakerLogic } from "recloser/machines"
 * import { createActor } from "xstate"
 * import assert from "node:assert/strict"
 *
 * const payments = createActor(breakerLogic, {
 *   input: { name: "payments", strategy: { type: "basic", window: { type: "consecutive", failures: 3 } } },
 * }).start()
 * for (const at of [1, 2, 3]) payments.send({ type: "outcome.settled", at, kind: "failure", durationMs: 1 })
 * assert.equal(payments.getSnapshot().context.gate.circuit, "open")
 * payments.stop()
 */
export const breakerLogic = machine.createMachine({
  id: "breaker",
  type: "parallel",
  context: ({ input }) => freshContext(input),
  on: {
    "xstate.snapshot.meter": { actions: "hearMeter" },
    "xstate.snapshot.*": { actions: "hearChild" },
    "breaker.attached": { actions: "attach" },
    "breaker.detached": [{ guard: "isAlone" }, { actions: "detach" }],
    "loop.changed": { actions: "setLoops" },
  },
  states: {
    lifecycle: {
      initial: "idle",
      states: {
        idle: { always: { guard: "mayStart", target: "starting" }, on: { "breaker.start": "starting" } },
        starting: {
          entry: [{ type: "enterPhase", params: { phase: "starting" } }, "spawnParts"],
          on: { "xstate.error.actor.*": { actions: "noteFailure" }, "breaker.stop": "stopped" },
          always: [
            {
              guard: "hasFailed",
              target: "idle",
              actions: ["setLoops", "stopParts", { type: "enterPhase", params: { phase: "idle" } }],
            },
            { guard: "allReady", target: "active" },
          ],
        },
        active: {
          entry: ["startMeter", { type: "enterPhase", params: { phase: "active" } }, "publish"],
          on: {
            "xstate.error.actor.*": { actions: "replaceChild" },
            "breaker.stop": "draining",
            "breaker.detached": [{ guard: "isAlone" }, { actions: ["detach", "startMeter", "publish"] }],
            "breaker.reconfigured": { actions: "reconfigure" },
            ...passedOn,
            ...judgedAlone,
          },
          exit: "setLoops",
        },
        draining: {
          entry: [{ type: "enterPhase", params: { phase: "draining" } }, "publish"],
          on: { "breaker.drained": "stopped", "xstate.error.actor.*": {} },
          always: { guard: "isAlone", target: "stopped" },
        },
        stopped: { entry: ["setLoops", "stopParts", { type: "enterPhase", params: { phase: "stopped" } }, "publish"] },
      },
    },
    mode: {
      initial: "auto",
      on: operated,
      states: {
        auto: { entry: { type: "enterMode", params: { mode: "auto" } } },
        forcedOpen: { entry: { type: "enterMode", params: { mode: "forcedOpen" } } },
        bypassed: { entry: { type: "enterMode", params: { mode: "bypassed" } } },
        shadow: { entry: { type: "enterMode", params: { mode: "shadow" } } },
      },
    },
  },
})
