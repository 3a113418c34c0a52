/** `recloser/testing`: virtual time, scripted services, model tests and simulated outages for your own tests. */
export type { Clock } from "../Clock.ts"
export type { HostTimer } from "../data-plane/hostAlarm.ts"
export { expectPath } from "./expectPath.ts"
export { type FaultProxy, type FaultProxyOptions, startFaultProxy } from "./faultProxy.ts"
export type {
  ChartCoverage,
  Covered,
  ModelCoverage,
  StateCoverage,
  TransitionCoverage,
  Uncovered,
} from "./model/coverage.ts"
export type { ModelPath, TestModel } from "./model/paths.ts"
export type { Faults } from "./proxy/faults.ts"
export { type Script, type ScriptedAnswer, type ScriptedBackend, scriptedBackend } from "./scriptedBackend.ts"
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
export { type MachineUnderTest, type TestMachineOptions, testMachine } from "./testMachine.ts"
export { type TestModelOptions, testModel } from "./testModel.ts"
export { createVirtualClock, type VirtualClock, type VirtualClockOptions } from "./virtualClock.ts"
