/** What a proxy does to connections: the words a test writes, read into milliseconds and bytes. */
import {
  duration,
  InvalidConfig,
  type Named,
  number,
  type OutOf,
  type Problem,
  type StructIn,
  struct,
  switchable,
  yesOrNo,
} from "../../../machines/options.ts"

const never = Number.POSITIVE_INFINITY
const later = duration({ default: "0 millis", min: "0 millis", max: "1 day" })

const faultFields = {
  /** Each piece of an answer comes so much later. */
  latency: later,
  /** Up to so much sooner or later than `latency` says, drawn for each piece; at most `latency`. */
  jitter: later,
  /** Bytes of answers a second, for each connection. */
  bandwidth: number({ default: never, min: 1, max: never }),
  /** Connections stand, and nothing passes in either direction. */
  hang: yesOrNo,
  /** Nobody listens: connections are refused, and those that stood are reset. */
  down: yesOrNo,
  /** A connection is reset when it is so old. `true`: as soon as it is made. */
  reset: switchable(later, false),
  /** After so many bytes of answers a connection ends, in the middle of whatever it said. */
  limitData: number({ default: never, min: 0, max: never, integer: true }),
  /** When the service ends a connection, its client learns of it so much later. */
  slowClose: later,
  /** Which part of the connections is faulty, drawn when a connection is made. `down` is always for all. */
  part: number({ default: 1, min: 0, max: 1 }),
}
export interface FaultFields extends Named<typeof faultFields> {}

/** What may go wrong between a client and a service. Whatever is left out goes well. */
export type Faults = StructIn<FaultFields>

const faults = struct<FaultFields>(faultFields, ({ latency, jitter }) =>
  jitter > latency ? { path: "jitter", rule: "must not be more than latency" } : undefined,
)

/** The same, as it was read: milliseconds and bytes; `reset` is left out where nothing is reset. */
export type FaultSettings = OutOf<typeof faults>

/** Throws `InvalidConfig` with every problem. */
export function readFaults(given: unknown): FaultSettings {
  const problems: Problem[] = []
  const settings = faults.read(given, "faults", problems)
  if (problems.length > 0) throw new InvalidConfig(problems)
  return settings
}

export const well: FaultSettings = readFaults({})
