/** `recloser/testing`: virtual time, scripted services and simulated outages for your own tests. */
export type { Clock } from "../Clock.ts"
export type { HostTimer } from "../data-plane/wheel.ts"
export { type FaultProxy, type FaultProxyOptions, startFaultProxy } from "./faultProxy.ts"
export type { Faults } from "./proxy/faults.ts"
export { type ScriptedAnswer, type ScriptedBackend, scriptedBackend } from "./scriptedBackend.ts"
export {
  type ScenarioId,
  type SimulatedFigure,
  type SimulatedGoal,
  type SimulatedHistory,
  type SimulatedMeasure,
  type SimulatedPolicy,
  type SimulatedWorld,
  type SimulateOptions,
  type Simulation,
  simulate,
} from "./simulate.ts"
export { createVirtualClock, type VirtualClock, type VirtualClockOptions } from "./virtualClock.ts"
