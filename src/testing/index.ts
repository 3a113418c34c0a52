/** `recloser/testing`: virtual time and scripted services for your own tests. */
export type { Clock } from "../Clock.ts"
export type { HostTimer } from "../data-plane/wheel.ts"
export { type ScriptedAnswer, type ScriptedBackend, scriptedBackend } from "./scriptedBackend.ts"
export { createVirtualClock, type VirtualClock, type VirtualClockOptions } from "./virtualClock.ts"
