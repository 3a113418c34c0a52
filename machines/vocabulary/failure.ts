/** Why a call failed, in the few words on which it depends whether it is worth another attempt. */
export const failureClasses = [
  /** It never reached the service: another attempt cannot do anything twice. */
  "unsent",
  /** The connection broke, and nobody knows how far the call had come. */
  "connection",
  "timeout",
  /** The service asks for fewer calls of this caller. */
  "throttled",
  /** The service has too much to do. */
  "overload",
  /** Anything else that may have passed in a moment. */
  "transient",
  /** Another attempt would end the same way. */
  "permanent",
] as const

export type FailureClass = (typeof failureClasses)[number]

/** The end of an attempt that failed: by an error, or by an answer that means a failure. */
export type FailedExit =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

/**
 * Says what a failed attempt was; `true` is `"transient"`, `false` is `"permanent"`, and `undefined` leaves it to the library. Only
 * `"unsent"` is repeated where a call is not idempotent.
 */
export type RetryOn = (exit: FailedExit) => FailureClass | boolean | undefined
