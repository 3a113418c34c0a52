/** What a proxy does to connections: the words a test writes, read into milliseconds and bytes. */
import {
  type DurationInput,
  duration,
  InvalidConfig,
  number,
  type OutOf,
  type Problem,
  struct,
  switchable,
  yesOrNo,
} from "../../../machines/options.ts"

/** What may go wrong between a client and a service. Whatever is left out goes well. */
export interface Faults {
  /** Each piece of an answer comes so much later. */
  readonly latency?: DurationInput | undefined
  /** Up to so much sooner or later than `latency` says, drawn for each piece; at most `latency`. */
  readonly jitter?: DurationInput | undefined
  /** Bytes of answers a second, for each connection; at least 1. */
  readonly bandwidth?: number | undefined
  /** Connections stand, and nothing passes in either direction. */
  readonly hang?: boolean | undefined
  /** Nobody listens: connections are refused, and those that stood are reset. */
  readonly down?: boolean | undefined
  /** A connection is reset when it is so old. `true`: as soon as it is made. */
  readonly reset?: boolean | DurationInput | undefined
  /** After so many bytes of answers a connection ends, in the middle of whatever it said. */
  readonly limitData?: number | undefined
  /** When the service ends a connection, its client learns of it so much later. */
  readonly slowClose?: DurationInput | undefined
  /** Which part of the connections is faulty, 0 to 1, drawn when a connection is made. `down` is always for all. Default 1. */
  readonly part?: number | undefined
}

const never = Number.POSITIVE_INFINITY
const later = duration({ default: "0 millis", min: "0 millis", max: "1 day" })

const faultFields = {
  latency: later,
  jitter: later,
  bandwidth: number({ default: never, min: 1, max: never }),
  hang: yesOrNo,
  down: yesOrNo,
  reset: switchable(later, false),
  limitData: number({ default: never, min: 0, max: never, integer: true }),
  slowClose: later,
  part: number({ default: 1, min: 0, max: 1 }),
}

const faults = struct(faultFields, ({ latency, jitter }) =>
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
