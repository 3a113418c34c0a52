/** `recloser/inspect`: breakers to look at, while they run and afterwards, and to keep in a file from one process to the next. */
export { type ActorListener, type ActorsOptions, inspectActors } from "./actors.ts"
export { type Inspector, type InspectorOptions, startInspector } from "./inspector.ts"
export type { LogStyle, RedactedLog } from "./observability/logging.ts"
export { createMarks } from "./observability/redaction/redaction.ts"
export { type Recorder, type RecorderOptions, startRecorder } from "./recording.ts"
export { redactedLog } from "./redactedLog.ts"
export { readSavedState, type SavedState, writeSavedState } from "./savedState.ts"
export { startXState4Bridge, type XState4Bridge, type XState4BridgeOptions } from "./xstate4Bridge.ts"
